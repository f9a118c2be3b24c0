#pragma once

#include "tensor.hpp"

namespace torch_example {

/// TrainableLossOps: logits, probabilities (B, K); labels, classes, loss (B). Classes are whole numbers in a tensor of
/// Scalar, and become indices here.
struct Loss {
  void softmax(const Tensor& logits, Tensor& probabilities) const { at::_softmax_out(probabilities, logits, 1, false); }

  void softmax_cross_entropy(const Tensor& logits, const Tensor& labels, Tensor& probabilities, Tensor& loss) const {
    softmax(logits, probabilities);
    // Not the logarithm of a probability, which may be 0.
    const Tensor chosen = at::_log_softmax(logits, 1, false).gather(1, column_of_indices(labels));  // (B, 1)
    at::neg_out(loss, chosen.view({chosen.size(0)}));
  }

  /// d_logits (+)= d_loss (p - onehot(label))
  void softmax_cross_entropy_backward(const Tensor& probabilities, const Tensor& labels, const Tensor& d_loss,
                                      Tensor& d_logits, Write write) const {
    Tensor d = probabilities.clone();  // (B, K)
    const Tensor one = at::ones({d.size(0), 1}, d.options());
    d.scatter_add_(1, column_of_indices(labels), -one).mul_(d_loss.unsqueeze(1));
    adopt(d, write, d_logits);
  }

  void most_probable(const Tensor& scores, Tensor& classes) const { classes.copy_(at::argmax(scores, 1)); }

  void correct(const Tensor& classes, const Tensor& labels, Tensor& y) const { at::eq_out(y, classes, labels); }

 private:
  static Tensor column_of_indices(const Tensor& labels) { return labels.to(at::kLong).unsqueeze(1); }
};

}  // namespace torch_example
