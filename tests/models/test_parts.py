"""Models of images around a language model, and models whose own code says little."""

import json
import shutil

import pytest
import torch
import transformers
from safetensors.torch import load_file, save_file

from bitsperfact import models
from bitsperfact.errors import BadInput
from bitsperfact.models.architectures import plan
from bitsperfact.scoring.engine.inference import last_hidden_states, logprob_sums
from bitsperfact.scoring.requests import Request
from bitsperfact.scoring.tokens import Encoder

TEXT = {
    "vocab_size": 264, "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2,
    "num_attention_heads": 4, "num_key_value_heads": 2, "bos_token_id": 0, "eos_token_id": 1, "pad_token_id": None,
}  # fmt: skip
VISION = {
    "hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "image_size": 16,
    "patch_size": 8,
}  # fmt: skip
REQUESTS = [
    Request("The capital of Peru is", " Lima"),
    Request("The capital of Peru is", " Oslo"),
    Request("", "x"),
]


@pytest.fixture(scope="module")
def llava(tmp_path_factory):
    """A language model behind a tower of images, as its users have it: untied, saved under names of its own."""
    torch.manual_seed(0)
    config = transformers.LlavaConfig(
        text_config=transformers.LlamaConfig(**TEXT), vision_config=transformers.CLIPVisionConfig(**VISION),
        image_token_index=263,
    )  # fmt: skip
    network = transformers.LlavaForConditionalGeneration(config).eval()
    folder = tmp_path_factory.mktemp("llava")
    network.save_pretrained(folder)
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copy(models.resolve("random:tiny") / name, folder)
    return network, folder


def test_of_a_model_of_images_the_language_model_is_opened_and_counted(llava):
    network, folder = llava
    loaded = models.load(str(folder))
    inner = [*network.model.language_model.parameters(), *network.lm_head.parameters()]
    assert loaded.info.n_params == sum(weight.numel() for weight in inner)
    assert loaded.info.n_params == sum(weight.numel() for weight in loaded.model.parameters())
    assert loaded.info.architecture == type(loaded.model).__name__ == "LlamaForCausalLM"
    ids = torch.tensor([[5, 80, 7, 9]])
    with torch.no_grad():
        assert torch.equal(loaded.model(ids).logits, network(input_ids=ids).logits)


@pytest.mark.parametrize("before", ["model.language_model.", "thinker.model.", "llm.decoder."])
def test_the_text_part_is_found_under_any_prefix(llava, tmp_path, before):
    network, folder = llava
    mine = shutil.copytree(folder, tmp_path / "mine")
    weights = load_file(mine / "model.safetensors")
    inner = {f"{before}{name}": weight for name, weight in network.model.language_model.state_dict().items()}
    others = {name: weight for name, weight in weights.items() if "vision" in name}
    head = {f"{before.partition('.')[0]}.lm_head.weight": network.lm_head.weight.data.clone()}
    save_file(inner | others | head, mine / "model.safetensors", metadata={"format": "pt"})
    ids = torch.tensor([[5, 80, 7, 9]])
    with torch.no_grad():
        assert torch.equal(models.load(str(mine)).model(ids).logits, network(input_ids=ids).logits)


