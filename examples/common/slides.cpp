#include "common/slides.hpp"

#include <saccade/data/read_sample.hpp>

#if defined(SACCADE_WITH_SLIDES)
#include <saccade/slides.hpp>
#endif

#include <memory>
#include <string>

namespace {

using namespace saccade;

#if defined(SACCADE_WITH_SLIDES)
const std::shared_ptr<slides::SlidePool>& pool() {
  static const std::shared_ptr<slides::SlidePool> one = slides::SlidePool::make();
  return one;
}
#endif

}  // namespace

data::SlideReader program::slide_reader() {
#if defined(SACCADE_WITH_SLIDES)
  return slides::slide_reader(pool());
#else
  return {};
#endif
}

std::string program::describe_slides([[maybe_unused]] const data::Dataset& dataset) {
#if defined(SACCADE_WITH_SLIDES)
  if (has_slides(dataset)) {
    return "slides: at most " + std::to_string(pool()->most_open()) + " open, with up to " +
           std::to_string(pool()->memory_bytes() >> 20) + " MiB of decoded tiles\n";
  }
#endif
  return {};
}
