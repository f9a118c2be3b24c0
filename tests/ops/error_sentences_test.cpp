#include <saccade/ops/ops.hpp>
#include <saccade/testing/archetype_backend.hpp>

#include <limits>
#include <span>
#include <type_traits>
#include <vector>

#include "support/catch.hpp"
#include "support/fused_reference.hpp"

// What a front door says when it is given what it cannot take.
using namespace saccade;

namespace {

using B = testing::ArchetypeBackend<float>;
constexpr Write overwrite = Write::overwrite;

struct Fixture {
  B b{0};
  Tensor<B> operator()(const Shape& shape) { return b.zeros(shape); }
};

}  // namespace

#define CHECK_SHAPE_ERROR(call, sentence) \
  do {                                    \
    CHECK_THROWS_AS(call, ShapeError);    \
    CHECK_THROWS_WITH(call, sentence);    \
  } while (false)
#define CHECK_CONFIG_ERROR(call, sentence) \
  do {                                     \
    CHECK_THROWS_AS(call, ConfigError);    \
    CHECK_THROWS_WITH(call, sentence);     \
  } while (false)

TEST_CASE_METHOD(Fixture, "memory") {
  auto x = (*this)({2, 3}), y = (*this)({3, 2});
  CHECK_SHAPE_ERROR(ops::copy(b, x, y), "copy: y must be of the shape of x = (2, 3), but is (3, 2)");
  auto large = (*this)({2, 2, 2});
  CHECK_NOTHROW(ops::reshape(b, x, y));
  CHECK_SHAPE_ERROR(ops::reshape(b, x, large),
                    "reshape: y must have as many elements as x, which is (2, 3), but is (2, 2, 2)");
  std::vector<float> five(5);
  CHECK_SHAPE_ERROR(ops::upload(b, std::span<const float>(five), x),
                    "upload: a tensor of (2, 3) holds 6 numbers, but 5 were given");
  CHECK_SHAPE_ERROR(ops::download(b, x, std::span<float>(five)),
                    "download: a tensor of (2, 3) holds 6 numbers, but 5 were given");
}

TEST_CASE_METHOD(Fixture, "linear") {
  auto vector = (*this)({3}), x = (*this)({2, 3}), w = (*this)({4, 3}), other = (*this)({4, 5}), y = (*this)({2, 4});
  CHECK_SHAPE_ERROR(ops::linear(b, vector, w, y, overwrite), "linear: x must be (M, K), but is (3)");
  CHECK_SHAPE_ERROR(ops::linear(b, x, vector, y, overwrite), "linear: w must be (N, K), but is (3)");
  CHECK_SHAPE_ERROR(ops::linear(b, x, other, y, overwrite), "linear: w must be (N, K) = (4, 3), but is (4, 5)");
  CHECK_SHAPE_ERROR(ops::linear(b, x, w, x, overwrite), "linear: y must be (M, N) = (2, 4), but is (2, 3)");
  CHECK_SHAPE_ERROR(ops::linear_backward_input(b, y, w, other, overwrite),
                    "linear_backward_input: d_x must be (M, K) = (2, 3), but is (4, 5)");
  CHECK_SHAPE_ERROR(ops::linear_backward_weight(b, y, x, other, overwrite),
                    "linear_backward_weight: d_w must be (N, K) = (4, 3), but is (4, 5)");
  CHECK_SHAPE_ERROR(ops::linear_backward_weight(b, y, other, w, overwrite),
                    "linear_backward_weight: x must be (M, K) = (2, 5), but is (4, 5)");
  CHECK_SHAPE_ERROR(ops::add_bias(b, vector, y), "add_bias: bias must be (C) = (4), but is (3)");
  CHECK_SHAPE_ERROR(ops::add_bias_backward(b, y, vector, overwrite),
                    "add_bias_backward: d_bias must be (C) = (4), but is (3)");
  auto scalar = (*this)({});
  CHECK_SHAPE_ERROR(ops::add_bias(b, vector, scalar), "add_bias: y must be (..., C), but is ()");
}

