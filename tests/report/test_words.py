"""Numbers and names in words, and the terminal's tables."""

import math

import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from rich.console import Console

from bitsperfact.report import headline_table, verdict_table, wording
from bitsperfact.report.estimates import headline_rows, written_estimate
from bitsperfact.report.verdicts import VerdictGroup, verdict_groups, verdict_parts


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (wording.number(-0.001), "0.00"),
        (wording.number(-1.5), "−1.50"),
        (wording.number(math.nan), "–"),
        (wording.number(math.inf), "∞"),
        (wording.percent(0.5), "50.0 %"),
        (wording.percent(0.0), "0.0 %"),
        (wording.percent(0.00123), "0.12 %"),
        (wording.percent(1.23e-6), "0.0001 %"),
        (wording.percent(math.nan), "–"),
        (wording.interval(0.1, 0.25, wording.percent), "[10.0, 25.0 %]"),
        (wording.interval(1.0, math.nan, wording.number), "[1.00, –]"),
        (wording.interval(math.nan, math.nan, wording.number), ""),
        (wording.significant(0.00020), "0.0002"),
        (wording.significant(-1.0), "−1"),
        (wording.parameters(14_500), "14.5k"),
        (wording.parameters(134_515_008), "135M"),
        (wording.parameters(999_950), "1000k"),
        (wording.parameters(1e9), "1B"),
        (wording.parameters(2.5e12), "2.5T"),
        (wording.shortened("abcdefghij", 7), "abcd…ij"),
        (wording.parameters(0), "–"),
        (wording.words("bits_grow_with_size"), "Bits grow with size"),
    ],
)
def test_wording(written, expected):
    assert written == expected


@given(st.floats(1e-9, 1.0))
def test_a_percentage_reads_back_within_its_rounding(share):
    read = float(wording.percent(share).removesuffix(" %")) / 100
    assert read == pytest.approx(share, rel=0.05, abs=1e-6)


@given(st.text())
def test_printable_text_is_one_line_without_controls_and_settled(text):
    written = wording.printable(text)
    assert len(written.splitlines()) <= 1
    assert not any(ord(letter) < 32 or 127 <= ord(letter) < 160 for letter in written)
    assert wording.printable(written) == written
    written.encode()


@given(st.text(st.characters(exclude_characters="…")), st.integers(4, 60))
@example("0" * 70, 31)
def test_shortened_text_keeps_both_ends(text, longest):
    written, whole = wording.shortened(text, longest), wording.printable(text)
    assert len(written) <= longest
    head, dots, tail = written.partition("…") if len(whole) > longest else (written, "", "")
    assert whole.startswith(head)
    assert whole.endswith(tail) or not dots


def screen(table, width):
    console = Console(width=width, force_terminal=False, color_system=None)
    with console.capture() as capture:
        console.print(table)
    return capture.get()


@pytest.mark.parametrize("width", [80, 120])
def test_tables_fit_the_terminal_and_keep_their_numbers(run, width):
    headline = screen(headline_table(run.separation), width)
    verdict = screen(verdict_table(run.verdict), width)
    assert max(map(len, (headline + verdict).splitlines())) <= width
    bits = run.separation.query("quantity == 'bits_per_fact' and stratum == 'pooled'")
    for row in bits.itertuples():
        interval = f"{row.value:.2f} [{row.lower:.2f}, {row.upper:.2f}]"
        bound = f"≥ {row.lower:.2f} near {row.value:.2f}"
        assert (bound if row.resolution_limited else interval).replace("-", "−") in headline
    assert verdict.count("✗ violated") == 1
    # Twenty-four consistent verdicts on sparsity are one line with their number; the other is shown.
    assert verdict.count("✓ consistent") == 2
    assert "24 verdicts" in verdict


