"""How many bits does a language model spend per fact, and how much must it therefore hallucinate?

Implements and tests Guo & Li, "Hallucination is a Consequence of Space-Optimality: A Rate-Distortion Theorem
for Membership Testing", ICML 2026, arXiv 2602.00906.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bitsperfact.outside import analyse_scores
    from bitsperfact.runs import Run, load_run

__version__ = "0.1.0"
__all__ = ["Run", "__version__", "analyse_scores", "load_run"]


#: Where what the package offers lies.
_HOMES = {"Run": "bitsperfact.runs", "load_run": "bitsperfact.runs", "analyse_scores": "bitsperfact.outside"}


def __getattr__(name: str) -> Any:
    # pandas is slow to import; `import bitsperfact` and `bitsperfact --help` must not wait for it.
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'bitsperfact' has no attribute {name!r}")
