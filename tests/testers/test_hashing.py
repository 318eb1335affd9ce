"""Hashes: equal keys to equal words, different keys to words that look independent."""

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bitsperfact.testers.hashing import by_first_word, distinct, hash_claims, mix, remix

plain = st.one_of(
    st.integers(),
    st.integers(-(2**64), 2**65),
    st.text(),
    st.binary(),
    st.booleans(),
    st.none(),
    st.floats(allow_nan=False),
    st.fractions(),
)
keys = st.one_of(plain, st.tuples(plain, plain), st.frozensets(plain), st.tuples(plain, st.tuples(plain)))


def words(*claims: object, seed: int = 0) -> list[tuple[int, int]]:
    return [tuple(row) for row in hash_claims(list(claims), seed).tolist()]


@given(st.lists(keys, max_size=8), st.integers(0, 2**64 - 1))
def test_hashes_are_equal_exactly_where_keys_are(drawn, seed):
    hashed = words(*drawn, seed=seed)
    for i, first in enumerate(drawn):
        for j, second in enumerate(drawn):
            assert (hashed[i] == hashed[j]) == (first == second)


@given(st.lists(keys, min_size=1, max_size=8))
def test_a_hash_does_not_depend_on_the_company(drawn):
    assert words(*drawn) == [words(key)[0] for key in drawn]


@given(st.lists(st.integers(-(2**63), 2**63 - 1)))
def test_an_array_hashes_like_its_list(drawn):
    array = hash_claims(np.array(drawn, dtype=np.int64), 5)
    assert array.tolist() == hash_claims(drawn, 5).tolist()
    assert array.tolist() == hash_claims([*drawn, "text"], 5)[:-1].tolist()


def test_narrow_and_unsigned_integers_are_the_same_keys():
    for dtype in (np.int8, np.int16, np.uint8, np.uint64, np.float32, object):
        assert hash_claims(np.array([0, 1, 100], dtype=dtype), 1).tolist() == hash_claims([0, 1, 100], 1).tolist()
    assert words(np.int64(-7), np.float64(2.0), np.bool_(True)) == words(-7, 2, 1)
    assert words(np.uint64(2**64 - 1), -1)[0] != words(np.uint64(2**64 - 1), -1)[1]


def test_numbers_of_equal_value_are_one_key():
    assert words(0.5, Fraction(1, 2), Decimal("0.5")) == [words(0.5)[0]] * 3
    assert words(True, 1.0, Decimal(1), Fraction(1)) == [words(1)[0]] * 4


def test_texts_and_byte_arrays_of_numpy_hash_like_their_items():
    assert hash_claims(np.array(["a", "bc"]), 1).tolist() == hash_claims(["a", "bc"], 1).tolist()
    assert hash_claims(np.array([b"a", b"bc"]), 1).tolist() == hash_claims([b"a", b"bc"], 1).tolist()


def test_look_alikes_are_different_keys():
    lots = ["1", b"1", 1, (1,), ((1,),), ("1",), (), "", b"", None, (None,), ("a", "b"), ("ab", ""), frozenset()]
    lots += [
        frozenset({-1}),
        frozenset({-2}),
        "x" * 10**6,
        "x" * 10**6 + "y",
        "\ud800",
        2**64,
        -(2**64),
        float("inf"),
    ]
    assert len(set(words(*lots))) == len(lots)


def test_nearby_integers_have_unrelated_hashes():
    hashed = hash_claims(np.arange(4096), 3)
    flips = np.bitwise_count(hashed[1:] ^ hashed[:-1]).mean(axis=0)
    assert np.allclose(flips, 32, atol=0.5)  # a standard deviation is 4 / 64
    assert abs(np.bitwise_count(hashed[:, 0] ^ hashed[:, 1]).mean() - 32) < 0.5


def test_seeds_give_unrelated_hashes():
    for claims in (np.arange(4096), [str(i) for i in range(4096)]):
        apart = hash_claims(claims, 1) ^ hash_claims(claims, 2)
        assert abs(np.bitwise_count(apart).mean() - 32) < 0.5


def test_mix_is_a_bijection_and_salts_differ():
    drawn = np.random.default_rng(0).integers(0, 2**64, (20_000, 2), dtype=np.uint64)
    assert len(np.unique(mix(drawn))) == drawn.size
    assert remix(drawn, 0) is drawn
    assert abs(np.bitwise_count(remix(drawn, 1) ^ remix(drawn, 2)).mean() - 32) < 0.1


def test_distinct_keeps_one_of_each_in_order():
    drawn = hash_claims([5, 3, 5, 9, 3, 5], 0)
    kept = distinct(drawn)
    assert {tuple(row) for row in kept.tolist()} == {tuple(row) for row in drawn.tolist()}
    assert len(kept) == 3
    assert (np.diff(kept[:, 0].astype(float)) >= 0).all()
    assert by_first_word(kept) is kept


@pytest.mark.parametrize(
    ("claims", "why"),
    [
        ("text", "a single str"),
        (b"bytes", "a single bytes"),
        (5, "a single int"),
        (np.zeros((2, 2), int), "one dimension"),
        (np.array(3), "one dimension"),
        ([float("nan")], "NaN"),
        (np.array([1.0, np.nan]), "NaN"),
        ([(1, float("nan"))], "NaN"),
        ([[1]], "hashable"),
        ([1, {}], "hashable"),
    ],
)
def test_what_is_no_collection_of_keys_is_refused(claims, why):
    with pytest.raises(ValueError, match=why):
        hash_claims(claims, 0)


@pytest.mark.parametrize("seed", [-1, 2**64, 0.5, None, True])
def test_a_seed_is_a_whole_number(seed):
    with pytest.raises(ValueError, match="seed"):
        hash_claims([1], seed)
