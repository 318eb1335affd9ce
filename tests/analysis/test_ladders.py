"""What is said of a ladder whose law, channel and controls are known."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm
from tests.scripts import load_script

from bitsperfact.analysis import law_table, memorised
from bitsperfact.analysis.capacity import fit_law
from bitsperfact.analysis.predictions import ROOM, found_predictions
from bitsperfact.analysis.regression import least_squares
from bitsperfact.analysis.status import judged
from bitsperfact.theory import budget_optimum

RNG = np.random.default_rng
drawn = load_script("scripts/drawn_ladders.py")


def cells_of(bits_of, finished=True):
    """A table of cells whose bits per fact are given by P/n, two seeds of four sizes and four loads."""
    rows = [
        {
            "model": f"mlp-{size}-n{round(size / load)}-s{seed}",
            "architecture": "mlp",
            "objective": "membership",
            "parameters": size,
            "n_facts": round(size / load),
            "parameters_per_fact": load,
            "fact_weight": 0.5,
            "claim_set": f"strings-{round(size / load)}-s{seed}",
            "seed": seed,
            "finished": True,
            "gain": 0.04,
            "bits_measured": bits_of(load),
            "bits": bits_of(load),
        }
        for size in (1000, 2000, 4000, 8000)
        for load in (1.25, 2.0, 3.2, 5.0)
        for seed in range(2)
    ]
    return pd.DataFrame(rows).assign(finished=finished)


def law_of(bits_of, cells=None):
    return fit_law(cells_of(bits_of) if cells is None else cells, "mlp", "bits_per_fact", RNG(0))


def test_an_exact_law_is_found_and_predicts_what_was_held_out():
    law = law_of(lambda load: 2.3 * load)
    assert law.bits_per_parameter.value == pytest.approx(2.3)
    assert law.bits_per_parameter.ends() == pytest.approx((2.3, 2.3))
    assert law.intercept.ends() == pytest.approx((0, 0), abs=1e-9)
    for held in (law.new_loads, law.new_sizes):
        assert (held.error, *held.ends()) == pytest.approx((0, 0, 0), abs=1e-9)
        assert (held.n_fitted, held.n_heldout) == (8, 8)
    assert (law.new_loads.limit, law.new_sizes.limit) == (2.0, 2000)
    assert law.over_sizes.ratio() == pytest.approx((1, 1, 1))
    assert (law.best, law.n_pairs) == (pytest.approx(2.3), 16)


def test_an_offset_shows_as_intercept_and_as_error_at_larger_loads():
    law = law_of(lambda load: 1.0 + 2 * load)
    assert law.intercept.ends() == pytest.approx((1.0, 1.0))
    c = np.mean([1 / 1.25 + 2, 1 / 2 + 2])  # of the loads up to 2
    assert law.new_loads.error == pytest.approx(np.median([c / (1 / load + 2) - 1 for load in (3.2, 5.0)]))
    every = 1 / np.array([1.25, 2.0, 3.2, 5.0]) + 2  # at each size alike
    assert law.new_sizes.error == pytest.approx(np.median(np.abs(every.mean() / every - 1)))
    assert law.over_sizes.slope.value == pytest.approx(0, abs=1e-9)


def test_no_load_and_no_size_is_on_both_sides():
    cells = cells_of(lambda load: load)
    cells["bits_measured"] *= np.where(cells["parameters"] > 2000, 0.5, 1.0)
    law = law_of(None, cells)
    assert law.new_sizes.error == pytest.approx(1.0)
    assert law.new_loads.error == pytest.approx(np.median(np.abs(0.75 / np.array([1.0, 0.5]) - 1)))


def test_a_trend_is_the_exponent_of_what_was_put_in():
    cells = cells_of(lambda load: load**1.2)
    cells["bits_measured"] *= (cells["parameters"] / 1000) ** -0.3
    law = law_of(None, cells)
    assert law.over_sizes.slope.value == pytest.approx(-0.3 * np.log(2))
    assert law.over_loads.slope.value == pytest.approx(0.2 * np.log(2))
    assert law.over_sizes.ratio() == pytest.approx([8**-0.3] * 3)
    assert law.over_loads.ratio() == pytest.approx([4**0.2] * 3)


def test_too_few_cells_have_no_law():
    assert law_of(None, cells_of(lambda load: load).head(6)) is None


def test_least_squares_covers_the_truth_under_unequal_errors():
    rng, x = RNG(3), np.repeat(np.arange(1.0, 5.0), 5)
    design, inside = np.stack([np.ones_like(x), x], axis=1), 0
    for _ in range(400):
        low, high = least_squares(design, 1 + 2 * x + x * rng.standard_normal(x.size))[1].ends()
        inside += low <= 2 <= high
    assert 0.93 <= inside / 400 <= 0.985
    assert np.isnan(least_squares(np.ones((5, 2)), x[:5])[0].ends()).all()


def verdicts_of(evidence, *predictions):
    """The verdicts of some predictions, of all on ladders by default."""
    names = predictions or [each.name for each in found_predictions() if each.scope == "cells"]
    return pd.DataFrame([vars(verdict) for name in names for verdict in ROOM.find(name).judge(evidence)])


def status_of(evidence, prediction):
    said = verdicts_of(evidence, prediction)
    return said.loc[said["claim_set"] == "*", "status"].item()


def with_cells(evidence, **columns):
    return drawn.evidence_of(evidence.cells.assign(**columns), evidence.separation, 0)


def moved(evidence, quantity, cells=None, control="", **numbers):
    """The same evidence with other numbers in the rows of some cells, on their own sets or on a control."""
    rows = evidence.separation.copy()
    sets = dict(zip(evidence.cells["model"], evidence.cells["claim_set"] + control, strict=True))
    own = (rows["quantity"] == quantity) & (rows["claim_set"] == rows["model"].map(sets))
    if cells is not None:
        own &= rows["model"].isin(cells)
    assert own.any()
    for name, value in numbers.items():
        rows.loc[own, name] = value
    return drawn.evidence_of(evidence.cells, rows, 0)


@pytest.fixture(scope="module")
def perfect():
    """Four perfect networks, one of them at another weight of facts, and what is measured of them."""
    return drawn.score_ladder(drawn.SCORES[0], RNG(2))


def number(evidence, model, claim_set, quantity):
    rows = evidence.separation.query("stratum == 'pooled'")
    return rows.set_index(["model", "claim_set", "quantity"]).loc[(model, claim_set, quantity)]


def test_the_optimum_is_measured_as_what_it_is(perfect):
    for cell in perfect.cells.itertuples():
        bits = 2.0 * cell.parameters_per_fact
        best = budget_optimum(bits, cell.fact_weight)

        def holds(quantity, truth, model=cell.model, claim_set=cell.claim_set, slack=0.0):
            row = number(perfect, model, claim_set, quantity)
            assert row["lower"] - slack <= truth <= row["upper"] + slack

        holds("q_star", float(best.q), slack=0.01)
        holds("bits_per_fact", bits, slack=0.3)
        holds("own_bits", bits, slack=0.3)
        holds("own_x_star", float(best.x_star), slack=0.01)
        holds("own_odds", np.log2(cell.fact_weight / (1 - cell.fact_weight)), slack=0.15)
        holds("channel_miss_rate", 0.0)
        odds = float(np.log(best.x_star / (1 - best.x_star)))  # scores have a spread of .3
        holds("own_miss_rate", norm.cdf(-odds / 0.3), slack=0.03)
        holds("hallucination_rate", float(best.q), claim_set=f"{cell.claim_set}-near-1", slack=0.02)
        holds("auc", 0.5, claim_set=f"{cell.claim_set}-shuffled", slack=0.02)
        holds("bits_per_fact", 0.0, model=f"{cell.model}-untrained")


def test_networks_are_measured_whole_where_they_were_trained_and_their_text_nowhere(perfect):
    found = perfect.separation.groupby(["model", "claim_set"])["quantity"].nunique()
    sets = dict(zip(perfect.cells["model"], perfect.cells["claim_set"], strict=True))
    for (model, claim_set), n in found.items():
        assert (n > 20) if sets.get(model) == claim_set else n == 4
    assert "pattern" not in set(perfect.separation["model"])


CELLWISE = ["free_relation", "network_shape", "never_forgets", "best_strategy", "no_bits_without_storing"]


def test_a_perfect_ladder_is_consistent_wherever_it_can_tell(perfect):
    verdict = verdicts_of(perfect)
    assert not (verdict["status"] == "violated").any()
    about_all = verdict[verdict["claim_set"] == "*"].set_index("prediction")["status"]
    own = about_all[about_all.index.str.startswith(tuple(CELLWISE))]
    assert len(own) >= len(CELLWISE)
    assert (own == "consistent").all(), own
    before = verdicts_of(perfect, "no_bits_without_memory")
    assert set(before["model"]) == {f"{model}-untrained" for model in perfect.cells["model"]}
    assert (before["status"] == "consistent").all()
    assert (before["kind"] == "check").all()


BROKEN = [
    ("network_shape", "behind_channel", "", (0.05, 0.04, 0.06)),
    ("network_shape", "behind_smooth", "", (0.0, 0.0, 0.0)),
    ("never_forgets", "channel_miss_rate", "", (0.1, 0.09, 0.11)),
    ("never_abstains", "abstention_mass", "", (0.1, 0.09, 0.11)),
    ("best_strategy", "own_loss", "", (0.9, 0.89, 0.91)),
    ("no_near_misses", "hallucination_rate", "-near-1", (0.9, 0.88, 0.92)),
    ("no_bits_without_storing", "auc", "-shuffled", (0.75, 0.72, 0.78)),
]


@pytest.mark.parametrize(("prediction", "quantity", "control", "numbers"), BROKEN)
def test_what_breaks_a_prediction_is_noticed_and_what_says_nothing_is_undecided(
    perfect, prediction, quantity, control, numbers
):
    numbers = dict(zip(("value", "lower", "upper"), numbers, strict=True))
    broken = moved(perfect, quantity, None, control, **numbers)
    assert status_of(broken, prediction) == "violated"
    # One cell is more than a tenth of three.
    assert status_of(moved(perfect, quantity, ["mlp-2"], control, **numbers), prediction) == "violated"
    unknown = moved(perfect, quantity, None, control, value=np.nan, lower=np.nan, upper=np.nan)
    said = verdicts_of(unknown, prediction)
    assert said.empty or set(said["status"]) <= {"undecided"}
    unfinished = verdicts_of(with_cells(broken, finished=False), prediction)
    assert not (unfinished["status"] == "violated").any()


def test_confidence_that_does_not_go_with_hallucinations_is_noticed(perfect):
    off = moved(perfect, "own_odds", value=1.0, lower=0.9, upper=1.1)
    said = verdicts_of(off, "free_relation").query("claim_set == '*'").set_index("prediction")["status"]
    assert said.to_dict() == {"free_relation_a0.1": "violated", "free_relation_a0.5": "violated"}
    wide = moved(perfect, "own_odds", value=0.0, lower=-50.0, upper=50.0)
    assert set(verdicts_of(wide, "free_relation")["status"]) == {"undecided"}


def test_unfinished_cells_violate_nothing_and_excuse_nothing(perfect):
    even = perfect.cells.loc[perfect.cells["fact_weight"] == 0.5, "model"]
    first, numbers = even.iloc[:1], {"value": 0.3, "lower": 0.27, "upper": 0.33}
    is_first = perfect.cells["model"].isin(first)
    of_first, of_others = (
        moved(perfect, "channel_miss_rate", first, **numbers),
        moved(perfect, "channel_miss_rate", even.iloc[1:], **numbers),
    )
    assert status_of(with_cells(of_first, finished=~is_first), "never_forgets") == "consistent"
    assert status_of(with_cells(of_others, finished=~is_first), "never_forgets") == "violated"
    assert status_of(with_cells(of_others, finished=is_first), "never_forgets") == "consistent"


def test_the_status_of_an_architecture_follows_from_its_row(perfect):
    one = moved(perfect, "channel_miss_rate", ["mlp-1"], value=0.3, lower=0.2, upper=0.4)
    for evidence in (perfect, one, moved(one, "channel_miss_rate", ["mlp-2"], lower=0.0, upper=0.9)):
        rows = verdicts_of(evidence, *CELLWISE).query("claim_set == '*'")
        assert [judged(row.lower, row.upper, 0.0, 0.1) for row in rows.itertuples()] == rows["status"].tolist()


def test_cells_that_obey_with_intervals_that_miss_are_rarely_violated():
    """Of ten 95 % intervals at the edge of what is allowed one misses in one ladder of five; one in twenty may."""
    rng = RNG(4)
    runs = [drawn.edge_ladder(10, rng) for _ in range(60)]
    violated = [(verdicts_of(each, "free_relation")["status"] == "violated").any() for each in runs]
    assert sum(violated) <= 8  # 13 of plain intervals


def separation_like(cells, quantity, value, lower, upper, unit="bits"):
    """Evidence on cells of one quantity."""
    numbers = [np.broadcast_to(np.asarray(each, dtype=float), len(cells)) for each in (value, lower, upper)]
    return drawn.evidence_of(cells, drawn.rows_of(cells, quantity, numbers, unit), 0)


def law_verdicts(c_of, rng, finished=True):
    """Verdicts on a ladder whose bits are c_of(size, load) P / n, 4 % of noise in every cell."""
    cells = cells_of(lambda load: load, finished)
    bits = c_of(cells["parameters"], cells["parameters_per_fact"]) * cells["parameters_per_fact"]
    bits = bits * np.exp(0.04 * rng.standard_normal(len(cells)))
    said = verdicts_of(separation_like(cells, "bits_per_fact", bits, bits, bits), *LAW_PREDICTIONS)
    return said.set_index(said["prediction"].str.removesuffix("_bits_per_fact"))["status"]


LAW_PREDICTIONS = ["capacity_law", "one_constant", "zero_intercept"]
LAWS = [
    "capacity_law",
    "capacity_law_sizes",
    "one_constant_over_sizes",
    "one_constant_over_loads",
    "zero_intercept",
]


def test_one_constant_is_consistent_and_a_trend_is_not():
    said = law_verdicts(lambda size, load: 2.5 + 0 * load, RNG(5))
    assert said[LAWS].tolist() == ["consistent"] * len(LAWS)
    falling = law_verdicts(lambda size, load: 2.7 * (2.2 / 2.7) ** (np.log2(size / 1000) / 3), RNG(6))
    assert falling["one_constant_over_sizes"] == "violated"
    assert falling["one_constant_over_loads"] == "consistent"
    steep = law_verdicts(lambda size, load: 1.5 * load**-0.4, RNG(7))
    assert steep[["capacity_law", "one_constant_over_loads", "zero_intercept"]].tolist() == ["violated"] * 3
    halved = law_verdicts(lambda size, load: np.where(size > 2000, 1.2, 2.4), RNG(8))
    assert halved["capacity_law_sizes"] == "violated"


def test_a_law_of_unfinished_cells_is_told_and_undecided():
    said = law_verdicts(lambda size, load: 2.5 + 0 * load, RNG(9), finished=False)
    assert said[LAWS].tolist() == ["undecided"] * len(LAWS)
    cells = cells_of(lambda load: load, np.arange(32) > 0)
    bits = cells["parameters_per_fact"] ** 2
    evidence = separation_like(cells, "bits_per_fact", bits, bits, bits)
    table = law_table(cells, evidence.separation)
    assert table["unfinished"].tolist() == [0, 1]
    said = verdicts_of(evidence, "capacity_law").set_index("prediction")["status"]
    assert said["capacity_law_bits_per_fact"] == "violated"


def test_one_q_at_every_weight():
    cells = cells_of(lambda load: load).iloc[[0, 1, 2]].assign(fact_weight=[0.5, 0.1, 0.9], seed=0)
    cells = cells.assign(model=["even", "low", "high"], claim_set=["even", "low", "high"], n_facts=800)
    for high, status in ((0.02, "consistent"), (0.08, "violated"), (0.028, "undecided")):
        q = np.array([0.02, 0.02, high])
        half = 2 * np.sqrt(q / 40_000)
        evidence = separation_like(cells, "q_star", q, q - half, q + half, "1")
        assert status_of(evidence, "same_at_every_weight") == status
    assert verdicts_of(with_cells(evidence, finished=[False, True, True]), "same_at_every_weight").empty


@pytest.mark.parametrize(
    ("plateaus", "finished", "status"),
    [
        ([3.5, 3.6, 3.7], True, "consistent"),
        ([2.0, 2.1, 2.2], True, "violated"),
        ([2.0, 2.1, 2.2], False, "undecided"),
        ([5.0, 5.1, 5.2], False, "violated"),
        ([1.0, 3.6, 6.0], True, "undecided"),
    ],
)
def test_a_generative_capacity_is_held_against_what_was_published(plateaus, finished, status):
    cells = cells_of(lambda load: load, finished).assign(objective="next-symbol")
    cells = cells[cells["parameters"] < 8000]
    cells["bits"] *= cells["parameters"].map(dict(zip((1000, 2000, 4000), plateaus, strict=True)))
    evidence = separation_like(cells, "bits_per_fact", 1.0, 1.0, 1.0)
    assert status_of(evidence, "generative_capacity") == status


def test_what_was_memorised_stands_beside_what_networks_of_that_size_judge():
    judged = cells_of(lambda load: 2.0 * load - 0.5)
    written = cells_of(lambda load: 3.6 * load).assign(objective="next-symbol")
    written = written[written["parameters"] > 1000]
    # At one load less was memorised: the plateau is elsewhere.
    written.loc[written["parameters_per_fact"] == 5.0, "bits"] /= 2
    found = memorised(pd.concat([judged, written], ignore_index=True))
    assert found["parameters"].tolist() == [2000, 4000, 8000]
    assert found["bits_per_parameter"].tolist() == pytest.approx([3.6] * 3)
    assert found["membership_bits_per_parameter"].tolist() == pytest.approx([2.0 - 0.5 / 5] * 3)
    assert found["membership_n_facts"].tolist() == [400, 800, 1600]
    assert found["seeds"].tolist() == [2] * 3
    alone = memorised(written)
    assert alone["membership_bits_per_parameter"].isna().all()
    assert memorised(judged).empty
