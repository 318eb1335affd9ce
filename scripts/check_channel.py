"""Check the shape of scores on laws where it is known: coverage, laws told, failure signatures; docs/channel.md.

python scripts/check_channel.py --repetitions 100 --out docs/channel.md
"""

import argparse
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TypeVar

import numpy as np
from matplotlib.figure import Figure

from bitsperfact import estimate
from bitsperfact.estimate import Interval
from bitsperfact.estimate.clusters import Groups
from bitsperfact.files import write_text
from bitsperfact.report.palette import LIGHT
from shape_laws import COVERED, EVEN, GALLERY, OF_CHANNEL, OF_EQUAL, RANKED, TOLD, Draw, Peaks

Row = TypeVar("Row")
#: Facts and non-facts of a sample whose values stand for the law's own.
LARGE = (40_000, 200_000)
SIGNATURES = ("channel", "forgetting", "spreading", "abstaining", "over-accepting")
#: Twenty sizes and laws are asked at once: some are met rarely by chance.
LEAST_COVERAGE, LEAST_TOLD = 0.9, 0.9


def _groups(draw: Draw, n: int, N: int) -> Groups:
    return np.arange(n), np.arange(N) // (draw.cluster if isinstance(draw, Peaks) else 1)


def measured(draw: Draw, n: int, N: int, seed: int, with_laws: bool) -> dict[str, Interval]:
    """Every quantity of one sample, those that laws are told by and bits per fact only where asked for."""
    rng = np.random.default_rng(seed)
    scores, groups = draw(n, N, rng), _groups(draw, n, N)
    found = estimate.shape(*scores, groups, seed)
    even = estimate.evenness(*scores, groups, seed)
    found |= {name: getattr(even, name) for name in EVEN}
    if with_laws:
        bits = estimate.bits_per_fact(*scores, groups, seed, replicates=100)
        found |= estimate.behind(*scores, groups, seed)
        found["bits_per_fact"] = Interval(bits.estimate, bits.lower, bits.upper, n, N, seed)
    return found


def truths(name: str, draw: Draw) -> Mapping[str, float]:
    """What the law has: known, or that of a large sample; nothing where its spread has no end."""
    if name == "equal laws":
        return OF_EQUAL
    found = {key: value.estimate for key, value in measured(draw, *LARGE, 1, False).items()}
    known = OF_CHANNEL if name.startswith("channel") else {}
    unknown = () if known else ("evenness", "spread")
    return {key: value for key, value in (found | known).items() if key not in unknown}


def coverage(repetitions: int) -> Iterator[tuple[str, int, dict[str, float]]]:
    """Law, facts, and the share of samples whose interval holds the truth, by quantity."""
    for name, draw in COVERED.items():
        truth = truths(name, draw)
        for n in (10, 60, 240):
            held: Counter[str] = Counter()
            for seed in range(repetitions):
                found = measured(draw, n, 10 * n, 1000 + seed, False)
                # The large sample's own noise, and shares so small that it has none.
                held.update(
                    key for key, x in truth.items() if found[key].lower - 3e-3 <= x <= found[key].upper + 3e-3
                )
            yield name, n, {key: held[key] / repetitions for key in truth}


def told(repetitions: int) -> Iterator[tuple[str, str, Counter[str]]]:
    """Law, what it is, and what `fit_channel` said of 240 facts and 2,400 non-facts."""
    for name, (law, draw) in TOLD.items():
        seeds = range(repetitions)
        said = (
            estimate.fit_channel(*draw(240, 2400, np.random.default_rng(s)), seed=s, replicates=1) for s in seeds
        )
        yield name, law, Counter(each.winner for each in said)


def signatures(repetitions: int, sizes: list[tuple[int, int]]) -> Iterator[tuple[str, str, int, Counter[str]]]:
    """Law, its signature, facts, and the signatures that were read off samples."""
    for name, (law, draw) in GALLERY.items():
        for n, N in sizes:
            said = (estimate.signature(measured(draw, n, N, seed, True)).name for seed in range(repetitions))
            yield name, law, n, Counter(said)


def picture(path: Path) -> None:
    """Score distributions of one law of each signature, facts up, non-facts down."""
    shown = dict(reversed(GALLERY.values()))
    figure = Figure(figsize=(9, 2.2), facecolor=LIGHT["paper"], layout="constrained")
    for axes, law in zip(figure.subplots(1, len(SIGNATURES)), SIGNATURES, strict=True):
        facts, nonfacts = shown[law](20_000, 20_000, np.random.default_rng(0))
        edges = np.linspace(min(facts.min(), nonfacts.min()), max(facts.max(), nonfacts.max()), 90)
        for scores, sign, colour in ((facts, 1, "fact"), (nonfacts, -1, "nonfact")):
            # Roots, so that a share of a few percent is seen beside the rest.
            height = np.sqrt(np.histogram(scores, edges)[0] / scores.size)
            axes.fill_between(edges[:-1], sign * height, step="post", color=LIGHT[colour], linewidth=0)
        axes.axhline(0, color=LIGHT["rule"], linewidth=0.8)
        axes.set_title(law, fontsize=9, color=LIGHT["ink"])
        axes.set_xticks([])
        axes.set_yticks([])
        axes.spines[:].set_visible(False)
        axes.set_facecolor(LIGHT["paper"])
    figure.supxlabel("score (facts above the line, non-facts below; heights are roots of shares)", fontsize=8)
    figure.savefig(path, dpi=110)


