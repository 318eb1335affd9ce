import pytest

from bitsperfact.errors import BadInput
from bitsperfact.scoring.requests import Request
from bitsperfact.scoring.tokens import Encoder
from tests.networks import byte_tokenizer

PARIS = Request("The capital of France is", " Paris")


def scored_text(tokenizer, encoded) -> str:
    return tokenizer.decode(encoded.ids[encoded.n_context :])


@pytest.mark.parametrize("adds_bos", [False, True])
@pytest.mark.parametrize("bos", ["auto", "always", "never"])
def test_bos_comes_once_or_not_at_all(adds_bos, bos):
    tokenizer = byte_tokenizer(adds_bos=adds_bos)
    (encoded,) = Encoder(tokenizer, bos).encode([PARIS])
    expected = {"auto": int(adds_bos), "always": 1, "never": 0}[bos]
    assert encoded.ids.count(tokenizer.bos_token_id) == expected
    assert scored_text(tokenizer, encoded) == " Paris"
    assert encoded.boundary_ok


@pytest.mark.parametrize("bos", ["auto", "always", "never"])
def test_bos_in_the_text_is_not_doubled(bos):
    tokenizer = byte_tokenizer(adds_bos=True)
    (encoded,) = Encoder(tokenizer, bos).encode([Request("<s>The sky is", " blue")])
    assert encoded.ids.count(tokenizer.bos_token_id) == 1


@pytest.mark.parametrize("bos", ["auto", "always", "never"])
@pytest.mark.parametrize("adds_bos", [False, True])
def test_statement_without_prefix_is_scored_whole_after_one_start_token(adds_bos, bos):
    tokenizer = byte_tokenizer(adds_bos=adds_bos)
    (encoded,) = Encoder(tokenizer, bos).encode([Request("", "Rain is wet.")])
    assert encoded.n_context == 1
    assert encoded.ids[0] == tokenizer.bos_token_id
    assert scored_text(tokenizer, encoded) == "Rain is wet."


def test_start_token_is_eos_where_there_is_no_bos():
    tokenizer = byte_tokenizer()
    tokenizer.bos_token = None
    (encoded,) = Encoder(tokenizer).encode([Request("", "Rain")])
    assert encoded.ids[0] == tokenizer.eos_token_id


def test_token_that_merges_over_the_boundary_is_scored_and_flagged():
    tokenizer = byte_tokenizer(merges=(("i", "s"),))
    merged, whole = Encoder(tokenizer).encode([Request("The city of Pari", "s"), Request("The city of", " Paris")])
    assert not merged.boundary_ok
    assert scored_text(tokenizer, merged) == "is"
    assert whole.boundary_ok


@pytest.mark.parametrize("target", [" 😀🇫🇷", " القاهرة", " ירושלים", " naïve café", " 東京"])
def test_any_script_survives_and_is_counted_in_bytes(target):
    tokenizer = byte_tokenizer()
    (encoded,) = Encoder(tokenizer).encode([Request("It is called", target)])
    assert scored_text(tokenizer, encoded) == target
    assert encoded.n_bytes == encoded.n_tokens == len(target.encode())


def test_target_that_adds_no_token_is_refused():
    with pytest.raises(BadInput, match="a target that adds a token"):
        Encoder(byte_tokenizer()).encode([Request("The end", "")])


def test_policy_that_needs_a_missing_token_is_refused():
    tokenizer = byte_tokenizer()
    tokenizer.bos_token = None
    with pytest.raises(BadInput, match="a tokenizer with a BOS token"):
        Encoder(tokenizer, "always")
    tokenizer.eos_token = None
    with pytest.raises(BadInput, match="a tokenizer with a BOS or EOS token"):
        Encoder(tokenizer).encode([Request("", "Rain")])
