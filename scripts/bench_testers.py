"""Memory over the bound, and build and query rates, of every tester beside Bloom and fuse, as a Markdown table.

    python scripts/bench_testers.py [--keys 100000] [--bits 8.2] [--window 14] [--seed 0] [--repeats 3]

One row per tester: bits per key; the bits that its error rates need at least, KL(Bern(1 - fnr) || Bern(fpr)), or
log2(1 / fpr) where no key is missed; their ratio; fnr counted, fpr by design and counted on a million non-keys;
millions of keys built, and of claims queried, per second of processor time (one core), from an array of integers,
and these two as multiples of Bloom's. The fastest of the repeats counts, which take turns among the testers, so
that a busy machine slows all alike. Compilation is not timed. Fuse and xor filters come with 8 or 16 bits only and
take what they need; the two-sided tester's budget is that of fnr .1 and fpr 2^-8.
"""

import argparse
import time
from collections.abc import Callable
from functools import partial

import numpy as np

from bitsperfact import testers
from bitsperfact.theory import two_sided_filter_bits

N_OTHERS = 1_000_000
BASELINE = "Bloom (rbloom)"
HEADINGS = ("tester", "bits/key", "bound", "over bound", "fnr", "fpr", "fpr counted")
HEADINGS += ("build M/s", "query M/s", "build / Bloom's", "query / Bloom's")
#: Memory over the bound that the two-sided tester is expected to take.
TWO_SIDED_OVERHEAD = 1.0295


def main() -> None:
    """Build, query and print, tester by tester."""
    asked = arguments()
    drawn = np.random.default_rng(asked.seed).integers(-(2**62), 2**62, asked.keys + N_OTHERS)
    keys, others = 2 * drawn[: asked.keys], 2 * drawn[asked.keys :] + 1
    kinds = kinds_of(asked.bits, asked.window)
    for init, bits in kinds.values():
        init(keys[:1000], max(bits, 20.0), asked.seed).query(keys[:10])  # compiles
    built, seconds = {}, {name: [np.inf, np.inf] for name in kinds}
    for _ in range(asked.repeats):
        for name, (init, bits) in kinds.items():
            built[name], took = timed(partial(init, keys, bits, asked.seed))
            _, took_too = timed(partial(built[name].query, others))
            seconds[name] = [min(seconds[name][0], took), min(seconds[name][1], took_too)]
    rates = {name: (len(keys) / build, len(others) / query) for name, (build, query) in seconds.items()}
    print("| " + " | ".join(HEADINGS) + " |\n|" + " --- |" * len(HEADINGS))
    for name, tester in built.items():
        cells = [name, *accuracy(tester, keys, others), *speed(rates[name], rates[BASELINE])]
        print("| " + " | ".join(cells) + " |")


def kinds_of(bits: float, window: int) -> dict[str, tuple[Callable[..., testers.Tester], float]]:
    """Each tester's name, constructor and budget (bits per key)."""
    two_sided = partial(testers.TwoSidedTester.init, fnr=0.1, window=window)
    two_sided_bits = TWO_SIDED_OVERHEAD * float(two_sided_filter_bits(0.1, 2**-8))
    return {
        BASELINE: (testers.BloomTester.init, bits),
        "xor (pyfusefilter)": (testers.XorTester.init, max(bits, 12.0)),
        "fuse (pyfusefilter)": (testers.FuseTester.init, max(bits, 12.0)),
        "ribbon": (testers.RibbonTester.init, bits),
        "score": (testers.ScoreTester.init, bits),
        f"two-sided, window {window}": (two_sided, two_sided_bits),
    }


def accuracy(tester: testers.Tester, keys: np.ndarray, others: np.ndarray) -> list[str]:
    """Memory, bound and error rates, as text."""
    counted = float((tester.query(others) == tester.answers[1]).mean())
    fnr = float((tester.query(keys) != tester.answers[1]).mean())
    per_key, bound = tester.memory_bits / len(keys), float(two_sided_filter_bits(fnr, tester.fpr))
    figures = [f"{per_key:.4f}", f"{bound:.4f}", f"{per_key / bound:.4f}", f"{fnr:.4f}"]
    return [*figures, f"{tester.fpr:.3e}", f"{counted:.3e}"]


def speed(own: tuple[float, float], baseline: tuple[float, float]) -> list[str]:
    """Rates (per second) in millions, and as multiples of the baseline's, as text."""
    return [f"{rate / 1e6:.2f}" for rate in own] + [f"{a / b:.2f}" for a, b in zip(own, baseline, strict=True)]


def timed(work: Callable[[], testers.Tester]) -> tuple[testers.Tester, float]:
    """A call's result, and the seconds of processor time that it took."""
    start = time.process_time()
    result = work()
    return result, time.process_time() - start


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keys", type=int, default=100_000)
    parser.add_argument("--bits", type=float, default=8.2, help="bits per key")
    parser.add_argument("--window", type=int, default=14, help="effort of the two-sided tester, 1..20")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--repeats", type=int, default=3)
    return parser.parse_args()


if __name__ == "__main__":
    main()
