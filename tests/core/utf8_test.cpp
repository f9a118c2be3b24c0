#include <saccade/core/utf8.hpp>

#include "support/catch.hpp"

#include <string>

using namespace saccade;

TEST_CASE("UTF-8 is told from other bytes", "[utf8]") {
  for (const std::string text :
       {"", "slide 1", "Gew\xC3\xA4\x68r", "\xE2\x82\xAC", "\xF0\x9F\x94\xAC", "\xF4\x8F\xBF\xBF"}) {
    INFO(text);
    CHECK(is_utf8(text));
    CHECK(to_utf8(text) == text);
  }
  // Latin-1, a cut character, a longer form of "/", a surrogate, above U+10FFFF, a stray byte.
  for (const std::string text :
       {"dir\xE9", "\xE2\x82", "\xC0\xAF", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "a\x80"}) {
    INFO(text);
    CHECK_FALSE(is_utf8(text));
    CHECK(is_utf8(to_utf8(text)));
  }
  CHECK(to_utf8("dir\xE9/a") == "dir\xEF\xBF\xBD/a");
  CHECK(to_utf8("\xE0\x9F\xBF") == "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");
}

TEST_CASE("a byte that is not UTF-8 is found wherever it stands", "[utf8]") {
  for (std::size_t size = 1; size < 25; ++size) {
    for (std::size_t at = 0; at < size; ++at) {
      INFO(size << " bytes, the bad one at " << at);
      std::string text(size, 'a');
      CHECK(is_utf8(text));
      text[at] = '\xFF';
      CHECK_FALSE(is_utf8(text));
      CHECK(to_utf8(text) == std::string(at, 'a') + "\xEF\xBF\xBD" + std::string(size - at - 1, 'a'));
      text.replace(at, 1, "\xE2\x82\xAC");
      CHECK(is_utf8(text));
      CHECK(to_utf8(text) == text);
    }
  }
}
