#include <saccade/training/safetensors.hpp>

#include "support/catch.hpp"

#include <array>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <limits>
#include <string>

namespace {

using namespace saccade;

template <class T>
NamedArray array_of(std::string name, std::vector<std::int64_t> shape, std::vector<T> values) {
  return NamedArray(std::move(name), std::move(shape), std::span<const T>(values));
}

SafetensorsFile small_file() {
  return {{{"preset", "large"}, {"note", "\"quoted\" and \xC3\xA9"}},
          {array_of<float>("stem/weight", {2, 1}, {1.5f, -0.0f}), array_of<std::uint8_t>("flags", {3}, {0, 7, 255}),
           array_of<double>("empty", {0, 4}, {}), array_of<std::int64_t>("step", {}, {-5}),
           array_of<double>("rates", {1, 1, 2}, {0.25, std::numeric_limits<double>::infinity()})}};
}

/// A file with this header and so many bytes of data, built without the writer.
std::vector<std::byte> with_header(const std::string& header, std::size_t data_bytes) {
  std::vector<std::byte> bytes(8 + header.size() + data_bytes, std::byte{0});
  const std::uint64_t size = header.size();
  std::memcpy(bytes.data(), &size, 8);
  std::memcpy(bytes.data() + 8, header.data(), header.size());
  return bytes;
}

std::string sentence_of(const std::vector<std::byte>& bytes, Checksum checksum = Checksum::if_present) {
  try {
    (void)parse_safetensors(bytes, "run/checkpoint.safetensors", checksum);
  } catch (const FileError& error) {
    return error.what();
  }
  return "accepted";
}

}  // namespace

TEST_CASE("safetensors survive a round trip bit by bit", "[safetensors]") {
  const SafetensorsFile file = small_file();
  const std::vector<std::byte> bytes = serialize_safetensors(file);
  const SafetensorsFile copy = parse_safetensors(bytes, "memory", Checksum::required);
  CHECK(copy.metadata == file.metadata);
  REQUIRE(copy.tensors.size() == file.tensors.size());
  for (const NamedArray& tensor : file.tensors) CHECK(copy.at(tensor.name) == tensor);
  CHECK(std::signbit(copy.at("stem/weight").values<float>()[1]));
  CHECK(copy.at("step").values<std::int64_t>() == std::vector<std::int64_t>{-5});
  CHECK(serialize_safetensors(copy).size() == bytes.size());

  SECTION("and through a file") {
    const auto path = std::filesystem::temp_directory_path() / "saccade_safetensors_test.safetensors";
    write_safetensors(file, path);
    CHECK(read_safetensors(path, Checksum::required).metadata == file.metadata);
    std::filesystem::remove(path);
    CHECK_THROWS_WITH(read_safetensors(path), contains(path.string()));
  }
}

TEST_CASE("the writer's bytes are those of the format", "[safetensors]") {
  const SafetensorsFile file{{}, {array_of<std::uint8_t>("a", {2}, {1, 2})}};
  const std::vector<std::byte> bytes = serialize_safetensors(file);
  std::uint64_t size = 0;
  std::memcpy(&size, bytes.data(), 8);
  CHECK(size % 8 == 0);
  REQUIRE(bytes.size() == 8 + size + 2);
  const std::string header(reinterpret_cast<const char*>(bytes.data()) + 8, size);
  CHECK(header.starts_with("{\"__metadata__\":{\"saccade.checksum\":\""));
  CHECK(header.find("\"a\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2]}}") != std::string::npos);
  CHECK(bytes[8 + size] == std::byte{1});
  CHECK(serialize_safetensors(file) == bytes);
}

TEST_CASE("every truncation and every flipped bit of a small checkpoint is refused", "[safetensors]") {
  // All of what a checkpoint is made of: metadata with JSON in it, tensors of each type, a checksum.
  SafetensorsFile file = small_file();
  file.metadata = {{"saccade.checkpoint", "1"},
                   {"saccade.run", "{\"state\":{\"epochs\":3,\"sums\":[0.5]}}"},
                   {"saccade.steps", "12"}};
  const std::vector<std::byte> sound = serialize_safetensors(file);
  REQUIRE(sentence_of(sound, Checksum::required) == "accepted");
  for (std::size_t length = 0; length < sound.size(); ++length) {
    INFO("cut after " << length << " bytes");
    CHECK(sentence_of({sound.begin(), sound.begin() + static_cast<std::ptrdiff_t>(length)}, Checksum::required) !=
          "accepted");
  }
  for (std::size_t bit = 0; bit < 8 * sound.size(); ++bit) {
    std::vector<std::byte> damaged = sound;
    damaged[bit / 8] ^= std::byte{1} << bit % 8;
    INFO("bit " << bit);
    CHECK(sentence_of(damaged, Checksum::required) != "accepted");
  }
}

