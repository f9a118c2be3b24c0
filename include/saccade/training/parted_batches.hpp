#pragma once

#include <saccade/core/bad_rows_error.hpp>
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

/// The batches of an epoch that are taken in parts: the next `batch` places of its order each, so that a process need
/// not load the images of the others to know which are its own. A bad image leaves its part smaller, whether it was
/// known to be bad or turns out so in the middle of a step. A batch undivided is made of good images alone: the two are
/// the same where none is bad.
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
      const IndexRange mine = own_places(count_from(at));
      own.insert(own.end(), order_.begin() + at + mine.first, order_.begin() + at + mine.end);
    }
    return own;
  }

  /// Of the next batch.
  [[nodiscard]] Index position() const { return position_; }
  [[nodiscard]] bool done() const { return position_ >= size(); }

  /// Loads this process's images of the next batch, and agrees with the others on which are good.
  /// @param load  next(count, places) of ListedImages or StainedImages, started with `own`
  /// @param stop  whether this process was asked to
  /// @returns     false where somebody was: there is no batch then
  /// @throws FileError, in all processes, when there are more bad images than are allowed
  template <class Load>
  [[nodiscard]] bool load(const Load& load, bool stop, const data::Loader& loader, AgreedBadImages& bad) {
    const Index count = count_from(position_);
    const auto messages = sum_->group().together([&] {
      MessageWriter message;
      message.add(stop);
      loaded_.clear();
      if (!stop) {
        const Index places = own_places(count).size();
        const std::span<const ListedImage<B>> loaded = load(places, places);
        loaded_.assign(loaded.begin(), loaded.end());
      }
      message.add_list(std::span<const Index>(places_of_loaded(count)));
      bad.tell(loader, message);
      return message.take();
    });
    good_.clear();
    for (const std::string& text : messages) {
      MessageReader message(text);
      stop |= message.read<bool>();
      const std::vector<Index> places = message.read_list<Index>();
      good_.insert(good_.end(), places.begin(), places.end());
      bad.hear(message);
    }
    bad.check(sum_->group());
    if (stop) return false;
    count_ = count;
    position_ += count;
    return true;
  }

  /// Good ones of the batch, of all processes.
  [[nodiscard]] Index images() const { return static_cast<Index>(good_.size()); }

  /// Those of the part that has fewest.
  [[nodiscard]] Index fewest() const {
    Index fewest = images();
    for (Index part = 0; part < sum_->parts(); ++part) fewest = std::min(fewest, good_in(part).size());
    return fewest;
  }

  /// Those of this process.
  [[nodiscard]] std::span<const ListedImage<B>> loaded() const { return loaded_; }

  /// The parts of this process that have images. The first of each is numbered among the good ones of the batch, so
  /// that they draw what a batch of these alone would.
  /// @param images, labels  of what is loaded, in that order
  [[nodiscard]] std::vector<BatchPart<B>> parts(ImageBatch<B> images, std::span<const Index> labels) const {
    std::vector<BatchPart<B>> parts;
    std::size_t at = 0;
    for (Index part = sum_->mine().first; part < sum_->mine().end; ++part) {
      const IndexRange good = good_in(part);
      const auto count = static_cast<std::size_t>(good.size());
      if (count > 0) parts.push_back({part, good.first, images.subspan(at, count), labels.subspan(at, count)});
      at += count;
    }
    return parts;
  }

  /// Leaves out images of the batch that turned out to be damaged, in all processes at once: none of them opens one
  /// again.
  /// @param damaged  by their places among the good ones, in order
  /// @throws FileError, in all processes, when there are more bad images than are allowed
  void leave_out(const std::vector<BadRow>& damaged, data::Loader& loader, AgreedBadImages& bad) {
    const auto index_of = [&](const BadRow& each) {
      return order_[static_cast<std::size_t>(position_ - count_ + good_[each.row])];
    };
    for (const BadRow& each : damaged) bad.note(index_of(each), each.problem);
    bad.check(sum_->group());
    for (const BadRow& each : damaged) {
      const Index index = index_of(each);
      loader.leave_out(index, each.problem);
      std::erase_if(loaded_, [&](const ListedImage<B>& mine) { return mine.index == index; });
    }
    for (auto each = damaged.rbegin(); each != damaged.rend(); ++each)
      good_.erase(good_.begin() + static_cast<std::ptrdiff_t>(each->row));
  }

 private:
  [[nodiscard]] Index size() const { return static_cast<Index>(order_.size()); }

  /// Places of the batch that begins at place `at` of the order.
  [[nodiscard]] Index count_from(Index at) const { return std::min(batch_, size() - at); }

  /// This process's places of a batch of `count`.
  [[nodiscard]] IndexRange own_places(Index count) const {
    const IndexRange parts = sum_->mine();  // never none
    return {sum_->images_of(count, parts.first).first, sum_->images_of(count, parts.end - 1).end};
  }

  /// Where the loaded images of the next batch, of `count`, stand in it.
  [[nodiscard]] std::vector<Index> places_of_loaded(Index count) const {
    std::vector<Index> places;
    const IndexRange own = own_places(count);
    for (Index place = own.first; place < own.end && places.size() < loaded_.size(); ++place)
      if (loaded_[places.size()].index == order_[static_cast<std::size_t>(position_ + place)]) places.push_back(place);
    return places;
  }

  /// Which of the good images are in a part, by their numbers.
  [[nodiscard]] IndexRange good_in(Index part) const {
    const IndexRange places = sum_->images_of(count_, part);
    const auto before = [&](Index place) {
      return std::lower_bound(good_.begin(), good_.end(), place) - good_.begin();
    };
    return {before(places.first), before(places.end)};
  }

  const GradientSum<B>* sum_;
  std::vector<Index> order_;
  Index position_;
  Index batch_;
  Index count_ = 0;          ///< places of the batch that was loaded last
  std::vector<Index> good_;  ///< those of them, from 0 on, that have good images, of all processes
  std::vector<ListedImage<B>> loaded_;
};

}  // namespace saccade
