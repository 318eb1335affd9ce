"""Questions in tables of any shape: which answers become facts, and which non-facts."""

import json

import pandas as pd
import pytest

from bitsperfact import claims
from bitsperfact.errors import BadInput

HEAD = 'kind = "file"\ndescription = "d"\nlicence = "MIT"\nuniverse = "u"\n'


@pytest.fixture
def load(write):
    def _load(rows, options, prefix="{question}", more="", **arguments):
        name = "q.csv" if isinstance(rows, str) else "q.jsonl"
        write(name, rows if isinstance(rows, str) else "\n".join(map(json.dumps, rows)) + "\n")
        path = write("r.toml", f'{HEAD}prefix = "{prefix}"\n{more}[options]\npath = "{name}"\n{options}\n')
        return claims.load(path, **arguments)

    return _load


def truth(made):
    return {
        question: (
            set(rows[rows["is_fact"]]["target"].str.strip()),
            set(rows[~rows["is_fact"]]["target"].str.strip()),
        )
        for question, rows in made.frame.groupby("prefix")
    }


def told(made):
    return "; ".join(map(str, made.notes))


MMLU = [{"question": "q", "choices": ["w", "x", "y", "z"], "answer": 2}]
MMLU_OPTIONS = 'choices = "choices"\nanswer = "answer"'
CHOICES = {
    "flags that are floats": (
        [MMLU[0] | {"answer": [0.0, 0.0, 1.0, 0.0]}],
        'choices = "choices"\nanswer = "answer"',
    ),
    "flags in words": (
        [MMLU[0] | {"answer": "['false' 'false' 'true' 'false']"}],
        'choices = "choices"\nanswer = "answer"',
    ),
    "a place": (MMLU, 'choices = "choices"\nanswer = "answer"'),
    "a place from 1": ([MMLU[0] | {"answer": 3}], 'choices = "choices"\nanswer = "answer"\nfirst = 1'),
    "a written place": ([MMLU[0] | {"answer": "2"}], 'choices = "choices"\nanswer = "answer"'),
    "a letter": ([MMLU[0] | {"answer": "C"}], 'choices = "choices"\nanswer = "answer"'),
    "the answer": ([MMLU[0] | {"answer": "Y"}], 'choices = "choices"\nanswer = "answer"'),
    "a list in a text": ([MMLU[0] | {"choices": "['w' 'x' 'y' 'z']"}], 'choices = "choices"\nanswer = "answer"'),
    "columns": (
        [{"question": "q", "A": "w", "B": "x", "C": "y", "D": "z", "key": "C"}],
        'choices = ["A", "B", "C", "D"]\nanswer = "key"',
    ),
    "named": (
        [{"question": "q", "choices": {"text": ["w", "x", "y", "z"], "label": list("1234")}, "answerKey": "3"}],
        'choices = "choices.text"\nnames = "choices.label"\nanswer = "answerKey"',
    ),
    "a list of objects": (
        [
            {
                "question": "q",
                "choices": [{"text": t, "label": n} for t, n in zip("wxyz", "ABCD", strict=True)],
                "k": "C",
            }
        ],
        'choices = "choices.text"\nnames = "choices.label"\nanswer = "k"',
    ),
    "marked": (
        [{"question": "q", "mc1_targets": {"choices": ["w", "x", "y", "z"], "labels": [0, 0, 1, 0]}}],
        'choices = "mc1_targets.choices"\nanswer = "mc1_targets.labels"',
    ),
    "distractors": (
        [{"question": "q", "right": "y", "d1": "w", "d2": "x", "d3": "z"}],
        'facts = "right"\ngiven = ["d1", "d2", "d3"]',
    ),
}


@pytest.mark.parametrize("case", CHOICES)
def test_multiple_choice_is_read_however_it_says_what_is_true(load, case):
    assert truth(load(*CHOICES[case])) == {"q": ({"y"}, {"w", "x", "z"})}


def test_several_choices_may_be_true(load):
    rows = [{"question": "q", "t": {"choices": ["w", "x", "y"], "labels": [1, 0, 1]}}]
    assert truth(load(rows, 'choices = "t.choices"\nanswer = "t.labels"')) == {"q": ({"w", "y"}, {"x"})}


@pytest.mark.parametrize("answer", [4, -1, "F", "nothing", [0, 7]])
def test_an_answer_that_names_no_choice_is_refused_with_its_row(load, answer):
    rows = [MMLU[0], MMLU[0] | {"question": "r", "answer": answer}]
    with pytest.raises(BadInput, match=r"row 2: expected a place \(options.first\)"):
        load(rows, 'choices = "choices"\nanswer = "answer"')


