"""The trial of a model: one that looks ahead is refused, and a path that computes something else is not taken."""

from contextlib import contextmanager
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
import transformers

from bitsperfact.errors import BadInput
from bitsperfact.scoring.engine import attention, packs, strategies, trial
from bitsperfact.scoring.engine.inference import logprob_sums
from bitsperfact.scoring.tokens import TokenizedRequest
from bitsperfact.tables import ModelInfo
from tests.networks import CONFIGS, byte_tokenizer, tiny_model

DTYPES = [torch.float32, torch.bfloat16]
V = 258
_BERT = {
    "vocab_size": V, "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4,
    "max_position_embeddings": 128,
}  # fmt: skip
_CPMANT = {"vocab_size": V, "hidden_size": 32, "num_attention_heads": 4, "dim_head": 8, "dim_ff": 64}
#: Types whose causal head looks at all tokens unless their config says otherwise.
LOOKING_AHEAD = {
    "bert": _BERT, "camembert": _BERT, "data2vec-text": _BERT, "electra": _BERT | {"embedding_size": 32},
    "ernie": _BERT, "megatron-bert": _BERT, "rembert": _BERT, "roberta": _BERT, "roformer": _BERT,
    "xlm-roberta": _BERT, "xlm": {"n_words": V, "emb_dim": 32, "n_layers": 2, "n_heads": 4},
    "cpmant": _CPMANT | {"num_hidden_layers": 2, "prompt_length": 4},
}  # fmt: skip
CAUSAL = {
    **dict.fromkeys(CONFIGS),
    "bert": _BERT | {"is_decoder": True},
    "mamba": {"vocab_size": V, "hidden_size": 32, "state_size": 8, "num_hidden_layers": 2, "use_mambapy": False},
    "rwkv": {"vocab_size": V, "hidden_size": 32, "attention_hidden_size": 32, "num_hidden_layers": 2},
    "mixtral": {
        "vocab_size": V, "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2,
        "num_attention_heads": 4, "num_key_value_heads": 2, "num_local_experts": 4,
    },
}  # fmt: skip
#: Own claims: a start token, then bytes.
OWN = [
    TokenizedRequest((0, *(40 + 7 * k % 90 for k in range(i, i + 9))), 4, 5, boundary_ok=True) for i in range(5)
]


def in_dtype(loaded, dtype):
    loaded.model.to(dtype)
    return loaded


def made(model_type, settings, dtype, seed=0):
    torch.manual_seed(seed)
    config = transformers.AutoConfig.for_model(model_type, **settings)
    model = transformers.AutoModelForCausalLM.from_config(config).eval().to(dtype)
    info = ModelInfo(f"random:{model_type}", "0", model_type, 1, "float32", model_type)
    return SimpleNamespace(model=model, tokenizer=byte_tokenizer(), info=info, device=torch.device("cpu"))


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("model_type", LOOKING_AHEAD)
def test_a_model_that_looks_ahead_is_refused_in_one_line(model_type, dtype):
    loaded = made(model_type, LOOKING_AHEAD[model_type], dtype)
    with pytest.raises(BadInput, match=rf"^model random:{model_type}: .*causal.*later tokens move") as caught:
        logprob_sums(loaded, OWN)
    assert "\n" not in str(caught.value)


@pytest.mark.filterwarnings("ignore:.*scored without shared prefixes")
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("model_type", CAUSAL)
def test_a_causal_model_is_scored_whatever_its_precision(model_type, dtype):
    settings = CAUSAL[model_type]
    loaded = in_dtype(tiny_model(model_type), dtype) if settings is None else made(model_type, settings, dtype)
    assert np.isfinite(logprob_sums(loaded, OWN)).all()
    if settings is None:
        assert strategies.strategy_for(loaded, OWN) is strategies.trie_and_tiles


def with_positions(change):
    @contextmanager
    def broken(patch):
        walk = attention.TrieWalk.on

        @contextmanager
        def on(self, pack, device):
            with walk(self, pack, device) as inputs:
                yield inputs | {"position_ids": change(inputs["position_ids"])}

        patch.setattr(attention.TrieWalk, "on", on)
        yield

    return broken


