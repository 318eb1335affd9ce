"""Each prediction against separation tables that are right, wrong and uncertain by construction."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm
from tests.analysis.sets import info, model

from bitsperfact import tables
from bitsperfact.analysis import judge
from bitsperfact.errors import BadInput
from bitsperfact.tables import ALL_MODELS, PATTERN_MODEL
from bitsperfact.theory import least_bits_of_auc, lowest_fpr


def cell(
    name,
    bits,
    rate,
    claim_set="codes",
    width=0.2,
    limited=False,
    ratio=0.99,
    rate_width=0.01,
    score="logprob",
    n_facts=10_000,
    **more,
):
    """The rows of one model on one set: bits ± width, hallucination rate ± rate_width, F_p / KL, and `more` rows.

    `more`: quantity -> (value, lower, upper, unit).
    """
    numbers = {
        "bits_per_fact": (bits, bits - width, bits + width, "bits"),
        "hallucination_rate": (rate, max(rate - rate_width, 0), rate + rate_width, "1"),
        "sparsity_ratio": (ratio, ratio, ratio, "1"),
    } | more
    return [
        {
            "model": name,
            "n_params": 10,
            "memory_bits": 320.0,
            "claim_set": claim_set,
            "score": PATTERN_MODEL if name == PATTERN_MODEL else score,
            "stratum": "pooled",
            "quantity": quantity,
            "value": value,
            "lower": lower,
            "upper": upper,
            "unit": unit,
            "estimator": "given",
            "resolution_limited": limited,
            "n_facts": n_facts,
            "n_nonfacts": 15 * n_facts,
            "seed": 0,
        }
        for quantity, (value, lower, upper, unit) in numbers.items()
    ]


def verdicts(rows, claim_sets, models):
    frame = judge(pd.DataFrame(rows), claim_sets, models)
    return frame.set_index(["prediction", "claim_set", "model"]).sort_index()


def ladder(bits, architectures=None, **more):
    """Models of 1, 2, 4, ... million parameters with these bits, at the rates of the floor."""
    architectures = architectures or ["LlamaForCausalLM"] * len(bits)
    models = [model(f"lab/net-{2**k}M", 10**6 * 2**k, each) for k, each in enumerate(architectures)]
    rows = [row for each, b in zip(models, bits, strict=True) for row in cell(each.name, b, _floor(b), **more)]
    return [*rows, *cell(PATTERN_MODEL, 0.0, 0.95)], models


def _floor(bits):
    return float(lowest_fpr(max(bits, 0), 0.05))


@pytest.mark.parametrize(
    ("bits", "architectures", "status"),
    [
        ([1, 2, 3, 4], None, "consistent"),
        ([4, 3, 2, 1], None, "violated"),
        ([4, 3, 2, 1], ["Llama", "Gemma", "Qwen", "Phi"], "undecided"),
        ([1, 2, 3, 4], ["Llama", "Gemma", "Qwen", "Phi"], "undecided"),
        ([2, 2.05, 1.95, 2], None, "undecided"),
        ([3], None, "undecided"),
    ],
)
def test_bits_grow_with_size(bits, architectures, status):
    rows, models = ladder(bits, architectures)
    found = verdicts(rows, [info()], models).loc[("bits_grow_with_size", "codes", ALL_MODELS)]
    assert found["status"] == status
    if len(bits) > 1:
        assert found["measured"] == pytest.approx(np.polyfit(range(len(bits)), bits, 1)[0])
        assert found["lower"] <= found["measured"] <= found["upper"]


def test_models_of_several_families_are_described_and_each_family_judged():
    """A rises, B falls; together they rise, which says nothing."""
    sizes = {"a/up-1M": (1, 1.0), "a/up-8M": (8, 4.0), "b/down-2M": (2, 3.0), "b/down-4M": (4, 2.0)}
    models = [model(name, 10**6 * size) for name, (size, _) in sizes.items()]
    rows = [row for name, (_, bits) in sizes.items() for row in cell(name, bits, _floor(bits))]
    found = verdicts(rows + cell(PATTERN_MODEL, 0.0, 0.95), [info()], models).loc[("bits_grow_with_size", "codes")]
    together = found.loc[ALL_MODELS]
    assert (together["status"], together["measured"] > 0) == ("undecided", True)
    assert "2 families" in together["reason"]
    assert found.loc["a/up (LlamaForCausalLM)", "status"] == "consistent"
    assert found.loc["b/down (LlamaForCausalLM)", "status"] == "violated"


def test_verdicts_on_one_prediction_share_its_error():
    """A slope that one set alone would show at 2.5 standard errors is not shown by the steepest of twenty."""
    rows, models = ladder([2.0, 2.5], width=0.277)
    sets = [info(), *(info(f"flat{k}") for k in range(19))]
    alone = verdicts(rows, sets[:1], models).loc[("bits_grow_with_size", "codes", ALL_MODELS)]
    for each in sets[1:]:
        rows += [row for name in (models[0].name, models[1].name) for row in cell(name, 2.0, 0.2, each.name)]
        rows += cell(PATTERN_MODEL, 0.0, 0.95, each.name)
    among = verdicts(rows, sets, models).loc[("bits_grow_with_size", "codes", ALL_MODELS)]
    assert (alone["status"], among["status"]) == ("consistent", "undecided")
    assert among["lower"] < 0 < alone["lower"]
    ratio = (among["upper"] - among["lower"]) / (alone["upper"] - alone["lower"])
    assert ratio == pytest.approx(norm.isf(0.025 / 20) / norm.isf(0.025), rel=0.06)


def test_the_slope_interval_is_that_of_least_squares():
    """Var(slope) = sigma^2 / sum (x - mean)^2; here sum = 5 and sigma = .5 / 1.96."""
    rows, models = ladder([1, 2, 3, 4], width=0.5)
    found = verdicts(rows, [info()], models).loc[("bits_grow_with_size", "codes", ALL_MODELS)]
    half = (found["upper"] - found["lower"]) / 2
    assert half == pytest.approx(0.5 / np.sqrt(5), rel=0.05)


def test_models_of_one_size_say_nothing_about_growth():
    rows, _ = ladder([1, 2])
    models = [model("lab/net-1M", 5), model("lab/net-2M", 5)]
    found = verdicts(rows, [info()], models).loc[("bits_grow_with_size", "codes", ALL_MODELS)]
    assert found["status"] == "undecided"
    assert "two known sizes" in found["reason"]


def test_sparsity_counts_as_shown_only_where_the_whole_interval_is():
    rows = cell("m0", 3.0, 0.2, ratio=0.99) + cell(PATTERN_MODEL, 0.0, 0.95)
    rows[2]["lower"] = 0.97
    assert verdicts(rows, [info()], [model("m0")]).loc[("sparsity", "codes", "m0"), "status"] == "undecided"


@pytest.mark.parametrize(("ratio", "status"), [(0.985, "consistent"), (0.9, "undecided")])
def test_sparsity_is_a_precondition(ratio, status):
    rows, models = ladder([3], ratio=ratio)
    found = verdicts(rows, [info(n_facts=100, universe_size=2000)], models).loc[
        ("sparsity", "codes", "lab/net-1M")
    ]
    assert found["status"] == status
    assert "p = 0.05" in found["reason"]
    assert f"{100 * (1 - ratio):.1f} %" in found["reason"]


@pytest.mark.parametrize(
    ("rate", "limited", "status"),
    [
        (_floor(4) + 0.03, False, "consistent"),
        (_floor(4) - 0.008, False, "undecided"),
        (0.5, False, "consistent"),
        (_floor(4) / 10, False, "violated"),
        (_floor(4) / 10, True, "undecided"),
    ],
)
def test_no_rate_below_the_floor(rate, limited, status):
    rows = cell("m0", 4.0, rate, limited=limited) + cell(PATTERN_MODEL, 0.0, 0.95)
    found = verdicts(rows, [info()], [model("m0")]).loc[("hallucination_floor", "codes", "m0")]
    assert found["status"] == status
    assert found["predicted"] == pytest.approx(_floor(4))
    assert ("≥" in found["reason"]) == limited


@pytest.mark.parametrize(
    ("bits", "rates", "status"),
    [
        (range(1, 9), np.linspace(0.8, 0.1, 8), "consistent"),
        (range(1, 9), np.linspace(0.1, 0.8, 8), "undecided"),
        (range(1, 9), [0.3, 0.1, 0.6, 0.2, 0.4, 0.5, 0.7, 0.2], "undecided"),
        ([1, 2, 4, 6], [0.6, 0.3, 0.1, 0.02], "undecided"),
        ([2] * 8, [0.2] * 8, "undecided"),
    ],
)
def test_hallucination_falls_with_bits_is_said_and_never_violated(bits, rates, status):
    models = [model(f"m{k}") for k in range(len(bits))]
    rows = [row for each, b, r in zip(models, bits, rates, strict=True) for row in cell(each.name, b, r)]
    found = verdicts(rows + cell(PATTERN_MODEL, 0.0, 0.95), [info()], models)
    row = found.loc[("hallucination_falls_with_bits", "*", ALL_MODELS)]
    assert (row["status"], row["kind"]) == (status, "check")


def test_rank_correlation_is_spearmans():
    from scipy.stats import spearmanr

    from bitsperfact.analysis.predictions.hallucination_falls_with_bits import rank_correlations

    rng = np.random.default_rng(0)
    draws = rng.integers(0, 6, (20, 14)).astype(float)
    expected = [spearmanr(row[:7], row[7:]).statistic for row in draws]
    np.testing.assert_allclose(rank_correlations(draws), expected)


def test_controls_take_no_part_in_growth_and_trade_off():
    rows, models = ladder([1, 2, 3, 4])
    for each in models:
        rows += cell(each.name, 0.0, 0.95, claim_set="noise")
    rows += cell(PATTERN_MODEL, 0.0, 0.95, claim_set="noise")
    found = verdicts(rows, [info(), info("noise", control="random")], models)
    assert ("bits_grow_with_size", "noise", ALL_MODELS) not in found.index
    assert "4 cells" in found.loc[("hallucination_falls_with_bits", "*", ALL_MODELS), "reason"]


@pytest.mark.parametrize(
    ("control", "pattern", "status"),
    [
        ("patterned", 2.0, "consistent"),
        ("patterned", 0.1, "undecided"),
        ("patterned", -0.5, "violated"),
        ("random", 0.1, "consistent"),
        ("random", 0.3, "undecided"),
        ("random", 2.0, "violated"),
        ("none", 0.1, "consistent"),
        ("none", 2.0, "undecided"),
    ],
)
def test_patterns_are_judged_by_what_the_set_is_for(control, pattern, status):
    rows = cell("m0", 4.0, 0.1) + cell(PATTERN_MODEL, pattern, 0.9)
    found = verdicts(rows, [info(control=control)], [model("m0")])
    row = found.loc[("patterned_control", "codes", PATTERN_MODEL)]
    assert row["status"] == status
    assert row["measured"] == pattern


@pytest.mark.parametrize(
    ("bits", "auc", "status"),
    [
        ((0.1, 0.0, 0.3), None, "consistent"),
        ((-0.3, -0.5, -0.1), None, "consistent"),
        ((0.0, 0.0, 0.2), (0.5, 0.46, 0.54), "consistent"),
        ((0.5, 0.3, 0.7), (0.5, 0.46, 0.54), "violated"),
        ((0.0, 0.0, 0.2), (0.6, 0.55, 0.65), "violated"),
        ((0.0, 0.0, 0.2), (0.4, 0.35, 0.45), "violated"),
        ((0.0, 0.0, 9.0), (0.5, 0.1, 0.9), "undecided"),
        ((0.0, 0.0, np.inf), (0.5, 0.46, 0.54), "undecided"),
        ((np.nan, np.nan, np.nan), (0.5, 0.46, 0.54), "undecided"),
    ],
)
def test_no_bits_on_facts_that_nobody_could_learn(bits, auc, status):
    more = {"bits_per_fact": (*bits, "bits")} | ({"auc": (*auc, "1")} if auc else {})
    rows = cell("m0", 0.0, 0.9, **more) + cell(PATTERN_MODEL, 0.0, 0.95)
    found = verdicts(rows, [info(control="random")], [model("m0")]).loc[("no_bits_without_memory", "codes", "m0")]
    assert (found["status"], found["kind"]) == (status, "check")
    # The row explains itself: any bits above 0 refute it, and half a bit is the most that shows none.
    assert (found["lower"] > 0) == (status == "violated")
    if status == "consistent":
        assert found["upper"] <= 0.5


def test_what_an_auc_proves_is_a_lower_end_in_bits():
    rows = cell("m0", 0.0, 0.9, auc=(0.6, 0.55, 0.65, "1")) + cell(PATTERN_MODEL, 0.0, 0.95)
    found = verdicts(rows, [info(control="random")], [model("m0")]).loc[("no_bits_without_memory", "codes", "m0")]
    assert 0 < found["lower"] < least_bits_of_auc(0.55)
    assert found["lower"] <= found["measured"] <= found["upper"]


def test_an_auc_is_no_surer_than_ranks_dealt_at_random():
    """120 against 1,800: the standard error is .0275, whatever narrower interval is given."""
    for auc, status in ((0.55, "undecided"), (0.57, "violated")):
        ends = {"bits_per_fact": (0.0, 0.0, 0.6, "bits"), "auc": (auc, auc - 0.001, auc + 0.001, "1")}
        rows = cell("m0", 0.0, 0.9, n_facts=120, **ends) + cell(PATTERN_MODEL, 0.0, 0.95)
        found = verdicts(rows, [info(control="random")], [model("m0")])
        assert found.loc[("no_bits_without_memory", "codes", "m0"), "status"] == status


def test_few_facts_raise_no_alarm():
    """An interval of five facts is as wide as Student's law of four degrees of freedom makes it."""
    ends = {"bits_per_fact": (0.6, 0.05, 1.2, "bits")}
    for n_facts, status in ((5, "undecided"), (500, "violated")):
        rows = cell("m0", 0.6, 0.9, n_facts=n_facts, auc=(0.5, 0.4, 0.6, "1"), **ends)
        rows += cell(PATTERN_MODEL, 0.0, 0.95)
        rows[0] |= {"lower": 0.05 if n_facts == 5 else 0.3}
        found = verdicts(rows, [info(control="random")], [model("m0")])
        assert found.loc[("no_bits_without_memory", "codes", "m0"), "status"] == status


