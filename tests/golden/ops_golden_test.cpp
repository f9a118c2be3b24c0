#include <saccade/backends/eigen/eigen_backend.hpp>
#include <saccade/backends/reference/reference_backend.hpp>
#include <saccade/ops/ops.hpp>

#include "golden/golden_case.hpp"
#include "golden/golden_images.hpp"

#include <array>
/// Every operation and its gradients against PyTorch. The files are made by make_golden.py; see docs/gradients.md.

using namespace saccade;
using namespace saccade_tests;

namespace {
using Backends = TestedBackends<ReferenceBackend<double>, ReferenceBackend<float>, EigenBackend<float>>;
constexpr Write overwrite = Write::overwrite;
}  // namespace

TEMPLATE_LIST_TEST_CASE("PyTorch agrees: linear", "[golden][linear]", Backends) {
  for_each_golden_case<TestType>("linear", "", [](TestType& b, auto& golden) {
    const auto x = golden.given("x"), w = golden.given("w"), bias = golden.given("bias"), d_y = golden.given("d_y");
    auto y = golden.blank_like("y"), d_x = golden.blank_like("d_x"), d_w = golden.blank_like("d_w"),
         d_bias = golden.blank_like("d_bias");
    ops::linear(b, x, w, y, overwrite);
    ops::add_bias(b, bias, y);
    ops::linear_backward_input(b, d_y, w, d_x, overwrite);
    ops::linear_backward_weight(b, d_y, x, d_w, overwrite);
    ops::add_bias_backward(b, d_y, d_bias, overwrite);
    golden.check("y", y);
    golden.check("d_x", d_x);
    golden.check("d_w", d_w);
    golden.check("d_bias", d_bias);
  });
}

TEMPLATE_LIST_TEST_CASE("PyTorch agrees: convolution", "[golden][convolution]", Backends) {
  for_each_golden_case<TestType>("convolution", "", [](TestType& b, auto& golden) {
    const ConvolutionGeometry geometry{.stride = golden.integer("stride"), .padding = golden.integer("padding")};
    const auto x = golden.given("x"), w = golden.given("w"), d_y = golden.given("d_y");
    auto y = golden.blank_like("y"), d_x = golden.blank_like("d_x"), d_w = golden.blank_like("d_w");
    ops::convolve(b, x, w, geometry, y);
    ops::convolve_backward_input(b, d_y, w, geometry, d_x, overwrite);
    ops::convolve_backward_weight(b, d_y, x, geometry, d_w, overwrite);
    golden.check("y", y);
    golden.check("d_x", d_x);
    golden.check("d_w", d_w);
  });
}

TEMPLATE_LIST_TEST_CASE("PyTorch agrees: convolution in groups, with a bias and ReLU6", "[golden][convolution]",
                        Backends) {
  for_each_golden_case<TestType>("grouped_convolution", "", [](TestType& b, auto& golden) {
    const ConvolutionGeometry geometry{
        .stride = golden.integer("stride"),
        .padding = {golden.integer("above"), golden.integer("below"), golden.integer("left"), golden.integer("right")},
        .groups = golden.integer("groups")};
    const auto x = golden.given("x"), w = golden.given("w"), bias = golden.given("bias"), d_y = golden.given("d_y");
    auto y = golden.blank_like("y"), d_pre = golden.blank_like("y"), d_x = golden.blank_like("d_x"),
         d_w = golden.blank_like("d_w"), d_bias = golden.blank_like("d_bias");
    ops::convolve(b, x, w, geometry, {.bias = &bias, .rectifier = Rectifier::relu6}, y);
    ops::relu6_backward(b, y, d_y, d_pre, overwrite);
    ops::convolve_backward_input(b, d_pre, w, geometry, d_x, overwrite);
    ops::convolve_backward_weight(b, d_pre, x, geometry, d_w, overwrite);
    ops::add_bias_backward(b, d_pre, d_bias, overwrite);
    golden.check("y", y);
    golden.check("d_x", d_x);
    golden.check("d_w", d_w);
    golden.check("d_bias", d_bias);
  });
}

