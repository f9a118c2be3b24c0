#include <saccade/backends/eigen/precision.hpp>
#include <saccade/data/csv.hpp>
#include <saccade/data/image_decode.hpp>
#include <saccade/training/checkpoint_label.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <sstream>
#include <string>

#include "../data/encoded_images.hpp"
#include "support/catch.hpp"
#include "tiny_run.hpp"

using namespace programs;

TEST_CASE("saccade classify says the class, its probability and where it looked", "[programs]") {
  const auto images = images_below(tiny_data());
  const Arguments arguments{"--checkpoint", tiny_checkpoint(), "--threads", "1", images[0], images[1]};
  const Ending lines = run("saccade classify", arguments);
  INFO(lines.err);
  REQUIRE(lines.code == 0);
  std::istringstream out(lines.out);
  std::string first;
  std::getline(out, first);
  CHECK_THAT(first, contains(images[0].string()));
  // Without one the first place of a deterministic rollout is the centre: (96 - 16) / 2, (80 - 16) / 2.
  CHECK_THAT(first, contains(", 16 x 16 pixels each"));

  const Ending objects = run("saccade classify", Arguments{"--json"} + arguments);
  REQUIRE(objects.code == 0);
  std::istringstream json_lines(objects.out);
  std::size_t count = 0;
  for (std::string line; std::getline(json_lines, line); ++count) {
    const auto json = nlohmann::json::parse(line);
    CHECK(json.at("image") == images[count].string());
    const double benign = json.at("probabilities").at("benign").get<double>();
    const double malignant = json.at("probabilities").at("malignant").get<double>();
    CHECK(benign + malignant == Approx(1));
    CHECK(json.at("class") == (malignant > benign ? "malignant" : "benign"));
    CHECK(json.at("probability").get<double>() == std::max(benign, malignant));
    REQUIRE(json.at("glimpses").size() == 2);
    CHECK(json.at("glimpses")[0].at("x") == 40);
    CHECK(json.at("glimpses")[0].at("y") == 32);
    CHECK(json.at("provenance").at("weights") == saccade::read_checkpoint_label(tiny_checkpoint()).checksum);
    CHECK(json.at("provenance").at("epoch") == 2);
  }
  CHECK(count == 2);
}

TEST_CASE("saccade classify answers in bf16 where the processor has it, and says so where not", "[programs]") {
  const auto image = images_below(tiny_data())[0];
  const auto classify = [&](const char* precision) {
    return run("saccade classify", {"--checkpoint", tiny_checkpoint(), "--json", "--precision", precision, image});
  };
  const Ending bf16 = classify("bf16");
  INFO(bf16.err);
  if (!saccade::best_bf16_unit()) {
    CHECK(bf16.code == 2);
    CHECK_THAT(bf16.err, contains("bf16 needs a processor with AMX or AVX512_BF16"));
    return;
  }
  REQUIRE(bf16.code == 0);
  const Ending single = classify("fp32");
  REQUIRE(single.code == 0);
  const auto probability = [](const Ending& ending) {
    return nlohmann::json::parse(ending.out).at("probabilities").at("benign").get<double>();
  };
  CHECK(probability(bf16) != probability(single));
  CHECK(std::abs(probability(bf16) - probability(single)) < 0.1);
}

TEST_CASE("saccade classify names an image that it cannot use, answers for the others, and ends with 1", "[programs]") {
  const ScratchFolder scratch;
  const auto images = images_below(tiny_data());
  saccade::write_file(scratch / "text.png", "no image");
  const Ending ending = run("saccade classify", {"--checkpoint", tiny_checkpoint(), "--threads", "1", images[0],
                                                 scratch / "text.png", scratch / "nowhere.png", images[1]});
  CHECK(ending.code == 1);
  const Ending alone =
      run("saccade classify", {"--checkpoint", tiny_checkpoint(), "--threads", "1", images[0], images[1]});
  REQUIRE(alone.code == 0);
  CHECK(ending.out == alone.out);
  CHECK_THAT(ending.err,
             contains("saccade classify: \"" + (scratch / "text.png").string() + "\": not a PNG or JPEG image"));
  CHECK_THAT(ending.err, contains("saccade classify: \"" + (scratch / "nowhere.png").string() + "\": "));
}