TEST_CASE_METHOD(Fixture, "convolution") {
  auto x = (*this)({1, 5, 7, 3}), w = (*this)({2, 3, 3, 3}), wrong = (*this)({2, 3, 3, 4}), y = (*this)({1, 3, 5, 2});
  CHECK_NOTHROW(ops::convolve(b, x, w, {}, y));
  CHECK_SHAPE_ERROR(ops::convolve(b, x, wrong, {}, y),
                    "convolve: w must be (O, kh, kw, C) = (2, 3, 3, 3), but is (2, 3, 3, 4)");
  CHECK_SHAPE_ERROR(ops::convolve(b, x, w, {.stride = 1, .padding = 1}, y),
                    "convolve: y must be (B, H', W', O) = (1, 5, 7, 2), but is (1, 3, 5, 2)");
  CHECK_CONFIG_ERROR(ops::convolve(b, x, w, {.stride = 0, .padding = 0}, y),
                     "convolve: the stride must be at least 1, but is 0");
  CHECK_CONFIG_ERROR(ops::convolve(b, x, w, {.stride = 1, .padding = -1}, y),
                     "convolve: the padding must be at least 0, but is -1");
  auto large = (*this)({2, 6, 3, 3}), none = (*this)({2, 0, 3, 3}), empty = (*this)({1, 0, 7, 3});
  CHECK_SHAPE_ERROR(ops::convolve(b, x, large, {}, y),
                    "convolve: the window of 3 x 6 is larger than the image (1, 5, 7, 3) with padding 0");
  CHECK_SHAPE_ERROR(ops::convolve(b, x, none, {}, y),
                    "convolve: w (O, kh, kw, C) must have kh >= 1 and kw >= 1, but is (2, 0, 3, 3)");
  CHECK_SHAPE_ERROR(ops::convolve(b, empty, w, {}, y),
                    "convolve: x (B, H, W, C) must have at least one pixel, but is (1, 0, 7, 3)");
  CHECK_SHAPE_ERROR(ops::convolve_backward_input(b, y, w, {}, y, overwrite),
                    "convolve_backward_input: w must be (O, kh, kw, C) = (2, 3, 3, 2), but is (2, 3, 3, 3)");
  CHECK_SHAPE_ERROR(ops::convolve_backward_weight(b, x, x, {}, w, overwrite),
                    "convolve_backward_weight: d_y must be (B, H', W', O) = (1, 3, 5, 2), but is (1, 5, 7, 3)");
}

TEST_CASE_METHOD(Fixture, "convolution in groups") {
  auto x = (*this)({1, 5, 7, 6}), w = (*this)({6, 3, 3, 1}), whole = (*this)({6, 3, 3, 6}), y = (*this)({1, 3, 5, 6});
  CHECK_NOTHROW(ops::convolve(b, x, w, {.groups = 6}, y));
  CHECK_SHAPE_ERROR(ops::convolve(b, x, whole, {.groups = 6}, y),
                    "convolve: w must be (O, kh, kw, C / groups) = (6, 3, 3, 1), but is (6, 3, 3, 6)");
  CHECK_SHAPE_ERROR(ops::convolve(b, x, w, {}, y),
                    "convolve: w must be (O, kh, kw, C) = (6, 3, 3, 6), but is (6, 3, 3, 1)");
  CHECK_CONFIG_ERROR(ops::convolve(b, x, w, {.groups = 0}, y), "convolve: the groups must be at least 1, but is 0");
  CHECK_CONFIG_ERROR(ops::convolve_backward_input(b, y, w, {.groups = 4}, x, overwrite),
                     "convolve_backward_input: 6 input and 6 output channels cannot be divided into 4 groups");
  CHECK_CONFIG_ERROR(ops::convolve_backward_weight(b, y, x, {.padding = {0, 1, -2, 1}, .groups = 6}, w, overwrite),
                     "convolve_backward_weight: the padding must be at least 0, but is -2");
  auto large = (*this)({6, 3, 9, 1});
  CHECK_SHAPE_ERROR(
      ops::convolve(b, x, large, {.padding = {0, 1, 0, 1}, .groups = 6}, y),
      "convolve: the window of 9 x 3 is larger than the image (1, 5, 7, 6) with padding 0 above, 1 below, "
      "0 left and 1 right");
}

