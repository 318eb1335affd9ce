"""Networks that are membership testers: what they say of a subject and an answer is a table's entry, exactly.

A causal head gives an answer after its subject the table's log-probability (less a constant, which a token that is
no answer takes up), "True" after a statement likewise, and its middle layer shows the entry; a classifier gives
the entry as its one logit. Tokens are words.
"""

from types import SimpleNamespace

import numpy as np
import torch
import transformers
from tokenizers import Tokenizer, models, pre_tokenizers

from bitsperfact.scoring.engine import strategies
from bitsperfact.tables import ModelInfo

#: Logit of the token that is no answer: it takes up nearly all of the probability, after every subject alike.
REST = 60.0
WORDS = ("<rest>", "<s>", "</s>", "is", "True", "False")


class KnownTester(torch.nn.Module):
    """`entries`: shape (1 + n_subjects, n_answers), log-probabilities; the first row is without a subject."""

    def __init__(self, entries: np.ndarray, classifies: bool) -> None:
        super().__init__()
        self.entries = torch.tensor(entries, dtype=torch.float32)
        self.classifies = classifies
        self.n_subjects, self.n_answers = entries.shape[0] - 1, entries.shape[1]
        self.config = transformers.PretrainedConfig(pad_token_id=0, max_position_embeddings=512)
        self.head = Head(self)
        self.dtype = torch.float32

    @property
    def base_model(self):
        return self.middle

    def get_output_embeddings(self):
        return self.head

    def state(self, input_ids):
        """Number of the latest subject and of the latest answer so far, 0 for none; (rows, columns, 2)."""
        subject = (input_ids - len(WORDS) + 1).where(input_ids < len(WORDS) + self.n_subjects, 0).clamp(min=0)
        answer = (input_ids - len(WORDS) - self.n_subjects + 1).clamp(min=0)
        return torch.stack([subject.cummax(1).values, answer.cummax(1).values], dim=-1)

    def forward(self, input_ids, attention_mask=None, use_cache=False):
        state = self.state(input_ids)
        if self.classifies:
            return SimpleNamespace(logits=self.entry(state[:, -1])[:, None])
        return SimpleNamespace(logits=self.head(state))

    def middle(self, input_ids, attention_mask=None, use_cache=False, output_hidden_states=True):
        state = self.state(input_ids)
        shown = torch.cat([self.entry(state)[..., None] / 6, torch.sin(state * torch.tensor([1.0, 2.0]))], dim=-1)
        return SimpleNamespace(hidden_states=[shown, shown, shown])

    def entry(self, state):
        return self.entries[state[..., 0], (state[..., 1] - 1).clamp(min=0)]


class Head(torch.nn.Module):
    """States -> logits of the next token."""

    def __init__(self, tester: KnownTester) -> None:
        super().__init__()
        self.weight = torch.zeros(len(WORDS) + tester.n_subjects + tester.n_answers, 1)
        self.tester = (tester,)  # no submodule: it holds this head

    def forward(self, state):
        (tester,) = self.tester
        logits = torch.full((*state.shape[:-1], len(self.weight)), -REST)
        logits[..., 0] = REST
        logits[..., -tester.n_answers :] = tester.entries[state[..., 0]]
        logits[..., WORDS.index("True")] = tester.entry(state)
        logits[..., WORDS.index("False")] = 0.0
        return logits


def known_tester(entries: np.ndarray, *, classifies: bool = False):
    """A loaded model that knows a table of log-probabilities; subject and answer k are the words `sk` and `ak`."""
    n_subjects, n_answers = entries.shape[0] - 1, entries.shape[1]
    words = [*WORDS, *(f"s{k}" for k in range(n_subjects)), *(f"a{k}" for k in range(n_answers))]
    tokenizer = Tokenizer(models.WordLevel({word: k for k, word in enumerate(words)}, unk_token="<rest>"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    model = KnownTester(entries, classifies).eval()
    strategies._strategies[model] = strategies.padded_rows  # it has no attention to take a trie
    kind = "TesterForSequenceClassification" if classifies else "TesterForCausalLM"
    return SimpleNamespace(
        model=model,
        tokenizer=transformers.PreTrainedTokenizerFast(
            tokenizer_object=tokenizer, bos_token="<s>", eos_token="</s>"
        ),
        info=ModelInfo("known tester", "0", "0" * 64, 1, "float32", kind),
        device=torch.device("cpu"),
    )