def test_unknown_numbers_decide_nothing():
    models = [model(f"m{k}", 10**6 * 2**k) for k in range(4)]
    rows = [row for each in models for row in cell(each.name, np.nan, np.nan, ratio=np.nan)]
    for control in ("none", "random"):
        found = verdicts(rows + cell(PATTERN_MODEL, np.nan, np.nan), [info(control=control)], models)
        assert (found["status"] == "undecided").all()
        assert not found["reason"].str.contains("nan").any()


@pytest.mark.parametrize(("limited", "status"), [([0], "undecided"), ([3], "consistent"), ([], "consistent")])
def test_a_lower_bound_decides_a_slope_only_where_more_bits_would_not_turn_it(limited, status):
    models = [model(f"lab/net-{2**k}M", 10**6 * 2**k) for k in range(4)]
    rows = [row for k, each in enumerate(models) for row in cell(each.name, k + 1.0, 0.1, limited=k in limited)]
    for row in rows:
        row["upper"] = np.inf if row["resolution_limited"] and row["unit"] == "bits" else row["upper"]
    found = verdicts(rows + cell(PATTERN_MODEL, 0.0, 0.95), [info()], models)
    growth = found.loc[("bits_grow_with_size", "codes", ALL_MODELS)]
    assert growth["status"] == status
    assert np.isfinite(growth[["measured", "lower", "upper"]].to_numpy(dtype=float)).all()


