"""References are chosen from texts alone, shared by a template, and never a claim's own prefix."""

import numpy as np
import pandas as pd
import pytest

from bitsperfact import rows, tables
from bitsperfact.scoring.references import references, template
from bitsperfact.scoring.views import Unlabelled

TEMPLATES = {
    "capital": "The capital of {} is",
    "currency": "In {}, people pay with the",
    "rare": "The anthem of {} is called",
}


def claims_of(n: int, n_rare: int = 1, candidates=2) -> pd.DataFrame:
    """`n` countries in two templates, and `n_rare` of them in a third."""
    asked = [(kind, i) for kind in ("capital", "currency") for i in range(n)] + [
        ("rare", i) for i in range(n_rare)
    ]
    listed = [
        (f"Land{i}", TEMPLATES[kind].format(f"Land{i}"), f" t{j}")
        for kind, i in asked
        for j in range(candidates if isinstance(candidates, int) else candidates(i))
    ]
    frame = pd.DataFrame(listed, columns=["group", "prefix", "target"])
    ids = [tables.claim_id("set", p, t) for p, t in zip(frame["prefix"], frame["target"], strict=True)]
    labels = {"is_fact": False, "grade": 0.0, "stratum": "given", "source": "test"}
    return frame.assign(claim_id=ids, claim_set="set", **labels)[list(tables.COLUMNS["claims"])]


def found(claims: pd.DataFrame, most: int) -> dict[str, list[str]]:
    chosen = references(Unlabelled(rows.InMemory("claims", claims)), most)
    pairs = claims[["group", "prefix"]].drop_duplicates().itertuples(index=False)
    return {prefix: chosen.of(group, prefix) for group, prefix in pairs}


def test_a_template_shares_its_references_and_none_is_the_claims_own():
    of = found(claims_of(20), 4)
    for prefix, others in of.items():
        assert len(others) == len(set(others)) == 4
        assert prefix not in others
    for kind in ("capital", "currency"):
        first = TEMPLATES[kind].split("{}")[0]
        own = {prefix: others for prefix, others in of.items() if prefix.startswith(first)}
        assert all(other.startswith(first) for others in own.values() for other in others)
        assert len({other for others in own.values() for other in others}) == 5  # one more, for its own claims


def test_a_template_of_few_subjects_takes_others_of_the_set():
    alone = TEMPLATES["rare"].format("Land0")
    assert len(found(claims_of(20), 4)[alone]) == 4
    of = found(claims_of(20, n_rare=3), 4)
    assert [other.startswith("The anthem") for other in of[alone]] == [True, True, False, False]


@pytest.mark.parametrize(("n", "expected"), [(1, 2), (2, 4), (20, 8)])
def test_fewer_subjects_than_references_are_all_taken(n, expected):
    assert {len(others) for others in found(claims_of(n), 8).values()} == {expected}


def test_references_depend_on_neither_rows_nor_candidates_nor_batches(monkeypatch):
    expected = found(claims_of(20), 4)
    assert found(claims_of(20).sample(frac=1, random_state=3), 4) == expected
    assert found(claims_of(20, candidates=lambda i: 1 + 9 * (i % 2)), 4) == expected
    monkeypatch.setattr(rows, "BATCH_ROWS", 7)
    assert found(claims_of(20), 4) == expected


@pytest.mark.parametrize(("candidates", "expected"), [(1, 8), (10, 8), (32, 4), (100, 2)])
def test_targets_of_few_claims_are_asked_about_less(candidates, expected):
    shared = claims_of(20, candidates=2)
    alone = claims_of(1, n_rare=0, candidates=candidates)
    claims = pd.concat([shared, alone.assign(prefix="What of Land99 is", group="Land99")], ignore_index=True)
    n_claims, n_targets = len(claims), claims["target"].nunique()
    chosen = references(Unlabelled(rows.InMemory("claims", claims)), 8, per_claim=1.0)
    assert chosen.n == expected == max(2, min(8, n_claims // n_targets))


def test_references_are_spread_over_the_subjects():
    chosen = {other for others in found(claims_of(400), 8).values() for other in others}
    places = np.array([int(other.split("Land")[1].split(" ")[0].strip(",")) for other in chosen])
    assert np.ptp(places) > 200
    assert len(chosen) == 2 * 9


@pytest.mark.parametrize(
    ("group", "prefix", "same"),
    [
        ("a", "The capital of a is", "The capital of b is"),
        ("FR", "The capital of France is", "The capital of Upper Volta is"),
        ("日本", "日本の首都は", "bの首都は"),
        ("Who is c?", "Who is c?", "Who is d?"),
        ("", "The capital of Chad is", "The capital of Peru is"),
    ],
)
def test_a_template_is_a_prefix_without_its_entity(group, prefix, same):
    words = frozenset(["the", "capital", "of", "is", "who"])
    assert template(group, prefix, words) == template("b", same, words)
    assert template(group, prefix, words) != template("b", same + " not", words | {"not"})
