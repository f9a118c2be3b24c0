#pragma once

#include <saccade/core/error.hpp>

#include <CLI/CLI.hpp>

#include <istream>
#include <iterator>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace program {

/// Whether an option may be repeated.
inline bool is_list(const CLI::Option* option) {
  return option->get_items_expected_max() > 1 || option->get_multi_option_policy() == CLI::MultiOptionPolicy::TakeAll;
}

/// Without the blanks at both ends.
inline std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t\r");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r") + 1 - begin);
}

/// The file of `--config`. A line sets an option by its name:
///
///     epochs = 30                 # a comment, here or in a line of its own; ; begins one too
///     data = my images/tissue     one value, blanks and all; in quotes where it holds # or ;
///     set = ["hidden=64", "glimpses=6"]
///     resume                      as resume = true
///
/// Only an option that may be repeated has several values: in brackets, or a line for each. Everything else is refused
/// with the number of its line.
class OptionsFile : public CLI::Config {
 public:
  /// `options` outlives it.
  explicit OptionsFile(const CLI::App& options) : options_(&options) {}

  [[nodiscard]] std::vector<CLI::ConfigItem> from_config(std::istream& stream) const override {
    const std::string content(std::istreambuf_iterator<char>(stream), {});
    std::string_view text = content;
    if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
    std::vector<CLI::ConfigItem> settings;
    std::map<std::string, int> line_of;
    for (int number = 1; !text.empty(); ++number) {
      const std::string_view line = text.substr(0, text.find('\n'));
      text.remove_prefix(line.size() < text.size() ? line.size() + 1 : line.size());
      const Line at(number, trimmed(line));
      if (at.text.empty() || is_comment(at.text)) continue;
      CLI::ConfigItem item = parse(at);
      const auto [known, is_new] = line_of.try_emplace(item.name, number);
      if (is_new) {
        settings.push_back(std::move(item));
      } else if (is_list(option_of(item.name))) {
        for (CLI::ConfigItem& earlier : settings)
          if (earlier.name == item.name)
            earlier.inputs.insert(earlier.inputs.end(), item.inputs.begin(), item.inputs.end());
      } else {
        at.refuse(item.name + " is set already, in line " + std::to_string(known->second));
      }
    }
    return settings;
  }

  [[nodiscard]] std::string to_config(const CLI::App*, bool, bool, std::string) const override { return {}; }

 private:
  struct Line {
    int number;
    std::string_view text;

    Line(int number_of_line, std::string_view text_of_line) : number(number_of_line), text(text_of_line) {}

    [[noreturn]] void refuse(const std::string& problem) const {
      throw saccade::ConfigError("--config: line " + std::to_string(number) + ": " + problem);
    }
  };

  static bool is_comment(std::string_view text) { return text.starts_with('#') || text.starts_with(';'); }

  /// Nothing where there is none that a file may set.
  [[nodiscard]] const CLI::Option* option_of(const std::string& name) const {
    const CLI::Option* option = options_->get_option_no_throw("--" + name);
    if (option == nullptr) option = options_->get_option_no_throw(name);
    return option != nullptr && option->get_configurable() ? option : nullptr;
  }

  [[nodiscard]] CLI::ConfigItem parse(const Line& line) const {
    if (line.text.starts_with('[')) line.refuse("there are no sections, as " + std::string(line.text) + " would be");
    const std::size_t equals = line.text.find('=');
    const std::string name(trimmed(line.text.substr(0, equals)));
    const CLI::Option* option = option_of(name);
    if (option == nullptr) line.refuse("there is no option " + name);
    const bool is_flag = option->get_expected_min() == 0;
    if (equals == std::string_view::npos && !is_flag) line.refuse("expected " + name + " = VALUE");
    CLI::ConfigItem item;
    item.name = name;
    if (equals == std::string_view::npos) {
      item.inputs = {"true"};
      return item;
    }
    std::string_view rest = trimmed(line.text.substr(equals + 1));
    if (rest.starts_with('[') && is_list(option)) {
      do {
        rest = trimmed(rest.substr(1));
        if (rest.starts_with(']')) break;  // an empty list, or a comma at its end
        item.inputs.push_back(take_value(line, rest, ",]"));
        if (rest.empty()) line.refuse("the list has no end");
      } while (rest.front() != ']');
      rest = trimmed(rest.substr(1));
    } else {
      item.inputs.push_back(take_value(line, rest, ""));
      if (item.inputs.front().empty()) line.refuse(name + " has no value");
    }
    if (!rest.empty() && !is_comment(rest)) line.refuse("cannot be read from " + std::string(rest) + " on");
    if (is_flag && item.inputs.front() != "true" && item.inputs.front() != "false")
      line.refuse(name + " must be true or false, but is " + item.inputs.front());
    return item;
  }

  /// Takes a value off `rest`: in quotes, or up to one of `ends` or a comment, without blanks at its ends.
  static std::string take_value(const Line& line, std::string_view& rest, std::string_view ends) {
    std::string value;
    if (rest.starts_with('"') || rest.starts_with('\'')) {
      const std::size_t close = rest.find(rest.front(), 1);
      if (close == std::string_view::npos) line.refuse("a quote is not closed");
      value = rest.substr(1, close - 1);
      rest.remove_prefix(close + 1);
    } else {
      std::size_t end = 0;
      while (end < rest.size() && ends.find(rest[end]) == std::string_view::npos &&
             !(is_comment(rest.substr(end)) && (end == 0 || rest[end - 1] == ' ' || rest[end - 1] == '\t')))
        ++end;
      value = trimmed(rest.substr(0, end));
      rest.remove_prefix(end);
    }
    rest = trimmed(rest);
    return value;
  }

  const CLI::App* options_;
};

}  // namespace program
