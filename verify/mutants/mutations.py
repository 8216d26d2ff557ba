"""The mutations of a C++ source: small edits of one line that make it wrong.

Left alone is what no value depends on: comments, text, preprocessor lines, declarations, checks of
shapes, arguments and attributes with their messages, heads of loops, the names and domains of
operations, and what only brings random inputs into a domain (`arrange`, `fitting`). So is what the
checks of an operation do not compile: the first branch of an #if, which is for processors with FMA,
and functions of wide numbers other than the oracle's.
"""
import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Mutation:
    file: str  # relative to lib
    line: int  # from 1
    column: int  # from 0
    kind: str  # sign, operator, constant, index, dropped term, swapped argument, wrong branch
    before: str
    after: str
    source: str  # the line as it was
    nth: int  # of the lines of the file that read the same, from 1

    def key(self):
        """Its name in explained.txt: the line's number is not part of it."""
        again = f" #{self.nth}" if self.nth > 1 else ""
        return f"{self.file}: {self.source.strip()} | {self.before} -> {self.after} @{self.column}{again}"

    def line_applied(self):
        end = self.column + len(self.before)
        assert self.source[self.column:end] == self.before
        return self.source[:self.column] + self.after + self.source[end:]

    def applied(self, text):
        lines = text.split("\n")
        assert lines[self.line - 1] == self.source
        lines[self.line - 1] = self.line_applied()
        return "\n".join(lines)


# Lines without a value of their own.
UNTOUCHED = re.compile(
    r"^\s*(#|//|template\b|namespace\b|friend\b.*\)\s*;|concept\b|struct\b|class\b|inline constexpr Call\b)"
    r"|\bif constexpr\b|\brequires\b|\b(arrange|fitting)\(|\bShape shape\(|\bconcept\b"
    r"|\bstd::(to_)?string\b|operator\w*[^\w\s(]+\(|= default;")
# Statements of which the same holds, over as many lines as they have.
STATEMENT = re.compile(
    r"\b(require|refuse)(_\w+)?\(|^\s*(static_assert|using|throw)\b"
    r"|^\s*(static|inline) constexpr (auto name|auto domain|Ulps|const char\*|Interval)")
# Functions and types of which the same holds.
BLOCK = re.compile(r"\b(arrange|fitting|text|ordinal_of|require_\w+|reduced_name|gauss)\(.*[{(,]$"
                   r"|struct (LossName|ScalarName|NumTraits)\b")
# Attributes that are refused: the condition stands before one of these.
REFUSAL = re.compile(r"^\s*(throw std::invalid_argument|(detail::)?refuse\w*|require_value\(false)\b")

SWAPPED_OPERATOR = {
    " + ": (" - ",), " - ": (" + ",), " * ": (" / ",), " / ": (" * ",),
    " += ": (" -= ", " = "), " -= ": (" += ",), " *= ": (" /= ",), " /= ": (" *= ",),
}
SWAPPED_COMPARISON = {
    " < ": (" <= ", " > "), " > ": (" >= ", " < "), " <= ": (" < ",), " >= ": (" > ",),
    " == ": (" != ",), " != ": (" == ",), " && ": (" || ",), " || ": (" && ",),
}
# Functions whose last two arguments can be mistaken for each other.
SELECTIONS = ("select", "blend", "conditional", "cond")
PAIRS = ("atan2", "copysign", "fmod", "mul_exp", "mul_normal", "exp_difference", "below")
# What is true or false: its sign is nothing.
DECISION = re.compile(r" (==|!=|<|>|<=|>=|&&|\|\|) |^!|\b(true|false|is_\w+|takes\w*|all_\w+)\b")


def blanked(line):
    """The line with text, comments and the head of a loop made blank: offsets stay."""
    line = re.sub(r'"(\\.|[^"\\])*"', lambda m: '"' + " " * (len(m[0]) - 2) + '"', line)
    line = re.sub(r"//.*", lambda m: " " * len(m[0]), line)
    head = re.match(r"\s*(for|while) (?=\()", line)
    if head:
        spans = arguments(line, head.end())
        end = spans[-1][1] + 1 if spans else len(line)
        line = " " * end + line[end:]
    return line


def arguments(line, start):
    """The spans of the arguments of the call whose parenthesis opens at start, if it closes here."""
    depth, spans, begin = 0, [], start + 1
    for i in range(start, len(line)):
        c = line[i]
        if c in "([{":
            depth += 1
        elif c in ")]}":
            depth -= 1
            if depth == 0:
                return spans + [(begin, i)]
        elif c == "," and depth == 1:
            spans.append((begin, i))
            begin = i + 1
    return []


