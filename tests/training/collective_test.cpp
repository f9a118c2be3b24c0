#include <saccade/backends/reference/reference_backend.hpp>
#include <saccade/training/collective.hpp>
#include <saccade/training/trainer.hpp>

#include "support/catch.hpp"
#include "support/recording_backend.hpp"
#include "training/trainer_fixture.hpp"

#include <algorithm>
#include <array>
#include <barrier>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <string>
#include <thread>
#include <utility>
#include <vector>

/// Two trainers in two threads of one process, each with half of a batch, are one trainer with the whole of it.

using namespace saccade;
using saccade_test::numbers;
using saccade_test::RecordingBackend;
using saccade_test::Tissue;

namespace {

/// What two threads meet at.
template <class B>
class Meeting {
 public:
  void average(std::size_t rank, B& b, ops::ParameterList<B>& list) {
    const std::vector<ParameterTerm<B>>& terms = list.terms;
    auto& mine = gradients_[rank];
    mine.clear();
    for (const auto& term : terms) mine.push_back(to_vector(b, *term.gradient));
    barrier_.arrive_and_wait();
    for (std::size_t i = 0; i < terms.size(); ++i) {
      std::vector<Scalar<B>> mean(gradients_[0][i].size());
      for (std::size_t n = 0; n < mean.size(); ++n) mean[n] = (gradients_[0][i][n] + gradients_[1][i][n]) / 2;
      b.upload(std::span<const Scalar<B>>(mean), *terms[i].gradient);
    }
    barrier_.arrive_and_wait();
  }

 private:
  std::barrier<> barrier_{2};
  std::array<std::vector<std::vector<Scalar<B>>>, 2> gradients_;
};

/// One thread's part of it.
template <class B>
struct Member {
  Meeting<B>* meeting;
  std::size_t rank;
  int calls = 0;

  void all_reduce_mean(B& b, ops::ParameterList<B>& list) {
    ++calls;
    meeting->average(rank, b, list);
  }
};
static_assert(Collective<Member<ReferenceBackend<double>>, ReferenceBackend<double>>);
static_assert(Collective<NoCollective, ReferenceBackend<double>>);
static_assert(Collective<const NoCollective, RecordingBackend<float>>);
static_assert(!Collective<Tissue, ReferenceBackend<double>>);

/// Group normalisation, so that no image knows of another, and glimpses that draw nothing.
HybridAttentionConfig independent_config() {
  HybridAttentionConfig config;
  config.glimpses = 2;
  config.sensor = {.side = 8, .scales = 2};
  config.encoder.width = 4;
  config.encoder.trunk_units = 1;
  config.encoder.mask_depth = 1;
  config.encoder.normalization = {.normalization = Normalization::group, .groups = 2};
  config.fusion_width = config.hidden = 8;
  return validated(config);
}

/// A trainer with its backend and the images from `first` on.
template <class B>
struct Run {
  Run(std::size_t first_image, std::size_t image_count, const AdamConfig& adam)
      : first(first_image),
        count(image_count),
        trainer(b, HybridAttentionClassifier<B>(independent_config()), adam, 5) {
    for (const ImageView& view : tissue.views) images.push_back(b.make_image(view));
    for (const Image<B>& image : images) oriented.push_back({&image});
  }

  StepReport step() {
    return trainer.step(std::span<const OrientedImage<B>>(oriented).subspan(first, count),
                        std::span<const Index>(tissue.labels).subspan(first, count), 1e-2, GlimpsePolicy::centre);
  }

  B b;
  Tissue tissue{4};
  std::size_t first, count;
  std::vector<Image<B>> images;
  std::vector<OrientedImage<B>> oriented;
  Trainer<B> trainer;
};

template <class Work>
void in_two_threads(const Work& work) {
  std::thread other([&] { work(1); });
  work(0);
  other.join();
}

double largest_difference(const auto& x, const auto& y) {
  double largest = 0;
  for (std::size_t i = 0; i < x.size(); ++i)
    largest = std::max(largest, std::abs(static_cast<double>(x[i]) - static_cast<double>(y[i])));
  return largest;
}

/// What a run's gradient and weights are after each of four steps.
template <class B>
struct Course {
  std::vector<std::vector<Scalar<B>>> gradients, weights;
  std::vector<double> norms;
};

template <class B>
Course<B> course_of(Run<B>& run) {
  Course<B> course;
  for (int step = 0; step < 4; ++step) {
    course.norms.push_back(run.step().gradient_norm);
    std::vector<Scalar<B>> gradient, weight;
    const auto add = [&](auto& owner, auto& all) {
      for (const auto& named : named_tensors<B>(owner)) {
        const auto values = to_vector(run.b, *named.tensor);
        all.insert(all.end(), values.begin(), values.end());
      }
    };
    add(run.trainer.gradients(), gradient);
    add(run.trainer.parameters(), weight);
    course.gradients.push_back(gradient);
    course.weights.push_back(weight);
  }
  return course;
}

template <class B>
std::array<Course<B>, 2> courses_of_halves(const AdamConfig& adam, std::array<int, 2>* bodies = nullptr) {
  Meeting<B> meeting;
  std::array<Course<B>, 2> courses;
  in_two_threads([&](std::size_t rank) {
    Run<B> run(2 * rank, 2, adam);
    Member<B> member{&meeting, rank};
    run.trainer.set_collective(member);
    courses[rank] = course_of(run);
    if constexpr (requires { run.b.bodies; })
      if (bodies) (*bodies)[rank] = run.b.bodies;
  });
  return courses;
}

}  // namespace

