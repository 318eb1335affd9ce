"""Check every score on testers whose memory is known, and on models that know nothing; write docs/scores.md.

python scripts/check_scores.py --repetitions 200 --out docs/scores.md

What a model says is made up at the level of log-probabilities: one number for each subject and answer. Scores are
made of it by their own needs and `value`, as in a run. Exit status 1 where a score breaks what is asked.
"""

import argparse
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bitsperfact import scoring
from bitsperfact.estimate import BitsPerFact, bits_per_fact
from bitsperfact.files import write_text
from bitsperfact.rows import InMemory
from bitsperfact.scoring import Score
from bitsperfact.scoring.requests import Request
from bitsperfact.scoring.score import Answers, ScoreInput
from bitsperfact.scoring.scores.calibrated import calibrated
from bitsperfact.scoring.views import Labelled, Unlabelled
from score_worlds import Array, Dealt, Ints, Pairs, World, filters, nulls

#: Draws of a world with memory that a supervised score gets.
MOST_FITTED = 20
#: A statement, or its beginning.
_TEXT = re.compile(r"s(\d+)is(?: a(\d+)\.)?")


class Answerer:
    """The claims of a world as a table, and what each score needs of a model, as numbers of pairs."""

    def __init__(self, dealt: Dealt, tokens: int = 1) -> None:
        self.dealt, self._tokens = dealt, tokens
        texts = {
            "group": [f"s{s}" for s in dealt.subject],
            "prefix": [f"s{s}is" for s in dealt.subject],
            "target": [f" a{a}." for a in dealt.answer],
        }
        self._frame = pd.DataFrame(texts).assign(claim_id="", claim_set="made up", is_fact=dealt.is_fact)
        self._rows = InMemory("claims", self._frame)
        self._number: dict[tuple[int, int], int] = {}
        self._pairs: dict[str, tuple[Ints, NDArray[np.bool_]]] = {}
        facts = zip(dealt.subject[dealt.is_fact], dealt.answer[dealt.is_fact], strict=True)
        self._facts = set(facts)
        self.own = np.array([self._of(s, a) for s, a in zip(dealt.subject, dealt.answer, strict=True)])

    def _of(self, subject: int, answer: int) -> int:
        return self._number.setdefault((int(subject), int(answer)), len(self._number))

    def prepare(self, score: Score) -> None:
        """Note the pairs that a score needs; before `pairs`."""
        for need in score.needs:
            if need.name not in self._pairs:
                builder = need.builder(Unlabelled(self._rows))
                pairs = [self._pair(request) for request in builder.build(self._frame)]
                numbers, denied = zip(*pairs, strict=True)
                shape = (-1, builder.per_claim)
                self._pairs[need.name] = np.array(numbers).reshape(shape), np.array(denied).reshape(shape)

    def _pair(self, request: Request) -> tuple[int, bool]:
        """The pair that a request is about, and whether it asks for "False"."""
        found = _TEXT.search(request.context + (request.continuation if "\n" not in request.context else ""))
        if found is None:  # an answer without a subject
            return self._of(-1, int(request.continuation[2:-1])), False
        return self._of(int(found[1]), int(found[2])), request.continuation == " False"

    @cached_property
    def pairs(self) -> Pairs:
        """Every pair that is needed, once all scores are prepared for."""
        subject, answer = (np.array(column) for column in zip(*self._number, strict=True))
        return Pairs(subject, answer, np.array([pair in self._facts for pair in self._number]))

    def value(self, score: Score, logprob: Array, seed: int) -> Array:
        """The score of each claim, of the log-probabilities of all pairs."""
        answers = {}
        for need in score.needs:
            numbers, denied = self._pairs[need.name]
            columns = {
                column: self._read(column, np.where(denied, 0.0, logprob[numbers]), seed)
                for column in need.reader.columns
            }
            size = numbers.size
            flat = {name: column.reshape(size, *column.shape[2:]) for name, column in columns.items()}
            answers[need.name] = Answers(flat, np.arange(size).reshape(numbers.shape))
        claims = Labelled(self._rows) if score.supervised else Unlabelled(self._rows)
        return score.value(ScoreInput(claims, answers, seed))

    def _read(self, column: str, logprob: Array, seed: int) -> NDArray[Any]:
        """What a model reads as `column` where its log-probabilities are these, (n_claims, per_claim)."""
        if column in ("logprob_sum", "logit"):
            return logprob
        if column == "hidden":
            return self._hidden(logprob[:, 0], seed)[:, None]
        tokens = 1 + self.dealt.answer[:, None] % self._tokens
        return np.broadcast_to(tokens, logprob.shape)

    def _hidden(self, logprob: Array, seed: int) -> NDArray[np.float32]:
        """States that show the model's verdict, and which subject and which answer it is about."""
        rng, dealt = np.random.default_rng(seed), self.dealt
        of_subject, of_answer = (rng.standard_normal((1 + x.max(), 8)) for x in (dealt.subject, dealt.answer))
        one_hot = np.eye(1 + dealt.answer.max())[dealt.answer][:, :60]
        hidden = np.c_[logprob / 6, of_subject[dealt.subject], of_answer[dealt.answer], one_hot]
        return hidden.astype(np.float32)

    def choice(self, logprob: Array) -> Array:
        """Odds against the subject's other candidates, of which one is a fact by construction: no tester's."""
        own, subject = logprob[self.own], self.dealt.subject
        odds = np.empty_like(own)
        starts = np.flatnonzero(np.diff(subject, prepend=-1))
        sizes = np.diff(starts, append=own.size)
        for size in np.unique(sizes):
            rows = starts[sizes == size, None] + np.arange(size)
            others = np.where(np.eye(size, dtype=bool), -np.inf, own[rows][:, None])
            odds[rows] = own[rows] - np.logaddexp.reduce(others, axis=-1)
        return odds