def exchanged_operators(code):
    for table, kind in ((SWAPPED_OPERATOR, "operator"), (SWAPPED_COMPARISON, "wrong branch")):
        for before, afters in table.items():
            for m in re.finditer(re.escape(before), code):
                for after in afters:
                    yield m.start(), kind, before, after


def lost_signs(code):
    for m in re.finditer(r"(?<=[(,{ ])-(?=[\w(:])", code):
        yield m.start(), "sign", "-", ""
    for m in re.finditer(r"\breturn (?=[\w(])([^;{}]+);", code):
        if not DECISION.search(m[1]) and not re.search(r"\b(std::move|nullptr|Shape|shape\w*|reduced|labels)\b", m[1]):
            yield m.start(1), "sign", m[1], f"-({m[1]})"


def other_constants(code):
    for m in re.finditer(r"\bT\((\d+(?:\.\d+)?)\)", code):
        other = {"0": "1", "1": "2", "2": "1", "0.5": "0.25"}.get(m[1], f"{float(m[1]) + 1:g}")
        yield m.start(), "constant", m[0], f"T({other})"
    for m in re.finditer(r"(?<![\w.])0x1\.([0-9a-f])[0-9a-f]*p-?\d+F?", code):
        # A mistyped digit of a coefficient.
        digit = f"{(int(m[1], 16) + 1) % 16:x}"
        yield m.start(), "constant", m[0], m[0][:4] + digit + m[0][5:]


def other_indices(code):
    for m in re.finditer(r"\.(rows|cols)\(\)", code):
        yield m.start(1), "index", m[1], {"rows": "cols", "cols": "rows"}[m[1]]
    for m in re.finditer(r"\((\w), (\w)\)", code):
        if m[1] != m[2] and {m[1], m[2]} <= set("ijkl"):
            yield m.start(), "index", m[0], f"({m[2]}, {m[1]})"
    for m in re.finditer(r"(?<=\w)\[(\d)\]", code):
        yield m.start(), "index", m[0], f"[{int(m[1]) ^ 1}]"


def dropped_terms(code):
    for m in re.finditer(r" [+-] [\w:.]+(?:\[\w+\]|\([^()]*\))*(?=[;,)])", code):
        yield m.start(), "dropped term", m[0], ""


def swapped_arguments(code):
    for m in re.finditer(r"\b(\w+)(?:<[\w:, ]+>)?\(", code):
        spans = arguments(code, m.end() - 1)
        if m[1] in SELECTIONS and len(spans) == 3 or m[1] in PAIRS and len(spans) == 2:
            (a, b), (c, d) = spans[-2:]
            first, second = code[a:b].strip(), code[c:d].strip()
            if "const " in code[a:d] or first == second:  # a declaration; nothing to see
                continue
            yield a, "swapped argument", code[a:d], code[a:d].replace(f"{first}, {second}",
                                                                      f"{second}, {first}")


def wrong_branches(code):
    for m in re.finditer(r"\bif \(", code):
        spans = arguments(code, m.end() - 1)
        if spans:
            inside = code[spans[0][0]:spans[-1][1]]
            yield spans[0][0], "wrong branch", inside, f"!({inside})"


KINDS = (exchanged_operators, lost_signs, other_constants, other_indices, dropped_terms,
         swapped_arguments, wrong_branches)


class Reader:
    """Which lines of a source are left alone."""

    def __init__(self):
        self.statement = self.dead = False
        self.block = None

    def skips(self, line, code):
        if line.startswith("#"):
            self.dead = line.startswith("#if")  # until #else or #endif
            return True
        if self.dead:
            return True
        if self.block is not None:
            if line.startswith(self.block + "}"):
                self.block = None
            return True
        if BLOCK.search(code) and not code.rstrip().endswith(";"):
            self.block = re.match(r"\s*", line)[0]
            return True
        if self.statement or STATEMENT.search(code):
            self.statement = not code.rstrip().endswith((";", "}"))
            return True
        return bool(UNTOUCHED.search(code))


def of_text(text, name):
    """All mutations of a source called name, whose text is given."""
    reader, seen, found = Reader(), {}, []
    lines = text.split("\n")
    for number, line in enumerate(lines, 1):
        code = blanked(line)
        nth = seen[line.strip()] = seen.get(line.strip(), 0) + 1
        refusing = number < len(lines) and REFUSAL.search(lines[number])
        if reader.skips(line, code) or refusing:
            continue
        for kind in KINDS:
            for column, what, before, after in kind(code):
                exact = line[column:column + len(before)]
                if exact == before and before != after:
                    found.append(Mutation(name, number, column, what, before, after, line, nth))
    return found


def of_file(path, name):
    return of_text(path.read_text(), name)
