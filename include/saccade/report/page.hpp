#pragma once

#include <saccade/report/html.hpp>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// A page of sections with a table of contents: one file that fetches nothing.
namespace saccade::inline SACCADE_NAMESPACE::report {

struct PageSection {
  std::string id{};       ///< unique in the page
  std::string heading{};  ///< plain text
  std::string content{};  ///< HTML
};

struct Page {
  std::string title{};    ///< plain text
  std::string summary{};  ///< HTML below the title
  std::vector<PageSection> sections{};
  std::string footer{};  ///< HTML
};

namespace detail {

/// Dark on light, system fonts. What is wider than a phone scrolls in a frame of its own; on paper nothing is cut.
inline constexpr std::string_view page_style = R"css(
:root{color-scheme:light}
*{box-sizing:border-box}
html{scroll-padding-top:1rem}
body{margin:0;background:#fff;color:#1f2937;
font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
header,main,footer,nav>ul{max-width:76rem;margin:0 auto;padding:0 1.25rem}
header{padding-top:1.5rem}
h1{font-size:1.7rem;line-height:1.2;margin:0 0 .25rem;overflow-wrap:anywhere}
h2{font-size:1.3rem;margin:2.5rem 0 .5rem;padding-top:.75rem;border-top:2px solid #d1d5db}
h3{font-size:1.02rem;margin:1.25rem 0 .35rem}
p{margin:.4rem 0 .8rem;max-width:52rem}
a{color:#1d4ed8}
.skip{position:absolute;left:-999rem;background:#fff;padding:.5rem 1rem;z-index:1}
.skip:focus{left:.5rem;top:.5rem}
a:focus-visible,summary:focus-visible,.scroll:focus-visible{outline:3px solid #1d4ed8;outline-offset:2px;
border-radius:2px}
nav{background:#f3f4f6;border-block:1px solid #d1d5db;margin:1rem 0 0}
nav>ul{list-style:none;display:flex;flex-wrap:wrap;gap:.1rem 1.25rem;padding-block:.5rem}
nav a{display:inline-block;padding:.15rem 0}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(11rem,1fr));gap:.75rem;margin:1rem 0;padding:0}
.tiles>div{border:1px solid #d1d5db;border-radius:.4rem;padding:.6rem .8rem}
.tiles dt{font-size:.88rem;color:#4b5563}
.tiles dd{margin:0;font-size:1.45rem;font-weight:600;line-height:1.3}
.tiles dd small{display:block;font-size:.84rem;font-weight:400;color:#4b5563}
.charts{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,27rem),1fr));gap:1rem 1.75rem;
align-items:start}
small{color:#4b5563}
.small{grid-template-columns:repeat(auto-fill,minmax(min(100%,21.5rem),1fr))}
figure{margin:0;min-width:0}
figcaption{font-size:.92rem;color:#374151;margin-bottom:.25rem}
figcaption b{color:#1f2937}
svg{display:block;width:100%;height:auto;font:13px system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif;
fill:#374151}
img{max-width:100%;height:auto;display:block}
table{border-collapse:collapse;font-size:.9rem;margin:.4rem 0}
caption{text-align:left;font-size:.92rem;color:#374151;padding-bottom:.25rem}
th,td{padding:.25rem .42rem;border-bottom:1px solid #e5e7eb;text-align:right;font-variant-numeric:tabular-nums;
white-space:nowrap}
th{font-weight:600}
thead th{border-bottom:2px solid #9ca3af;vertical-align:bottom;white-space:normal}
th:first-child{text-align:left}
.words td{text-align:left;white-space:normal;overflow-wrap:anywhere}
.words th{vertical-align:top}
.scroll{overflow-x:auto}
details{margin:.5rem 0}
summary{cursor:pointer;color:#1d4ed8;width:fit-content}
.notice{border-left:4px solid #b45309;background:#fffbeb;padding:.5rem .8rem;overflow-wrap:anywhere}
.missing{color:#4b5563;font-style:italic}
.gallery{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,21.5rem),1fr));gap:1.25rem}
.gallery figure{border:1px solid #d1d5db;border-radius:.4rem;padding:.6rem}
.gallery img{width:100%;margin-top:4px}
.gallery figcaption{overflow-wrap:anywhere}
.steps{table-layout:fixed;width:100%;font-size:.84rem}
.steps th,.steps td{text-align:center;padding:.15rem;white-space:normal}
.steps tbody th{text-align:center;font-weight:400}
.verdict{display:inline-block;padding:0 .45rem;border-radius:.3rem;font-weight:600}
.right{background:#dbeafe;color:#1e3a8a}
.wrong{background:#ffedd5;color:#7c2d12;border:1px solid #7c2d12}
.maps th,.maps td{text-align:center;padding:.3rem .4rem;border:0}
.maps tbody th{text-align:left;white-space:normal;min-width:7.5rem;font-weight:400}
.maps img{image-rendering:pixelated;border:1px solid #9ca3af;margin:auto}
.classes,.confusion{margin:.8rem 0;min-width:0}
.confusion table{border-collapse:separate;border-spacing:2px}
.confusion th,.confusion td{border:0;padding:.3rem .5rem}
.confusion thead th{vertical-align:bottom;text-align:center;max-width:7rem;overflow-wrap:break-word}
.confusion thead tr:first-child th{border-bottom:2px solid #9ca3af;font-weight:400;color:#4b5563}
.confusion th:first-child{text-align:left}
.confusion tbody td{min-width:4.4rem;text-align:center;line-height:1.25}
.confusion small{color:inherit}
.classes tbody tr:last-child>*{border-top:2px solid #9ca3af;border-bottom:0}
footer{margin-top:3rem;padding-block:1rem;border-top:1px solid #d1d5db;font-size:.88rem;color:#4b5563}
@media print{
body{font-size:10.5pt}
nav,.skip,details:not([open]){display:none}
h2{break-after:avoid;margin-top:1.25rem}
h3,figcaption{break-after:avoid}
figure,tr,.tiles{break-inside:avoid}
.scroll{overflow:visible}
.charts{grid-template-columns:1fr 1fr}
.tiles,.gallery{grid-template-columns:1fr 1fr 1fr;gap:.6rem}
.gallery figure{font-size:8pt;padding:.3rem}
.gallery figcaption,.steps{font-size:7.5pt}
*{print-color-adjust:exact;-webkit-print-color-adjust:exact}
}
)css";

}  // namespace detail

/// The whole file. A content security policy forbids it to fetch or run anything, whatever text a run may bring in.
[[nodiscard]] inline std::string to_html(const Page& page) {
  std::string text =
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; style-src "
      "'unsafe-inline'\">\n<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n"
      "<link rel=\"icon\" href=\"data:,\">\n<title>" +
      escape_html(page.title) + "</title>\n<style>" + std::string(detail::page_style) +
      "</style>\n</head>\n<body>\n<a class=\"skip\" href=\"#content\">Skip to the content</a>\n<header>\n<h1>" +
      escape_html(page.title) + "</h1>\n" + page.summary + "</header>\n<nav aria-label=\"Contents\"><ul>\n";
  for (const PageSection& section : page.sections)
    text += "<li><a href=\"#" + section.id + "\">" + escape_html(section.heading) + "</a></li>\n";
  text += "</ul></nav>\n<main id=\"content\" tabindex=\"-1\">\n";
  for (const PageSection& section : page.sections) {
    text += "<section aria-labelledby=\"" + section.id + "\">\n<h2 id=\"" + section.id + "\">" +
            escape_html(section.heading) + "</h2>\n" + section.content + "</section>\n";
  }
  return text + "</main>\n<footer>" + page.footer + "</footer>\n</body>\n</html>\n";
}

}  // namespace saccade::report