def with_mask(change):
    @contextmanager
    def broken(patch):
        blocks = packs._blocks

        def changed(trie, members, columns, queries, keys, stop):
            found = blocks(trie, members, columns, queries, keys, stop)
            query, key = np.minimum(queries, stop - 1)[:, :, None], keys[:, None, :]
            return replace(found, allowed=change(found.allowed, trie, query, key))

        patch.setattr(packs, "_blocks", changed)
        yield

    return broken


#: What is easily got wrong about a trie in one row.
FAULTS = {
    "columns as positions": with_positions(lambda depth: torch.arange(depth.shape[1])[None]),
    "one position too far behind a branch": with_positions(lambda depth: depth + (depth > 4).long()),
    "no positions": with_positions(torch.zeros_like),
    "parent unseen": with_mask(lambda may, trie, query, key: may & ~((key == trie.parent[query]) & (key >= 0))),
    "itself unseen": with_mask(lambda may, trie, query, key: may & ((key != query) | (trie.parent[query] < 0))),
    "first token unseen": with_mask(
        lambda may, trie, query, key: may & ((trie.parent[np.maximum(key, 0)] >= 0) | (trie.parent[query] < 0))
    ),
    "next node seen": with_mask(lambda may, trie, query, key: may | ((key == query + 1) & (key >= 0))),
    "whole row seen": with_mask(lambda may, trie, query, key: (key <= query) & (key >= 0)),
}


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("architecture", CONFIGS)
def test_a_path_that_computes_something_else_is_found_in_any_precision(architecture, fault, dtype, monkeypatch):
    loaded = in_dtype(tiny_model(architecture), dtype)
    with FAULTS[fault](monkeypatch), pytest.warns(UserWarning, match="without shared prefixes"):
        assert strategies.strategy_for(loaded, OWN) is strategies.padded_rows


@pytest.mark.parametrize("dtype", [*DTYPES, torch.float16], ids=str)
@pytest.mark.parametrize("architecture", ["llama", "gemma3"])
def test_measured_noise_is_that_of_the_precision_and_of_each_prefix(architecture, dtype):
    loaded = in_dtype(tiny_model(architecture), dtype)
    tokens = trial.tokens_to_try(OWN, V)
    with torch.inference_mode():
        tried = trial.trial_of(loaded, tokens, 512, strategies.padded_rows)
        exact = strategies.padded_rows(in_dtype(loaded, torch.float64), tried.requests, 4096)
    assert tried.noise.shape == (len(tried.expected), 1)
    # What rounding did to the scores, known from double precision, is a few times what layouts differ by at most.
    if dtype != torch.float32:  # in which scores are added up
        assert 0.2 < tried.off(exact) / np.sqrt(np.mean(tried.noise**2)) < 20
    assert 0.5 < np.mean(tried.noise) / (torch.finfo(dtype).eps * np.std(tried.expected)) < 10
    assert tried.agrees(tried.expected.ravel())
    one_off = tried.expected + np.where(np.arange(len(tried.expected)) == 3, 16, 0)[:, None] * tried.noise
    assert not tried.agrees(one_off.ravel())
    assert not tried.agrees(np.full(tried.expected.size, np.nan))


@pytest.mark.parametrize("rows", [[[5, 6]], [[0]], [[250, 251, 252, 250]], [list(range(100)), [1]]])
def test_what_is_tried_are_tokens_of_the_claims_and_others_of_the_vocabulary(rows):
    asked = [TokenizedRequest((*row, row[-1]), len(row), 1, boundary_ok=True) for row in rows]
    tokens = trial.tokens_to_try(asked, V)
    own = list(dict.fromkeys(token for row in rows for token in row))[: trial.N_TOKENS]
    assert tokens[: len(own)] == own
    assert len(set(tokens)) == len(tokens) == trial.N_TOKENS
    assert set(tokens) <= set(range(V))
    assert len(trial.tokens_to_try(asked, 253)) == trial.N_TOKENS


@pytest.mark.parametrize("context", [2, 5, 16])
def test_a_model_of_short_context_is_tried_within_it(context):
    config = CONFIGS["gpt2"](V)
    config.n_positions = config.max_position_embeddings = context
    model = transformers.AutoModelForCausalLM.from_config(config).eval()
    loaded = tiny_model("gpt2")
    loaded.model = model
    assert strategies.strategy_for(loaded, OWN) is strategies.trie_and_tiles
