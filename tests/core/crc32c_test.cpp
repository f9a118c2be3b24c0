#include <saccade/core/crc32c.hpp>

#include "support/catch.hpp"

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

using namespace saccade;

TEST_CASE("CRC-32C has the published check values", "[crc32c]") {
  // RFC 3720 (iSCSI), appendix B.4, and the usual nine digits.
  const auto checksum = [](std::string_view text) {
    Crc32c crc;
    crc.update(std::as_bytes(std::span(text.substr(0, text.size() / 2))));
    crc.update(std::as_bytes(std::span(text.substr(text.size() / 2))));
    return crc.value();
  };
  CHECK(checksum("123456789") == 0xE3069283u);
  CHECK(checksum(std::string(32, '\0')) == 0x8A9136AAu);
  CHECK(checksum(std::string(32, '\xFF')) == 0x62A8AB43u);
  CHECK(checksum("") == 0u);
  Crc32c digits;
  digits.update(std::as_bytes(std::span(std::string_view("123456789"))));
  CHECK(digits.text() == "e3069283");
}

TEST_CASE("CRC-32C does not depend on the pieces that the data come in", "[crc32c]") {
  std::vector<std::byte> data;
  for (int i = 0; i < 61; ++i) data.push_back(static_cast<std::byte>((i * 37 + 11) % 256));
  Crc32c single;
  for (const std::byte& byte : data) single.update(std::span(&byte, 1));
  for (std::size_t first = 0; first <= data.size(); ++first) {
    Crc32c crc;
    crc.update(std::span(data).first(first));
    crc.update(std::span(data).subspan(first));
    CHECK(crc.value() == single.value());
  }
}
