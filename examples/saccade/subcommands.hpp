#pragma once

#include <filesystem>
#include <string>

/// What the program can do, each in a file of its own. All return the exit code.
namespace program {

struct TrainOptions;
struct EvaluateOptions;
struct ExplainOptions;
struct ClassifyOptions;
struct TissueOptions;
struct DataOptions;

/// Trains a classifier into a folder.
int train(const TrainOptions& options);

/// A sentence where no configuration can take `assignment`, "encoder.width=32"; nothing where one can.
std::string field_problem(const std::string& assignment);

/// Judges a checkpoint on the test part of a split.
int evaluate(const EvaluateOptions& options);

/// Draws where a classifier looked in each image, and what its soft masks weighed.
int explain(const ExplainOptions& options);

/// Writes the class of each image to standard output.
int classify(const ClassifyOptions& options);

/// Makes report.html of what the folder of a run holds.
int report(const std::filesystem::path& run);

/// Draws a data set of synthetic tissue and says what is there.
int tissue(const TissueOptions& options);

/// Says what a training would take of the data, and how it would divide them.
int data(const DataOptions& options);

}  // namespace program
