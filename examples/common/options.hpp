#pragma once

#include <CLI/CLI.hpp>

#include <memory>
#include <string>
#include <type_traits>

#include "common/decimal.hpp"
#include "common/options_file.hpp"

namespace program {

/// A program's options: they may also stand in a file, under the same names. Numbers are decimal.
struct Options : CLI::App {
  Options(const std::string& name, const std::string& description) : CLI::App(description, name) {
    set_config("--config", "", "read options from a file, a line NAME = VALUE each; those of the command line win");
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
};

}  // namespace program
