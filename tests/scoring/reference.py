"""The plain way to score claims: one at a time, every logit, double precision at the end."""

import torch


def logprob_one_by_one(loaded, context: str, continuation: str) -> tuple[float, int]:
    """Sum of log-probabilities (nats) of the continuation's tokens, and how many there are."""
    tokenizer = loaded.tokenizer
    before = tokenizer(context, add_special_tokens=False)["input_ids"] if context else []
    ids = tokenizer(context + continuation, add_special_tokens=False)["input_ids"]
    n_shared = 0
    while n_shared < min(len(before), len(ids)) and before[n_shared] == ids[n_shared]:
        n_shared += 1
    if tokenizer("a")["input_ids"][0] == tokenizer.bos_token_id or n_shared == 0:
        start = tokenizer.bos_token_id if tokenizer.bos_token_id is not None else tokenizer.eos_token_id
        ids, n_shared = [start, *ids], n_shared + 1
    with torch.no_grad():
        logits = loaded.model(torch.tensor([ids], device=loaded.device)).logits[0].double()
    logprobs = torch.log_softmax(logits, dim=-1)
    total = sum(float(logprobs[i - 1, ids[i]]) for i in range(n_shared, len(ids)))
    return total, len(ids) - n_shared
