"""Cost of bits per fact on many scores: processor time, peak memory, and both beside one sort of the same scores.

    python scripts/bench_estimate.py [--scores 10000000] [--claims-per-group 10] [--seed 0]

One row per way to estimate, each in a process of its own (its peak counts the interpreter and the scores):
independent claims, claims grouped by entity, and the streaming form in batches. Half of the scores are facts. Then
what a sketch knows of the tail that carries the bits: the relative error of the share of non-facts above its 2^-b
quantile, for REQ as used here and for KLL of at least its size.
"""

import argparse
import multiprocessing
import resource
import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from bitsperfact.estimate import bits_per_fact

Array = NDArray[np.float64]

WIDTHS = "{:24} {:>8} {:>8} {:>9} {:>8} {:>17} {:>10} {:>8}"
BATCHES = 100


def main() -> None:
    """Measure and print, row by row."""
    asked = arguments()
    print(WIDTHS.format("form", "scores", "CPU s", "x sort", "GB", "interval", "certified", "error"))
    for name, form in FORMS.items():
        # Peak memory never falls again within a process.
        with multiprocessing.get_context("spawn").Pool(1) as one:
            print(one.apply(row, (name, form, asked.scores, asked.claims_per_group, asked.seed)), flush=True)
    print(tails(asked.scores, asked.seed))


def drawn(n_scores: int, seed: int) -> tuple[Array, Array]:
    """A channel of 10 bits with spread scores."""
    rng, n = np.random.default_rng(seed), n_scores // 2
    high = rng.random(n) < 2.0**-10
    return rng.logistic(6, 1, n), rng.logistic(-6, 1, n) + 12 * high


def independent(facts: Array, nonfacts: Array, claims_per_group: int) -> tuple[str, str, str]:  # noqa: ARG001
    """Every claim on its own."""
    return figures(bits_per_fact(facts, nonfacts))


def grouped(facts: Array, nonfacts: Array, claims_per_group: int) -> tuple[str, str, str]:
    """Claims in groups of equal size, shuffled."""
    rng = np.random.default_rng(0)
    of_facts, of_nonfacts = (rng.permutation(claims.size) // claims_per_group for claims in (facts, nonfacts))
    return figures(bits_per_fact(facts, nonfacts, (of_facts, of_nonfacts)))


def streamed(facts: Array, nonfacts: Array, claims_per_group: int) -> tuple[str, str, str]:  # noqa: ARG001
    """The sketch, fed in batches."""
    from bitsperfact.estimate import StreamedScores

    stream = StreamedScores()
    for first, second in zip(np.array_split(facts, BATCHES), np.array_split(nonfacts, BATCHES), strict=True):
        stream.update(first, second)
    got = stream.bits_per_fact()
    return f"{got.lower:.3f}..{got.upper:.3f}", "-", f"{got.error_bits:.4f}"


FORMS: dict[str, Callable[[Array, Array, int], tuple[str, str, str]]] = {
    "independent claims": independent,
    "grouped claims": grouped,
    "streamed": streamed,
}


def figures(got) -> tuple[str, str, str]:  # noqa: ANN001
    """The cells that show what was estimated."""
    return f"{got.lower:.3f}..{got.upper:.3f}", f"{got.certified:.3f}", "-"


def row(name, form, n_scores, claims_per_group, seed) -> str:  # noqa: ANN001
    """One line of the table."""
    facts, nonfacts = drawn(n_scores, seed)
    _, sort_s = timed(lambda: np.sort(np.concatenate([facts, nonfacts])))
    cells, spent_s = timed(lambda: form(facts, nonfacts, claims_per_group))
    peak_gb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    cost = [f"{n_scores:.0e}", f"{spent_s:.2f}", f"{spent_s / sort_s:.1f}", f"{peak_gb:.2f}"]
    return WIDTHS.format(name, *cost, *cells)


def tails(n_scores: int, seed: int) -> str:
    """Relative errors of tail shares, sketch by sketch."""
    import datasketches

    scores = np.random.default_rng(seed).logistic(size=n_scores // 2).astype(np.float32)
    ordered = np.sort(scores)
    lines = [
        "",
        "error of the share of non-facts above the 2^-b quantile",
        " " * 28 + "".join(f"{b:>9}" for b in BITS),
    ]
    sketches = {"REQ, k = 200": datasketches.req_floats_sketch(200, True)}
    sketches["KLL, k = 32768"] = datasketches.kll_floats_sketch(32_768)
    for name, sketch in sketches.items():
        sketch.update(scores)
        errors = [tail_error(sketch, ordered, bits) for bits in BITS]
        lines.append(f"{name:16} {sketch.num_retained:7,} kept" + "".join(f"{100 * e:+8.2f}%" for e in errors))
    return "\n".join(lines)


BITS = (1, 4, 8, 12, 16, 20)


def tail_error(sketch, ordered, bits) -> float:  # noqa: ANN001
    """What the sketch gets wrong, relative to the share."""
    edge = ordered[-max(1, round(ordered.size * 2.0**-bits))]
    share = 1 - np.searchsorted(ordered, edge) / ordered.size
    return (1 - sketch.get_rank(float(edge), False)) / share - 1


def timed(work):  # noqa: ANN001, ANN201
    """A call's result, and the processor seconds that it took."""
    start = time.process_time()
    result = work()
    return result, time.process_time() - start


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scores", type=int, default=10_000_000)
    parser.add_argument("--claims-per-group", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


if __name__ == "__main__":
    main()
