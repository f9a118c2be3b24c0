#pragma once

#include <saccade/backends/reference/reference_backend.hpp>
#include <saccade/ops/forwarded_operations.hpp>

#include <string_view>
#include <utility>
#include <vector>

namespace saccade::inline SACCADE_NAMESPACE::testing {

/// A backend that offers what TrainableBackend demands and nothing more: no copy, no default constructor, opaque
/// handles that can only be moved. Whatever compiles with it needs no more than the concept. It computes like
/// ReferenceBackend<Number>.
template <std::floating_point Number>
class ArchetypeBackend : public ForwardedOperations<ArchetypeBackend<Number>, ReferenceBackend<Number>> {
  using Reference = ReferenceBackend<Number>;

 public:
  using Scalar = Number;

  class Tensor {
   public:
    Tensor(Tensor&&) = default;
    Tensor& operator=(Tensor&&) = default;

   private:
    friend ArchetypeBackend;
    explicit Tensor(saccade::Tensor<Reference> held) : held_(std::move(held)) {}
    saccade::Tensor<Reference> held_;
  };

  class Image {
   public:
    Image(Image&&) = default;
    Image& operator=(Image&&) = default;

   private:
    friend ArchetypeBackend;
    explicit Image(saccade::Image<Reference> held) : held_(held) {}
    saccade::Image<Reference> held_;
  };

  /// The argument only takes the default constructor away.
  explicit ArchetypeBackend(int) {}
  ArchetypeBackend(const ArchetypeBackend&) = delete;
  ArchetypeBackend& operator=(const ArchetypeBackend&) = delete;

  Tensor zeros(Shape shape) { return Tensor(reference_.zeros(shape)); }
  Shape shape(const Tensor& x) { return reference_.shape(x.held_); }
  Image make_image(ImageView view) { return Image(reference_.make_image(view)); }
  Index width(const Image& image) { return reference_.width(image.held_); }
  Index height(const Image& image) { return reference_.height(image.held_); }

  void perform(std::string_view, const auto& operation, auto&... arguments) {
    operation(reference_, held(arguments)...);
  }

 private:
  static saccade::Tensor<Reference>& held(Tensor& x) { return x.held_; }
  static const saccade::Tensor<Reference>& held(const Tensor& x) { return x.held_; }
  ImageBatch<Reference> held(ImageBatch<ArchetypeBackend> images) {
    images_.clear();
    for (const OrientedImage<ArchetypeBackend>& oriented : images)
      images_.push_back({&oriented.image->held_, oriented.symmetry});
    return images_;
  }
  template <class Argument>
  static Argument& held(Argument& argument) {
    return argument;
  }

  Reference reference_;
  std::vector<OrientedImage<Reference>> images_;
};

static_assert(TrainableBackend<ArchetypeBackend<float>>);

}  // namespace saccade::testing
