#include "pages.hpp"
#include "support/catch.hpp"

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

using namespace architecture;

namespace {

namespace fs = std::filesystem;

/// README.md and docs/*.md, as paths below the project.
std::vector<std::string> pages() {
  const fs::path root(SACCADE_SOURCE_DIR);
  std::vector<std::string> paths{"README.md"};
  for (const auto& entry : fs::directory_iterator(root / "docs"))
    if (entry.path().extension() == ".md") paths.push_back(entry.path().lexically_relative(root).generic_string());
  std::sort(paths.begin(), paths.end());
  return paths;
}

/// What is wrong with a link of the page at `page`, or nothing.
std::string link_fault(const std::string& page, const std::string& target) {
  if (target.starts_with("https://")) return {};
  const std::size_t hash = target.find('#');
  const std::string file = target.substr(0, hash);
  const fs::path root(SACCADE_SOURCE_DIR);
  const fs::path path = file.empty() ? root / page : (root / page).parent_path() / file;
  if (!fs::exists(path)) return page + " links to " + target + ", which does not exist";
  if (hash != std::string::npos && !anchors(read_page(path)).contains(target.substr(hash + 1)))
    return page + " links to " + target + ", but there is no such heading";
  return {};
}

/// The file that a block of C++ is said to come from: the last link of the paragraph before it, if that ends with the
/// link. A path below the project; empty for any other block.
std::string named_file(const std::string& page, const CodeBlock& block) {
  const auto named = links(block.title);
  if (block.language != "cpp" || named.empty()) return {};
  const std::string end = "](" + named.back() + ")";
  if (!block.title.ends_with(end) && !block.title.ends_with(end + ":")) return {};
  return (fs::path(page).parent_path() / named.back()).lexically_normal().generic_string();
}

/// Whether `text` is some lines of `file` in one piece.
bool is_excerpt(const std::string& text, const std::string& file) {
  const std::size_t place = text.empty() ? std::string::npos : file.find(text);
  return place != std::string::npos && (place == 0 || file[place - 1] == '\n');
}

}  // namespace

TEST_CASE("every link of the documentation leads somewhere") {
  std::size_t found = 0;
  for (const std::string& page : pages()) {
    for (const std::string& target : links(project_file(page))) {
      if (const std::string fault = link_fault(page, target); !fault.empty()) FAIL_CHECK(fault);
      ++found;
    }
  }
  CHECK(found > 20);
}

TEST_CASE("a link that leads nowhere is found") {
  CHECK(links("see [a](docs/a.md), ![b](b.png) and `[](c)`\n```cpp\n[](d)\n```\n") ==
        std::vector<std::string>{"docs/a.md", "b.png"});
  CHECK(link_fault("README.md", "docs/style.md").empty());
  CHECK(link_fault("docs/style.md", "../README.md").empty());
  CHECK(link_fault("README.md", "docs/style.md#names").empty());
  CHECK(link_fault("README.md", "docs/telepathy.md") == "README.md links to docs/telepathy.md, which does not exist");
  CHECK(link_fault("docs/style.md", "#telepathy") == "docs/style.md links to #telepathy, but there is no such heading");
}

TEST_CASE("the programs in the README are the files that they are said to be") {
  std::vector<std::string> shown;
  for (const CodeBlock& block : code_blocks(project_file("README.md"))) {
    if (block.language != "cpp") continue;
    const std::string file = named_file("README.md", block);
    INFO("the block after: " << block.title);
    REQUIRE_FALSE(file.empty());  // all C++ of the README is kept true by a file
    CHECK(is_excerpt(block.text, project_file(file)));
    shown.push_back(file);
    if (file == "examples/classify_in_a_dozen_lines.cpp") CHECK(block.text == project_file(file));
  }
  CHECK(shown == std::vector<std::string>{"examples/classify_in_a_dozen_lines.cpp",
                                          "examples/own_backend_in_a_dozen_lines.cpp"});
}

TEST_CASE("code that a page quotes from a file stands in that file") {
  std::size_t quoted = 0;
  for (const std::string& page : pages()) {
    for (const CodeBlock& block : code_blocks(project_file(page))) {
      const std::string file = named_file(page, block);
      if (file.empty()) continue;
      INFO(page << ", the block after: " << block.title);
      CHECK(is_excerpt(block.text, project_file(file)));
      ++quoted;
    }
  }
  CHECK(quoted >= 4);
}

TEST_CASE("an excerpt is whole lines in one piece") {
  const std::string file = "int a;\nint b;\nint c;\n";
  CHECK(is_excerpt("int b;\nint c;\n", file));
  CHECK_FALSE(is_excerpt("b;\n", file));
  CHECK_FALSE(is_excerpt("int a;\nint c;\n", file));
  CHECK_FALSE(is_excerpt("", file));
  const auto blocks = code_blocks("one\n\nsee\n[a](../examples/a.cpp):\n\n```cpp\nint a;\n```\n\n```sh\nls\n```\n");
  REQUIRE(blocks.size() == 2);
  CHECK(blocks[0].text == "int a;\n");
  CHECK(named_file("docs/style.md", blocks[0]) == "examples/a.cpp");
  CHECK(named_file("docs/style.md", blocks[1]).empty());
}
