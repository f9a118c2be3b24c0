#pragma once

#include <saccade/core/config.hpp>
#include <saccade/core/number_text.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// Pieces of an HTML page. Text goes through `escape_html`, numbers through `number_text`.
namespace saccade::inline SACCADE_NAMESPACE::report {

/// Text for the content of an element or an attribute in double quotes: & < > " and ' become references, control
/// characters other than tabs and line feeds, which no page may hold, question marks.
[[nodiscard]] inline std::string escape_html(std::string_view text) {
  std::string result;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    switch (c) {
      case '&':
        result += "&amp;";
        break;
      case '<':
        result += "&lt;";
        break;
      case '>':
        result += "&gt;";
        break;
      case '"':
        result += "&quot;";
        break;
      case '\'':
        result += "&#39;";
        break;
      default:
        result += (byte < 0x20 && c != '\t' && c != '\n') || byte == 0x7F ? '?' : c;
    }
  }
  return result;
}

/// A number with `digits` digits after the point; a dash where it is not finite.
[[nodiscard]] inline std::string number_text(double value, int digits = 3) {
  if (!std::isfinite(value)) return "&ndash;";
  return std::abs(value) < 1e15 ? fixed_text(value, digits) : scientific_text(value, digits);
}

/// A number with at most `digits` significant digits.
[[nodiscard]] inline std::string short_number(double value, int digits = 4) {
  return std::isfinite(value) ? short_text(value, digits) : "&ndash;";
}

/// "12.5 %" of 0.125.
[[nodiscard]] inline std::string percent_text(double share, int digits = 1) {
  return std::isfinite(share) ? number_text(100 * share, digits) + "&nbsp;%" : "&ndash;";
}

/// Base64 of RFC 4648, with padding.
[[nodiscard]] inline std::string base64(std::span<const std::uint8_t> bytes) {
  constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t count = bytes.size() - i < 3 ? bytes.size() - i : 3;
    std::uint32_t group = 0;
    for (std::size_t k = 0; k < 3; ++k) group = group << 8 | (k < count ? bytes[i + k] : 0U);
    for (std::size_t k = 0; k < 4; ++k) text += k <= count ? letters[group >> (18 - 6 * k) & 63U] : '=';
  }
  return text;
}

/// An `img` with its bytes inside the page. @param media_type  "image/png" or "image/jpeg"
/// @param description  what it shows, for those who do not see it
[[nodiscard]] inline std::string html_image(std::string_view media_type, std::span<const std::uint8_t> bytes,
                                            std::string_view description, std::string_view attributes = "") {
  std::string text = "<img src=\"data:" + std::string(media_type) + ";base64," + base64(bytes) + "\" alt=\"" +
                     escape_html(description) + '"';
  if (!attributes.empty()) text += ' ' + std::string(attributes);
  return text + '>';
}

/// A table. Cells are HTML: escape what is text. The first cell of a row is its heading.
struct HtmlTable {
  std::string caption{};
  std::vector<std::string> columns{};
  std::vector<std::vector<std::string>> rows{};

  [[nodiscard]] std::string html() const {
    std::string text = "<table>";
    if (!caption.empty()) text += "<caption>" + caption + "</caption>";
    if (!columns.empty()) {
      text += "<thead><tr>";
      for (const std::string& column : columns) text += "<th scope=\"col\">" + column + "</th>";
      text += "</tr></thead>";
    }
    text += "<tbody>\n";
    for (const std::vector<std::string>& row : rows) {
      text += "<tr>";
      for (std::size_t i = 0; i < row.size(); ++i)
        text += i == 0 ? "<th scope=\"row\">" + row[i] + "</th>" : "<td>" + row[i] + "</td>";
      text += "</tr>\n";
    }
    return text + "</tbody></table>\n";
  }
};

/// A part of the page that scrolls sideways where it is too wide, by the keyboard as well.
[[nodiscard]] inline std::string scrolling(std::string_view name, std::string_view content) {
  return "<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"" + escape_html(name) + "\">" +
         std::string(content) + "</div>\n";
}

/// What opens on request.
[[nodiscard]] inline std::string folded(std::string_view summary, std::string_view content) {
  return "<details><summary>" + escape_html(summary) + "</summary>\n" + std::string(content) + "</details>\n";
}

}  // namespace saccade::report
