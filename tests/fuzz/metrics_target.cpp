// metrics.jsonl of a run, by read_json_lines and truncate_json_lines, and the charts of it.
#include <saccade/report/json_lines.hpp>
#include <saccade/report/training_charts.hpp>

#include "target.hpp"

using namespace saccade;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const fuzz::MemoryFile file;
  file.write(fuzz::text_of(data, size));
  const auto epochs = fuzz::accepted([&] { return report::read_json_lines(file.path()); });
  if (!epochs) return 0;
  bool numbered = true;
  std::string text;
  for (const nlohmann::ordered_json& epoch : *epochs) {
    numbered = numbered && epoch.is_object() && epoch.contains("epoch") && epoch.at("epoch").is_number();
    text += epoch.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::strict) + '\n';
  }
  if (numbered) {
    for (const report::TrainingChart& chart : report::training_charts(*epochs))
      for (const report::Series& series : chart.chart.series)
        fuzz::expect(series.points.size() == epochs->size(), "a curve has a point for each epoch");
  }
  file.write(text + "{\"epoch\": ");  // as a killed run leaves it
  fuzz::expect(report::read_json_lines(file.path()) == *epochs, "what is written is read back");
  report::truncate_json_lines(file.path(), epochs->size() / 2);
  fuzz::expect(report::read_json_lines(file.path()).size() == epochs->size() / 2, "a file is cut behind a line");
  return 0;
}
