import json
from typing import Any

import pytest

from app.page.form import read_saved
from pipeline.config.limits import MAX_SPEAKERS
from tests.app.page.desk import Desk, form_values

NOTHING = {
    "text": None,
    "seed": None,
    "retakes": None,
    "choices": [],
    "cast": [],
    "token": None,
}
GARBAGE: list[Any] = [
    None,
    3,
    "text",
    [],
    [1],
    {},
    {"text": 3, "seed": "7", "retakes": None, "choices": "anna", "cast": "x", "token": 7},
    {"text": ["x"], "seed": {}, "retakes": [], "choices": {"a": 1}, "cast": {}, "token": []},
    {"choices": ["anna"]},
    {"choices": ["anna"] * (MAX_SPEAKERS + 1)},
]


@pytest.mark.parametrize("saved", GARBAGE)
def test_nothing_is_read_of_what_no_page_of_ours_kept(saved: Any) -> None:
    assert read_saved(saved) == NOTHING


def test_what_was_kept_is_read() -> None:
    saved = {
        "text": "Anna: Hello.",
        "seed": 3,
        "retakes": 1,
        "choices": ["anna", "ben", "anna", "ben"],
        "cast": ["Anna", "", "", ""],
        "token": "a" * 40,
    }
    assert read_saved(json.loads(json.dumps({**saved, "more": 1}))) == saved


def test_strange_things_in_lists_become_words() -> None:
    found = read_saved({"choices": [None, 1, [], {}], "cast": [None, {"a": 1}]})
    assert found["choices"] == ["None", "1", "[]", "{}"]
    assert found["cast"] == ["None", "{'a': 1}"]


def test_values_are_read_into_rows_in_order(desk: Desk) -> None:
    form = desk.form.read(
        form_values(
            "text",
            3,
            1,
            cast=["Ben", "Anna"],
            choices=["a", "b", "c", "d"],
            recordings=["r1", None, "r3", None],
            files=[None, "f2", None, "f4"],
            consents=[True, False, None, True],
        )
    )
    assert (form.text, form.seed, form.retakes, form.cast) == ("text", 3, 1, ["Ben", "Anna"])
    assert [row.choice for row in form.rows] == ["a", "b", "c", "d"]
    assert [row.recording for row in form.rows] == ["r1", None, "r3", None]
    assert [row.voice_file for row in form.rows] == [None, "f2", None, "f4"]
    assert [row.consent for row in form.rows] == [True, False, False, True]


def test_the_form_has_as_many_inputs_as_values_are_read(desk: Desk) -> None:
    assert len(desk.form.inputs) == len(form_values())
    assert desk.form.inputs[: len(desk.form.kept)] == desk.form.kept
    assert desk.form.keep_script.count("text, cast, seed, retakes") == 2
