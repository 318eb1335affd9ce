"""Ways to make non-facts, one per module; each is `answers(subject, facts, k, rng) -> list of at most k strings`.

What one way makes another never makes: `derangement` answers are true of another subject, `near` and `fresh`
ones of nothing in the set, and `fresh` ones are no single edit of the truth.
"""
