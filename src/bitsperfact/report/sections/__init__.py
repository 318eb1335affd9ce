"""Sections of the page, one module each: which runs a section suits, what it says and how.

A section is added by putting its module here, or by another package under an entry point of the group
`bitsperfact.report_sections`. The name of the module is the id of the section in the page.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from bitsperfact.plugins import Room
from bitsperfact.report.selection import ScoredRun
from bitsperfact.runs import Run


@dataclass(frozen=True)
class Section:
    """A part of the page.

    `place`: sections stand in its order. `contents`: what the `template` (jinja2, autoescaped, with the macros of
    `macros.html.j2`) is filled with. `suits`: whether a run has what the section shows.
    """

    place: float
    title: str
    contents: Callable[[ScoredRun], Mapping[str, Any]]
    template: str
    suits: Callable[[Run], bool] = lambda _: True


SECTIONS = Room(
    "report section",
    "bitsperfact.report.sections",
    "SECTION",
    "bitsperfact.report_sections",
    lambda part: isinstance(part, Section),
)


def sections_of(run: Run) -> list[tuple[str, Section]]:
    """Return the sections that suit a run, with their names, in the order of the page."""
    found: list[tuple[str, Section]] = [(name, SECTIONS.find(name)) for name in SECTIONS.names()]
    return sorted((each for each in found if each[1].suits(run)), key=lambda each: (each[1].place, each[0]))
