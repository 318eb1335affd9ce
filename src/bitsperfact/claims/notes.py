"""What was left out, merged, ignored or looks odd on the way from a source to its claims: counted and told."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Note:
    """One reason, how often it applied (1, a count) and an example: "rows left out: no author", 3, "row 17"."""

    reason: str
    count: int
    example: str = ""

    def __str__(self) -> str:
        """Return one line: the reason, the count, the example."""
        return f"{self.reason}: {self.count:,}" + (f" (first: {self.example})" if self.example else "")


class Tally:
    """Counts reasons while rows are read, in the order in which they first applied, after `notes` made before."""

    def __init__(self, notes: Iterable[Note] = ()) -> None:
        self._found = {note.reason: (note.count, note.example) for note in notes}

    def add(self, reason: str, example: str = "", count: int = 1) -> None:
        """Count one more row, with an example that is kept where it is the first."""
        before, first = self._found.get(reason, (0, example))
        self._found[reason] = (before + count, first)

    @property
    def notes(self) -> tuple[Note, ...]:
        """One note for each reason."""
        return tuple(Note(reason, count, example) for reason, (count, example) in self._found.items() if count)


def note_lines(name: str, notes: Iterable[Note]) -> Iterator[str]:
    """Yield a printable line for each note on the claim set `name`."""
    return (f"{name}: {note}" for note in notes)