@pytest.mark.parametrize("lost", ["embed_tokens.weight", "layers.1.mlp.up_proj.weight", "lm_head.weight"])
def test_no_weight_of_a_text_part_is_made_up(llava, tmp_path, lost):
    mine = shutil.copytree(llava[1], tmp_path / "mine")
    weights = load_file(mine / "model.safetensors")
    kept = {name: weight for name, weight in weights.items() if not name.endswith(lost)}
    assert len(kept) == len(weights) - 1
    save_file(kept, mine / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(BadInput, match=rf"every weight of the model, got none for .*{lost}"):
        models.load(str(mine))


def test_images_are_not_needed(llava, tmp_path):
    mine = shutil.copytree(llava[1], tmp_path / "mine")
    weights = load_file(mine / "model.safetensors")
    save_file({k: v for k, v in weights.items() if "vision" not in k}, mine / "model.safetensors")
    assert models.load(str(mine)).info.n_params == models.describe(str(llava[1])).n_params


def test_of_experts_a_token_passes_the_chosen_ones_alone(llava, tmp_path):
    """Of the 8 experts of a layer, three matrices of d times f each, three are chosen."""
    config = transformers.MixtralConfig(**TEXT, num_local_experts=8, num_experts_per_tok=3)
    config.architectures = ["MixtralForCausalLM"]
    config.save_pretrained(tmp_path)
    planned = plan(tmp_path)
    unused = (8 - 3) * 3 * TEXT["hidden_size"] * TEXT["intermediate_size"] * TEXT["num_hidden_layers"]
    assert planned.count_active() == planned.count_parameters() - unused
    assert models.describe(str(llava[1])).active_params is None


def test_an_encoder_with_a_decoder_is_refused(llava, tmp_path):
    mine = shutil.copytree(llava[1], tmp_path / "mine")
    for names in (["Florence2ForConditionalGeneration"], ["T5ForConditionalGeneration"]):
        config = {"model_type": "florence2" if "Florence" in names[0] else "t5", "architectures": names}
        (mine / "config.json").write_text(json.dumps(config))
        with pytest.raises(BadInput, match=f"causal language-model head.* got {names[0]}"):
            models.describe(str(mine))


def test_a_text_part_that_attends_both_ways_is_refused(tmp_path):
    """PaliGemma's: its prompts were never read causally."""
    config = transformers.PaliGemmaConfig(vision_config=transformers.SiglipVisionConfig(**VISION).to_dict())
    config.architectures = ["PaliGemmaForConditionalGeneration"]
    config.save_pretrained(tmp_path)
    with pytest.raises(BadInput, match="a causal language model, got use_bidirectional_attention"):
        models.skeleton(tmp_path)


CODE = """
import torch
from transformers import PreTrainedConfig, PreTrainedModel
from transformers.modeling_outputs import CausalLMOutput

class Config(PreTrainedConfig):
    model_type = "mine"
    def __init__(self, vocab_size=264, hidden_size=8, **rest):
        self.vocab_size, self.hidden_size = vocab_size, hidden_size
        super().__init__(**rest)

class Net(PreTrainedModel):
    config_class = Config
    def __init__(self, config):
        super().__init__(config)
        self.rows = torch.nn.Parameter(torch.zeros(config.vocab_size, config.hidden_size))
        self.post_init()
    def get_input_embeddings(self):
        raise RuntimeError("look for yourself")
    get_output_embeddings = get_input_embeddings
    def forward(self, input_ids, attention_mask=None):
        seen = self.rows[input_ids].cumsum(1)
        return (seen @ self.rows.T,)
"""


@pytest.fixture(scope="module")
def own_code(tmp_path_factory):
    folder = tmp_path_factory.mktemp("own")
    (folder / "code_of_mine.py").write_text(CODE)
    names = {"AutoConfig": "code_of_mine.Config", "AutoModelForCausalLM": "code_of_mine.Net"}
    config = {"model_type": "mine", "auto_map": names, "architectures": ["Net"]}
    (folder / "config.json").write_text(json.dumps(config))
    rows = torch.randn(264, 8, generator=torch.manual_seed(0))
    save_file({"rows": rows}, folder / "model.safetensors", metadata={"format": "pt"})
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copy(models.resolve("random:tiny") / name, folder)
    return folder, rows.double()


@pytest.mark.filterwarnings("ignore:model .* is scored without shared prefixes")
def test_a_model_of_own_code_needs_none_of_the_usual_methods(own_code):
    folder, rows = own_code
    with pytest.raises(BadInput, match="--trust-remote-code"):
        models.load(str(folder))
    loaded = models.load(models.ModelSpec(str(folder), trust_remote_code=True))
    requests = Encoder(loaded.tokenizer).encode(REQUESTS)
    found = logprob_sums(loaded, requests)
    for request, each in zip(requests, found, strict=True):
        ids = torch.tensor(request.ids)
        logprobs = (rows[ids].cumsum(0) @ rows.T).log_softmax(-1)
        places = range(request.n_context, len(ids))
        assert each == pytest.approx(sum(float(logprobs[k - 1, ids[k]]) for k in places), abs=1e-3)


def test_whatever_own_code_raises_is_one_line(own_code, tmp_path):
    mine = shutil.copytree(own_code[0], tmp_path / "mine")
    for broken in ("raise ZeroDivisionError('never mind')", "class Odd(Exception): pass\nraise Odd('never mind')"):
        (mine / "code_of_mine.py").write_text(broken)
        with pytest.raises(BadInput, match=r"transformers can .*never mind") as caught:
            models.load(models.ModelSpec(str(mine), trust_remote_code=True))
        assert "\n" not in str(caught.value)


def test_a_token_without_a_row_is_refused_where_a_claim_has_it(tmp_path):
    """A tokenizer that knows more tokens than the network is common; only a claim that uses one is at fault."""
    mine = shutil.copytree(
        models.resolve("random:tiny"), tmp_path / "mine", ignore=shutil.ignore_patterns("bits*")
    )
    file = mine / "tokenizer.json"
    content = json.loads(file.read_text())
    added = content["added_tokens"][0] | {"id": 258, "content": "Lima", "special": False}
    content["added_tokens"].append(added)
    file.write_text(json.dumps(content))
    loaded = models.load(str(mine))
    assert len(loaded.tokenizer) == 259
    assert loaded.model.get_input_embeddings().num_embeddings == 258
    encoder = Encoder(loaded.tokenizer)
    assert logprob_sums(loaded, encoder.encode(REQUESTS[1:])).max() < 0
    loaded.model.forward = None  # nothing is computed before
    for ask in (
        lambda: logprob_sums(loaded, encoder.encode(REQUESTS)),
        lambda: last_hidden_states(loaded, [each.ids for each in encoder.encode(REQUESTS)], 0.5),
    ):
        with pytest.raises(BadInput, match=r"claim '.*Lima': expected tokens below 258.*got 'Lima', token 258"):
            ask()


def test_a_tokenizer_may_be_sentencepiece_alone(tmp_path):
    import sentencepiece

    texts = tmp_path / "texts"
    texts.write_text(
        "\n".join(f"The capital of {a} is {b}." for a in ("Peru", "Chad") for b in ("Lima", "a town"))
    )
    sentencepiece.SentencePieceTrainer.train(
        input=str(texts), model_prefix=str(tmp_path / "tokenizer"), vocab_size=60, hard_vocab_limit=False,
        minloglevel=2,
    )  # fmt: skip
    mine = tmp_path / "mine"
    shutil.copytree(models.resolve("random:tiny"), mine, ignore=shutil.ignore_patterns("bits*", "tokenizer*"))
    shutil.copy(tmp_path / "tokenizer.model", mine)
    loaded = models.load(str(mine))
    ids = loaded.tokenizer("The capital of Peru is Lima", add_special_tokens=False)["input_ids"]
    assert loaded.tokenizer.decode(ids) == "The capital of Peru is Lima"