def test_bits_without_upper_end_cannot_violate_the_floor():
    rows = cell("m0", 4.0, 0.0, limited=True, rate_width=0.001) + cell(PATTERN_MODEL, 0.0, 0.95)
    rows[0]["upper"] = np.inf
    found = verdicts(rows, [info()], [model("m0")])
    assert found.loc[("hallucination_floor", "codes", "m0"), "status"] == "undecided"


def test_reasons_are_single_sentences_with_figures():
    rows, models = ladder([1, 2, 3, 4])
    found = judge(pd.DataFrame(rows), [info()], models)
    assert found["reason"].str.endswith(".").all()
    assert found["reason"][found["measured"].notna()].str.contains(r"\d").all()
    assert not found["reason"].str.contains("\n").any()
    tables.check("verdict", found, "test")


def test_verdicts_are_reproducible_and_know_no_order():
    rows, models = ladder([1, 2, 3, 4])
    frame = pd.DataFrame(rows)
    shuffled = frame.sample(frac=1.0, random_state=1)
    pd.testing.assert_frame_equal(judge(frame, [info()], models), judge(shuffled, [info()], models[::-1]))


def test_a_separation_table_that_lacks_a_row_is_refused():
    rows, models = ladder([1, 2])
    frame = pd.DataFrame(rows)
    with pytest.raises(BadInput, match=r"model lab/net-1M, claim set codes.*sparsity_ratio"):
        judge(frame[(frame["quantity"] != "sparsity_ratio")], [info()], models)
    with pytest.raises(BadInput, match="one of the models"):
        judge(frame, [info()], models[:1])
    with pytest.raises(BadInput, match="one of the claim sets"):
        judge(frame, [info("other")], models)
    with pytest.raises(BadInput, match="at least one row"):
        judge(frame.iloc[:0], [info()], models)
