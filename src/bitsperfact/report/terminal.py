"""Tables for the terminal, legible at 80 columns.

Names come from outside: they are put into `Text`, never into markup, and without control characters.
"""

import pandas as pd
from rich import box
from rich.table import Table
from rich.text import Text

from bitsperfact.report import wording
from bitsperfact.report.headline import HeadlineRow, headline_rows
from bitsperfact.report.verdicts import MOST_UNFOLDED, VerdictGroup, VerdictRow, verdict_parts
from bitsperfact.report.wording import STATUS_SIGNS, TEXT_ALONE, printable

#: Beside an AUC below one half, where the bits are above 0.
FACTS_ARE_LOW = " facts are low"
_STATUS_STYLES = {"consistent": "green", "violated": "bold red", "undecided": "yellow"}


def verdict_table(verdict: pd.DataFrame) -> Table:
    """The verdict table (columns: `bitsperfact.tables.COLUMNS`) for the terminal.

    Evidence first, then checks, each with its counts; within them grouped by prediction, violated ones first. The
    status stands as sign and word, beside what was predicted and measured and the reason. Of a prediction with
    many verdicts only violations are shown, and how many others there are.
    """
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, expand=False)
    table.add_column("status", no_wrap=True)
    table.add_column("prediction", min_width=18, ratio=2, overflow="fold")
    table.add_column("reason", ratio=3, overflow="fold")
    for part in verdict_parts(verdict):
        name, _, said = part.title.partition(": ")
        table.add_row(Text(name, style="bold"), Text(_counted(part.counts)), Text(said, style="dim"))
        table.add_section()
        for group in part.groups:
            _add_group(table, group)
    return table


def _add_group(table: Table, group: VerdictGroup) -> None:
    folded = len(group.rows) > MOST_UNFOLDED
    for row in group.rows:
        if not folded or row.status == "violated":
            table.add_row(_status(row.status), _prediction(group.title, row), printable_text(row.reason))
    if folded:
        for status, n in group.counts.items():
            if status != "violated":
                named = Text(group.title, style="bold").append(f"\n{n} verdicts", style="not bold dim")
                table.add_row(_status(status), named, Text("in the report"))
    table.add_section()


def _counted(counts: dict[str, int]) -> str:
    return ", ".join(f"{n} {status}" for status, n in counts.items())


def _status(status: str) -> Text:
    return Text(f"{STATUS_SIGNS[status]} {status}", style=_STATUS_STYLES[status])


def _prediction(title: str, row: VerdictRow) -> Text:
    where = " · ".join(printable(part) for part in (row.model, row.claim_set, row.score) if part)
    numbers = f"predicted {row.predicted}, measured {row.measured}" if row.measured else ""
    lines = Text(title, style="bold")
    for line in (where, numbers):
        if line:
            lines.append(f"\n{line}", style="not bold dim")
    return lines


def headline_table(separation: pd.DataFrame) -> Table:
    """The headline of the separation table (columns: `bitsperfact.tables.COLUMNS`) for the terminal.

    One line per model under the name of each claim set and score: bits per fact (bits) with its interval, bits
    above the text-only baseline (bits), the hallucination rate at 95 % recall of facts, and the AUC (1).
    """
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, expand=False)
    table.add_column("claim set · score", overflow="fold", min_width=16)
    for title in ("bits per fact", "above pattern", "halluc.", "AUC"):
        table.add_column(title, justify="right", no_wrap=title != "above pattern")
    heading = ""
    for row in headline_rows(separation):
        of_row = (
            printable(row.claim_set) if row.is_pattern else f"{printable(row.claim_set)} · {printable(row.score)}"
        )
        # The text-only baseline belongs to all scores of its claim set and stands under the last of them.
        if of_row != heading and not (row.is_pattern and heading.startswith(f"{of_row} · ")):
            table.add_section()
            table.add_row(Text(of_row, style="bold"))
            heading = of_row
        _add_row(table, row)
    return table


def _add_row(table: Table, row: HeadlineRow) -> None:
    name = TEXT_ALONE if row.is_pattern else printable(row.model)
    if row.is_dominated:
        name += f" (one entity holds {wording.percent(row.largest_entity_share)})"
    table.add_row(
        Text(f"  {name}", style="dim" if row.is_pattern else ""),
        Text(str(row.estimates["bits_per_fact"])),
        Text(row.estimates["bits_above_pattern"].value),
        Text(row.estimates["hallucination_rate"].value),
        Text(row.estimates["auc"].value + (FACTS_ARE_LOW if row.facts_are_low else "")),
    )


def printable_text(text: str) -> Text:
    """Text for a cell, free of control characters and read literally."""
    return Text(printable(text))
