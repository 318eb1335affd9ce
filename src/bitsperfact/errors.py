"""What a user's own input can cause."""


class BadInput(ValueError):
    """Input that cannot be used; its message is one line: where, what was expected, what was got.

    The command line prints it and exits with status 2; library callers catch it as a `ValueError`.
    """

    def __init__(self, where: object, expected: object, got: object) -> None:
        self.where, self.expected, self.got = str(where), str(expected), str(got)
        super().__init__(f"{_line(self.where)}: expected {_line(self.expected)}, got {_line(self.got)}")

    def __reduce__(self) -> "tuple[type[BadInput], tuple[str, str, str]]":
        # An exception is pickled by its message alone, from which this one cannot be made again.
        return type(self), (self.where, self.expected, self.got)


class Unavailable(BadInput):
    """Something named rightly that cannot be had now: no network, a full disk, a missing installer.

    Not the user's mistake, yet it deserves the same treatment: one line, exit status 2. Hence a BadInput.
    """


def _line(text: str, longest: int = 300) -> str:
    """One printable line of at most `longest` characters: a message must not carry a megabyte of input."""
    flat = " ".join(text.split())
    return flat if len(flat) <= longest else flat[: longest - 1] + "…"
