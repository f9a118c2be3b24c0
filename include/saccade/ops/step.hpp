#pragma once

#include <saccade/core/backend.hpp>
#include <saccade/core/batch_synchronization.hpp>
#include <saccade/core/random_key.hpp>

#include <concepts>
#include <functional>
#include <utility>

namespace saccade::inline SACCADE_NAMESPACE::ops {

/// A backend that records a body of work the first times it runs, and then repeats it without running the host's part
/// again. Optional. `StepGraph` holds one recording; see `run_step` for the rules.
template <class B>
concept RecordedStep = std::default_initializable<typename B::StepGraph> && std::movable<typename B::StepGraph> &&
    requires(B b, typename B::StepGraph& graph, StepCount count, const std::function<void()>& body) {
  { b.run_step(graph, count, body) } -> std::same_as<void>;
};

namespace detail {
/// The recording of a backend that records nothing.
struct NoGraph {};

template <class B>
struct StepGraphOf {
  using type = NoGraph;
};
template <RecordedStep B>
struct StepGraphOf<B> {
  using type = typename B::StepGraph;
};
}  // namespace detail

/// The recording of one body on a backend; default-constructed it is empty.
template <class B>
using StepGraph = typename detail::StepGraphOf<B>::type;

/// Does the work of `body()`. Every call with one `graph` must have the same body over the same tensors, on a backend
/// that is RecordedStep as follows; on any other it just calls the body, and so while batches are synchronized
/// (BatchSynchronization), for which the host speaks to others.
///
/// * The first call runs the body, and the second runs and records it. Later ones repeat the operations recorded, with
///   the numbers that are in the tensors then, and do not call it.
/// * So the body calls operations of `b` only. It neither uploads, downloads nor makes tensors, and what it decides on
/// the
///   host is the same every time. What the host has to say is put into tensors before.
/// * `crop_glimpses` in it looks at the images staged last; see `stage_images`.
/// * A RandomKey in it has a counter relative to `count.counter`: repetitions draw with the counter of their own call.
/// * What the body throws leaves `graph` without a recording.
template <class B, std::invocable Body>
void run_step(B& b, [[maybe_unused]] StepGraph<B>& graph, [[maybe_unused]] StepCount count, Body&& body) {
  if constexpr (RecordedStep<B>) {
    if (is_synchronized(b)) return body();
    b.run_step(graph, count, std::function<void()>(std::ref(body)));  // a reference: nothing is allocated
  } else {
    body();
  }
}

/// The same for work that looks at `images`. Recorded only where all of them are resident: a region of a streamed image
/// is read on the host, in every call, so such work is done plainly and leaves `graph` as it is.
template <class B, std::invocable Body>
void run_step(B& b, StepGraph<B>& graph, StepCount count, ImageBatch<B> images, Body&& body) {
  if (all_resident<B>(images)) {
    run_step(b, graph, count, body);
  } else {
    body();
  }
}

}  // namespace saccade::ops
