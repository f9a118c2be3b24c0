#pragma once

#include <saccade/core/box.hpp>
#include <saccade/data/tissue_texture.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace saccade::inline SACCADE_NAMESPACE::data {

/// One cell nucleus: an ellipse with an uneven outline and a texture of chromatin. Lengths are in 1/16 pixel.
struct Nucleus {
  int x = 0;  ///< centre
  int y = 0;
  int long_axis = 80;  ///< half lengths
  int short_axis = 80;
  int direction = 0;      ///< of the long axis, 0 to 31 of a half turn
  int hematoxylin = 256;  ///< mean amount of dye
  int irregularity = 0;   ///< of the outline, 0 smooth to 256 jagged
  int coarseness = 0;     ///< of the chromatin, 0 even to 256 blotched
  int texture = 0;        ///< where in the noise its outline and chromatin are read
};

/// Lays `nucleus` over the dyes; parts outside `clip`, a box inside the image, are left out.
inline void draw(DyeMap& dyes, const Nucleus& nucleus, const NoiseTile& noise, const Box& clip) {
  const int reach = nucleus.long_axis + nucleus.long_axis * nucleus.irregularity / 512 + 24;
  const Index left = (nucleus.x - reach) >> 4, top = (nucleus.y - reach) >> 4, side = (2 * reach >> 4) + 2;
  const Box box = Box{left, top, side, side}.intersection(clip);
  const int sine = sine_table[static_cast<std::size_t>(nucleus.direction & 31)];
  const int cosine = sine_table[static_cast<std::size_t>((nucleus.direction & 31) + 16)];
  const std::int64_t along_scale = (256 << 16) / (nucleus.long_axis * nucleus.long_axis);
  const std::int64_t across_scale = (256 << 16) / (nucleus.short_axis * nucleus.short_axis);

  for (Index row = box.y; row < box.y + box.height; ++row) {
    for (Index column = box.x; column < box.x + box.width; ++column) {
      const int dx = static_cast<int>(column) * 16 - nucleus.x;
      const int dy = static_cast<int>(row) * 16 - nucleus.y;
      const std::int64_t along = (dx * cosine + dy * sine) >> 10;
      const std::int64_t across = (dy * cosine - dx * sine) >> 10;
      int radius =
          static_cast<int>((along * along * along_scale + across * across * across_scale) >> 16);  // 256 at the rim
      if (radius > 768) continue;
      // Outline: blotches of 5 pixels push the rim in and out. Chromatin: blotches of 2 pixels, pulled to extremes.
      radius += (noise(dx * 3 + nucleus.texture, dy * 3 + nucleus.texture) - 128) * nucleus.irregularity >> 7;
      const int cover = std::clamp(128 + ((256 - radius) * nucleus.short_axis >> 5), 0, 256);
      if (cover == 0) continue;
      const int blotch = std::clamp((noise(dx * 8 - nucleus.texture, dy * 8 + nucleus.texture) - 128) * 3, -128, 128);
      const int amount = nucleus.hematoxylin + (nucleus.hematoxylin * nucleus.coarseness / 256 * blotch >> 7);
      const auto i = static_cast<std::size_t>(row * dyes.width + column);
      dyes.hematoxylin[i] =
          static_cast<std::int16_t>(dyes.hematoxylin[i] + ((amount - dyes.hematoxylin[i]) * cover >> 8));
      dyes.eosin[i] = static_cast<std::int16_t>(dyes.eosin[i] - (dyes.eosin[i] * cover >> 9));
    }
  }
}

}  // namespace saccade::data
