"""How a number, a name or a status is written, in the page and in the terminal alike."""

import math
import re
from collections.abc import Callable

MISSING = "–"
#: What the baseline that reads only the text is called.
TEXT_ALONE = "the text alone"

#: Sign before the word, so that a status reads without colour.
STATUS_SIGNS = {"consistent": "✓", "violated": "✗", "undecided": "?"}

# C0/C1 controls would drive a terminal or end an SVG early; the marks that turn the writing direction around
# would garble the text beside a name. Tab and newline are white space and become a space.
_UNPRINTABLE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)


def printable(text: object) -> str:
    """Return one line that no terminal or page obeys: white space folded, control characters shown as `�`."""
    return _UNPRINTABLE.sub("�", " ".join(str(text).split()))


def shortened(text: object, longest: int) -> str:
    """Return printable text of at most `longest` characters; the middle goes, since names differ at both ends."""
    line = printable(text)
    if len(line) <= longest:
        return line
    head = (longest - 1) * 2 // 3
    return f"{line[:head]}…{line[len(line) - (longest - 1 - head) :]}"


def number(value: float, decimals: int = 2) -> str:
    """Return a number with a fixed count of decimals and a real minus sign; missing is an en dash."""
    if math.isnan(value):
        return MISSING
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    written = f"{value:.{decimals}f}"
    if float(written) == 0.0:
        written = written.removeprefix("-")
    return written.replace("-", "−")


def three_decimals(value: float) -> str:
    """Return a number with three decimals."""
    return number(value, 3)


def significant(value: float) -> str:
    """Return a number of unknown size: three significant digits, in powers of ten where it is huge or tiny."""
    return number(value) if not math.isfinite(value) else f"{value:.3g}".replace("-", "−")


def percent(value: float) -> str:
    """Return a share (1) as a percentage; one decimal, and two significant digits below 1 % down to .001 %."""
    if not math.isfinite(value):
        return number(value)
    hundredfold = 100.0 * value
    if hundredfold == 0.0 or abs(hundredfold) >= 1.0:
        return f"{number(hundredfold, 1)} %"
    return f"{number(hundredfold, min(4, 1 - math.floor(math.log10(abs(hundredfold)))))} %"


def interval(lower: float, upper: float, write: Callable[[float], str]) -> str:
    """Return `[lower, upper]`; empty where neither end is known."""
    if math.isnan(lower) and math.isnan(upper):
        return ""
    low, high = write(lower), write(upper)
    if low.endswith(" %") and high.endswith(" %"):
        low = low.removesuffix(" %")
    return f"[{low}, {high}]"


def count(value: float) -> str:
    """Return a whole number with thin spaces between thousands."""
    return f"{int(value):,}".replace(",", "\u202f")


def parameters(value: float) -> str:
    """Return a number of parameters in the field's shorthand: 14.5k, 135M, 1.2B; missing where unknown (0)."""
    for size, letter in ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:.3g}{letter}" if value < 999.5 * size else f"{value / size:.0f}{letter}"
    return str(int(value)) if value > 0 else MISSING


def words(identifier: object) -> str:
    """Return `bits_grow_with_size` as `Bits grow with size`."""
    text = printable(identifier).replace("_", " ")
    return text[:1].upper() + text[1:]


#: How a value is written, by the style of its quantity (`bitsperfact.quantities.Style`).
WRITERS: dict[str, Callable[[float], str]] = {
    "number": number,
    "percent": percent,
    "three decimals": three_decimals,
}