def test_a_written_number_that_may_be_a_place_or_a_choice_is_refused(load):
    row = {"question": "1 + 1", "choices": ["2", "3", "1", "0"], "answer": "2"}
    with pytest.raises(BadInput, match="row 1"):
        load([row], 'choices = "choices"\nanswer = "answer"')
    assert truth(load([row], 'choices = "choices"\nanswer = "answer"\nfirst = 0'))["1 + 1"][0] == {"1"}
    # Stored as a number it is a place.
    assert truth(load([row | {"answer": 2}], 'choices = "choices"\nanswer = "answer"'))["1 + 1"][0] == {"1"}


TRUTHFUL = "Question,Correct Answers,Incorrect Answers\nQ?,b; c; d,e; f\nR?,b; c,e; g\nS?,h,i\n"
COLUMNS = 'facts = "Correct Answers"\ngiven = "Incorrect Answers"\n'


def test_answers_that_share_a_cell_are_split_or_refused(load):
    made = load(TRUTHFUL, COLUMNS + 'separator = ";"', prefix="{Question}")
    assert truth(made)["Q?"] == ({"b", "c", "d"}, {"e", "f"})
    assert made.info.n_facts == 6
    with pytest.raises(BadInput, match=r"options.separator, as column Correct Answers .* got ';' in most"):
        load(TRUTHFUL, COLUMNS, prefix="{Question}")
    assert load(TRUTHFUL, COLUMNS + 'separator = ""', prefix="{Question}").info.n_facts == 3


def test_true_answers_in_any_list_never_become_non_facts(load):
    """PopQA's aliases as a Python list: an alias dealt to its own subject would be a truth called false."""
    for write_list in (json.dumps, repr, "\n".join):
        rows = [
            {"question": f"q{i}", "obj": f"o{i}", "names": write_list([f"o{i}", f"o{(i + 1) % 3}"])}
            for i in range(3)
        ]
        made = load(rows, 'facts = "obj"\naliases = "names"')
        assert truth(made) == {f"q{i}": ({f"o{i}"}, {f"o{(i + 2) % 3}"}) for i in range(3)}


def test_answers_may_be_numbers_and_cells_are_text_as_written(load):
    made = load("question,a\nq,01234\nr,NA\ns,1e3\n", 'facts = "a"')
    assert {q: t for q, (t, _) in truth(made).items()} == {"q": {"01234"}, "r": {"NA"}, "s": {"1e3"}}
    made = load(
        [{"question": "q", "a": 5}, {"question": "r", "a": 6.0}, {"question": "s", "a": None}], 'facts = "a"'
    )
    assert {q: t for q, (t, _) in truth(made).items()} == {"q": {"5"}, "r": {"6"}}
    assert "rows left out: no true answer: 1" in told(made)


def test_template_cells_lose_their_blanks_and_keep_their_digits(load):
    rows = "title,author,year\n Emma , Jane Austen ,01815\nIt, S. King ,1986\nX,,1\n,Y,2\n"
    made = load(rows, 'facts = "author"', "In {year} the author of {title} is")
    assert truth(made) == {
        "In 01815 the author of Emma is": ({"Jane Austen"}, {"S. King"}),
        "In 1986 the author of It is": ({"S. King"}, {"Jane Austen"}),
    }
    assert "no true answer: 1 " in told(made)
    assert "no title: 1 " in told(made)
    assert "None" not in "".join(made.frame["prefix"])
    frame = pd.DataFrame({"a": ["x", "y"], "year": [1998.0, None], "b": ["u", "v"]})
    with pytest.raises(BadInput, match="candidates"):
        claims.load(frame, template="In {year} {a} is| {b}")
    made = claims.load(pd.concat([frame, frame.assign(year=2001, b="w")]), template="In {year} {a} is| {b}")
    assert set(made.frame["prefix"]) == {"In 1998 x is", "In 2001 x is", "In 2001 y is"}
    assert "rows left out: no year: 1" in told(made)


LONG = "country,language\nA,x\nA,y\nB,z\nB,z\nC,w\n"


def test_further_facts_of_a_question_are_claimed_or_told(load):
    made = load(LONG, 'facts = "language"', "{country}")
    assert truth(made)["A"] == ({"x", "y"}, {"z", "w"})
    assert "repeat a question and its answer: 1" in told(made)
    made = load(LONG, 'facts = "language"\nagain = "first"', "{country}")
    assert truth(made)["A"] == ({"x"}, {"z", "w"})
    assert "further true answers of a question asked before, spared but not claimed: 1" in told(made)


def test_phone_books_get_numbers_of_their_form(load):
    rows = [{"name": f"N{i}", "phone": f"555-{1000 + 37 * i}"} for i in range(40)]
    more = 'strata = ["derangement", "fresh", "near"]\nnegatives = 2\n[shape]\nkeep = 4\n'
    made = load(rows, 'facts = "phone"', "The number of {name} is", more)
    assert made.frame["target"].str.fullmatch(r" 555-\d{4}").all()
    assert made.frame["stratum"].value_counts().to_dict() == {
        "derangement": 80,
        "fresh": 80,
        "near": 80,
        "fact": 40,
    }
    assert made.info.universe_size == 40 * 10**4
    known = {row["phone"] for row in rows}
    fresh = made.frame[made.frame["stratum"].isin(["fresh", "near"])]["target"].str.strip()
    assert not known & set(fresh)


