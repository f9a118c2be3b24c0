#include <saccade/core/error.hpp>
#include <saccade/ops/image_handle.hpp>
#include <saccade/slides.hpp>
#include <saccade/training/evaluator.hpp>

#include "common/machine.hpp"
#include "common/program.hpp"
#include "common/sample.hpp"
#include "common/subprocess.hpp"
#include "common/table.hpp"

#include <saccade/backends/eigen/eigen_backend.hpp>

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <iostream>
#include <memory>
#include <optional>
#include <span>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

/// What the answer of a model costs, by the size of a slide, beside reading all of the slide.
namespace {

using namespace saccade;
using B = EigenBackend<float>;

struct Options {
  std::vector<std::filesystem::path> slides;
  std::string preset = "compact";
  Index glimpses = 5;
  int repeats = 15;
  int threads = 1;
  bool whole = false;
  bool alone = false;  ///< this process is to measure the one slide, for its parent
};

/// What a process measures of a slide.
struct Cost {
  Index width = 0, height = 0;
  double open = 0;           ///< seconds to open it
  double classify = 0;       ///< seconds of an answer, nothing of the slide decoded before
  double reading = 0;        ///< seconds of these that are reading and decoding
  double pixels = 0;         ///< that are handed to the model
  double bytes = 0;          ///< of the file that an answer reads
  double peak = 0;           ///< bytes of memory, of the process
  double whole_seconds = 0;  ///< to read all of the slide at full resolution; 0: was not done
  double whole_bytes = 0;    ///< of the file
};

std::ostream& operator<<(std::ostream& out, const Cost& c) {
  return out << c.width << ' ' << c.height << ' ' << c.open << ' ' << c.classify << ' ' << c.reading << ' ' << c.pixels
             << ' ' << c.bytes << ' ' << c.peak << ' ' << c.whole_seconds << ' ' << c.whole_bytes << '\n';
}

std::istream& operator>>(std::istream& in, Cost& c) {
  return in >> c.width >> c.height >> c.open >> c.classify >> c.reading >> c.pixels >> c.bytes >> c.peak >>
         c.whole_seconds >> c.whole_bytes;
}

/// Bytes that this process has read so far. @throws Error where the system does not tell
double bytes_read() {
  const std::string bytes = bench::proc_value("/proc/self/io", "rchar");
  if (bytes.empty()) throw Error("/proc/self/io: does not tell rchar");
  return std::stod(bytes);
}

/// What is read through a source.
struct Meter {
  double seconds = 0;
  double pixels = 0;
};

/// A slide whose reads are timed. Of one image they follow one another.
class MeteredSlide {
 public:
  MeteredSlide(slides::SlidePool::Slide slide, Meter& meter) : slide_(std::move(slide)), meter_(&meter) {}
  [[nodiscard]] Index width() const { return slide_.width(); }
  [[nodiscard]] Index height() const { return slide_.height(); }
  void read_region(Index x, Index y, Index width, Index height, Index reduction, std::span<std::uint8_t> pixels) const {
    meter_->seconds += bench::seconds_of([&] { slide_.read_region(x, y, width, height, reduction, pixels); });
    meter_->pixels += static_cast<double>(width * height);
  }

