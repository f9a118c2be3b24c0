#pragma once

#include <cmath>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "attention_study.hpp"
#include "figure.hpp"
#include "table.hpp"

/// What is said of a study: a text for people, JSON for machines, a picture.
namespace bench {

namespace detail {

inline double glimpses_per_second(const Result& r) {
  return static_cast<double>(r.c.network.config.glimpses) / r.seconds_per_image();
}

inline std::string count(double value) { return std::to_string(static_cast<Index>(std::llround(value))); }

/// One row of the first table. `work` is null where the operations were not counted.
inline std::vector<std::string> speed_row(const std::string& name, const Result& r, const Profile* work,
                                          const Peak& peak) {
  std::vector<std::string> row{name, time_text(r.seconds_per_image()), three_digits(1 / r.seconds_per_image()),
                               three_digits(glimpses_per_second(r)), memory_text(r.m.bytes())};
  if (!work || work->empty()) return row;
  const double rate = total_flops(*work) / r.seconds(), floor = floor_seconds(*work, peak);
  for (std::string text : {three_digits(rate / 1e9), share_text(rate / peak.flops),
                           time_text(floor / static_cast<double>(r.c.network.batch)), share_text(floor / r.seconds())})
    row.push_back(std::move(text));
  return row;
}

inline void add_sweep(std::ostream& out, const std::string& title, const std::vector<SweepPoint>& points,
                      const std::vector<std::string>& names) {
  if (points.empty()) return;
  Table table({title, "inference", "images/s", "memory", "training", "images/s", "memory"});
  for (std::size_t i = 0; i < points.size(); ++i) {
    std::vector<std::string> row{names[i]};
    for (const auto* result : {&points[i].inference, &points[i].training}) {
      if (!result->has_value()) {
        row.insert(row.end(), {"-", "-", "-"});
        continue;
      }
      const Result& r = result->value();
      row.push_back(time_text(r.seconds_per_image()));
      row.push_back(three_digits(1 / r.seconds_per_image()));
      row.push_back(memory_text(r.m.bytes()));
    }
    table.add(row);
  }
  out << table;
}

inline void add_profile(std::ostream& out, const std::string& title, const Profile& profile, const Peak& peak) {
  if (profile.empty()) return;
  std::vector<std::pair<std::string, OperationCost>> rows(profile.begin(), profile.end());
  std::sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) { return a.second.seconds > b.second.seconds; });
  double all = 0;
  for (const auto& [name, cost] : rows) all += cost.seconds;
  Table table({title, "calls", "time", "of all", "GFLOP/s", "GB/s", "of its floor"});
  double shown = 0;
  for (const auto& [name, cost] : rows) {
    if (cost.seconds < 0.005 * all) continue;
    shown += cost.seconds;
    const double floor = std::max(cost.winograd / peak.flops, cost.bytes / peak.bandwidth);
    table.add({name, std::to_string(cost.calls), time_text(cost.seconds), share_text(cost.seconds / all),
               cost.flops > 0 ? three_digits(cost.flops / cost.seconds / 1e9) : "-",
               three_digits(cost.bytes / cost.seconds / 1e9), share_text(floor / cost.seconds)});
  }
  table.add({"everything else", "", time_text(all - shown), share_text((all - shown) / all)});
  out << table;
}

inline Json to_json(const Result& r, std::size_t size = 0) {
  return {{"seconds_per_image", r.seconds_per_image(size)},
          {"images_per_second", 1 / r.seconds_per_image(size)},
          {"glimpses_per_second", glimpses_per_second(r)},
          {"peak_bytes", r.m.peak_bytes},
          {"bytes", r.m.bytes()},
          {"batch", r.c.network.batch},
          {"batch_seconds", r.m.seconds[size]}};
}

