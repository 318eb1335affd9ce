"""Keys of any kind to 128-bit hashes: equal keys to equal hashes, whatever container or type they come in.

As in Python, 1, 1.0, True and numpy.int64(1) are one key, and "1" and b"1" are two others.
"""

import numbers
from collections.abc import Hashable, Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bitsperfact.testers._arguments import seed_word

Words = NDArray[np.uint64]

#: Odd multiplier of the golden ratio: successive multiples are spread evenly over 64 bits.
GOLDEN = 0x9E3779B97F4A7C15
_MASK = 2**64 - 1
#: Added to the seed so that a text, the same bytes and an encoded object are three different keys.
_TEXT, _BYTES, _OBJECT = 1, 2, 3


def hash_claims(claims: Iterable[Hashable], seed: int) -> Words:
    """Return 128-bit hashes of keys under a seed.

    Args: `claims`: integers, texts, bytes, tuples, or any other hashable objects, also mixed; a one-dimensional
    NumPy array of integers is hashed without a Python loop. `seed`: in [0, 2^64).
    Returns: shape (claims, 2). Hashes of numbers, texts, bytes, None and tuples or frozen sets of these are the
    same in every process; those of other objects follow Python's `hash` and hold within one process.
    Raises: ValueError for a single text or bytes in place of a collection, more than one dimension, or NaN.
    """
    seed_word(seed)
    kind = type(claims).__name__
    if kind in {"str", "bytes"} or not hasattr(claims, "__iter__"):
        raise ValueError(f"claims must be a collection of keys, got a single {kind}")
    if not isinstance(claims, np.ndarray):
        return _of_objects(list(claims), seed)
    if claims.ndim != 1:
        raise ValueError(f"claims must have one dimension, got shape {claims.shape}")
    return _of_integers(claims, seed) if claims.dtype.kind in "iu" else _of_objects(claims.tolist(), seed)


def distinct(hashed: Words) -> Words:
    """Return the distinct hashes, ordered by their first word: a set does not count a key twice."""
    ordered = by_first_word(hashed)
    tied = ordered[1:, 0] == ordered[:-1, 0]
    return np.unique(hashed, axis=0) if tied.any() else ordered


def by_first_word(hashed: Words) -> Words:
    """Return the hashes in the order of their first words."""
    first = hashed[:, 0]
    # Looking costs a hundredth of sorting, and most of the time the hashes are in order already.
    return hashed if (first[1:] >= first[:-1]).all() else hashed[np.argsort(first)]


def remix(hashed: Words, salt: int) -> Words:
    """Return the hashes that are independent for every salt, and the hashes themselves for salt 0.

    One-to-one in each word, so that distinct keys stay distinct.
    """
    if salt == 0:
        return hashed
    salts = np.array([salt & _MASK, (salt * GOLDEN + 1) & _MASK], dtype=np.uint64)
    return mix(hashed ^ mix(salts))


def mix(words: Words) -> Words:
    """Map 64-bit words one to one so that every input bit sways every output bit (the splitmix64 finaliser)."""
    mixed = words ^ (words >> np.uint64(30))
    mixed *= np.uint64(0xBF58476D1CE4E5B9)
    mixed ^= mixed >> np.uint64(27)
    mixed *= np.uint64(0x94D049BB133111EB)
    mixed ^= mixed >> np.uint64(31)
    return mixed


def _of_integers(keys: NDArray[Any], seed: int) -> Words:
    """Two words per integer in [-2^63, 2^64); the sign enters by itself, so that -1 and 2^64 - 1 differ."""
    values = keys.astype(np.uint64, copy=False)
    seeds = mix(np.array([seed, (seed + GOLDEN) & _MASK], dtype=np.uint64))
    signs = np.where(keys < 0, np.uint64(GOLDEN), np.uint64(0)) if keys.dtype.kind == "i" else np.uint64(0)
    first = mix(values ^ seeds[0]) ^ signs
    return np.stack([mix(first), mix(mix(values + seeds[1]) ^ signs)], axis=1)


