"""Names of models that people know, and whether they are one recipe at several sizes."""

import pytest
from tests.analysis.sets import model

from bitsperfact.analysis.families import family

M, B = 10**6, 10**9


@pytest.mark.parametrize(
    "members",
    [
        [
            ("EleutherAI/pythia-70m", 70 * M),
            ("EleutherAI/pythia-160m", 162 * M),
            ("EleutherAI/pythia-1.4b", 1415 * M),
        ],
        [("HuggingFaceTB/SmolLM2-135M-Instruct", 135 * M), ("HuggingFaceTB/SmolLM2-1.7B-Instruct", 1711 * M)],
        [("openai-community/gpt2", 124 * M), ("openai-community/gpt2-medium", 355 * M)],
        [("bigscience/bloom-560m", 559 * M), ("bigscience/bloom-1b1", 1065 * M)],
        [("pypi:qwen2.5-coder-0.5b", 630 * M), ("pypi:qwen2.5-coder-1.5b", 1777 * M)],
        [("mistralai/Mixtral-8x7B-v0.1", 47 * B), ("mistralai/Mixtral-8x22B-v0.1", 141 * B)],
        [("models/net_70m_int4.gguf", 70 * M), ("models/net_160m_int4.gguf", 160 * M)],
    ],
)
def test_sizes_of_one_recipe_are_one_family(members):
    assert len({family(model(*member)) for member in members}) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("EleutherAI/pythia-70m", 70 * M), ("EleutherAI/pythia-160m-deduped", 160 * M)),
        (("HuggingFaceTB/SmolLM2-135M", 135 * M), ("HuggingFaceTB/SmolLM2-360M-Instruct", 360 * M)),
        (("HuggingFaceTB/SmolLM-135M", 135 * M), ("HuggingFaceTB/SmolLM2-360M", 360 * M)),
        (("a/net-70m", 70 * M), ("b/net-160m", 160 * M)),
        (("Qwen/Qwen2-0.5B", 494 * M), ("Qwen/Qwen2.5-1.5B", 1544 * M)),
        (("microsoft/phi-1", 1418 * M), ("microsoft/phi-2", 2780 * M)),
        (("m0", M), ("m1", 2 * M)),
        (("a/net-70m-4bit", 70 * M), ("a/net-160m-8bit", 160 * M)),
        (("a/net-1B", 70 * M), ("a/net-2B", 160 * M)),
        (("a/net-7b-on-8b-tokens", 7 * B), ("a/net-13b-on-8b-tokens", 13 * B)),
        (("a/net-70m@one", 70 * M), ("a/net-160m@two", 160 * M)),
    ],
)
def test_what_may_differ_in_more_than_size_is_not(one, other):
    assert family(model(*one)) != family(model(*other))


def test_another_architecture_is_another_family():
    assert family(model("a/net-70m", 70 * M, "Llama")) != family(model("a/net-160m", 160 * M, "Gemma"))
