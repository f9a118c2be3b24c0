#include <saccade/testing/conformance.hpp>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "testing/faulty_backend.hpp"

// The conformance kit must bite: every fault is caught by the case named beside it.
namespace {

using saccade::testing::Case;

struct Planted {
  Fault fault;
  const char* by_reference;  ///< a case that compares with the reference, or nothing
  const char* by_itself;     ///< a case that needs no reference: it catches a formula that both have wrong
};

const Planted planted_in_operations[] = {
    {Fault::zeros_not_cleared, "", "memory: a tensor has its shape and begins with zeros"},
    {Fault::copy_stops_half_way, "", "memory: upload, copy, fill and download are exact"},
    {Fault::copy_takes_other_shape, "", "memory: a copy in another shape keeps the row-major order"},
    {Fault::linear_transposed_weights, "linear: agrees with the reference", "linear: numbers by hand"},
    {Fault::linear_ignores_accumulate, "linear: agrees with the reference", "linear: overwrites and accumulates"},
    {Fault::linear_backward_adds_to_garbage, "linear_backward_input: agrees with the reference",
     "linear_backward_input: overwrites and accumulates"},
    {Fault::linear_backward_weight_of_transpose, "linear_backward_weight: agrees with the reference",
     "linear: backward is the adjoint"},
    {Fault::bias_once_per_row, "add_bias: agrees with the reference", "add_bias: numbers by hand"},
    {Fault::bias_backward_drops_last_row, "add_bias_backward: agrees with the reference",
     "add_bias: backward is the adjoint"},
    {Fault::convolve_flips_kernel, "convolve: agrees with the reference", "convolve: a 2 x 2 kernel by hand"},
    {Fault::convolve_padding_replicates, "convolve: agrees with the reference", "convolve: stride and padding by hand"},
    {Fault::convolve_exchanges_axes, "convolve: agrees with the reference", "convolve: backward is the adjoint"},
    {Fault::convolve_backward_not_adjoint, "convolve_backward_input: agrees with the reference",
     "convolve: backward is the adjoint"},
    {Fault::convolve_backward_weight_empty_batch_stays, "convolve_backward_weight: agrees with the reference",
     "convolve_backward_weight: an empty batch overwrites with 0"},
    {Fault::convolve_pads_after_as_before, "convolve: agrees with the reference",
     "convolve: padding below and to the right by hand"},
    {Fault::convolve_sees_first_group, "convolve: agrees with the reference",
     "convolve: a kernel for each channel by hand"},
    {Fault::convolve_deals_groups, "convolve: agrees with the reference", "convolve: groups by hand"},
    {Fault::convolve_backward_input_first_group, "convolve_backward_input: agrees with the reference",
     "convolve: backward is the adjoint"},
    {Fault::convolve_backward_weight_first_group, "convolve_backward_weight: agrees with the reference",
     "convolve_backward_weight: a kernel for each channel by hand"},
    {Fault::batch_norm_biased_running_variance, "batch_norm_train: agrees with the reference",
     "batch_norm_train: numbers by hand"},
    {Fault::batch_norm_momentum_reversed, "batch_norm_train: agrees with the reference",
     "batch_norm_train: numbers by hand"},
    {Fault::batch_norm_one_pass_variance, "batch_norm_train: agrees with the reference",
     "batch_norm_train: a mean much larger than the deviation"},
    {Fault::batch_norm_backward_without_mean, "batch_norm_backward: agrees with the reference",
     "batch_norm_train: backward agrees with central differences"},
    {Fault::batch_norm_backward_one_write, "batch_norm_backward: agrees with the reference", ""},
    {Fault::group_norm_strided_groups, "group_norm: agrees with the reference", "group_norm: numbers by hand"},
    {Fault::group_norm_backward_gamma_outside, "group_norm_backward: agrees with the reference",
     "group_norm: backward agrees with central differences"},
    {Fault::relu_not_in_place, "", "relu: works in place"},
    {Fault::relu6_has_no_six, "relu6: agrees with the reference", "relu6: numbers by hand"},
    {Fault::relu6_backward_has_no_six, "relu6_backward: agrees with the reference", "relu6_backward: numbers by hand"},
    {Fault::sigmoid_overflows, "", "sigmoid: numbers by hand, and no overflow"},
    {Fault::tanh_backward_from_input, "tanh_backward: agrees with the reference",
     "tanh: backward agrees with central differences"},
    {Fault::prelu_slope_of_first_channel, "prelu: agrees with the reference",
     "prelu: a slope for each channel by hand"},
    {Fault::prelu_backward_all_inputs, "prelu_backward: agrees with the reference",
     "prelu: backward agrees with central differences"},
    {Fault::write_columns_clears_others, "write_columns: agrees with the reference",
     "write_columns: numbers by hand, the other columns stay"},
    {Fault::read_columns_of_images, "read_columns: agrees with the reference",
     "read_columns, write_columns: channels of a map by hand"},
    {Fault::exp_of_minus_x, "exp: agrees with the reference", "exp: numbers by hand"},
    {Fault::log_of_base_2, "log: agrees with the reference", "log: numbers by hand"},
    {Fault::rsqrt_is_sqrt, "rsqrt: agrees with the reference", "rsqrt: numbers by hand"},
    {Fault::row_sums_of_columns, "row_sums: agrees with the reference", "row_sums: backward is the adjoint"},
    {Fault::row_sums_backward_mean, "row_sums_backward: agrees with the reference",
     "row_sums: backward is the adjoint"},
    {Fault::take_rows_row_after, "take_rows: agrees with the reference",
     "take_rows: numbers by hand, the last row and one row twice"},
    {Fault::take_rows_of_columns, "take_rows: agrees with the reference",
     "take_rows: numbers by hand, the last row and one row twice"},
    {Fault::max_pool_last_of_equals, "max_pool: agrees with the reference", "max_pool: the first of equals wins"},
    {Fault::max_pool_zero_padding, "max_pool: agrees with the reference", "max_pool: padding never wins"},
    {Fault::max_pool_backward_overwrites_overlaps, "max_pool_backward: agrees with the reference",
     "max_pool: backward is the adjoint"},
    {Fault::average_pool_sums, "global_average_pool: agrees with the reference",
     "global_average_pool: backward is the adjoint"},
    {Fault::spatial_softmax_exchanges_axes, "spatial_softmax: agrees with the reference",
     "spatial_softmax: numbers by hand"},
    {Fault::spatial_softmax_not_shifted, "spatial_softmax: agrees with the reference", "spatial_softmax: large values"},
    {Fault::spatial_softmax_backward_without_mean, "spatial_softmax_backward: agrees with the reference",
     "spatial_softmax: backward agrees with central differences"},
    {Fault::upsample_ignores_corners, "upsample_bilinear: agrees with the reference",
     "upsample_bilinear: half pixels by hand, along a row and along a column"},
    {Fault::upsample_off_by_one, "upsample_bilinear: agrees with the reference",
     "upsample_bilinear: a ramp stays a ramp"},
    {Fault::upsample_width_for_height, "upsample_bilinear: agrees with the reference",
     "upsample_bilinear: a ramp stays a ramp"},
    {Fault::upsample_backward_nearest, "upsample_bilinear_backward: agrees with the reference",
     "upsample_bilinear: backward is the adjoint"},
    {Fault::crop_exchanges_x_and_y, "crop_glimpses: agrees with the reference", "crop_glimpses: places by hand"},
    {Fault::crop_width_for_height, "crop_glimpses: agrees with the reference", "crop_glimpses: places by hand"},
    {Fault::crop_ignores_symmetry, "crop_glimpses: agrees with the reference",
     "crop_glimpses: the eight symmetries show what a transformed image shows"},
    {Fault::crop_border_ignored, "crop_glimpses: agrees with the reference", "crop_glimpses: places by hand"},
    {Fault::crop_bgr, "crop_glimpses: agrees with the reference", "crop_glimpses: places by hand"},
    {Fault::crop_ignores_row_stride, "", "crop_glimpses: rows may be padded"},
    {Fault::crop_black_outside, "crop_glimpses: agrees with the reference", "crop_glimpses: normalisation by hand"},
    {Fault::mask_without_one, "apply_mask: agrees with the reference", "apply_mask: numbers by hand, and no overflow"},
    {Fault::mask_backward_without_one, "apply_mask_backward: agrees with the reference",
     "apply_mask: backward agrees with central differences"},
    {Fault::softmax_not_shifted, "", "softmax: numbers by hand, and no overflow"},
    {Fault::cross_entropy_of_probability, "",
     "softmax_cross_entropy: numbers by hand, finite where the probability is not"},
    {Fault::cross_entropy_backward_mean, "softmax_cross_entropy_backward: agrees with the reference",
     "softmax_cross_entropy: backward agrees with central differences"},
    {Fault::most_probable_last_of_equals, "most_probable: agrees with the reference",
     "most_probable: the first of the largest, by hand"},
    {Fault::gaussian_variance_for_deviation, "sample_gaussian: agrees with the reference",
     "sample_gaussian: mean and deviation are as asked for"},
    {Fault::gaussian_ignores_first, "sample_gaussian: agrees with the reference",
     "sample_gaussian: a batch may be divided"},
    {Fault::gaussian_ignores_stream, "sample_gaussian: agrees with the reference",
     "sample_gaussian: the published random words by hand"},
    {Fault::categorical_off_by_one, "sample_categorical: agrees with the reference",
     "sample_categorical: the published random words by hand"},
    {Fault::policy_gradient_sign, "gaussian_policy_backward: agrees with the reference",
     "gaussian_policy_backward: numbers by hand"},
    {Fault::policy_gradient_sigma_not_squared, "gaussian_policy_backward: agrees with the reference",
     "gaussian_policy_backward: numbers by hand"},
    {Fault::clip_enlarges, "clip_scale: agrees with the reference", "clip_scale: numbers by hand"},
    {Fault::adam_without_correction, "adam_step: agrees with the reference", "adam_step: numbers by hand"},
    {Fault::adam_epsilon_inside_root, "", "adam_step: numbers by hand"},
    {Fault::adam_forgets_scale, "adam_step: agrees with the reference", "adam_step: numbers by hand"},
    {Fault::adam_decay_in_gradient, "adam_step: agrees with the reference", "adam_step: weight decay by hand"},
    {Fault::clip_lets_infinity_pass, "", "clip_scale: of a sum that is not finite it is NaN"},
    {Fault::mark_only_nan, "", "mark_not_finite: marks what is not finite, in every place, and nothing else"},
    {Fault::mark_overwrites, "", "mark_not_finite: a mark stays, and an empty tensor makes none"},
    {Fault::adam_moves_without_a_scale, "", "adam_step: a scale that is not finite changes nothing"},
    {Fault::sum_not_repeatable, "", "linear: repeats bit for bit"},
    {Fault::throws, "linear: agrees with the reference", "linear: numbers by hand"},
};

/// The kit for backends with the fault that `fault` names when a case runs.
std::vector<Case> cases_for(const Fault& fault) {
  return saccade::testing::conformance_cases<FaultyBackend, FaultyBackend>([&fault] { return FaultyBackend(fault); });
}

saccade::testing::Report run(const std::vector<Case>& cases, const std::string& name) {
  const auto found = std::find_if(cases.begin(), cases.end(), [&](const Case& c) { return c.name == name; });
  if (found == cases.end()) FAIL("there is no case \"" << name << "\"");
  return found->run();
}

}  // namespace

