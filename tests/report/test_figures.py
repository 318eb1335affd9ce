"""Histograms keep every claim, axes keep every point, and files are reproducible."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.figure import Figure

from bitsperfact.errors import BadInput
from bitsperfact.report import headline_figure, save_figure
from bitsperfact.report.distributions import axis_edges, histograms
from bitsperfact.report.levels import draw_bits_against_memory, draw_hallucination_against_bits
from bitsperfact.report.palette import COLOURS, LIGHT
from bitsperfact.report.rendering import drawing_style
from bitsperfact.theory import lowest_fpr

values = st.lists(st.floats(-1e6, 1e6, allow_nan=False), min_size=1, max_size=60)


def panel_of(facts, nonfacts):
    return pd.DataFrame(
        {
            "value": [*facts, *nonfacts],
            "is_fact": [True] * len(facts) + [False] * len(nonfacts),
            "stratum": ["fact"] * len(facts) + [("near", "fresh")[i % 2] for i in range(len(nonfacts))],
        }
    )


@given(values, values)
def test_every_claim_is_in_a_bin_or_counted_beyond_the_axis(facts, nonfacts):
    panel = panel_of(facts, nonfacts)
    for drawn in histograms(panel, axis_edges([panel["value"]])):
        part = panel[panel["stratum"] == drawn.name]
        size = {"fact": len(facts), "nonfact": len(nonfacts)}.get(drawn.name, len(part))
        assert round(drawn.shares.sum() * size) + drawn.below + drawn.above == size


@given(values, values)
def test_the_axis_covers_nearly_all_of_every_panel(facts, nonfacts):
    panels = [pd.Series(facts), pd.Series(nonfacts)]
    edges = axis_edges(panels)
    assert (np.diff(edges) > 0).all()
    for panel in panels:
        assert ((panel < edges[0]) | (panel > edges[-1])).sum() <= 2


def test_classes_of_unequal_size_are_drawn_at_equal_area():
    rng = np.random.default_rng(3)
    panel = panel_of(rng.normal(size=100), rng.normal(size=3100))
    facts, nonfacts, *strata = histograms(panel, axis_edges([panel["value"]]))
    for drawn in (facts, nonfacts, *strata):
        assert drawn.shares.sum() == pytest.approx(1.0, abs=0.02)
    assert [drawn.name for drawn in strata] == ["fresh", "near"]


def test_a_single_stratum_is_not_drawn_twice():
    panel = panel_of([1.0, 2.0], [0.0])
    assert [drawn.name for drawn in histograms(panel, axis_edges([panel["value"]]))] == ["fact", "nonfact"]


def axes_of(draw, separation, sets, score="logprob"):
    with drawing_style():
        axes = Figure().add_subplot()
        return axes, draw(axes, separation, sets, score)


def test_every_cell_is_a_point_at_its_value(run):
    bits = run.separation.query("quantity == 'bits_per_fact' and stratum == 'pooled' and score == 'logprob'")
    axes, _ = axes_of(draw_bits_against_memory, run.separation, [info.name for info in run.claim_sets])
    points = {(line.get_xdata()[0], line.get_ydata()[0]) for line in axes.lines if line.get_marker() != "None"}
    assert points == set(zip(bits["n_params"], bits["value"], strict=True))
    low, high = axes.get_ylim()
    assert low <= min(0.0, bits["lower"].min())
    assert high >= bits["upper"].max()


def test_lower_bounds_have_hollow_markers(run):
    limited = run.separation.query("quantity == 'bits_per_fact' and stratum == 'pooled' and resolution_limited")
    axes, _ = axes_of(draw_bits_against_memory, run.separation, [info.name for info in run.claim_sets])
    hollow = {
        line.get_ydata()[0]
        for line in axes.lines
        if line.get_marker() != "None" and line.get_markerfacecolor() == LIGHT["paper"]
    }
    assert hollow == set(limited["value"])
    assert hollow


def test_the_floor_is_the_theory_s(run):
    axes, _ = axes_of(draw_hallucination_against_bits, run.separation, ["capitals"])
    powers, floor = axes.lines[0], axes.lines[1]
    assert powers.get_ydata() == pytest.approx(2.0 ** -powers.get_xdata())
    assert floor.get_ydata() == pytest.approx(lowest_fpr(floor.get_xdata(), 0.05))
    assert (floor.get_ydata() <= powers.get_ydata() + 1e-12).all()


def test_an_interval_without_upper_end_is_an_arrow(run):
    table = run.separation.copy()
    open_ended = (
        (table["quantity"] == "bits_per_fact") & table["resolution_limited"] & (table["score"] == "logprob")
    )
    table.loc[open_ended, "upper"] = np.inf
    n_open = (open_ended & (table["stratum"] == "pooled")).sum()
    assert n_open > 0
    for draw in (draw_bits_against_memory, draw_hallucination_against_bits):
        axes, _ = axes_of(draw, table, [info.name for info in run.claim_sets])
        assert sum(text.arrow_patch is not None for text in axes.texts) == n_open
        assert np.isfinite([*axes.get_xlim(), *axes.get_ylim()]).all()


def test_rates_of_zero_stand_on_the_edge_and_are_counted(run):
    table = run.separation.copy()
    zero = (table["quantity"] == "hallucination_rate") & (table["model"] == "tiny/net-1.2B")
    table.loc[zero, ["value", "lower"]] = 0.0
    axes, n_zero = axes_of(draw_hallucination_against_bits, table, [info.name for info in run.claim_sets])
    assert n_zero == len(run.claim_sets)
    points = [line for line in axes.lines if line.get_marker() != "None"]
    assert sum(line.get_ydata()[0] == axes.get_ylim()[0] for line in points) == n_zero
    assert len(points) == len(run.claim_sets) * len(run.models)


@pytest.mark.parametrize("suffix", ["png", "svg"])
def test_saved_figures_are_reproducible(make_run, tmp_path, suffix):
    run = make_run(controls={"one": "none"}, scores=("logprob",), n_facts=10)
    for name in ("a", "b"):
        save_figure(headline_figure(run), tmp_path / f"{name}.{suffix}")
    assert (tmp_path / f"a.{suffix}").read_bytes() == (tmp_path / f"b.{suffix}").read_bytes()


def test_a_figure_of_another_kind_is_refused_and_leaves_nothing(tmp_path):
    with pytest.raises(BadInput, match=r"named \.png or \.svg, got '\.bmp'"):
        save_figure(Figure(), tmp_path / "figure.bmp")
    assert list(tmp_path.iterdir()) == []


def test_the_headline_shows_the_set_with_most_bits_and_no_control(make_run):
    run = make_run(controls={"control": "patterned", "weak": "random", "strong": "none"}, n_facts=10)
    words = [label for area in headline_figure(run).subfigs for axes in area.axes for label in [axes.get_xlabel()]]
    assert "calibrated score, strong" in words


def test_many_models_are_thinned_to_the_ends_and_between(make_run):
    run = make_run(sizes={f"m{i}": 10**i for i in range(3, 12)}, controls={"one": "none"}, n_facts=8)
    titles = [axes.get_title(loc="left") for axes in headline_figure(run).subfigs[0].axes]
    assert len(titles) == 4
    assert (titles[0], titles[-1]) == ("m3", "m11")


def test_a_run_without_scores_has_no_headline(run):
    from dataclasses import replace

    with pytest.raises(ValueError, match="no scores"):
        headline_figure(replace(run, scores=run.scores.iloc[:0]))


def test_drawing_leaves_matplotlib_as_it_was(make_run):
    import matplotlib as mpl

    before = dict(mpl.rcParams)
    headline_figure(make_run(controls={"one": "none"}, n_facts=5))
    assert dict(mpl.rcParams) == before


def luminance(colour):
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_contrast_meets_wcag(theme):
    paper = luminance(COLOURS["paper"][theme])
    for name, pair in COLOURS.items():
        if name in ("paper", "rule"):
            continue
        bright, dark = sorted((luminance(pair[theme]), paper), reverse=True)
        # 4.5 : 1 for text, 3 : 1 for graphics (WCAG 2.2, criteria 1.4.3 and 1.4.11).
        assert (bright + 0.05) / (dark + 0.05) >= (4.5 if name in ("ink", "muted") else 3.0), name


def test_light_colours_are_told_apart_by_their_value():
    assert len(set(LIGHT.values())) == len(LIGHT)


def test_terminal_tables_do_not_wait_for_matplotlib():
    code = "import sys, bitsperfact.report as r; r.verdict_table; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
    other = code.replace("verdict_table", "headline_figure")
    assert subprocess.run([sys.executable, "-c", other]).returncode == 1
