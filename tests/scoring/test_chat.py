"""A model is asked in its own chat format: what is sent is what its template writes, to the token."""

import copy
import json
import warnings
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from bitsperfact import cli, models, scoring
from bitsperfact.errors import BadInput
from bitsperfact.scoring.chat import ChatFormat, chat_format
from bitsperfact.scoring.inspection import encoded_requests, examples
from bitsperfact.scoring.requests import Request
from bitsperfact.scoring.scores.p_true import PROMPT
from bitsperfact.tables import ModelInfo
from tests.networks import byte_tokenizer, tiny_model
from tests.scoring.made import plan_of, score_table
from tests.scoring.test_scores import claim_frame

#: As most models have it.
CHATML = (
    "{% for m in messages %}<|{{ m.role }}|>\n{{ m.content }}</s>\n{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>\n{% endif %}"
)
SPACED = (
    "{% for m in messages %}{% if m.role == 'user' %}[INST] {{ m.content }} [/INST]"
    "{% else %} {{ m.content }}</s>{% endif %}{% endfor %}"
)
PARTS = CHATML.replace("{{ m.content }}", "{% for p in m.content %}{{ p.text }}{% endfor %}")
THOUGHT = "<|assistant|>\n<think>{% if enable_thinking is false %}</think>{% endif %}"
SYSTEM = "{% if messages[0].role == 'system' %}{{ raise_exception('no system') }}{% endif %}"
ASKED = "<|user|>\nQ</s>\n<|assistant|>\n"
#: Template, and what stands before and in the place of the answer "yes" to "Q".
TEMPLATES = {
    "opens the turn": (CHATML, ASKED, "yes"),
    "spells the start token": ("{{ bos_token }}" + CHATML, "<s>" + ASKED, "yes"),
    "puts a space before answers": (SPACED, "[INST] Q [/INST]", " yes"),
    "leaves the space to the answer": (
        CHATML.replace("</s>\n", "").replace("|>\n{{", "|> {{").replace("<|assistant|>\n", "<|assistant|>"),
        "<|user|> Q<|assistant|>",
        " yes",
    ),
    "never opens the turn": (
        "{% for m in messages %}{{ m.role | upper }}: {{ m.content }}\n{% endfor %}",
        "USER: Q\nASSISTANT:",
        " yes",
    ),
    "always opens the turn": (
        CHATML.replace("if add_generation_prompt", "if messages[-1].role == 'user'"),
        ASKED,
        "yes",
    ),
    "takes contents in parts": (PARTS, ASKED, "yes"),
    "thinks unless told not to": (CHATML.replace("<|assistant|>\n", THOUGHT), ASKED + "<think></think>", "yes"),
    "writes the day": ("{{ strftime_now('%d %b %Y') }} " + CHATML, "26 Jul 2024 " + ASKED, "yes"),
    "takes no system message": (SYSTEM + CHATML, ASKED, "yes"),
}
#: Templates that a question alone cannot be put into, and what is said of them.
UNFIT = {
    "{{ raise_exception('needs tools') }}": "needs tools",
    "{{ persona.name }}" + CHATML: "persona",
    "{% for": "TemplateSyntaxError",
    "Hello!": "writes a question and its answer",
    CHATML.replace("{{ m.content }}", "{{ m.content | upper }}"): "writes a question and its answer",
}


def _tokenizer(template, **settings):
    tokenizer = byte_tokenizer(**settings)
    tokenizer.chat_template = template
    return tokenizer


def _loaded(loaded, template):
    tokenizer = copy.deepcopy(loaded.tokenizer)
    tokenizer.chat_template = template
    return SimpleNamespace(**vars(loaded) | {"tokenizer": tokenizer})


@pytest.fixture(scope="module")
def loaded():
    return tiny_model(tokenizer=byte_tokenizer(adds_bos=True))


@pytest.mark.parametrize("name", TEMPLATES)
def test_the_answer_is_read_where_the_assistants_turn_begins(name):
    template, context, continuation = TEMPLATES[name]
    (put,) = ChatFormat(_tokenizer(template)).apply([Request("Q", " yes")])
    assert put == Request(context, continuation)


@pytest.mark.parametrize("name", TEMPLATES)
def test_what_a_template_writes_is_all_that_is_sent(loaded, name, tmp_path):
    """The ids are those of transformers' own conversation, cut after the answer: no start token is added."""
    chatting = _loaded(loaded, TEMPLATES[name][0])
    plan = plan_of(loaded.info, claim_frame(2), ("logprob",), tmp_path, chat="always")
    ((need,),) = (score.needs for score in plan.scores)
    texts, ids = need.reader.encode(chatting.tokenizer, plan.requests_of(need, 0), plan.settings)
    whole = "".join(texts[0])
    assert list(ids[0].ids) == chatting.tokenizer(whole, add_special_tokens=False)["input_ids"]
    assert ids[0].ids.count(chatting.tokenizer.bos_token_id) == whole.count("<s>")
    always = need.reader.encode(
        chatting.tokenizer, plan.requests_of(need, 0), scoring.Settings("always", "always")
    )
    assert always[1][0].ids.count(chatting.tokenizer.bos_token_id) == 1