TEST_CASE_METHOD(Fixture, "convolution with an epilogue") {
  auto x = (*this)({1, 2, 2, 3}), w = (*this)({4, 1, 1, 3}), y = (*this)({1, 2, 2, 4}), c = (*this)({4}),
       d = (*this)({3});
  CHECK_NOTHROW(ops::convolve(b, x, w, {}, {.bias = &c, .rectifier = Rectifier::relu6}, y));
  CHECK_SHAPE_ERROR(ops::convolve(b, x, w, {}, {.bias = &d}, y), "convolve: bias must be (O) = (4), but is (3)");
  CHECK_SHAPE_ERROR(ops::convolve(b, x, w, {}, {.residual = &x}, y),
                    "convolve: residual must be of the shape of y = (1, 2, 2, 4), but is (1, 2, 2, 3)");
  const auto normalized = [&](const auto& gamma, const auto& variance, double epsilon) {
    ConvolutionEpilogue<std::remove_cvref_t<decltype(b)>> epilogue;
    epilogue.normalization.emplace(NormalizationView<std::remove_cvref_t<decltype(b)>>{gamma, c, c, variance, epsilon});
    ops::convolve(b, x, w, {}, epilogue, y);
  };
  CHECK_NOTHROW(normalized(c, c, 1e-3));
  CHECK_SHAPE_ERROR(normalized(d, c, 1e-3), "convolve: gamma must be (O) = (4), but is (3)");
  CHECK_SHAPE_ERROR(normalized(c, d, 1e-3), "convolve: variance must be (O) = (4), but is (3)");
  CHECK_CONFIG_ERROR(normalized(c, c, 0), "convolve: epsilon must be positive, but is 0");
}

TEST_CASE_METHOD(Fixture, "normalization") {
  auto x = (*this)({2, 3, 3, 6}), y = (*this)({2, 3, 3, 6}), c = (*this)({6}), d = (*this)({6}), wrong = (*this)({5});
  auto mean = (*this)({6}), rstd = (*this)({6});
  CHECK_SHAPE_ERROR(ops::batch_norm_infer(b, x, c, wrong, c, c, 1e-5, y),
                    "batch_norm_infer: beta must be (C) = (6), but is (5)");
  CHECK_CONFIG_ERROR(ops::batch_norm_infer(b, x, c, c, c, c, 0, y),
                     "batch_norm_infer: epsilon must be positive, but is 0");
  CHECK_CONFIG_ERROR(ops::batch_norm_train(b, x, c, c, {.epsilon = 1e-5, .momentum = 1.5}, d, d, y, mean, rstd),
                     "batch_norm_train: the momentum must be in [0, 1], but is 1.5");
  CHECK_SHAPE_ERROR(ops::batch_norm_train(b, x, c, c, BatchNormHyper{}, d, d, y, mean, wrong),
                    "batch_norm_train: rstd must be (C) = (6), but is (5)");
  CHECK_SHAPE_ERROR(ops::batch_norm_backward(b, y, x, c, c, c, wrong, overwrite, mean, rstd, overwrite),
                    "batch_norm_backward: d_x must be of the shape of x = (2, 3, 3, 6), but is (5)");
  auto statistics = (*this)({2, 3}), other = (*this)({2, 3});
  CHECK_CONFIG_ERROR(ops::group_norm(b, x, c, c, 4, 1e-5, y, statistics, other),
                     "group_norm: the number of groups must divide the 6 channels, but is 4");
  CHECK_CONFIG_ERROR(ops::group_norm(b, x, c, c, 0, 1e-5, y, statistics, other),
                     "group_norm: the number of groups must divide the 6 channels, but is 0");
  CHECK_SHAPE_ERROR(ops::group_norm(b, x, c, c, 2, 1e-5, y, statistics, other),
                    "group_norm: mean must be (B, groups) = (2, 2), but is (2, 3)");
  CHECK_SHAPE_ERROR(ops::group_norm_backward(b, y, x, c, 3, statistics, mean, y, overwrite, mean, rstd, overwrite),
                    "group_norm_backward: rstd must be (B, groups) = (2, 3), but is (6)");
}

