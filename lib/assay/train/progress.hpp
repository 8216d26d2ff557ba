#pragma once

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <iostream>
#include <string>
#include <string_view>

namespace assay {

/// How far something is: one line that rewrites itself on a terminal, elsewhere a plain line every
/// tenth.
class ProgressLine {
 public:
  /// The streams of std are recognised as a terminal where they are one.
  explicit ProgressLine(std::ostream& out) : ProgressLine(out, is_terminal(out)) {}
  ProgressLine(std::ostream& out, bool terminal) : out_(&out), terminal_(terminal) {}
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;
  ~ProgressLine() { finish(); }

  void operator()(std::int64_t done, std::int64_t total, std::string_view text) {
    const auto now = Clock::now();
    const std::int64_t percent =
        total > 0 ? std::clamp<std::int64_t>(done * 100 / total, 0, 100) : 100;
    if (terminal_) {
      if (now - last_ < std::chrono::milliseconds(100) && percent < 100) return;
      last_ = now;
      constexpr std::int64_t width = 24;
      const auto full = static_cast<std::size_t>(percent * width / 100);
      *out_ << "\r\033[K[" << std::string(full, '#') << std::string(width - full, '.') << "] "
            << line(percent, now, text) << std::flush;
      open_ = true;
    } else if (percent / 10 > tenth_) {
      tenth_ = percent / 10;
      *out_ << line(percent, now, text) << '\n' << std::flush;
    }
  }
  /// Ends the line, which stays.
  void finish() {
    if (open_) *out_ << '\n' << std::flush;
    open_ = false;
  }

 private:
  using Clock = std::chrono::steady_clock;

  static bool is_terminal(const std::ostream& out) {
    if (&out == &std::cout) return isatty(STDOUT_FILENO) != 0;
    return (&out == &std::cerr || &out == &std::clog) && isatty(STDERR_FILENO) != 0;
  }
  [[nodiscard]] std::string line(std::int64_t percent, Clock::time_point now,
                                 std::string_view text) const {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(now - begin_).count();
    return std::to_string(percent) + " %  " + std::to_string(seconds) + " s  " + std::string(text);
  }

  std::ostream* out_;
  bool terminal_, open_ = false;
  std::int64_t tenth_ = 0;
  Clock::time_point begin_ = Clock::now(), last_{};
};

}  // namespace assay
