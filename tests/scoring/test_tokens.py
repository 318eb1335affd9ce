import pytest
from tokenizers import processors

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


#: A tokenizer's own template, and the tokens of it that stand before a text.
TEMPLATES = {
    "[gMASK] <sop> $A": ["[gMASK]", "<sop>"],
    "[CLS] $A [SEP]": ["[CLS]"],
    "</s> $A": ["</s>"],
    "$A </s>": [],
    "<s> $A </s>": ["<s>"],
}


def tokenizer_of(template, **names):
    """A byte tokenizer with a template, and no BOS or EOS but those of `names`."""
    special = [token for token in template.split() if token != "$A"]
    tokenizer = byte_tokenizer()
    tokenizer.add_special_tokens({"extra_special_tokens": special})
    tokenizer._tokenizer.post_processor = processors.TemplateProcessing(
        single=template, special_tokens=[(token, tokenizer.convert_tokens_to_ids(token)) for token in special]
    )
    tokenizer.bos_token, tokenizer.eos_token = names.get("bos"), names.get("eos")
    return tokenizer


@pytest.mark.parametrize("template", TEMPLATES)
def test_what_precedes_a_claim_is_what_the_tokenizer_puts_there_and_nothing_that_it_appends_is_scored(template):
    tokenizer = tokenizer_of(template, eos="</s>")
    (encoded,) = Encoder(tokenizer).encode([PARIS])
    plain = tokenizer("The capital of France is Paris", add_special_tokens=False)["input_ids"]
    assert list(encoded.ids) == tokenizer.convert_tokens_to_ids(TEMPLATES[template]) + plain
    assert scored_text(tokenizer, encoded) == " Paris"
    (bare,) = Encoder(tokenizer).encode([Request("", "Rain")])
    assert tokenizer.convert_ids_to_tokens(bare.ids[: bare.n_context]) == (TEMPLATES[template] or ["</s>"])


def test_policies_keep_their_words_where_the_start_is_no_bos():
    tokenizer = tokenizer_of("[gMASK] <sop> $A")
    before = {bos: Encoder(tokenizer, bos).precedes for bos in ("auto", "always", "never")}
    assert before["auto"] == before["always"] == tuple(tokenizer.convert_tokens_to_ids(["[gMASK]", "<sop>"]))
    assert before["never"] == ()


@pytest.mark.parametrize("bos", ["auto", "always", "never"])
@pytest.mark.parametrize("spelled", ["[gMASK]<sop>", "<sop>"])
def test_what_a_text_spells_out_comes_once_and_is_not_scored(spelled, bos):
    tokenizer = tokenizer_of("[gMASK] <sop> $A")
    for request in (Request(f"{spelled}It is", " so"), Request("", f"{spelled}It is so")):
        (encoded,) = Encoder(tokenizer, bos).encode([request])
        tokens = tokenizer.convert_ids_to_tokens(encoded.ids)
        assert tokens.count("<sop>") == 1
        assert tokens.count("[gMASK]") == int(bos != "never" or "gMASK" in spelled)
        assert scored_text(tokenizer, encoded) in {" so", "It is so"}


def test_unconditional_tokens_are_those_of_the_claim():
    tokenizer = byte_tokenizer(adds_bos=True, merges=(("i", "s"),))
    request = Request("The city of Par", "is")  # alone it is "is" too, after "Pari" it is "s"
    (claim,), (free,) = (getattr(Encoder(tokenizer), name)([request]) for name in ("encode", "unconditional"))
    assert free.ids == (tokenizer.bos_token_id, *claim.ids[claim.n_context :])
    assert free.n_context == 1
    merged = Request("The city of Pari", "s")
    (free,) = Encoder(tokenizer).unconditional([merged])
    assert scored_text(tokenizer, free) == "is"
    tokenizer = tokenizer_of("$A")
    with pytest.raises(BadInput, match="a tokenizer with a BOS or EOS token"):
        Encoder(tokenizer).unconditional([PARIS])