TEMPLATE_LIST_TEST_CASE("PyTorch agrees: batch normalization", "[golden][normalization]", Backends) {
  for_each_golden_case<TestType>("normalization", "batch", [](TestType& b, auto& golden) {
    const BatchNormHyper hyper{.epsilon = golden.number("epsilon"), .momentum = golden.number("momentum")};
    const auto x = golden.given("x"), gamma = golden.given("gamma"), beta = golden.given("beta"),
               d_y = golden.given("d_y");
    auto running_mean = golden.given("running_mean"), running_variance = golden.given("running_variance");
    auto y_infer = golden.blank_like("y_infer"), y = golden.blank_like("y"), d_x = golden.blank_like("d_x"),
         d_gamma = golden.blank_like("d_gamma"), d_beta = golden.blank_like("d_beta");
    auto mean = golden.blank(golden.shape("gamma")), rstd = golden.blank(golden.shape("gamma"));
    ops::batch_norm_infer(b, x, gamma, beta, running_mean, running_variance, hyper.epsilon, y_infer);
    ops::batch_norm_train(b, x, gamma, beta, hyper, running_mean, running_variance, y, mean, rstd);
    ops::batch_norm_backward(b, d_y, x, gamma, mean, rstd, d_x, overwrite, d_gamma, d_beta, overwrite);
    golden.check("y_infer", y_infer);
    golden.check("y", y);
    golden.check("new_running_mean", running_mean);
    golden.check("new_running_variance", running_variance);
    golden.check("d_x", d_x);
    golden.check("d_gamma", d_gamma);
    golden.check("d_beta", d_beta);
  });
}

TEMPLATE_LIST_TEST_CASE("PyTorch agrees: group normalization", "[golden][normalization]", Backends) {
  for_each_golden_case<TestType>("normalization", "group", [](TestType& b, auto& golden) {
    const Index groups = golden.integer("groups");
    const double epsilon = golden.number("epsilon");
    const auto x = golden.given("x"), gamma = golden.given("gamma"), beta = golden.given("beta"),
               d_y = golden.given("d_y");
    auto y = golden.blank_like("y"), d_x = golden.blank_like("d_x"), d_gamma = golden.blank_like("d_gamma"),
         d_beta = golden.blank_like("d_beta");
    const Shape moments{golden.shape("x")[0], groups};
    auto mean = golden.blank(moments), rstd = golden.blank(moments);
    ops::group_norm(b, x, gamma, beta, groups, epsilon, y, mean, rstd);
    ops::group_norm_backward(b, d_y, x, gamma, groups, mean, rstd, d_x, overwrite, d_gamma, d_beta, overwrite);
    golden.check("y", y);
    golden.check("d_x", d_x);
    golden.check("d_gamma", d_gamma);
    golden.check("d_beta", d_beta);
  });
}

TEMPLATE_LIST_TEST_CASE("PyTorch agrees: relu, sigmoid and tanh", "[golden][pointwise]", Backends) {
  const auto compare = [](const std::string& name, auto forward, auto backward) {
    for_each_golden_case<TestType>("pointwise", name, [&](TestType& b, auto& golden) {
      const auto x = golden.given("x"), d_y = golden.given("d_y");
      auto y = golden.blank_like("y"), d_x = golden.blank_like("d_x");
      forward(b, x, y);
      backward(b, y, d_y, d_x, overwrite);
      golden.check("y", y);
      golden.check("d_x", d_x);
    });
  };
  compare(
      "relu", [](auto&... a) { ops::relu(a...); }, [](auto&... a) { ops::relu_backward(a...); });
  compare(
      "sigmoid", [](auto&... a) { ops::sigmoid(a...); }, [](auto&... a) { ops::sigmoid_backward(a...); });
  compare(
      "tanh", [](auto&... a) { ops::tanh(a...); }, [](auto&... a) { ops::tanh_backward(a...); });
}

