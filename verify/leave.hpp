#pragma once
// The end of a child process.

#include <unistd.h>

#ifdef ASSAY_COVERAGE
#include <sys/prctl.h>
extern "C" void __gcov_dump();  // NOLINT(bugprone-reserved-identifier)
#endif

namespace assay::verify {

/// Without the destructors and the buffers of the parent; where coverage is measured, what the
/// child counted is kept.
[[noreturn]] inline void leave(int status) {
#ifdef ASSAY_COVERAGE
  prctl(PR_SET_PDEATHSIG, 0);  // counts that are half written spoil those of all others
  __gcov_dump();
#endif
  _exit(status);
}

}  // namespace assay::verify
