"""A prediction of another package: named in full, its rows are in a run's verdicts."""

import sys

import numpy as np
import pytest
from tests.analysis.sets import derangement, info, model, names, random_codes, scores

from bitsperfact.analysis import analyse, judge
from bitsperfact.analysis.predictions import found_predictions
from bitsperfact.errors import BadInput
from bitsperfact.quantities import QUANTITIES

OUTSIDE = """
from bitsperfact.analysis.evidence import Verdict
from bitsperfact.analysis.predictions import Prediction


def judged(evidence):
    for key in evidence.ordinary():
        bits = evidence.number(key, "bits_per_fact")
        ends = bits.value, bits.lower, bits.upper
        yield Verdict(key.model, key.claim_set, key.score, "at_least_a_bit", 1.0, *ends, "consistent", "Seen.")


MINE = Prediction("at_least_a_bit", "evidence", "models", "a bit is a bit", judged)
"""


@pytest.fixture
def tables():
    rng = np.random.default_rng(0)
    subjects = names(rng, 40)
    claims = derangement(rng, subjects, random_codes(rng, 40), 3)
    values = rng.normal(size=len(claims)) + 3 * claims["is_fact"]
    return claims, scores(claims, values, score="log_odds"), [info()], [model("small")]


def test_its_rows_are_in_the_verdicts(tables, tmp_path, monkeypatch):
    (tmp_path / "another.py").write_text(OUTSIDE)
    monkeypatch.syspath_prepend(tmp_path)
    separation, verdict = analyse(*tables, replicates=5, predictions=["another:MINE"])
    assert verdict["prediction"].iloc[-1] == "at_least_a_bit"
    assert verdict["status"].iloc[-1] == "consistent"
    without = judge(separation, *tables[2:])
    assert len(without) == len(verdict) - 1
    sys.modules.pop("another")

    # What is measured is declared, and what the model says of itself has its own name.
    declared = separation["quantity"].map(lambda name: QUANTITIES[name].unit)
    assert (declared == separation["unit"]).all()
    assert {"own_x_star", "own_miss_rate", "own_loss", "own_bits", "own_odds"} <= set(separation["quantity"])


def test_what_is_none_is_refused_in_one_line():
    with pytest.raises(BadInput, match="expected a prediction"):
        found_predictions(["bitsperfact.quantities:QUANTITIES"])


def test_names_are_unique_and_evidence_stands_before_checks():
    found = found_predictions()
    assert len({each.name for each in found}) == len(found) > 20
    kinds = [each.kind for each in found]
    assert kinds == sorted(kinds, reverse=True)
