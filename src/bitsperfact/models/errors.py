"""What can go wrong between a model's name and its weights without the name being wrong."""

from bitsperfact.errors import BadInput


class Unavailable(BadInput):
    """Weights that exist but cannot be had now: no network, a full disk, a missing installer.

    Not the user's mistake, yet it deserves the same treatment: one line, exit status 2. Hence a BadInput.
    """
