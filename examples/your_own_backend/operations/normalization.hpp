#pragma once

#include "tensor.hpp"

#include <cmath>
#include <tuple>

namespace torch_example {

/// TrainableNormalizationOps: x, y (..., C); parameters and batch statistics (C), group statistics (B, groups). The
/// `rstd` that backward needs is what PyTorch calls save_invstd. To batch normalisation any (..., C) is a matrix.
struct Normalization {
  void batch_norm_infer(const Tensor& x, const Tensor& gamma, const Tensor& beta, const Tensor& running_mean,
                        const Tensor& running_variance, double epsilon, Tensor& y) const {
    if (x.numel() == 0) return;
    auto [normalized, no_mean, no_rstd] =
        at::native_batch_norm(rows(x), gamma, beta, running_mean, running_variance, false, unused, epsilon);
    adopt(normalized.view(x.sizes()), Write::overwrite, y);
  }

  void batch_norm_train(const Tensor& x, const Tensor& gamma, const Tensor& beta, saccade::BatchNormHyper hyper,
                        Tensor& running_mean, Tensor& running_variance, Tensor& y, Tensor& mean, Tensor& rstd) const {
    if (x.numel() == 0) {
      mean.zero_();
      rstd.fill_(1 / std::sqrt(hyper.epsilon));
      return;
    }
    // Of a single value the unbiased variance is 0 / 0 to PyTorch; to the contract it is the biased one, 0.
    const bool single = x.numel() == gamma.numel();
    const Tensor decayed = single ? running_variance * (1 - hyper.momentum) : Tensor();  // (C)
    auto [normalized, batch_mean, batch_rstd] = at::native_batch_norm(
        rows(x), gamma, beta, running_mean, running_variance, true, hyper.momentum, hyper.epsilon);
    adopt(normalized.view(x.sizes()), Write::overwrite, y);
    adopt(batch_mean, Write::overwrite, mean);
    adopt(batch_rstd, Write::overwrite, rstd);
    if (single) running_variance.copy_(decayed);
  }

  void batch_norm_backward(const Tensor& d_y, const Tensor& x, const Tensor& gamma, const Tensor& mean,
                           const Tensor& rstd, Tensor& d_x, Write write_x, Tensor& d_gamma, Tensor& d_beta,
                           Write write_parameters) const {
    if (x.numel() == 0) {
      assign(at::zeros_like(d_gamma), write_parameters, d_gamma);
      assign(at::zeros_like(d_beta), write_parameters, d_beta);
      return;
    }
    auto [by_x, by_gamma, by_beta] =
        at::native_batch_norm_backward(rows(d_y), rows(x), gamma, {}, {}, mean, rstd, true, unused, {true, true, true});
    adopt(by_x.view(x.sizes()), write_x, d_x);
    adopt(by_gamma, write_parameters, d_gamma);
    adopt(by_beta, write_parameters, d_beta);
  }

  void group_norm(const Tensor& x, const Tensor& gamma, const Tensor& beta, Index groups, double epsilon, Tensor& y,
                  Tensor& mean, Tensor& rstd) const {
    if (x.numel() == 0) return;
    auto [normalized, sample_mean, sample_rstd] = at::native_group_norm(
        channels_first(x), gamma, beta, x.size(0), x.size(3), x.size(1) * x.size(2), groups, epsilon);
    adopt(channels_last(normalized), Write::overwrite, y);
    adopt(sample_mean, Write::overwrite, mean);
    adopt(sample_rstd, Write::overwrite, rstd);
  }

  void group_norm_backward(const Tensor& d_y, const Tensor& x, const Tensor& gamma, Index groups, const Tensor& mean,
                           const Tensor& rstd, Tensor& d_x, Write write_x, Tensor& d_gamma, Tensor& d_beta,
                           Write write_parameters) const {
    if (x.numel() == 0) {
      assign(at::zeros_like(d_gamma), write_parameters, d_gamma);
      assign(at::zeros_like(d_beta), write_parameters, d_beta);
      return;
    }
    // PyTorch 1.13 reads these two as plain (B, C, H, W) whatever their strides say, without a word: they are copied.
    auto [by_x, by_gamma, by_beta] =
        at::native_group_norm_backward(channels_first(d_y).contiguous(), channels_first(x).contiguous(), mean, rstd,
                                       gamma, x.size(0), x.size(3), x.size(1) * x.size(2), groups, {true, true, true});
    adopt(channels_last(by_x), write_x, d_x);
    adopt(by_gamma, write_parameters, d_gamma);
    adopt(by_beta, write_parameters, d_beta);
  }

 private:
  static constexpr double unused = 0;  ///< momentum where nothing is updated, epsilon where rstd holds it already
};

}  // namespace torch_example