TEMPLATE_LIST_TEST_CASE("PyTorch agrees: exp, rsqrt and row sums", "[golden][pointwise]", Backends) {
  const auto compare = [](const std::string& name, auto forward, auto backward) {
    for_each_golden_case<TestType>("pointwise", name, [&](TestType& b, auto& golden) {
      const auto x = golden.given("x"), d_y = golden.given("d_y");
      auto y = golden.blank_like("y"), d_x = golden.blank_like("d_x");
      forward(b, x, y);
      backward(b, y, d_y, d_x);
      golden.check("y", y);
      golden.check("d_x", d_x);
    });
  };
  compare(
      "exp", [](auto&... a) { ops::exp(a...); },
      [](auto& b, auto& y, auto& d_y, auto& d_x) { ops::multiply(b, y, d_y, d_x, overwrite); });
  compare(
      "rsqrt", [](auto&... a) { ops::rsqrt(a...); }, [](auto& b, auto& y, auto& d_y, auto& d_x) {  // -1/2 y^3 d_y
        b.fill(0, d_x);
        ops::axpy(b, Scalar<TestType>(-0.5), d_y, d_x);
        for (int i = 0; i < 3; ++i) ops::multiply(b, y, d_x, d_x, overwrite);
      });
  compare(
      "row sums", [](auto&... a) { ops::row_sums(a..., overwrite); },
      [](auto& b, auto&, auto& d_y, auto& d_x) { ops::row_sums_backward(b, d_y, d_x, overwrite); });
}

TEMPLATE_LIST_TEST_CASE("PyTorch agrees: log and rows of a table", "[golden][pointwise]", Backends) {
  for_each_golden_case<TestType>("pointwise", "log", [](TestType& b, auto& golden) {
    auto y = golden.blank_like("y");
    ops::log(b, golden.given("x"), y);
    golden.check("y", y);
  });
  for_each_golden_case<TestType>("pointwise", "rows of a table", [](TestType& b, auto& golden) {
    auto y = golden.blank_like("y");
    ops::take_rows(b, golden.given("table"), golden.given("rows"), y);
    golden.check("y", y);
  });
}

TEMPLATE_LIST_TEST_CASE("PyTorch agrees: prelu", "[golden][pointwise]", Backends) {
  for_each_golden_case<TestType>("pointwise", "prelu", [](TestType& b, auto& golden) {
    const auto x = golden.given("x"), slope = golden.given("slope"), d_y = golden.given("d_y");
    auto y = golden.blank_like("y"), d_x = golden.blank_like("d_x"), d_slope = golden.blank_like("d_slope");
    ops::prelu(b, x, slope, y);
    ops::prelu_backward(b, x, slope, d_y, d_x, overwrite, d_slope, overwrite);
    golden.check("y", y);
    golden.check("d_x", d_x);
    golden.check("d_slope", d_slope);
  });
}

TEMPLATE_LIST_TEST_CASE("PyTorch agrees: max-pooling", "[golden][pooling]", Backends) {
  for_each_golden_case<TestType>("pooling", "max", [](TestType& b, auto& golden) {
    const PoolingGeometry geometry{
        .window = golden.integer("window"), .stride = golden.integer("stride"), .padding = golden.integer("padding")};
    const auto x = golden.given("x"), d_y = golden.given("d_y");
    auto y = golden.blank_like("y"), argmax = golden.blank_like("y"), d_x = golden.blank_like("d_x");
    ops::max_pool(b, x, geometry, y, argmax);
    ops::max_pool_backward(b, d_y, argmax, geometry, d_x, overwrite);
    golden.check("y", y);
    golden.check("d_x", d_x);
  });
}