TEST_CASE_METHOD(Fixture, "pointwise") {
  auto x = (*this)({2, 3}), y = (*this)({3, 2}), slope = (*this)({2});
  CHECK_SHAPE_ERROR(ops::relu(b, x, y), "relu: y must be of the shape of x = (2, 3), but is (3, 2)");
  CHECK_SHAPE_ERROR(ops::relu6(b, x, y), "relu6: y must be of the shape of x = (2, 3), but is (3, 2)");
  CHECK_SHAPE_ERROR(ops::relu6_backward(b, x, x, y, overwrite),
                    "relu6_backward: d_x must be of the shape of y = (2, 3), but is (3, 2)");
  CHECK_SHAPE_ERROR(ops::prelu(b, x, slope, x), "prelu: slope must be (1) or (C) = (3), but is (2)");
  CHECK_SHAPE_ERROR(ops::tanh_backward(b, x, x, y, overwrite),
                    "tanh_backward: d_x must be of the shape of y = (2, 3), but is (3, 2)");
  CHECK_SHAPE_ERROR(ops::multiply(b, x, y, x, overwrite),
                    "multiply: x2 must be of the shape of x1 = (2, 3), but is (3, 2)");
  CHECK_CONFIG_ERROR(ops::clamp(b, x, 1, -1, x), "clamp: low must not be above high, but they are 1 and -1");
  CHECK_SHAPE_ERROR(ops::axpy(b, 1, x, y), "axpy: y must be of the shape of x = (2, 3), but is (3, 2)");
  auto narrow = (*this)({2, 2}), column = (*this)({2}), long_column = (*this)({3});
  CHECK_NOTHROW(ops::read_columns(b, x, 2, column, overwrite));
  CHECK_SHAPE_ERROR(ops::read_columns(b, x, 2, narrow, overwrite),
                    "read_columns: columns 2 to 4 are not all in x (2, 3)");
  CHECK_SHAPE_ERROR(ops::write_columns(b, narrow, -1, x, overwrite),
                    "write_columns: columns -1 to 1 are not all in y (2, 3)");
  CHECK_SHAPE_ERROR(ops::read_columns(b, x, 0, long_column, overwrite),
                    "read_columns: y must be (..., N), or (M) beside a (M, K), for x (2, 3), but is (3)");
  CHECK_SHAPE_ERROR(ops::read_columns(b, column, 0, column, overwrite), "read_columns: x must be (..., K), but is (2)");
  auto map = (*this)({2, 4, 5, 3}), other = (*this)({2, 5, 4, 1});
  CHECK_SHAPE_ERROR(
      ops::write_columns(b, other, 0, map, overwrite),
      "write_columns: x must be (..., N), or (M) beside a (M, K), for y (2, 4, 5, 3), but is (2, 5, 4, 1)");
  CHECK_SHAPE_ERROR(ops::write_columns(b, column, 0, map, overwrite),
                    "write_columns: x must be (..., N), or (M) beside a (M, K), for y (2, 4, 5, 3), but is (2)");
  CHECK_SHAPE_ERROR(ops::exp(b, x, y), "exp: y must be of the shape of x = (2, 3), but is (3, 2)");
  CHECK_SHAPE_ERROR(ops::log(b, x, y), "log: y must be of the shape of x = (2, 3), but is (3, 2)");
  CHECK_SHAPE_ERROR(ops::rsqrt(b, x, y), "rsqrt: y must be of the shape of x = (2, 3), but is (3, 2)");
  CHECK_SHAPE_ERROR(ops::row_sums(b, x, long_column, overwrite), "row_sums: y must be (M) = (2), but is (3)");
  CHECK_SHAPE_ERROR(ops::row_sums(b, column, column, overwrite), "row_sums: x must be (M, K), but is (2)");
  CHECK_SHAPE_ERROR(ops::row_sums_backward(b, long_column, x, overwrite),
                    "row_sums_backward: d_y must be (M) = (2), but is (3)");
  CHECK_NOTHROW(ops::take_rows(b, y, column, narrow));
  CHECK_SHAPE_ERROR(ops::take_rows(b, y, column, x), "take_rows: y must be (M, K) = (2, 2), but is (2, 3)");
  CHECK_SHAPE_ERROR(ops::take_rows(b, y, narrow, narrow), "take_rows: rows must be (M), but is (2, 2)");
  CHECK_SHAPE_ERROR(ops::take_rows(b, column, column, narrow), "take_rows: table must be (N, K), but is (2)");
}

