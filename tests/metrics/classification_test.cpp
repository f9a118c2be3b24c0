#include <saccade/metrics/classification.hpp>

#include "support/catch.hpp"

#include <cmath>
#include <vector>

using namespace saccade;
using namespace saccade::metrics;

TEST_CASE("rates of a confusion by hand", "[metrics]") {
  // 10 benign, 7 of them right; 20 malignant, 18 of them right.
  Confusion confusion(2);
  for (int i = 0; i < 10; ++i) confusion.add(0, i < 7 ? 0 : 1);
  for (int i = 0; i < 20; ++i) confusion.add(1, i < 18 ? 1 : 0);
  CHECK(confusion.count(0, 1) == 3);
  CHECK(confusion.count(1, 0) == 2);
  CHECK(confusion.accuracy() == Approx(25.0 / 30));
  CHECK(confusion.sensitivity(1) == Approx(0.9));
  CHECK(confusion.sensitivity(0) == Approx(0.7));
  CHECK(confusion.balanced_accuracy() == Approx(0.8));
  CHECK(confusion.precision(1) == Approx(18.0 / 21));
  CHECK(confusion.f1(1) == Approx(2 * 18.0 / (2 * 18 + 3 + 2)));
}

TEST_CASE("rates of three classes by hand", "[metrics]") {
  // Rows are the truth: 4, 3 and 5 images.
  Confusion confusion(3);
  confusion.add(0, 0, 3);
  confusion.add(0, 1, 1);
  confusion.add(1, 1, 2);
  confusion.add(1, 2);
  confusion.add(2, 0, 2);
  confusion.add(2, 2, 3);
  CHECK(confusion.images() == 12);
  CHECK(confusion.accuracy() == Approx(8.0 / 12));
  CHECK(confusion.sensitivity(0) == Approx(3.0 / 4));
  CHECK(confusion.sensitivity(1) == Approx(2.0 / 3));
  CHECK(confusion.sensitivity(2) == Approx(3.0 / 5));
  CHECK(confusion.precision(0) == Approx(3.0 / 5));
  CHECK(confusion.precision(1) == Approx(2.0 / 3));
  CHECK(confusion.precision(2) == Approx(3.0 / 4));
  CHECK(confusion.f1(0) == Approx(6.0 / 9));
  CHECK(confusion.f1(1) == Approx(4.0 / 6));
  CHECK(confusion.f1(2) == Approx(6.0 / 9));
  CHECK(confusion.balanced_accuracy() == Approx((0.75 + 2.0 / 3 + 0.6) / 3));
  CHECK(confusion.macro_f1() == Approx(2.0 / 3));
}

TEST_CASE("a class that no image is of leaves undefined what needs it, and the rest alone", "[metrics]") {
  // Three of class 1, two right; nothing of class 0 that a false alarm could be counted in.
  const std::vector<Index> truth = {1, 1, 1}, predicted = {1, 1, 0};
  const Confusion confusion(2, truth, predicted);
  CHECK(confusion.accuracy() == Approx(2.0 / 3));
  CHECK(confusion.sensitivity(1) == Approx(2.0 / 3));
  for (const double figure :
       {confusion.sensitivity(0), confusion.balanced_accuracy(), confusion.macro_f1(), confusion.precision(0),
        confusion.precision(1), confusion.f1(0), confusion.f1(1), Confusion(2).accuracy()})
    CHECK(std::isnan(figure));

  // Of four classes the third is missing, and one image was given it: its own figures would be 0 whatever happens.
  Confusion four(4);
  four.add(0, 0, 2);
  four.add(1, 2);
  four.add(1, 1);
  four.add(3, 0);
  for (const double figure :
       {four.sensitivity(2), four.precision(2), four.f1(2), four.balanced_accuracy(), four.macro_f1()})
    CHECK(std::isnan(figure));
  CHECK(four.accuracy() == Approx(3.0 / 5));
  CHECK(four.precision(0) == Approx(2.0 / 3));
  CHECK(four.sensitivity(1) == 0.5);
  CHECK(four.sensitivity(3) == 0.0);
  CHECK(std::isnan(four.precision(3)));  // nothing was called class 3
  CHECK(four.f1(3) == 0.0);
}

TEST_CASE("labels beyond the classes are refused", "[metrics]") {
  CHECK_THROWS_WITH(Confusion(2).add(0, 2), contains("classes must be 0 to 1, but are 0 and 2"));
  const std::vector<Index> truth = {1, 1}, predicted = {1};
  CHECK_THROWS_AS(Confusion(2, truth, predicted), ConfigError);
  CHECK_THROWS_WITH(Confusion(0), contains("classes must be at least 1, but is 0"));
}
