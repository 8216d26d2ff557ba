#!/usr/bin/env python3
"""Mutation score of the rules and the numerical code of lib: scripts/mutate --help."""
import argparse
import concurrent.futures
import hashlib
import json
import os
import pathlib
import shlex
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict

import bench
import mutations
import operations

HERE = pathlib.Path(__file__).resolve().parent
TARGET = 98.0  # per cent killed of all that are not equivalent


def chosen(texts, count):
    """`count` mutations of the sources {name: text}: of each its share, and of each at least two, if
    it has as many; the same ones as long as the lines are the same."""
    of = {}
    for name, text in texts.items():
        of[name] = sorted(mutations.of_text(text, name),
                          key=lambda m: hashlib.sha256(m.key().encode()).digest())
    total = sum(map(len, of.values()))
    share = {n: min(len(m), max(2, count * len(m) // total)) for n, m in of.items()}
    larger = sorted(of, key=lambda n: -len(of[n]))
    while sum(share.values()) > count and max(share.values()) > 1:
        share[max(larger, key=lambda n: share[n])] -= 1
    while sum(share.values()) < min(count, total):
        for n in larger:
            if sum(share.values()) < count and share[n] < len(of[n]):
                share[n] += 1
    return [m for n in of for m in of[n][:share[n]]]


def explained(text):
    """{key: (status, reason)} from the text of explained.txt."""
    found = {}
    for line in text.split("\n"):
        if line and not line.startswith("#"):
            (status, reason), key = line.split(" :: ")[0].split(": ", 1), line.split(" :: ", 1)[1]
            if status not in ("equivalent", "survives"):
                raise ValueError(f"explained.txt: {status}; it must be equivalent or survives")
            found[key] = (status, reason)
    return found


def commit_of_tree():
    """As the program names it: with -dirty if files differ; "" if unknown."""
    def git(*words):
        run = subprocess.run(["git", "--no-optional-locks", "-C", str(operations.ROOT), *words],
                             capture_output=True, text=True)
        return run.stdout.strip() if run.returncode == 0 else None
    try:
        head = git("rev-parse", "--verify", "HEAD")
        if head is None or git("rev-parse", "--show-prefix") != "":
            return ""
        return head + ("-dirty" if git("status", "--porcelain") else "")
    except FileNotFoundError:
        return ""


def write_safely(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    try:
        with open(temporary, "w") as out:
            out.write(text)
            out.flush()
            os.fsync(out.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def report(selected, verdicts, reasons, about):
    """The object of mutation.json (reports/SCHEMA.md). What is said to be equivalent and was killed all
    the same is killed."""
    files, mutants = defaultdict(Counter), []
    for m, (status, _) in zip(selected, verdicts):
        said, why = reasons.get(m.key(), ("", ""))
        if status == "survived" and said == "equivalent":
            status = "equivalent"
        files[f"lib/{m.file}"][status] += 1
        if status in ("survived", "equivalent"):
            mutant = {"file": f"lib/{m.file}", "line": m.line, "original": m.source.strip(),
                      "mutant": m.line_applied().strip(), "status": status}
            if why:
                mutant["why"] = why
            mutants.append(mutant)
    kinds = ("killed", "survived", "equivalent")
    return {"schema": 1, **about,
            "files": [{"file": f, **{k: files[f][k] for k in kinds}} for f in sorted(files)],
            "not_compiled": sum(c["not compiled"] for c in files.values()),
            "mutants": sorted(mutants, key=lambda m: (m["status"] != "survived", m["file"], m["line"]))}


def totals(result):
    sums = {k: sum(f[k] for f in result["files"]) for k in ("killed", "survived", "equivalent")}
    judged = sums["killed"] + sums["survived"]
    return {**sums, "score": 100 * sums["killed"] / judged if judged else 0.0}


class Store:
    """Verdicts of runs before, for --resume. One holds as long as all headers that are compiled for it,
    the suite and the number of cases are the same; a kill whatever became of the suite."""

    def __init__(self, path, suite, resume):
        self.path, self.suite, self.known, self.seconds = path, suite, {}, 0
        path.parent.mkdir(parents=True, exist_ok=True)
        if not resume:
            path.unlink(missing_ok=True)
            return
        for line in path.read_text().split("\n") if path.exists() else []:
            if line.endswith("}"):  # the last one may have been cut off
                v = json.loads(line)
                if v["suite"] == suite or v["status"] != "survived":
                    self.known[v["of"]] = (v["status"], v["by"])
                self.seconds = v["seconds"]

    def keep(self, of, verdict, seconds):
        """`seconds`: of this run so far."""
        with open(self.path, "a") as out:
            out.write(json.dumps({"of": of, "suite": self.suite, "status": verdict[0],
                                  "by": verdict[1], "seconds": self.seconds + seconds}) + "\n")


def digest(*parts):
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def digest_of(task):
    """Of a header with its text, of the operations that show it, and of all that they include."""
    name, text = task
    expressions = operations.shown_by(name, operations.entries())
    headers = set().union(*map(operations.included_by, operations.headers_of(expressions)))
    others = map(operations.text_of, sorted(headers - {name}))
    return digest(name, text, *expressions, *(op for op, _ in operations.REPLAYED.get(name, [])),
                  *operations.CLAIMED.get(name, ()), *operations.LIFTED.get(name, ()), *others)


class FailsUnmutated(Exception):
    pass


def store_for(given):
    runner = (given.build / "assay_mutant_runner").read_bytes()
    suite = digest(hashlib.sha256(runner).hexdigest(), str(given.cases))
    return Store(given.out.with_name("mutants.jsonl"), suite, given.resume)


def stop_on_signals(children):
    signals = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def stop(signum, _):
        for s in signals:  # nothing is to interrupt the tidying up
            signal.signal(s, signal.SIG_IGN)
        children.stop()
        raise KeyboardInterrupt(signal.Signals(signum).name)
    for s in signals:
        signal.signal(s, stop)


def judge_all(tasks, right, again, given, store, started):
    """The verdict of each (name of header, its text); the first so many must pass. Those whose number
    is in `again` get a second chance to be noticed."""
    children = bench.Children()
    verdicts = [store.known.get(digest_of(t)) for t in tasks]
    open_ones = [i for i, v in enumerate(verdicts) if v is None]
    stop_on_signals(children)

    with tempfile.TemporaryDirectory(prefix="assay-mutants-") as scratch, \
            concurrent.futures.ThreadPoolExecutor(given.jobs) as pool:
        try:
            place = bench.Bench(given.build, given.cases, given.timeout, scratch, children)
            running = {pool.submit(place.judge, *tasks[i], i, i in again): i for i in open_ones}
            for done, future in enumerate(concurrent.futures.as_completed(running), 1):
                i = running[future]
                verdicts[i] = future.result()
                store.keep(digest_of(tasks[i]), verdicts[i], time.monotonic() - started)
                if i < right and verdicts[i][0] != "survived":
                    raise FailsUnmutated(f"lib/{tasks[i][0]}: {' by '.join(verdicts[i])}")
                if done % 20 == 0 or done == len(running):
                    print(f"mutate: {done} of {len(running)}, {time.monotonic() - started:.0f} s",
                          flush=True)
        except BaseException:
            children.stop()
            pool.shutdown(wait=True, cancel_futures=True)
            raise
    return verdicts


def arguments():
    parser = argparse.ArgumentParser(prog="mutate", add_help=False, allow_abbrev=False)
    parser.add_argument("--build", type=pathlib.Path, default=operations.ROOT / "build" / "release")
    parser.add_argument("--out", type=pathlib.Path,
                        default=operations.ROOT / "reports" / "out" / "mutation.json")
    parser.add_argument("--count", type=int, default=360)
    parser.add_argument("--cases", type=int, default=60)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--timeout", type=int, default=120)
    parser.add_argument("--only", default="", metavar="TEXT")
    parser.add_argument("--resume", action="store_true")
    parser.add_argument("--list", action="store_true")
    given = parser.parse_args()
    for name in ("count", "cases", "jobs", "timeout"):
        if getattr(given, name) < 1:
            parser.error(f"--{name} {getattr(given, name)}: it must be at least 1")
    names = [n for n in operations.files(operations.entries()) if given.only in n]
    given.texts = {n: operations.text_of(n) for n in names}
    given.selected = chosen(given.texts, given.count) if names else []
    if not given.selected:
        parser.error(f"--only {given.only}: no header with mutations has that in its name")
    return given


def main():
    given = arguments()
    if given.list:
        for m in given.selected:
            print(f"{m.kind:16} {m.key()}")
        return 0
    started, commit = time.monotonic(), commit_of_tree()
    reasons = explained((HERE / "explained.txt").read_text())
    # What is not mutated must pass, or a death would mean nothing.
    files = sorted({m.file for m in given.selected})
    tasks = [(f, given.texts[f]) for f in files]
    tasks += [(m.file, m.applied(given.texts[m.file])) for m in given.selected]
    again = {i for i, m in enumerate(given.selected, len(files))
             if reasons.get(m.key(), ("",))[0] != "equivalent"}
    store = store_for(given)
    try:
        verdicts = judge_all(tasks, len(files), again, given, store, started)[len(files):]
    except KeyboardInterrupt as signalled:
        print(f"mutate: stopped by {signalled}; --resume goes on from here", file=sys.stderr)
        return 130
    except FailsUnmutated as failure:
        print(f"mutate: without a mutation, {failure}", file=sys.stderr)
        return 1
    # Headers were read all along: of a tree that changed meanwhile nothing is known.
    about = {"commit": commit if commit == commit_of_tree() else "",
             "command": shlex.join(["./scripts/mutate", *sys.argv[1:]]),
             "seconds": round(store.seconds + time.monotonic() - started), "cases": given.cases}
    result = report(given.selected, verdicts, reasons, about)
    write_safely(given.out, json.dumps(result, indent=1) + "\n")
    return say(given, verdicts, reasons, result)


def say(given, verdicts, reasons, result):
    for m, (status, by) in zip(given.selected, verdicts):
        said, why = reasons.get(m.key(), ("", ""))
        if status == "survived" and said != "equivalent":
            print(f"survived ({m.kind}, line {m.line}): {m.key()}" + (f"\n  {why}" if why else ""))
        if status == "killed" and said:
            print(f"said to be {said}, but killed by {by}: {m.key()}")
    t = totals(result)
    print(f"{len(given.selected)} mutations of {len(result['files'])} files in {result['seconds']} s: "
          f"{t['killed']} killed, {t['survived']} survived, {t['equivalent']} equivalent, "
          f"{result['not_compiled']} not compiled; score {t['score']:.1f} % (wanted {TARGET:.0f})")
    print(f"written: {given.out}")
    return 0 if t["score"] >= TARGET else 1


if __name__ == "__main__":
    sys.exit(main())
