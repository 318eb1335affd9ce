"""What a cell says, whoever wrote it: one rule for every kind of file, proved against the writers themselves."""

import csv
import datetime as dt
import io
import json
from contextlib import suppress

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bitsperfact.claims.files.cells import items_of, text_of, texts_of
from bitsperfact.errors import BadInput

#: Texts as answers are: no blanks around them, and not themselves a list.
TEXTS = st.lists(
    st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), min_size=1, max_size=12)
    .map(str.strip)
    .filter(lambda text: text and text[0] not in "[{(" and not text.startswith("array(")),
    min_size=1,
    max_size=5,
    unique=True,
)


def printed_by_numpy(texts):
    with np.printoptions(threshold=10**6, linewidth=10**6):
        return str(np.array(texts, dtype=object))


def as_csv_cell(text):
    """Pass a text through a CSV file, as a data set that is published so has it."""
    written = io.StringIO(newline="")
    csv.writer(written).writerow([text])
    return next(csv.reader(io.StringIO(written.getvalue(), newline="")))[0]


WRITERS = {
    "a list": list,
    "a tuple": tuple,
    "an array": lambda texts: np.array(texts, dtype=object),
    "JSON": json.dumps,
    "JSON of Unicode": lambda texts: json.dumps(texts, ensure_ascii=False, indent=1),
    "a Python list": repr,
    "a Python tuple": lambda texts: repr(tuple(texts)),
    "a Python set": lambda texts: "{" + ", ".join(map(repr, texts)) + "}",
    "an array printed": printed_by_numpy,
    "an array's repr": lambda texts: f"array({list(texts)!r}, dtype=object)",
    "lines": "\n".join,
}


@pytest.mark.parametrize("writer", WRITERS)
@settings(max_examples=60, deadline=None)
@given(texts=TEXTS)
def test_a_list_is_read_back_whoever_wrote_it(writer, texts):
    written = WRITERS[writer](texts)
    assert texts_of(written, "here") == tuple(texts)
    if isinstance(written, str):
        assert texts_of(as_csv_cell(written), "here") == tuple(texts)


@given(TEXTS.map(lambda texts: [text.replace(";", ",").strip(" ,") or "x" for text in texts]))
def test_a_separator_splits_texts_alone(texts):
    expected = tuple(dict.fromkeys(texts))
    assert texts_of(" ; ".join(texts), "here", ";") == expected
    # What was a list is not split once more.
    assert texts_of(["a; b"], "here", ";") == ("a; b",)
    assert texts_of('["a; b"]', "here", ";") == ("a; b",)


@pytest.mark.parametrize(
    "cell",
    [
        "{'a': 1}",
        '{"a": "b"}',
        {"a": 1},
        "[unknown]",
        "['a' 'b' ... 'z']",
        "['a', 'b",
        '["a", "b',
        "[1, 2, x]",
        "{a}",
    ],
)
def test_what_looks_like_a_list_and_is_none_is_refused_with_its_place(cell):
    with pytest.raises(BadInput, match=r"^file, row 7: ") as caught:
        texts_of(cell, "file, row 7")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "text", ["[sic] a remark", "(disputed)", "(1989)", "(2, 3)", "a [b]", "{x} of y", "C[1]", "[1] and [2"]
)
def test_brackets_in_a_text_are_text(text):
    assert texts_of(text, "here") == (text,)


@pytest.mark.parametrize(
    "missing", [None, float("nan"), np.nan, pd.NA, pd.NaT, "", "  ", [], "[]", [None], "[nan]"]
)
def test_a_missing_cell_says_nothing(missing):
    assert texts_of(missing, "here") == ()


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ("01234", "01234"),
        ("NA", "NA"),
        (" a ", "a"),
        (1998.0, "1998"),
        (np.float64(1998), "1998"),
        (np.int64(7), "7"),
        (2.5, "2.5"),
        (-0.125, "-0.125"),
        (True, "True"),
        (10**20, str(10**20)),
        (dt.date(2001, 2, 3), "2001-02-03"),
        (dt.datetime(2001, 2, 3), "2001-02-03"),
        (dt.datetime(2001, 2, 3, 4), "2001-02-03T04:00:00"),
        (b"caf\xc3\xa9", "café"),
    ],
)
def test_a_cell_is_written_as_people_write_it(cell, text):
    assert text_of(cell, "here") == text
    assert texts_of([cell], "here") == (text,)


def test_items_keep_their_places():
    assert items_of(["a", None, "a", 3], "here") == ["a", "", "a", "3"]
    assert items_of("['a', '', 'a']", "here") == ["a", "", "a"]


@pytest.mark.parametrize("cell", [["a"], {"a": 1}, np.array(["a"])])
def test_one_text_is_not_several(cell):
    with pytest.raises(BadInput, match="one value in a cell"):
        text_of(cell, "here")


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=60) | st.text("[](){}'\",; ab1\\\n", max_size=20))
def test_no_text_raises_anything_but_one_line(text):
    with suppress(BadInput):
        assert all(each == each.strip() and each for each in texts_of(text, "here"))