def test_long_and_hostile_names_neither_break_the_table_nor_reach_the_terminal(make_run):
    names = {"org/" + "long" * 40: 1, "[bold]not markup[/bold]": 2, "bell\x07\x1b[2Jclear": 3}
    run = make_run(sizes=names, controls={"[red]set": "none"}, n_facts=3)
    text = screen(headline_table(run.separation), 80) + screen(verdict_table(run.verdict), 80)
    assert "[bold]not markup" in text
    assert "[red]set" in text
    assert "\x1b" not in text
    assert "\x07" not in text
    assert max(map(len, text.splitlines())) <= 80


def test_empty_tables_are_tables(run):
    assert "status" in screen(verdict_table(run.verdict.iloc[:0]), 80)
    assert "bits per fact" in screen(headline_table(run.separation.iloc[:0]), 80)


def test_rows_stand_by_claim_set_score_and_size_with_the_baseline_last(run):
    rows = headline_rows(run.separation, ["iata", "capitals"])
    assert list(dict.fromkeys(row.claim_set for row in rows)) == ["iata", "capitals", "cas", "fips"]
    first = rows[:7]
    assert [row.n_params for row in first] == [15_000_000, 134_515_008, 1_234_000_000] * 2 + [0]
    assert [row.is_pattern for row in first] == [False] * 6 + [True]


def test_missing_quantities_are_dashes_and_bounds_carry_their_sign(run):
    rows = headline_rows(run.separation)
    assert {str(row.estimates["abstention_mass"]) for row in rows} == {"–"}
    signs = {str(row.estimates["bits_per_fact"]).startswith("≥") for row in rows if row.model == "tiny/net-1.2B"}
    assert signs == {True, False}


def test_a_lower_bound_has_no_interval(run):
    bounds = run.separation.assign(lower=run.separation["value"], upper=math.nan, resolution_limited=False)
    rows = headline_rows(bounds)
    assert not any(estimate.interval for row in rows for estimate in row.estimates.values())


def test_verdicts_on_the_baseline_name_what_it_reads(run):
    one = run.verdict.head(1).assign(model="pattern", score="pattern")
    row = verdict_groups(one)[0].rows[0]
    assert (row.model, row.claim_set, row.score) == ("the text alone", "capitals", "")


def test_checks_stand_apart_and_count_for_no_support(run):
    kinds = (
        run.verdict["prediction"]
        .isin(["sparsity", "no_bits_without_memory"])
        .map({True: "check", False: "evidence"})
    )
    evidence, checks = verdict_parts(run.verdict.assign(kind=kinds))
    assert (evidence.kind, evidence.counts) == ("evidence", {"undecided": 1, "consistent": 1})
    assert (checks.kind, checks.counts) == ("check", {"violated": 1, "consistent": 24})
    assert [group.prediction for group in checks.groups] == ["no_bits_without_memory", "sparsity"]
    shown = screen(verdict_table(run.verdict.assign(kind=kinds)), 120)
    assert 0 < shown.index("Evidence") < shown.index("Bits grow") < shown.index("Checks") < shown.index("Sparsity")
    assert "1 violated, 24 consistent" in shown


def test_many_verdicts_on_one_prediction_are_folded_down_to_violations(run):
    many = run.verdict.iloc[:9].assign(status=["violated"] * 2 + ["undecided"] * 3 + ["consistent"] * 4)
    shown = screen(verdict_table(many), 120)
    assert [shown.count(word) for word in ("✗ violated", "? undecided", "✓ consistent")] == [2, 1, 1]
    assert "3 verdicts" in shown
    few = screen(verdict_table(many.iloc[:8]), 120)
    assert [few.count(word) for word in ("✗ violated", "? undecided", "✓ consistent")] == [2, 3, 3]


def test_violations_come_first(run):
    groups = verdict_groups(run.verdict)
    assert groups[0].prediction == "no_bits_without_memory"
    mixed = run.verdict.assign(prediction="sparsity", status=["consistent", "undecided", "violated"] * 9)
    group = verdict_groups(mixed[mixed["claim_set"] != "*"])[0]
    assert [row.status for row in group.rows] == ["violated"] * 8 + ["undecided"] * 9 + ["consistent"] * 9
    assert group.counts == {"violated": 8, "undecided": 9, "consistent": 9}


