"""The engine: what a loaded model says of many requests at once, exactly, every distinct prefix computed once.

The requests of a call form a token trie. Its nodes go through the model in packs, in depth-first order, each
attending to its ancestors; the vocabulary head runs only at nodes that a scored token follows, and
log-probabilities are normalised in float32 whatever the model's own precision. A model that does not take a trie
(see `strategies`) is scored in plain padded rows.
"""
