#include <saccade/core/file.hpp>
#include <saccade/data/idx.hpp>

#include "common/clutter_report.hpp"
#include "common/clutter_study.hpp"
#include "common/program.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <iostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

using namespace saccade;

struct Options {
  std::filesystem::path data = "/usr/share/datasets/fashion-mnist";
  std::filesystem::path out;
  std::vector<std::string> lookers{"learned", "random", "centre", "whole"};
  std::vector<Index> glimpses{4, 6, 8};
  std::vector<std::uint64_t> seeds{1, 2, 3};
  std::vector<std::string> fields;
  Index objects = 0;
  std::string judged_on = "test";
  bool quick = false;
};

/// Ten kinds of stripes, for a look at the program where Fashion-MNIST is not at hand.
data::ObjectSet stripes(Index count, Index phase) {
  constexpr Index side = 28;
  data::ObjectSet set{.width = side, .height = side, .pixels = {}, .labels = {}};
  for (Index i = 0; i < count; ++i) {
    const Index kind = i % 10;
    set.labels.push_back(kind);
    for (Index y = 0; y < side; ++y)
      for (Index x = 0; x < side; ++x)
        set.pixels.push_back((i + phase + x * (kind % 5) + y * (1 + kind / 5)) / 4 % 2 == 0 ? 0 : 200);
  }
  return set;
}

/// The first `count` objects. @throws ConfigError where there are fewer
data::ObjectSet first_objects(data::ObjectSet set, Index count) {
  expect_config(count <= set.count(),
                "--objects must be at most " + std::to_string(set.count()) + ", but is " + std::to_string(count));
  set.pixels.resize(static_cast<std::size_t>(count * set.width * set.height));
  set.labels.resize(static_cast<std::size_t>(count));
  return set;
}

/// "training.epochs=3" belongs to the training, "policy.sigma=0.3" to the model.
void set_fields(bench::ClutterStudyOptions& study, const std::vector<std::string>& fields) {
  constexpr std::string_view training = "training.";
  for (const std::string& field : fields) {
    if (field.starts_with(training)) {
      set_field(study.training, std::string_view(field).substr(training.size()), "training");
    } else {
      set_field(study.model, field);
    }
  }
}

/// The finished run of a file, or of training. A file of another configuration is not overwritten.
bench::ClutterResult result_of(const bench::ClutterRun& run, const bench::ClutterStudyOptions& study,
                               const data::ObjectSet& train, const data::ObjectSet& test,
                               const std::filesystem::path& file) {
  const bench::Json description = describe(run, study, train.count());
  if (std::filesystem::exists(file)) {
    const std::vector<std::uint8_t> bytes = read_file(file);
    const auto before = bench::Json::parse(bytes.begin(), bytes.end(), nullptr, false);
    if (!before.is_object() || before.value("config", bench::Json()) != description) {
      throw FileError('"' + file.string() +
                      "\": belongs to another configuration; expected an empty folder or the same options");
    }
    std::cerr << run.name() << ": done before\n";
    return {run, before.at("figures")};
  }
  bench::ClutterTrial trial(run, study, train, test, [](const std::string& line) { std::cerr << line << '\n'; });
  bench::Json figures = trial.run();
  write_file_atomically(file, bench::Json{{"config", description}, {"figures", figures}}.dump(2) + "\n");
  return {run, std::move(figures)};
}

