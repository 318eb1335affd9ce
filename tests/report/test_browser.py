"""Every page in a real browser: no complaint, no template text, figures in colour, and it fits the window."""

from dataclasses import replace

import pytest
from tests.browser import browser

from bitsperfact.report.page import render

#: A fault, what makes it in a page (text, replacement), and what is seen of it.
FAULTS = {
    "template text in the styles": (":root {", ":root { {% for name in colours %}", "template text {%"),
    "template text on the page": ("<main>", "<main>{{ scored.models }}", "template text {{"),
    "figures in black": (
        "</style>",
        "svg * { fill: #000 !important; stroke: #000 !important }</style>",
        "no mark in colour",
    ),
    "an image from elsewhere": ("<main>", '<main><img src="https://example.org/x.png" alt="">', "console: "),
    "a script": ("<main>", "<main><script>1</script>", "console: "),
    "a wide table": ("<main>", '<main><div style="width: 60rem">wide</div>', "400 px: wider than the window"),
    "words black on black": ("</style>", "svg text { fill: #000 !important }</style>", "dark, 400 px: words"),
}


@pytest.fixture(scope="module")
def chromium():
    with browser() as opened:
        yield opened


@pytest.mark.parametrize("kind", ["run", "ladder", "tester_run"])
def test_a_page_is_as_it_should_be(kind, pages, chromium, tmp_path):
    (tmp_path / "page.html").write_text(pages[kind], encoding="utf-8")
    faults, figures = chromium.faults(tmp_path / "page.html")
    assert faults == []
    assert figures == {"run": 28, "ladder": 14, "tester_run": 13}[kind]


@pytest.fixture(scope="module")
def small(make_run):
    run = make_run(sizes={"only": 10_000}, controls={"one": "none"}, scores=("s",), n_facts=5, strata=("near",))
    return render(replace(run, verdict=run.verdict.iloc[:0]))


@pytest.mark.parametrize("fault", FAULTS)
def test_a_page_with_a_fault_is_caught(fault, small, chromium, tmp_path):
    text, put, seen = FAULTS[fault]
    assert text in small
    (tmp_path / "page.html").write_text(small.replace(text, put, 1), encoding="utf-8")
    faults, _ = chromium.faults(tmp_path / "page.html")
    assert any(seen in each for each in faults), faults
