"""Tables for the terminal, legible at 80 columns.

Names come from outside: they are put into `Text`, never into markup, and without control characters.
"""

from collections.abc import Iterable

import pandas as pd
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from bitsperfact.report import wording
from bitsperfact.report.cells import COLUMNS, measured_cells, seed_means
from bitsperfact.report.estimates import HeadlineRow, headline_rows
from bitsperfact.report.verdicts import MOST_UNFOLDED, VerdictGroup, VerdictRow, status_counts, verdict_parts
from bitsperfact.report.wording import STATUS_SIGNS, TEXT_ALONE, printable
from bitsperfact.runs import Run

#: Beside an AUC below one half, where the bits are above 0.
FACTS_ARE_LOW = " facts are low"
_STATUS_STYLES = {"consistent": "green", "violated": "bold red", "undecided": "yellow"}


def verdict_table(verdict: pd.DataFrame) -> Table:
    """Return the verdict table (columns: `bitsperfact.tables.COLUMNS`) for the terminal.

    Evidence first, then checks, each with its counts; within them grouped by prediction, violated ones first. The
    status stands as sign and word, beside what was predicted and measured and the reason. Of a prediction with
    many verdicts only violations are shown, and how many others there are.
    """
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, expand=False)
    table.add_column("status", no_wrap=True)
    table.add_column("prediction", min_width=18, ratio=2, overflow="fold")
    table.add_column("reason", ratio=3, overflow="fold")
    for part in verdict_parts(verdict):
        name, _, meaning = part.title.partition(": ")
        table.add_row(Text(name, style="bold"), Text(_counted(part.counts)), Text(meaning, style="dim"))
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
                named = Text(group.title, style="bold").append(
                    f"\n{n} verdict{'s' if n > 1 else ''}", style="not bold dim"
                )
                table.add_row(_status(status), named, Text("in the report"))
    if group.single:
        table.add_row(Text(""), Text(f"{len(group.single)} single verdicts", style="dim"), Text("in the report"))
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
    """Return the headline of the separation table (columns: `bitsperfact.tables.COLUMNS`) for the terminal.

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
    """Return the text for a cell, free of control characters and read literally."""
    return Text(printable(text))


def cells_table(cells: pd.DataFrame, separation: pd.DataFrame) -> Table:
    """Return a ladder's cells for the terminal: a line per size, n and fact weight, the mean of its seeds."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, collapse_padding=True)
    table.add_column("network", no_wrap=True)
    shown = [column for column in COLUMNS if column.short]
    for column in shown:
        table.add_column(column.short, justify="right", no_wrap=True)
    for row in seed_means(measured_cells(cells, separation)).to_dict("records"):
        judges = row["objective"] == "membership"
        name = f"{row['architecture']} {wording.parameters(row['parameters'])}"
        written = [column.write(row[column.name]) if judges or column.written else "" for column in shown]
        table.add_row(printable_text(name if judges else f"{name} {row['objective']}"), *written)
    return table


def tester_table(run: Run) -> Table:
    """Return testers for the terminal, a line each.

    Memory (bits per key), known and measured bits per fact, known and measured hallucination rate (1), the worst
    of the verdicts on it, and how many of them are consistent.
    """
    from bitsperfact.report.sections.testers import rows_of_testers  # draws, too: matplotlib is slow to import

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, collapse_padding=True, expand=False)
    table.add_column("tester", no_wrap=True)
    for title in ("memory", "bits", "measured", "halluc.", "measured", "hold"):
        table.add_column(title, justify="right", no_wrap=True)
    for row in rows_of_testers(run).to_dict("records"):
        ends = wording.interval(row["bits_lower"], row["bits_upper"], wording.number)
        counts = status_counts(run.verdict.loc[run.verdict["model"] == row["model"], "status"])
        worst = STATUS_SIGNS[next(iter(counts))] if counts else wording.MISSING
        table.add_row(
            printable_text(row["model"]),
            wording.number(row["memory"]),
            wording.number(row["known_bits"]),
            f"{wording.number(row['bits'])} {ends}",
            wording.percent(row["known_rate"]),
            wording.percent(row["rate"]),
            f"{worst} {counts.get('consistent', 0)}/{sum(counts.values())}",
        )
    return table


def run_table(run: Run) -> Table:
    """Return what a run measured, for the terminal: cells of a ladder, testers beside what is known, or models."""
    if run.cells is not None:
        return cells_table(run.cells, run.separation)
    return headline_table(run.separation) if run.known is None else tester_table(run)


def print_run(run: Run, notes: Iterable[str] = ()) -> None:
    """Print what a run of any kind measured, its verdicts, notes, and where its page is."""
    terminal = Console()
    terminal.print(run_table(run))
    terminal.print(verdict_table(run.verdict))
    counted = ", ".join(f"{n} {status}" for status, n in status_counts(run.verdict["status"]).items())
    for line in (*notes, f"verdicts: {counted or 'none'}", f"report: {run.path / 'report.html'}"):
        terminal.print(line, soft_wrap=True, highlight=False)
