"""Claim sets built in code: names, codes for them, and non-facts that give each name other names' codes."""

import numpy as np
import pandas as pd

from bitsperfact import tables
from bitsperfact.tables import ClaimSetInfo, ModelInfo

SYLLABLES = [
    "ba",
    "ri",
    "to",
    "len",
    "mar",
    "sin",
    "ka",
    "dor",
    "vel",
    "qui",
    "nas",
    "per",
    "gra",
    "xi",
    "hu",
    "zan",
    "wy",
    "je",
]
LETTERS = list("ABCDEFGHIJKLMNOPQRSTUVWXYZ")


def names(rng, n):
    found = set()
    while len(found) < n:
        words = ("".join(rng.choice(SYLLABLES, rng.integers(2, 4))) for _ in range(rng.integers(1, 3)))
        found.add(" ".join(words).title())
    return sorted(found)


def random_codes(rng, n, length=3):
    found = set()
    while len(found) < n:
        found.add("".join(rng.choice(LETTERS, length)))
    return list(rng.permutation(sorted(found)))


def abbreviations(rng, subjects):
    """A code of each name's own letters in order, as airports have."""
    codes = {}
    for name in subjects:
        letters = name.replace(" ", "").upper()
        code = None
        while code is None or code in codes.values():
            places = np.sort(rng.choice(np.arange(1, len(letters)), 2, replace=False))
            code = letters[0] + letters[places[0]] + letters[places[1]]
            letters += rng.choice(LETTERS)
        codes[name] = code
    return list(codes.values())


def derangement(rng, subjects, codes, k, claim_set="codes", fresh=0):
    """A claims table: each subject with its code, k other subjects' codes and `fresh` codes of nobody."""
    rows = []
    for own, subject in enumerate(subjects):
        others = rng.choice(np.delete(np.arange(len(codes)), own), k, replace=False)
        wrong = [(codes[other], "derangement") for other in others]
        wrong += [(code, "fresh") for code in random_codes(rng, 3 * fresh, len(codes[0])) if code not in codes][
            :fresh
        ]
        for code, stratum in [(codes[own], "fact"), *wrong]:
            prefix, target = f"The code of {subject} is", f" {code}"
            rows.append(
                {
                    "claim_id": tables.claim_id(claim_set, prefix, target),
                    "claim_set": claim_set,
                    "group": subject,
                    "prefix": prefix,
                    "target": target,
                    "is_fact": stratum == "fact",
                    "grade": float(stratum == "fact"),
                    "stratum": stratum,
                    "source": "drawn",
                }
            )
    return pd.DataFrame(rows)


def info(name="codes", n_facts=100, universe_size=10**6, control="none"):
    return ClaimSetInfo(name, n_facts, universe_size, "CC0-1.0", "0" * 64, 0, control)


def model(name, n_params=1_000_000, architecture="LlamaForCausalLM"):
    return ModelInfo(name, "main", "0" * 64, n_params, "float32", architecture)


def scores(claims, values, model="small", score="logprob"):
    """The scores table of one model: `values` in the order of the claims."""
    return pd.DataFrame(
        {
            "model": model,
            "revision": "main",
            "dtype": "float32",
            "claim_id": claims["claim_id"].to_numpy(),
            "score": score,
            "value": np.asarray(values, dtype=float),
            "n_tokens": 2,
            "n_bytes": 4,
            "logprob_sum": -1.0,
            "boundary_ok": True,
        }
    )
