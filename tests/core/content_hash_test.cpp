#include <saccade/core/content_hash.hpp>

#include "support/catch.hpp"

#include <cstdint>
#include <set>
#include <span>
#include <vector>

using namespace saccade;

namespace {
std::uint64_t hash_of(const std::vector<std::uint8_t>& bytes) {
  ContentHash hash;
  hash.add(std::span<const std::uint8_t>(bytes));
  return hash.value();
}
}  // namespace

TEST_CASE("a hash tells every flipped bit, every length and every order", "[core]") {
  std::set<std::uint64_t> seen;
  std::vector<std::uint8_t> bytes(37);
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::uint8_t>(i);
  seen.insert(hash_of(bytes));
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      std::vector<std::uint8_t> other = bytes;
      other[i] ^= static_cast<std::uint8_t>(1 << bit);
      seen.insert(hash_of(other));
    }
  }
  for (std::size_t length = 0; length < 20; ++length) seen.insert(hash_of(std::vector<std::uint8_t>(length)));
  std::swap(bytes[0], bytes[8]);
  seen.insert(hash_of(bytes));
  CHECK(seen.size() == 1 + 37 * 8 + 20 + 1);
  CHECK_FALSE(seen.contains(0));
  CHECK(hash_of({1, 2, 3}) == hash_of({1, 2, 3}));
}
