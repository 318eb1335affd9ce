"""Symbols as one-hot vectors, so that looking them up is a product like any other."""

import torch
from torch import Tensor


def one_hot(symbols: Tensor, vocabulary: int, dtype: torch.dtype) -> Tensor:
    """One-hot vectors of `symbols` (...), shape (..., vocabulary).

    A product with them rounds once, where the gradient of an embedding adds up in `dtype`.
    """
    flat = torch.zeros(symbols.numel(), vocabulary, dtype=dtype)
    return flat.scatter_(1, symbols.reshape(-1, 1), 1).view(*symbols.shape, vocabulary)
