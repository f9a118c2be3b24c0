#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

/// The rules of the house, checked on the text of the headers: who may include whom (docs/architecture.md), and a few
/// things that must not stand in a header.
namespace architecture {

/// Path below include/saccade ("ops/linear.hpp") to the text of the header.
using Headers = std::map<std::string, std::string>;

struct Line {
  std::size_t number;
  std::string text;
};

inline std::vector<Line> lines_of(const std::string& text) {
  std::vector<Line> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back({lines.size() + 1, line});
  return lines;
}

/// What an include line names, or nothing: `<Eigen/Core>` gives "Eigen/Core", `"x.hpp"` gives "\"x.hpp".
inline std::string included_path(const std::string& line) {
  static const std::regex include(R"(^\s*#\s*include\s*(?:<([^>]+)>|("[^"]+)).*)");
  std::smatch match;
  if (!std::regex_match(line, match, include)) return {};
  return match[1].matched ? match[1].str() : match[2].str();
}

/// The room of a header: "ops" of "ops/linear.hpp", "backends/eigen" of "backends/eigen/gemm.hpp", and for the headers
/// at the top their own name.
inline std::string room_of(const std::string& path) {
  const std::size_t first = path.find('/');
  if (first == std::string::npos) return path;
  const std::string room = path.substr(0, first);
  return room == "backends" ? path.substr(0, path.find('/', first + 1)) : room;
}

using Rooms = std::set<std::string>;

inline const std::map<std::string, Rooms>& rooms_a_room_may_include() {
  static const std::map<std::string, Rooms> rules = [] {
    std::map<std::string, Rooms> may;
    may["core"] = {"core"};
    may["math"] = {"core", "math"};
    may["ops"] = {"core", "math", "ops"};
    may["components"] = {"core", "math", "ops", "components"};
    may["model"] = {"core", "math", "ops", "components", "model"};
    may["data"] = {"core", "math", "data"};
    may["metrics"] = {"core", "math", "metrics"};
    may["training"] = {"core", "math", "ops", "components", "model", "data", "metrics", "training", "compiled"};
    may["compiled"] = {"core", "backends/eigen", "training"};
    may["report"] = {"core", "math", "ops", "components", "model", "data", "metrics", "training", "report"};
    may["backends/reference"] = {"core", "math", "backends/reference"};
    may["backends/eigen"] = {"core", "math", "backends/reference", "backends/eigen"};
    may["backends/cuda"] = {"core", "math", "backends/cuda"};
    may["backends/skeleton"] = {"core", "math", "backends/skeleton"};
    may["testing"] = {"core", "math", "ops", "backends/reference", "testing"};
    may["slides"] = {"core", "data", "slides"};
    may["mpi"] = {"core"};
    may["nccl"] = {"core", "nccl"};
    may["version.hpp"] = {};
    may["testing.hpp"] = {"testing"};
    may["io.hpp"] = {"classify.hpp", "data", "training", "report"};
    may["classify.hpp"] = {"core", "classify.inl"};
    may["classify.inl"] = {"core", "backends/eigen", "data", "training", "report", "classify.hpp"};
    may["cuda.hpp"] = {"backends/cuda"};
    may["slides.hpp"] = {"slides"};
    may["mpi.hpp"] = {"mpi"};
    may["nccl.hpp"] = {"nccl"};
    may["saccade.hpp"] = {"core",    "math",     "ops",    "components",         "model",
                          "metrics", "training", "report", "backends/reference", "backends/eigen",
                          "data"};
    for (auto& [room, rooms] : may) rooms.insert("version.hpp");
    return may;
  }();
  return rules;
}

/// Rooms that may include what does not come from the standard library, by the beginning of its name.
inline const std::map<std::string, Rooms>& rooms_that_may_include() {
  static const std::map<std::string, Rooms> rules = {
      {"Eigen/", {"backends/eigen"}},
      {"unsupported/Eigen/", {"backends/eigen"}},
      {"nlohmann/", {"data", "model", "training", "report"}},
      {"stb/", {"data"}},
      {"stdlib.h", {"data"}},  // for stb, which must not include it first
      {"jerror.h", {"data"}},
      {"jpeglib.h", {"data"}},
      {"png.h", {"data"}},
      {"zlib.h", {"data"}},
      {"openslide.h", {"slides"}},
      {"mpi.h", {"mpi"}},
      {"nccl.h", {"nccl"}},
      {"cu", {"backends/cuda"}},  // cuda_runtime.h, cublas_v2.h, cudnn.h
      {"cuda_runtime.h", {"backends/cuda", "nccl"}},
      {"fcntl.h", {"core", "data", "training", "report"}},
      {"unistd.h", {"core", "data", "training", "report"}},
      {"sys/", {"core", "data", "training", "report", "slides"}},
      {"sys/mman.h", {"backends/eigen"}},  // where __linux__ is defined
      {"immintrin.h", {"backends/eigen"}},
  };
  return rules;
}

inline bool is_standard(const std::string& path) {
  return path.find('.') == std::string::npos && path.find('/') == std::string::npos;
}

inline bool is_ours(const std::string& path) { return path.starts_with("saccade/"); }

/// Whether a file is a part of a header: read by it more than once, or left out where saccade::compiled has it.
inline bool is_part(const std::string& path) { return path.ends_with(".inl"); }

/// Whether a file is compiled, not included.
inline bool is_source(const std::string& path) { return path.ends_with(".cu"); }

inline std::string folder_of(const std::string& path) { return path.substr(0, path.rfind('/') + 1); }

/// Every header that `path` brings in, itself included.
inline std::set<std::string> closure(const Headers& headers, const std::string& path) {
  std::set<std::string> reached;
  const std::function<void(const std::string&)> visit = [&](const std::string& header) {
    const auto found = headers.find(header);
    if (found == headers.end() || !reached.insert(header).second) return;
    for (const Line& line : lines_of(found->second)) {
      const std::string included = included_path(line.text);
      if (is_ours(included)) visit(included.substr(sizeof("saccade/") - 1));
    }
  };
  visit(path);
  return reached;
}

/// Whether an include line brings in nothing but the standard library, Eigen, what Linux has for memory, or another
/// header of ours.
inline bool is_ordinary(const std::string& included) {
  return included.empty() || is_standard(included) || is_ours(included) || included.starts_with("Eigen/") ||
         included == "sys/mman.h";
}

/// Whether a header is an umbrella, or belongs to CUDA, to slides, to MPI, to NCCL or to the kits for users' backends,
/// which have their own or none.
inline bool stands_apart(const std::string& path) {
  const Rooms rooms = {
      "backends/cuda", "backends/skeleton", "testing", "cuda.hpp", "testing.hpp", "saccade.hpp", "io.hpp",
      "slides",        "slides.hpp",        "mpi",     "mpi.hpp",  "nccl",        "nccl.hpp"};
  return rooms.contains(room_of(path));
}

/// Whether a header needs, through however many others, more than the standard library and Eigen.
inline bool needs_libraries(const Headers& headers, const std::string& path) {
  for (const std::string& reached : closure(headers, path)) {
    for (const Line& line : lines_of(headers.at(reached))) {
      if (!is_ordinary(included_path(line.text))) return true;
    }
  }
  return false;
}

/// Why `header` may not include `included`, or nothing.
inline std::string include_fault(const Headers& headers, const std::string& header, const std::string& included) {
  const std::string room = room_of(header);
  if (is_standard(included)) return {};
  if (is_ours(included)) {
    const std::string target = included.substr(sizeof("saccade/") - 1);
    if (!headers.contains(target)) return "there is no such header";
    if (is_source(target)) return "it is compiled by itself";
    if (is_part(target) && folder_of(target) != folder_of(header)) return "a part belongs to the headers beside it";
    const auto rule = rooms_a_room_may_include().find(room);
    if (rule == rooms_a_room_may_include().end()) return "the room " + room + " has no rule";
    if (!rule->second.contains(room_of(target))) return room + " may not include " + room_of(target);
    return {};
  }
  if (included.starts_with("\"")) return "our headers are included as <saccade/...>";
  const auto& rules = rooms_that_may_include();
  for (auto rule = rules.rbegin(); rule != rules.rend(); ++rule) {  // the longer of two beginnings first
    const auto& [prefix, rooms] = *rule;
    if (included.starts_with(prefix)) return rooms.contains(room) ? "" : room + " may not include <" + prefix + "...>";
  }
  return "no header may include it";
}

/// Why a line must not stand in a header: what it calls depends on the locale of the program that we are part of, or on
/// what others have written into a file. Empty where nothing is wrong.
inline std::string call_fault(const std::string& path, const std::string& line) {
  // "%.2f" and its like; "100%;" of a style sheet is none.
  static const std::regex number_format(R"("[^"]*%[-+#0]*[0-9*]*(\.[0-9*]+)?[aefgAEFG][^"]*".*)");
  static const std::regex number_call(R"(.*\b(sto[fd]|stold|strto[fd]|strtold|atof|setlocale)\(.*)");
  if (line.find("printf(") != std::string::npos && std::regex_search(line, number_format))
    return "printf writes a comma in some locales: core/number_text.hpp writes numbers";
  if (std::regex_match(line, number_call)) return "reads numbers as the locale has them: use std::from_chars";
  if (path != "model/json.inl" &&
      (line.find(".dump(") != std::string::npos || line.find("::parse(") != std::string::npos))
    return "only model/json.inl reads and writes JSON: nlohmann's errors are none of ours";
  return {};
}

/// One sentence for each broken rule: "ops/linear.hpp:7: `#include <Eigen/Core>`: ops may not include <Eigen/...>".
inline std::vector<std::string> violations(const Headers& headers) {
  constexpr std::size_t longest_header = 400;
  std::vector<std::string> found;
  const auto report = [&](const std::string& path, const Line& line, const std::string& fault) {
    found.push_back(path + ":" + std::to_string(line.number) + ": `" + line.text + "`: " + fault);
  };

  for (const auto& [path, text] : headers) {
    const std::vector<Line> lines = lines_of(text);
    const bool is_kernel = path.starts_with("backends/cuda/kernels");
    for (const Line& line : lines) {
      const std::string included = included_path(line.text);
      const std::string fault = included.empty() ? "" : include_fault(headers, path, included);
      if (!fault.empty()) report(path, line, fault);
      if (const std::string call = call_fault(path, line.text); !call.empty()) report(path, line, call);
      if (!is_kernel && line.text.find("<<<") != std::string::npos)
        report(path, line, "only backends/cuda/kernels launches kernels");
      if (!is_kernel && path != "core/config.hpp" && line.text.find("__CUDACC__") != std::string::npos)
        report(path, line, "only core/config.hpp and backends/cuda/kernels ask whether nvcc compiles");
    }
    if (!is_part(path) && !is_source(path) && (lines.empty() || lines.front().text != "#pragma once"))
      found.push_back(path + ":1: must begin with #pragma once");
    if (lines.size() > longest_header)
      found.push_back(path + ": has " + std::to_string(lines.size()) + " lines, more than " +
                      std::to_string(longest_header));
  }

  // The umbrella brings in, through however many headers, all that needs only the standard library and Eigen, and
  // nothing else.
  const std::set<std::string> under_umbrella = closure(headers, "saccade.hpp");
  for (const std::string& path : under_umbrella) {
    for (const Line& line : lines_of(headers.at(path))) {
      if (!is_ordinary(included_path(line.text)))
        report(path, line, "saccade.hpp brings it in, which needs only the standard library and Eigen");
    }
  }
  // What needs more is under the other umbrella.
  const std::set<std::string> under_io = closure(headers, "io.hpp");
  for (const auto& [path, text] : headers) {
    if (stands_apart(path)) continue;
    const bool opt_in = needs_libraries(headers, path);
    if (!opt_in && !under_umbrella.contains(path))
      found.push_back(path + ": is not opt-in, so saccade.hpp must bring it in");
    if (opt_in && !under_io.contains(path))
      found.push_back(path + ": needs other libraries, so io.hpp must bring it in");
  }
  return found;
}

/// Lines of any file that name a place of one machine: a home folder, or `checkout`, where this copy lies.
inline std::vector<std::string> machine_paths(const std::string& path, const std::string& text,
                                              const std::string& checkout) {
  std::vector<std::string> places = {checkout + "/"};
  for (const std::string folder : {"home", "root", "opt", "Users"}) places.push_back("/" + folder + "/");
  std::vector<std::string> found;
  for (const Line& line : lines_of(text)) {
    const bool names_one = std::any_of(places.begin(), places.end(), [&](const std::string& place) {
      return line.text.find(place) != std::string::npos;
    });
    if (names_one) found.push_back(path + ":" + std::to_string(line.number) + ": `" + line.text + "`");
  }
  return found;
}

}  // namespace architecture
