#pragma once

#include <saccade/core/message.hpp>
#include <saccade/core/process_group.hpp>
#include <saccade/data/loader.hpp>

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace saccade::inline SACCADE_NAMESPACE {

/// The bad images that any process of a group has met: each once, and in the same order everywhere.
class AgreedBadImages {
 public:
  /// @param allowed  more of them end the run
  explicit AgreedBadImages(Index allowed) : allowed_(allowed) {}

  [[nodiscard]] const std::vector<data::BadImage>& list() const { return bad_; }

  /// Adds those to a message that this process's loader has met since the last time.
  void tell(const data::Loader& loader, MessageWriter& message) {
    const std::vector<data::BadImage>& met = loader.bad_images();
    message.add(met.size() - told_);
    for (; told_ < met.size(); ++told_) {
      message.add(met[told_].index);
      message.add_text(met[told_].problem);
    }
  }

  /// One that all have met at the same time.
  void note(Index index, std::string problem) {
    const auto known = [&](const data::BadImage& each) { return each.index == index; };
    if (std::none_of(bad_.begin(), bad_.end(), known)) bad_.push_back({index, std::move(problem)});
  }

  /// Takes from each process's message what `tell` has added.
  void hear(MessageReader& message) {
    for (auto count = message.read<std::size_t>(); count > 0; --count) {
      const auto index = message.read<Index>();
      note(index, message.read_text());
    }
  }

  /// @throws FileError everywhere, when there are more of them than are allowed
  void check(const ProcessGroup& group) const {
    if (static_cast<Index>(bad_.size()) > allowed_)
      group.fail(data::too_many_bad_images(bad_[static_cast<std::size_t>(allowed_)].problem, allowed_ + 1, allowed_));
  }

 private:
  Index allowed_;
  std::size_t told_ = 0;
  std::vector<data::BadImage> bad_;
};

}  // namespace saccade