TEST_CASE("no case fails without a fault") {
  const Fault fault = Fault::none;
  for (const Case& c : cases_for(fault)) {
    const auto report = c.run();
    INFO(c.name << ": " << report.message());
    CHECK(report.passed());
  }
}

TEST_CASE("every fault of a backend is caught by the cases named beside it") {
  Fault fault = Fault::none;
  const std::vector<Case> cases = cases_for(fault);
  std::set<Fault> seen;
  for (const Planted& plant : planted_in_operations) {
    fault = plant.fault;
    seen.insert(fault);
    for (const std::string name : {plant.by_reference, plant.by_itself}) {
      if (name.empty()) continue;
      INFO("fault " << static_cast<int>(fault) << ", case \"" << name << "\"");
      CHECK_FALSE(run(cases, name).passed());
    }
  }
  CHECK(seen.size() + 1 == static_cast<std::size_t>(Fault::count));
}

TEST_CASE("a fault that the reference has too is caught without it") {
  Fault fault = Fault::none;
  const std::vector<Case> cases = cases_for(fault);
  for (const Planted& plant : planted_in_operations) {
    if (std::string(plant.by_itself).empty()) continue;
    fault = FaultyBackend::shared_fault = plant.fault;
    INFO("fault " << static_cast<int>(fault) << ", case \"" << plant.by_itself << "\"");
    CHECK_FALSE(run(cases, plant.by_itself).passed());
  }
  FaultyBackend::shared_fault = Fault::none;
}

TEST_CASE("a failed case says what is wrong, where, and how often") {
  Fault fault = Fault::linear_transposed_weights;
  const std::vector<Case> cases = cases_for(fault);
  CHECK_THAT(run(cases, "linear: numbers by hand").message(),
             contains("y[0] is 201, but must be 21") && contains("(by hand) (and 5 more)"));
  fault = Fault::linear_backward_weight_of_transpose;
  CHECK_THAT(run(cases, "linear: backward is the adjoint").message(),
             contains("<y, d_y> =") && contains("backward is not the adjoint (x (3, 5), w (4, 5))"));
  fault = Fault::throws;
  CHECK_THAT(run(cases, "linear: numbers by hand").message(), contains("throws: linear: out of memory"));
}