def _of_objects(keys: list[Any], seed: int) -> Words:
    kinds = {type(key) for key in keys}
    if kinds == {str}:
        return _digests([_utf8(key) for key in keys], seed + _TEXT)
    if kinds == {bytes}:
        return _digests(keys, seed + _BYTES)
    if kinds <= {int, bool}:
        array = np.array(keys, dtype=np.int64 if not keys else None)
        if array.dtype.kind in "iu":  # not so where 64 bits do not hold them all
            return _of_integers(array, seed)
    return _of_mixed(keys, seed)


def _of_mixed(keys: list[Any], seed: int) -> Words:
    """Sort the keys by kind, hash each kind as a batch, and put the hashes back in order."""
    hashed = np.empty((len(keys), 2), dtype=np.uint64)
    batches: dict[int, tuple[list[int], list[Any]]] = {}
    for place, key in enumerate(keys):
        tag, payload = _tagged(key)
        places, payloads = batches.setdefault(tag, ([], []))
        places.append(place)
        payloads.append(payload)
    for tag, (places, payloads) in batches.items():
        if tag <= 0:
            array = np.array(payloads, dtype=np.int64 if tag else np.uint64)
            hashed[places] = _of_integers(array, seed)
        else:
            hashed[places] = _digests(payloads, seed + tag)
    return hashed


def _tagged(key: Any) -> tuple[int, Any]:
    """Return the batch a key belongs to (0: integers from 0, -1: negative ones, else an addend to the seed)."""
    if isinstance(key, str):
        return _TEXT, _utf8(key)
    if isinstance(key, bytes):
        return _BYTES, bytes(key)
    whole = _whole(key)
    if whole is not None and -(2**63) <= whole < 2**64:
        return (-1 if whole < 0 else 0), whole
    return _OBJECT, _encoded(key)


def _whole(key: Any) -> int | None:
    """Return the integer that a key equals, if any."""
    if isinstance(key, numbers.Integral | np.bool_):
        return int(key)
    # Decimal is a Number but no Real; both convert, and compare with int.
    if isinstance(key, numbers.Number) and not isinstance(key, numbers.Complex):
        return _whole_real(key)
    return _whole_real(key) if isinstance(key, numbers.Real) else None


def _whole_real(key: Any) -> int | None:
    if key != key:
        raise ValueError("a key must equal itself, got NaN")
    try:
        return int(key) if int(key) == key else None
    except OverflowError:  # an infinity
        return None


def _encoded(key: Any) -> bytes:
    """Bytes that equal keys share and different keys do not, each part behind its kind and length."""
    if isinstance(key, tuple):
        parts = [_encoded(part) for part in key]
        return b"t" + b"".join(len(part).to_bytes(8, "little") + part for part in parts)
    if isinstance(key, frozenset):
        return b"f" + _encoded(tuple(sorted(_encoded(part) for part in key)))
    if isinstance(key, str):
        return b"s" + _utf8(key)
    if isinstance(key, bytes):
        return b"b" + key
    whole = _whole(key)
    if whole is not None:
        return b"i" + whole.to_bytes(whole.bit_length() // 8 + 1, "little", signed=True)
    if key is None:
        return b"n"
    return b"h" + _python_hash(key).to_bytes(8, "little", signed=True)


def _python_hash(key: Any) -> int:
    try:
        return hash(key)
    except TypeError:
        raise ValueError(f"a key must be hashable, got a {type(key).__name__}") from None


def _utf8(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _digests(payloads: list[bytes], seed: int) -> Words:
    try:
        from xxhash import xxh3_128_digest
    except ImportError as error:
        from bitsperfact.testers._compiled import INSTALL

        raise ImportError(f"keys that are not integers need xxhash: {INSTALL}") from error
    seed &= _MASK
    joined = b"".join([xxh3_128_digest(payload, seed) for payload in payloads])
    return np.frombuffer(joined, dtype="<u8").reshape(-1, 2).astype(np.uint64)
