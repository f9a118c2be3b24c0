// Files of options, by --config of the programs.
#include <CLI/CLI.hpp>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "common/program.hpp"
#include "target.hpp"

namespace {

/// Options of each kind that the programs have.
struct Choices {
  std::filesystem::path data;
  std::optional<std::int64_t> epochs;
  std::int64_t cache = 1024;
  std::optional<double> rate;
  double share = 0.5;
  std::string preset = "compact";
  std::vector<std::string> fields;
  std::uint64_t seed = 1;
  bool resume = false;
};

void add_options(program::Options& options, Choices& choices) {
  options.add_option("--data", choices.data);
  options.add_option("--epochs", choices.epochs)->check(CLI::Range(1, 1 << 24));
  options.add_option("--cache-mb", choices.cache)->check(CLI::Range(0, 1 << 24));
  options.add_option("--learning-rate", choices.rate)->check(CLI::PositiveNumber);
  options.add_option("--validation", choices.share)->check(CLI::Range(0.0, 0.9));
  options.add_option("--preset", choices.preset)->check(CLI::IsMember({"paper", "compact"}));
  options.add_option("--set", choices.fields)->expected(1)->take_all();
  options.add_option("--seed", choices.seed);
  options.add_flag("--resume", choices.resume);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const fuzz::MemoryFile file;
  file.write(fuzz::text_of(data, size));
  // Made once, for to make them takes ten times as long as to parse a file.
  static Choices choices;
  static program::Options options("fuzz", "");
  static const bool made = (add_options(options, choices), true);
  static_cast<void>(made);
  choices = {};
  std::vector<std::string> words{"fuzz", "--config", file.path().string()};
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  const auto parse = [&] {
    try {
      options.parse(static_cast<int>(arguments.size()), arguments.data());
      return true;
    } catch (const CLI::ParseError& error) {
      fuzz::expect(*error.what() != 0, "an error says what is wrong");
      return false;
    }
  };
  if (!fuzz::accepted(parse).value_or(false)) return 0;
  fuzz::expect(!choices.epochs || (*choices.epochs >= 1 && *choices.epochs <= 1 << 24), "epochs are in their range");
  fuzz::expect(choices.cache >= 0 && choices.cache <= 1 << 24, "the cache is in its range");
  fuzz::expect(!choices.rate || *choices.rate > 0, "a rate is positive");
  fuzz::expect(choices.share >= 0 && choices.share <= 0.9, "a share is in its range");
  fuzz::expect(choices.preset == "paper" || choices.preset == "compact", "a word is one of its words");
  return 0;
}
