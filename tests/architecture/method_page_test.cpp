#include <saccade/model/config_json.hpp>
#include <saccade/training/config.hpp>

#include "pages.hpp"
#include "support/catch.hpp"

#include <cstddef>
#include <map>
#include <regex>
#include <set>
#include <string>
#include <vector>

using namespace architecture;
using nlohmann::ordered_json;

/// docs/method.md says which file implements each statement and which test case holds it, and what the presets are.
namespace {

/// Paths of the library are below include/saccade, those of tests below tests.
std::string code_at(const std::string& path) {
  const std::string text = project_file("tests/" + path);
  return text.empty() ? project_file("include/saccade/" + path) : text;
}

/// `path/to/file.cpp` and, after a colon, the "names of test cases" that are said to stand in it.
struct Claim {
  std::string file;
  std::vector<std::string> cases;
};

std::vector<Claim> claims(const std::string& line) {
  static const std::regex claim(R"re(`([a-z0-9_/]+\.(?:hpp|cpp))`((?:[:,] "[^"]+")*))re");
  static const std::regex quoted(R"re("([^"]+)")re");
  std::vector<Claim> found;
  for (std::sregex_iterator match(line.begin(), line.end(), claim), end; match != end; ++match) {
    found.push_back({(*match)[1], {}});
    const std::string names = (*match)[2];
    for (std::sregex_iterator name(names.begin(), names.end(), quoted); name != end; ++name)
      found.back().cases.push_back((*name)[1]);
  }
  return found;
}

std::string claim_fault(const Claim& claim) {
  const std::string text = code_at(claim.file);
  if (text.empty()) return claim.file + " does not exist";
  for (const std::string& name : claim.cases)
    if (text.find('"' + name + '"') == std::string::npos) return claim.file + " has no test case \"" + name + '"';
  return {};
}

/// Every value of a configuration by the name under which it is set.
void flatten(const ordered_json& json, const std::string& name, std::map<std::string, std::string>& values) {
  if (json.is_array() && !json.empty() && json[0].contains("pattern")) {
    for (const ordered_json& group : json)
      flatten(group, name + "[" + group.at("pattern").get<std::string>() + "]", values);
    return;
  }
  if (!json.is_object()) {
    values[name] = json.is_string() ? json.get<std::string>() : json.dump();
    return;
  }
  for (const auto& [key, item] : json.items()) flatten(item, name.empty() ? key : name + "." + key, values);
}

std::map<std::string, std::string> preset_values(const std::string& name) {
  std::map<std::string, std::string> values;
  flatten(saccade::to_json(saccade::preset(name)), "", values);
  saccade::TrainingConfig training = saccade::training_preset(name);
  saccade::ParameterGroup& policy = group_of(training.adam, "policy.*");  // the same, and said where it is left open
  policy.epsilon = policy.epsilon.value_or(training.adam.epsilon);
  flatten(saccade::to_json(training), "training", values);
  return values;
}

}  // namespace

TEST_CASE("every file and test case that the page of the method names exists") {
  std::size_t files = 0, cases = 0;
  for (const std::string& line : page_lines(project_file("docs/method.md"))) {
    for (const Claim& claim : claims(line)) {
      if (const std::string fault = claim_fault(claim); !fault.empty()) FAIL_CHECK(fault);
      ++files;
      cases += claim.cases.size();
    }
  }
  CHECK(files > 50);
  CHECK(cases > 50);
}

TEST_CASE("a claim that is not true is found") {
  const auto found = claims(R"(| x | `math/mask.hpp` | `math/activation_test.cpp`: "one", "two" and `y` |)");
  REQUIRE(found.size() == 2);
  CHECK(found[0].file == "math/mask.hpp");
  CHECK(found[0].cases.empty());
  CHECK(found[1].cases == std::vector<std::string>{"one", "two"});
  CHECK(claim_fault(found[0]).empty());
  CHECK(claim_fault(found[1]) == "math/activation_test.cpp has no test case \"one\"");
  CHECK(claim_fault({"math/telepathy.hpp", {}}) == "math/telepathy.hpp does not exist");
}

TEST_CASE("the table of presets has the values of the code, and every field in which presets differ") {
  const std::vector<std::string> names{"paper", "large", "compact"};
  std::vector<std::map<std::string, std::string>> values;
  for (const std::string& name : names) values.push_back(preset_values(name));
  std::set<std::string> shown;
  bool inside = false;
  for (const std::string& line : page_lines(project_file("docs/method.md"))) {
    const auto cells = table_cells(line);
    if (cells.size() < 4 || cells[1] == "---") continue;
    if (cells[1] == "`paper`") {
      inside = true;
      continue;
    }
    const std::string field = cells[0].substr(1, cells[0].size() - 2);  // without its backticks
    if (!inside || !values[0].contains(field)) continue;
    shown.insert(field);
    for (std::size_t i = 0; i < names.size(); ++i) {
      INFO(names[i] << ": " << field);
      CHECK(cells[i + 1] == values[i].at(field));
    }
  }
  for (const auto& [field, value] : values[0]) {
    if (value == values[1].at(field) && value == values[2].at(field)) continue;
    INFO(field << " differs and is not in the table");
    CHECK(shown.contains(field));
  }
  CHECK(shown.size() > 20);
}