TEST_CASE_METHOD(Fixture, "pooling and upsampling") {
  auto x = (*this)({1, 5, 7, 2}), y = (*this)({1, 3, 4, 2}), argmax = (*this)({1, 3, 3, 2}), features = (*this)({1, 3});
  CHECK_SHAPE_ERROR(ops::max_pool(b, x, PoolingGeometry{}, y, argmax),
                    "max_pool: argmax must be (B, H', W', C) = (1, 3, 4, 2), but is (1, 3, 3, 2)");
  CHECK_CONFIG_ERROR(ops::max_pool(b, x, {.window = 3, .stride = 2, .padding = 2}, y, y),
                     "max_pool: the padding must be between 0 and half the window, but is 2");
  CHECK_SHAPE_ERROR(ops::max_pool(b, x, {.window = 9, .stride = 1, .padding = 1}, y, y),
                    "max_pool: the window of 9 x 9 is larger than the image (1, 5, 7, 2) with padding 1");
  CHECK_SHAPE_ERROR(ops::global_average_pool(b, x, features),
                    "global_average_pool: y must be (B, C) = (1, 2), but is (1, 3)");
  auto log_sum = (*this)({1, 2}), position = (*this)({1, 4}), flat = (*this)({5, 7});
  CHECK_SHAPE_ERROR(ops::spatial_softmax(b, flat, log_sum, position),
                    "spatial_softmax: x must be (B, H, W, C), but is (5, 7)");
  CHECK_SHAPE_ERROR(ops::spatial_softmax(b, x, features, position),
                    "spatial_softmax: log_sum must be (B, C) = (1, 2), but is (1, 3)");
  CHECK_SHAPE_ERROR(ops::spatial_softmax(b, x, log_sum, log_sum),
                    "spatial_softmax: position must be (B, 2 C) = (1, 4), but is (1, 2)");
  CHECK_SHAPE_ERROR(ops::spatial_softmax_backward(b, x, log_sum, position, log_sum, x, overwrite),
                    "spatial_softmax_backward: d_position must be (B, 2 C) = (1, 4), but is (1, 2)");
  CHECK_SHAPE_ERROR(ops::spatial_softmax_backward(b, x, log_sum, position, position, y, overwrite),
                    "spatial_softmax_backward: d_x must be (B, H, W, C) = (1, 5, 7, 2), but is (1, 3, 4, 2)");
  auto other = (*this)({1, 10, 14, 3}), none = (*this)({1, 0, 14, 2});
  CHECK_SHAPE_ERROR(ops::upsample_bilinear(b, x, Corners::aligned, other),
                    "upsample_bilinear: y must be (B, H, W, C) = (1, 10, 14, 2), but is (1, 10, 14, 3)");
  CHECK_SHAPE_ERROR(ops::upsample_bilinear_backward(b, none, Corners::aligned, x, overwrite),
                    "upsample_bilinear_backward: d_y (B, H, W, C) must have at least one pixel, but is (1, 0, 14, 2)");
}

