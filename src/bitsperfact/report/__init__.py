"""Draws the tables of a run: `report.html`, figures and terminal tables. It computes no statistic."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bitsperfact.report.page import write_report
    from bitsperfact.report.rendering import save_figure
    from bitsperfact.report.showcase import distributions_figure, headline_figure
    from bitsperfact.report.terminal import headline_table, print_run, verdict_table

__all__ = [
    "distributions_figure",
    "headline_figure",
    "headline_table",
    "print_run",
    "save_figure",
    "verdict_table",
    "write_report",
]

_HOME = {
    "distributions_figure": "showcase",
    "headline_figure": "showcase",
    "headline_table": "terminal",
    "print_run": "terminal",
    "save_figure": "rendering",
    "verdict_table": "terminal",
    "write_report": "page",
}


def __getattr__(name: str) -> Any:
    # A terminal table must not wait for matplotlib and jinja2.
    if name not in _HOME:
        raise AttributeError(f"module 'bitsperfact.report' has no attribute {name!r}")
    return getattr(import_module(f"bitsperfact.report.{_HOME[name]}"), name)
