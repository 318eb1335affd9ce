"""`report.html`: one file that holds a whole run, needs no network and runs no script."""

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from bitsperfact import __version__
from bitsperfact.files import write_text
from bitsperfact.report import wording
from bitsperfact.report.palette import COLOURS
from bitsperfact.report.sections import sections_of
from bitsperfact.report.selection import scored_run
from bitsperfact.runs import Run

#: A table with more rows is folded away until it is asked for.
MOST_ROWS = 40
_MACROS = """{%- from "macros.html.j2" import status, statuses, cell, folded, scrolled, plain_table,
    estimates_table, swatch, block, series_legend -%}"""


def write_report(run: Run, path: Path) -> None:
    """Write a run's report as one HTML file, atomically; the same run gives the same bytes.

    Nothing is loaded from elsewhere: figures are inline SVG, and the page's own policy forbids any request.
    Raises OSError where the file cannot be written.
    """
    write_text(path, render(run))


def render(run: Run) -> str:
    """Return the page as text: every section that suits the run."""
    environment, scored = _environment(), scored_run(run)
    parts = [
        {
            "name": name,
            "title": section.title,
            # Safe: each template escapes what it is filled with.
            "body": Markup(environment.from_string(_MACROS + section.template).render(section.contents(scored))),
        }
        for name, section in sections_of(run)
    ]
    counts = scored.counts.values()
    page = environment.get_template("report.html.j2").render(
        scored=scored,
        n_facts=sum(each.facts for each in counts),
        n_nonfacts=sum(each.nonfacts for each in counts),
        parts=parts,
    )
    return page + "\n"


def _environment() -> Environment:
    # Autoescape: names, claims and reasons come from model hubs and data files.
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    filters = ("printable", "count", "parameters", "significant")
    environment.filters.update({name: getattr(wording, name) for name in filters})
    environment.globals.update(
        version=__version__,
        colours=COLOURS,
        signs=wording.STATUS_SIGNS,
        missing=wording.MISSING,
        text_alone=wording.TEXT_ALONE,
        most_rows=MOST_ROWS,
    )
    return environment
