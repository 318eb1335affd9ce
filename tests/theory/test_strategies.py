import dataclasses
import math

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import brentq

from bitsperfact.theory import (
    budget_optimum,
    channel_information,
    channel_is_optimal,
    effective_bits,
    membership_information,
    strategies,
    two_sided_filter_bits,
)

NAMES = [
    "optimal",
    "forget at random",
    "forget what saves most",
    "abstain when unsure",
    "never hallucinate",
    "half-confidence",
    "no memory",
]


def by_name(*args, **options):
    return {row.name: row for row in strategies(*args, **options)}


@given(st.floats(0, 25), st.floats(0.02, 0.98), st.floats(0.01, 0.99))
def test_no_strategy_beats_the_optimum(bits, a, forget):
    rows = by_name(bits, a, forget=forget)
    assert list(rows) == NAMES
    for row in rows.values():
        assert row.bits_effective == effective_bits(row.loss_nats, a)
        assert 0 <= row.missed_rate <= 1
        assert 0 <= row.false_rate <= 1
        if row.name != "never hallucinate":  # the one that is priced at a finite density: below
            assert row.loss_nats >= rows["optimal"].loss_nats * (1 - 1e-9)
            assert row.bits_effective <= bits + 1e-6
    assert rows["optimal"].bits_effective == pytest.approx(bits, abs=1e-6)


@given(st.floats(0.001, 0.999), st.floats(0.01, 0.98), st.floats(1e-6, 1))
def test_never_hallucinating_does_not_beat_the_optimum_at_its_density(part, a, density):
    """The channel is optimal at finite p while x* = a / (a + (1-a) q) reaches the posterior, so while p <= a."""
    p = a * density
    bits = part * float(channel_information(0.0, p))
    log2_q = brentq(lambda v: float(channel_information(2.0**v, p)) - bits, -1000, 0)
    q = 2.0**log2_q
    assert channel_is_optimal(a / (a + (1 - a) * q), q, p) or density == 1
    least = float(budget_optimum(-log2_q, a).loss_nats)
    assert by_name(bits, a, share_of_facts=p)["never hallucinate"].loss_nats >= least * (1 - 1e-6) - 1e-12


def test_never_hallucinating_is_far_from_the_sparse_optimum_where_facts_are_sparse():
    rows = by_name(8, share_of_facts=1e-9)
    assert rows["never hallucinate"].bits_effective < 1
    assert rows["never hallucinate"].missed_rate > 0.7


@given(st.floats(0.5, 20), st.floats(0.01, 0.9))
def test_each_spends_no_more_than_the_budget(bits, forget):
    rows = by_name(bits, forget=forget)
    most = rows["forget what saves most"]
    assert float(two_sided_filter_bits(most.missed_rate, most.false_rate)) == pytest.approx(bits, rel=1e-6)
    at_random = rows["forget at random"]
    assert float(two_sided_filter_bits(at_random.missed_rate, at_random.false_rate)) <= bits + 1e-9
    assert at_random.loss_nats >= most.loss_nats * (1 - 1e-9)
    assert rows["abstain when unsure"].loss_nats >= most.loss_nats


@given(st.floats(0.01, 13), st.sampled_from([1e-9, 1e-4, 0.01, 0.3]))
def test_never_hallucinating_spends_the_budget_at_its_density(bits, p):
    row = by_name(bits, share_of_facts=p)["never hallucinate"]
    f = row.missed_rate
    spent = float(membership_information([1 - f, f], [0, 1], p))
    whole_list = float(membership_information([1, 0], [0, 1], p))
    assert spent == pytest.approx(min(bits, whole_list), rel=1e-9)
    assert row.false_rate == 0


def test_a_tester_with_nothing_stored_is_worth_nothing():
    for row in strategies(0.0):
        if row.name not in ("abstain when unsure", "half-confidence"):
            assert row.loss_nats == pytest.approx(math.log(2))
        assert row.bits_effective == pytest.approx(0, abs=1e-6)


def test_forgetting_nearly_everything_is_no_better_than_guessing():
    row = by_name(0.01, forget=0.99)["forget at random"]
    assert row.loss_nats == pytest.approx(math.log(2))
    assert row.missed_rate == pytest.approx(1 - row.false_rate)


def test_the_rows_are_a_table():
    table = pd.DataFrame(strategies(8))
    assert list(table.columns) == [field.name for field in dataclasses.fields(strategies(8)[0])]
    assert table["name"].tolist() == NAMES
    assert (table.dtypes.iloc[1:] == "float64").all()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: strategies(-1), "bits must not be negative"),
        (lambda: strategies(8, 1.0), "fact_weight must lie strictly between 0 and 1"),
        (lambda: strategies(8, forget=0.0), "forget must lie strictly between 0 and 1"),
        (lambda: strategies(8, share_of_facts=float("nan")), "share_of_facts must lie strictly"),
    ],
)
def test_errors_name_the_argument_and_the_reason(call, message):
    with pytest.raises(ValueError, match=message):
        call()