def test_p_true_is_what_the_model_says_in_its_template(loaded):
    chatting, claims = _loaded(loaded, CHATML), claim_frame(3)
    found = score_table(chatting, claims, ("p_true",))["value"]
    for prefix, target, value in zip(claims["prefix"], claims["target"], found, strict=True):
        question = PROMPT.replace("{text}", prefix + target).removesuffix("Answer:") + "Answer with True or False."
        sums = []
        for answer in ("True", "False"):
            messages = [{"role": "user", "content": question}]
            ids = chatting.tokenizer.apply_chat_template(messages, add_generation_prompt=True)["input_ids"]
            scored = chatting.tokenizer(answer, add_special_tokens=False)["input_ids"]
            with torch.no_grad():
                logits = loaded.model(torch.tensor([[*ids, *scored]])).logits[0].double().log_softmax(-1)
            sums.append(sum(float(logits[len(ids) + at - 1, token]) for at, token in enumerate(scored)))
        assert value == pytest.approx(sums[0] - sums[1], abs=1e-4)


@pytest.mark.parametrize(("chat", "template"), [("never", CHATML), ("auto", None)])
def test_without_a_template_the_prompt_stays_as_it_was(loaded, chat, template):
    plain = score_table(loaded, claim_frame(2), ("p_true",), chat="never")["value"]
    found = score_table(_loaded(loaded, template), claim_frame(2), ("p_true",), chat=chat)["value"]
    assert np.array_equal(found, plain)
    chatting = score_table(_loaded(loaded, CHATML), claim_frame(2), ("p_true",))["value"]
    assert not np.allclose(chatting, plain, atol=1e-3)


def test_completions_stay_plain_unless_asked(loaded):
    names = [name for name in scoring.names() if name not in ("log_odds", "p_true")]
    plain = score_table(loaded, claim_frame(), names, chat="never")
    auto = score_table(_loaded(loaded, CHATML), claim_frame(), names)
    assert auto.equals(plain)
    always = score_table(_loaded(loaded, CHATML), claim_frame(2), ("logprob",), chat="always")["value"]
    assert not np.allclose(always, score_table(loaded, claim_frame(2), ("logprob",))["value"], atol=1e-3)


@pytest.mark.parametrize(("score", "as_never"), [("logprob", "auto"), ("pmi", "auto"), ("probe", "always")])
def test_numbers_of_one_format_are_never_taken_for_anothers(tmp_path, score, as_never):
    info = ModelInfo("m", "0", "f" * 64, 1, "float32", "LlamaForCausalLM")
    names = {}
    for chat in ("auto", "always", "never"):
        for each in (score, "p_true"):
            tasks = plan_of(info, claim_frame(5), (each,), tmp_path / chat / each, chat=chat).tasks
            names[each, chat] = [(task.key, task.cached_for) for task in tasks]
    assert names[score, as_never] == names[score, "never"] == names[score, "auto"]
    assert (names[score, "always"] == names[score, "never"]) == (as_never == "always")
    assert names["p_true", "auto"] == names["p_true", "always"] != names["p_true", "never"]


@pytest.mark.parametrize("template", UNFIT)
def test_a_template_that_cannot_be_used_is_told_in_one_line(loaded, template):
    with pytest.raises(BadInput, match=UNFIT[template]) as caught:
        chat_format(_tokenizer(template), "always")
    assert "\n" not in str(caught.value)
    unfit = _loaded(loaded, template)
    with pytest.warns(UserWarning, match=f"prompts stay plain text: .*{UNFIT[template]}"):
        found = score_table(unfit, claim_frame(2), ("p_true",))
    assert found.equals(score_table(loaded, claim_frame(2), ("p_true",), chat="never"))
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # told once
        assert chat_format(unfit.tokenizer, "auto") is None


def test_always_needs_a_template():
    with pytest.raises(BadInput, match="chat always: expected a tokenizer with a chat template, got none"):
        chat_format(byte_tokenizer(), "always")
    with pytest.raises(BadInput, match="chat: expected one of auto, always, never, got 'often'"):
        chat_format(byte_tokenizer(), "often")


def test_a_question_that_its_template_refuses_is_named():
    template = "{% if 'tea' in messages[0].content %}{{ raise_exception('no tea') }}{% endif %}" + CHATML
    with pytest.raises(BadInput, match=r"claim 'More tea': .*no tea"):
        ChatFormat(_tokenizer(template)).apply([Request("More tea", " yes")])


