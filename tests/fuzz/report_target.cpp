// The page of a run, by make_run_report. An input holds the files of the folder one after the other, each behind a line
// "=== NAME"; names that a run folder does not have are passed over.
#include <saccade/core/utf8.hpp>
#include <saccade/report/run_report.hpp>

#include <algorithm>
#include <array>

#include "target.hpp"

using namespace saccade;

namespace {

constexpr std::array<std::string_view, 5> names = {"config.json", "metrics.jsonl", "evaluation.json",
                                                   "predictions.jsonl", "gallery/gallery.json"};

/// Writes what `text` holds of each file, and removes the file where it holds nothing.
void write_files(const std::filesystem::path& folder, std::string_view text) {
  for (const std::string_view name : names) {
    const std::string head = "=== " + std::string(name) + '\n';
    const std::size_t at = text.find(head);
    if (at == std::string_view::npos) {
      std::filesystem::remove(folder / name);
      continue;
    }
    const std::string_view rest = text.substr(at + head.size());
    write_file(folder / name, rest.substr(0, rest.find("=== ")));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const fuzz::ScratchFolder folder;
  std::filesystem::create_directories(folder.path() / "gallery");
  write_files(folder.path(), fuzz::text_of(data, size));
  const auto report = fuzz::accepted([&] { return report::make_run_report(folder.path()); });
  if (!report) return 0;
  fuzz::expect(is_utf8(report->html), "a page is UTF-8");
  fuzz::expect(report->html.ends_with("</html>\n"), "a page is whole");
  for (const std::string& problem : report->problems) fuzz::expect(!problem.empty(), "a problem is a sentence");
  return 0;
}
