import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.estimate import laws

from bitsperfact.estimate import StreamedScores, auc, binned_bits, bits_per_fact
from bitsperfact.estimate.divergence import digamma_kl_bits
from bitsperfact.estimate.sketches import TwoEndedSketch


def upside_down(law):
    return lambda *sizes: tuple(-scores for scores in law(*sizes))


def wide(rng, n, N):
    return rng.normal(0, 2, n), rng.normal(0, 1, N)


LAWS = [laws.smooth, laws.equal, laws.channel, laws.atoms, laws.abstaining]
LAWS += [upside_down(laws.channel), wide]


def streamed(facts, nonfacts, batches=7, k=200):
    stream = StreamedScores(k)
    for first, second in zip(np.array_split(facts, batches), np.array_split(nonfacts, batches), strict=True):
        stream.update(first, second)
    return stream


def bits_in_the_same_bins(pool, facts, nonfacts):
    counts = []
    for scores in (facts, nonfacts):
        below = np.searchsorted(np.sort(scores.astype(np.float32)), pool.edges)
        counts.append(np.diff(np.concatenate([[0], below, [scores.size]])).astype(float))
    return digamma_kl_bits(*counts, pool.chosen)


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("k", [50, 200])
def test_the_error_is_bounded(law, k):
    facts, nonfacts = law(np.random.default_rng(0), 60_000, 300_000)
    stream = streamed(facts, nonfacts, k=k)
    got, exact = stream.bits_per_fact(replicates=20), bits_per_fact(facts, nonfacts, replicates=20)
    # The bound is on the divergence; the correction for small samples changes little with the counts.
    assert abs(got.estimate - bits_in_the_same_bins(stream.pool(), facts, nonfacts)) <= got.error_bits + 1e-3
    # Fewer bins than there could be lose up to two percent.
    assert abs(got.estimate - exact.estimate) <= got.error_bits + 0.02 * exact.estimate
    assert got.error_bits < 0.06 * 200 / k
    assert (got.n_facts, got.n_nonfacts) == (60_000, 300_000)
    assert got.resolution_limited == exact.resolution_limited


def test_rare_hallucinations_are_counted_exactly():
    """Twenty in a million: any constant rank error worth its memory would lose them."""
    nonfacts = np.zeros(1_000_000)
    nonfacts[:: nonfacts.size // 20] = 1.0
    got = streamed(np.ones(1000), nonfacts).bits_per_fact()
    assert got.error_bits < 0.01
    assert got.estimate == pytest.approx(binned_bits(np.ones(1000), nonfacts), abs=got.error_bits + 1e-9)
    assert got.resolution_limited


@pytest.mark.parametrize("side", [1, -1])
def test_tails_of_either_end_are_known_in_proportion(side):
    """One score in 2^16 and fewer, where a constant rank error would be all there is."""
    scores = side * np.random.default_rng(0).permutation(np.arange(500_000, dtype=np.float32))
    sketch = TwoEndedSketch(100)
    for part in np.array_split(scores, 5):
        sketch.update(part)
    kept, weights = sketch.kept()
    assert weights.sum() == sketch.n == scores.size
    for end in (1, -1):
        edges = np.quantile(end * scores, [1 - 2.0**-b for b in (2, 8, 16)])
        beyond = [weights[end * kept >= edge].sum() / scores.size for edge in edges]
        np.testing.assert_allclose(beyond, [2.0**-b for b in (2, 8, 16)], rtol=0.05)
    below, off = sketch.ranks(np.sort(scores)[[5, 2000, 250_000, 498_000]], 1e-6)  # its sampling has no seed
    assert (np.abs(below - np.array([5, 2000, 250_000, 498_000]) / scores.size) <= off + 1e-12).all()


def test_few_scores_are_kept_as_they_are():
    facts, nonfacts = laws.channel(np.random.default_rng(0), 150, 180)
    facts, nonfacts = (scores.astype(np.float32) for scores in (facts, nonfacts))
    stream = streamed(facts, nonfacts)
    got, exact = stream.bits_per_fact(), bits_per_fact(facts, nonfacts)
    assert got.error_bits == 0
    assert (got.estimate, got.lower, got.upper) == (exact.estimate, exact.lower, exact.upper)
    assert auc(stream.pool()) == auc(facts, nonfacts)


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 2**32 - 1), st.permutations(range(5)), st.sampled_from(LAWS))
def test_merging_in_any_order_stays_within_the_bound(seed, order, law):
    facts, nonfacts = law(np.random.default_rng(seed), 5000, 50_000)
    whole = streamed(facts, nonfacts).bits_per_fact(replicates=2)
    parts = [streamed(*part) for part in zip(np.array_split(facts, 5), np.array_split(nonfacts, 5), strict=True)]
    merged = StreamedScores()
    for i in order:
        merged.merge(parts[i])
    got = merged.bits_per_fact(replicates=2)
    assert (merged.n_facts, merged.n_nonfacts) == (5000, 50_000)
    assert abs(got.estimate - whole.estimate) <= got.error_bits + whole.error_bits + 0.02 * whole.estimate


def test_the_interval_holds_the_truth():
    facts, nonfacts = laws.atoms(np.random.default_rng(0), 10_000, 100_000)
    got = streamed(facts, nonfacts).bits_per_fact()
    assert got.lower < 4 < got.upper
    assert got.upper - got.lower < 0.2


def test_one_class_may_come_first():
    stream = StreamedScores()
    stream.update([1.0, 2.0], [])
    with pytest.raises(ValueError, match="nonfacts must hold at least one score, got none"):
        stream.bits_per_fact()
    stream.update([], [0.0])
    assert stream.bits_per_fact().n_nonfacts == 1


@pytest.mark.parametrize(
    ("facts", "nonfacts", "message"),
    [
        ([1.0, np.nan], [1.0], "facts must be finite scores, got nan at position 1"),
        ([1.0], [np.inf], "nonfacts must be finite scores, got inf at position 0"),
        ([1.0], [1e300], "nonfacts in float32 must be finite scores, got inf at position 0"),
        ([[1.0]], [1.0], "facts must be a 1-D array"),
    ],
)
def test_scores_that_cannot_be_used_are_named_and_nothing_is_taken_in(facts, nonfacts, message):
    stream = StreamedScores()
    with pytest.raises(ValueError, match=message):
        stream.update(facts, nonfacts)
    assert (stream.n_facts, stream.n_nonfacts) == (0, 0)


def test_other_errors_name_the_argument_and_the_reason():
    with pytest.raises(ValueError, match=r"k must be even and lie in \[4, 254\], got 1024"):
        StreamedScores(1024)
    with pytest.raises(ValueError, match="other must have the same k, 200, got 50"):
        StreamedScores(200).merge(StreamedScores(50))
    with pytest.raises(ValueError, match="replicates must be at least 2, got 1"):
        streamed(np.ones(9), np.zeros(9)).bits_per_fact(replicates=1)


def test_what_is_missing_is_named_with_the_command_that_helps(monkeypatch):
    monkeypatch.setitem(sys.modules, "datasketches", None)
    with pytest.raises(ImportError, match=r"pip install 'bitsperfact\[streaming\]'"):
        StreamedScores()
