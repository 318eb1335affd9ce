"""Membership testers with exact memory: what the bound on bits per fact means in real tables.

Each has `init(keys, bits_per_key, seed)`, `query(claims)` and `memory_bits` (see `Tester`). They need NumPy and
SciPy; the ribbons also numba, `BloomTester` rbloom, `FuseTester` and `XorTester` pyfusefilter, and keys that are
not integers xxhash: `pip install 'bitsperfact[testers]'`.
"""

from bitsperfact.testers.bloom import BloomTester
from bitsperfact.testers.fuse import FuseTester, XorTester
from bitsperfact.testers.hashing import hash_claims
from bitsperfact.testers.law import Law, law_of
from bitsperfact.testers.protocol import Tester, posterior
from bitsperfact.testers.ribbon_testers import Abstainer, Forgetter, RibbonTester, ScoreTester
from bitsperfact.testers.two_sided import TwoSidedTester
from bitsperfact.testers.verdicts import agreement, known_verdicts

__all__ = [
    "Abstainer",
    "BloomTester",
    "Forgetter",
    "FuseTester",
    "Law",
    "RibbonTester",
    "ScoreTester",
    "Tester",
    "TwoSidedTester",
    "XorTester",
    "agreement",
    "hash_claims",
    "known_verdicts",
    "law_of",
    "posterior",
]
