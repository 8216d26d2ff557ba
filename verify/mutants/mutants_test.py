"""What the mutations of a source are, and what a run makes of them. With the build folder of a runner
as argument, also a run of two mutations from end to end."""
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import unittest

import bench
import mutate
import mutations
import operations

TOOL = [sys.executable, "-B", str(pathlib.Path(__file__).with_name("mutate.py"))]
BUILD = None


def edits(text):
    return {(m.before, m.after) for m in mutations.of_text(text, "x.hpp")}


def run(*words):
    return subprocess.run([*TOOL, *words], capture_output=True, text=True)


class Mutations(unittest.TestCase):
    def test_are_of_all_kinds(self):
        text = "\n".join(["  const T y = -(a + b) * T(2);", "  if (a < b) return x(i, j);",
                          "  return select(c, a, b);", "  const T c = 0x1.8p-3;", "  y(i, j) = d[0];"])
        kinds = {m.kind for m in mutations.of_text(text, "x.hpp")}
        self.assertEqual(kinds, {"sign", "operator", "constant", "index", "dropped term",
                                 "swapped argument", "wrong branch"})

    def test_change_one_line_only(self):
        text = "\n".join(["  const T y = a + b;", "  const T z = a + b;", ""])
        for m in mutations.of_text(text, "x.hpp"):
            before, after = text.split("\n"), m.applied(text).split("\n")
            changed = [n for n, (b, a) in enumerate(zip(before, after), 1) if a != b]
            self.assertEqual(changed, [m.line])
            self.assertEqual(len(before), len(after))

    def test_of_equal_lines_have_names_of_their_own(self):
        found = mutations.of_text("  y = a + b;\n  y = a + b;", "x.hpp")
        self.assertEqual(len({m.key() for m in found}), len(found))

    def test_spare_what_has_no_value(self):
        for line in ["// a + b", 'y = "a + b";', "#if A + B", "template <class T = a + b>",
                     "  require(a + b == c, name);", "  throw std::domain_error(a + b);",
                     "  static constexpr auto name = a + b;", "  if constexpr (a < b) {"]:
            self.assertEqual(edits(line), set(), line)

    def test_spare_a_statement_to_its_end(self):
        self.assertEqual(edits('  require(a,\n          b + c);\n  y = d;'), set())
        self.assertIn((" + ", " - "), edits('  require(a,\n          b);\n  y = c + d;'))

    def test_spare_heads_of_loops_and_no_bodies(self):
        self.assertEqual(edits("  for (int i = a + b; i < n; ++i) {"), set())
        self.assertIn((" -= ", " += "), edits("  for (int i = 0; i < n; ++i) x -= y;"))

    def test_spare_what_this_build_does_not_compile(self):
        text = "#if defined(__FMA__)\n  y = a + b;\n#else\n  y = a * b;\n#endif\n  z = a / b;"
        self.assertEqual({b for b, _ in edits(text) if len(b) == 3}, {" * ", " / "})

    def test_spare_the_sign_of_decisions(self):
        self.assertFalse(any(a.startswith("-(") for _, a in edits("  return a < b;")))
        self.assertIn(("a", "-(a)"), edits("  return a;"))

    def test_of_the_library_are_enough_and_evenly_spread(self):
        names = operations.files(operations.entries())
        texts = {n: (operations.LIB / n).read_text() for n in names}
        all_of_them = mutate.chosen(texts, 360)
        self.assertEqual(len({m.key() for m in all_of_them}), 360)
        self.assertEqual({m.file for m in all_of_them},
                         {n for n in names if mutations.of_text(texts[n], n)})
        self.assertEqual(all_of_them, mutate.chosen(texts, 360))

    def test_that_are_explained_are_mutations(self):
        known = mutate.explained((mutate.HERE / "explained.txt").read_text())
        names = operations.files(operations.entries())
        keys = {m.key() for n in names for m in mutations.of_file(operations.LIB / n, n)}
        self.assertEqual(set(known) - keys, set())


