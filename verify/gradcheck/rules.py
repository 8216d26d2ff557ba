"""Six wrong rules under torch.autograd.gradcheck, beside what assay says of the same rules.

usage: rules.py PROGRAM      PROGRAM is gradcheck_rules, which prints one line a rule
"""
import math
import subprocess
import sys

import torch


def rule(forward, backward):
    class Rule(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return forward(x)

        @staticmethod
        def backward(ctx, dy):
            (x,) = ctx.saved_tensors
            return backward(dy, x)

    return Rule.apply


softplus = torch.nn.functional.softplus
normal = lambda x: torch.exp(-x * x / 2)
cdf = lambda x: 0.5 * torch.erfc(-x / math.sqrt(2))

# y = x + (W x)^2 / 64 with 32 W_ij = 2 ((7 i + 3 j + 1) mod 19) - 19
n = 60
i, j = torch.meshgrid(torch.arange(n), torch.arange(n), indexing="ij")
weight = (2 * ((7 * i + 3 * j + 1) % 19) - 19).double() / 32


def dense_backward(dy, x):
    jacobian = torch.eye(n).double() + torch.diag(weight @ x) @ weight / 32
    jacobian[23, 41] *= 1 + 5e-4
    return jacobian.T @ dy


RULES = {
    "zero_in_tail": rule(softplus, lambda dy, x: dy * torch.where(x < -12, 0 * x, torch.sigmoid(x))),
    "rounded_constant": rule(lambda x: x * cdf(x), lambda dy, x: dy * (cdf(x) + x * 0.39894 * normal(x))),
    "one_entry": rule(lambda x: x + (weight @ x) ** 2 / 64, dense_backward),
    "narrow_window": rule(torch.sin, lambda dy, x: dy * torch.where((x > 1.7) & (x < 1.701), -torch.cos(x), torch.cos(x))),
    "sign_in_tail": rule(torch.erfc, lambda dy, x: dy * torch.where(x > 4, 1.0, -1.0) * 2 / math.sqrt(math.pi) * torch.exp(-x * x)),
    "one_point": rule(softplus, lambda dy, x: dy * torch.where(x == 0, 0 * x, torch.sigmoid(x))),
}

# What each is tried at: random numbers, and where a rule is wrong in a tail, also that tail.
torch.manual_seed(42)
tails = torch.cat([torch.randn(64).double(), torch.linspace(-40, 40, 33).double() + 0.1])
POINTS = {"one_entry": torch.randn(n).double(), "one_point": torch.randn(200).double()}
MODES = {
    "defaults": {},
    "eps 1e-6, atol 1e-5, rtol 1e-3": {"eps": 1e-6, "atol": 1e-5, "rtol": 1e-3},
    "fast mode": {"fast_mode": True},
}


def passes(function, x, options):
    x = x.clone().requires_grad_(True)
    return torch.autograd.gradcheck(function, (x,), raise_exception=False, **options)


def require_gradcheck_works():
    """Right rules pass and a plainly wrong one fails, or the comparison would say nothing."""
    right = rule(torch.sin, lambda dy, x: dy * torch.cos(x))
    wrong = rule(torch.sin, lambda dy, x: -dy * torch.cos(x))
    for mode, options in MODES.items():
        if not passes(right, tails, options) or passes(wrong, tails, options):
            sys.exit(f"gradcheck ({mode}) does not tell a right rule from a wrong sign")


def main():
    require_gradcheck_works()
    lines = subprocess.run([sys.argv[1]], capture_output=True, text=True, check=True).stdout
    assay = dict(line.split("\t", 1) for line in lines.splitlines())
    if set(assay) != set(RULES):
        sys.exit(f"{sys.argv[1]} has other rules: {sorted(assay)}")
    print(f"gradcheck of torch {torch.__version__} | assay\n")
    missed = 0
    for name, function in RULES.items():
        verdicts = {mode: passes(function, POINTS.get(name, tails), o) for mode, o in MODES.items()}
        verdict, about, finding = assay[name].split("\t")
        print(f"{name}: {about}")
        for mode, ok in verdicts.items():
            print(f"  gradcheck, {mode:<31} {'passes' if ok else 'fails'}")
        print(f"  assay {'':<36} {verdict}")
        print("    " + finding.replace("\\n", "\n    ") + "\n")
        missed += all(verdicts.values()) and verdict == "fails"
    print(f"{missed} of {len(RULES)} wrong rules pass gradcheck in every mode and fail in assay")
    return 0 if missed >= 5 else 1


sys.exit(main())
