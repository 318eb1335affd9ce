"""Architectures and objectives by name, and ids of stacks that earlier runs have stored."""

import pytest

from bitsperfact.errors import BadInput
from bitsperfact.training import Schedule, Universe, ladder, models_of, schedule_for, stacks_of
from bitsperfact.training.architectures import ARCHITECTURES, architecture_of
from bitsperfact.training.architectures.mlp import Mlp
from bitsperfact.training.objectives import OBJECTIVES, objective_of

TINY = Schedule(exposures=2, least_steps=24, batch=64, nonfacts=5000)
#: Ids of a stack with its architecture's schedule and a small one, and the first fingerprint with the small one.
IDS = {
    ("mlp", "membership"): ("cc54185bc351e5e1576e", "7d4af9b9ab3fc30a6be7", "323eab182077"),
    ("transformer", "membership"): ("a32862a8e2f516b0c15f", "9243f466984e11c436fa", "db6e800e55bb"),
    ("transformer", "next-symbol"): ("ce5b4fb68230f1ba7903", "ac0f6966087945f03ec6", "c41b5ca33737"),
}


def stack(architecture, objective, schedule):
    cells = ladder(architecture, objective, Universe(4, 6), [1200], [60], seeds=2, per_fact=(0.0, 100.0))
    return stacks_of(cells, schedule)[0]


@pytest.mark.parametrize("names", IDS)
def test_ids_are_those_of_stored_stacks(names):
    usual, tiny = (stack(*names, schedule) for schedule in (schedule_for(names[0]), TINY))
    assert (usual.id, tiny.id, models_of(tiny.cells, TINY)[0].fingerprint[:12]) == IDS[names]


def test_parts_are_found_by_name_and_unknown_ones_are_refused():
    assert ARCHITECTURES.names() == ["mlp", "transformer"]
    assert OBJECTIVES.names() == ["membership", "next_symbol"]
    assert objective_of("next-symbol") is objective_of("next_symbol")
    with pytest.raises(
        BadInput, match=r"^objective: expected one of membership, next_symbol, or .*, got 'recall'"
    ):
        objective_of("recall")


class Deep(Mlp):
    """An architecture of another package."""

    def settings(self, *, quick):
        return {"batch": 128}


DEEP = Deep()


def test_an_architecture_of_another_package_is_named_in_full(monkeypatch):
    name = f"{__name__}:DEEP"
    assert architecture_of(name) is DEEP
    assert schedule_for(name).batch == 128
    assert stack(name, "membership", TINY).work == stack("mlp", "membership", TINY).work
