# Sourced by every script: works from the root of the tree, on all processors.
set -euo pipefail
script=$(realpath "$0")
root=$(dirname "$(dirname "$(realpath "${BASH_SOURCE[0]}")")")
cd "$root"
export CMAKE_BUILD_PARALLEL_LEVEL=${CMAKE_BUILD_PARALLEL_LEVEL:-$(nproc)}
export CTEST_PARALLEL_LEVEL=${CTEST_PARALLEL_LEVEL:-$(nproc)}
# An inherited filter or shard would leave tests out and look green.
unset RC_PARAMS GTEST_FILTER GTEST_TOTAL_SHARDS GTEST_SHARD_INDEX

# --help prints the comment at the head of the script.
if [[ ${1-} == --help || ${1-} == -h ]]; then
  sed -n '2,/^[^#]/s/^# \{0,1\}//p' "$script"
  exit 0
fi

# build PRESET [TARGET...]
build() {
  local preset=$1
  shift
  cmake --preset "$preset" --log-level=NOTICE
  cmake --build --preset "$preset" ${1+--target "$@"}
}

# commit_of FILE: of the run that wrote the results
commit_of() { sed -n '1s/.*"commit":"\([^"]*\)","dirty":\([a-z]*\).*/\1 \2/p' "$1"; }

# render [ARGUMENTS of `assay report`]: the page from the results in reports/out and from what was
# measured beside them, with the program of build/release. What is of another commit is not shown.
render() {
  local out=reports/out extra=() file
  for file in $out/faults.jsonl $out/sensitivity.jsonl; do
    if [[ -f $file && $(commit_of $file) == "$(commit_of $out/results.jsonl)" ]]; then extra+=("$file"); fi
  done
  if [[ -f $out/coverage/lcov.info ]]; then extra+=(--coverage $out/coverage/lcov.info); fi
  build/release/assay report $out/results.jsonl "${extra[@]}" "$@" --out $out
}
