// How data are to be divided, by parse_split.
#include <saccade/data/split.hpp>

#include "target.hpp"

using namespace saccade;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto choice = fuzz::accepted([&] { return data::parse_split(fuzz::text_of(data, size)); });
  if (!choice) return 0;
  const data::SplitChoice again = data::parse_split(to_string(*choice));
  fuzz::expect(again.kind == choice->kind && again.number == choice->number && again.folds == choice->folds &&
                   again.fold == choice->fold,
               "a choice is written and read back");
  fuzz::expect(choice->folds == 0 || (choice->fold >= 1 && choice->fold <= choice->folds),
               "a fold is one of its folds");
  return 0;
}
