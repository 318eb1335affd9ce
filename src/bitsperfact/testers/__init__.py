"""Membership testers with exact memory: what the bound on bits per fact means in real tables.

Each has `init(keys, bits_per_key, seed)`, `query(claims)` and `memory_bits` (see `Tester`). They need NumPy and
SciPy; the ribbons also numba, `BloomTester` rbloom, `FuseTester` and `XorTester` pyfusefilter, and keys that are
not integers xxhash: `pip install 'bitsperfact[testers]'`.
"""

from bitsperfact.plugins import Room
from bitsperfact.testers.hashing import hash_claims
from bitsperfact.testers.kinds.abstainer import Abstainer
from bitsperfact.testers.kinds.bloom import BloomTester
from bitsperfact.testers.kinds.forgetter import Forgetter
from bitsperfact.testers.kinds.fuse import FuseTester
from bitsperfact.testers.kinds.ribbon import RibbonTester
from bitsperfact.testers.kinds.score import ScoreTester
from bitsperfact.testers.kinds.two_sided import TwoSidedTester
from bitsperfact.testers.kinds.xor import XorTester
from bitsperfact.testers.law import Law, law_of
from bitsperfact.testers.protocol import Tester, TesterKind, posterior

#: Every kind of tester, by name.
KINDS = Room(
    "tester",
    "bitsperfact.testers.kinds",
    "TESTER",
    "bitsperfact.testers",
    lambda kind: isinstance(kind, TesterKind),
)

__all__ = [
    "KINDS",
    "Abstainer",
    "BloomTester",
    "Forgetter",
    "FuseTester",
    "Law",
    "RibbonTester",
    "ScoreTester",
    "Tester",
    "TesterKind",
    "TwoSidedTester",
    "XorTester",
    "hash_claims",
    "law_of",
    "posterior",
]
