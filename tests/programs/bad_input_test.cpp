#include <saccade/data/image_decode.hpp>
#include <saccade/data/image_encode.hpp>
#include <saccade/report/json_lines.hpp>

#include <string>

#include "../data/encoded_images.hpp"
#include "support/catch.hpp"
#include "tiny_run.hpp"

using namespace programs;

namespace {

struct BadCommand {
  std::string program;
  Arguments arguments;
  int code = 1;
  std::string sentence;  ///< a part of the last line on stderr
};

void check(const BadCommand& command) {
  const Ending ending = run(command.program, command.arguments);
  INFO(command.program << ": " << ending.err);
  CHECK(ending.code == command.code);
  CHECK_THAT(last_line(ending.err), contains(command.program + ": "));
  CHECK_THAT(last_line(ending.err), contains(command.sentence));
}

/// An image of a data set that the split random:1 trains with.
std::filesystem::path training_image(const std::filesystem::path& data) {
  for (const auto& image : images_below(data))
    if (image.filename().string().find("14-30000-100-002") != std::string::npos) return image;
  throw std::runtime_error("image 14-30000-100-002 is missing");
}

}  // namespace

TEST_CASE("Wrong options are named, with exit code 2", "[programs]") {
  const ScratchFolder scratch;
  const auto train = [&](const Arguments& more, const std::string& sentence) {
    check({"saccade train", training(scratch / "run", 1, more), 2, sentence});
  };
  train({"--epoch", "3"}, "--epoch");
  train({"--set", "encoder.widht=3"}, "has no field \"widht\"");
  train({"--set", "encoder.width=many"}, "model.encoder.width must be");
  train({"--set", "encoder.width"}, "an option must be set as name=value, but is \"encoder.width\"");
  check({"saccade train", training(scratch / "deep", 1, {"--set", "encoder.mask_depth=9"}), 2,
         "a map of 8 x 8 cannot be halved 9 times"});
  train({"--split", "random"}, "official:1 to official:5 or all, but is \"random\"");
  train({"--split", "official:6"}, "official:6");
  train({"--group", "hospital"}, "--group");
  train({"--magnification", "50"}, "--magnification");
  train({"--backend", "abacus"}, "--backend");
  train({"--precision", "single"}, "--precision: single not in {fp32,tf32,bf16}");
  train({"--precision", "tf32"}, "the backend eigen computes in fp32 or bf16");
  train({"--device", "-1"}, "--device");
  check({"saccade train",
         {"--data", "x", "--out", scratch / "run", "--preset", "tiny"},
         2,
         "--preset: tiny not in {paper,large,compact,pretrained}"});
  check({"saccade train", {"--data", "x"}, 2, "--out is required"});
  check({"saccade evaluate", {"--data", "x", "--checkpoint", "y", "--out", "z", "--policy", "clever"}, 2, "--policy"});
  check({"saccade classify", {"--checkpoint", "y"}, 2, "images is required"});
  check({"saccade tissue", {"--out", scratch / "t", "--width", "8"}, 2, "width and height must be 64 to 20000"});
  saccade::write_file(scratch / "bad.toml", "epoch = 3\n");
  train({"--config", scratch / "bad.toml"}, "--config: line 1: there is no option epoch");
  CHECK_FALSE(std::filesystem::exists(scratch / "run"));
}

TEST_CASE("The backend cuda says in one sentence what is missing, with exit code 1", "[programs]") {
  const ScratchFolder scratch;
  const auto image = images_below(tiny_data())[0];
#if defined(SACCADE_PROGRAMS_HAVE_CUDA)
  const std::string sentence = "no CUDA device";
#else
  const std::string sentence = "this build has no CUDA backend";
#endif
  const Arguments cuda{"--backend", "cuda", "--device", "1023"};  // which no machine has
  for (const char* precision : {"fp32", "tf32", "bf16"}) {
    const Arguments options = cuda + Arguments{"--precision", precision};
    check({"saccade train", training(scratch / "run", 1, options), 1, sentence});
    check({"saccade classify", Arguments{"--checkpoint", tiny_checkpoint(), image} + options, 1, sentence});
  }
  check({"saccade evaluate",
         Arguments{"--checkpoint", tiny_checkpoint(), "--out", scratch / "e", "--data", tiny_data()} + cuda, 1,
         sentence});
  check({"saccade explain", Arguments{"--checkpoint", tiny_checkpoint(), "--out", scratch / "p", image} + cuda, 1,
         sentence});
  CHECK_FALSE(std::filesystem::exists(scratch / "run"));
}

