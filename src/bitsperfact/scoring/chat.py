"""Requests in a model's own chat format: the context as a user's message, the continuation as the answer to it.

What the template writes is all that is sent; in reasoning models it is asked to leave the thinking out. Where it
writes today's date it gets a fixed one, as numbers must not depend on the day.
"""

import warnings
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any
from weakref import WeakKeyDictionary

from bitsperfact.errors import BadInput
from bitsperfact.scoring.requests import Request

CHAT_POLICIES = ("auto", "always", "never")
#: The day that templates are told, whichever it is: what several of them fall back on.
DAY = date(2024, 7, 26)
#: Takes the place of what tells the day: the directives of `strftime`, replaced one by one.
_ON_THAT_DAY = (
    "{% macro strftime_now(format) %}{{ format"
    + "".join(f" | replace('%{letter}', '{DAY.strftime('%' + letter)}')" for letter in "aAbBdmyYjHIMSp")
    + " }}{% endmacro %}\n"
)
_QUESTION, _ANSWER = "Is water wet?", "It is."

_formats: "WeakKeyDictionary[Any, ChatFormat | BadInput]" = WeakKeyDictionary()


def check_chat(chat: str) -> None:
    """Raise BadInput where `chat` names no policy."""
    if chat not in CHAT_POLICIES:
        raise BadInput("chat", f"one of {', '.join(CHAT_POLICIES)}", repr(chat))


def chat_format(tokenizer: Any, chat: str) -> "ChatFormat | None":
    """Return the chat format of a tokenizer, tried out once; None where what is asked stays plain text.

    `never` leaves it plain, and so does `auto` where there is no template or, with a warning, where it cannot be
    used. There `always` raises BadInput.
    """
    check_chat(chat)
    if chat == "never" or (chat == "auto" and not tokenizer.chat_template):
        return None
    first = tokenizer not in _formats
    if first:
        _formats[tokenizer] = _tried(tokenizer)
    found = _formats[tokenizer]
    if isinstance(found, ChatFormat):
        return found
    if chat == "always":
        raise found
    if first:
        warnings.warn(f"prompts stay plain text: {found}", stacklevel=2)
    return None


class ChatFormat:
    """The chat template of one tokenizer; raises BadInput where a question and its answer do not come through it.

    `in_parts`: a message's content is a list, as in templates of models that see. `opens`: the template can begin
    the assistant's turn; otherwise that is read off a whole conversation.
    """

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer
        template = tokenizer.get_chat_template()
        self._template = _ON_THAT_DAY + template if "strftime_now" in template else template
        self._in_parts = False
        self._in_parts = not self._takes_text()
        closed, opened = self._text(_QUESTION), self._text(_QUESTION, opens=True)
        whole = self._text(_QUESTION, _ANSWER)
        if closed.count(_QUESTION) != 1 or whole.rfind(_ANSWER) < whole.find(_QUESTION):
            raise BadInput("chat template", "one that writes a question and its answer", repr(whole))
        self._opens = opened != closed
        between = whole[len(opened) : whole.rindex(_ANSWER)] if whole.startswith(opened) else ""
        self._between = between if self._opens and not between.strip() else ""

    def apply(self, requests: Sequence[Request]) -> list[Request]:
        """Return the requests as the template writes them: where its turn opens with a space, that is scored too.

        White space at the start of a continuation goes: it belonged to the plain text. Raises BadInput where the
        template refuses a context.
        """
        heads = self._heads({request.context for request in requests})
        return [_join(heads[request.context], request.continuation.lstrip()) for request in requests]

    def _takes_text(self) -> bool:
        try:
            return _QUESTION in self._text(_QUESTION)
        except Exception:  # of the template's own making; told if parts fail as well
            return False

    def _heads(self, contexts: Iterable[str]) -> dict[str, str]:
        return {context: self._head(context) for context in contexts}

    def _head(self, context: str) -> str:
        """All that stands before an answer."""
        try:
            if self._opens:
                return self._text(context, opens=True) + self._between
            whole = self._text(context, _ANSWER)
        except Exception as error:  # of the template's own making
            raise BadInput(f"chat template, claim {context!r}", "a text for it", _reason(error)) from None
        return whole[: whole.rindex(_ANSWER)]

    def _text(self, question: str, answer: str | None = None, *, opens: bool = False) -> str:
        messages = [self._message("user", question)]
        if answer is not None:
            messages.append(self._message("assistant", answer))
        text: str = self._tokenizer.apply_chat_template(
            messages,
            chat_template=self._template,
            tokenize=False,
            add_generation_prompt=opens,
            enable_thinking=False,
        )
        return text

    def _message(self, role: str, text: str) -> dict[str, Any]:
        return {"role": role, "content": [{"type": "text", "text": text}] if self._in_parts else text}


def _tried(tokenizer: Any) -> ChatFormat | BadInput:
    if not tokenizer.chat_template:
        return BadInput("chat always", "a tokenizer with a chat template", f"none for {tokenizer.name_or_path}")
    try:
        return ChatFormat(tokenizer)
    except BadInput as error:
        return error
    except Exception as error:  # of the template's own making
        got = _reason(error)
        return BadInput(f"chat template of {tokenizer.name_or_path}", "one that a question alone is put into", got)


def _join(head: str, answer: str) -> Request:
    context = head.rstrip(" ")
    return Request(context, head[len(context) :] + answer)


def _reason(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"