inline Json with_work(Json json, const Result& r, const Profile& work, const Peak& peak) {
  if (work.empty()) return json;
  const double rate = total_flops(work) / r.seconds();
  json["flops"] = total_flops(work);
  json["flops_per_second"] = rate;
  json["share_of_peak"] = rate / peak.flops;
  json["floor_seconds"] = floor_seconds(work, peak);
  json["share_of_floor"] = floor_seconds(work, peak) / r.seconds();
  json["operations"] = to_json(work);
  return json;
}

inline Json to_json(const std::vector<SweepPoint>& points, const std::string& value) {
  Json list = Json::array();
  for (const SweepPoint& point : points) {
    Json json{{value, point.value}};
    if (point.inference) json["inference"] = to_json(*point.inference);
    if (point.training) json["training"] = to_json(*point.training);
    list.push_back(std::move(json));
  }
  return list;
}

using Pick = double (*)(const Result& result);

inline saccade::report::Series series(const std::string& name, const std::vector<SweepPoint>& points, bool training,
                                      double unit, Pick pick) {
  saccade::report::Series found{.name = name};
  for (const SweepPoint& point : points) {
    const auto& result = training ? point.training : point.inference;
    if (result) found.points.push_back({point.value / unit, pick(*result)});
  }
  return found;
}

}  // namespace detail

/// How much longer the largest streamed image takes than the smallest; 1 is the same.
[[nodiscard]] inline double streamed_ratio(const Study& study) {
  return study.images.back().inference->seconds() / study.images.front().inference->seconds();
}

[[nodiscard]] inline std::string report_text(const Study& study) {
  using detail::count;
  const StudyOptions& o = study.options;
  std::ostringstream out;
  out << library_name() << ", preset " << o.preset << ", backend " << o.backend << ", " << o.threads
      << " threads, batch " << o.batch << ", images of " << o.image.width << " x " << o.image.height << ", medians of "
      << o.repeats << '\n'
      << processor_name();
  if (study.peak.flops > 0) {
    out << ": " << three_digits(study.peak.flops / 1e9) << " GFLOP/s, " << three_digits(study.peak.bandwidth / 1e9)
        << " GB/s measured";
  }
  out << "; " << compiler_name() << "\n\n"
      << "pixels processed: " << share_text(study.pixels.processed) << " of the image, unique "
      << share_text(study.pixels.unique) << "\n"
      << "latency of one image: median " << time_text(study.latency.seconds()) << ", 99 % below "
      << time_text(quantile(study.latency.m.seconds[0], 0.99)) << " (" << study.latency.m.seconds[0].size()
      << " samples)\n\n";
  Table speed({"", "an image", "images/s", "glimpses/s", "memory", "GFLOP/s", "of peak", "floor", "of floor"});
  speed.add(detail::speed_row("training", study.training, &study.training_work, study.peak));
  speed.add(detail::speed_row("inference", study.inference, &study.inference_work, study.peak));
  if (study.shrunk)
    speed.add(detail::speed_row("inference, shrunk to one glimpse", *study.shrunk, nullptr, study.peak));
  for (const SweepPoint& point : study.whole) {
    const std::string pixels = three_digits(point.value / 1e6) + " megapixels whole";
    if (point.training) speed.add(detail::speed_row("training, " + pixels, *point.training, nullptr, study.peak));
    if (point.inference) speed.add(detail::speed_row("inference, " + pixels, *point.inference, nullptr, study.peak));
  }
  out << speed;
  for (const std::string& sentence : study.left_out) out << "left out: " << sentence << '\n';
  std::vector<std::string> names;
  for (const SweepPoint& point : study.glimpses) names.push_back(count(point.value));
  detail::add_sweep(out, "glimpses", study.glimpses, names);
  names.clear();
  for (const SweepPoint& point : study.sides) names.push_back(count(point.value) + " x " + count(point.value));
  detail::add_sweep(out, "size of a glimpse", study.sides, names);
  names.clear();
  for (const SweepPoint& point : study.images) names.push_back(three_digits(point.value / 1e6) + " megapixels");
  detail::add_sweep(out, "size of the image", study.images, names);
  if (!study.images.empty())
    out << "the largest image takes " << three_digits(streamed_ratio(study)) << " times as long as the smallest\n\n";
  detail::add_profile(out, "operations of a batch of training", study.training_work, study.peak);
  detail::add_profile(out, "operations of a batch of inference", study.inference_work, study.peak);
  return out.str();
}