@dataclass
class Outcome:
    """What repetitions of one world by one score gave: bits, and shares of repetitions (1)."""

    world: World
    score: str
    bits: list[float] = field(default_factory=list)
    lower: list[float] = field(default_factory=list)
    certified: list[float] = field(default_factory=list)

    @property
    def above(self) -> tuple[float, float]:
        """How often the interval, and how often the certificate, lies above the memory."""
        return tuple(float(np.mean(np.array(x) > self.world.memory + 1e-9)) for x in (self.lower, self.certified))

    def add(self, got: BitsPerFact) -> None:
        """Note one repetition."""
        self.bits.append(got.estimate)
        self.lower.append(got.lower)
        self.certified.append(got.certified)


def estimate(values: Array, dealt: Dealt, seed: int, replicates: int) -> BitsPerFact:
    """Bits per fact of the scores of one repetition, resampled by subject."""
    facts, others = dealt.is_fact, ~dealt.is_fact
    groups = (dealt.subject[facts], dealt.subject[others])
    return bits_per_fact(values[facts], values[others], groups, seed=seed, replicates=replicates)


def examined(
    world: World, scores: dict[str, Score], repetitions: int, seed: int = 0, replicates: int = 100
) -> list[Outcome]:
    """Score and estimate `repetitions` draws of a world; `choice`, which is no score, comes last.

    A supervised score of a tester, which is fitted nine times a draw, gets `MOST_FITTED` draws.
    """
    outcomes = {name: Outcome(world, name) for name in (*scores, "choice")}
    answerer = None
    for number, child in enumerate(np.random.SeedSequence(seed).spawn(repetitions)):
        rng = np.random.default_rng(child)
        if answerer is None or not world.memory:  # where nothing is known, what is dealt is all there is
            answerer = Answerer(world.deal(rng), world.tokens)
            for score in scores.values():
                answerer.prepare(score)
        logprob = world.law(answerer.pairs, rng)
        estimated: dict[bytes, BitsPerFact] = {}
        for name, outcome in outcomes.items():
            known = scores.get(name)
            if known is not None and known.supervised and world.memory and number >= MOST_FITTED:
                continue
            values = answerer.choice(logprob) if known is None else answerer.value(known, logprob, number)
            key = values.tobytes()  # several scores are one where each answer is one token
            if key not in estimated:
                estimated[key] = estimate(values, answerer.dealt, number, replicates)
            outcome.add(estimated[key])
    return list(outcomes.values())


def all_scores() -> dict[str, Score]:
    """Every score there is."""
    return {name: scoring.score(name) for name in scoring.names()}


def more_references() -> dict[str, Score]:
    """`calibrated` with other numbers of references."""
    return {f"calibrated, R = {most}": calibrated(f"calibrated@{most}", most) for most in (16, 32)}


def most_above(repetitions: int) -> float:
    """Share of repetitions (1) in which an interval may lie above the memory: 5 % and two standard errors."""
    return 0.05 + 2 * float(np.sqrt(0.05 * 0.95 / repetitions))


