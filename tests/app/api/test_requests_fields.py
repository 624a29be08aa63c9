from typing import Any, Literal, get_origin

import pytest
from pydantic import Field

from app.api.errors import ApiError
from app.api.requests import (
    ApiRequest,
    DialogueRequest,
    SpeechRequest,
    Whole,
    Words,
    read_request,
)


class _Request(ApiRequest):
    a: Words | None = None
    b: float = Field(1.0, ge=0, le=2, description="a number from 0 to 2")
    c: Whole = Field(0, ge=0, le=9, description="a whole number from 0 to 9")
    d: Literal["x", "y"] = "x"
    e: list[Any] = Field([], description="a list")


class _Needed(ApiRequest):
    t: Words


def test_fields_that_fit_are_given_and_others_have_their_default() -> None:
    given = read_request(_Request, b'{"a": "words", "b": 2, "c": 3.0, "d": null}')
    assert (given.a, given.d) == ("words", "x")
    assert (given.b, given.c) == (2.0, 3)
    empty = read_request(_Request, b'{"a": null, "b": null}')
    assert (empty.a, empty.b, empty.c, empty.d) == (None, 1.0, 0, "x")


NUMBERS = ["true", "NaN", "Infinity", "1e999", "1" + "0" * 400, "-1", '"1"', "[]"]


@pytest.mark.parametrize("value", NUMBERS)
def test_what_is_no_number_in_range_is_refused_by_name(value: str) -> None:
    with pytest.raises(ApiError, match="b must be a number from 0 to 2"):
        read_request(_Request, f'{{"b": {value}}}'.encode())
    with pytest.raises(ApiError, match="c must be a whole number from 0 to 9"):
        read_request(_Request, f'{{"c": {value}}}'.encode())


def test_half_a_number_is_not_whole() -> None:
    with pytest.raises(ApiError, match="whole number"):
        read_request(_Request, b'{"c": 1.5}')


@pytest.mark.parametrize("value", ["3", '""', '"  "', "null", "{}"])
def test_words_must_be_there(value: str) -> None:
    with pytest.raises(ApiError, match="t must be there, as words") as caught:
        read_request(_Needed, f'{{"t": {value}}}'.encode())
    assert (caught.value.status, caught.value.param) == (400, "t")
    with pytest.raises(ApiError, match="t must be there, as words"):
        read_request(_Needed, b"{}")


@pytest.mark.parametrize("value", ["3", '"c"', "[]", "{}"])
def test_a_choice_is_one_of_those_offered(value: str) -> None:
    with pytest.raises(ApiError, match="d must be one of x, y"):
        read_request(_Request, f'{{"d": {value}}}'.encode())


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[" * 100_000, b"1" * 10_000])
def test_a_body_must_be_json(body: bytes) -> None:
    with pytest.raises(ApiError, match="the body is not JSON"):
        read_request(_Request, body)


def test_a_body_must_be_an_object_with_known_fields() -> None:
    with pytest.raises(ApiError, match="must be a JSON object"):
        read_request(_Request, b"[]")
    with pytest.raises(ApiError, match="there is no field 'z'; there are a, b, c, d, e"):
        read_request(_Request, b'{"z": 1}')
    with pytest.raises(ApiError, match="there is no field 'z'") as caught:
        read_request(_Request, b'{"a": 3, "z": null}')
    assert (caught.value.param, caught.value.code) == ("z", "unknown_parameter")


@pytest.mark.parametrize(
    ("turns_or_voices", "param", "code"),
    [
        ('"turns": [{"text": "a"}, {"text": "a", "x": 1}]', "turns.1.x", "unknown_parameter"),
        ('"turns": [3]', "turns.0", "invalid_value"),
        ('"voices": {"S1": 3}', "voices.S1", "invalid_value"),
        ('"voices": []', "voices", "invalid_value"),
        (f'"{"x" * 100}": 1', "x" * 40, "unknown_parameter"),
    ],
)
def test_what_is_at_fault_is_named_by_its_place(
    turns_or_voices: str, param: str, code: str
) -> None:
    with pytest.raises(ApiError) as caught:
        read_request(DialogueRequest, f"{{{turns_or_voices}}}".encode())
    assert (caught.value.param, caught.value.code) == (param, code)


def test_every_field_says_what_it_must_be() -> None:
    for kind in (SpeechRequest, DialogueRequest):
        for field in kind.model_fields.values():
            takes_anything = field.annotation is Any
            assert field.description or get_origin(field.annotation) is Literal or takes_anything