 private:
  slides::SlidePool::Slide slide_;
  Meter* meter_;
};

/// Reads the finest level block by block, as one who needs all of it would.
void read_all(const std::filesystem::path& path) {
  constexpr Index block = 1024;
  const std::unique_ptr<openslide_t, void (*)(openslide_t*)> slide(openslide_open(path.c_str()), openslide_close);
  if (!slide) throw FileError(path.string() + ": is no slide that OpenSlide can read");
  std::int64_t width = 0, height = 0;
  openslide_get_level0_dimensions(slide.get(), &width, &height);
  std::vector<std::uint32_t> pixels(static_cast<std::size_t>(block * block));
  for (Index y = 0; y < height; y += block)
    for (Index x = 0; x < width; x += block)
      openslide_read_region(slide.get(), pixels.data(), x, y, 0, std::min<Index>(block, width - x),
                            std::min<Index>(block, height - y));
  if (const char* error = openslide_get_error(slide.get())) throw FileError(path.string() + ": " + error);
}

Cost measure(const Options& o) {
  const std::filesystem::path& path = o.slides.front();
  Cost cost;
  const auto open = [&] { return slides::SlidePool::make(1)->open(path); };
  {
    const auto slide = open();
    cost.width = slide.width();
    cost.height = slide.height();
  }
  HybridAttentionConfig config = preset(o.preset);
  config.glimpses = o.glimpses;
  config = with_thumbnail_over(validated(config), cost.width, cost.height);
  B b(o.threads);
  const HybridAttentionClassifier<B> model(config);
  auto parameters = model.make_parameters(b);
  auto statistics = model.make_statistics(b);
  initialize(b, parameters, 1);
  initialize(b, statistics, 1);
  Evaluator<B> evaluator(b, model, 1);

  std::vector<double> opening, answering, reading;
  for (int repeat = -1; repeat < o.repeats; ++repeat) {  // the first answer makes the memory
    Meter meter;
    std::optional<slides::SlidePool::Slide> slide;
    const double opened = bench::seconds_of([&] { slide = open(); });
    const ops::ImageHandle<B> handle(b, StreamedImage(MeteredSlide(*slide, meter)));
    const OrientedImage<B> seen = handle.seen();
    const double read_before = bytes_read();
    const double answered = bench::seconds_of([&] {
      static_cast<void>(evaluator.predict(parameters, statistics, ImageBatch<B>(&seen, 1), GlimpsePolicy::learned, 1));
    });
    cost.pixels = meter.pixels;
    cost.bytes = bytes_read() - read_before;
    if (repeat < 0) continue;
    opening.push_back(opened);
    answering.push_back(answered);
    reading.push_back(meter.seconds);
  }
  cost.open = bench::median(opening);
  cost.classify = bench::median(answering);
  cost.reading = bench::median(reading);
  cost.peak = bench::peak_memory();
  if (o.whole) {
    const double read_before = bytes_read();
    cost.whole_seconds = bench::seconds_of([&] { read_all(path); });
    cost.whole_bytes = bytes_read() - read_before;
  }
  return cost;
}

/// A slide after the other, each in a process of its own, whose memory is its own too.
void compare(const Options& o) {
  bench::Table table({"slide", "megapixels", "open", "answer", "of it reading", "pixels", "bytes", "peak memory",
                      "all pixels", "bytes", "times as long"});
  std::vector<double> seconds, memory;
  for (const auto& path : o.slides) {
    std::cerr << "slide_benchmark: " << path.string() << '\n';
    std::vector<std::string> arguments{path.string(), "--alone",
                                       "--preset",    o.preset,
                                       "--glimpses",  std::to_string(o.glimpses),
                                       "--repeats",   std::to_string(o.repeats),
                                       "--threads",   std::to_string(o.threads)};
    if (o.whole) arguments.push_back("--whole");
    std::istringstream line(bench::output_of(bench::this_program(), arguments, path.string()));
    Cost c;
    if (!(line >> c)) throw Error(path.string() + ": its process did not tell what it measured");
    const double pixels = static_cast<double>(c.width) * static_cast<double>(c.height);
    std::vector<std::string> row{path.filename().string(),
                                 bench::three_digits(pixels / 1e6),
                                 bench::time_text(c.open),
                                 bench::time_text(c.classify),
                                 bench::share_text(c.reading / c.classify),
                                 bench::share_text(c.pixels / pixels),
                                 bench::memory_text(c.bytes),
                                 bench::memory_text(c.peak)};
    if (o.whole)
      for (std::string text : {bench::time_text(c.whole_seconds), bench::memory_text(c.whole_bytes),
                               bench::three_digits(c.whole_seconds / c.classify)})
        row.push_back(std::move(text));
    table.add(std::move(row));
    seconds.push_back(c.classify);
    memory.push_back(c.peak);
  }
  std::cout << table.markdown();
  const auto spread = [](const std::vector<double>& values) {
    const auto [least, most] = std::ranges::minmax(values);
    return bench::share_text(most / least - 1);
  };
  std::cout << "\nThe dearest slide takes " << spread(seconds) << " more time than the cheapest, and " << spread(memory)
            << " more memory.\n";
}

}  // namespace

int main(int argc, char* argv[]) {
  Options o;
  program::Options options("slide_benchmark",
                           "What an answer costs by the size of a slide: time with the slide opened and nothing of it "
                           "decoded, the share of reading and decoding, pixels, bytes of the file and peak memory of a "
                           "process that does nothing else. Weights are untrained: they change no cost.");
  options.add_option("slides", o.slides, "files that OpenSlide reads")->required();
  options.add_option("--preset", o.preset, "of the model")->check(CLI::IsMember({"paper", "large", "compact"}));
  options.add_option("--glimpses", o.glimpses, "of the model")->check(CLI::Range(1, 255));
  options.add_option("--repeats", o.repeats, "answers of which the median counts, the slide opened anew for each")
      ->check(CLI::Range(1, 10000));
  options.add_option("--threads", o.threads, "that compute")->check(CLI::Range(1, 1024));
  options.add_flag("--whole", o.whole, "also read all of each slide by OpenSlide, on one thread");
  options.add_flag("--alone", o.alone, "of one slide, for the program itself: numbers only");
  return program::run(options, argc, argv, [&] {
    if (o.alone) {
      std::cout << measure(o);
    } else {
      compare(o);
    }
    return program::success;
  });
}