def test_the_default_target_has_the_space_of_its_script(load):
    rows = "q,a\nx,u\ny,v\n"
    assert set(load(rows, 'facts = "a"', "Of {q} it is").frame["target"]) == {" u", " v"}
    assert set(load(rows, 'facts = "a"', "Of {q} it is ").frame["target"]) == {"u", "v"}
    assert set(load(rows, 'facts = "a"', "{q}的首都是").frame["target"]) == {"u", "v"}


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ('facts = "none"', "column 'none'"),
        ('facts = ["a", "none"]', "column 'none'"),
        ('choices = "a"', "key options.answer"),
        ('facts = "a"\nagain = "twice"', "merge or first"),
        ("facts = 7", "key options.facts"),
        ('facts = "a"\nstrata = 1', "an unknown key"),
    ],
)
def test_a_wrong_recipe_is_one_line(load, options, said):
    with pytest.raises(BadInput) as caught:
        load("question,a\nx,u\ny,v\n", options)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_places_that_may_be_counted_from_one_are_told(load):
    options = 'choices = "choices"\nanswer = "answer"\n'
    assert "none is 0: 1" in told(load(MMLU, options))
    for more, answers in (("", [0, 2]), ("first = 1\n", [1, 2])):
        rows = [MMLU[0] | {"question": f"q{at}", "answer": answer} for at, answer in enumerate(answers)]
        assert load(rows, options + more).notes == ()


def test_numbers_beside_letters_are_no_places(load):
    rows = [MMLU[0] | {"question": f"q{at}", "answer": answer} for at, answer in enumerate(["B", "2"])]
    with pytest.raises(BadInput, match="column answer holds letters and numbers"):
        load(rows, 'choices = "choices"\nanswer = "answer"')


@pytest.mark.parametrize("target", [" great", " {answer}, in {question}", " {question}"])
def test_a_target_is_over_the_answer_alone(load, target):
    with pytest.raises(BadInput, match=r"over \{answer\} alone"):
        load(
            [{"question": "q", "a": "x"}, {"question": "r", "a": "y"}],
            'facts = "a"',
            more=f'target = "{target}"\n',
        )


def test_nested_paths_are_followed_in_frames_as_in_files(tmp_path):
    rows = [{"q": "Q", "answers": [{"text": "a"}, {"text": "b"}]}, {"q": "R", "answers": [{"text": "c"}]}]
    pd.DataFrame(rows).to_parquet(tmp_path / "x.parquet")
    found = [
        truth(claims.load(source, template="{q}| {answers.text}"))
        for source in (rows, tmp_path / "x.parquet", pd.read_parquet(tmp_path / "x.parquet"))
    ]
    assert found == [{"Q": ({"a", "b"}, {"c"}), "R": ({"c"}, {"a", "b"})}] * 3


@pytest.mark.parametrize("answer", [None, "", float("nan")])
def test_a_question_without_its_answer_is_left_out_and_counted(load, answer):
    made = load([MMLU[0] | {"answer": 0}, {"question": "r", "choices": ["x"], "answer": answer}], MMLU_OPTIONS)
    assert truth(made) == {"q": ({"w"}, {"x", "y", "z"})}
    assert "rows left out: no true answer: 1" in told(made)


@pytest.mark.parametrize("options", ['facts = "a"\nlabel = "l"', 'label = "l"\nseparator = ";"'])
def test_an_option_that_would_not_be_read_is_refused(load, options):
    with pytest.raises(BadInput, match=r"key options\.(label|separator): .* not read"):
        load([{"question": "q", "a": "x", "l": 0}], options)


def test_false_answers_that_are_not_claimed_are_counted(load):
    rows = [{"question": "q", "a": "x", "wrong": ["X", *map(str, range(5))]}]
    made = load(rows, 'facts = "a"\ngiven = "wrong"', more="negatives = 3\n")
    assert truth(made) == {"q": ({"x"}, {"0", "1", "2"})}
    assert "false answers left out: true as well: 1 (first: 'q': 'X')" in told(made)
    assert "beyond the 3 per fact that --negatives says: 2" in told(made)


def test_years_that_pandas_wrote_as_floats_are_told(load):
    frame = pd.DataFrame({"title": ["A", "B", "C"], "year": [1998, None, 2001]})
    made = load(frame.to_csv(index=False), 'facts = "year"', prefix="{title} is of")
    assert "whole numbers written as a float, read as written: 2" in told(made)
    assert "rows left out: no true answer: 1" in told(made)
    assert set(made.frame["target"]) == {" 1998.0", " 2001.0"}
    assert not claims.load(frame, template="{title} is of| {year}").frame["target"].str.endswith(".0").any()
