"""What the text-alone baseline finds where there is nothing to find, and where answers' frequency tells.

python scripts/check_pattern.py --repetitions 200 --seed 0 --out docs/pattern.md
"""

import argparse
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from bitsperfact import claims, estimate
from bitsperfact.analysis.baseline import pattern_scores
from bitsperfact.analysis.frequency import frequency_log_odds
from bitsperfact.files import write_text

N_FACTS, K = 120, 10
Table = pd.DataFrame


@cache
def _facts(name: str, column: str) -> list[str]:
    frame = claims.load(name, negatives=1).frame
    return sorted(set(frame.loc[frame["is_fact"], column]))


def rows(entities: list[str], answers: list[str], offered: list[np.ndarray], true: np.ndarray) -> Table:
    """One claim for each answer offered to an entity; `true` is the number of the entity's own answer."""
    listed = [
        (entity, f"The code of {entity} is", f" {answers[a]}", a == own)
        for entity, each, own in zip(entities, offered, true, strict=True)
        for a in each
    ]
    return pd.DataFrame(listed, columns=["group", "prefix", "target", "is_fact"])


def people(rng: np.random.Generator, n: int) -> list[str]:
    """Names of people who do not exist."""
    return list(rng.choice(_facts("words", "group"), n, replace=False))


def codes(rng: np.random.Generator, n: int) -> list[str]:
    """Distinct random codes of three letters."""
    return [
        "".join(chr(65 + c) for c in np.unravel_index(i, (26, 26, 26)))
        for i in rng.choice(26**3, n, replace=False)
    ]


def capitals(rng: np.random.Generator, n: int) -> list[str]:
    """Capitals of the world, in random order."""
    return [target.strip() for target in rng.permutation(_facts("capitals", "target"))[:n]]


def dealt(rng: np.random.Generator, answers: list[str], sizes: tuple[int, ...] = (K,)) -> Table:
    """Each entity owns one answer and is offered some of the others'; how many is one of `sizes`."""
    n = len(answers)
    offered = [
        np.append(rng.choice(np.delete(np.arange(n), i), rng.choice(sizes), replace=False), i) for i in range(n)
    ]
    return rows(people(rng, n), answers, offered, np.arange(n))


def popular(rng: np.random.Generator) -> tuple[list[str], list[np.ndarray]]:
    """Answers, and 11 of them offered to each entity, by a popularity that falls as 1/rank."""
    weights = 1 / np.arange(1, 61)
    return codes(rng, 60), [
        rng.choice(60, K + 1, replace=False, p=weights / weights.sum()) for _ in range(N_FACTS)
    ]


def labels_within(rng: np.random.Generator) -> Table:
    """Popular answers; which of an entity's is true is drawn."""
    answers, offered = popular(rng)
    return rows(people(rng, N_FACTS), answers, offered, np.array([rng.choice(each) for each in offered]))


def labels_across(rng: np.random.Generator) -> Table:
    """Popular answers; which claims are true is drawn over all of them."""
    made = labels_within(rng)
    return made.assign(is_fact=rng.permutation(made["is_fact"]))


@cache
def _ids() -> Table:
    return claims.load("ids", negatives=K, strata=["near"]).frame


def near_misses(rng: np.random.Generator) -> Table:
    """People of the control `ids`: each number beside those with one digit changed."""
    drawn = rng.choice(_ids()["group"].unique(), N_FACTS, replace=False)
    return _ids()[_ids()["group"].isin(drawn)]


def cities(rng: np.random.Generator, n: int) -> list[str]:
    """Cities of the control `words`, in random order."""
    return [target.strip() for target in rng.permutation(_facts("words", "target"))[:n]]


NOTHING: dict[str, Callable[[np.random.Generator], Table]] = {
    "random codes": lambda rng: dealt(rng, codes(rng, N_FACTS)),
    "random codes, 1 or 10 candidates": lambda rng: dealt(rng, codes(rng, N_FACTS), (1, 10)),
    "capitals dealt to made-up people": lambda rng: dealt(rng, capitals(rng, N_FACTS)),
    "cities dealt to made-up people (words)": lambda rng: dealt(rng, cities(rng, N_FACTS)),
    "ids, near misses": near_misses,
    "popular answers, labels dealt within entities": labels_within,
    "popular answers, labels dealt across": labels_across,
}
SOMETHING = {f"currencies, {k} per fact": k for k in (3, 10, 15)} | {"currencies, all": 300}


def measured(frame: Table, seed: int) -> dict[str, float]:
    """Bits and AUC of the baseline, and of frequency alone."""
    is_fact, groups = frame["is_fact"].to_numpy(dtype=bool), frame["group"].to_numpy(dtype=str)
    values = pattern_scores(frame, seed)
    labels = groups[is_fact], groups[~is_fact]
    bits = estimate.bits_per_fact(values[is_fact], values[~is_fact], labels, seed, 100)
    frequency = frequency_log_odds(groups, frame["target"].to_numpy(dtype=str), is_fact, seed)
    return {
        "bits": bits.estimate,
        "lower": bits.lower,
        "auc": estimate.auc(values[is_fact], values[~is_fact]),
        "frequency": float(frequency.any()),
    }


def row(name: str, found: Table) -> str:
    """A row of the table."""
    excludes = (found["lower"] > 0).mean()
    return (
        f"| {name} | {len(found)} | {found['bits'].mean():.3f} | {found['bits'].quantile(0.95):.3f} | "
        f"{excludes:.1%} | {found['auc'].mean():.3f} | {found['frequency'].mean():.1%} |"
    )


def main(arguments: list[str] | None = None) -> int:
    """Command line; status 1 where intervals exclude 0 too often on nothing, or frequency is not found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repetitions", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args(arguments)
    lines, good = [], True
    for name, make in NOTHING.items():
        seeds = range(options.seed, options.seed + options.repetitions)
        found = pd.DataFrame([measured(make(np.random.default_rng([seed, 1])), seed) for seed in seeds])
        good &= bool((found["lower"] > 0).mean() <= 0.05)
        lines.append(row(name, found))
        print(lines[-1], flush=True)
    for name, k in SOMETHING.items():
        seeds = range(options.seed, options.seed + min(10, options.repetitions))
        found = pd.DataFrame([measured(claims.load("currencies", negatives=k, seed=s).frame, s) for s in seeds])
        good &= k != 300 or bool((found["lower"] > 0).all())
        lines.append(row(name, found))
        print(lines[-1], flush=True)
    if options.out:
        before, mark, _ = options.out.read_text(encoding="utf-8").partition("| --- ")
        write_text(options.out, f"{before}{mark}{'| --- ' * 6}|\n" + "\n".join(lines) + "\n")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
