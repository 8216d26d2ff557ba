"""Which operations of the library show what a header of it does."""
import functools
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
LIB = ROOT / "lib"
OPS = LIB / "assay" / "ops"

# Code that several operations share, and those that show what it does; of a header with more than
# four operations, those that use all of it.
SHOWN_BY = {
    "assay/elementary.hpp": ["exp", "expm1", "log", "log1p", "tanh", "silu"],
    "assay/special.hpp": ["erf", "erfc", "gelu", "gelu_tanh", "silu", "mish"],
    "assay/reductions.hpp": ["logsumexp", "softmax_rowwise", "var_colwise", "norm_rowwise",
                             "max_colwise", "prod_colwise", "cumsum",
                             "Call<StandardDeviation<Axis::rowwise>>{{.ddof = 1}}"],
    "assay/reduce.hpp": ["sum", "sum_rowwise", "mean_colwise", "linear"],
    "assay/map.hpp": ["exp", "sub", "div", "pow", "bce"],
    "assay/loss.hpp": ["squared_error_mean", "l1_sum"],
    "assay/gaussian.hpp": ["kl_standard_normal", "kl_standard_normal_full", "kl_normal",
                           "reparameterize_full"],
    "assay/factor.hpp": ["solve", "inverse", "cholesky", "logdet"],
    "assay/jacobi.hpp": ["eigvalsh", "eigh", "svdvals"],
    "assay/widened.hpp": ["inverse", "logdet", "eigh"],
    "assay/twofold.hpp": ["inverse", "cholesky", "eigh"],
    "assay/ops/kl_div.hpp": ["kl_div", "kl_div_mean", "kl_div_log", "kl_div_log_sum"],
    "assay/ops/normalise.hpp": ["Call<LayerNorm>{}", "Call<BatchNorm>{}"],
    "assay/ops/labels.hpp": ["Call<Nll<Reduction::none>>{{{0, 2, 1}}}",
                             "Call<Nll<Reduction::mean>>{{{0, 2, 1}}}",
                             "Call<CrossEntropy<Reduction::mean>>{{{0, 2, 1}, 0.25}}"],
}

# Whose values derivatives do not show: claims about them, by the source and the function that adds them.
CLAIMED = {
    "assay/gaussian.hpp": ("claims_divergence.cpp", "add_divergence_claims"),
    "assay/ops/kl_standard_normal.hpp": ("claims_vae.cpp", "add_vae_claims"),
}

# Whose df matrices do not take, since they have vjp: operations with their lifts to scalar nodes.
LIFTED = {
    "assay/ops/squared_error.hpp": ["squared_error"],
}

