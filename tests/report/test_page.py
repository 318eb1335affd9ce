"""The page holds the whole run, asks nothing of the network and shows hostile names as text."""

import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest

from bitsperfact.report import write_report
from bitsperfact.report.page import render
from bitsperfact.tables import empty

VOID = {"meta", "br", "hr", "img", "link", "input", "path", "use"}
HOSTILE = "<script>alert('x')</script>&\"$\\frac{1}$"
RIGHT_TO_LEFT = "דגם-עברי\u202e/נסיון"
VERY_LONG = "an/" + "exceedingly-" * 30 + "long-model"


class Page(HTMLParser):
    """Elements with their attributes, the text in each, and whether every element is closed where it should be."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict]] = []
        self.open: list[str] = []
        self.text: list[tuple[str, str]] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append((self.open[-1] if self.open else "", data))

    def visible(self, *without: str) -> str:
        return " ".join(" ".join(data for tag, data in self.text if tag not in without).split())

    def all(self, name: str) -> list[dict]:
        return [attributes for tag, attributes in self.elements if tag == name]


@pytest.fixture(scope="module")
def html(pages):
    return pages["run"]


@pytest.fixture(scope="module")
def page(html):
    return Page(html)


@pytest.fixture(scope="module")
def hostile(make_run):
    sizes = {HOSTILE: 1_000, RIGHT_TO_LEFT: 2_000_000, VERY_LONG: 3_000_000_000}
    return make_run(
        sizes=sizes, controls={"sets</style>": "none", "$100\x1b[31m": "random"}, scores=("a<b",), n_facts=8
    )


def test_every_element_is_closed_in_order(page):
    assert page.open == []


def test_parts_stand_in_the_promised_order(html):
    parts = ["verdicts", "headline", "shape", "distributions", "levels", "claims", "examples", "models"]
    places = [html.index(f'<h2 id="{part}">') for part in parts]
    assert places == sorted(places)
    assert html.index("<h1>") < places[0]


def test_every_model_claim_set_score_and_verdict_is_in_the_page(page, run):
    visible = page.visible("style", "text")
    for name in [info.name for info in (*run.models, *run.claim_sets)] + list(run.verdict["reason"]):
        assert name in visible
    assert visible.count("no bits without memory".capitalize()) == 1
    assert sum(visible.count(word) for word in ("✗ violated", "✗ 1 violated")) == 3


def test_every_distribution_is_drawn_once_and_described(page, run):
    described = [svg["aria-label"] for svg in page.all("svg") if svg.get("role") == "img"]
    assert len(described) == len(set(described))
    for model in run.models:
        for info in run.claim_sets:
            for score in ("logprob", "calibrated"):
                assert (
                    sum(
                        d.startswith(f"{model.name} on {info.name}: distribution of the {score}")
                        for d in described
                    )
                    == 1
                )
    assert len(described) == len(run.models) * len(run.claim_sets) * 2 + 2 * 2


def test_nothing_is_loaded_from_elsewhere(html, page):
    assert not {"script", "link", "img", "iframe", "object", "embed", "base"} & {tag for tag, _ in page.elements}
    assert not re.search(r"https?:|@import|//[a-z]", html)
    for _, attributes in page.elements:
        assert not {"src", "srcset", "action"} & attributes.keys()
        link = attributes.get("href") or attributes.get("xlink:href") or "#"
        assert link.startswith("#")
    policy = [meta["content"] for meta in page.all("meta") if meta.get("http-equiv") == "Content-Security-Policy"]
    assert policy == ["default-src 'none'; style-src 'unsafe-inline'"]


def test_references_inside_figures_lead_somewhere_and_ids_are_unique(html, page):
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    references = set(re.findall(r'(?:url\(|href=")#([^")]+)', html))
    assert references
    assert references <= set(ids)


def test_figures_follow_the_colours_of_the_page(html):
    drawn = "".join(re.findall(r"<svg .*?</svg>", html, flags=re.DOTALL))
    assert "var(--fact)" in drawn
    assert set(re.findall(r"#[0-9a-f]{6}\b", drawn)) <= {"#000000", "#ffffff"}


def test_table_headers_say_what_they_head(page):
    assert all(header.get("scope") in {"col", "row", "rowgroup"} for header in page.all("th"))
    assert page.all("html") == [{"lang": "en"}]


def test_missing_numbers_are_dashes(page):
    assert not re.search(r"\bnan\b|\bNone\b|\bNaN\b", page.visible("style"))
    cells = [data for tag, data in page.text if tag == "td"]
    assert "–" in cells


def test_headline_numbers_are_those_of_the_table(page, run):
    visible = page.visible("style")
    table = run.separation[run.separation["stratum"] == "pooled"]
    for row in table[table["quantity"] == "bits_per_fact"].itertuples():
        interval = f"{row.value:.2f} [{row.lower:.2f}, {row.upper:.2f}]"
        bound = f"≥ {row.lower:.2f} near {row.value:.2f}"
        assert (bound if row.resolution_limited else interval).replace("-", "−") in visible
    for row in table[table["quantity"] == "hallucination_rate"].itertuples():
        assert f"{100 * row.value:.1f} % [{100 * row.lower:.1f}, {100 * row.upper:.1f} %]" in visible


def test_hostile_names_are_text(hostile):
    html = render(hostile)
    page = Page(html)
    assert page.open == []
    assert "script" not in {tag for tag, _ in page.elements}
    assert len(page.all("style")) == 1
    visible = page.visible("style")
    assert HOSTILE in visible
    assert VERY_LONG in visible
    assert RIGHT_TO_LEFT.replace("\u202e", "�") in visible
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f\u202e]", html)


def test_a_name_cannot_leave_its_attribute(make_run):
    html = render(make_run(sizes={'"><b onload=x>': 5}, controls={"one": "none"}, scores=("s",), n_facts=5))
    page = Page(html)
    assert "b" not in {tag for tag, _ in page.elements}
    assert not any(name.startswith("on") for _, attributes in page.elements for name in attributes)


def test_same_run_gives_the_same_bytes(make_run, tmp_path):
    run = make_run(controls={"one": "none"}, scores=("logprob",), n_facts=10)
    write_report(run, tmp_path / "a.html")
    write_report(run, tmp_path / "b.html")
    assert (tmp_path / "a.html").read_bytes() == (tmp_path / "b.html").read_bytes()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.html", "b.html"]


def test_order_of_rows_does_not_matter(make_run):
    run = make_run(controls={"one": "none", "two": "random"}, scores=("logprob",), n_facts=10)
    shuffled = replace(
        run,
        claims=run.claims.sample(frac=1, random_state=1),
        scores=run.scores.sample(frac=1, random_state=2),
        separation=run.separation.sample(frac=1, random_state=3),
    )
    assert render(shuffled) == render(run)


def test_a_run_of_full_size_stays_small(make_run):
    controls = {f"set {i}": "none" for i in range(6)}
    assert len(render(make_run(controls=controls, n_facts=300)).encode()) < 5_000_000


def test_a_run_of_one_model_and_one_stratum(make_run):
    run = make_run(sizes={"only": 500_000}, controls={"one": "none"}, scores=("s",), strata=("near",))
    page = Page(render(run))
    described = [svg["aria-label"] for svg in page.all("svg") if svg.get("role") == "img"]
    assert len(described) == 3
    assert "By kind of non-fact" not in page.visible("style")


def test_a_run_without_measurements_says_so(run):
    bare = replace(
        run,
        **{name: empty(name) for name in ("claims", "scores", "separation", "verdict")},
        claim_sets=[],
        models=[],
        manifest={},
    )
    visible = Page(render(bare)).visible("style")
    for sentence in ("No prediction was judged", "Nothing was measured", "This run holds no scores"):
        assert sentence in visible


def test_cells_without_any_number(make_run):
    run = make_run(sizes={"only": 10}, controls={"one": "none"}, n_facts=10)
    blank = run.separation.assign(value=np.nan, lower=np.nan, upper=np.nan)
    visible = Page(render(replace(run, separation=blank))).visible("style")
    assert not re.search(r"\bnan\b", visible, flags=re.IGNORECASE)
    assert "≥ –" not in visible


def test_scores_that_are_infinite_are_counted_not_dropped_silently(make_run):
    run = make_run(n_facts=20, scores=("logprob",))
    values = run.scores["value"].to_numpy().copy()
    values[:3] = -np.inf
    text = render(replace(run, scores=run.scores.assign(value=values)))
    assert "3 not finite" in text


def test_examples_are_the_most_believed_falsehoods(make_run):
    run = make_run(sizes={"only": 10_000}, controls={"one": "none"}, scores=("s",), n_facts=40)
    joined = run.scores.merge(run.claims, on="claim_id")
    falsehoods = joined[~joined["is_fact"]].nlargest(5, "value")["target"].str.strip()
    doubted = joined[joined["is_fact"]].nsmallest(5, "value")["target"].str.strip()
    shown = [data.strip() for tag, data in Page(render(run)).text if tag == "span" and "City" in data]
    assert shown == [*falsehoods, *doubted]