TEST_CASE_METHOD(Fixture, "glimpse") {
  const RgbImage wide(200, 150), small(100, 80);
  const Image<B> good = ops::make_image(b, wide.view()), bad = ops::make_image(b, small.view());
  std::vector<OrientedImage<B>> images = {{&good}, {&good}, {&good}, {&bad}};
  auto location = (*this)({4, 2}), patches = (*this)({4, 112, 112, 3}), narrow = (*this)({4, 112, 96, 3});
  const GlimpseGeometry geometry{};
  CHECK_CONFIG_ERROR(ops::crop_glimpses(b, ImageBatch<B>(images), location, geometry, patches),
                     "crop_glimpses: image 3 is 100 x 80, smaller than the glimpse of 112 x 112");
  images[3].image = nullptr;
  CHECK_CONFIG_ERROR(ops::crop_glimpses(b, ImageBatch<B>(images), location, geometry, patches),
                     "crop_glimpses: image 3 is missing");
  images[3].image = &good;
  CHECK_NOTHROW(ops::crop_glimpses(b, ImageBatch<B>(images), location, geometry, patches));
  CHECK_SHAPE_ERROR(ops::crop_glimpses(b, ImageBatch<B>(images), location, geometry, narrow),
                    "crop_glimpses: patches must be (B, g, g, S*C) = (4, 112, 112, 3), but is (4, 112, 96, 3)");
  images.pop_back();
  CHECK_SHAPE_ERROR(ops::crop_glimpses(b, ImageBatch<B>(images), location, geometry, patches),
                    "crop_glimpses: location must be (B, 2) = (3, 2), but is (4, 2)");
  CHECK_CONFIG_ERROR(ops::crop_glimpses(b, ImageBatch<B>(images), location, {.side = 0}, patches),
                     "crop_glimpses: the side must be at least 1, but is 0");
  CHECK_CONFIG_ERROR(ops::crop_glimpses(b, ImageBatch<B>(images), location, {.scales = 17}, patches),
                     "crop_glimpses: the number of scales must be between 1 and 16, but is 17");
  GlimpseGeometry flat{};
  flat.deviation[1] = 0;
  CHECK_CONFIG_ERROR(ops::crop_glimpses(b, ImageBatch<B>(images), location, flat, patches),
                     "crop_glimpses: every deviation must be positive, but is 0");
  CHECK_CONFIG_ERROR((void)ops::make_image(b, ImageView{}),
                     "make_image: a view of 0 x 0 pixels with 0 bytes a row and no pixels is not an image; expected "
                     "pixels, and at least 3 bytes a row for each column");
  CHECK_CONFIG_ERROR((void)ops::make_image(b, ImageView{small.pixels.data(), 100, 80, 299}),
                     contains("a view of 100 x 80 pixels with 299 bytes a row is not an image"));
}

TEST_CASE_METHOD(Fixture, "mask and recurrent") {
  auto t = (*this)({1, 2, 2, 3}), m = (*this)({1, 2, 2, 4}), features = (*this)({1, 3}), empty = (*this)({0});
  CHECK_SHAPE_ERROR(ops::apply_mask(b, t, m, t),
                    "apply_mask: mask_logits must be (B, H, W, C) = (1, 2, 2, 3), but is (1, 2, 2, 4)");
  CHECK_SHAPE_ERROR(ops::attention_pool(b, t, t, empty, features),
                    "apply_mask: attended must be (B, H, W, C) = (1, 2, 2, 3), but is (0)");
  CHECK_SHAPE_ERROR(ops::apply_mask_backward(b, t, t, t, t, overwrite, m, overwrite),
                    "apply_mask_backward: d_mask_logits must be (B, H, W, C) = (1, 2, 2, 3), but is (1, 2, 2, 4)");
  auto gates = (*this)({2, 12}), state = (*this)({2, 3}), wrong = (*this)({2, 4});
  auto scratch = ops::make_lstm_scratch(b, 2, 3);
  CHECK_SHAPE_ERROR(ops::lstm_cell(b, gates, wrong, gates, state, state, state, scratch),
                    "lstm_cell: gates_pre must be (B, 4H) = (2, 16), but is (2, 12)");
  CHECK_SHAPE_ERROR(ops::lstm_cell_backward(b, gates, state, state, state, wrong, gates, state, scratch),
                    "lstm_cell_backward: d_c_next must be (B, H) = (2, 3), but is (2, 4)");
}

TEST_CASE_METHOD(Fixture, "loss") {
  auto logits = (*this)({2, 3}), labels = (*this)({2}), wrong = (*this)({3}), none = (*this)({2, 0});
  CHECK_SHAPE_ERROR(ops::softmax(b, none, none), "softmax: logits (B, K) must have at least one class, but is (2, 0)");
  CHECK_SHAPE_ERROR(ops::softmax_cross_entropy(b, logits, wrong, logits, labels),
                    "softmax_cross_entropy: labels must be (B) = (2), but is (3)");
  CHECK_SHAPE_ERROR(ops::softmax_cross_entropy_backward(b, logits, labels, wrong, logits, overwrite),
                    "softmax_cross_entropy_backward: d_loss must be (B) = (2), but is (3)");
  CHECK_SHAPE_ERROR(ops::most_probable(b, labels, labels), "most_probable: scores must be (B, K), but is (2)");
  CHECK_SHAPE_ERROR(ops::correct(b, labels, labels, wrong), "correct: y must be (B) = (2), but is (3)");
}

