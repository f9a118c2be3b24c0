#pragma once

#include <saccade/core/shape.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <functional>
#include <iostream>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>

#include <sys/ioctl.h>
#include <unistd.h>

/// How far a long job is.
namespace saccade::inline SACCADE_NAMESPACE::report {

/// Whether standard error is a terminal.
[[nodiscard]] inline bool stderr_is_terminal() { return isatty(STDERR_FILENO) != 0; }

/// Columns of the terminal on standard error; 80 where that is not known.
[[nodiscard]] inline std::size_t stderr_columns() {
  winsize size{};
  if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  return 80;
}

/// "0:07", "12:30", "1:02:03".
[[nodiscard]] inline std::string format_duration(double seconds) {
  const long long whole = std::llround(std::clamp(seconds, 0.0, 359999.0));  // at most 99:59:59
  char text[32];
  if (whole >= 3600) {
    std::snprintf(text, sizeof text, "%lld:%02lld:%02lld", whole / 3600, whole / 60 % 60, whole % 60);
  } else {
    std::snprintf(text, sizeof text, "%lld:%02lld", whole / 60, whole % 60);
  }
  return text;
}

/// Seconds that never go back, from an arbitrary start.
[[nodiscard]] inline double steady_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

struct ProgressOptions {
  std::ostream* stream = &std::cerr;
  bool terminal = stderr_is_terminal();
  std::size_t columns = stderr_columns();  ///< a bar is never wider; at least 20
  double bar_interval = 0.1;               ///< least seconds between two pictures of the bar on a terminal
  double line_interval = 5;                ///< least seconds between two lines elsewhere
  std::function<double()> clock = steady_seconds;
};

/// Reports how much of `total` is done: on a terminal as a bar that is drawn over itself, elsewhere as one plain line
/// every few seconds, in the form "epoch 3  42% (42/100)  0:37 left  loss 0.41". The destructor shows the last state
/// and ends the line, also when an exception or an interruption leaves the loop. For one thread.
class Progress {
 public:
  /// @param label  what is being done, shown first
  /// @param total  amount of the whole work; an empty work is complete at once
  /// @param done   amount that was done before, as on resuming; it counts for the percentage, not for the time left
  Progress(std::string label, Index total, Index done = 0, ProgressOptions options = {})
      : options_(std::move(options)),
        label_(std::move(label)),
        total_(std::max<Index>(total, 0)),
        first_(std::clamp<Index>(done, 0, total_)),
        done_(first_),
        start_(options_.clock()),
        shown_at_(start_) {
    if (options_.terminal) show(start_);
  }

  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  ~Progress() {
    try {
      if (options_.terminal || !current_) show(options_.clock());
      if (options_.terminal) *options_.stream << '\n' << std::flush;
    } catch (...) {  // NOLINT: a stream or clock that throws must not end the program while another error is on its way
    }
  }

  /// Adds `amount` to the work done; `status` replaces the text at the end, for example the running loss.
  void advance(Index amount, std::string_view status) {
    status_ = status;
    advance(amount);
  }
  void advance(Index amount = 1) {
    done_ = std::clamp<Index>(done_ + amount, 0, total_);
    current_ = false;
    const double now = options_.clock();
    if (now - shown_at_ >= (options_.terminal ? options_.bar_interval : options_.line_interval)) show(now);
  }

  [[nodiscard]] Index done() const { return done_; }

 private:
  [[nodiscard]] double fraction() const {
    return total_ > 0 ? static_cast<double>(done_) / static_cast<double>(total_) : 1.0;
  }

  enum class Count { shown, hidden };

  /// " 42% (42/100)  0:37 left  loss 0.41".
  [[nodiscard]] std::string figures(double now, Count count = Count::shown) const {
    char percent[16];
    std::snprintf(percent, sizeof percent, "%3d%%", static_cast<int>(100 * fraction()));
    std::string text = percent;
    if (count == Count::shown) text += " (" + std::to_string(done_) + "/" + std::to_string(total_) + ")";
    const double elapsed = now - start_;
    if (done_ >= total_) {
      text += "  " + format_duration(elapsed);
    } else if (done_ > first_) {
      const double left = elapsed * static_cast<double>(total_ - done_) / static_cast<double>(done_ - first_);
      text += "  " + format_duration(left) + " left";
    }
    if (!status_.empty()) text += "  " + status_;
    return text;
  }

  void show(double now) {
    shown_at_ = now;
    current_ = true;
    std::string text = figures(now);
    if (!options_.terminal) {
      *options_.stream << label_ << ' ' << text << '\n' << std::flush;
      return;
    }
    // A line that reached the last column would wrap, and the next picture would not cover it.
    const std::size_t room = std::max<std::size_t>(options_.columns, 20) - 1;
    // The status says more than the bar, and the bar more than the count.
    constexpr std::size_t widest_bar = 24, least_bar = 6;
    const auto bar_room = [&] {
      const std::size_t others = label_.size() + text.size() + 4;
      return room > others ? std::min(room - others, widest_bar) : 0;
    };
    if (bar_room() < least_bar) text = figures(now, Count::hidden);
    const std::size_t bar_width = bar_room();
    std::string line = label_ + ' ';
    if (bar_width >= least_bar) {
      const auto filled = static_cast<std::size_t>(std::lround(fraction() * static_cast<double>(bar_width)));
      line += '[' + std::string(filled, '#') + std::string(bar_width - filled, '.') + "] ";
    }
    line += text;
    line.resize(std::min(line.size(), room));
    *options_.stream << '\r' << line << "\x1b[K" << std::flush;
  }

  ProgressOptions options_;
  std::string label_;
  std::string status_;
  Index total_;
  Index first_;
  Index done_;
  double start_;
  double shown_at_;
  bool current_ = false;  // whether the last picture shows the last state
};

}  // namespace saccade::report