TEST_CASE("two threads with half a batch each find the gradient of the whole batch", "[collective]") {
  using B = ReferenceBackend<double>;
  const AdamConfig adam{.clip_norm = 0.05, .weight_decay = 0.01};
  Run<B> whole(0, 4, adam), half(0, 2, adam);
  const Course<B> expected = course_of(whole), alone = course_of(half);
  const auto courses = courses_of_halves<B>(adam);
  for (std::size_t step = 0; step < 4; ++step) {
    INFO("step " << step);
    CHECK(expected.norms[step] > 0.05);  // clipped, by the norm of the mean
    CHECK(courses[0].norms[step] == Approx(expected.norms[step]).epsilon(1e-9));
    CHECK(courses[0].gradients[step] == courses[1].gradients[step]);
    CHECK(courses[0].weights[step] == courses[1].weights[step]);
    CHECK(largest_difference(courses[0].gradients[step], expected.gradients[step]) < 1e-10);
    CHECK(largest_difference(courses[0].weights[step], expected.weights[step]) < 1e-7);
  }
  CHECK(largest_difference(alone.gradients[0], expected.gradients[0]) > 1e-3);
}

TEST_CASE("a recorded step with a collective is two bodies, with the bits of plain ones", "[collective]") {
  const AdamConfig adam{.clip_norm = 0.5};
  std::array<int, 2> bodies{};
  const auto plain = courses_of_halves<ReferenceBackend<float>>(adam);
  const auto recorded = courses_of_halves<RecordingBackend<float>>(adam, &bodies);
  for (std::size_t rank = 0; rank < 2; ++rank) {
    CHECK(recorded[rank].gradients == plain[rank].gradients);
    CHECK(recorded[rank].weights == plain[rank].weights);
    CHECK(recorded[rank].norms == plain[rank].norms);
    CHECK(bodies[rank] == 4);  // both of them plainly, recorded, and then never again
  }
}

TEST_CASE("only what learns is reduced", "[collective]") {
  struct Watcher {
    std::size_t terms = 0;
    void all_reduce_mean(RecordingBackend<float>&, ops::ParameterList<RecordingBackend<float>>& list) {
      terms = list.terms.size();
    }
  };
  Watcher watcher;
  Run<RecordingBackend<float>> all(0, 2, {}), some(0, 2, {.groups = {{.pattern = "encoder.*", .frozen = true}}});
  all.trainer.set_collective(watcher);
  all.step();
  const std::size_t every = watcher.terms;
  CHECK(every == named_tensors<RecordingBackend<float>>(all.trainer.parameters()).size());
  some.trainer.set_collective(watcher);
  some.step();
  CHECK(watcher.terms < every);
  CHECK(watcher.terms > 0);
}

TEST_CASE("a collective comes and goes between recorded steps", "[collective]") {
  struct Same {
    int calls = 0;
    void all_reduce_mean(RecordingBackend<float>&, ops::ParameterList<RecordingBackend<float>>&) { ++calls; }
  };
  Same same;
  const NoCollective none;
  Run<RecordingBackend<float>> run(0, 4, {});
  Run<ReferenceBackend<float>> plain(0, 4, {});
  for (int step = 0; step < 9; ++step) {
    if (step == 3) run.trainer.set_collective(same);
    if (step == 6) run.trainer.set_collective(none);
    CHECK(run.step().gradient_norm == plain.step().gradient_norm);
  }
  CHECK(numbers(run.b, run.trainer.parameters()) == numbers(plain.b, plain.trainer.parameters()));
  CHECK(same.calls == 3);
}

TEST_CASE("a gradient that is not finite in one trainer moves none", "[collective]") {
  using B = ReferenceBackend<double>;
  Meeting<B> meeting;
  std::array<std::string, 2> sentences;
  std::array<bool, 2> moved{};
  in_two_threads([&](std::size_t rank) {
    struct Spoilt : Member<B> {
      void all_reduce_mean(B& b, ops::ParameterList<B>& list) {
        if (rank == 1) b.fill(std::numeric_limits<double>::quiet_NaN(), *list.terms.front().gradient);
        Member<B>::all_reduce_mean(b, list);
      }
    };
    Run<B> run(2 * rank, 2, {});
    const auto weights = [&] {
      std::vector<double> all;
      for (const auto& named : named_tensors<B>(run.trainer.parameters()))
        all.insert(all.end(), named.tensor->values.begin(), named.tensor->values.end());
      return all;
    };
    const auto before = weights();
    Spoilt member{{&meeting, rank}};
    run.trainer.set_collective(member);
    try {
      run.step();
    } catch (const NumericError& error) {
      sentences[rank] = error.what();
    }
    moved[rank] = weights() != before;
  });
  for (std::size_t rank = 0; rank < 2; ++rank) {
    CHECK_THAT(sentences[rank], contains("the gradient is not finite"));
    CHECK_FALSE(moved[rank]);
  }
}
