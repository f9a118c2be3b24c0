#pragma once

#include <saccade/data/loader.hpp>

#include <cstddef>
#include <iostream>
#include <string>
#include <vector>

namespace program {

/// How images are read.
struct LoaderChoice {
  int decode_threads = 2;
  saccade::Index cache_megabytes = 1024;
  saccade::Index max_bad_images = 0;

  [[nodiscard]] saccade::data::LoaderOptions options(saccade::Index batch) const {
    return {.threads = decode_threads,
            .prefetch = 2 * batch,
            .cache_bytes = static_cast<std::size_t>(cache_megabytes) << 20,
            .open_sources = 0,  // which slides stay open is their pool's business
            .max_bad_images = max_bad_images};
  }
};

/// Warns on stderr of bad images from number `known` on. @returns how many there are
inline std::size_t warn_of_bad_images(const std::string& name, const std::vector<saccade::data::BadImage>& bad,
                                      std::size_t known) {
  for (; known < bad.size(); ++known)
    std::cerr << name << ": warning: left out: " << bad[known].problem << " (bad image number " << known + 1 << ")\n";
  return known;
}

}  // namespace program
