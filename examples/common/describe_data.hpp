#pragma once

#include <saccade/data/equal_images.hpp>
#include <saccade/metrics/missing_classes.hpp>
#include <saccade/training/run_data.hpp>

#include <iostream>
#include <string>
#include <vector>

namespace program {

/// What was read, how it is divided, and who is in two parts.
inline std::string describe(const saccade::RunData& run, saccade::data::SameBy same = saccade::data::SameBy::bytes) {
  using namespace saccade::data;
  const Dataset& dataset = run.dataset;
  std::string text = "data: " + dataset.name + '\n' + describe(run.account) +
                     describe_split(dataset, run.split, saccade::split_title(run));
  if (run.everything()) return text;
  text += leak_report(find_leaks(dataset, run.split), dataset.grouping);
  if (dataset.grouping == "slide") {
    const Dataset by_case = regrouped_breakhis(dataset, SlideGrouping::case_number);
    text += leak_report(find_leaks(by_case, run.split), by_case.grouping);
  }
  return text + equal_images_report(dataset, find_equal_images(dataset, run.split, same), same);
}

/// Classes of which `part` of the data has no image.
inline std::vector<std::string> missing_classes(const saccade::RunData& data, const std::vector<saccade::Index>& part) {
  std::vector<saccade::Index> labels;
  for (const saccade::Index image : part) labels.push_back(data.sample(image).label);
  return saccade::metrics::missing_classes(data.dataset.classes, labels);
}

/// Says on stderr which classes a part lacks that figures are of. @param what_follows  from that, where more does
inline void warn_of_missing_classes(const std::string& name, const saccade::RunData& data, const char* part,
                                    const std::vector<saccade::Index>& images, const char* what_follows = "") {
  if (images.empty()) return;
  if (const auto absent = missing_classes(data, images); !absent.empty())
    std::cerr << name << ": warning: " << saccade::metrics::missing_classes_sentence(part, absent) << what_follows
              << '\n';
}

/// The same of all parts of a training.
inline void warn_of_missing_classes(const std::string& name, const saccade::RunData& data) {
  for (const std::string& absent : missing_classes(data, data.split.train)) {
    std::cerr << name << ": warning: no training image is of class \"" << absent
              << "\": the classifier cannot learn it\n";
  }
  warn_of_missing_classes(name, data, "validation", data.split.validation,
                          ", and the best epoch is chosen without images of it");
  warn_of_missing_classes(name, data, "test", data.split.test);
}

}  // namespace program
