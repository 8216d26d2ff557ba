"""Builds a mutated header, with the operations that show it, and runs the suite against these."""
import json
import os
import pathlib
import re
import shlex
import shutil
import signal
import subprocess
import threading

import operations


CAMPAIGN = 1000  # cases of a check in ./scripts/verify


class Stopped(Exception):
    """What was asked for is no longer wanted."""


class Children:
    """The processes that run for us, each the head of a group; all end when stop() is called."""

    def __init__(self):
        self.lock, self.running, self.stopped = threading.RLock(), set(), False
        self.environment = None  # ours

    def run(self, command, limit):
        """(exit status, output, errors); subprocess.TimeoutExpired after `limit` seconds."""
        with self.lock:
            if self.stopped:
                raise Stopped
            child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                     stdin=subprocess.DEVNULL, text=True, errors="replace",
                                     env=self.environment, process_group=0)
            self.running.add(child)
        try:
            out, err = child.communicate(timeout=limit)
        finally:
            self.end(child)  # what it may have left behind too
            child.wait()
            with self.lock:
                self.running.discard(child)
        if self.stopped:
            raise Stopped
        return child.returncode, out, err

    def stop(self):
        with self.lock:
            self.stopped = True
            for child in self.running:
                self.end(child)

    @staticmethod
    def end(child):
        try:
            os.killpg(child.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass


def compiler_of(build):
    """The command that compiles the runner, up to its output: for code that finds the same types."""
    commands = json.loads((build / "compile_commands.json").read_text())
    mine = next(c for c in commands if c["file"].endswith("mutants/runner.cpp"))
    words = shlex.split(mine["command"])
    first = next(i for i, w in enumerate(words) if re.search(r"\+\+(-\d+)?$", w))
    return [w for w in words[first:words.index("-o")]
            # With Eigen's assertions: an index out of range is a death, not what lies behind a matrix.
            if not re.match(r"-(O\d|W|f.*prefix-map|DNDEBUG)", w)]


# A mutant has its own copies of all templates, whatever the runner has under the same names; but what
# the machinery remembers, precision and decisions, is one with the runner's.
SHARED_STATE = """{
  _ZN5assay6verify6detail12thread_stateE;
  _ZZN5assay6verify9Enclosure*;
};
"""


class Bench:
    """`limit`: the seconds of processor time that the suite may take for one mutant."""

    def __init__(self, build, cases, limit, scratch, children):
        self.runner, self.cases, self.limit = build / "assay_mutant_runner", cases, limit
        self.scratch, self.children = pathlib.Path(scratch), children
        self.everything = operations.entries()
        self.compiler = [*compiler_of(build), "-O0", "-w", "-fPIC", "-fno-gnu-unique"]
        # A compiler that is killed leaves its own temporary files behind.
        children.environment = {**os.environ, "TMPDIR": str(scratch)}
        (self.scratch / "shared").write_text(SHARED_STATE)
        common = self.scratch / "common.hpp"
        common.write_text("#include <assay/verify/operation.hpp>\n")
        status, _, errors = children.run(
            [*self.compiler, "-x", "c++-header", str(common), "-o", f"{common}.gch"], 600)
        if status != 0:
            raise RuntimeError(f"the headers do not compile:\n{errors}")

    def source(self, name):
        """The operations that show the header of that name, for the runner."""
        expressions = operations.shown_by(name, self.everything)
        lines = ['#include "common.hpp"']
        lines += [f'#include "{h}"' for h in operations.headers_of(expressions)]
        claims, add_claims = operations.CLAIMED.get(name, ("", ""))
        if claims:
            lines += [f'#include "catalogue/{claims}"']
        lifted = operations.LIFTED.get(name, [])
        if lifted:
            lines += ['#include "catalogue/operations.hpp"', '#include "catalogue/fill_judged.hpp"']
        lines += ["namespace assay {",  # where exp is not that of C
                  'extern "C" void assay_mutants(std::vector<verify::Operation>& all) {']
        lines += [f"  all.push_back(verify::make_operation(({e}).op));" for e in expressions]
        lines += ["}", 'extern "C" void assay_mutants_with_attributes('
                  "std::vector<std::pair<verify::Operation, std::string>>& all) {"]
        lines += [f'  all.emplace_back(verify::make_operation({op}), R"({has})");'
                  for op, has in operations.REPLAYED.get(name, [])]
        if claims:
            lines += ["}", 'extern "C" void assay_mutant_claims(std::vector<verify::Check>& all, '
                      "const verify::Plan& plan) {", f"  verify::claims::{add_claims}(all, plan);"]
        if lifted:
            lines += ["}", 'extern "C" void assay_mutant_entries(std::vector<verify::Entry>& all) {']
            lines += [f"  verify::fill_entry(all.emplace_back(), {op});" for op in lifted]
        return "\n".join([*lines, "}", "}", ""])

    def build(self, name, text, place):
        """The shared library of the operations with `text` as the header; None if it does not compile."""
        header = place / "lib" / name
        header.parent.mkdir(parents=True)
        header.write_text(text)
        source, library = place / "mutant.cpp", place / "mutant.so"
        source.write_text(self.source(name))
        # In a quoted include the folder of the including file comes first, and ops/ includes no
        # neighbours: "assay/..." is looked for in ours before the library's.
        status, _, _ = self.children.run(
            [self.compiler[0], f"-I{place / 'lib'}", f"-I{self.scratch}", *self.compiler[1:],
             "-shared", f"-Wl,--dynamic-list={self.scratch / 'shared'}", str(source),
             "-o", str(library)], 600)
        return library if status == 0 else None

    def judge(self, name, text, number, again=False):
        """(status, by what): survived, killed or not compiled (or not linked)."""
        place = self.scratch / str(number)
        try:
            library = self.build(name, text, place)
            if library is None:
                return "not compiled", "the compiler"
            return self.suites(library, again)
        except subprocess.TimeoutExpired:
            return "killed", "no answer"
        finally:
            shutil.rmtree(place, ignore_errors=True)

    def suites(self, library, again):
        """With few cases, which kill nearly all, and `again` with those of a campaign."""
        verdict = self.suite(library, self.cases, self.limit)
        if verdict[0] == "survived" and again:
            return self.suite(library, CAMPAIGN, CAMPAIGN // 60 * self.limit)
        return verdict

    def suite(self, library, cases, limit):
        # Of wall-clock time there may be little on a busy machine.
        status, out, errors = self.children.run(
            [str(self.runner), str(library), str(cases), str(limit)], 20 * limit)
        last = (out.strip().split("\n") or [""])[-1]
        if status == 0:
            return "survived", last
        if status == 1:
            return "killed", last
        if status == 2:
            return "not compiled", errors.strip()
        if status == -signal.SIGXCPU:
            return "killed", f"no answer within {limit} s"
        return "killed", f"crash (exit status {status})"
