#pragma once
// What this binary was made from. Defined in a source that the build generates.

namespace assay::verify {

/// `commit` is empty and `dirty` false where there was no git; `rapidcheck` is Debian's package
/// version or empty.
struct Build {
  const char *version, *commit, *compiler, *flags, *build_type;
  const char *eigen, *boost, *mpfr, *rapidcheck;
  bool dirty;
};

const Build& build_info();

}  // namespace assay::verify