TEST_CASE("Every subcommand has a help and an exit code of 0 for it", "[programs]") {
  for (const char* program : {"saccade train", "saccade evaluate", "saccade explain", "saccade classify",
                              "saccade report", "saccade tissue", "saccade data"}) {
    const Ending ending = run(program, {"--help"});
    CHECK(ending.code == 0);
    CHECK_THAT(ending.out, contains("Usage: " + std::string(program)));
    CHECK(ending.err.empty());
  }
}

TEST_CASE("A missing folder and a missing magnification are named", "[programs]") {
  const ScratchFolder scratch;
  const auto nowhere = scratch / "nowhere";
  check({"saccade train", training(scratch / "run", 1, {}, nowhere), 1,
         "data: no such folder: \"" + nowhere.string() + '"'});
  check({"saccade train", training(scratch / "run", 1, {"--magnification", "40"}), 1,
         "breakhis: no image at 40x under \"" + tiny_data().string() +
             "\"; expected .../SOB/<type>/<slide>/40X/*.png (found 100X)"});
  check({"saccade train", training(scratch / "run", 1, {"--split", "official:1"}), 1, "breakhis: no dsfold1.txt in"});
  check({"saccade evaluate",
         {"--data", nowhere, "--checkpoint", tiny_checkpoint(), "--out", scratch / "e"},
         1,
         "data: no such folder: \"" + nowhere.string() + '"'});
}

TEST_CASE("A bad image is named and ends the run, unless it is allowed", "[programs]") {
  const ScratchFolder scratch;
  copy_data(scratch / "data");
  const auto victim = training_image(scratch / "data");
  auto damaged = victim;
  std::vector<std::uint8_t> content = bytes(victim);
  std::string problem;
  SECTION("a truncated PNG") {
    content.resize(content.size() / 2);
    problem = "a damaged PNG image: the file ends too early";
  }
  SECTION("a JPEG cut short") {
    const saccade::RgbImage image = saccade::data::decode_image(content, "image");
    content = encoded::jpeg(static_cast<std::uint32_t>(image.width), static_cast<std::uint32_t>(image.height), 3,
                            image.pixels);
    content.resize(content.size() / 2);
    damaged.replace_extension(".jpg");
    problem = "a damaged JPEG image: Premature end of JPEG file";
  }
  SECTION("no image at all") {
    content = {'n', 'o', 'n', 'e'};
    problem = "not a PNG or JPEG image";
  }
  SECTION("an image smaller than the glimpse") {
    content = saccade::data::encode_png(saccade::RgbImage(40, 15).view());
    problem = "an image of 40 x 15 pixels; expected at least the glimpse's 16 x 16";
  }
  std::filesystem::remove(victim);
  saccade::write_file(damaged, content);

  check({"saccade train", training(scratch / "run", 2, {"--threads", "1"}, scratch / "data"), 1,
         '"' + damaged.string() + "\": " + problem});

  const Ending ending = run("saccade train", training(scratch / "tolerant", 2,
                                                      {"--threads", "1", "--max-bad-images", "1"}, scratch / "data"));
  INFO(ending.err);
  CHECK(ending.code == 0);
  CHECK_THAT(ending.err, contains("saccade train: warning: left out: \"" + damaged.string() + "\": " + problem));
  CHECK_THAT(ending.err, contains("(bad image number 1)"));
  CHECK_THAT(ending.out, contains("bad images:  1 left out"));
  CHECK(saccade::report::read_json_lines(scratch / "tolerant/metrics.jsonl").size() == 2);

  check({"saccade classify", {"--checkpoint", tiny_checkpoint(), damaged}, 1, damaged.string() + "\": " + problem});
  check({"saccade explain",
         {"--checkpoint", tiny_checkpoint(), "--out", scratch / "pictures", damaged},
         1,
         damaged.string() + "\": " + problem});
  check({"saccade evaluate",
         {"--data", scratch / "data", "--checkpoint", tiny_checkpoint(), "--split", "all", "--out", scratch / "e"},
         1,
         damaged.string() + "\": " + problem});
}

TEST_CASE("More bad images than allowed end the run", "[programs]") {
  const ScratchFolder scratch;
  copy_data(scratch / "data");
  for (const auto& image : images_below(scratch / "data")) saccade::write_file(image, "x");
  check({"saccade train", training(scratch / "run", 1, {"--max-bad-images", "2"}, scratch / "data"), 1,
         "not a PNG or JPEG image (bad image number 3; at most 2 are allowed)"});
  check({"saccade train", training(scratch / "other", 1, {"--max-bad-images", "100"}, scratch / "data"), 1,
         "none of the training images can be used"});
}

