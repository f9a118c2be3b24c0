#pragma once

#include <saccade/core/error.hpp>
#include <saccade/core/shape.hpp>

#include <array>
#include <charconv>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace saccade::inline SACCADE_NAMESPACE::data {

/// Class 0 and class 1 of BreakHis.
inline constexpr std::array<std::string_view, 2> class_names = {"benign", "malignant"};

/// A kind of tumour: its code in file names, its folder, its class.
struct TumourType {
  std::string_view code;
  std::string_view folder;
  Index label = 0;
};

inline constexpr std::array<TumourType, 8> tumour_types = {{{"A", "adenosis", 0},
                                                            {"F", "fibroadenoma", 0},
                                                            {"PT", "phyllodes_tumor", 0},
                                                            {"TA", "tubular_adenoma", 0},
                                                            {"DC", "ductal_carcinoma", 1},
                                                            {"LC", "lobular_carcinoma", 1},
                                                            {"MC", "mucinous_carcinoma", 1},
                                                            {"PC", "papillary_carcinoma", 1}}};

/// What the name of a BreakHis image says: SOB_<B|M>_<type>-<year>-<slide>-<magnification>-<number>.
struct BreakhisName {
  Index label = 0;          ///< 0 benign, 1 malignant
  std::string type;         ///< A, F, PT, TA, DC, LC, MC, PC
  std::string patient;      ///< year and slide, "14-22549AB": what the data set calls a patient
  Index magnification = 0;  ///< 40, 100, 200, 400
  Index number = 0;         ///< running number within slide and magnification

  friend bool operator==(const BreakhisName&, const BreakhisName&) = default;
};

/// The slide without the letters at its end: "14-22549AB" and "14-22549CD" are both case "14-22549", perhaps one
/// person.
[[nodiscard]] inline std::string case_number(std::string_view patient) {
  const std::size_t last_digit = patient.find_last_of("0123456789");
  return std::string(patient.substr(0, last_digit == std::string_view::npos ? patient.size() : last_digit + 1));
}

/// "SOB_M_DC-14-2523-100-001", without a file ending.
[[nodiscard]] inline std::string to_string(const BreakhisName& name) {
  std::string number = std::to_string(name.number);
  if (number.size() < 3) number.insert(0, 3 - number.size(), '0');
  return std::string("SOB_") + (name.label == 0 ? "B_" : "M_") + name.type + "-" + name.patient + "-" +
         std::to_string(name.magnification) + "-" + number;
}

/// Reads the stem of a file name; nothing where it does not follow the scheme.
[[nodiscard]] inline std::optional<BreakhisName> parse_breakhis_name(std::string_view stem) {
  const auto digits = [](std::string_view text, Index& value) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return !text.empty() && text.front() != '-' && error == std::errc{} && end == text.data() + text.size();
  };
  if (!stem.starts_with("SOB_B_") && !stem.starts_with("SOB_M_")) return {};
  const Index label = stem[4] == 'B' ? 0 : 1;
  stem.remove_prefix(6);

  // The slide may hold any letters, so the other fields are taken from both ends.
  const std::size_t type_end = stem.find('-');
  const std::size_t number_begin = stem.rfind('-');
  if (type_end == std::string_view::npos || number_begin == type_end) return {};
  const std::size_t magnification_begin = stem.rfind('-', number_begin - 1);
  if (magnification_begin == type_end) return {};

  BreakhisName name;
  name.label = label;
  name.type = std::string(stem.substr(0, type_end));
  name.patient = std::string(stem.substr(type_end + 1, magnification_begin - type_end - 1));
  if (!digits(stem.substr(magnification_begin + 1, number_begin - magnification_begin - 1), name.magnification) ||
      !digits(stem.substr(number_begin + 1), name.number)) {
    return {};
  }
  const std::size_t dash = name.patient.find('-');
  if (dash == 0 || dash == std::string::npos || name.patient.ends_with('-')) return {};
  for (const TumourType& type : tumour_types) {
    if (type.code == name.type && type.label == name.label) return name;
  }
  return {};
}

/// Where the data set keeps an image, below its root:
/// BreaKHis_v1/histology_slides/breast/<class>/SOB/<type>/SOB_<B|M>_<type
/// code>_<slide>/<magnification>X/<name><ending>.
[[nodiscard]] inline std::filesystem::path breakhis_path(const BreakhisName& name, std::string_view ending = ".png") {
  for (const TumourType& type : tumour_types) {
    if (type.code != name.type) continue;
    return std::filesystem::path("BreaKHis_v1/histology_slides/breast") /
           class_names[static_cast<std::size_t>(type.label)] / "SOB" / type.folder /
           ("SOB_" + std::string(type.label == 0 ? "B_" : "M_") + name.type + "_" + name.patient) /
           (std::to_string(name.magnification) + "X") / (to_string(name) + std::string(ending));
  }
  throw ConfigError("breakhis: unknown tumour type \"" + name.type + "\"; expected A, F, PT, TA, DC, LC, MC or PC");
}

}  // namespace saccade::data