TEST_CASE("the writer refuses what no file can hold", "[safetensors]") {
  const NamedArray a = array_of<float>("a", {1}, {1.0f});
  CHECK_THROWS_WITH(serialize_safetensors({{}, {a, a}}), "safetensors: two tensors are named \"a\"");
  CHECK_THROWS_AS(serialize_safetensors({{}, {array_of<float>("__metadata__", {1}, {1.0f})}}), ConfigError);
  CHECK_THROWS_WITH(serialize_safetensors({{}, {array_of<float>("a", {2}, {1.0f})}}),
                    "safetensors: tensor \"a\" has 4 bytes, which do not fit its shape");
  CHECK_THROWS_AS(serialize_safetensors({{}, {array_of<float>("a", {-1}, {})}}), ShapeError);
  CHECK_THROWS_AS(serialize_safetensors({{{"key", "\xFF"}}, {}}), ConfigError);
}

TEST_CASE("typed access names what is missing or of another type", "[safetensors]") {
  const SafetensorsFile file = small_file();
  CHECK(file.find("nothing") == nullptr);
  CHECK_THROWS_WITH(file.at("nothing"), "there is no tensor named nothing");
  CHECK_THROWS_WITH(file.at("flags").values<float>(), "tensor flags must be F32, but is U8");
}

TEST_CASE("every departure from the format has its sentence", "[safetensors]") {
  const std::string prefix = "\"run/checkpoint.safetensors\": not a valid safetensors file: ";
  const auto entry = [](const std::string& name, const std::string& shape, const std::string& range) {
    return "\"" + name + "\":{\"dtype\":\"F32\",\"shape\":[" + shape + "],\"data_offsets\":[" + range + "]}";
  };
  const std::string a = entry("a", "2", "0,8");
  REQUIRE(sentence_of(with_header("{" + a + "}", 8)) == "accepted");
  REQUIRE(sentence_of(with_header("{" + a + "}   ", 8)) == "accepted");
  REQUIRE(sentence_of(with_header("{}", 0)) == "accepted");
  // The order of the header is free; only the ranges count. An empty tensor may stand between two others.
  REQUIRE(sentence_of(with_header("{" + entry("b", "1", "8,12") + "," + entry("e", "0", "8,8") + "," + a + "}", 12)) ==
          "accepted");

  struct Case {
    std::string header;
    std::size_t data;
    std::string reason;
  };
  const std::array cases{
      Case{"", 0, "its header must start with '{'"},
      Case{" {}", 0, "its header must start with '{'"},
      Case{"[]", 0, "its header must start with '{'"},
      Case{"{}\n", 0, "its header must end with '}' and padding by spaces"},
      Case{std::string("{}\0", 3), 0, "its header must end with '}' and padding by spaces"},
      Case{"{\"a\"}", 0, "its header is no JSON from byte 5 on"},
      Case{"{\"\xFF\":{}}", 0, "its header is no JSON from byte 3 on"},
      Case{"{} {}", 0, "its header is no JSON from byte 4 on"},
      Case{"{" + entry("a", "1e999", "0,8") + "}", 8, "its header holds a number that is too large"},
      Case{"{\"a\":1}", 0, "\"a\" must be an object"},
      Case{"{\"a\":[]}", 0, "\"a\" must be an object"},
      Case{"{\"__metadata__\":null}", 0, "\"__metadata__\" must be an object"},
      Case{"{\"__metadata__\":{\"k\":1}}", 0, "metadata \"k\" must be a string"},
      Case{"{\"__metadata__\":{\"k\":{}}}", 0, "metadata \"k\" must be a string"},
      Case{"{\"__metadata__\":{\"k\":\"1\",\"k\":\"1\"}}", 0, "the metadata have two keys \"k\""},
      Case{"{\"__metadata__\":{},\"__metadata__\":{}}", 0, "two tensors are named \"__metadata__\""},
      Case{"{" + a + "," + a + "}", 8, "two tensors are named \"a\""},
      Case{"{\"a\":{\"dtype\":\"F32\",\"shape\":[2]}}", 8, "tensor \"a\" lacks the field \"data_offsets\""},
      Case{"{\"a\":{\"dtype\":\"F32\",\"dtype\":\"F32\"}}", 8, "tensor \"a\" has two fields \"dtype\""},
      Case{"{\"a\":{\"type\":\"F32\"}}", 8, "tensor \"a\" has the unknown field \"type\""},
      Case{"{\"a\":{\"dtype\":\"I8\"}}", 8,
           "tensor \"a\" has the dtype \"I8\"; F32, F64, F16, BF16, I64 and U8 are supported"},
      Case{"{\"a\":{\"dtype\":[]}}", 8, "tensor \"a\": \"dtype\" must be a string"},
      Case{"{\"a\":{\"dtype\":4}}", 8, "tensor \"a\": \"dtype\" must be a string"},
      Case{"{" + entry("a", "-2", "0,8") + "}", 8,
           "tensor \"a\": \"shape\" must be a list of whole numbers from 0 to 2^63 - 1"},
      Case{"{" + entry("a", "2.0", "0,8") + "}", 8,
           "tensor \"a\": \"shape\" must be a list of whole numbers from 0 to 2^63 - 1"},
      Case{"{" + entry("a", "[2]", "0,8") + "}", 8,
           "tensor \"a\": \"shape\" must be a list of whole numbers from 0 to 2^63 - 1"},
      Case{"{" + entry("a", "18446744073709551616", "0,8") + "}", 8,
           "tensor \"a\": \"shape\" must be a list of whole numbers from 0 to 2^63 - 1"},
      Case{"{" + entry("a", "2", "0,\"8\"") + "}", 8,
           "tensor \"a\": \"data_offsets\" must be a list of whole numbers from 0 to 2^63 - 1"},
      Case{"{" + entry("a", "2", "0,8,8") + "}", 8, "tensor \"a\": \"data_offsets\" must be two numbers"},
      Case{"{" + entry("a", "4294967296,4294967296", "0,0") + "}", 0,
           "tensor \"a\" has a shape of more than 2^64 bytes"},
      Case{"{" + entry("a", "2", "4,12") + "}", 12, "tensor \"a\" has the byte range [4, 12), but must begin at 0"},
      Case{"{" + a + "," + entry("b", "1", "4,8") + "}", 8,
           "tensor \"b\" has the byte range [4, 8), but must begin at 8"},
      Case{"{" + a + "," + entry("b", "1", "12,16") + "}", 16,
           "tensor \"b\" has the byte range [12, 16), but must begin at 8"},
      Case{"{" + entry("a", "2", "0,4") + "}", 4,
           "tensor \"a\" has the byte range [0, 4), but its shape needs 8 bytes"},
      Case{"{" + entry("a", "0", "8,0") + "}", 8, "tensor \"a\" has the byte range [8, 0), but must begin at 0"},
      Case{"{" + a + "}", 7, "tensor \"a\" has the byte range [0, 8), but the file ends after 7"},
      Case{"{" + a + "}", 9, "its tensors end after 8 bytes, but 9 follow the header"},
  };
  for (const Case& example : cases) {
    INFO(example.header);
    CHECK(sentence_of(with_header(example.header, example.data)) == prefix + example.reason);
  }

  SECTION("in the size of the header") {
    CHECK(sentence_of(std::vector<std::byte>(7)) == prefix + "it has 7 bytes, fewer than 8");
    CHECK(sentence_of(std::vector<std::byte>(8, std::byte{0xFF})) ==
          prefix + "its header claims 18446744073709551615 bytes, more than 100000000");
    std::vector<std::byte> bytes = with_header("{}", 0);
    bytes[0] = std::byte{3};
    CHECK(sentence_of(bytes) == prefix + "its header claims 3 bytes, but 2 are left");
  }
}

