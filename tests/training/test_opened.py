"""Networks of the ladder as other probes open them, by folder: what they say of its claims is what it recorded."""

import pandas as pd
import pytest

from bitsperfact import parquet, pipeline
from bitsperfact.errors import BadInput
from bitsperfact.training import LadderStore, LadderTables, Schedule, Universe, ladder, stacks_of, train_all

UNIVERSE = Universe(alphabet=4, length=6)
SCHEDULE = Schedule(exposures=2, least_steps=24, batch=64, nonfacts=700)


def options(folder, network, score):
    return pipeline.Options(
        model=(str(network),),
        claims=(f"{folder / 'claims.parquet'}#strings-60-s1",),
        out=folder / "probed",
        score=(score,),
        replicates=5,
        cache=False,
        progress=False,
    )


@pytest.mark.parametrize(("objective", "score"), [("membership", "log_odds"), ("next-symbol", "logprob")])
def test_a_saved_network_says_what_the_ladder_recorded(tmp_path, apart, capfd, objective, score):
    cells = ladder("transformer", objective, UNIVERSE, [1200], [60], seeds=2, per_fact=(0.0, 100.0))
    (stack,) = stacks_of(cells, SCHEDULE)
    train_all([stack], tmp_path, progress=False)
    store = LadderStore(tmp_path)
    scores = store.scores(stack)
    said = LadderTables(stack.cells, lambda cell: scores[scores["model"] == cell.name])
    parquet.write("claims", pd.concat(said.claims(), ignore_index=True), tmp_path / "claims.parquet")
    recorded = pd.concat(said.rows(), ignore_index=True)
    network = store.network_path(stack.cells[1])
    told = capfd.readouterr()
    assert told.out + told.err == ""  # neither shards' bars nor warnings

    probed = pipeline.run(options(tmp_path, network, score))
    assert probed.models[0].n_params == stack.shape.parameters
    assert probed.claim_sets[0].name == stack.cells[1].claim_set
    own = recorded[recorded["model"] == stack.cells[1].name].set_index("claim_id")["value"]
    found = probed.scores.set_index("claim_id")["value"]
    own = own[own.index.isin(probed.claims["claim_id"])]
    assert len(own) > 600
    assert set(found.index) == set(own.index)
    pd.testing.assert_series_equal(found.sort_index(), own.sort_index(), atol=1e-4, rtol=0)
    with pytest.raises(BadInput, match=r"^score calibrated, "):
        pipeline.run(options(tmp_path, network, "calibrated"))