int study(const Options& o, bench::ClutterStudyOptions study) {
  study.judged_on = o.judged_on == "test" ? bench::JudgedOn::test : bench::JudgedOn::validation;
  if (o.quick) {
    study.training.epochs = study.whole_epochs = 1;
    study.training.batch = 16;
    study.validation_objects = 16;
    study.model.fusion_width = study.model.hidden = study.encoder_outputs = 8;
    study.encoder_width = study.whole_width = 4;
  }
  set_fields(study, o.fields);
  study.model = validated(study.model);
  data::ObjectSet train = o.quick ? stripes(80, 0) : data::load_objects(o.data, data::Part::train);
  const data::ObjectSet test = o.quick ? stripes(40, 1) : data::load_objects(o.data, data::Part::test);
  if (o.objects > 0) train = first_objects(std::move(train), o.objects);
  create_folders(o.out / "runs");
  std::vector<bench::ClutterResult> results;
  for (const std::uint64_t seed : o.seeds) {
    for (const Index glimpses : o.glimpses) {
      for (std::size_t i = 0; i < bench::looker_names.size(); ++i) {
        const auto looker = static_cast<bench::Looker>(i);
        if (std::find(o.lookers.begin(), o.lookers.end(), bench::to_string(looker)) == o.lookers.end()) continue;
        if (looker == bench::Looker::whole && glimpses != o.glimpses.front()) continue;
        const bench::ClutterRun run{looker, glimpses, seed};
        results.push_back(result_of(run, study, train, test, o.out / "runs" / (run.name() + ".json")));
        write_clutter_report(o.out, results);
      }
    }
  }
  std::cout << clutter_text(results) << "table and figure:  " << (o.out / "table.md").string() << ", "
            << (o.out / "figure.png").string() << '\n';
  return program::success;
}

}  // namespace

int main(int argc, char* argv[]) {
  Options o;
  bench::ClutterStudyOptions defaults = bench::default_clutter_study();
  program::Options options(
      "clutter_study",
      "Objects among clutter, the set-up of Mnih et al. 2014 with Fashion-MNIST: a model that learns "
      "where to look, models made for glimpses that look at nothing, and a convolutional network "
      "that reads the whole image. Stopped and started again it goes on with the run that it was in.");
  const auto list = [&](const std::string& name, auto& values, const std::string& help) {
    return options.add_option(name, values, help)->delimiter(',')->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  };
  options.add_option("--data", o.data, "folder of the four files of Fashion-MNIST");
  options.add_option("--out", o.out, "folder for runs, table and figure")->required();
  list("--trained-on", o.lookers, "kinds of glimpses")
      ->check(CLI::IsMember(std::vector<std::string>(bench::looker_names.begin(), bench::looker_names.end())));
  list("--glimpses", o.glimpses, "numbers of glimpses")->check(CLI::Range(1, 255));
  list("--seeds", o.seeds, "of weights, pictures and draws");
  options.add_option("--epochs", defaults.training.epochs, "of a model with glimpses")->check(CLI::Range(1, 10000));
  options.add_option("--whole-epochs", defaults.whole_epochs, "of the network that reads the whole image")
      ->check(CLI::Range(1, 10000));
  options.add_option("--batch", defaults.training.batch, "images in a step")->check(CLI::Range(1, 1 << 16));
  options.add_option("--learning-rate", defaults.training.learning_rate, "of the first epoch");
  options.add_option("--encoder-width", defaults.encoder_width, "filters of the network that reads a glimpse")
      ->check(CLI::Range(1, 1024));
  options.add_option("--whole-width", defaults.whole_width, "filters of the network that reads the whole image")
      ->check(CLI::Range(1, 1024));
  options.add_option("--set", o.fields, "a field: policy.sigma=0.3, training.decay=0.9; may be repeated")
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->allow_extra_args(false);
  options.add_option("--objects", o.objects, "train on no more than the first ones; 0: on all");
  options.add_option("--judged-on", o.judged_on, "the test's objects, or training objects held out, to tune by")
      ->check(CLI::IsMember({"test", "validation"}));
  options.add_option("--threads", defaults.threads, "that compute; the numbers do not depend on it")
      ->check(CLI::Range(1, 1024));
  options.add_flag("--quick", o.quick, "made-up objects, tiny models, one epoch: shows that the program runs, no more");
  return program::run(options, argc, argv, [&] { return study(o, defaults); });
}