TEMPLATE_LIST_TEST_CASE("PyTorch agrees: global average pooling", "[golden][pooling]", Backends) {
  for_each_golden_case<TestType>("pooling", "average", [](TestType& b, auto& golden) {
    const auto x = golden.given("x"), d_y = golden.given("d_y");
    auto y = golden.blank_like("y"), d_x = golden.blank_like("d_x");
    ops::global_average_pool(b, x, y);
    ops::global_average_pool_backward(b, d_y, d_x, overwrite);
    golden.check("y", y);
    golden.check("d_x", d_x);
  });
}

TEMPLATE_LIST_TEST_CASE("PyTorch agrees: spatial softmax", "[golden][pooling]", Backends) {
  for_each_golden_case<TestType>("pooling", "positions", [](TestType& b, auto& golden) {
    const auto x = golden.given("x"), d_position = golden.given("d_position");
    auto log_sum = golden.blank_like("log_sum"), position = golden.blank_like("position"),
         d_x = golden.blank_like("d_x");
    ops::spatial_softmax(b, x, log_sum, position);
    ops::spatial_softmax_backward(b, x, log_sum, position, d_position, d_x, overwrite);
    golden.check("log_sum", log_sum);
    golden.check("position", position);
    golden.check("d_x", d_x);
  });
}

TEMPLATE_LIST_TEST_CASE("PyTorch agrees: upsampling", "[golden][upsample]", Backends) {
  // In single precision the weight of a pixel is off by up to (size of the map) * 6e-8 where its coordinate is a
  // rounded fraction; the maps have at most 14 pixels a side.
  for_each_golden_case<TestType>("upsample", "", [](TestType& b, auto& golden) {
    const Corners corners = golden.integer("aligned") != 0 ? Corners::aligned : Corners::half_pixel;
    const auto x = golden.given("x"), d_y = golden.given("d_y");
    auto y = golden.blank_like("y"), d_x = golden.blank_like("d_x");
    ops::upsample_bilinear(b, x, corners, y);
    ops::upsample_bilinear_backward(b, d_y, corners, d_x, overwrite);
    golden.check("y", y);
    golden.check("d_x", d_x);
  });
}

TEMPLATE_LIST_TEST_CASE("PyTorch agrees: mask", "[golden][mask]", Backends) {
  for_each_golden_case<TestType>("mask", "", [](TestType& b, auto& golden) {
    const auto trunk = golden.given("trunk"), logits = golden.given("mask_logits"),
               d_attended = golden.given("d_attended"), d_features = golden.given("d_features");
    auto attended = golden.blank_like("attended"), features = golden.blank_like("features"),
         d_trunk = golden.blank_like("d_trunk"), d_logits = golden.blank_like("d_mask_logits"),
         scratch = golden.blank_like("attended");
    ops::apply_mask(b, trunk, logits, attended);
    ops::apply_mask_backward(b, trunk, logits, d_attended, d_trunk, overwrite, d_logits, overwrite);
    golden.check("attended", attended);
    golden.check("d_trunk", d_trunk);
    golden.check("d_mask_logits", d_logits);
    ops::attention_pool(b, trunk, logits, scratch, features);
    ops::attention_pool_backward(b, trunk, logits, d_features, scratch, d_trunk, overwrite, d_logits, overwrite);
    golden.check("features", features);
    golden.check("pooled_d_trunk", d_trunk);
    golden.check("pooled_d_mask_logits", d_logits);
  });
}

TEMPLATE_LIST_TEST_CASE("PyTorch agrees: softmax and cross-entropy", "[golden][loss]", Backends) {
  for_each_golden_case<TestType>("loss", "", [](TestType& b, auto& golden) {
    const auto logits = golden.given("logits"), labels = golden.given("labels"), d_loss = golden.given("d_loss");
    auto softmax = golden.blank_like("probabilities"), probabilities = golden.blank_like("probabilities"),
         loss = golden.blank_like("loss"), d_logits = golden.blank_like("d_logits");
    ops::softmax(b, logits, softmax);
    ops::softmax_cross_entropy(b, logits, labels, probabilities, loss);
    ops::softmax_cross_entropy_backward(b, probabilities, labels, d_loss, d_logits, overwrite);
    golden.check("probabilities", softmax);
    golden.check("probabilities", probabilities);
    golden.check("loss", loss);
    golden.check("d_logits", d_logits);
  });
}