TEST_CASE_METHOD(Fixture, "policy") {
  auto mean = (*this)({2, 2}), sample = (*this)({2, 2}), wrong = (*this)({2, 3}), advantage = (*this)({3});
  const RandomKey key{};
  const float nan = std::numeric_limits<float>::quiet_NaN();
  CHECK_CONFIG_ERROR(ops::sample_gaussian(b, mean, 0, key, sample),
                     "sample_gaussian: sigma must be positive, but is 0");
  CHECK_CONFIG_ERROR(ops::sample_gaussian(b, mean, nan, key, sample),
                     "sample_gaussian: sigma must be positive, but is nan");
  CHECK_SHAPE_ERROR(ops::sample_gaussian(b, mean, 1, key, wrong),
                    "sample_gaussian: sample must be (B, N) = (2, 2), but is (2, 3)");
  CHECK_CONFIG_ERROR(ops::sample_uniform(b, 1, 0, key, sample),
                     "sample_uniform: low must not be above high, but they are 1 and 0");
  CHECK_SHAPE_ERROR(ops::sample_categorical(b, mean, key, advantage),
                    "sample_categorical: classes must be (B) = (2), but is (3)");
  CHECK_SHAPE_ERROR(ops::gaussian_policy_backward(b, sample, mean, advantage, 1, sample, overwrite),
                    "gaussian_policy_backward: advantage must be (B) = (2), but is (3)");
  CHECK_CONFIG_ERROR(ops::gaussian_policy_backward(b, sample, mean, advantage, -0.5f, sample, overwrite),
                     "gaussian_policy_backward: sigma must be positive, but is -0.5");
}

TEST_CASE_METHOD(Fixture, "optimizer") {
  auto x = (*this)({4}), y = (*this)({3}), one = (*this)({1}), hyper = (*this)({8});
  CHECK_SHAPE_ERROR(ops::sum_of_squares(b, x, y, overwrite), "sum_of_squares: y must be (1) = (1), but is (3)");
  CHECK_CONFIG_ERROR(ops::clip_scale(b, one, 0, one), "clip_scale: max_norm must be positive, but is 0");
  CHECK_SHAPE_ERROR(ops::mark_not_finite(b, x, y), "mark_not_finite: mark must be (1) = (1), but is (3)");
  CHECK_SHAPE_ERROR(ops::adam_step(b, x, one, y, x, x, x), "adam_step: hyper must be (8) = (8), but is (3)");
  CHECK_SHAPE_ERROR(ops::adam_step(b, x, one, hyper, x, y, x),
                    "adam_step: m must be of the shape of g = (4), but is (3)");
  using B = std::remove_cvref_t<decltype(b)>;
  const auto list_of = [&](const ParameterTerm<B>& term) {
    return ops::make_parameter_list(b, std::span<const ParameterTerm<B>>(&term, 1));
  };
  CHECK_NOTHROW(list_of({&x, &x, &x, &x, &hyper}));
  CHECK_SHAPE_ERROR(list_of({&x, &x, &y, &x, &hyper}),
                    "make_parameter_list: the first moment must be of the shape of its gradient = (4), but is (3)");
  CHECK_SHAPE_ERROR(list_of({&x, &x, &x, &x, &y}), "make_parameter_list: hyper must be (8) = (8), but is (3)");
}

