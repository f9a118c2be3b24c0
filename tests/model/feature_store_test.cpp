#include <saccade/model/feature_store.hpp>

#include "support/catch.hpp"

#include <atomic>
#include <cstdint>
#include <span>
#include <thread>
#include <vector>

using namespace saccade;

namespace {
FeatureKey key_of(std::uint64_t image, double x = 0) { return {.network = 1, .image = image, .x = x}; }

void write(FeatureStore<float>& store, const FeatureKey& k, const std::vector<float>& values) {
  store.write(k, std::span<const float>(values));
}
}  // namespace

TEST_CASE("a store gives back what was put under the same glimpse and network alone", "[features]") {
  FeatureStore<float> store(1 << 10);
  write(store, key_of(7, 0.5), {1, 2, 3});
  std::vector<float> out{9, 9, 9};
  FeatureKey other = key_of(7, 0.5);
  SECTION("another image") { other.image = 8; }
  SECTION("another place") { other.y = 0.5; }
  SECTION("another symmetry") { other.symmetry = Symmetry::rotate_90; }
  SECTION("another network") { other.network = 2; }
  CHECK(store.read(key_of(7, 0.5), out));
  CHECK(out == std::vector<float>{1, 2, 3});
  if (other != key_of(7, 0.5)) CHECK_FALSE(store.read(other, out));
  std::vector<float> two{9, 9};
  CHECK_FALSE(store.read(key_of(7, 0.5), two));
  CHECK(two == std::vector<float>{9, 9});
  CHECK(store.reads() == 1);
  CHECK(store.misses() >= 1);
}

TEST_CASE("a store holds no more than it may, and forgets the oldest", "[features]") {
  FeatureStore<float> store(3 * 4 * sizeof(float));
  for (std::uint64_t i = 1; i <= 5; ++i) write(store, key_of(i), std::vector<float>(4, static_cast<float>(i)));
  CHECK(store.bytes() == 3 * 4 * sizeof(float));
  std::vector<float> out(4);
  for (std::uint64_t i = 1; i <= 5; ++i) CHECK(store.read(key_of(i), out) == (i >= 3));
  CHECK(out == std::vector<float>(4, 5.0f));
  write(store, key_of(5), std::vector<float>(4, 0.0f));  // known already: nothing moves
  CHECK(store.read(key_of(3), out));
  write(store, key_of(9), std::vector<float>(13, 9.0f));  // has no room even alone
  CHECK(store.read(key_of(4), out));
  CHECK(store.bytes() == 3 * 4 * sizeof(float));
}

TEST_CASE("several threads use one store", "[features]") {
  FeatureStore<float> store(1 << 12);
  std::atomic<int> wrong = 0;  // Catch2's checks belong to one thread
  const auto work = [&](float value) {
    std::vector<float> out(4);
    for (std::uint64_t i = 1; i <= 2000; ++i) {
      const auto k = key_of(i % 97 + 1, value);
      if (store.read(k, out) && out != std::vector<float>(4, value)) ++wrong;
      write(store, k, std::vector<float>(4, value));
    }
  };
  std::thread other(work, 1.0f);
  work(2.0f);
  other.join();
  CHECK(wrong == 0);
  CHECK(store.bytes() <= 1 << 12);
  CHECK(store.reads() + store.misses() == 4000);
}
