"""Colours: one name each, one value on light and one on dark paper.

Facts and non-facts are blue and vermilion, the pair that all common colour-blindnesses keep apart. Series differ
in hue, lightness, marker and dash, so that no reading depends on colour alone. Each light value is unique:
inline figures find by it the CSS variable that takes its place.
"""

#: name -> (light, dark)
COLOURS: dict[str, tuple[str, str]] = {
    "paper": ("#fffffe", "#15181c"),
    "ink": ("#1c2127", "#e8eaed"),
    "muted": ("#59626d", "#a3adb8"),
    "rule": ("#d4d9df", "#3a4149"),
    "fact": ("#0072b2", "#56b4e9"),
    "nonfact": ("#d55e00", "#ff8f4d"),
    "derangement": ("#7a2c02", "#ffc9a3"),
    "fresh": ("#7b3294", "#d9a6ee"),
    "near": ("#4d5b00", "#c9d65c"),
    "given": ("#464647", "#c4c4c5"),
    "series1": ("#332288", "#9d93f0"),
    "series2": ("#c2570c", "#f59a56"),
    "series3": ("#117733", "#5cc47c"),
    "series4": ("#aa4499", "#e08fd2"),
    "series5": ("#0e7f8f", "#58c7d6"),
    "series6": ("#8a7a00", "#d6c64a"),
    "series7": ("#b03a4c", "#ef8b99"),
    "series8": ("#5f6b76", "#aab5bf"),
}

LIGHT: dict[str, str] = {name: light for name, (light, _) in COLOURS.items()}

#: Matplotlib's marker and the character that stands for it in a legend made of text.
MARKERS: tuple[tuple[str, str], ...] = (
    ("o", "●"),
    ("s", "■"),
    ("^", "▲"),
    ("D", "◆"),
    ("v", "▼"),
    ("P", "✚"),
    ("X", "✖"),
    ("h", "⬢"),
    ("<", "◀"),
)

_N_SERIES = sum(name.startswith("series") for name in COLOURS)

#: Dash of a stratum's outline.
DASHES: dict[str, object] = {
    "derangement": "-",
    "fresh": (0, (5, 1.6)),
    "near": (0, (1.2, 1.2)),
    "given": (0, (6, 1.5, 1.2, 1.5)),
}


def series_name(position: int) -> str:
    """Return palette name of the colour of the claim set at `position`; with the marker it repeats after 72."""
    return f"series{position % _N_SERIES + 1}"


def series_marker(position: int) -> tuple[str, str]:
    """Return Matplotlib's marker of the claim set at `position`, and the character for it."""
    return MARKERS[position % len(MARKERS)]
