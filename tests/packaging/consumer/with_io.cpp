#include <saccade/io.hpp>
#include <saccade/saccade.hpp>

#include <cstdio>  // jpeglib.h needs it, and does not include it

#include <jpeglib.h>
#include <nlohmann/json.hpp>
#include <png.h>
#include <stb/stb_image.h>

#if defined(EXPECT_OWN_LIBRARIES) && !(defined(OWN_EIGEN) && defined(OWN_JSON))
#error "Eigen and nlohmann/json are not those of this project"
#endif

// Each library that saccade::io promises: the headers of json and stb, the headers and the link of libpng and libjpeg.
int main() {
  jpeg_error_mgr errors{};
  const bool linked = jpeg_std_error(&errors) == &errors && png_access_version_number() > 0;
  const bool parsed = nlohmann::json::parse("{\"glimpses\": 5}").at("glimpses") == 5;
  return linked && parsed && STBI_rgb == 3 ? 0 : 1;
}
