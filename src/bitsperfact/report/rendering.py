"""Figures become files or inline SVG, always with the same bytes for the same figure."""

import html
import io
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from bitsperfact.errors import BadInput
from bitsperfact.files import atomic_file
from bitsperfact.report.palette import COLOURS, LIGHT
from bitsperfact.report.wording import printable

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_STYLE: dict[str, Any] = {
    "font.size": 8.0,
    "axes.titlesize": 8.5,
    "axes.labelsize": 8.0,
    "xtick.labelsize": 7.5,
    "ytick.labelsize": 7.5,
    "legend.fontsize": 7.5,
    "text.color": LIGHT["ink"],
    "axes.labelcolor": LIGHT["muted"],
    "axes.edgecolor": LIGHT["rule"],
    "axes.facecolor": "none",
    "figure.facecolor": LIGHT["paper"],
    "xtick.color": LIGHT["rule"],
    "ytick.color": LIGHT["rule"],
    "xtick.labelcolor": LIGHT["muted"],
    "ytick.labelcolor": LIGHT["muted"],
    "xtick.major.size": 3.0,
    "ytick.major.size": 0.0,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.spines.left": False,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.axisbelow": True,
    "grid.color": LIGHT["rule"],
    "grid.linewidth": 0.5,
    "legend.frameon": False,
    # A model name may hold a dollar sign; it is a name, not a formula.
    "text.parse_math": False,
    # Text stays text: it can be selected, searched and read aloud, and the reader's own fonts have its letters.
    "svg.fonttype": "none",
    "svg.hashsalt": "bitsperfact",
    "savefig.dpi": 200,
}


@contextmanager
def drawing_style() -> Iterator[None]:
    """Draw and save inside this block: house style, no formula parsing, reproducible SVG ids."""
    import matplotlib as mpl

    with mpl.rc_context(), warnings.catch_warnings():
        mpl.rcdefaults()
        mpl.rcParams.update(_STYLE)
        # Names in any script are allowed; where the drawing font lacks a letter the reader's fonts have it.
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        warnings.filterwarnings("ignore", message="Matplotlib currently does not support")
        yield


def save_figure(fig: "Figure", path: Path) -> None:
    """Write a matplotlib Figure atomically, as the suffix says: `.png` (200 dots per inch) or `.svg`.

    Raises BadInput for any other suffix. The same figure gives the same bytes: no date is written.
    """
    kind = path.suffix.lower().removeprefix(".")
    if kind not in ("png", "svg"):
        raise BadInput(path, "a figure file named .png or .svg", repr(path.suffix))
    with drawing_style(), atomic_file(path) as partial:
        fig.savefig(partial, format=kind, metadata={"Date": None} if kind == "svg" else {"Software": None})


def inline_svg(fig: "Figure", name: str, description: str) -> Markup:
    """Return an `<svg>` element to stand inside a page, its colours CSS variables so that it follows dark mode.

    `name` (letters, digits, hyphens; unique within the page) begins every id; `description` is what a screen
    reader says. Everything else in the markup comes from matplotlib, which escapes text.
    """
    with drawing_style():
        buffer = io.StringIO()
        fig.savefig(buffer, format="svg", transparent=True, metadata={"Date": None})
    svg = _bare(buffer.getvalue())
    svg = re.sub(r'(\bid="|url\(#|href="#)', rf"\g<1>{name}-", svg)
    for colour, (light, _) in COLOURS.items():
        svg = svg.replace(light, f"var(--{colour})")
    label = html.escape(printable(description), quote=True)
    # Safe to put into the page as it is: matplotlib escapes the names it draws, and the description is escaped.
    drawn = re.sub(
        r"<svg [^>]*?(viewBox=\"[^\"]*\")[^>]*>",
        rf'<svg \1 role="img" aria-label="{_literal(label)}">',
        svg,
        count=1,
    )
    return Markup(drawn)


def _bare(svg: str) -> str:
    """Without prologue, metadata and style sheet: they name addresses, and the sheet would style the page."""
    svg = svg[svg.index("<svg ") :]
    svg = re.sub(r"\s*<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r"\s*<defs>\s*<style[^>]*>.*?</style>\s*</defs>", "", svg, flags=re.DOTALL)
    # Only ids that something refers to are kept; the others are numbers that repeat from figure to figure.
    referred = set(re.findall(r'(?:url\(|href=")#([^")]+)', svg))
    svg = re.sub(r' id="([^"]*)"', lambda match: match[0] if match[1] in referred else "", svg)
    return re.sub(r"\n\s*", "\n", svg).strip()


def _literal(replacement: str) -> str:
    return replacement.replace("\\", r"\\")