def failures(outcome: Outcome) -> list[str]:
    """What breaks what is asked of a score; `choice` is shown for what it breaks."""
    (above, certified), most = outcome.above, most_above(len(outcome.bits))
    if outcome.score == "choice":
        return []
    broken = {
        "interval above the memory": above > most,
        "certificate above the memory": certified > most,
    }
    return [what for what, is_so in broken.items() if is_so]


HEADER = """# What scores find where the truth is known

Made by

    python scripts/check_scores.py {arguments} --out docs/scores.md

which exits with status 1 where the 95 % interval of a score, or its certificate, lies above the memory in more
than {most:.1%} of {repetitions} repetitions, and {most_filters:.1%} of {filters} for testers of known memory: two
standard errors above 5 %.

What a model says is made up at the level of log-probabilities, a number for each subject and answer, and scores
are made of it by their own code. `probe` is asked {fitted} times of testers. `choice`, the log-odds of an answer
against the other candidates of its subject, is no score: one of the candidates is a fact by construction, and it
finds bits that no memory holds. It stands here as what this page must be able to tell. What real models give is in
[scores-all-pairs.md](scores-all-pairs.md).

## Testers of known memory

A filter of b bits accepts every fact and 2^-b of everything else: log-probability 0 if accepted, else -12, with
noise of sd 0.3. **Two values**: no noise. **Offsets**: of sd 3 nats for each subject and each answer, and answers
of 1 to 3 tokens. 2,000 facts and 10 non-facts each, subjects' answers drawn apart; in a **permutation** every
answer is the fact of one subject alone. Each cell: mean estimate of bits per fact, mean certificate, and in how
many of the repetitions the interval and the certificate lie above the memory.

{testers}

## Models that know nothing

120 to 240 subjects, up to 10 non-facts each, log-probabilities normal with offsets by subject and answer. **Near
misses**: the candidates of a subject are misprints of each other, equally likely but for noise of sd 0.3.
**Word-like answers**: of 1 to 4 tokens, with offsets of sd 6 nats. Each cell: in how many of the repetitions the
interval excludes 0, and the certificate does.

{nulls}
"""


def table(outcomes: list[Outcome], cell: Callable[[Outcome], str]) -> str:
    """Worlds by scores, as Markdown."""
    scores = list(dict.fromkeys(o.score for o in outcomes))
    lines = [f"| | {' | '.join(scores)} |", "|" + " --- |" * (1 + len(scores))]
    for world in dict.fromkeys(o.world.name for o in outcomes):
        cells = {o.score: cell(o) for o in outcomes if o.world.name == world}
        lines.append(f"| {world} | {' | '.join(cells.get(score, '') for score in scores)} |")
    return "\n".join(lines)


def of_tester(outcome: Outcome) -> str:
    """Means and shares of one score on a tester."""
    above, certified = (f"{100 * share:.0f}" for share in outcome.above)
    return f"{np.mean(outcome.bits):.2f}, {np.mean(outcome.certified):.2f} ({above} %, {certified} %)"


def of_nothing(outcome: Outcome) -> str:
    """Shares of one score where there is nothing to find."""
    above, certified = (f"{100 * share:.1f}" for share in outcome.above)
    return f"{above} %, {certified} %"


def main() -> int:
    """Examine every world by every score; exit status 1 where one breaks what is asked."""
    parser = argparse.ArgumentParser(description="Check scores on testers of known memory and on nothing.")
    parser.add_argument("--repetitions", type=int, default=200)
    parser.add_argument("--filters", type=int, default=20, help="repetitions of testers, which are larger")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, help="write the tables here as Markdown")
    options = parser.parse_args()
    outcomes, broken = [], 0
    for world in [*nulls(), *filters()]:
        scores = all_scores() | (more_references() if world.memory else {})
        repetitions = options.filters if world.memory else options.repetitions
        for outcome in examined(world, scores, repetitions, options.seed):
            outcomes.append(outcome)
            complaints = failures(outcome)
            broken += len(complaints)
            print(f"{world.name:36} {outcome.score:20} {of_tester(outcome)} {', '.join(complaints)}", flush=True)
    if options.out:
        page = HEADER.format(
            repetitions=options.repetitions,
            filters=options.filters,
            arguments=f"--repetitions {options.repetitions} --filters {options.filters} --seed {options.seed}",
            most=most_above(options.repetitions),
            most_filters=most_above(options.filters),
            fitted=MOST_FITTED,
            testers=table([o for o in outcomes if o.world.memory], of_tester),
            nulls=table([o for o in outcomes if not o.world.memory], of_nothing),
        )
        write_text(options.out, page)
    return int(broken > 0)


if __name__ == "__main__":
    sys.exit(main())
