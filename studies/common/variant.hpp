#pragma once

#include <saccade/core/error.hpp>

#include "common/options.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

/// Learned models beside those of a study that differ from them in some fields: what an ingredient adds.
namespace bench {

struct Variant {
  std::string name;
  std::vector<std::string> fields;  ///< "learner.kind=policy_gradient"
};

/// "NAME: FIELD=VALUE; FIELD=VALUE". @throws ConfigError
[[nodiscard]] inline Variant parse_variant(const std::string& text) {
  const std::size_t colon = text.find(':');
  Variant variant{.name = std::string(program::trimmed(std::string_view(text).substr(0, colon))), .fields = {}};
  for (std::size_t at = colon; at < text.size();) {
    const std::size_t end = std::min(text.find(';', at + 1), text.size());
    if (const auto field = program::trimmed(std::string_view(text).substr(at + 1, end - at - 1)); !field.empty())
      variant.fields.emplace_back(field);
    at = end;
  }
  if (variant.name.empty() || variant.fields.empty())
    throw saccade::ConfigError("a variant must be \"NAME: FIELD=VALUE; ...\", but is \"" + text + '"');
  return variant;
}

/// --variant, texts for parse_variant; may be repeated.
inline CLI::Option* add_variants(program::Options& options, std::vector<std::string>& variants) {
  return options
      .add_option(
          "--variant", variants,
          "learned models with other fields, \"NAME: FIELD=VALUE; ...\": what an ingredient adds; may be repeated")
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->allow_extra_args(false);
}

[[nodiscard]] inline std::vector<Variant> parse_variants(const std::vector<std::string>& texts) {
  std::vector<Variant> variants;
  for (const std::string& text : texts) variants.push_back(parse_variant(text));
  return variants;
}

/// The fields of the variant of this name behind those of all models.
[[nodiscard]] inline std::vector<std::string> fields_with(std::vector<std::string> fields,
                                                          const std::vector<Variant>& variants, std::string_view name) {
  for (const Variant& variant : variants)
    if (variant.name == name) fields.insert(fields.end(), variant.fields.begin(), variant.fields.end());
  return fields;
}

/// "-no-class-weights": the name in those of files; nothing where there is none.
[[nodiscard]] inline std::string file_suffix(std::string_view name) {
  std::string suffix = name.empty() ? "" : "-" + std::string(name);
  for (char& letter : suffix)
    if (!(letter >= 'a' && letter <= 'z') && !(letter >= 'A' && letter <= 'Z') && !(letter >= '0' && letter <= '9'))
      letter = '-';
  return suffix;
}

}  // namespace bench
