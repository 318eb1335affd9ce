"""Checks of models that are known by construction: what they must have, and at most."""

import math

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm
from tests.analysis.sets import info
from tests.analysis.test_verdict import cell

from bitsperfact.analysis.evidence import Evidence
from bitsperfact.analysis.predictions import ROOM
from bitsperfact.analysis.status import agrees
from bitsperfact.tables import ModelInfo

KNOWN = {"bits_per_fact": 5.0, "hallucination_rate": 2.0**-5}


def status_of(prediction, rows, memory=math.inf, **known):
    names = sorted({row["model"] for row in rows})
    models = {
        name: ModelInfo(name, "seeded", "0" * 64, 1, "bits", "bloom", None if math.isinf(memory) else 100 * memory)
        for name in names
    }
    table = pd.DataFrame(
        [
            {"model": name, "claim_set": "codes", "quantity": quantity, "value": value, "unit": "1"}
            for name in names
            for quantity, value in (KNOWN | known).items()
        ]
    )
    evidence = Evidence(pd.DataFrame(rows), {"codes": info(n_facts=100)}, models, known=table)
    return [verdict.status for verdict in ROOM.find(prediction).judge(evidence)]


@pytest.mark.parametrize(
    ("known", "status"), [(4.8, "consistent"), (5.3, "consistent"), (4.7, "violated"), (5.31, "violated")]
)
def test_a_known_value_lies_in_the_interval_or_contradicts_it(known, status):
    assert agrees(4.8, 5.3, known, known - 0.6, known + 0.6) == status


@pytest.mark.parametrize("ends", [(0.0, 9.0), (-50.0, 50.0), (4.8, math.inf), (4.0, math.nan)])
def test_an_interval_wider_than_the_tolerance_supports_nothing(ends):
    assert agrees(*ends, 5.0, 4.5, 5.5) == "undecided"


@pytest.mark.parametrize(
    ("bits", "rate", "statuses"),
    [
        (5.1, 0.031, ("consistent", "consistent")),
        (6.0, 0.031, ("violated", "consistent")),
        (5.1, 0.06, ("consistent", "violated")),
    ],
)
def test_a_model_measured_right_or_wrong(bits, rate, statuses):
    rows = cell("bloom", bits, rate, rate_width=0.002)
    found = tuple(status_of(name, rows)[0] for name in ("known_bits", "known_hallucination"))
    assert found == statuses


def test_false_alarms_are_shared_by_the_checks_and_models_of_a_run():
    """Of 50 models with exact 95 % intervals some miss each time; the run errs in a sixtieth of runs per check."""
    drawn = np.random.default_rng(0).normal(5.0, 0.1, size=(60, 50))
    runs = [
        [row for i, bits in enumerate(each) for row in cell(f"m{i}", bits, 0.03, width=0.196)] for each in drawn
    ]
    violated = [any(status == "violated" for status in status_of("known_bits", rows)) for rows in runs]
    assert sum(violated) <= 4
    assert (np.abs(drawn - 5.0) > 0.196).any(axis=1).mean() > 0.8
    # At the edge of the widened interval: the error of one of 50, a third of it, at either end.
    half = 0.1 * norm.isf(0.05 / 3 / 50 / 2)
    for off, n_violated in ((0.98 * half, 0), (1.02 * half, 1)):
        rows = [row for i in range(50) for row in cell(f"m{i}", 5.0 + off * (i == 7), 0.03, width=0.196)]
        assert status_of("known_bits", rows).count("violated") == n_violated


@pytest.mark.parametrize(
    ("memory", "status"), [(40.0, "consistent"), (5.0, "undecided"), (4.0, "violated"), (65.0, None), (0.0, None)]
)
def test_memory_bounds_bits_from_above_only(memory, status):
    """Beyond 64 bits per fact nothing could exceed it, and no memory is judged elsewhere."""
    found = status_of("bits_within_memory", cell("bloom", 5.0, 0.03), memory)
    assert found == ([] if status is None else [status])
    assert status_of("bits_within_memory", cell("bloom", 5.0, 0.03)) == []


def test_unresolved_bits_say_no_more_than_the_certificate():
    rows = cell("bloom", 5.0, 0.03, limited=True)
    rows[0] |= {"lower": 4.0, "upper": math.inf}
    assert status_of("known_bits", rows, bits_per_fact=12.0) == ["undecided"]
    assert status_of("known_bits", rows, bits_per_fact=3.5) == ["violated"]
    assert status_of("bits_within_memory", rows, 3.5) == ["violated"]
    assert status_of("bits_within_memory", rows, 50.0) == ["undecided"]