HEADER = """# The shape of scores: what its estimates are worth

    python scripts/check_channel.py --repetitions {repetitions} --told {told} --out docs/channel.md

exits with status 1 unless every 95 % interval below covers in at least 90 % of samples, and every law and
signature is told right, or left undecided, in at least 90 %.

## What is estimated

Each quantity is a functional of the law of scores on facts, K, and on non-facts, N, and its estimand is that
functional's value; l = log2 dK/dN.

- `auc`: P(K > N), ties counting half.
- `miss_rate`, `abstention_mass`, `x_star`: of the isotonic posterior at equal weights, the share of facts below
  1/2, the share of claims in [1/4, 3/4], and the value at the median fact.
- `q_star`: share of non-facts above the threshold whose two shares diverge most. `channel_distance`: half of the
  share of facts below it, and of q* times the Kolmogorov distance of facts and non-facts above it.
- `full_recall_rate`: share of non-facts above the lowest fiftieth of the facts.
- `evenness`, `spread`: mean of l over facts over its maximum, and its standard deviation, in bins of facts.
- `forgotten_share`: the least ratio of facts to non-facts over quarters of the non-facts.
- `auc_accepted`: the AUC above the threshold of `q_star`.

The shares that rest on a threshold have wide intervals, most of which cover always: they take in every threshold
that the sample does not rule out. Where two laws are nearly equal or shifted by less than a standard deviation,
hardly any is ruled out. For `evenness` the upper end certifies; for `spread` the lower, and the upper one is open
where bins are few or had to be wide. `auc_accepted` is that above a threshold which the sample chooses: where two
thresholds are nearly as good, as for facts that spread both ways, it may be the AUC above the other one. A share
of forgotten facts counts those that look like a quarter of the non-facts or more; two smooth laws that overlap
have one, too (.19 at a shift of one standard deviation).

`bits_effective` is not in the table. It rests on the bins of the headline number: with fewer than 240 facts these
are few and its estimate is low, by .24 bits of .99 at 60 facts and 600 non-facts of a channel of one bit, where
78 % of 40 intervals cover. Read it as a lower bound there.

## Coverage

Share of samples, in percent, whose interval holds the truth; ten non-facts per fact. The truth is known or that of
{large} claims; a dash where it has no finite value, or is not known.

"""


def _coverage_table(rows: list[tuple[str, int, dict[str, float]]]) -> list[str]:
    names = EVEN + RANKED
    lines = [f"| law | facts | {' | '.join(names)} |", "|" + " --- |" * (2 + len(names))]
    for law, n, shares in rows:
        cells = [f"{100 * shares[name]:.0f}" if name in shares else "–" for name in names]
        lines.append(f"| {law} | {n} | {' | '.join(cells)} |")
    return lines


def _tally(said: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in said.most_common())


def _right(law: str, said: Counter[str]) -> float:
    return (said[law] + said["undecided"]) / said.total()


def _shown(rows: Iterator[Row]) -> list[Row]:
    """All rows, each shown as it comes: a full run takes hours on one core."""
    kept = []
    for row in rows:
        print(row, file=sys.stderr, flush=True)
        kept.append(row)
    return kept


def page(options: argparse.Namespace) -> tuple[str, bool]:
    """The Markdown page, and whether all that is asked is met."""
    covered = _shown(coverage(options.repetitions))
    fits = _shown(told(options.told))
    read = _shown(signatures(options.told, [(240, 2400), (2000, 20_000)]))
    head = HEADER.format(repetitions=options.repetitions, told=options.told, large=f"{sum(LARGE):,}")
    lines = _coverage_table(covered)
    lines += ["", "## Laws told by `fit_channel`", "", "240 facts, 2,400 non-facts.", ""]
    lines += ["| law | is | said |", "| --- | --- | --- |"]
    lines += [f"| {name} | {law} | {_tally(said)} |" for name, law, said in fits]
    lines += ["", "## Failure signatures", "", "![One law of each signature](signatures.png)", ""]
    lines += ["| law | is | facts | said |", "| --- | --- | --- | --- |"]
    lines += [f"| {name} | {law} | {n:,} | {_tally(said)} |" for name, law, n, said in read]
    met = all(share >= LEAST_COVERAGE for _, _, shares in covered for share in shares.values())
    met = met and all(_right(law, said) >= LEAST_TOLD for *_, law, said in fits)
    met = met and all(_right(law, said) >= LEAST_TOLD for _, law, _, said in read)
    return head + "\n".join(lines) + "\n", met


def main() -> int:
    """Write the page; exit status 1 where an interval or a verdict is not what is asked."""
    parser = argparse.ArgumentParser(description="Check the shape of scores on laws where it is known.")
    parser.add_argument("--repetitions", type=int, default=100, help="samples for coverage")
    parser.add_argument("--told", type=int, default=100, help="samples for laws and signatures, which cost more")
    parser.add_argument("--out", type=Path, help="write the page here, and signatures.png beside it")
    options = parser.parse_args()
    text, met = page(options)
    print(text)
    if options.out:
        write_text(options.out, text)
        picture(options.out.parent / "signatures.png")
    return int(not met)


if __name__ == "__main__":
    sys.exit(main())
