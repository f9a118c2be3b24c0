#pragma once

#include <saccade/core/message.hpp>
#include <saccade/core/process_group.hpp>
#include <saccade/core/sum_tree.hpp>
#include <saccade/training/agreed_bad_images.hpp>
#include <saccade/training/predict_images.hpp>

#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace saccade::inline SACCADE_NAMESPACE {

namespace detail {

inline void add(MessageWriter& message, const ImagePrediction& each) {
  message.add(each.image);
  message.add(each.width);
  message.add(each.height);
  const Prediction& prediction = each.prediction;
  message.add(prediction.locations.size());
  for (std::size_t t = 0; t < prediction.locations.size(); ++t) {
    message.add_list(std::span<const double>(prediction.probabilities[t]));
    message.add(prediction.locations[t]);
    message.add_list(std::span<const Box>(prediction.windows[t]));
  }
  message.add_list(std::span<const double>(prediction.values));
  message.add_list(std::span<const Thumbnail>(prediction.thumbnails));
}

[[nodiscard]] inline ImagePrediction read_prediction(MessageReader& message) {
  ImagePrediction each;
  each.image = message.read<Index>();
  each.width = message.read<Index>();
  each.height = message.read<Index>();
  for (auto steps = message.read<std::size_t>(); steps > 0; --steps) {
    each.prediction.probabilities.push_back(message.read_list<double>());
    each.prediction.locations.push_back(message.read<Location>());
    each.prediction.windows.push_back(message.read_list<Box>());
  }
  each.prediction.values = message.read_list<double>();
  each.prediction.thumbnails = message.read_list<Thumbnail>();
  return each;
}

}  // namespace detail

/// Predictions for the images of `part` by all processes of a group, each of which looks at a share of neighbours: all
/// of them for everybody, in the order of `part`, as predict_images gives them to one process. Nothing where somebody's
/// `go_on` ended it early.
///
/// Random glimpses and drawn rollouts are keyed by an image's place in `part`; predict_images leaves bad images out of
/// that count.
/// @param bad  what all have met
/// @throws FileError everywhere, when there are more bad images than one loader, or `bad`, allows
template <Backend B, class Model>
[[nodiscard]] std::optional<std::vector<ImagePrediction>> predict_shared(
    const ProcessGroup& group, B& b, Evaluator<B, Model>& evaluator, const typename Model::Parameters& parameters,
    typename Model::Statistics& statistics, ListedImages<B>& images, std::span<const Index> part,
    PredictOptions options, const std::function<bool(Index)>& go_on, const data::Loader& loader, AgreedBadImages& bad) {
  const IndexRange own = share_of(static_cast<Index>(part.size()), group.rank(), group.size());
  const auto messages = group.together([&] {
    bool stopped = false;
    options.first = own.first;
    const auto mine =
        predict_images(b, evaluator, parameters, statistics, images,
                       part.subspan(static_cast<std::size_t>(own.first), static_cast<std::size_t>(own.size())), options,
                       [&](Index done) {
                         stopped = !go_on(done);
                         return !stopped;
                       });
    MessageWriter message;
    bad.tell(loader, message);
    message.add(stopped);
    for (const ImagePrediction& each : mine) detail::add(message, each);
    return message.take();
  });
  std::vector<ImagePrediction> all;
  bool stopped = false;
  for (const std::string& text : messages) {
    MessageReader message(text);
    bad.hear(message);
    stopped |= message.read<bool>();
    while (!message.done()) all.push_back(detail::read_prediction(message));
  }
  bad.check(group);
  if (stopped) return {};
  return all;
}

}  // namespace saccade