TEMPLATE_LIST_TEST_CASE("PyTorch agrees: LSTM cell", "[golden][recurrent]", Backends) {
  for_each_golden_case<TestType>("recurrent", "", [](TestType& b, auto& golden) {
    const auto x = golden.given("x"), h = golden.given("h"), c = golden.given("c"), w_x = golden.given("w_x"),
               w_h = golden.given("w_h"), bias = golden.given("bias"), d_h_next = golden.given("d_h_next"),
               d_c_next = golden.given("d_c_next");
    const Index batch = golden.shape("h")[0], hidden = golden.shape("h")[1];
    auto scratch = ops::make_lstm_scratch(b, batch, hidden);
    auto pre = golden.blank({batch, 4 * hidden}), gates = golden.blank({batch, 4 * hidden});
    auto c_next = golden.blank_like("c_next"), h_next = golden.blank_like("h_next"), tanh_c = golden.blank_like("c"),
         d_c = golden.blank_like("d_c");
    ops::linear(b, x, w_x, pre, overwrite);
    ops::linear(b, h, w_h, pre, Write::accumulate);
    ops::add_bias(b, bias, pre);
    ops::lstm_cell(b, pre, c, gates, c_next, tanh_c, h_next, scratch);
    golden.check("h_next", h_next);
    golden.check("c_next", c_next);

    auto& d_pre = pre;
    auto d_x = golden.blank_like("d_x"), d_h = golden.blank_like("d_h"), d_w_x = golden.blank_like("d_w_x"),
         d_w_h = golden.blank_like("d_w_h"), d_bias = golden.blank_like("d_bias");
    ops::lstm_cell_backward(b, gates, c, tanh_c, d_h_next, d_c_next, d_pre, d_c, scratch);
    ops::linear_backward_input(b, d_pre, w_x, d_x, overwrite);
    ops::linear_backward_input(b, d_pre, w_h, d_h, overwrite);
    ops::linear_backward_weight(b, d_pre, x, d_w_x, overwrite);
    ops::linear_backward_weight(b, d_pre, h, d_w_h, overwrite);
    ops::add_bias_backward(b, d_pre, d_bias, overwrite);
    golden.check("d_x", d_x);
    golden.check("d_h", d_h);
    golden.check("d_c", d_c);
    golden.check("d_w_x", d_w_x);
    golden.check("d_w_h", d_w_h);
    golden.check("d_bias", d_bias);
  });
}

TEMPLATE_LIST_TEST_CASE("PyTorch agrees: Gaussian policy", "[golden][policy]", Backends) {
  for_each_golden_case<TestType>("policy", "", [](TestType& b, auto& golden) {
    const auto sample = golden.given("sample"), mean = golden.given("mean"), advantage = golden.given("advantage");
    auto d_mean = golden.blank_like("d_mean");
    const auto sigma = static_cast<Scalar<TestType>>(golden.number("sigma"));
    ops::gaussian_policy_backward(b, sample, mean, advantage, sigma, d_mean, overwrite);
    golden.check("d_mean", d_mean);
  });
}