def test_classifiers_have_no_turn_to_answer_in():
    judge = ModelInfo("j", "0", "e" * 64, 1, "float32", "BertForSequenceClassification")
    scoring.check_fit(judge, [scoring.score("log_odds")])
    with pytest.raises(BadInput, match="--chat, model j: expected auto or never for a sequence classifier"):
        scoring.check_fit(judge, [scoring.score("log_odds")], chat="always")


@pytest.fixture
def folder(apart, tmp_path):
    """A model with a chat template, in a folder of the user's own."""
    opened = models.load("random:tiny-bos")
    opened.tokenizer.chat_template = CHATML
    opened.model.save_pretrained(tmp_path / "chatty")
    opened.tokenizer.save_pretrained(tmp_path / "chatty")
    return tmp_path / "chatty"


def test_an_example_of_what_was_sent_is_kept(loaded, tmp_path):
    plan = plan_of(loaded.info, claim_frame(2), ("p_true", "logprob"), tmp_path)
    plain = {each["score"]: each for each in examples(plan, loaded.tokenizer)}
    tokenizer = _loaded(loaded, CHATML).tokenizer
    chat = {each["score"]: each for each in examples(plan, tokenizer)}
    about = {"model": loaded.info.name, "claim_set": "codes", "score": "p_true", "need": "judgement"}
    question = PROMPT.replace("{text}", "The code of A is a")
    sent = {"in_chat": False, "start": "<s>", "context": question, "continuation": " True"}
    assert plain["p_true"].items() >= (about | sent).items()
    question = question.removesuffix("Answer:") + "Answer with True or False."
    context = f"<|user|>\n{question}</s>\n<|assistant|>\n"
    sent = {"in_chat": True, "start": "", "context": context, "continuation": "True"}
    assert chat["p_true"].items() >= (about | sent).items()
    assert tokenizer.decode(chat["p_true"]["ids"]) == context + "True"
    assert tokenizer.decode(chat["p_true"]["ids"][chat["p_true"]["scored_from"] :]) == "True"
    assert chat["logprob"] == plain["logprob"]


def test_lengths_are_those_in_the_template(loaded, tmp_path):
    chatting = _loaded(loaded, CHATML).tokenizer
    plain, chat = (
        plan_of(loaded.info, claim_frame(2), ("p_true",), tmp_path / c, chat=c) for c in ("never", "auto")
    )
    most = models.ModelInputs(chatting, max(len(each.tokenized.ids) for each in _encoded(plain, chatting)))
    assert not plain.surveyed(most).survey.too_long.any()
    with pytest.raises(BadInput, match=f"claims of at most {most.max_tokens} tokens, got none"):
        chat.surveyed(most)
    more = models.ModelInputs(chatting, max(len(each.tokenized.ids) for each in _encoded(chat, chatting)))
    assert not chat.surveyed(more).survey.needs  # read as they are: no boundary moves in a template


def _encoded(plan, tokenizer):
    return [each for claim in range(4) for each in encoded_requests(plan, plan.scores[0], tokenizer, claim)]


def test_show_prints_what_is_sent_and_answered(folder, capitals_file, capsys):
    command = ["score", "--show", "--model", str(folder), "--claims", str(capitals_file), "--score", "p_true"]
    cli.app([*command, "--limit", "2"], standalone_mode=False)
    printed = capsys.readouterr().out
    assert [line for line in printed.splitlines() if line.startswith("p_true")] == [
        'p_true, claim "The capital of France is Paris"',
        'p_true, claim "The capital of France is Lima"',
    ]
    question = PROMPT.replace("{text}", "The capital of France is Paris").removesuffix("Answer:")
    context = f"<|user|>\n{question}Answer with True or False.</s>\n<|assistant|>\n"
    assert f"    context  {json.dumps(context)}\n" + '    scored   "True"\n' in printed
    sums = [float(line.split()[2]) for line in printed.splitlines() if line.strip().startswith("log P")]
    loaded = models.load(str(folder))
    ids = loaded.tokenizer(context + "True", add_special_tokens=False)["input_ids"]
    n = len(loaded.tokenizer("True", add_special_tokens=False)["input_ids"])
    logprobs = loaded.model(torch.tensor([ids])).logits[0].double().log_softmax(-1)
    scored = range(len(ids) - n, len(ids))
    assert sums[0] == pytest.approx(sum(float(logprobs[at - 1, ids[at]]) for at in scored), abs=1e-3)
    shares = [float(line.split()[1]) for line in printed.splitlines() if line.strip().startswith("together")]
    assert shares[0] == pytest.approx(100 * (np.exp(sums[0]) + np.exp(sums[1])), rel=0.01)
    with pytest.raises(BadInput, match="--show"):
        cli.app([command[0], *command[2:]], standalone_mode=False)
