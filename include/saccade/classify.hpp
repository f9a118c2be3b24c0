#pragma once

#include <saccade/core/box.hpp>
#include <saccade/core/error.hpp>
#include <saccade/core/image.hpp>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

/// Opt-in: a trained model for programs that want its answers and nothing else, in no template. With headers alone it
/// needs nlohmann/json, stb_image and libjpeg-turbo: link saccade::io. Linked with saccade::compiled it is compiled in
/// no time, and brings in no header of others.
namespace saccade::inline SACCADE_LIBRARY_NAMESPACE {

/// A checkpoint's model, on this machine's processor. Movable; for one thread at a time.
class Classifier {
 public:
  /// How much each place of a glimpse weighed, from 0 to 1: SA-Net's soft mask, the mean of its channels.
  struct Mask {
    Index width = 0;
    Index height = 0;
    std::vector<float> values;  ///< (height, width), stretched over the glimpse's window; empty without soft attention
  };

  struct Glimpse {
    double x = 0;                       ///< of its centre: -1 is the left edge of the image, 1 the right one
    double y = 0;                       ///< -1 is the top edge, 1 the bottom one
    Box window;                         ///< pixels of the image that its finest scale saw; may reach outside
    std::vector<double> probabilities;  ///< (K)  of each class, after it
    Mask mask;                          ///< of `explain`
  };

  struct Answer {
    Index class_index = 0;
    std::string class_name;
    double probability = 0;         ///< of this class, after the last glimpse
    std::vector<Glimpse> glimpses;  ///< in the order of looking
  };

  /// Reads a checkpoint, and lets it reproduce its golden answer.
  /// @param threads  that work at the same time, the caller included; 0: as many as the machine has
  /// @throws FileError, ConfigError
  explicit Classifier(const std::filesystem::path& checkpoint, int threads = 0);
  Classifier(Classifier&&) noexcept;
  Classifier& operator=(Classifier&&) noexcept;
  ~Classifier();

  /// Names of the classes, by index.
  [[nodiscard]] const std::vector<std::string>& classes() const;

  /// The model's answer for an image of any size not below the glimpse: a PNG or JPEG file, or pixels.
  /// @throws FileError, ConfigError
  [[nodiscard]] Answer classify(const std::filesystem::path& image);
  [[nodiscard]] Answer classify(const ImageView& image);

  /// The same with the masks. The activations of all glimpses are kept for it, so it takes more memory.
  [[nodiscard]] Answer explain(const std::filesystem::path& image);
  [[nodiscard]] Answer explain(const ImageView& image);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace saccade

#if !defined(SACCADE_LIBRARY_FOR)
#include <saccade/classify.inl>
#endif
