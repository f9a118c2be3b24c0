#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <ostream>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

namespace bench {

/// A number with three digits that count: "1.23", "45.6", "789".
[[nodiscard]] inline std::string three_digits(double value) {
  char text[32];
  const double size = value < 0 ? -value : value;
  std::snprintf(text, sizeof text, size < 9.995 ? "%.2f" : size < 99.95 ? "%.1f" : "%.0f", value);
  return text;
}

/// "12.3 ms".
[[nodiscard]] inline std::string time_text(double seconds) {
  if (seconds < 1e-3) return three_digits(1e6 * seconds) + " us";
  return seconds < 1 ? three_digits(1e3 * seconds) + " ms" : three_digits(seconds) + " s";
}

/// "504 MiB".
[[nodiscard]] inline std::string memory_text(double bytes) {
  const double mebibytes = bytes / (1 << 20);
  return mebibytes < 1024 ? three_digits(mebibytes) + " MiB" : three_digits(mebibytes / 1024) + " GiB";
}

/// "97.5" of 0.975, as a column of percentages has it; empty where it is not defined.
[[nodiscard]] inline std::string percent_text(double share) {
  if (!std::isfinite(share)) return "";
  char text[32];
  std::snprintf(text, sizeof text, "%.1f", 100 * share);
  return text;
}

/// "19.5 %".
[[nodiscard]] inline std::string share_text(double share) { return three_digits(100 * share) + " %"; }

/// Rows of text under a head; the first column to the left, the others to the right.
class Table {
 public:
  explicit Table(std::vector<std::string> head) { rows_.push_back(std::move(head)); }

  void add(std::vector<std::string> row) {
    row.resize(rows_[0].size());
    rows_.push_back(std::move(row));
  }

  /// The same for a page: | a | b |.
  [[nodiscard]] std::string markdown() const {
    std::string text;
    for (std::size_t n = 0; n < rows_.size(); ++n) {
      for (const std::string& cell : rows_[n]) text += "| " + cell + (cell.empty() ? "" : " ");
      text += "|\n";
      if (n > 0) continue;
      for (std::size_t i = 0; i < rows_[n].size(); ++i) text += i == 0 ? "|---" : "|---:";
      text += "|\n";
    }
    return text;
  }

  /// The same for a terminal.
  [[nodiscard]] std::string text() const {
    std::ostringstream out;
    out << *this;
    return out.str();
  }

  friend std::ostream& operator<<(std::ostream& out, const Table& table) {
    const auto& rows = table.rows_;
    std::vector<std::size_t> widths(rows[0].size());
    for (const auto& row : rows) {
      for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
    }
    for (const auto& row : rows) {
      std::string line;
      for (std::size_t i = 0; i < row.size(); ++i) {
        const std::string air(widths[i] - row[i].size(), ' ');
        line += i == 0 ? row[i] + air : "  " + air + row[i];
      }
      out << line << '\n';
    }
    return out << '\n';
  }

 private:
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace bench
