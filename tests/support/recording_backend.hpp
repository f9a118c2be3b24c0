#pragma once

#include <saccade/backends/reference/reference_backend.hpp>
#include <saccade/math/optimizer.hpp>
#include <saccade/ops/forwarded_operations.hpp>
#include <saccade/ops/glimpse.hpp>
#include <saccade/ops/optimizer.hpp>
#include <saccade/ops/step.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace saccade_test {

/// What can be wrong with the hooks of a backend.
enum class HookFault {
  none,
  map_not_cleared,
  recorded_but_not_run,
  computes_again,
  draws_as_recorded,
  draws_one_stride_further,
  keeps_half_a_recording,
  looks_at_old_images,
  crops_what_is_staged,
  advance_forgets_a_correction,
  advance_from_zero,
  zeroes_all_but_the_last,
  sum_accumulates,
  one_group,
  moves_without_a_scale,
  count
};

/// The reference backend with every optional hook of the contract but the fused operations. It records as a device
/// does: the body of the second call is written down, not computed, and what was written down is computed at the end
/// and in every later call. A body that makes tensors, uploads or downloads is refused.
template <std::floating_point Number>
class RecordingBackend
    : public saccade::BatchSynchronization,
      public saccade::ForwardedOperations<RecordingBackend<Number>, saccade::ReferenceBackend<Number>> {
  using Base = saccade::ReferenceBackend<Number>;
  using Operations = saccade::ForwardedOperations<RecordingBackend, Base>;

 public:
  using Scalar = Number;
  using Tensor = typename Base::Tensor;

  /// Owns its pixels.
  class Image {
   public:
    explicit Image(saccade::ImageView view) : width_(view.width), height_(view.height) {
      for (saccade::Index row = 0; row < view.height; ++row) {
        const std::uint8_t* first = view.pixels + row * view.row_stride;
        pixels_.insert(pixels_.end(), first, first + saccade::image_channels * view.width);
      }
    }
    Image(Image&&) = default;
    Image& operator=(Image&&) = default;

    [[nodiscard]] saccade::ImageView view() const {
      return {pixels_.data(), width_, height_, saccade::image_channels * width_};
    }

   private:
    saccade::Index width_, height_;
    std::vector<std::uint8_t> pixels_;
  };
  static constexpr bool images_are_copies = true;

  /// Operations in the order of the recording.
  struct StepGraph {
    int calls = 0;
    std::uint64_t counter = 0;  ///< of the recording
    std::vector<std::function<void()>> record;

    [[nodiscard]] std::uint64_t calls_since_recording() const { return static_cast<std::uint64_t>(calls - 1); }
  };

  struct ParameterList {
    std::vector<saccade::ParameterTerm<RecordingBackend>> terms;
  };

  explicit RecordingBackend(HookFault fault = HookFault::none) : fault_(fault) {}

  int bodies = 0;                   ///< how often a body was called
  int repetitions = 0;              ///< how often a recording was repeated
  int images_made = 0;              ///< calls of make_image
  int uploads = 0;                  ///< calls of upload
  int downloads = 0;                ///< calls of download
  int tensors_of_four_axes = 0;     ///< that `zeros` made
  saccade::Index map_elements = 0;  ///< of all tensors that `feature_map` made

  // TensorMemory
  [[nodiscard]] Tensor zeros(const saccade::Shape& extents) {
    refuse_in_body("zeros");
    if (extents.rank() == 4) ++tensors_of_four_axes;
    return base_.zeros(extents);
  }
  [[nodiscard]] Tensor feature_map(const saccade::Shape& extents) {
    refuse_in_body("feature_map");
    map_elements += extents.size();
    Tensor tensor = base_.zeros(extents);
    if (fault_ == HookFault::map_not_cleared) base_.fill(1, tensor);
    return tensor;
  }
  [[nodiscard]] saccade::Shape shape(const Tensor& x) const { return x.shape; }
  void upload(std::span<const Number> source, Tensor& y) {
    refuse_in_body("upload");
    ++uploads;
    base_.upload(source, y);
  }
  void download(const Tensor& x, std::span<Number> target) {
    refuse_in_body("download");
    ++downloads;
    base_.download(x, target);
  }
  void synchronize() { refuse_in_body("synchronize"); }

  // GlimpseOps
  [[nodiscard]] Image make_image(saccade::ImageView view) {
    refuse_in_body("make_image");
    ++images_made;
    return Image(view);
  }
  [[nodiscard]] saccade::Index width(const Image& image) const { return image.view().width; }
  [[nodiscard]] saccade::Index height(const Image& image) const { return image.view().height; }
  void stage_images(saccade::ImageBatch<RecordingBackend> images) {
    refuse_in_body("stage_images");
    staged_[images.size()] = table_of(images);
  }
  void crop_glimpses(saccade::ImageBatch<RecordingBackend> images, const Tensor& location,
                     const saccade::GlimpseGeometry& geometry, Tensor& patches) {
    Table& table = staged_[images.size()];
    const Table wanted = table_of(images);
    if (table != wanted) {
      if (in_body_) throw saccade::Error("RecordingBackend: a body looks at images that are not staged");
      if (fault_ != HookFault::crops_what_is_staged || table.empty()) table = wanted;
    }
    run(
        [this, &table, wanted, geometry](const Base& base, const Tensor& l, Tensor& p) {
          std::vector<saccade::OrientedImage<Base>> oriented;
          for (const Row& row : fault_ == HookFault::looks_at_old_images ? wanted : table)
            oriented.push_back({&row.view, row.symmetry});
          base.crop_glimpses(saccade::ImageBatch<Base>(oriented), l, geometry, p);
        },
        location, patches);
  }

  /// See ops::run_step.
  void run_step(StepGraph& graph, saccade::StepCount count, const std::function<void()>& body) {
    if (graph.calls == 0) {
      call(graph, body);
    } else if (graph.calls == 1) {
      graph.counter = count.counter;
      record_ = &graph.record;
      call(graph, body);
      if (fault_ != HookFault::recorded_but_not_run) repeat(graph, count);
    } else {
      ++repetitions;
      repeat(graph, count);
      if (fault_ == HookFault::computes_again) repeat(graph, count);
    }
    ++graph.calls;
  }

  // OptimizerOps
  void advance_adam(Tensor& hyper) {
    run(
        [fault = fault_](const Base&, Tensor& h) {
          const Number correction = h.values[saccade::AdamHyper::correction2];
          if (fault == HookFault::advance_from_zero) h.values[saccade::AdamHyper::step] = 0;
          saccade::math::advance_adam(h.data());
          if (fault == HookFault::advance_forgets_a_correction) h.values[saccade::AdamHyper::correction2] = correction;
        },
        hyper);
  }
  [[nodiscard]] ParameterList make_parameter_list(std::span<const saccade::ParameterTerm<RecordingBackend>> terms) {
    refuse_in_body("make_parameter_list");
    return {{terms.begin(), terms.end()}};
  }
  void zero_gradients(ParameterList& list) {
    run(
        [fault = fault_](const Base& base, const ParameterList& l) {
          for (const auto& term : l.terms) {
            if (fault == HookFault::zeroes_all_but_the_last && &term == &l.terms.back()) break;
            base.fill(0, *term.gradient);
          }
        },
        list);
  }
  void sum_of_squares(ParameterList& list, Tensor& y) {
    run(
        [fault = fault_](const Base& base, const ParameterList& l, Tensor& sum) {
          if (fault != HookFault::sum_accumulates) base.fill(0, sum);
          for (const auto& term : l.terms) base.sum_of_squares(*term.gradient, sum, saccade::Write::accumulate);
        },
        list, y);
  }
  using Operations::sum_of_squares;
  void adam_step(ParameterList& list, const Tensor& scale) {
    run(
        [fault = fault_](const Base& base, const ParameterList& l, const Tensor& s) {
          Tensor factor = s;
          if (fault == HookFault::moves_without_a_scale && !saccade::math::is_finite(s.values[0])) factor.values[0] = 1;
          for (const auto& term : l.terms) {
            const Tensor& hyper = fault == HookFault::one_group ? *l.terms.front().hyper : *term.hyper;
            base.adam_step(*term.gradient, factor, hyper, *term.parameter, *term.first, *term.second);
          }
        },
        list, scale);
  }
  using Operations::adam_step;

  /// Every other operation is passed on.
  void perform(std::string_view, const auto& operation, auto&... arguments) { run(operation, arguments...); }

 private:
  struct Row {
    saccade::ImageView view;
    saccade::Symmetry symmetry;

    friend bool operator==(const Row& x, const Row& y) {
      return x.view.pixels == y.view.pixels && x.symmetry == y.symmetry;
    }
  };
  using Table = std::vector<Row>;

  static Table table_of(saccade::ImageBatch<RecordingBackend> images) {
    Table table;
    for (const auto& oriented : images) table.push_back({oriented.image->view(), oriented.symmetry});
    return table;
  }

  void refuse_in_body(const std::string& function) const {
    if (in_body_) throw saccade::Error("RecordingBackend: " + function + " has no place in a body");
  }

  /// Calls the body, which computes, or writes down where `record_` says so.
  void call(StepGraph& graph, const std::function<void()>& body) {
    in_body_ = true;
    ++bodies;
    try {
      body();
    } catch (...) {
      if (fault_ != HookFault::keeps_half_a_recording) graph = {};
      in_body_ = false;
      record_ = nullptr;
      throw;
    }
    in_body_ = false;
    record_ = nullptr;
  }

  void repeat(const StepGraph& graph, saccade::StepCount count) {
    offset_ = fault_ == HookFault::draws_as_recorded          ? 0
              : fault_ == HookFault::draws_one_stride_further ? graph.calls_since_recording() * count.stride
                                                              : count.counter - graph.counter;
    for (const auto& operation : graph.record) operation();
    offset_ = 0;
  }

  /// Computes, or writes down: tensors by their place, everything else by its value.
  template <class Operation, class... A>
  void run(Operation operation, A&... a) {
    if (record_ == nullptr) {
      operation(base_, a...);
    } else {
      record_->push_back([this, operation, kept = std::tuple(keep(a)...)] {
        std::apply([&](const auto&... x) { operation(base_, use(x)...); }, kept);
      });
    }
  }

  template <class A>
  static auto keep(A& a) {
    if constexpr (std::is_same_v<std::remove_const_t<A>, Tensor>) {
      return &a;
    } else {
      return a;
    }
  }

  template <class A>
  decltype(auto) use(const A& kept) const {
    if constexpr (std::is_same_v<A, Tensor*> || std::is_same_v<A, const Tensor*>) {
      return (*kept);
    } else if constexpr (std::is_same_v<A, saccade::RandomKey>) {
      return saccade::RandomKey{kept.seed, kept.stream, kept.counter + offset_, kept.first};
    } else {
      return (kept);
    }
  }

  const Base base_{};
  HookFault fault_;
  bool in_body_ = false;
  std::vector<std::function<void()>>* record_ = nullptr;
  std::uint64_t offset_ = 0;
  std::map<std::size_t, Table> staged_;  ///< by batch size; the tables stay where they are
};

static_assert(saccade::TrainableBackend<RecordingBackend<float>>);
static_assert(saccade::FeatureMaps<RecordingBackend<float>> && saccade::images_are_copies<RecordingBackend<float>>);
static_assert(saccade::ops::RecordedStep<RecordingBackend<float>> &&
              saccade::ops::StagedImages<RecordingBackend<float>> &&
              saccade::ops::AdamAdvance<RecordingBackend<float>> &&
              saccade::ops::FusedOptimizer<RecordingBackend<float>>);

}  // namespace saccade_test
