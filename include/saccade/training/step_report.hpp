#pragma once

#include <saccade/model/config.hpp>
#include <saccade/ops/linear.hpp>
#include <saccade/ops/loss.hpp>
#include <saccade/ops/memory.hpp>
#include <saccade/ops/optimizer.hpp>
#include <saccade/ops/pointwise.hpp>

#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

namespace saccade::inline SACCADE_NAMESPACE {

/// What one step of training was like; means over the batch.
struct StepReport {
  double cross_entropy = 0;  ///< of the supervised steps
  double reward = 0;         ///< J of equation 2
  double loss = 0;           ///< equation 5: cross-entropy - weight * reward
  double accuracy = 0;       ///< of the most probable class at the last step
  double gradient_norm = 0;  ///< before clipping
};

/// The field list of StepReport, by the names of metrics.jsonl.
template <class Report, class Visitor>
void for_each_figure(Report& report, Visitor&& visit) {
  visit("loss", report.loss);
  visit("cross_entropy", report.cross_entropy);
  visit("reward", report.reward);
  visit("accuracy", report.accuracy);
  visit("gradient_norm", report.gradient_norm);
}

/// sum += weight * figures
inline void add_weighted(StepReport& sum, const StepReport& figures, double weight) {
  std::vector<double> values;
  for_each_figure(figures, [&](const char*, double value) { values.push_back(value); });
  auto value = values.begin();
  for_each_figure(sum, [&](const char*, double& figure) { figure += weight * *value++; });
}

/// How many answers of an image are supervised.
[[nodiscard]] inline Index supervised_answers(const HybridAttentionConfig& config) {
  return config.supervised_steps == SupervisedSteps::every ? config.glimpses : 1;
}

/// The numbers behind a StepReport, gathered where they are computed, so that the host asks once. A row for each image:
/// its losses, its reward, whether its answer is right, and the sum of squares of the gradient, the same in all rows.
template <class B>
class StepFigures {
 public:
  /// @param answers  supervised ones of each image, the last of its answers
  StepFigures(B& b, Index batch, Index answers)
      : batch_(batch),
        answers_(answers),
        figures_(b.zeros({batch, answers + 3})),
        column_(b.zeros({batch, 1})),
        classes_(b.zeros({batch})),
        right_(b.zeros({batch})),
        values_(static_cast<std::size_t>(batch * (answers + 3))) {}

  /// Gathers the figures of a step whose backward pass is done, and makes `squares` NaN where a loss or a reward is not
  /// finite.
  /// @param squares  (1)  sum of squares of the gradient
  template <class Episode>
  void gather(B& b, const Episode& episode, Tensor<B>& squares) {
    // The squares of a step that went wrong would still be there.
    b.fill(Scalar<B>(0), figures_);
    Index column = 0;
    for (Index t = episode.size() - answers_; t < episode.size(); ++t)
      ops::write_columns(b, episode.steps[static_cast<std::size_t>(t)].loss, column++, figures_, Write::overwrite);
    ops::write_columns(b, episode.reward(), column++, figures_, Write::overwrite);
    ops::most_probable(b, episode.last().probabilities, classes_);
    ops::correct(b, classes_, episode.labels, right_);
    ops::write_columns(b, right_, column++, figures_, Write::overwrite);
    ops::mark_not_finite(b, figures_, squares);  // (1)
    b.fill(Scalar<B>(0), column_);
    ops::add_bias(b, squares, column_);  // (B, 1)
    ops::write_columns(b, column_, column, figures_, Write::overwrite);
  }

  /// Waits for the figures gathered last.
  /// @param weight  of the reward in the loss
  [[nodiscard]] StepReport read(B& b, double weight) {
    ops::download(b, figures_, std::span<Scalar<B>>(values_));
    StepReport report;
    for (Index answer = 0; answer < answers_; ++answer) report.cross_entropy += mean(answer);
    report.cross_entropy /= static_cast<double>(answers_);
    report.reward = mean(answers_);
    report.accuracy = mean(answers_ + 1);
    report.loss = report.cross_entropy - weight * report.reward;
    report.gradient_norm = batch_ == 0 ? 0 : std::sqrt(static_cast<double>(values_.back()));
    return report;
  }

 private:
  [[nodiscard]] double mean(Index column) const {
    double sum = 0;
    for (Index n = 0; n < batch_; ++n)
      sum += static_cast<double>(values_[static_cast<std::size_t>(n * (answers_ + 3) + column)]);
    return batch_ == 0 ? 0 : sum / static_cast<double>(batch_);
  }

  Index batch_;
  Index answers_;
  Tensor<B> figures_;              // (B, answers + 3)
  Tensor<B> column_;               // (B, 1)
  Tensor<B> classes_;              // (B)  the most probable
  Tensor<B> right_;                // (B)
  std::vector<Scalar<B>> values_;  ///< `figures_` on the host
};

}  // namespace saccade