TEST_CASE("content that does not match its checksum is refused", "[safetensors]") {
  std::vector<std::byte> bytes = serialize_safetensors(small_file());
  bytes.back() ^= std::byte{1};
  CHECK(sentence_of(bytes) == "\"run/checkpoint.safetensors\": damaged: its content does not match its checksum");

  const std::vector<std::byte> foreign = with_header("{\"__metadata__\":{\"format\":\"pt\"}}", 0);
  CHECK(sentence_of(foreign) == "accepted");
  CHECK(sentence_of(foreign, Checksum::required) ==
        "\"run/checkpoint.safetensors\": not written by Saccade: it lacks the metadata \"saccade.checksum\"");
}

TEST_CASE("the checksum does not depend on the order of the tensors", "[safetensors]") {
  SafetensorsFile file = small_file();
  const std::string checksum = detail::content_checksum(file);
  std::swap(file.tensors.front(), file.tensors.back());
  CHECK(detail::content_checksum(file) == checksum);
  std::swap(file.tensors.front().name, file.tensors.back().name);
  CHECK(detail::content_checksum(file) != checksum);
}

TEST_CASE("a file cut short anywhere is refused", "[safetensors]") {
  const std::vector<std::byte> bytes = serialize_safetensors(small_file());
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    INFO("cut after " << length << " of " << bytes.size() << " bytes");
    CHECK(sentence_of({bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(length)}) != "accepted");
  }
}
