#pragma once

/// The whole library but what is opt-in: CUDA (cuda.hpp), the conformance kit (testing.hpp), the skeleton of a backend,
/// and what needs more than the standard library and Eigen (io.hpp).

#include <saccade/backends/eigen/eigen_backend.hpp>
#include <saccade/backends/reference/reference_backend.hpp>
#include <saccade/core/box.hpp>
#include <saccade/data/augmentation.hpp>
#include <saccade/data/cluttered_objects.hpp>
#include <saccade/data/epoch_order.hpp>
#include <saccade/data/loader.hpp>
#include <saccade/data/stain_augmentation.hpp>
#include <saccade/data/synthetic_tissue.hpp>
#include <saccade/math/recurrent.hpp>
#include <saccade/metrics/answers.hpp>
#include <saccade/metrics/classification.hpp>
#include <saccade/metrics/confidence_interval.hpp>
#include <saccade/metrics/early_stopping.hpp>
#include <saccade/metrics/hit_rate.hpp>
#include <saccade/metrics/patient_recognition_rate.hpp>
#include <saccade/metrics/roc_curve.hpp>
#include <saccade/metrics/pixel_fraction.hpp>
#include <saccade/model/control_policy.hpp>
#include <saccade/model/hybrid_attention_classifier.hpp>
#include <saccade/model/rollout_baseline.hpp>
#include <saccade/ops/ops.hpp>
#include <saccade/report/curves.hpp>
#include <saccade/report/early_stopping.hpp>
#include <saccade/report/explain_image.hpp>
#include <saccade/report/heat_map.hpp>
#include <saccade/report/page.hpp>
#include <saccade/report/svg_chart.hpp>
#include <saccade/training/adam.hpp>
#include <saccade/training/averaged_prediction.hpp>
#include <saccade/training/crc32c.hpp>
#include <saccade/training/evaluator.hpp>
#include <saccade/training/golden_answer.hpp>
#include <saccade/training/learning_rate.hpp>
#include <saccade/training/listed_images.hpp>
#include <saccade/training/memory.hpp>
#include <saccade/training/predict_images.hpp>
#include <saccade/training/stained_images.hpp>
#include <saccade/training/step_report.hpp>
#include <saccade/training/trainer.hpp>
#include <saccade/version.hpp>