TEST_CASE("saccade classify takes folders, lists and standard input, and JPEG files in capitals", "[programs]") {
  const ScratchFolder scratch;
  const auto images = images_below(tiny_data());
  std::filesystem::create_directories(scratch / "folder/below");
  std::filesystem::copy_file(images[0], scratch / "folder/b.png");
  const saccade::RgbImage pixels = saccade::data::load_image(images[1]);
  saccade::write_file(scratch / "folder/below/a.JPG",
                      encoded::jpeg(static_cast<std::uint32_t>(pixels.width), static_cast<std::uint32_t>(pixels.height),
                                    3, pixels.pixels));
  saccade::write_file(scratch / "folder/notes.txt", "notes");
  saccade::write_file(scratch / "list", images[2].string() + "\r\n\n" + images[3].string());
  const Ending ending =
      run("saccade classify",
          {"--checkpoint", tiny_checkpoint(), "--threads", "1", "--list", scratch / "list", scratch / "folder", "-"},
          {.input = images[4].string() + "\n" + (scratch / "folder/below").string() + "\n"});
  INFO(ending.err);
  CHECK(ending.code == 0);
  const std::vector<std::filesystem::path> expected{images[2],
                                                    images[3],
                                                    scratch / "folder/b.png",
                                                    scratch / "folder/below/a.JPG",
                                                    images[4],
                                                    scratch / "folder/below/a.JPG"};
  std::istringstream lines(ending.out);
  std::string line;
  for (const auto& path : expected) {
    REQUIRE(std::getline(lines, line));
    CHECK(line.starts_with(path.string() + "  "));
  }
  CHECK_FALSE(std::getline(lines, line));
  CHECK_THAT(ending.err, contains("passed over: 1 files that are not .png, .jpg or .jpeg (notes.txt)"));

  std::filesystem::create_directories(scratch / "empty");
  const Ending empty = run("saccade classify", {"--checkpoint", tiny_checkpoint(), scratch / "empty"});
  CHECK(empty.code == 1);
  CHECK_THAT(last_line(empty.err), contains("empty\": no PNG, JPEG or IDX file in it"));
  const Ending nothing = run("saccade classify", {"--checkpoint", tiny_checkpoint(), "-"});
  CHECK(nothing.code == 1);
  CHECK(last_line(nothing.err) == "saccade classify: no image is named");
}

TEST_CASE("saccade classify writes comma-separated values that say what JSON says", "[programs]") {
  const ScratchFolder scratch;
  const auto images = images_below(tiny_data());
  const auto odd = scratch / "a, \"b\".png";
  std::filesystem::copy_file(images[0], odd);
  const Arguments arguments{"--checkpoint", tiny_checkpoint(), "--threads", "1", odd, images[1]};
  const Ending csv = run("saccade classify", Arguments{"--csv"} + arguments);
  INFO(csv.err);
  REQUIRE(csv.code == 0);
  const auto rows = saccade::data::parse_csv(csv.out, "stdout");
  REQUIRE(rows.size() == 3);
  CHECK(rows[0].fields == std::vector<std::string>{"image", "class", "probability", "probability_benign",
                                                   "probability_malignant", "x_1", "y_1", "width_1", "height_1", "x_2",
                                                   "y_2", "width_2", "height_2", "weights", "epoch"});
  const Ending json = run("saccade classify", Arguments{"--json"} + arguments);
  std::istringstream lines(json.out);
  for (std::size_t i = 1; i < rows.size(); ++i) {
    std::string line;
    REQUIRE(std::getline(lines, line));
    const auto object = nlohmann::json::parse(line);
    const std::vector<std::string>& fields = rows[i].fields;
    REQUIRE(fields.size() == 15);
    CHECK(fields[0] == object.at("image"));
    CHECK(fields[1] == object.at("class"));
    CHECK(std::stod(fields[2]) == Approx(object.at("probability").get<double>()).margin(1e-6));
    CHECK(std::stod(fields[4]) == Approx(object.at("probabilities").at("malignant").get<double>()).margin(1e-6));
    CHECK(std::stoi(fields[9]) == object.at("glimpses")[1].at("x"));
    CHECK(fields[11] == "16");
    CHECK(fields[13] == object.at("provenance").at("weights"));
    CHECK(fields[14] == "2");
  }
  CHECK(run("saccade classify", Arguments{"--json", "--csv"} + arguments).code == 2);
}
