#pragma once
// The end of a child process.

#include <unistd.h>

#ifdef ASSAY_COVERAGE
extern "C" void __gcov_dump();  // NOLINT(bugprone-reserved-identifier)
#endif

namespace assay::verify {

/// Without the destructors and the buffers of the parent; where coverage is measured, what the
/// child counted is kept.
[[noreturn]] inline void leave(int status) {
#ifdef ASSAY_COVERAGE
  __gcov_dump();
#endif
  _exit(status);
}

}  // namespace assay::verify
