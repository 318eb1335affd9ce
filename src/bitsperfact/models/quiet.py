"""transformers without its chatter: progress bars of its own off, warnings left on but for one that is beside the
point here.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def quiet() -> Iterator[None]:
    """Switch transformers' progress bars off for the block; its warnings stay.

    But for the one on a padding token outside the vocabulary: nothing here reads padding, and a model may have
    such a token so as to spend no parameters on it.
    """
    from transformers.utils import logging as chatter

    were_on = chatter.is_progress_bar_enabled()
    configurations = logging.getLogger("transformers.configuration_utils")
    chatter.disable_progress_bar()
    configurations.addFilter(_matters)
    try:
        yield
    finally:
        configurations.removeFilter(_matters)
        if were_on:
            chatter.enable_progress_bar()


def _matters(record: logging.LogRecord) -> bool:
    return "pad_token_id must be" not in record.getMessage()
