#pragma once

#include <saccade/core/bad_rows_error.hpp>
#include <saccade/core/batch_synchronization.hpp>
#include <saccade/core/component.hpp>
#include <saccade/core/error.hpp>
#include <saccade/core/message.hpp>
#include <saccade/core/process_group.hpp>
#include <saccade/core/sum_tree.hpp>
#include <saccade/ops/memory.hpp>
#include <saccade/ops/optimizer.hpp>
#include <saccade/training/bad_places.hpp>
#include <saccade/training/step_report.hpp>

#include <cstddef>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace saccade::inline SACCADE_NAMESPACE {

/// Some images of a batch that is taken in parts.
template <class B>
struct BatchPart {
  Index number = 0;  ///< of the part
  Index first = 0;   ///< place of its first image in the whole batch, by which its draws are keyed
  ImageBatch<B> images{};
  std::span<const Index> labels{};
};

/// What one step of a batch in parts comes to: the sum over all parts, of every process of a group, of
///     images of the part * gradient of the part
/// in the order of a SumTree, divided by the images of the batch. That is the gradient of the batch as a whole where no
/// image of a part knows of another (Normalization::group), or batches are synchronized (SynchronizedBatches: then
/// every process has one part, and none is empty); otherwise batch normalisation goes by the statistics of each part.
/// The running statistics move by the mean of what each part, from where they stood, would move them.
///
/// For equal parts the result has the same bits in every process, and for any number of them. Numbers are added on the
/// host. `together` (ProcessGroup) comes before every sum: what one process throws ends the step of all.
template <OptimizerOps B>
class GradientSum {
 public:
  /// @throws ConfigError where there are more processes than parts
  GradientSum(const ProcessGroup& group, Index parts) : tree_(parts, group) {
    expect_config(parts >= 1, "training: parts must be at least 1, but is " + std::to_string(parts));
    expect_config(group.size() <= parts, "training: " + std::to_string(group.size()) +
                                             " processes cannot share a batch in " + std::to_string(parts) +
                                             (parts == 1 ? " part" : " parts") + "; set training.parts to " +
                                             std::to_string(group.size()) + " or a multiple of it");
  }

  [[nodiscard]] Index parts() const { return tree_.leaves(); }
  [[nodiscard]] IndexRange mine() const { return tree_.mine(); }
  [[nodiscard]] const ProcessGroup& group() const { return tree_.group(); }

  /// The images of a batch of `count` that are in part `part`, by their places.
  [[nodiscard]] IndexRange images_of(Index count, Index part) const { return share_of(count, part, parts()); }

  /// Puts the gradient of the whole batch into `gradients`, and moves `statistics`.
  /// @param own   the parts of this process that have images, by number
  /// @param find  called with each of them: puts its gradient into `gradients`, moves `statistics` and returns its
  ///              figures, means over its images
  /// @returns     the same of the whole batch, but for the norm of the gradient
  /// @throws ConfigError where no part has an image
  /// @throws BadRowsError, the same in all processes, with the places in the whole batch of all images that `find` has
  ///         called damaged, in whatever part: nothing has changed then, and the sum can be made again without them. A
  ///         plain FileError where batches are synchronized: the others wait in the middle of their parts.
  template <class Find>
  StepReport sum(B& b, const ops::ParameterList<B>& gradients, std::span<Tensor<B>* const> statistics,
                 std::span<const BatchPart<B>> own, const Find& find) {
    const std::vector<std::string> told = group().together([&] {
      start(b, gradients, statistics);
      MessageWriter message;
      auto part = own.begin();
      for (Index number = mine().first; number < mine().end; ++number) {
        const std::span<Scalar<B>> leaf = tree_.next_leaf();
        if (part == own.end() || part->number != number) continue;
        Row row{.images = static_cast<Index>(part->images.size())};
        std::vector<BadRow> bad;
        try {
          row.report = find(*part);
          collect(b, gradients, statistics, row.images, leaf);
        } catch (const BadRowsError& error) {
          if (is_synchronized(b)) throw FileError(error.what() + std::string(as_synchronized));
          bad = bad_places(error, part->images.size(), static_cast<std::size_t>(part->first));
        }
        put_back(b, statistics);
        message.add(row);
        add_bad_rows(message, bad);
        ++part;
      }
      return message.take();
    });
    const auto [images, report] = mean_of(told);
    expect_config(images > 0, "training: a batch must hold at least one image");
    const std::span<const Scalar<B>> sum = tree_.sum();
    const auto count = static_cast<Scalar<B>>(images);
    std::size_t place = 0;
    const auto next = [&](const Tensor<B>& like) {
      buffer_.resize(static_cast<std::size_t>(b.shape(like).size()));
      for (Scalar<B>& value : buffer_) value = sum[place++] / count;
    };
    for (const auto& term : gradients.terms) {
      next(*term.gradient);
      b.upload(std::span<const Scalar<B>>(buffer_), *term.gradient);
    }
    std::size_t at = 0;
    for (Tensor<B>* const each : statistics) {
      next(*each);
      for (Scalar<B>& value : buffer_) value += before_[at++];
      b.upload(std::span<const Scalar<B>>(buffer_), *each);
    }
    return report;
  }

