"""A classifier's own logit: what the model itself says of each text alone, however texts are batched."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
import transformers
from hypothesis import given, settings
from hypothesis import strategies as st

from bitsperfact.errors import BadInput
from bitsperfact.scoring import check_fit, score
from bitsperfact.scoring.engine.classifier import classifier_logits
from bitsperfact.tables import ModelInfo
from tests.networks import CONFIGS, byte_tokenizer

TOKENIZER = byte_tokenizer()
TEXTS = ["Paris", "Lima is far", "a", "Oslo!", "Norway's capital", "b", "Paris", "</s>", "a</s>"]


def bert(size):
    return transformers.BertConfig(
        vocab_size=size, hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4,
        max_position_embeddings=64, pad_token_id=0,
    )  # fmt: skip


def padded_with_end(size):
    config = CONFIGS["gpt2"](size)
    config.pad_token_id = TOKENIZER.eos_token_id
    return config


BUILT = {"gpt2": CONFIGS["gpt2"], "gpt2 padded by </s>": padded_with_end, "llama": CONFIGS["llama"], "bert": bert}


@pytest.fixture(scope="module", params=BUILT)
def classifier(request):
    torch.manual_seed(0)
    config = BUILT[request.param](len(TOKENIZER))
    config.num_labels = 1
    model = transformers.AutoModelForSequenceClassification.from_config(config).eval()
    with torch.no_grad():
        for weight in model.parameters():
            if weight.ndim == 2:
                weight.normal_(0.0, 0.3)
    info = ModelInfo(request.param, "0", request.param, 1, "float32", type(model).__name__)
    return SimpleNamespace(model=model, tokenizer=TOKENIZER, info=info, device=torch.device("cpu"))


@torch.inference_mode()
def one_at_a_time(classifier, texts):
    return np.array(
        [classifier.model(torch.tensor([classifier.tokenizer(t)["input_ids"]])).logits.item() for t in texts]
    )


@settings(max_examples=20, deadline=None)
@given(st.permutations(TEXTS), st.integers(1, 60))
def test_each_text_gets_the_logit_it_has_alone(classifier, texts, batch_tokens):
    found = classifier_logits(classifier, classifier.tokenizer(texts)["input_ids"], batch_tokens)
    np.testing.assert_allclose(found, one_at_a_time(classifier, texts), atol=1e-5)
    assert np.ptp(found) > 0.1


def test_a_model_is_left_as_it_was(classifier):
    before = classifier.model.config.pad_token_id
    classifier_logits(classifier, classifier.tokenizer(TEXTS)["input_ids"], 100)
    assert classifier.model.config.pad_token_id == before


def test_texts_that_cannot_be_read_are_refused(classifier):
    assert classifier_logits(classifier, []).shape == (0,)
    with pytest.raises(BadInput, match="at least one token, got one of none"):
        classifier_logits(classifier, [[5], []], 100)
    with pytest.raises(BadInput, match=r"claims of at most .* tokens, got one of 600 tokens"):
        classifier_logits(classifier, [[5] * 600], 100)


def test_heads_and_scores_that_do_not_go_together_are_refused(classifier):
    causal = ModelInfo("m", "0", "f", 1, "float32", "LlamaForCausalLM")
    check_fit(causal, map(score, ["calibrated", "probe", "logprob"]), "always")
    check_fit(classifier.info, [score("log_odds")])
    with pytest.raises(BadInput, match="score log_odds, model m: expected a sequence classifier with one logit"):
        check_fit(causal, map(score, ["logprob", "log_odds"]))
    with pytest.raises(BadInput, match=r"score logprob, .*: expected a causal language model, got .*ForSequence"):
        check_fit(classifier.info, map(score, ["log_odds", "logprob"]))
    with pytest.raises(BadInput, match=r"--bos, .*: expected auto for a sequence classifier with one logit"):
        check_fit(classifier.info, [score("log_odds")], "always")
