#include "include_rules.hpp"
#include "support/catch.hpp"

#include <filesystem>
#include <fstream>

namespace {

namespace fs = std::filesystem;
using architecture::Headers;

std::string read(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

Headers our_headers() {
  const fs::path root = fs::path(SACCADE_SOURCE_DIR) / "include" / "saccade";
  Headers headers;
  for (const auto& entry : fs::recursive_directory_iterator(root)) {
    const std::string extension = entry.path().extension().string();
    if (extension == ".hpp" || extension == ".inl" || extension == ".cuh" || extension == ".cu")
      headers[entry.path().lexically_relative(root).generic_string()] = read(entry.path());
  }
  return headers;
}

/// A small tree without a fault, for planting one.
Headers sound_headers() {
  return {
      {"saccade.hpp",
       "#pragma once\n#include <saccade/components/linear_layer.hpp>\n#include <saccade/backends/eigen/gemm.hpp>\n"},
      {"io.hpp", "#pragma once\n#include <saccade/data/image_file.hpp>\n#include <saccade/training/checkpoint.hpp>\n"},
      {"version.hpp", "#pragma once\n"},
      {"core/shape.hpp", "#pragma once\n#include <array>\n"},
      {"core/config.hpp", "#pragma once\n#if defined(__CUDACC__)\n#endif\n"},
      {"math/glimpse.hpp", "#pragma once\n#include <saccade/core/shape.hpp>\n#include <saccade/core/config.hpp>\n"},
      {"ops/linear.hpp", "#pragma once\n#include <saccade/math/glimpse.hpp>\n#include <saccade/version.hpp>\n"},
      {"components/linear_layer.hpp", "#pragma once\n#include <saccade/ops/linear.hpp>\n"},
      {"backends/eigen/gemm.hpp",
       "#pragma once\n#include <Eigen/Core>\n#include <saccade/backends/eigen/kernels/kernels.hpp>\n"},
      {"backends/eigen/kernels/kernels.hpp", "#pragma once\n#include <saccade/backends/eigen/kernels/vector.inl>\n"},
      {"backends/eigen/kernels/vector.inl", "// Part of kernels.hpp.\n"},
      {"backends/cuda/cuda_backend.hpp", "#pragma once\n#include <cuda_runtime.h>\n"},
      {"backends/cuda/kernels/crop.cuh", "#pragma once\n#ifndef __CUDACC__\n#endif\nvoid f() { k<<<1, 2>>>(); }\n"},
      {"backends/cuda/kernels.cu", "#include <saccade/backends/cuda/kernels/crop.cuh>\n"},
      {"data/image_file.hpp", "#pragma once\n#include <jpeglib.h>\n#include <png.h>\n"},
      {"training/checkpoint.hpp", "#pragma once\n#include <nlohmann/json.hpp>\n#include <unistd.h>\n"},
      {"testing/adjoint.hpp", "#pragma once\n#include <saccade/ops/linear.hpp>\n"},
      {"testing.hpp", "#pragma once\n#include <saccade/testing/adjoint.hpp>\n"},
  };
}

}  // namespace

TEST_CASE("the headers keep the rules of the house") {
  const Headers headers = our_headers();
  REQUIRE(headers.contains("core/shape.hpp"));
  for (const std::string& violation : architecture::violations(headers)) FAIL_CHECK(violation);
}

TEST_CASE("a sound tree has no violation") { CHECK(architecture::violations(sound_headers()).empty()); }

TEST_CASE("a planted violation is found, with its line") {
  struct Plant {
    std::string path, line, sentence;
  };
  const std::vector<Plant> plants = {
      {"backends/eigen/gemm.hpp", "#include <saccade/backends/eigen/kernels/vector.inl>",
       "belongs to the headers beside"},
      {"core/shape.hpp", "#include <saccade/math/glimpse.hpp>", "core may not include math"},
      {"math/glimpse.hpp", "#include <saccade/ops/linear.hpp>", "math may not include ops"},
      {"ops/linear.hpp", "#  include <saccade/components/linear_layer.hpp>", "ops may not include components"},
      {"ops/linear.hpp", "#include <Eigen/Core>", "ops may not include <Eigen/...>"},
      {"components/linear_layer.hpp", "#include <saccade/backends/eigen/gemm.hpp>",
       "components may not include backends/eigen"},
      {"backends/eigen/gemm.hpp", "#include <saccade/ops/linear.hpp>", "backends/eigen may not include ops"},
      {"backends/cuda/cuda_backend.hpp", "#include <saccade/backends/eigen/gemm.hpp>",
       "backends/cuda may not include backends/eigen"},
      {"backends/cuda/cuda_backend.hpp", "#include <saccade/backends/cuda/kernels.cu>", "it is compiled by itself"},
      {"backends/cuda/kernels.cu", "#include <saccade/ops/linear.hpp>", "backends/cuda may not include ops"},
      {"backends/cuda/cuda_backend.hpp", "void f() { k<<<1, 2>>>(); }", "only backends/cuda/kernels launches kernels"},
      {"math/glimpse.hpp", "#ifdef __CUDACC__", "ask whether nvcc compiles"},
      {"core/shape.hpp", "#include <nlohmann/json.hpp>", "core may not include <nlohmann/...>"},
      {"training/checkpoint.hpp", "#include <jpeglib.h>", "training may not include <jpeglib.h...>"},
      {"components/linear_layer.hpp", "#include <cudnn.h>", "components may not include <cu...>"},
      {"core/shape.hpp", "#include <mpi.h>", "core may not include <mpi.h...>"},
      {"training/checkpoint.hpp", "#include <nccl.h>", "training may not include <nccl.h...>"},
      {"components/linear_layer.hpp", "#include <sys/mman.h>", "components may not include <sys/mman.h...>"},
      {"backends/eigen/gemm.hpp", "#include <sys/stat.h>", "backends/eigen may not include <sys/...>"},
      {"components/linear_layer.hpp", "#include <boost/any.hpp>", "no header may include it"},
      {"components/linear_layer.hpp", "#include \"linear.hpp\"", "our headers are included as <saccade/...>"},
      {"components/linear_layer.hpp", "#include <saccade/ops/telepathy.hpp>", "there is no such header"},
      {"components/linear_layer.hpp", "#include <saccade/saccade.hpp>", "components may not include saccade.hpp"},
      {"saccade.hpp", "#include <saccade/testing/adjoint.hpp>", "saccade.hpp may not include testing"},
      {"math/glimpse.hpp", "std::snprintf(text, sizeof text, \"%5.2f %%\", value);", "writes a comma in some locales"},
      {"math/glimpse.hpp", "const double value = std::stod(text);", "reads numbers as the locale has them"},
      {"training/checkpoint.hpp", "const std::string text = json.dump(2);", "only model/json.inl reads and writes JSON"},
      {"training/checkpoint.hpp", "auto json = Json::parse(text);", "only model/json.inl reads and writes JSON"},
      {"saccade.hpp", "#include <saccade/backends/cuda/cuda_backend.hpp>", "saccade.hpp may not include backends/cuda"},
  };
  for (const Plant& plant : plants) {
    Headers headers = sound_headers();
    headers.at(plant.path) += plant.line + "\n";
    const std::string lines = std::to_string(architecture::lines_of(headers.at(plant.path)).size());
    const auto found = architecture::violations(headers);
    INFO(plant.path << ": " << plant.line);
    REQUIRE_FALSE(found.empty());
    CHECK_THAT(found.front(), contains(plant.path + ":" + lines + ": `" + plant.line + "`"));
    CHECK_THAT(found.front(), contains(plant.sentence));
  }
}

TEST_CASE("the umbrella is searched through the headers that it brings in") {
  Headers headers = sound_headers();
  headers.at("saccade.hpp") += "#include <saccade/training/checkpoint.hpp>\n";
  const auto found = architecture::violations(headers);
  REQUIRE(found.size() == 2);  // <nlohmann/json.hpp> and <unistd.h>
  CHECK_THAT(found.front(), contains("training/checkpoint.hpp:2") && contains("saccade.hpp brings it in"));
}

TEST_CASE("a header that the umbrella forgets is found") {
  Headers headers = sound_headers();
  headers["metrics/accuracy.hpp"] = "#pragma once\n#include <cmath>\n";
  CHECK(architecture::violations(headers) ==
        std::vector<std::string>{"metrics/accuracy.hpp: is not opt-in, so saccade.hpp must bring it in"});
  headers["metrics/accuracy.hpp"] = "#pragma once\n#include <saccade/training/checkpoint.hpp>\n";
  CHECK_THAT(architecture::violations(headers).back(),
             contains("metrics/accuracy.hpp: needs other libraries, so io.hpp must bring it in"));
}

TEST_CASE("a header that is too long, has no guard, or stands in an unknown room is found") {
  Headers headers = sound_headers();
  SECTION("401 lines") {
    for (int line = 2; line < 401; ++line) headers.at("core/shape.hpp") += "\n";
    CHECK_THAT(architecture::violations(headers).at(0), contains("core/shape.hpp: has 401 lines, more than 400"));
  }
  SECTION("no guard") {
    headers.at("core/shape.hpp") = "#include <array>\n";
    CHECK_THAT(architecture::violations(headers).at(0), contains("must begin with #pragma once"));
  }
  SECTION("a room without a rule") {
    headers["attic/box.hpp"] = "#pragma once\n#include <saccade/core/shape.hpp>\n";
    CHECK_THAT(architecture::violations(headers).at(0), contains("the room attic has no rule"));
  }
}

TEST_CASE("no file names a place of one machine") {
  const fs::path root(SACCADE_SOURCE_DIR);
  const std::set<std::string> text_files = {".hpp", ".cpp",  ".cuh", ".cu", ".cmake", ".in",
                                            ".txt", ".json", ".sh",  ".md", ".py",    ""};
  std::size_t files = 0;
  const auto check = [&](const fs::directory_entry& entry) {
    if (!entry.is_regular_file() || !text_files.contains(entry.path().extension().string())) return;
    const std::string path = entry.path().lexically_relative(root).generic_string();
    for (const std::string& line : architecture::machine_paths(path, read(entry.path()), root.string()))
      FAIL_CHECK(line);
    ++files;
  };
  for (const auto& entry : fs::directory_iterator(root)) check(entry);
  for (const std::string folder : {".ci", "benchmarks", "cmake", "docs", "examples", "include", "src", "tests"}) {
    for (const auto& entry : fs::recursive_directory_iterator(root / folder)) check(entry);
  }
  CHECK(files > 20);
}

TEST_CASE("a place of one machine is found, with its line") {
  CHECK(architecture::machine_paths("a.md", "see /usr/include\n", "/src/saccade").empty());
  CHECK(architecture::machine_paths("a.md", "one\nsee /src/saccade/docs\n", "/src/saccade") ==
        std::vector<std::string>{"a.md:2: `see /src/saccade/docs`"});
  CHECK(architecture::machine_paths("a.md", "cd /" + std::string("home/ada\n"), "/src/saccade").size() == 1);
}