 private:
  struct Row {
    Index images = 0;
    StepReport report{};
  };

  static constexpr const char* as_synchronized =
      " (batches are synchronized: this one cannot be taken again without the image)";

  /// The images of all parts, and the mean of their figures over them. @throws BadRowsError where some are damaged
  static std::pair<Index, StepReport> mean_of(const std::vector<std::string>& told) {
    Index images = 0;
    StepReport mean;
    std::vector<BadRow> bad;
    for (const std::string& text : told) {
      for (MessageReader message(text); !message.done();) {
        const Row row = message.read<Row>();
        images += row.images;
        add_weighted(mean, row.report, static_cast<double>(row.images));
        read_bad_rows(message, bad);
      }
    }
    if (!bad.empty()) throw BadRowsError(std::move(bad));
    for_each_figure(mean, [&](const char*, double& figure) { figure /= static_cast<double>(images); });
    return {images, mean};
  }

  /// Begins a step, and remembers where the running statistics stand.
  void start(B& b, const ops::ParameterList<B>& gradients, std::span<Tensor<B>* const> statistics) {
    std::size_t numbers = 0, moving = 0;
    for (const auto& term : gradients.terms) numbers += static_cast<std::size_t>(b.shape(*term.gradient).size());
    for (const Tensor<B>* each : statistics) moving += static_cast<std::size_t>(b.shape(*each).size());
    tree_.start(numbers + moving);
    before_.resize(moving);
    std::size_t at = 0;
    for (const Tensor<B>* each : statistics) {
      const auto size = static_cast<std::size_t>(b.shape(*each).size());
      b.download(*each, std::span<Scalar<B>>(before_).subspan(at, size));
      at += size;
    }
  }

  /// Makes a leaf of a part's gradient and of what it has moved.
  void collect(B& b, const ops::ParameterList<B>& gradients, std::span<Tensor<B>* const> statistics, Index images,
               std::span<Scalar<B>> leaf) {
    std::size_t place = 0;
    const auto next = [&](const Tensor<B>& tensor) {
      const auto values = leaf.subspan(place, static_cast<std::size_t>(b.shape(tensor).size()));
      b.download(tensor, values);
      place += values.size();
      return values;
    };
    for (const auto& term : gradients.terms) next(*term.gradient);
    std::size_t at = 0;
    for (Tensor<B>* const each : statistics) {
      const auto values = next(*each);
      const auto stood = std::span<const Scalar<B>>(before_).subspan(at, values.size());
      for (std::size_t i = 0; i < values.size(); ++i) values[i] -= stood[i];
      at += values.size();
    }
    for (Scalar<B>& value : leaf) value *= static_cast<Scalar<B>>(images);
  }

  /// Puts the running statistics back to where they stood before a part, which may have ended in its middle.
  void put_back(B& b, std::span<Tensor<B>* const> statistics) {
    std::size_t at = 0;
    for (Tensor<B>* const each : statistics) {
      const auto size = static_cast<std::size_t>(b.shape(*each).size());
      b.upload(std::span<const Scalar<B>>(before_).subspan(at, size), *each);
      at += size;
    }
  }

  SumTree<Scalar<B>> tree_;
  std::vector<Scalar<B>> before_;  ///< the running statistics before the step
  std::vector<Scalar<B>> buffer_;
};

}  // namespace saccade