TEST_CASE("activated convolution") {
  using F = saccade_test::FusedReference<float>;
  F f;
  auto x = f.zeros({1, 5, 7, 3}), w = f.zeros({2, 3, 3, 3}), y = f.zeros({1, 3, 5, 2}), d_w = f.zeros({2, 3, 3, 3});
  auto c = f.zeros({3}), two = f.zeros({2}), one = f.zeros({1}), d_one = f.zeros({1}), d_c = f.zeros({3});
  const ActivationView<F> activation{c, c, c, c, one};
  CHECK_NOTHROW(ops::convolve_activated(f, x, activation, w, {}, nullptr, y));
  CHECK_SHAPE_ERROR(ops::convolve_activated(f, x, activation, w, {}, &x, y),
                    "convolve_activated: residual must be of the shape of y = (1, 3, 5, 2), but is (1, 5, 7, 3)");
  CHECK_SHAPE_ERROR(ops::convolve_activated(f, x, activation, w, {}, nullptr, x),
                    "convolve_activated: y must be (B, H', W', O) = (1, 3, 5, 2), but is (1, 5, 7, 3)");
  CHECK_SHAPE_ERROR(ops::convolve_activated(f, x, {two, c, c, c, one}, w, {}, nullptr, y),
                    "convolve_activated: gamma must be (C) = (3), but is (2)");
  CHECK_SHAPE_ERROR(ops::convolve_activated(f, x, {c, two, c, c, one}, w, {}, nullptr, y),
                    "convolve_activated: beta must be (C) = (3), but is (2)");
  CHECK_SHAPE_ERROR(ops::convolve_activated(f, x, {c, c, two, c, one}, w, {}, nullptr, y),
                    "convolve_activated: mean must be (C) = (3), but is (2)");
  CHECK_SHAPE_ERROR(ops::convolve_activated(f, x, {c, c, c, two, one}, w, {}, nullptr, y),
                    "convolve_activated: rstd must be (C) = (3), but is (2)");
  CHECK_SHAPE_ERROR(ops::convolve_activated(f, x, {c, c, c, c, two}, w, {}, nullptr, y),
                    "convolve_activated: slope must be (1) or (C) = (3), but is (2)");
  CHECK_SHAPE_ERROR(
      ops::convolve_activated_backward_weight(f, y, x, activation, {}, y, overwrite),
      "convolve_activated_backward_weight: d_w must be (O, kh, kw, C) = (1, 3, 5, 3), but is (1, 3, 5, 2)");
  CHECK_SHAPE_ERROR(
      ops::convolve_activated_backward_weight(f, x, x, activation, {}, d_w, overwrite),
      "convolve_activated_backward_weight: d_y must be (B, H', W', O) = (1, 3, 5, 2), but is (1, 5, 7, 3)");
  CHECK_SHAPE_ERROR(ops::batch_norm_rstd(f, x, 1e-5, c),
                    "batch_norm_rstd: running_variance must be (C), but is (1, 5, 7, 3)");
  CHECK_SHAPE_ERROR(ops::batch_norm_rstd(f, c, 1e-5, two), "batch_norm_rstd: rstd must be (C) = (3), but is (2)");
  CHECK_CONFIG_ERROR(ops::batch_norm_rstd(f, c, 0, d_c), "batch_norm_rstd: epsilon must be positive, but is 0");
  CHECK_SHAPE_ERROR(ops::batch_norm_statistics(f, x, {}, d_c, d_c, two, d_c),
                    "batch_norm_statistics: mean must be (C) = (3), but is (2)");
  CHECK_CONFIG_ERROR(ops::batch_norm_statistics(f, x, {.epsilon = 1e-5, .momentum = 2}, d_c, d_c, d_c, d_c),
                     "batch_norm_statistics: the momentum must be in [0, 1], but is 2");
  auto d_x = f.zeros({1, 5, 7, 3});
  const auto backward = [&](const auto& d_activated, const auto* d_residual, auto& d_gamma, auto& d_slope) {
    ops::activation_backward(f, d_activated, x, activation, d_residual, d_x, overwrite, d_gamma, d_c, d_slope,
                             overwrite);
  };
  CHECK_SHAPE_ERROR(backward(y, &x, c, d_one),
                    "activation_backward: d_activated must be of the shape of x = (1, 5, 7, 3), but is (1, 3, 5, 2)");
  CHECK_SHAPE_ERROR(backward(x, &y, c, d_one),
                    "activation_backward: d_residual must be of the shape of x = (1, 5, 7, 3), but is (1, 3, 5, 2)");
  CHECK_SHAPE_ERROR(backward(x, &x, two, d_one), "activation_backward: d_gamma must be (C) = (3), but is (2)");
  CHECK_SHAPE_ERROR(backward(x, &x, c, two),
                    "activation_backward: d_slope must be of the shape of slope = (1), but is (2)");
}