class Report(unittest.TestCase):
    def setUp(self):
        self.found = mutations.of_text("  y = a + b;", "assay/x.hpp")[:3]
        self.assertEqual(len(self.found), 2)
        self.found += mutations.of_text("  y = a * b;", "assay/x.hpp")[:1]
        self.verdicts = [("survived", ""), ("survived", ""), ("killed", "x/double/sweep")]

    def test_has_the_form_that_is_documented(self):
        reasons = {self.found[1].key(): ("equivalent", "b is 0"),
                   self.found[0].key(): ("survives", "nobody looks")}
        r = mutate.report(self.found, self.verdicts, reasons, {"commit": "abc"})
        self.assertEqual(r["files"], [{"file": "lib/assay/x.hpp", "killed": 1, "survived": 1,
                                       "equivalent": 1}])
        self.assertEqual([m["status"] for m in r["mutants"]], ["survived", "equivalent"])
        self.assertEqual(r["mutants"][0]["original"], "y = a + b;")
        self.assertEqual(r["mutants"][0]["mutant"], "y = a - b;")
        self.assertEqual([m["why"] for m in r["mutants"]], ["nobody looks", "b is 0"])
        self.assertEqual(mutate.totals(r)["score"], 50.0)

    def test_counts_as_killed_what_was_killed_whatever_was_said(self):
        reasons = {self.found[2].key(): ("equivalent", "said wrongly")}
        r = mutate.report(self.found, self.verdicts, reasons, {})
        self.assertEqual(r["files"][0]["equivalent"], 0)
        self.assertEqual(r["files"][0]["killed"], 1)

    def test_leaves_the_old_file_or_the_new_one(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "deep" / "mutation.json"
            mutate.write_safely(path, "old")
            with self.assertRaises(TypeError):
                mutate.write_safely(path, None)
            self.assertEqual(path.read_text(), "old")
            self.assertEqual(os.listdir(path.parent), ["mutation.json"])


class Suites(unittest.TestCase):
    def cases_of(self, again, *statuses):
        """The cases that the suite ran with, and the verdict, where it ends so."""
        asked, ends = [], list(statuses)

        class Children:
            def run(self, command, limit):
                asked.append(int(command[2]))
                return ends.pop(0), "x/double/sweep\n", ""
        place = bench.Bench.__new__(bench.Bench)
        place.runner, place.cases, place.limit, place.children = "runner", 60, 120, Children()
        return asked, place.suites("library", again)

    def test_survivors_meet_the_cases_of_a_campaign(self):
        self.assertEqual(self.cases_of(True, 0, 1), ([60, 1000], ("killed", "x/double/sweep")))
        self.assertEqual(self.cases_of(True, 0, 0)[0], [60, 1000])

    def test_the_killed_and_the_unmutated_do_not(self):
        self.assertEqual(self.cases_of(True, 1), ([60], ("killed", "x/double/sweep")))
        self.assertEqual(self.cases_of(False, 0)[0], [60])

    def test_a_crash_kills_and_what_cannot_be_tried_does_not(self):
        self.assertEqual(self.cases_of(True, -11)[1][0], "killed")
        self.assertEqual(self.cases_of(True, 2)[1][0], "not compiled")


class Usage(unittest.TestCase):
    def test_mistakes_are_named_and_exit_2(self):
        for words, part in [(["--count", "0"], "--count 0"), (["--jobs", "x"], "--jobs"),
                            (["--only", "no-such"], "no-such"), (["--cuont", "3"], "--cuont"),
                            (["relu"], "relu")]:
            result = run(*words)
            self.assertEqual(result.returncode, 2, words)
            self.assertIn(part, result.stderr)


class EndToEnd(unittest.TestCase):
    def setUp(self):
        if BUILD is None:
            self.skipTest("no runner was named")
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.out = pathlib.Path(self.folder.name) / "out" / "mutation.json"
        self.temporary = pathlib.Path(self.folder.name) / "temporary"
        self.temporary.mkdir()
        self.words = ["--build", BUILD, "--out", str(self.out), "--only", "ops/mul.hpp", "--count", "2",
                      "--cases", "8"]
        self.environment = {**os.environ, "TMPDIR": str(self.temporary)}

    def test_wrong_products_are_killed_and_the_right_one_is_not(self):
        result = subprocess.run([*TOOL, *self.words], capture_output=True, text=True,
                                env=self.environment)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        report = json.loads(self.out.read_text())
        self.assertEqual(report["files"], [{"file": "lib/assay/ops/mul.hpp", "killed": 2,
                                            "survived": 0, "equivalent": 0}])
        self.assertEqual(os.listdir(self.temporary), [])

    def test_stopped_it_leaves_nothing(self):
        child = subprocess.Popen([*TOOL, *self.words], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                 env=self.environment)
        while child.poll() is None and not os.listdir(self.temporary):
            time.sleep(0.05)
        time.sleep(0.5)
        child.send_signal(signal.SIGINT)
        _, errors = child.communicate(timeout=300)
        self.assertEqual(child.returncode, 130, errors)
        self.assertEqual(os.listdir(self.temporary), [])
        self.assertFalse(self.out.exists())


if __name__ == "__main__":
    if len(sys.argv) > 1:
        BUILD = sys.argv.pop(1)
    unittest.main()