[[nodiscard]] inline Json report_json(const Study& study) {
  const StudyOptions& o = study.options;
  Json json{{"format", "saccade attention_benchmark 1"},
            {"library", library_name()},
            {"processor", processor_name()},
            {"compiler", compiler_name()},
            {"preset", o.preset},
            {"model", saccade::to_json(o.config)},
            {"backend", o.backend},
            {"threads", o.threads},
            {"batch", o.batch},
            {"repeats", o.repeats},
            {"image", {o.image.width, o.image.height}},
            {"pixels", {{"processed", study.pixels.processed}, {"unique", study.pixels.unique}}}};
  json["training"] =
      detail::with_work(detail::to_json(study.training), study.training, study.training_work, study.peak);
  json["inference"] =
      detail::with_work(detail::to_json(study.inference), study.inference, study.inference_work, study.peak);
  json["latency"] = {{"median_seconds", study.latency.seconds()},
                     {"quantile_99_seconds", quantile(study.latency.m.seconds[0], 0.99)},
                     {"samples", study.latency.m.seconds[0].size()}};
  if (study.peak.flops > 0)
    json["peak"] = {{"flops_per_second", study.peak.flops}, {"bytes_per_second", study.peak.bandwidth}};
  if (study.shrunk) json["shrunk_image"] = detail::to_json(*study.shrunk);
  json["whole_image"] = detail::to_json(study.whole, "pixels");
  json["left_out"] = study.left_out;
  json["sweeps"] = {{"glimpses", detail::to_json(study.glimpses, "glimpses")},
                    {"side", detail::to_json(study.sides, "side")},
                    {"image", detail::to_json(study.images, "pixels")}};
  return json;
}

/// Four charts: time and memory against the size of the image, speed against number and size of the glimpses.
[[nodiscard]] inline saccade::RgbImage report_figure(const Study& study) {
  using detail::series;
  using saccade::report::AxisScale;
  const detail::Pick milliseconds = [](const Result& r) { return 1e3 * r.seconds_per_image(); };
  const detail::Pick mebibytes = [](const Result& r) {
    return r.m.bytes() / static_cast<double>(r.c.network.batch) / (1 << 20);
  };
  const std::string glimpses = std::to_string(study.options.config.glimpses) + " glimpses";
  const auto by_size = [&](const std::string& what, const std::string& unit, detail::Pick pick) {
    return saccade::report::Chart{.title = what + " by the size of the image",
                                  .x_label = "megapixels",
                                  .y_label = unit + ", inference",
                                  .series = {series(glimpses, study.images, false, 1e6, pick),
                                             series("the whole image", study.whole, false, 1e6, pick)},
                                  .x_scale = AxisScale::logarithmic,
                                  .y_scale = AxisScale::logarithmic};
  };
  const auto by_glimpse = [&](const std::string& what, const std::string& unit, const std::vector<SweepPoint>& points) {
    return saccade::report::Chart{.title = "Time by the " + what + " of the glimpses",
                                  .x_label = unit,
                                  .y_label = "milliseconds an image",
                                  .series = {series("inference", points, false, 1, milliseconds),
                                             series("training", points, true, 1, milliseconds)},
                                  .y_low = 0};
  };
  return draw_charts({by_size("Time", "milliseconds an image", milliseconds),
                      by_size("Memory", "MiB an image of the batch", mebibytes),
                      by_glimpse("number", "glimpses", study.glimpses),
                      by_glimpse("size", "pixels a side", study.sides)});
}

}  // namespace bench
