#pragma once

#include <saccade/backends/cuda/engine.hpp>

namespace saccade::inline SACCADE_VERSION_NAMESPACE::cuda {

inline void lstm_cell(const Call& call, const DeviceTensor& gates_pre, const DeviceTensor& c_prev, DeviceTensor& gates,
                      DeviceTensor& c_next, DeviceTensor& tanh_c, DeviceTensor& h_next) {
  lstm_cell(call.single(gates_pre, "gates_pre"), call.single(c_prev, "c_prev"), call.single(gates, "gates"),
            call.single(c_next, "c_next"), call.single(tanh_c, "tanh_c"), call.single(h_next, "h_next"),
            c_prev.shape()[0], c_prev.shape()[1], call.stream());
}

inline void lstm_cell_backward(const Call& call, const DeviceTensor& gates, const DeviceTensor& c_prev,
                               const DeviceTensor& tanh_c, const DeviceTensor& d_h, const DeviceTensor& d_c_next,
                               DeviceTensor& d_gates_pre, DeviceTensor& d_c_prev) {
  lstm_cell_backward(call.single(gates, "gates"), call.single(c_prev, "c_prev"), call.single(tanh_c, "tanh_c"),
                     call.single(d_h, "d_h"), call.single(d_c_next, "d_c_next"),
                     call.single(d_gates_pre, "d_gates_pre"), call.single(d_c_prev, "d_c_prev"), c_prev.shape()[0],
                     c_prev.shape()[1], call.stream());
}

}  // namespace saccade::cuda
