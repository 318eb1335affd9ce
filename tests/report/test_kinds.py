"""Runs of every kind: the same page and the same terminal tables, of the sections that suit each."""

import re
from itertools import product

import numpy as np
import pandas as pd
import pytest
from rich.console import Console

from bitsperfact.report import distributions_figure, headline_figure, print_run
from bitsperfact.report.cells import measured_cells, seed_means
from bitsperfact.report.page import render
from bitsperfact.report.sections import SECTIONS, Section, sections_of
from bitsperfact.report.sections.testers import rows_of_testers
from bitsperfact.report.selection import ScoredRun, finite, pooled, selected_models, spread
from bitsperfact.report.terminal import run_table


def names(run):
    return [name for name, _ in sections_of(run)]


def test_each_kind_of_run_has_the_sections_that_suit_it(run, ladder, tester_run):
    assert {"headline", "levels", "examples"} <= set(names(run))
    assert not {"cells", "law", "capacity", "testers"} & set(names(run))
    assert {"cells", "law", "capacity", "headline", "distributions"} <= set(names(ladder))
    assert "testers" in names(tester_run)
    assert "levels" not in {*names(ladder), *names(tester_run)}
    for each in (run, ladder, tester_run):
        assert (names(each)[0], names(each)[-1]) == ("verdicts", "provenance")


def test_a_section_of_another_package_is_in_the_page(tester_run, monkeypatch):
    own = Section(95, "Of another", lambda scored: {"n": len(scored.models)}, "<p>{{ n }} models, {{ '<i>' }}</p>")
    entries = {
        **SECTIONS._entries(),
        "of-another": type("Entry", (), {"name": "of-another", "load": lambda _: own})(),
    }
    monkeypatch.setattr(type(SECTIONS), "_entries", lambda room: entries if room is SECTIONS else {})
    page = render(tester_run)
    assert '<h2 id="of-another">Of another</h2>\n<p>12 models, &lt;i&gt;</p>' in page


def test_of_many_networks_twelve_are_drawn_and_the_page_says_so(ladder, pages):
    drawn = selected_models(ladder, [info.name for info in ladder.models])
    cells = ladder.cells.set_index("model").loc[drawn]
    assert len(drawn) == 12
    assert (cells["seed"] == 0).all()
    assert cells["parameters_per_fact"].is_monotonic_increasing
    assert f"12 of {len(ladder.models)} models are drawn" in pages["ladder"]


@pytest.mark.parametrize("n", [1, 4, 5, 50])
def test_a_spread_keeps_both_ends_and_the_order(n):
    items = [f"{i:02}" for i in range(n)]
    chosen = spread(items, 4)
    assert (chosen[0], chosen[-1], len(chosen)) == (items[0], items[-1], min(n, 4))
    assert chosen == sorted(set(chosen))


def test_a_panel_holds_its_own_scores_alone():
    places = list(product(("one set", "other set"), ("a", "b"), ("small", "large")))
    scored = pd.DataFrame(places, columns=["claim_set", "score", "model"]).assign(value=range(8))
    table = scored_of(scored.drop(index=7))
    for i, place in enumerate(places):
        assert table.values(*place)["value"].tolist() == ([i] if i < 7 else [])
    assert table.panels()[-2:] == [("other set", "a", ["small", "large"]), ("other set", "b", ["small"])]


def scored_of(scored):
    """What a run of two sets, two scores and two models has to draw."""
    return ScoredRun(None, scored, scored, {}, ["small", "large"], ["one set", "other set"], ["a", "b"])


def test_numbers_of_all_non_facts_are_of_one_quantity_and_of_no_stratum():
    rows = pd.DataFrame(product(("pooled", "near"), ("auc", "q_star")), columns=["stratum", "quantity"])
    assert pooled(rows, "auc").index.tolist() == [0]
    assert finite(pd.Series([np.inf, 1.0, np.nan, -np.inf])).tolist() == [1.0]


def test_cells_are_joined_with_what_was_measured_on_their_own_facts(ladder):
    other = ladder.separation.assign(claim_set="of another control", value=-1.0)
    joined = measured_cells(ladder.cells, pd.concat([other, ladder.separation]))
    assert joined["measured_bits_per_fact"].to_numpy() == pytest.approx(
        2 * joined["parameters_per_fact"].to_numpy()
    )
    assert joined["c_kl"].to_numpy() == pytest.approx(2.0)
    means = seed_means(joined)
    assert len(means) == 12 + 6
    assert means["seeds"].sum() == len(joined)


def test_the_law_of_the_page_is_the_one_behind_the_run(pages):
    law = re.search(r"<h2 id=\"law\">.*?</section>", pages["ladder"], re.DOTALL)[0]
    assert "2.00 (2.00 to 2.00)" in law
    assert "Networks that write" not in law


def test_what_is_known_of_testers_stands_beside_what_was_measured(tester_run):
    rows = rows_of_testers(tester_run).set_index("model")
    assert rows.loc["ribbon@8", "memory"] == pytest.approx(8)
    assert rows.loc["bloom@4", "known_bits"] == pytest.approx(0.69 * 4)
    assert rows.loc["forgetter@8", "log2_rate"] == pytest.approx(4.0)
    limited = rows.loc["ribbon@13"]
    assert (limited["bits_upper"], limited["bits_lower"]) == (np.inf, pytest.approx(0.9 * 0.98 * 13))


def test_the_terminal_tells_the_same_of_every_kind(run, ladder, tester_run, capsys):
    for each, told in ((run, "tiny/net-15M"), (ladder, "mlp 1.5k"), (tester_run, "ribbon@13")):
        print_run(each, ["a note"])
        shown = capsys.readouterr().out
        assert told in shown
        assert "✗ violated" in shown
        assert shown.splitlines()[-1] == f"report: {each.path}/report.html"
        console = Console(width=80)
        with console.capture() as capture:
            console.print(run_table(each))
        assert max(map(len, capture.get().splitlines())) <= 80


def test_one_figure_for_each_kind(run, ladder, tester_run):
    titles = [axes.get_title(loc="left") for axes in headline_figure(ladder).axes]
    assert titles[1] == "log2(1/q); lines: c P/n"
    assert headline_figure(tester_run).axes[0].get_ylabel() == "measured bits per fact"
    drawn = [axes for axes in distributions_figure(ladder).axes if axes.get_visible()]
    assert len(drawn) == 12
