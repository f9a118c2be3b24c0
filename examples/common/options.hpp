#pragma once

#include <saccade/core/error.hpp>

#include <CLI/CLI.hpp>

#include <memory>
#include <set>
#include <string>
#include <type_traits>

#include "common/decimal.hpp"
#include "common/options_file.hpp"

namespace program {

/// A program's options: they may also stand in a file, under the same names. Numbers are decimal, and what is meant
/// once is given once.
struct Options : CLI::App {
  Options(const std::string& name, const std::string& description) : CLI::App(description, name) {
    set_config("--config", "", "read options from a file, a line NAME = VALUE each; those of the command line win")
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
    config_formatter(std::make_shared<OptionsFile>(*this));
    get_formatter()->column_width(36);
    option_defaults()->always_capture_default()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  }

  template <class Variable>
  CLI::Option* add_option(const std::string& name, Variable& variable, const std::string& description = {}) {
    CLI::Option* option = CLI::App::add_option(name, variable, description);
    if constexpr (!std::is_void_v<NumberOf<Variable>>) option->transform(decimal<NumberOf<Variable>>());
    return option;
  }

  /// After `parse`: the last of several would win in silence. @throws saccade::ConfigError
  void expect_no_repeats() const {
    for (const CLI::Option* option : get_options()) {
      const std::string name = option->get_name();
      saccade::expect_config(is_list(option) || option->count() < 2,
                             name + " is given " + std::to_string(option->count()) + " times; expected once");
      if (name != "--set") continue;
      std::set<std::string> fields;
      for (const std::string& assignment : option->results()) {
        const std::string field = assignment.substr(0, assignment.find('='));
        saccade::expect_config(fields.insert(field).second, "--set: " + field + " is set twice");
      }
    }
  }
};

}  // namespace program
