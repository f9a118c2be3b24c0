#pragma once

#include <saccade/core/message.hpp>
#include <saccade/data/loader.hpp>
#include <saccade/training/agreed_bad_images.hpp>
#include <saccade/training/gradient_sum.hpp>
#include <saccade/training/listed_images.hpp>

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace saccade::inline SACCADE_NAMESPACE {

/// The batches of an epoch that are taken in parts: the next `batch` places of its order each, bad images left out, so
/// that a process need not load those of the others to know which are its own. A batch undivided is made of good images
/// alone: the two are the same where none is bad.
template <class B>
class PartedBatches {
 public:
  /// @param order     of the epoch
  /// @param position  where it goes on
  PartedBatches(const GradientSum<B>& sum, std::vector<Index> order, Index position, Index batch)
      : sum_(&sum), order_(std::move(order)), position_(position), batch_(batch) {}

  /// The images of this process, in the order in which it needs them.
  [[nodiscard]] std::vector<Index> own() const {
    std::vector<Index> own;
    for (Index at = position_; at < size(); at += batch_) {
      const IndexRange mine = own_places(at);
      own.insert(own.end(), order_.begin() + mine.first, order_.begin() + mine.end);
    }
    return own;
  }

  /// Of the next batch.
  [[nodiscard]] Index position() const { return position_; }
  [[nodiscard]] bool done() const { return position_ >= size(); }

  /// What the processes agree on before a batch.
  struct Agreement {
    bool stop = false;  ///< somebody was asked to
    Index images = 0;   ///< good ones of the batch
    Index fewest = 0;   ///< good ones of the process that has fewest
  };

  /// Loads this process's images of the next batch, and agrees with the others on what they have.
  /// @param load  next(count, places) of ListedImages or StainedImages, started with `own`
  /// @throws FileError, in all processes, when there are more bad images than are allowed
  template <class Load>
  Agreement load(const Load& load, bool stop, const data::Loader& loader, AgreedBadImages& bad) {
    const auto messages = sum_->group().together([&] {
      MessageWriter message;
      message.add(stop);
      loaded_ = {};
      if (!stop) {
        const Index places = own_places(position_).size();
        loaded_ = load(places, places);
      }
      message.add(static_cast<Index>(loaded_.size()));
      bad.tell(loader, message);
      return message.take();
    });
    Agreement agreement;
    for (const std::string& text : messages) {
      MessageReader message(text);
      agreement.stop |= message.read<bool>();
      const auto images = message.read<Index>();
      agreement.fewest = &text == &messages.front() ? images : std::min(agreement.fewest, images);
      agreement.images += images;
      bad.hear(message);
    }
    bad.check(sum_->group());
    return agreement;
  }

  /// The parts of this process that have images, and on to the next batch.
  /// @param images, labels  of what was loaded, in that order
  [[nodiscard]] std::vector<BatchPart<B>> take(ImageBatch<B> images, std::span<const Index> labels) {
    const Index count = std::min(batch_, size() - position_);
    std::vector<BatchPart<B>> parts;
    std::size_t at = 0;
    for (Index part = sum_->mine().first; part < sum_->mine().end; ++part) {
      const IndexRange places = sum_->images_of(count, part);
      const std::size_t begin = at;
      for (Index place = places.first; place < places.end; ++place)
        if (at < loaded_.size() && loaded_[at].index == order_[static_cast<std::size_t>(position_ + place)]) ++at;
      if (at > begin)
        parts.push_back({part, places.first, images.subspan(begin, at - begin), labels.subspan(begin, at - begin)});
    }
    position_ += count;
    return parts;
  }

  /// What `load` has brought.
  [[nodiscard]] std::span<const ListedImage<B>> loaded() const { return loaded_; }

 private:
  [[nodiscard]] Index size() const { return static_cast<Index>(order_.size()); }

  /// This process's places of the batch that begins at place `at`.
  [[nodiscard]] IndexRange own_places(Index at) const {
    const Index count = std::min(batch_, size() - at);
    const IndexRange parts = sum_->mine();  // never none
    return {at + sum_->images_of(count, parts.first).first, at + sum_->images_of(count, parts.end - 1).end};
  }

  const GradientSum<B>* sum_;
  std::vector<Index> order_;
  Index position_;
  Index batch_;
  std::span<const ListedImage<B>> loaded_{};
};

}  // namespace saccade
