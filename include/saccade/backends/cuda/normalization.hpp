#pragma once

#include <saccade/backends/cuda/engine.hpp>
#include <saccade/core/geometry.hpp>

namespace saccade::inline SACCADE_VERSION_NAMESPACE::cuda {

inline void batch_norm_rstd(const Call& call, const DeviceTensor& running_variance, double epsilon,
                            DeviceTensor& rstd) {
  batch_norm_rstd(call.single(running_variance, "running_variance"), epsilon, call.single(rstd, "rstd"), rstd.size(),
                  call.stream());
}

inline void batch_norm_infer(const Call& call, const DeviceTensor& x, const DeviceTensor& gamma,
                             const DeviceTensor& beta, const DeviceTensor& running_mean,
                             const DeviceTensor& running_variance, double epsilon, DeviceTensor& y) {
  call.expect_one_format({{"x", x}, {"y", y}});
  batch_norm_infer(x.map(), call.single(gamma, "gamma"), call.single(beta, "beta"),
                   call.single(running_mean, "running_mean"), call.single(running_variance, "running_variance"),
                   epsilon, y.map(), x.rows(), x.shape().last(), call.stream());
}

inline void batch_norm_statistics(const Call& call, const DeviceTensor& x, BatchNormHyper hyper,
                                  DeviceTensor& running_mean, DeviceTensor& running_variance, DeviceTensor& mean,
                                  DeviceTensor& rstd) {
  const Index rows = x.rows(), channels = x.shape().last();
  batch_norm_statistics(x.map(), hyper, call.single(running_mean, "running_mean"),
                        call.single(running_variance, "running_variance"), call.single(mean, "mean"),
                        call.single(rstd, "rstd"), rows, channels,
                        call.sums(batch_norm_statistics_workspace(rows, channels)), call.stream());
}

inline void batch_norm_train(const Call& call, const DeviceTensor& x, const DeviceTensor& gamma,
                             const DeviceTensor& beta, BatchNormHyper hyper, DeviceTensor& running_mean,
                             DeviceTensor& running_variance, DeviceTensor& y, DeviceTensor& mean, DeviceTensor& rstd) {
  call.expect_one_format({{"x", x}, {"y", y}});
  const Index rows = x.rows(), channels = x.shape().last();
  batch_norm_train(x.map(), call.single(gamma, "gamma"), call.single(beta, "beta"), hyper,
                   call.single(running_mean, "running_mean"), call.single(running_variance, "running_variance"),
                   y.map(), call.single(mean, "mean"), call.single(rstd, "rstd"), rows, channels,
                   call.sums(batch_norm_train_workspace(rows, channels)), call.stream());
}

inline void batch_norm_backward(const Call& call, const DeviceTensor& d_y, const DeviceTensor& x,
                                const DeviceTensor& gamma, const DeviceTensor& mean, const DeviceTensor& rstd,
                                DeviceTensor& d_x, Write write_x, DeviceTensor& d_gamma, DeviceTensor& d_beta,
                                Write write_parameters) {
  call.expect_one_format({{"d_y", d_y}, {"x", x}, {"d_x", d_x}});
  const Index rows = x.rows(), channels = x.shape().last();
  batch_norm_backward(d_y.map(), x.map(), call.single(gamma, "gamma"), call.single(mean, "mean"),
                      call.single(rstd, "rstd"), d_x.map(), write_x, call.single(d_gamma, "d_gamma"),
                      call.single(d_beta, "d_beta"), write_parameters, rows, channels,
                      call.sums(batch_norm_backward_workspace(rows, channels)), call.stream());
}

inline void group_norm(const Call& call, const DeviceTensor& x, const DeviceTensor& gamma, const DeviceTensor& beta,
                       Index groups, double epsilon, DeviceTensor& y, DeviceTensor& mean, DeviceTensor& rstd) {
  call.expect_one_format({{"x", x}, {"y", y}});
  const Index batch = x.shape()[0], pixels = x.shape()[1] * x.shape()[2], channels = x.shape()[3];
  group_norm(x.map(), call.single(gamma, "gamma"), call.single(beta, "beta"), groups, epsilon, y.map(),
             call.single(mean, "mean"), call.single(rstd, "rstd"), batch, pixels, channels,
             call.sums(group_norm_workspace(batch, pixels, channels)), call.stream());
}

inline void group_norm_backward(const Call& call, const DeviceTensor& d_y, const DeviceTensor& x,
                                const DeviceTensor& gamma, Index groups, const DeviceTensor& mean,
                                const DeviceTensor& rstd, DeviceTensor& d_x, Write write_x, DeviceTensor& d_gamma,
                                DeviceTensor& d_beta, Write write_parameters) {
  call.expect_one_format({{"d_y", d_y}, {"x", x}, {"d_x", d_x}});
  const Index batch = x.shape()[0], pixels = x.shape()[1] * x.shape()[2], channels = x.shape()[3];
  group_norm_backward(d_y.map(), x.map(), call.single(gamma, "gamma"), groups, call.single(mean, "mean"),
                      call.single(rstd, "rstd"), d_x.map(), write_x, call.single(d_gamma, "d_gamma"),
                      call.single(d_beta, "d_beta"), write_parameters, batch, pixels, channels,
                      call.sums(group_norm_backward_workspace(batch, pixels, channels)), call.stream());
}

}  // namespace saccade::cuda