/// Several steps of Adam, which decays the weights beside where `weight_decay` is not 0.
template <class B>
void check_adam(B& b, GoldenCase<B>& golden, double weight_decay) {
  const double beta1 = golden.number("beta1"), beta2 = golden.number("beta2");
  auto p = golden.given("p"), m = b.zeros(golden.shape("p")), v = b.zeros(golden.shape("p"));
  const auto scale = make_tensor<B, double>(b, {1}, std::array{1.0});
  double power1 = 1, power2 = 1;
  for (Index step = 1; step <= golden.integer("steps"); ++step) {
    power1 *= beta1;
    power2 *= beta2;
    std::array<double, AdamHyper::count> hyper{};
    hyper[AdamHyper::learning_rate] = golden.number("learning_rate");
    hyper[AdamHyper::beta1] = beta1;
    hyper[AdamHyper::beta2] = beta2;
    hyper[AdamHyper::epsilon] = golden.number("epsilon");
    hyper[AdamHyper::weight_decay] = weight_decay;
    hyper[AdamHyper::correction1] = 1 - power1;
    hyper[AdamHyper::correction2] = 1 - power2;
    const std::string number = std::to_string(step);
    const auto g = golden.given("g" + number);
    ops::adam_step(b, g, scale, make_tensor<B, double>(b, {AdamHyper::count}, hyper), p, m, v);
    golden.check("p" + number, p);
    golden.check("m" + number, m);
    golden.check("v" + number, v);
  }
}

TEMPLATE_LIST_TEST_CASE("PyTorch agrees: Adam", "[golden][optimizer]", Backends) {
  for_each_golden_case<TestType>("optimizer", "adam", [](TestType& b, auto& golden) { check_adam(b, golden, 0); });
}

TEMPLATE_LIST_TEST_CASE("PyTorch agrees: AdamW", "[golden][optimizer]", Backends) {
  for_each_golden_case<TestType>(
      "weight_decay", "adamw", [](TestType& b, auto& golden) { check_adam(b, golden, golden.number("weight_decay")); });
}

TEMPLATE_LIST_TEST_CASE("PyTorch agrees: clipping by the global norm", "[golden][optimizer]", Backends) {
  for_each_golden_case<TestType>("optimizer", "clip", [](TestType& b, auto& golden) {
    const auto g1 = golden.given("g1"), g2 = golden.given("g2");
    auto sum = golden.blank({1}), scale = golden.blank({1});
    ops::sum_of_squares(b, g1, sum, overwrite);
    ops::sum_of_squares(b, g2, sum, Write::accumulate);
    ops::clip_scale(b, sum, static_cast<Scalar<TestType>>(golden.number("max_norm")), scale);
    const double norm = golden.numbers("norm").at(0);
    CHECK(static_cast<double>(to_vector(b, sum).at(0)) == Approx(norm * norm).epsilon(2e-5));

    // Adam multiplies by the scale; here a column product does. PyTorch adds 1e-6 to the norm before it divides.
    const double tolerance = golden_tolerance<Scalar<TestType>> + 1e-6 / norm;
    const auto check_scaled = [&](const std::string& operand, const auto& g) {
      auto scaled = b.zeros(b.shape(g));
      ops::axpy(b, to_vector(b, scale).at(0), g, scaled);
      golden.check(operand, scaled, tolerance);
    };
    check_scaled("clipped1", g1);
    check_scaled("clipped2", g2);
  });
}

TEMPLATE_LIST_TEST_CASE("NumPy agrees: glimpses", "[golden][glimpse]", Backends) {
  const GoldenFile file("glimpse");
  for_each_backend<TestType>([&](TestType& b) {
    const GoldenImages<TestType> images(file, b);
    GlimpseGeometry geometry = images.normalization();
    for (const char* border : {"inside", "zero"}) {
      for (const std::string& name : file.cases(border)) {
        GoldenCase<TestType> golden(file, name, b);
        geometry.side = golden.integer("side");
        geometry.scales = golden.integer("scales");
        geometry.border = golden.integer("inside") != 0 ? Border::inside : Border::zero;
        const auto location = golden.given("location");
        auto patches = golden.blank_like("patches");
        ops::crop_glimpses(b, images.batch(), location, geometry, patches);
        golden.check("patches", patches);
        golden.expect_all_used();
      }
    }
  });
}
