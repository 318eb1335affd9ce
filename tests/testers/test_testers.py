"""What all testers promise, and the losses that the theory predicts for each."""

import subprocess
import sys

import numpy as np
import pytest

from bitsperfact import testers
from bitsperfact.testers import (
    Abstainer,
    BloomTester,
    Forgetter,
    FuseTester,
    RibbonTester,
    ScoreTester,
    TwoSidedTester,
    XorTester,
    posterior,
)
from bitsperfact.theory import budget_optimum, effective_bits, log_loss_channel
from tests.testers.claims import keys_and_others, log_loss_nats, within_binomial

ONE_SIDED = (BloomTester, FuseTester, XorTester, RibbonTester, ScoreTester)
ALL = (*ONE_SIDED, TwoSidedTester, Forgetter, Abstainer)

MIXED = [0, -1, 2**63, 2**70, "", b"", "a", b"a", "a" * 100_000, ("a", 1), (("a",), 1), None, 0.5, frozenset({1})]


@pytest.mark.parametrize("kind", ALL)
def test_rates_are_as_designed_and_memory_within_budget(kind):
    keys, others = keys_and_others(6_000, 150_000)
    tester = kind.init(keys, 10.4, seed=3)
    assert isinstance(tester, testers.Tester)
    low, high = tester.answers
    of_keys, of_others = tester.query(keys), tester.query(others)
    assert set(np.unique(np.concatenate([of_keys, of_others]))) == {low, high}
    assert 0 <= low < high <= 1
    assert within_binomial(int((of_keys == low).sum()), len(keys), tester.fnr)
    assert within_binomial(int((of_others == high).sum()), len(others), tester.fpr)
    assert tester.memory_bits <= 10.4 * len(keys)


@pytest.mark.parametrize("kind", [BloomTester, FuseTester, XorTester])
def test_memory_of_a_package_is_what_it_writes_to_a_file(kind):
    tester = kind.init(range(3_000), 24.0)
    stored = tester.table.serialize() if isinstance(tester, FuseTester) else tester.bloom.save_bytes()
    sizes = 64 if kind is BloomTester else 0  # number of bits, which the file's length tells
    assert tester.memory_bits == 8 * len(stored) + sizes + 64


@pytest.mark.parametrize("kind", [RibbonTester, ScoreTester, Forgetter, Abstainer])
def test_memory_is_table_seed_and_answers(kind):
    tester = kind.init(range(3_000), 9.0)
    stored_answers = {RibbonTester: 0, ScoreTester: 1, Forgetter: 2, Abstainer: 2}[kind]
    assert tester.memory_bits == 64 * tester.ribbon.words.size + 160 + 64 + 64 * stored_answers


def test_a_million_keys_are_all_kept():
    keys, others = keys_and_others(1_000_000, 100_000)
    tester = RibbonTester.init(keys, 8.2)
    assert tester.query(keys).all()
    assert within_binomial(int(tester.query(others).sum()), len(others), tester.fpr)
    assert tester.memory_bits <= 8.2 * len(keys)
    assert tester.memory_bits / len(keys) / -np.log2(tester.fpr) < 1.05


@pytest.mark.parametrize("kind", ONE_SIDED)
def test_one_sided_testers_forget_no_key_of_any_type(kind):
    keys = MIXED + [(i, str(i)) for i in range(500)] + [f"key {i}" for i in range(500)] + list(range(5, 500))
    tester = kind.init(keys, 16.0)
    assert (tester.query(keys) == tester.answers[1]).all()
    assert (tester.query(iter(keys[::-1])) == tester.answers[1]).all()
    assert tester.query([]).shape == (0,)


@pytest.mark.parametrize("kind", ALL)
def test_a_set_does_not_count_a_key_twice(kind):
    keys, others = keys_and_others(3_000, 20_000)
    once, twice = kind.init(keys, 12.0, 5), kind.init(np.concatenate([keys, keys[::-1]]), 12.0, 5)
    assert once.memory_bits == twice.memory_bits
    assert (once.query(others) == twice.query(others)).all()


@pytest.mark.parametrize("kind", ALL)
def test_seeds_decide_everything(kind):
    keys, others = keys_and_others(3_000, 300_000)
    first, again, other = (kind.init(keys, 12.0, seed) for seed in (1, 1, 2))
    a, b, c = (t.query(others) == t.answers[1] for t in (first, again, other))
    assert (a == b).all()
    # Of other seeds, the false positives coincide as often as independent ones would.
    assert within_binomial(int((a & c).sum()), len(others), first.fpr * other.fpr)


@pytest.mark.parametrize("kind", ALL)
@pytest.mark.parametrize(
    ("keys", "bits", "seed", "why"),
    [
        ([], 8, 0, "at least one key"),
        ([1.0, float("nan")], 8, 0, "NaN"),
        ("abc", 8, 0, "single str"),
        ([[1], [2]], 800, 0, "hashable"),
        (range(1000), 0, 0, "bits_per_key"),
        (range(1000), -3, 0, "bits_per_key"),
        (range(1000), float("nan"), 0, "bits_per_key"),
        (range(1000), float("inf"), 0, "bits_per_key"),
        (range(1000), "8", -1, "seed"),
        (range(1000), None, 0, "bits_per_key"),
        (range(3), 8, 0, "bits_per_key"),
        (range(1000), 8, 2**64, "seed"),
    ],
)
def test_bad_input_is_named(kind, keys, bits, seed, why):
    with pytest.raises(ValueError, match=why) as error:
        kind.init(keys, bits, seed)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("kind", [ScoreTester, Forgetter, Abstainer])
