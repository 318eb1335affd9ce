"""What is said of a ladder whose law, channel and controls are known."""

from dataclasses import fields

import numpy as np
import pandas as pd
import pytest

from bitsperfact import tables
from bitsperfact.analysis.evidence import Verdict
from bitsperfact.analysis.ladder import judge_ladder, law_table, measure_cell, memorised
from bitsperfact.analysis.ladder.capacity import fit_law
from bitsperfact.analysis.ladder.claims import no_bits_without_storing
from bitsperfact.analysis.ladder.evidence import LadderEvidence
from bitsperfact.analysis.ladder.judge import PREDICTIONS
from bitsperfact.analysis.ladder.optimum import free_relation
from bitsperfact.analysis.ladder.regression import least_squares
from bitsperfact.analysis.status import judged
from bitsperfact.theory import budget_optimum

RNG = np.random.default_rng


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
        assert (held.n_fitted, held.n_held) == (8, 8)
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


def channel_scores(bits, fact_weight, rng, n=2000, N=40_000):
    """Log-odds drawn from the optimum at a budget, spread a little so that nothing ties."""
    best = budget_optimum(bits, fact_weight)
    confident = float(np.log(best.x_star / (1 - best.x_star)))
    hallucinated = rng.random(N) < float(best.q)
    fresh = np.where(hallucinated, confident, -14.0) + 0.01 * rng.standard_normal(N)
    parts = {
        "fact": confident + 0.01 * rng.standard_normal(n),
        "fresh": fresh,
        "near-1": rng.permutation(fresh),
        "shuffled": rng.choice(fresh, n),
        "untrained-fact": rng.standard_normal(n),
        "untrained-fresh": rng.standard_normal(N // 2),
    }
    frames = [pd.DataFrame({"stratum": name, "score": values}) for name, values in parts.items()]
    return pd.concat(frames, ignore_index=True)


@pytest.mark.parametrize("fact_weight", [0.1, 0.5, 0.9])
def test_the_optimum_is_measured_as_what_it_is(fact_weight):
    bits = 4.0
    cell = {"model": "c", "parameters": 9, "claim_set": "s", "objective": "membership", "fact_weight": fact_weight}
    rows = measure_cell(cell, channel_scores(bits, fact_weight, RNG(1)), seed=0, replicates=20)
    found = {(row["stratum"], row["quantity"]): row for row in rows}
    best = budget_optimum(bits, fact_weight)

    def holds(quantity, truth, stratum="pooled", slack=0.0):
        row = found[stratum, quantity]
        assert row["lower"] - slack <= truth <= row["upper"] + slack

    holds("q_star", float(best.q))
    holds("bits_per_fact", bits, slack=0.15)
    holds("bits_effective", bits, slack=0.15)
    holds("x_star", float(best.x_star), slack=1e-3)
    holds("loss", float(best.loss_nats))
    holds("odds", np.log2(fact_weight / (1 - fact_weight)), slack=0.15)
    holds("miss_rate", 0.0)
    holds("q_star", float(best.q), "near-1")
    for control in ("shuffled", "untrained-fact"):
        holds("bits_per_fact", 0.0, control)


def separation_of(cells, rng):
    rows = []
    for cell in cells.to_dict("records"):
        scores = channel_scores(cell["bits"], 0.5, rng, n=1000, N=10_000)
        rows += measure_cell(cell, scores, seed=0, replicates=10)
    return pd.DataFrame(rows)


@pytest.fixture(scope="module")
def measured():
    """Four perfect networks of one size and two loads, and what is measured of them."""
    cells = cells_of(lambda load: 1.6 * load)
    cells = cells[(cells["parameters"] == 2000) & (cells["parameters_per_fact"] < 3)].reset_index(drop=True)
    return cells, separation_of(cells, RNG(2))


CELLWISE = ["free_relation_a0.5", "channel_shape", "never_forgets", "best_strategy"]
CELLWISE += ["no_near_misses", "no_bits_without_storing_shuffled", "no_bits_without_storing_untrained"]


#: Whose verdicts have other names than the function that gives them.
JUDGES = {"no_bits_without_storing_shuffled": no_bits_without_storing, "free_relation_a0.5": free_relation}
JUDGES |= {"no_bits_without_storing_untrained": no_bits_without_storing}
JUDGES |= {judge.__name__: judge for judge in PREDICTIONS}


def judged_alone(cells, separation, prediction):
    """The verdicts of one prediction."""
    evidence = LadderEvidence(cells, separation, 0)
    said = pd.DataFrame(list(JUDGES[prediction](evidence)), columns=[each.name for each in fields(Verdict)])
    return said[said["prediction"] == prediction]


def status_of(cells, separation, prediction):
    said = judged_alone(cells, separation, prediction)
    return said[(said["claim_set"] == "*") & (said["prediction"] == prediction)]["status"].item()


def moved(separation, quantity, cells=None, stratum="pooled", **numbers):
    """The separation table with other numbers in the rows of some cells, all by default."""
    found = separation.copy()
    own = (found["quantity"] == quantity) & (found["stratum"] == stratum)
    if cells is not None:
        own &= found["model"].isin(cells)
    assert own.any()
    for name, value in numbers.items():
        found.loc[own, name] = value
    return found


def test_a_perfect_ladder_is_consistent_wherever_it_can_tell(measured):
    verdict = judge_ladder(*measured)
    assert not (verdict["status"] == "violated").any()
    about_all = verdict[verdict["claim_set"] == "*"].set_index("prediction")
    assert about_all.loc[CELLWISE, "status"].tolist() == ["consistent"] * len(CELLWISE)
    assert set(about_all.index[about_all["kind"] == "check"]) == set(CELLWISE[-1:])


BROKEN = [
    ("free_relation_a0.5", "odds", "pooled", (1.0, 0.9, 1.1)),
    ("channel_shape", "behind_channel", "pooled", (0.05, 0.04, 0.06)),
    ("channel_shape", "behind_smooth", "pooled", (0.0, 0.0, 0.0)),
    ("never_forgets", "miss_rate", "pooled", (0.1, np.nan, np.nan)),
    ("never_abstains", "abstention_mass", "pooled", (0.1, 0.09, 0.11)),
    ("best_strategy", "loss", "pooled", (0.6, 0.59, 0.61)),
    ("no_near_misses", "q_star", "near-1", (0.9, np.nan, np.nan)),
    ("no_bits_without_storing_shuffled", "auc", "shuffled", (0.75, 0.72, 0.78)),
    ("no_bits_without_storing_untrained", "auc", "untrained-fact", (0.585, 0.555, 0.615)),
    ("no_bits_without_storing_untrained", "bits_per_fact", "untrained-fact", (0.2, 0.15, 0.3)),
]


@pytest.mark.parametrize(("prediction", "quantity", "stratum", "numbers"), BROKEN)
def test_what_breaks_a_prediction_is_noticed_and_what_says_nothing_is_undecided(
    measured, prediction, quantity, stratum, numbers
):
    cells, separation = measured
    numbers = dict(zip(("value", "lower", "upper"), numbers, strict=True))
    broken = moved(separation, quantity, None, stratum, **numbers)
    assert status_of(cells, broken, prediction) == "violated"
    # One cell is more than a tenth of four.
    assert status_of(
        cells, moved(separation, quantity, ["mlp-2000-n1000-s1"], stratum, **numbers), prediction
    ) == ("violated")
    unknown = moved(separation, quantity, None, stratum, value=np.nan, lower=np.nan, upper=np.nan, n_facts=0)
    if not prediction.endswith("untrained"):  # AUC and bits stand in for each other
        assert set(judged_alone(cells, unknown, prediction)["status"]) <= {"undecided"}
        unfinished = judged_alone(cells.assign(finished=False), broken, prediction)
        assert not (unfinished["status"] == "violated").any()


def test_unfinished_cells_violate_nothing_and_excuse_nothing(measured):
    cells, separation = measured
    first = cells["model"] == cells["model"].iloc[0]
    of_first = moved(separation, "miss_rate", cells.loc[first, "model"], value=0.3)
    assert status_of(cells.assign(finished=~first), of_first, "never_forgets") == "consistent"
    of_others = moved(separation, "miss_rate", cells.loc[~first, "model"], value=0.3)
    assert status_of(cells.assign(finished=~first), of_others, "never_forgets") == "violated"
    assert status_of(cells.assign(finished=first), of_others, "never_forgets") == "consistent"


def test_an_interval_wider_than_what_is_allowed_is_undecided(measured):
    cells, separation = measured
    wide = moved(separation, "odds", value=0.0, lower=-50.0, upper=50.0)
    assert status_of(cells, wide, "free_relation_a0.5") == "undecided"
    few = moved(moved(separation, "miss_rate", n_facts=20), "q_star", n_nonfacts=40)
    assert status_of(cells, few, "never_forgets") == "undecided"
    assert status_of(cells, few, "no_near_misses") == "undecided"


def test_the_status_of_an_architecture_follows_from_its_row(measured):
    cells, separation = measured
    one = moved(separation, "miss_rate", cells["model"].iloc[:1], value=0.3)
    for table in (separation, one, moved(one, "miss_rate", cells["model"].iloc[1:], n_facts=20)):
        rows = judge_ladder(cells, table).query("claim_set == '*' and prediction in @CELLWISE")
        assert [judged(row.lower, row.upper, 0.0, 0.1) for row in rows.itertuples()] == rows["status"].tolist()


def test_cells_that_obey_with_intervals_that_miss_are_rarely_violated():
    """Of three 95 % intervals one misses in one ladder of seven; of verdicts one in twenty may."""
    rng, violated = RNG(4), 0
    cells = cells_of(lambda load: load).head(3)
    for _ in range(150):
        seen = 0.5 + 0.02 * rng.standard_normal(3)
        rows = separation_like(cells, "auc", seen, seen - 0.0392, seen + 0.0392, "1", stratum="untrained-fact")
        told = list(no_bits_without_storing(LadderEvidence(cells, rows, 0)))
        assert len(told) == 4
        violated += any(verdict.status == "violated" for verdict in told)
    assert violated <= 7  # 21 of plain intervals


def separation_like(cells, quantity, value, lower, upper, unit="bits", n=1000, stratum="pooled"):
    """Rows of the separation table of one quantity."""
    given = dict.fromkeys(tables.COLUMNS["separation"], 0) | {
        "model": cells["model"],
        "n_params": cells["parameters"],
        "claim_set": cells["claim_set"],
        "score": "log_odds",
        "stratum": stratum,
        "quantity": quantity,
        "value": value,
        "lower": lower,
        "upper": upper,
        "unit": unit,
        "estimator": "put in",
        "resolution_limited": False,
        "n_facts": n,
        "n_nonfacts": n,
    }
    return pd.DataFrame(given)


def law_verdicts(c_of, rng, finished=True):
    """Verdicts on a ladder whose bits are c_of(size, load) P / n, 4 % of noise in every cell."""
    cells = cells_of(lambda load: load, finished)
    bits = c_of(cells["parameters"], cells["parameters_per_fact"]) * cells["parameters_per_fact"]
    bits = bits * np.exp(0.04 * rng.standard_normal(len(cells)))
    said = judge_ladder(cells, separation_like(cells, "bits_per_fact", bits, bits, bits))
    return said.set_index(said["prediction"].str.removesuffix("_bits_per_fact"))["status"]


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
    table = law_table(cells, separation_like(cells, "bits_per_fact", bits, bits, bits))
    assert table["unfinished"].tolist() == [0, 1]
    assert judge_ladder(cells, separation_like(cells, "bits_per_fact", bits, bits, bits)).query(
        "prediction == 'capacity_law_bits_per_fact'"
    )["status"].tolist() == ["violated"]


def test_one_q_at_every_weight():
    cells = cells_of(lambda load: load).iloc[[0, 1, 2]].assign(fact_weight=[0.5, 0.1, 0.9], seed=0)
    cells = cells.assign(cell=["even", "low", "high"], n_facts=800)
    for high, status in ((0.02, "consistent"), (0.08, "violated"), (0.028, "undecided")):
        rows = separation_like(cells, "q_star", [0.02, 0.02, high], np.nan, np.nan, "1", 40_000)
        assert status_of(cells, rows, "same_at_every_weight") == status
    assert judged_alone(cells.assign(finished=[False, True, True]), rows, "same_at_every_weight").empty


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
    rows = separation_like(cells, "bits_per_fact", 1.0, 1.0, 1.0)
    assert status_of(cells, rows, "generative_capacity") == status


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
