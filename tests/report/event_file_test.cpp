#include <saccade/report/event_file.hpp>

#include "support/catch.hpp"
#include "support/scratch_folder.hpp"

#include <cstdint>
#include <cstring>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

using namespace saccade;
using namespace saccade::report;

namespace {

/// CRC-32C bit by bit, from its polynomial alone.
std::uint32_t checksum(const std::string& bytes) {
  std::uint32_t state = 0xFFFFFFFFU;
  for (const char c : bytes) {
    state ^= static_cast<unsigned char>(c);
    for (int bit = 0; bit < 8; ++bit) state = (state & 1U) != 0 ? state >> 1 ^ 0x82F63B78U : state >> 1;
  }
  return ~state;
}

std::uint32_t masked(const std::string& bytes) {
  const std::uint32_t crc = checksum(bytes);
  return (crc >> 15 | crc << 17) + 0xa282ead8U;
}

template <class Number>
Number number(const std::string& bytes, std::size_t at) {
  Number value{};
  std::memcpy(&value, bytes.substr(at).data(), sizeof value);  // on machines with little-endian numbers, as ours
  return value;
}

/// The data of every record, checksums verified.
std::vector<std::string> records(const std::string& file) {
  std::vector<std::string> found;
  for (std::size_t at = 0; at < file.size();) {
    const auto length = static_cast<std::size_t>(number<std::uint64_t>(file, at));
    if (number<std::uint32_t>(file, at + 8) != masked(file.substr(at, 8))) throw std::runtime_error("length");
    found.push_back(file.substr(at + 12, length));
    if (number<std::uint32_t>(file, at + 12 + length) != masked(found.back())) throw std::runtime_error("data");
    at += 16 + length;
  }
  return found;
}

std::string text(const std::filesystem::path& path) {
  const std::vector<std::uint8_t> bytes = read_file(path);
  return {bytes.begin(), bytes.end()};
}

using namespace std::string_literals;

}  // namespace

TEST_CASE("a record is length, checksum, data, checksum", "[report][event_file]") {
  // CRC-32C of the nine digits is 0xE3069283; turned right by 15 bits and 0xA282EAD8 added it is 0xC78AB0E5.
  const std::string record = event_record("123456789");
  REQUIRE(record.size() == 8 + 4 + 9 + 4);
  CHECK(record.substr(0, 8) == "\x09\0\0\0\0\0\0\0"s);
  CHECK(record.substr(12, 9) == "123456789");
  CHECK(record.substr(21) == "\xE5\xB0\x8A\xC7"s);
  CHECK(records(record + event_record("")).size() == 2);
}

TEST_CASE("an event is a protocol buffer", "[report][event_file]") {
  const std::vector<EventScalar> scalars{{"a/b", 0.5}};
  // 1.5 is 0x3FF8000000000000, 0.5F is 0x3F000000; 300 is 0xAC 0x02 in sevens of bits.
  CHECK(scalar_event(1.5, 300, scalars) ==
        "\x09\0\0\0\0\0\0\xF8\x3F"s  // field 1, eight bytes: the wall time
        "\x10\xAC\x02"s              // field 2, a varint: the step
        "\x2A\x0C"s                  // field 5, twelve bytes: the summary
        "\x0A\x0A"s                  // its field 1, ten bytes: a value
        "\x0A\x03"s
        "a/b"s               // of which field 1 is the tag
        "\x15\0\0\0\x3F"s);  // and field 2, four bytes, the number
}

TEST_CASE("a writer's file begins with its version and goes on with events", "[report][event_file]") {
  const ScratchFolder folder;
  EventFileWriter writer(folder / "tensorboard", [] { return 1.5; });
  CHECK(writer.path().filename().string().starts_with("events.out.tfevents.1."));
  const std::vector<EventScalar> scalars{{"loss", 2}, {"reward", -1}};
  writer.add(7, scalars);
  const std::vector<std::string> found = records(text(writer.path()));
  REQUIRE(found.size() == 2);
  CHECK(found[0] == "\x09\0\0\0\0\0\0\xF8\x3F\x10\0\x1A\x0D"s + "brain.Event:2");
  CHECK(found[1] == scalar_event(1.5, 7, scalars));
  CHECK_THAT(found[1], contains("reward"));
}

TEST_CASE("an epoch's figures become tags", "[report][event_file]") {
  const nlohmann::ordered_json epoch{
      {"loss", 0.5}, {"policy", "learned"}, {"none", nullptr}, {"validation", {{"auc", 0.75}, {"images", 6}}}};
  const std::vector<EventScalar> scalars = event_scalars(epoch, "epoch");
  REQUIRE(scalars.size() == 3);
  CHECK(scalars[0].tag == "epoch/loss");
  CHECK(scalars[0].value == 0.5);
  CHECK(scalars[1].tag == "epoch/validation/auc");
  CHECK(scalars[2].value == 6);
}

TEST_CASE("event files that cannot be written are named", "[report][event_file]") {
  const ScratchFolder folder;
  write_file(folder / "file", std::string("x"));
  CHECK_THROWS_WITH(EventFileWriter(folder / "file"), contains("file\": the folder cannot be made"));
}
