// predictions.jsonl of a run, by read_predictions.
#include <saccade/report/predictions.hpp>

#include "target.hpp"

using namespace saccade;

namespace {

bool same(const report::PredictionRecord& a, const report::PredictionRecord& b) { return to_json(a) == to_json(b); }

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const fuzz::MemoryFile file;
  file.write(fuzz::text_of(data, size));
  const auto records = fuzz::accepted([&] { return report::read_predictions(file.path()); });
  if (!records) return 0;
  std::string text;
  for (const report::PredictionRecord& record : *records) {
    fuzz::expect(record.truth >= 0 && record.predicted() >= 0, "classes are counted from 0");
    fuzz::expect(std::cmp_less(record.truth, record.probabilities.back().size()), "the class is one of the classes");
    text += to_json(record).dump() + '\n';
  }
  file.write(text);
  const auto again = report::read_predictions(file.path());
  fuzz::expect(std::equal(again.begin(), again.end(), records->begin(), records->end(), same),
               "what is written is read back");
  return 0;
}
