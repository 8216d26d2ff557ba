#pragma once

namespace assay::verify {

/// While it lives, shrink() makes at most so many tries. Planted faults fail by the thousand, and
/// what they shrink to is of less interest than that they fail.
class ShrinkLimit {
 public:
  explicit ShrinkLimit(int tries) : before_(current()) { current() = tries; }
  ShrinkLimit(const ShrinkLimit&) = delete;
  ShrinkLimit& operator=(const ShrinkLimit&) = delete;
  ~ShrinkLimit() { current() = before_; }

  static int& current() {
    static thread_local int tries = 4000;
    return tries;
  }

 private:
  int before_;
};

}  // namespace assay::verify
