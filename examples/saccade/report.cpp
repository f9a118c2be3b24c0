#include "common/program.hpp"
#include "common/report.hpp"

#include <filesystem>
#include <iostream>

int main(int argc, char* argv[]) {
  std::filesystem::path run;
  program::Options options("make_report",
                           "Makes report.html, one page that shows a run, from what its folder holds: curves, "
                           "predictions, pictures, configuration. Prints its path.");
  options.add_option("run", run, "folder of a training or of an evaluation")->required();
  return program::run(options, argc, argv, [&] {
    std::cout << program::write_report("make_report", saccade::report::RunFolder(run)).string() << '\n';
    return program::success;
  });
}
