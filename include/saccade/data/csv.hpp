#pragma once

#include <saccade/core/error.hpp>
#include <saccade/core/shape.hpp>

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace saccade::inline SACCADE_NAMESPACE::data {

/// A line of a table; with line breaks in quotes it spans several lines of the file.
struct CsvRow {
  Index line = 0;  ///< of the file, where it begins, from 1
  std::vector<std::string> fields{};
};

/// Reads comma-separated values: fields in double quotes may hold commas, line breaks and, doubled, quotes; lines end
/// with CRLF or LF. A byte order mark is passed over, and so are empty lines.
///
/// @param name  begins the error sentences: the file's path
/// @throws FileError: quotes that are not closed or stand within a field, text in UTF-16
/// Source: RFC 4180.
[[nodiscard]] inline std::vector<CsvRow> parse_csv(std::string_view text, const std::string& name) {
  const auto fail = [&](Index line, const std::string& problem) {
    throw FileError('"' + name + "\": line " + std::to_string(line) + ' ' + problem);
  };
  if (text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF")) fail(1, "begins as UTF-16 does; expected UTF-8");
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  std::vector<CsvRow> rows;
  Index line = 1;
  for (std::size_t at = 0; at < text.size();) {
    CsvRow row{.line = line};
    for (bool more = true; more;) {
      std::string field;
      const bool quoted = text.substr(at).starts_with('"');
      if (quoted) {
        const Index begun = line;
        for (++at;; ++at) {
          if (at == text.size()) fail(begun, "has a quote that is not closed");
          if (text[at] == '"' && !text.substr(at + 1).starts_with('"')) break;
          if (text[at] == '"') ++at;
          if (text[at] == '\n') ++line;
          field += text[at];
        }
        ++at;  // the closing quote
      } else {
        const std::size_t end = std::min(text.find_first_of(",\n", at), text.size());
        field = text.substr(at, end - at);
        at = end;
        if (field.ends_with('\r') && (at == text.size() || text[at] == '\n')) field.pop_back();
        if (field.find('"') != std::string::npos)
          fail(line, "has a quote within a field; expected quotes around the whole field, and doubled within");
      }
      if (quoted && text.substr(at).starts_with("\r\n")) ++at;
      more = text.substr(at).starts_with(',');
      if (!more && at < text.size() && text[at] != '\n')
        fail(line, "has text behind a closing quote; expected a comma");
      row.fields.push_back(std::move(field));
      ++at;  // the comma or the line's end
      if (!more) ++line;
      // A comma at the very end of the text: its last field is empty.
      if (more && at >= text.size()) {
        row.fields.emplace_back();
        more = false;
      }
    }
    const bool empty = row.fields.size() == 1 && row.fields.front().empty();
    if (!empty) rows.push_back(std::move(row));
  }
  return rows;
}

/// One record with its line end, CRLF: fields with commas, quotes or line breaks in quotes. Source: RFC 4180.
[[nodiscard]] inline std::string csv_line(const std::vector<std::string>& fields) {
  std::string line;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (i > 0) line += ',';
    if (fields[i].find_first_of(",\"\r\n") == std::string::npos) {
      line += fields[i];
      continue;
    }
    line += '"';
    for (const char letter : fields[i]) line += letter == '"' ? std::string("\"\"") : std::string(1, letter);
    line += '"';
  }
  return line + "\r\n";
}

}  // namespace saccade::data
