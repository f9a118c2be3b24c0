#pragma once

#include <cctype>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <vector>

/// Reads the pages of the documentation, as far as tests have to.
namespace architecture {

inline std::string read_page(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// The whole text of a file of the project.
inline std::string project_file(const std::string& path) {
  return read_page(std::filesystem::path(SACCADE_SOURCE_DIR) / path);
}

inline std::vector<std::string> page_lines(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

/// A fenced block of code: what stands between ```language and ```.
struct CodeBlock {
  std::string language;
  std::string title;  ///< the last paragraph before it
  std::string text;
};

inline std::vector<CodeBlock> code_blocks(const std::string& page) {
  std::vector<CodeBlock> blocks;
  std::string title;
  bool inside = false, ended = true;
  for (const std::string& line : page_lines(page)) {
    if (line.starts_with("```")) {
      inside = !inside;
      if (inside) blocks.push_back({line.substr(3), title, ""});
      ended = true;
    } else if (inside) {
      blocks.back().text += line + "\n";
    } else if (line.empty()) {
      ended = true;
    } else {
      title = ended ? line : title + "\n" + line;
      ended = false;
    }
  }
  return blocks;
}

/// The page without its code, fenced or between backticks.
inline std::string prose(const std::string& page) {
  std::string text;
  bool fenced = false;
  for (const std::string& line : page_lines(page)) {
    if (line.starts_with("```")) fenced = !fenced;
    bool quoted = fenced;
    for (const char letter : line) {
      if (letter == '`') {
        quoted = !quoted;
      } else if (!quoted) {
        text += letter;
      }
    }
    text += '\n';
  }
  return text;
}

/// Targets of the links of a page: "docs/method.md#presets".
inline std::vector<std::string> links(const std::string& page) {
  const std::string text = prose(page);
  std::vector<std::string> targets;
  for (std::size_t at = text.find("]("); at != std::string::npos; at = text.find("](", at + 1)) {
    const std::size_t end = text.find(')', at);
    if (end != std::string::npos) targets.push_back(text.substr(at + 2, end - at - 2));
  }
  return targets;
}

/// What a link to a heading names: "## Known traps" is "known-traps".
inline std::set<std::string> anchors(const std::string& page) {
  std::set<std::string> names;
  bool fenced = false;
  for (const std::string& line : page_lines(page)) {
    if (line.starts_with("```")) fenced = !fenced;
    if (fenced || !line.starts_with("#")) continue;
    std::string name;
    for (const char letter : line.substr(line.find_first_not_of("# "))) {
      const auto code = static_cast<unsigned char>(letter);
      if (std::isalnum(code) || letter == '-' || letter == '_') name += static_cast<char>(std::tolower(code));
      if (letter == ' ') name += '-';
    }
    names.insert(name);
  }
  return names;
}

/// The cells of a row of a table, without the blanks around them; nothing for any other line.
inline std::vector<std::string> table_cells(const std::string& line) {
  std::vector<std::string> cells;
  if (!line.starts_with("|")) return cells;
  std::istringstream row(line.substr(1));
  for (std::string cell; std::getline(row, cell, '|');) {
    const std::size_t first = cell.find_first_not_of(' '), last = cell.find_last_not_of(' ');
    cells.push_back(first == std::string::npos ? "" : cell.substr(first, last - first + 1));
  }
  return cells;
}

}  // namespace architecture
