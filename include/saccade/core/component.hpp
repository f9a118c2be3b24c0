#pragma once

#include <saccade/core/tensor.hpp>

#include <string>
#include <type_traits>
#include <vector>

namespace saccade::inline SACCADE_NAMESPACE {

/// How a forward pass treats normalisation: by the statistics of the batch, which also move the running ones, or by
/// the running statistics alone, so that an image's answer does not depend on its neighbours.
enum class Mode { training, evaluation };

/// How a parameter starts. `fan_in` is the number of inputs of one output: the elements behind the first axis.
struct Initialization {
  enum class Kind {
    constant,     ///< every element is `value`
    normal,       ///< normal, mean 0, deviation value / sqrt(fan_in)
    forget_gate,  ///< bias of an LSTM, gates i f g o: `value` for the forget gate, 0 for the others
  };
  Kind kind = Kind::constant;
  double value = 0;
};

namespace initialization {
inline constexpr Initialization zeros{Initialization::Kind::constant, 0.0};
inline constexpr Initialization ones{Initialization::Kind::constant, 1.0};
/// Slope of a PReLU (He et al., ICCV 2015).
inline constexpr Initialization slope{Initialization::Kind::constant, 0.25};
/// Weights before a rectifier: He et al., ICCV 2015.
inline constexpr Initialization rectified{Initialization::Kind::normal, 1.4142135623730951};
/// Weights of a layer that keeps variance.
inline constexpr Initialization linear{Initialization::Kind::normal, 1.0};
/// Weights of an output that should start near 0.
inline constexpr Initialization near_zero{Initialization::Kind::normal, 0.1};
/// Jozefowicz et al., ICML 2015: an LSTM that starts by remembering.
inline constexpr Initialization forget_gate{Initialization::Kind::forget_gate, 1.0};
}  // namespace initialization

/// A tensor of a component by its full name, "encoder.entry.conv1.weight". Gradients have the names of their values.
template <class T>
struct NamedTensor {
  std::string name;
  T* tensor;
  Initialization initialization;
};

/// The tensors of a Parameters or Statistics type, flat and in order: the one list that initialisation, optimiser,
/// checkpoint, gradient check and golden tests go by.
///
/// Such a type lists itself once:
///     template <class Self, class Visitor> static void for_each(Self& self, const std::string& prefix, Visitor&& visit)
/// calling visit(prefix + "weight", self.weight, initialization::rectified) and its parts' for_each.
template <class B, class Owner>
[[nodiscard]] auto named_tensors(Owner& owner, const std::string& prefix = "") {
  using T = std::conditional_t<std::is_const_v<Owner>, const Tensor<B>, Tensor<B>>;
  std::vector<NamedTensor<T>> list;
  std::remove_const_t<Owner>::for_each(owner, prefix, [&](const std::string& name, T& tensor, Initialization how) {
    list.push_back({name, &tensor, how});
  });
  return list;
}

/// total / B, the factor of a term that is a mean over the B rows of `x`; 0 where it has none.
template <class B>
[[nodiscard]] Scalar<B> over_batch(B& b, double total, const Tensor<B>& x) {
  const Index batch = b.shape(x)[0];
  return static_cast<Scalar<B>>(batch > 0 ? total / static_cast<double>(batch) : 0.0);
}

}  // namespace saccade
