"""The xor filter, from the package pyfusefilter: 1.23 bits per bit of the bound at best."""

from typing import Any, ClassVar

from bitsperfact.testers.kinds.fuse import BUDGETS, FuseTester
from bitsperfact.testers.protocol import TesterKind


class XorTester(FuseTester):
    """Xor filter (Graf & Lemire 2020, arXiv 1912.08258): as `FuseTester`, a little larger."""

    family: ClassVar[str] = "Xor"

    @staticmethod
    def _clear(table: Any, bits: int) -> None:
        """Zero the table: the package leaves free slots as memory was, and equal seeds must give equal answers."""
        from pyfusefilter._xorfilter import ffi  # type: ignore[import-untyped, unused-ignore]

        stored = getattr(table, f"_{type(table).__name__}__filter")
        size = 3 * stored.blockLength * bits // 8
        ffi.buffer(stored.fingerprints, size)[:] = bytes(size)


TESTER = TesterKind(XorTester.init, BUDGETS)