@pytest.mark.parametrize("weight", [0, 1, -1, 2, float("nan")])
def test_weights_are_shares(kind, weight):
    with pytest.raises(ValueError, match="fact_weight"):
        kind.init(range(1000), 8, fact_weight=weight)


@pytest.mark.parametrize("forgotten", [0, 1, -0.1, float("nan")])
def test_forgotten_is_a_share(forgotten):
    with pytest.raises(ValueError, match="forgotten"):
        Forgetter.init(range(1000), 8, forgotten=forgotten)


def test_fuse_and_xor_need_room_for_eight_bits():
    for kind in (FuseTester, XorTester):
        with pytest.raises(ValueError, match="at least"):
            kind.init(range(10_000), 8.0)
        assert kind.init(range(10_000), 12.0).fpr == 2**-8
        assert kind.init(range(10_000), 24.0).fpr == 2**-16


@pytest.mark.parametrize("weight", [0.5, 0.2])
@pytest.mark.parametrize("bits", [3.05, 8.13])
def test_the_score_tester_is_the_log_loss_optimum(bits, weight):
    """Its loss is the least that log2(1/q) bits allow, and the memory for them is within 6 % of that."""
    keys, others = keys_and_others(100_000, 400_000)
    tester = ScoreTester.init(keys, bits, fact_weight=weight)
    useful_bits = -np.log2(tester.fpr)
    optimum = budget_optimum(useful_bits, weight)
    x_star = tester.answers[1]
    assert x_star == pytest.approx(float(optimum.x_star), rel=1e-12)
    # The parameter-free test: q x* / (1 - x*) = a / (1 - a).
    assert tester.fpr * x_star / (1 - x_star) == pytest.approx(weight / (1 - weight), rel=1e-9)
    of_keys, of_others = tester.query(keys), tester.query(others)
    assert (of_keys == x_star).all()
    measured = log_loss_nats(of_keys, of_others, weight)
    assert measured == pytest.approx(float(optimum.loss_nats), rel=0.15 if bits > 8 else 0.02)
    eps_nonfact = tester.fpr * -np.log1p(-x_star)
    assert log_loss_channel(-np.log(x_star), eps_nonfact).q_star == pytest.approx(tester.fpr, rel=1e-9)
    assert tester.memory_bits / len(keys) / useful_bits < 1.03


def forgetting_loss_nats(bits: float, forgotten: float) -> float:
    """Closed form at equal weights: a share q' = 2^(-b / (1-f)) of everything that is not kept matches."""
    q = 2 ** (-bits / (1 - forgotten))
    missed = forgotten * (1 - q)
    told = np.array([1 - missed, q]), np.array([missed, 1 - q])
    return float(sum(-0.5 * (share * np.log(share / pair.sum())).sum() for pair in told for share in [pair]))


@pytest.mark.parametrize(
    ("forgotten", "loss", "worth"), [(0.05, 0.110, 4.14), (0.1, 0.175, 3.24), (0.2, 0.274, 2.29)]
)
def test_forgetting_costs_what_the_theory_says(forgotten, loss, worth):
    """At eight bits per key of ribbon proper; the closed form first, then the real tester."""
    predicted = forgetting_loss_nats(8.0, forgotten)
    assert predicted == pytest.approx(loss, abs=6e-4)
    assert float(effective_bits(predicted)) == pytest.approx(worth, abs=0.01)
    keys, others = keys_and_others(50_000, 100_000)
    tester = Forgetter.init(keys, 8.0 * 1.025, forgotten=forgotten)
    assert log_loss_nats(tester.query(keys), tester.query(others)) == pytest.approx(predicted, rel=0.02)
    assert tester.fnr == pytest.approx(forgotten * (1 - tester.fpr), abs=1e-4)


def test_abstaining_costs_what_the_theory_says():
    keys, others = keys_and_others(50_000, 100_000)
    tester = Abstainer.init(keys, 8.0 * 1.025, forgotten=0.1)
    assert tester.answers[0] == 0.5
    assert log_loss_nats(tester.query(keys), tester.query(others)) == pytest.approx(0.386, abs=0.004)


def test_every_foil_loses_to_the_optimum_at_the_same_memory():
    keys, others = keys_and_others(20_000, 50_000)
    losses = {
        kind: log_loss_nats(*map(kind.init(keys, 8.2).query, (keys, others)))
        for kind in (ScoreTester, Forgetter, Abstainer)
    }
    assert losses[ScoreTester] < losses[Forgetter] < losses[Abstainer]


@pytest.mark.parametrize("weight", [0.5, 0.1])
def test_the_posterior_has_the_least_log_loss(weight):
    facts, nonfacts = 0.9, 0.02
    x = np.linspace(1e-4, 1 - 1e-4, 9999)
    loss = -weight * facts * np.log(x) - (1 - weight) * nonfacts * np.log1p(-x)
    assert posterior(facts, nonfacts, weight) == pytest.approx(x[loss.argmin()], abs=1e-4)
    assert posterior(0.0, 0.0, weight) == 0.5


def test_testers_bring_no_torch_and_numba_only_when_used():
    code = "import bitsperfact.testers, sys; print([m for m in ('torch', 'numba', 'pandas') if m in sys.modules])"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"
    control = subprocess.run(
        [sys.executable, "-c", "import numba, " + code[7:]], capture_output=True, text=True, check=True
    )
    assert "numba" in control.stdout
