// JPEG images, by decode_image.
#include <saccade/data/jpeg_encode.hpp>

#include "image_laws.hpp"

using namespace saccade;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto image = fuzz::decoded(data, size);
  if (!image) return 0;
  const RgbImage again = data::decode_image(data::encode_jpeg(image->view()), "written");
  fuzz::expect(again.width == image->width && again.height == image->height, "what is written is read back");
  return 0;
}
