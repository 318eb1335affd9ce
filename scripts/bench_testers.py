"""Memory over the bound, and build and query rates, of every tester beside Bloom and fuse.

    python scripts/bench_testers.py [--keys 100000] [--bits 8.2] [--window 14] [--seed 0]

One row per tester: bits per key; the bits that its error rates need at least, KL(Bern(1 - fnr) || Bern(fpr)), or
log2(1 / fpr) where no key is missed; their ratio; fnr counted, fpr by design and counted on a million non-keys;
millions of keys built, and of claims queried, per second of processor time (one core), from an array of integers.
Compilation is not timed. Fuse and xor filters come with 8 or 16 bits only and take what they need.
"""

import argparse
import time
from functools import partial

import numpy as np

from bitsperfact import testers
from bitsperfact.theory import two_sided_filter_bits

N_OTHERS = 1_000_000
WIDTHS = "{:22} {:>9} {:>9} {:>7} {:>7} {:>10} {:>10} {:>8} {:>8}"


def main() -> None:
    """Build, query and print, tester by tester."""
    asked = arguments()
    drawn = np.random.default_rng(asked.seed).integers(-(2**62), 2**62, asked.keys + N_OTHERS)
    keys, others = 2 * drawn[: asked.keys], 2 * drawn[asked.keys :] + 1
    two_sided = partial(testers.TwoSidedTester.init, fnr=0.1, window=asked.window)
    kinds = {
        "Bloom (rbloom)": (testers.BloomTester.init, asked.bits),
        "xor (pyfusefilter)": (testers.XorTester.init, max(asked.bits, 12.0)),
        "fuse (pyfusefilter)": (testers.FuseTester.init, max(asked.bits, 12.0)),
        "ribbon": (testers.RibbonTester.init, asked.bits),
        "score": (testers.ScoreTester.init, asked.bits),
        f"two-sided, fnr .1, w={asked.window}": (two_sided, asked.bits),
    }
    print(WIDTHS.format("tester", "bits/key", "bound", "ratio", "fnr", "fpr", "counted", "build/s", "query/s"))
    for name, (build, bits) in kinds.items():
        print(row(name, build, bits, keys, others, asked.seed), flush=True)


def row(name, build, bits, keys, others, seed) -> str:  # noqa: ANN001
    """One line of the table."""
    build(keys[:1000], max(bits, 20.0), seed).query(keys[:10])  # compiles
    tester, build_s = timed(lambda: build(keys, bits, seed))
    of_others, query_s = timed(lambda: tester.query(others))
    counted = float((of_others == tester.answers[1]).mean())
    fnr = float((tester.query(keys) != tester.answers[1]).mean())
    per_key, bound = tester.memory_bits / len(keys), float(two_sided_filter_bits(fnr, tester.fpr))
    figures = [f"{per_key:.4f}", f"{bound:.4f}", f"{per_key / bound:.4f}", f"{fnr:.4f}", f"{tester.fpr:.3e}"]
    rates = [f"{len(keys) / build_s / 1e6:.2f} M", f"{len(others) / query_s / 1e6:.2f} M"]
    return WIDTHS.format(name, *figures, f"{counted:.3e}", *rates)


def timed(work):  # noqa: ANN001, ANN201
    """A call's result, and the seconds that it took."""
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
    return parser.parse_args()


if __name__ == "__main__":
    main()
