#include <saccade/report/progress.hpp>

#include "support/catch.hpp"

#include <sstream>
#include <stdexcept>
#include <string>

using namespace saccade;
using saccade::report::Progress;
using saccade::report::ProgressOptions;

namespace {

struct Desk {
  std::ostringstream out{};
  double now = 1000;

  ProgressOptions options(bool terminal, std::size_t columns = 120) {
    ProgressOptions result;
    result.stream = &out;
    result.terminal = terminal;
    result.columns = columns;
    result.clock = [this] { return now; };
    return result;
  }

  /// What was written since the last call.
  std::string text() {
    std::string result = out.str();
    out.str("");
    return result;
  }
};

}  // namespace

TEST_CASE("away from a terminal there is a line every few seconds and one at the end", "[report][progress]") {
  Desk desk;
  {
    Progress progress("train", 4, 0, desk.options(false));
    CHECK(desk.text().empty());
    desk.now += 4;
    progress.advance(1, "loss 2.00");
    CHECK(desk.text().empty());
    desk.now += 2;
    progress.advance(1, "loss 1.00");
    CHECK(desk.text() == "train  50% (2/4)  0:06 left  loss 1.00\n");
    desk.now += 3;
    progress.advance();
    CHECK(desk.text().empty());
    progress.advance();
    CHECK(progress.done() == 4);
  }
  CHECK(desk.text() == "train 100% (4/4)  0:09  loss 1.00\n");
}

TEST_CASE("the last line is not written twice", "[report][progress]") {
  Desk desk;
  {
    Progress progress("train", 2, 0, desk.options(false));
    desk.now += 60;
    progress.advance(2);
  }
  CHECK(desk.text() == "train 100% (2/2)  1:00\n");
}

TEST_CASE("work done before a resume counts for the percentage, not for the time left", "[report][progress]") {
  Desk desk;
  Progress progress("train", 100, 50, desk.options(false));
  desk.now += 10;
  progress.advance(10);  // ten in ten seconds, forty to go
  CHECK(desk.text() == "train  60% (60/100)  0:40 left\n");
}

TEST_CASE("on a terminal the bar is drawn over itself and ends with its line", "[report][progress]") {
  Desk desk;
  {
    Progress progress("train", 8, 0, desk.options(true));
    CHECK(desk.text() == "\rtrain [........................]   0% (0/8)\x1b[K");
    desk.now += 0.05;
    progress.advance();
    CHECK(desk.text().empty());  // too soon after the last picture
    desk.now += 1.95;
    progress.advance(1, "loss 0.5");
    CHECK(desk.text() == "\rtrain [######..................]  25% (2/8)  0:06 left  loss 0.5\x1b[K");
  }
  CHECK(desk.text() == "\rtrain [######..................]  25% (2/8)  0:06 left  loss 0.5\x1b[K\n");
}

TEST_CASE("a bar never reaches the last column", "[report][progress]") {
  Desk desk;
  Progress progress("a very long label of a very long job", 8, 0, desk.options(true, 40));
  const std::string text = desk.text();
  CHECK(text.size() == std::string("\r\x1b[K").size() + 39);
}

TEST_CASE("the bar shrinks before the status is cut, and the count goes before the bar", "[report][progress]") {
  // "epoch 12/60 []  50%" and its spaces take 19 columns, the count 10, the rest 51, and the last column stays free.
  const auto bar = [](std::size_t columns) {
    Desk desk;
    Progress progress("epoch 12/60", 256, 0, desk.options(true, columns));
    desk.text();
    desk.now += 30;
    progress.advance(128, "loss 0.412  reward 0.61  accuracy 0.83");
    return desk.text();
  };
  const std::string end = "  0:30 left  loss 0.412  reward 0.61  accuracy 0.83\x1b[K";
  CHECK(bar(200) == "\repoch 12/60 [############............]  50% (128/256)" + end);
  CHECK(bar(91) == "\repoch 12/60 [#####.....]  50% (128/256)" + end);
  CHECK(bar(81) == "\repoch 12/60 [#####.....]  50%" + end);
  CHECK(bar(70) == "\repoch 12/60  50%" + end);
}

TEST_CASE("an interruption ends the line with the last state", "[report][progress]") {
  Desk desk;
  try {
    Progress progress("train", 10, 0, desk.options(true));
    desk.now += 0.01;
    progress.advance(3);
    throw std::runtime_error("interrupted");
  } catch (const std::runtime_error&) {
  }
  const std::string text = desk.text();
  CHECK_THAT(text, contains("30% (3/10)"));
  CHECK(text.back() == '\n');
}

TEST_CASE("too much work, none, and a clock that fails", "[report][progress]") {
  Desk desk;
  {
    Progress progress("more", 3, 0, desk.options(false));
    progress.advance(7);
  }
  CHECK(desk.text() == "more 100% (3/3)  0:00\n");
  { Progress progress("none", 0, 0, desk.options(false)); }
  CHECK(desk.text() == "none 100% (0/0)  0:00\n");
  bool broken = false;
  ProgressOptions options = desk.options(true);
  options.clock = [&broken] { return broken ? throw std::runtime_error("no time") : 0.0; };
  {
    Progress progress("clock", 3, 0, options);
    broken = true;
  }  // the destructor must not let the error out
  CHECK_THAT(desk.text(), contains("clock ["));
}

TEST_CASE("durations", "[report][progress]") {
  using saccade::report::format_duration;
  CHECK(format_duration(0) == "0:00");
  CHECK(format_duration(7.4) == "0:07");
  CHECK(format_duration(59.6) == "1:00");
  CHECK(format_duration(750) == "12:30");
  CHECK(format_duration(3723) == "1:02:03");
  CHECK(format_duration(1e30) == "99:59:59");
  CHECK(format_duration(-5) == "0:00");
}
