#include <saccade/data/idx.hpp>

#include "support/catch.hpp"
#include "support/scratch_folder.hpp"

#include <cstdint>
#include <string>
#include <vector>

#include <zlib.h>

using namespace saccade;
using namespace saccade::data;
using Bytes = std::vector<std::uint8_t>;

namespace {

/// Two pictures, 3 wide and 2 high, and their labels.
const Bytes two_pictures{0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
const Bytes two_labels{0, 0, 8, 1, 0, 0, 0, 2, 7, 9};

Bytes packed(const Bytes& bytes) {
  Bytes result(bytes.size() + 64);
  z_stream z{};
  REQUIRE(deflateInit2(&z, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  Bytes input = bytes;
  z.next_in = input.data();
  z.avail_in = static_cast<uInt>(input.size());
  z.next_out = result.data();
  z.avail_out = static_cast<uInt>(result.size());
  REQUIRE(deflate(&z, Z_FINISH) == Z_STREAM_END);
  result.resize(z.total_out);
  deflateEnd(&z);
  return result;
}

Bytes with(Bytes bytes, std::size_t at, std::uint8_t value) {
  bytes.at(at) = value;
  return bytes;
}

Bytes longer(Bytes bytes, int by) {
  bytes.resize(static_cast<std::size_t>(static_cast<int>(bytes.size()) + by));
  return bytes;
}

void check_bytes_refused(const Bytes& bytes, const std::string& sentence) {
  CHECK_THROWS_WITH(decode_idx(bytes, "x.gz"), "\"x.gz\": " + sentence);
}

}  // namespace

TEST_CASE("an IDX array is its extents and its bytes, packed by gzip or not", "[idx]") {
  for (const Bytes& bytes : {two_pictures, packed(two_pictures)}) {
    const IdxArray array = decode_idx(bytes, "x");
    CHECK(array.shape == Shape{2, 2, 3});
    CHECK(array.values == Bytes{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12});
  }
  CHECK(decode_idx(two_labels, "x").shape == Shape{2});
}

TEST_CASE("what is no IDX array of bytes is refused with a sentence", "[idx]") {
  check_bytes_refused({}, "not an IDX file; expected it to begin with two zero bytes");
  check_bytes_refused({'P', 'K', 8, 1}, "not an IDX file; expected it to begin with two zero bytes");
  check_bytes_refused(with(two_pictures, 2, 13), "its elements are of type 13; expected bytes, type 8");
  check_bytes_refused(with(two_pictures, 3, 0), "it has 0 axes; expected 1 to 4");
  check_bytes_refused(with(two_pictures, 3, 5), "it has 5 axes; expected 1 to 4");
  check_bytes_refused(longer(two_labels, -4), "the file ends within its extents");
  check_bytes_refused(longer(two_pictures, -1), "an array of (2, 2, 3) has 12 elements, but the file holds 11");
  check_bytes_refused(longer(two_pictures, 1), "an array of (2, 2, 3) has 12 elements, but the file holds 13");
  check_bytes_refused(with(two_pictures, 4, 255), "an array of more than 268435456 elements");
}

TEST_CASE("a damaged gzip file is refused with a sentence", "[idx]") {
  const Bytes good = packed(two_pictures);
  const std::string damaged = "a damaged gzip file: its data end too early or cannot be decompressed";
  check_bytes_refused(longer(good, -1), damaged);
  check_bytes_refused({0x1f, 0x8b}, damaged);
  check_bytes_refused(with(good, good.size() - 5, static_cast<std::uint8_t>(good[good.size() - 5] ^ 1)), damaged);
  check_bytes_refused(longer(good, 3), "a damaged gzip file: something follows its data");
}

TEST_CASE("pictures and labels make a set of objects", "[idx]") {
  const ScratchFolder folder;
  write_file(folder / "train-images-idx3-ubyte.gz", packed(two_pictures));
  write_file(folder / "train-labels-idx1-ubyte", two_labels);
  const ObjectSet set = load_objects(folder.path(), Part::train);
  CHECK(set.width == 3);
  CHECK(set.height == 2);
  CHECK(set.count() == 2);
  CHECK(set.labels == std::vector<Index>{7, 9});
  CHECK(Bytes(set.object(1).begin(), set.object(1).end()) == Bytes{7, 8, 9, 10, 11, 12});
  CHECK_THROWS_WITH(load_objects(folder.path(), Part::test),
                    contains("has no t10k-images-idx3-ubyte.gz; expected the four files of Fashion-MNIST"));
}

TEST_CASE("labels that do not belong to the pictures are refused", "[idx]") {
  const ScratchFolder folder;
  write_file(folder / "images", two_pictures);
  write_file(folder / "labels", Bytes{0, 0, 8, 1, 0, 0, 0, 1, 7});
  CHECK_THROWS_WITH(load_objects(folder / "images", folder / "labels"),
                    contains("labels must be (count) = (2), but are (1)"));
  CHECK_THROWS_WITH(load_objects(folder / "labels", folder / "labels"),
                    contains("pictures must be (count, height, width), but are (1)"));
  CHECK_THROWS_WITH(load_objects(folder / "nothing", folder / "labels"), contains("cannot be read"));
}
