#pragma once

#include <saccade/core/backend.hpp>
#include <saccade/ops/check.hpp>
#include <saccade/ops/pooling.hpp>

namespace saccade::inline SACCADE_NAMESPACE::ops {

/// Soft attention, eq. 1: a = (1 + sigmoid(m)) t, element by element.
///
/// @param trunk, mask_logits, attended  (B, H, W, C): t, m and a
/// @throws ShapeError
/// Source: Xu et al. 2019, eq. 1; Wang et al. 2017.
template <MaskOps B>
void apply_mask(B& b, const Tensor<B>& trunk, const Tensor<B>& mask_logits, Tensor<B>& attended) {
  const Shape shape = b.shape(trunk);
  detail::expect_images("apply_mask", "trunk", "(B, H, W, C)", shape);
  expect_shape("apply_mask", "mask_logits", "(B, H, W, C)", shape, b.shape(mask_logits));
  expect_shape("apply_mask", "attended", "(B, H, W, C)", shape, b.shape(attended));
  b.apply_mask(trunk, mask_logits, attended);
}

/// With s = sigmoid(m): d_t (+)= d_a (1 + s), d_m (+)= d_a t s (1 - s).
///
/// @param trunk, mask_logits, d_attended  (B, H, W, C)
/// @param d_trunk        (B, H, W, C), governed by `write_trunk`
/// @param d_mask_logits  (B, H, W, C), governed by `write_mask`
/// @throws ShapeError
template <TrainableMaskOps B>
void apply_mask_backward(B& b, const Tensor<B>& trunk, const Tensor<B>& mask_logits, const Tensor<B>& d_attended,
                         Tensor<B>& d_trunk, Write write_trunk, Tensor<B>& d_mask_logits, Write write_mask) {
  const Shape shape = b.shape(trunk);
  detail::expect_images("apply_mask_backward", "trunk", "(B, H, W, C)", shape);
  expect_shape("apply_mask_backward", "mask_logits", "(B, H, W, C)", shape, b.shape(mask_logits));
  expect_shape("apply_mask_backward", "d_attended", "(B, H, W, C)", shape, b.shape(d_attended));
  expect_shape("apply_mask_backward", "d_trunk", "(B, H, W, C)", shape, b.shape(d_trunk));
  expect_shape("apply_mask_backward", "d_mask_logits", "(B, H, W, C)", shape, b.shape(d_mask_logits));
  b.apply_mask_backward(trunk, mask_logits, d_attended, d_trunk, write_trunk, d_mask_logits, write_mask);
}

/// A backend that applies the mask and pools in one pass, without ever storing the attended map. Optional. One that
/// can also train has to offer both directions.
template <class B>
concept FusedAttentionPool =
    MaskOps<B> && PoolingOps<B> &&
    requires(B b, Tensor<B> out, const Tensor<B> in) {
      { b.attention_pool(in, in, out) } -> std::same_as<void>;  // (trunk, mask_logits, features (B, C))
    } &&
    (!TrainableMaskOps<B> || requires(B b, Tensor<B> out, const Tensor<B> in, Write write) {
      // (trunk, mask_logits, d_features (B, C), d_trunk, write, d_mask_logits, write)
      { b.attention_pool_backward(in, in, in, out, write, out, write) } -> std::same_as<void>;
    });

/// Soft attention with its pooling: features[b, c] = mean over the pixels of (1 + sigmoid(m)) t.
///
/// @param trunk, mask_logits  (B, H, W, C)
/// @param attended            (B, H, W, C), receives the attended map; neither read nor written, so perhaps empty, if
///                            the backend is FusedAttentionPool
/// @param features            (B, C)
/// @throws ShapeError
/// Source: Xu et al. 2019, eq. 1 and section 2.2.
template <class B>
  requires MaskOps<B> && PoolingOps<B>
void attention_pool(B& b, const Tensor<B>& trunk, const Tensor<B>& mask_logits, [[maybe_unused]] Tensor<B>& attended,
                    Tensor<B>& features) {
  if constexpr (FusedAttentionPool<B>) {
    const Shape shape = b.shape(trunk);
    detail::expect_images("attention_pool", "trunk", "(B, H, W, C)", shape);
    expect_shape("attention_pool", "mask_logits", "(B, H, W, C)", shape, b.shape(mask_logits));
    expect_shape("attention_pool", "features", "(B, C)", {shape[0], shape[3]}, b.shape(features));
    b.attention_pool(trunk, mask_logits, features);
  } else {
    apply_mask(b, trunk, mask_logits, attended);
    global_average_pool(b, attended, features);
  }
}

/// Gradients of `attention_pool`: `apply_mask_backward` of d_a = d_features / (H W).
///
/// @param trunk, mask_logits  (B, H, W, C)
/// @param d_features          (B, C)
/// @param d_attended          (B, H, W, C), scratch; perhaps empty if the backend is FusedAttentionPool
/// @param d_trunk             (B, H, W, C), governed by `write_trunk`
/// @param d_mask_logits       (B, H, W, C), governed by `write_mask`
/// @throws ShapeError
template <class B>
  requires TrainableMaskOps<B> && TrainablePoolingOps<B>
void attention_pool_backward(B& b, const Tensor<B>& trunk, const Tensor<B>& mask_logits, const Tensor<B>& d_features,
                             [[maybe_unused]] Tensor<B>& d_attended, Tensor<B>& d_trunk, Write write_trunk,
                             Tensor<B>& d_mask_logits, Write write_mask) {
  if constexpr (FusedAttentionPool<B>) {
    const Shape shape = b.shape(trunk);
    detail::expect_images("attention_pool_backward", "trunk", "(B, H, W, C)", shape);
    expect_shape("attention_pool_backward", "mask_logits", "(B, H, W, C)", shape, b.shape(mask_logits));
    expect_shape("attention_pool_backward", "d_features", "(B, C)", {shape[0], shape[3]}, b.shape(d_features));
    expect_shape("attention_pool_backward", "d_trunk", "(B, H, W, C)", shape, b.shape(d_trunk));
    expect_shape("attention_pool_backward", "d_mask_logits", "(B, H, W, C)", shape, b.shape(d_mask_logits));
    b.attention_pool_backward(trunk, mask_logits, d_features, d_trunk, write_trunk, d_mask_logits, write_mask);
  } else {
    global_average_pool_backward(b, d_features, d_attended, Write::overwrite);
    apply_mask_backward(b, trunk, mask_logits, d_attended, d_trunk, write_trunk, d_mask_logits, write_mask);
  }
}

}  // namespace saccade::ops