def test_verdicts_on_no_one_claim_set_stand_for_those_on_each(run):
    mixed = run.verdict.assign(prediction="sparsity", kind="check")
    group = verdict_groups(mixed)[0]
    assert [(row.model, row.claim_set) for row in group.rows] == [("", "")]
    assert (len(group.single), group.counts) == (len(mixed) - 1, {"undecided": 1})
    assert group.single_counts == {"violated": 1, "consistent": 25}
    shown = screen(verdict_table(mixed), 120)
    assert "26 single verdicts" in shown
    assert "✗" not in shown


def measured(quantity, value, lower, upper, limited=False):
    return {
        "quantity": quantity,
        "value": value,
        "lower": lower,
        "upper": upper,
        "resolution_limited": limited,
    } | {
        "claim_set": "codes",
        "score": "logprob",
        "model": "net",
        "stratum": "pooled",
        "n_params": 1,
        "memory_bits": 32.0,
        "n_facts": 10,
        "n_nonfacts": 100,
    }


@pytest.mark.parametrize(
    ("value", "limited", "shown"),
    [(0.4, False, "0.40 [0.10, 0.70]"), (-0.2, False, "none"), (0.4, True, "≥ 0.10 near 0.40")],
)
def test_bits_above_the_pattern_are_none_where_there_are_none(value, limited, shown):
    rows = headline_rows(pd.DataFrame([measured("bits_above_pattern", value, 0.1, 0.7, limited)]))
    written = rows[0].estimates["bits_above_pattern"]
    assert shown in (str(written), written.value)


def test_one_entity_that_holds_most_claims_is_told():
    frame = pd.DataFrame(
        [measured("bits_per_fact", 1, 0, 2), measured("largest_entity_share", 0.6, math.nan, math.nan)]
    )
    assert "one entity holds 60.0 %" in " ".join(screen(headline_table(frame), 120).split())
    frame = frame.assign(value=0.2)
    assert "one entity" not in screen(headline_table(frame), 120)


@pytest.mark.parametrize(("value", "shown"), [(0.6, "none near 0.60"), (-0.1, "none")])
def test_a_lower_bound_below_nothing_is_none(value, shown):
    rows = headline_rows(pd.DataFrame([measured("bits_above_pattern", value, -0.3, math.inf, True)]))
    assert str(rows[0].estimates["bits_above_pattern"]) == shown


@pytest.mark.parametrize(("bits", "auc", "low"), [(0.5, 0.3, True), (0.5, 0.6, False), (0.0, 0.3, False)])
def test_facts_known_to_be_low_are_told_in_the_terminal(bits, auc, low):
    frame = pd.DataFrame(
        [measured("bits_per_fact", bits, bits, bits + 1), measured("auc", auc, auc - 0.1, auc + 0.1)]
    )
    assert headline_rows(frame)[0].facts_are_low is low
    assert ("facts are low" in screen(headline_table(frame), 100)) is low


def test_a_prediction_is_explained_in_one_sentence():
    meaning = VerdictGroup("channel_shape", []).meaning
    assert meaning == "No other law predicts held-out scores better than the channel."
    assert VerdictGroup("nobody_knows", []).meaning == ""


@pytest.mark.parametrize(
    ("numbers", "limited", "expected"),
    [
        ((2.0, 1.0, 3.0), False, "2.00 [1.00, 3.00]"),
        ((0.0, 0.0, 1.0), False, "0.00 [0.00, 1.00]"),
        ((2.0, 1.0, math.nan), False, "2.00 [1.00, –]"),
        ((2.0, 2.0, math.nan), False, "2.00"),
        ((2.0, 1.0, math.inf), True, "≥ 1.00 near 2.00"),
        ((2.0, math.nan, math.nan), True, "2.00"),
        ((math.nan, 1.0, 3.0), True, "–"),
    ],
)
def test_a_bound_has_no_interval_and_an_interval_keeps_the_end_it_has(numbers, limited, expected):
    assert str(written_estimate(*numbers, limited, wording.number)) == expected