TEST_CASE("A checkpoint that is cut, damaged or of another model is refused", "[programs]") {
  const ScratchFolder scratch;
  const auto out = scratch / "run";
  REQUIRE(run("saccade train", training(out, 1, {"--threads", "1"})).code == 0);
  const auto image = images_below(tiny_data())[0];
  const auto path = out / "checkpoint.safetensors";
  std::vector<std::uint8_t> content = bytes(path);
  const Arguments resume = training(out, 2, {"--threads", "1", "--resume"});

  SECTION("truncated") {
    content.resize(content.size() - 100);
    saccade::write_file(path, content);
    check({"saccade train", resume, 1, '"' + path.string() + "\": not a valid safetensors file"});
    check({"saccade classify",
           {"--checkpoint", path, image},
           1,
           '"' + path.string() + "\": not a valid safetensors file"});
  }
  SECTION("a bit flipped") {
    content[content.size() - 5000] ^= 4;
    saccade::write_file(path, content);
    for (const auto& [program, arguments] : std::vector<std::pair<std::string, Arguments>>{
             {"saccade train", resume},
             {"saccade classify", {"--checkpoint", path, image}},
             {"saccade explain", {"--checkpoint", path, "--out", scratch / "e", image}},
             {"saccade evaluate", {"--checkpoint", path, "--out", scratch / "e", "--data", tiny_data()}}})
      check({program, arguments, 1, "checksum"});
  }
  SECTION("of another configuration") {
    const auto other = scratch / "other";
    REQUIRE(run("saccade train", training(other, 1, {"--threads", "1", "--set", "fusion_width=12"})).code == 0);
    std::filesystem::copy_file(other / "checkpoint.safetensors", path,
                               std::filesystem::copy_options::overwrite_existing);
    check({"saccade train", resume, 1,
           '"' + path.string() + "\": belongs to another configuration: model.fusion_width is 12, but now is 8"});
  }
  SECTION("no checkpoint at all") {
    check({"saccade classify", {"--checkpoint", image, image}, 1, "not a valid safetensors file"});
    check({"saccade classify", {"--checkpoint", scratch / "none", image}, 1, "cannot be read"});
  }
}

TEST_CASE("An output folder that cannot be written is named", "[programs]") {
  const ScratchFolder scratch;
  saccade::write_file(scratch / "file", "in the way");
  const auto blocked = scratch / "file/run";
  const std::string sentence = '"' + blocked.string() + "\": the folder cannot be made";
  const auto image = images_below(tiny_data())[0];
  check({"saccade train", training(blocked, 1), 1, sentence});
  check(
      {"saccade evaluate", {"--data", tiny_data(), "--checkpoint", tiny_checkpoint(), "--out", blocked}, 1, sentence});
  check({"saccade explain", {"--checkpoint", tiny_checkpoint(), "--out", blocked, image}, 1, sentence});
  check({"saccade tissue", {"--out", blocked, "--patients", "1", "--images", "1"}, 1, "the folder cannot be made"});
}

TEST_CASE("A disk that is full during a checkpoint leaves the old one", "[programs]") {
  const ScratchFolder scratch;
  const auto out = scratch / "run";
  REQUIRE(run("saccade train", training(out, 1, {"--threads", "1"})).code == 0);
  const auto before = bytes(out / "checkpoint.safetensors");
  REQUIRE(before.size() > 20000);

  const Ending ending = run("saccade train", training(out, 2, {"--threads", "1", "--resume"}), {.file_limit = 16384});
  INFO(ending.err);
  CHECK(ending.code == 1);
  CHECK_THAT(last_line(ending.err), contains("saccade train: \"" + out.string()));
  CHECK_THAT(last_line(ending.err), contains("safetensors\": cannot be written: File too large"));
  CHECK((bytes(out / "checkpoint.safetensors") == before));
  for (const auto& entry : std::filesystem::directory_iterator(out)) CHECK(entry.path().extension() != ".partial");

  // With room again, the run goes on as if nothing had been.
  REQUIRE(run("saccade train", training(out, 2, {"--threads", "1", "--resume"})).code == 0);
  REQUIRE(run("saccade train", training(scratch / "whole", 2, {"--threads", "1"})).code == 0);
  CHECK(same(out / "checkpoint.safetensors", scratch / "whole/checkpoint.safetensors"));
  CHECK(text(out / "metrics.jsonl") == text(scratch / "whole/metrics.jsonl"));
}

TEST_CASE("A loss that is not finite ends the run and leaves the last good checkpoint", "[programs]") {
  const ScratchFolder scratch;
  const auto out = scratch / "run";
  // The first update sends the weights to infinity.
  const Ending ending = run("saccade train", training(out, 3, {"--threads", "1", "--learning-rate", "1e38"}));
  INFO(ending.err);
  CHECK(ending.code == 1);
  CHECK_THAT(last_line(ending.err), contains("is not finite; lower the learning rate or clip the gradient"));
  CHECK_FALSE(std::filesystem::exists(out / "checkpoint.safetensors"));
}