# Where values of PyTorch are replayed with attributes that are not the list's: operations with these.
LABELS = "{2, 0, 1, 2}"
SMOOTHED = '{"labels": [2, 0, 1, 2], "smoothing": 0.1}'
REPLAYED = {
    "assay/ops/bce_with_logits_weighted.hpp": [
        ("Map<BceWithLogitsWeighted>{{.pos_weight = 2.5}}", '{"pos_weight": 2.5}'),
        ("Loss<BceWithLogitsWeighted, Reduction::mean>{{.pos_weight = 2.5}}", '{"pos_weight": 2.5}')],
    "assay/ops/block.hpp": [("Block{1, 1, 2, 3}", '{"i": 1, "j": 1, "rows": 2, "cols": 3}')],
    "assay/ops/clamp.hpp": [("Map<Clamp>{Clamp(-1, 0.5)}", '{"lo": -1, "hi": 0.5}')],
    "assay/ops/cross_entropy.hpp": [
        (f"CrossEntropy<Reduction::none>{{{LABELS}, 0.1}}", SMOOTHED),
        (f"CrossEntropy<Reduction::mean>{{{LABELS}, 0.1}}", SMOOTHED)],
    "assay/ops/elu.hpp": [("Map<Elu>{{.alpha = 0.75}}", '{"alpha": 0.75}')],
    "assay/ops/gather_rows.hpp": [(f"GatherRows{{{{2, 0, 2, 1}}}}", '{"indices": [2, 0, 2, 1]}')],
    "assay/ops/gaussian_nll.hpp": [
        ("GaussianNll<Reduction::none>{false}", '{"full": false}'),
        ("GaussianNll<Reduction::mean>{true}", '{"full": true}')],
    "assay/ops/huber.hpp": [
        ("Map<Huber>{Huber{1.5}}", '{"delta": 1.5}'),
        ("Loss<Huber, Reduction::mean>{Huber{1.5}}", '{"delta": 1.5}')],
    "assay/ops/labels.hpp": [
        (f"CrossEntropy<Reduction::mean>{{{LABELS}, 0.1}}", SMOOTHED)],
    "assay/ops/leaky_relu.hpp": [("Map<LeakyRelu>{{.slope = 0.125}}", '{"slope": 0.125}')],
    "assay/ops/nll.hpp": [
        (f"Nll<Reduction::none>{{{LABELS}}}", '{"labels": [2, 0, 1, 2]}'),
        (f"Nll<Reduction::mean>{{{LABELS}}}", '{"labels": [2, 0, 1, 2]}')],
    "assay/ops/reshape.hpp": [("Reshape{2, 6}", '{"rows": 2, "cols": 6}')],
    "assay/ops/soft_cross_entropy.hpp": [
        ("SoftCrossEntropy<Reduction::none>{0.1}", '{"smoothing": 0.1}'),
        ("SoftCrossEntropy<Reduction::mean>{0.1}", '{"smoothing": 0.1}')],
    "assay/ops/std.hpp": [("StandardDeviation<Axis::rowwise>{.ddof = 0}", '{"ddof": 0}'),
                          ("StandardDeviation<Axis::colwise>{.ddof = 1}", '{"ddof": 1}')],
    "assay/ops/var.hpp": [("Variance<Axis::rowwise>{.ddof = 0}", '{"ddof": 0}'),
                          ("Variance<Axis::colwise>{.ddof = 1}", '{"ddof": 1}')],
    "assay/ops/where.hpp": [("Where{Mat<bool>{{true, false, true}, {false, false, true}}}",
                             '{"mask": [[true, false, true], [false, false, true]]}')],
}


@functools.cache
def text_of(name):
    return (LIB / name).read_text()


@functools.cache
def entries():
    """The expressions of the list of operations, in its order."""
    text = text_of("assay/ops.hpp").split("inline const std::tuple operations{")[1]
    text = re.sub(r"//.*", "", text)
    found, depth, begin = [], 0, 0
    for i, c in enumerate(text):
        if c in "{(<":
            depth += 1
        elif c in ")}>":
            if depth == 0:
                break
            depth -= 1
        elif c == "," and depth == 0:
            found.append(text[begin:i].strip())
            begin = i + 1
    return [e for e in found if e]


@functools.cache
def declared_in(header):
    """The operations and the types that a header declares."""
    text = header.read_text()
    calls = re.findall(r"^inline constexpr Call\w*<[^;{]*>\s+(\w+)[;{]", text, re.M)
    return set(calls) | set(re.findall(r"^struct (\w+)", text, re.M))


def words(expression):
    """The names in it, without those of scopes and what is looked up in them."""
    return set(re.findall(r"(?<![\w:.])\w+(?!\w|::)", expression))


def shown_by(name, everything):
    """The operations, as expressions of the list, that show what the header of that name does."""
    if name in SHOWN_BY:
        missing = [e for e in SHOWN_BY[name] if e not in everything]
        if missing:
            raise ValueError(f"{name} is to be shown by {missing[0]}, which is not in the list of "
                             "operations (verify/mutants/operations.py)")
        return SHOWN_BY[name]
    return [e for e in everything if words(e) & declared_in(LIB / name)]


def headers_of(expressions):
    """The headers of operations that the expressions need."""
    needed = set().union(*map(words, expressions))
    return [f"assay/ops/{h.name}" for h in sorted(OPS.glob("*.hpp")) if declared_in(h) & needed]


@functools.cache
def included_by(name):
    """The headers of the library that the header of that name includes, itself and theirs among them."""
    found, open_ones = set(), [name]
    while open_ones:
        n = open_ones.pop()
        if n in found:
            continue
        found.add(n)
        open_ones += re.findall(r'^#include "(assay/[^"]+)"', text_of(n), re.M)
    return found


def files(everything):
    """The headers that are mutated, relative to lib: those that an operation shows."""
    names = {*SHOWN_BY, *(f"assay/ops/{p.name}" for p in OPS.glob("*.hpp"))}
    return [n for n in sorted(names) if shown_by(n, everything)]
