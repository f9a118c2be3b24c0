#include <saccade/cuda.hpp>
#include <saccade/math/optimizer.hpp>

#include <array>
#include <cmath>
#include <limits>
#include <vector>

#include "support/catch.hpp"

/// The optimiser over a list of parameters does what it does to each of them.

using namespace saccade;

namespace {

using B = CudaBackend<float>;
using Tensor = B::Tensor;

Tensor make_hyper(B& b, float learning_rate, float weight_decay = 0) {
  std::vector<float> hyper(AdamHyper::count);
  hyper[AdamHyper::learning_rate] = learning_rate;
  hyper[AdamHyper::beta1] = 0.9f;
  hyper[AdamHyper::beta2] = 0.999f;
  hyper[AdamHyper::epsilon] = 1e-8f;
  hyper[AdamHyper::weight_decay] = weight_decay;
  return make_tensor<B>(b, {AdamHyper::count}, std::span<const float>(hyper));
}

/// Parameters of several sizes under three sets of hyperparameters: empty, one number, a chunk and about, several
/// chunks.
struct Model {
  explicit Model(B& b) : hypers{make_hyper(b, 0.1f), make_hyper(b, 0.01f), make_hyper(b, 0.05f, 0.25f)} {
    for (const Index n : {1, 0, 4095, 4096, 4097, 10'000}) {
      for (auto* list : {&gradients, &parameters, &firsts, &seconds}) list->push_back(b.zeros({n}));
      std::vector<float> numbers(static_cast<std::size_t>(n));
      for (std::size_t i = 0; i < numbers.size(); ++i)
        numbers[i] = std::sin(static_cast<float>(i + 1) * 0.37f + static_cast<float>(n));
      b.upload(numbers, gradients.back());
      for (float& number : numbers) number = 0.5f - number;
      b.upload(numbers, parameters.back());
    }
    for (std::size_t i = 0; i < parameters.size(); ++i)
      terms.push_back({&gradients[i], &parameters[i], &firsts[i], &seconds[i], &hypers[i % 3]});
  }

  std::array<Tensor, 3> hypers;
  std::vector<Tensor> gradients, parameters, firsts, seconds;
  std::vector<ParameterTerm<B>> terms;
};

TEST_CASE("a step of Adam over a list has the bits of a step over each parameter") {
  B b;
  Model fused(b), single(b);
  B::ParameterList list = b.make_parameter_list(fused.terms);
  Tensor scale = b.zeros({1});
  b.fill(0.5f, scale);
  for (int step = 0; step < 3; ++step) {
    for (Model* model : {&fused, &single})
      for (Tensor& hyper : model->hypers) b.advance_adam(hyper);
    b.adam_step(list, scale);
    for (const auto& term : single.terms)
      b.adam_step(*term.gradient, scale, *term.hyper, *term.parameter, *term.first, *term.second);
  }
  for (std::size_t i = 0; i < fused.terms.size(); ++i) {
    CHECK(to_vector(b, fused.parameters[i]) == to_vector(b, single.parameters[i]));
    CHECK(to_vector(b, fused.firsts[i]) == to_vector(b, single.firsts[i]));
    CHECK(to_vector(b, fused.seconds[i]) == to_vector(b, single.seconds[i]));
  }
}

TEST_CASE("the squared norm of a list is the sum over its gradients, which can be set to zero") {
  B b;
  Model model(b);
  B::ParameterList list = b.make_parameter_list(model.terms);
  Tensor sum = b.zeros({1});
  double expected = 0;
  for (const Tensor& gradient : model.gradients)
    for (const float g : to_vector(b, gradient)) expected += static_cast<double>(g) * static_cast<double>(g);
  b.fill(std::numeric_limits<float>::quiet_NaN(), sum);
  b.sum_of_squares(list, sum);
  CHECK(to_vector(b, sum)[0] == Approx(expected).epsilon(1e-5));
  b.zero_gradients(list);
  b.sum_of_squares(list, sum);
  CHECK(to_vector(b, sum)[0] == 0);
  for (const Tensor& gradient : model.gradients)
    for (const float g : to_vector(b, gradient)) CHECK(g == 0);
}

TEST_CASE("an empty list is a sum of 0 and a step that does nothing") {
  B b;
  B::ParameterList list = b.make_parameter_list({});
  Tensor sum = b.zeros({1});
  b.fill(3, sum);
  b.zero_gradients(list);
  b.sum_of_squares(list, sum);
  CHECK(to_vector(b, sum)[0] == 0);
  CHECK_NOTHROW(b.adam_step(list, sum));
}

TEST_CASE("a gradient that is not finite leaves the parameters as they are") {
  B b;
  Model model(b);
  B::ParameterList list = b.make_parameter_list(model.terms);
  const auto before = to_vector(b, model.parameters[5]);
  Tensor sum = b.zeros({1}), scale = b.zeros({1});
  b.fill(std::numeric_limits<float>::infinity(), model.gradients[3]);
  b.sum_of_squares(list, sum);
  b.clip_scale(sum, 1, scale);
  CHECK(std::isnan(to_vector(b, scale)[0]));
  for (Tensor& hyper : model.hypers) b.advance_adam(hyper);
  b.adam_step(list, scale);
  CHECK(to_vector(b, model.parameters[5]) == before);
  for (const float m : to_vector(b, model.firsts[5])) CHECK(m == 0);
}

TEST_CASE("the count of steps advances on the device as on the host") {
  B b;
  Tensor hyper = make_hyper(b, 0.1f);
  std::vector<float> expected = to_vector(b, hyper);
  for (int step = 1; step <= 20; ++step) {
    b.advance_adam(hyper);
    math::advance_adam(expected.data());
    CHECK(to_vector(b, hyper) == expected);
  }
}

}  // namespace
