import pytest

from app.api.errors import ApiError
from app.api.requests import Fields


def test_fields_that_fit_are_given_and_others_have_their_default() -> None:
    fields = Fields(b'{"a": "words", "b": 2, "c": null, "d": 3.0}', "abcde")
    assert (fields.text("a"), fields.choice("a", ["words"], "x")) == ("words", "words")
    assert (fields.number("b", 0, 2, 1), fields.whole_number("d", 3, 0)) == (2.0, 3)
    assert (fields.number("c", 0, 2, 1), fields.whole_number("e", 3, 0)) == (1.0, 0)
    assert fields.choice("e", ["x", "y"], "x") == "x"
    assert fields.has("a")
    assert not fields.has("c")
    assert not fields.has("e")


NUMBERS = ["true", "NaN", "Infinity", "1e999", "1" + "0" * 400, "-1", '"1"', "[]"]


@pytest.mark.parametrize("value", NUMBERS)
def test_what_is_no_number_in_range_is_refused_by_name(value: str) -> None:
    fields = Fields(f'{{"n": {value}}}'.encode(), "n")
    with pytest.raises(ApiError, match="n must be a number from 0 to 2"):
        fields.number("n", 0.0, 2.0, 1.0)
    with pytest.raises(ApiError, match="n must be a whole number from 0 to 9"):
        fields.whole_number("n", 9, 0)


def test_half_a_number_is_not_whole() -> None:
    with pytest.raises(ApiError, match="whole number"):
        Fields(b'{"n": 1.5}', "n").whole_number("n", 9, 0)


@pytest.mark.parametrize("value", ["3", '""', '"  "', "null", "{}"])
def test_words_must_be_there(value: str) -> None:
    with pytest.raises(ApiError, match="t must be there, as words") as caught:
        Fields(f'{{"t": {value}}}'.encode(), "t").text("t")
    assert (caught.value.status, caught.value.param) == (400, "t")


@pytest.mark.parametrize("value", ["3", '"c"', "[]"])
def test_a_choice_is_one_of_those_offered(value: str) -> None:
    with pytest.raises(ApiError, match="t must be one of a, b"):
        Fields(f'{{"t": {value}}}'.encode(), "t").choice("t", ["a", "b"], "a")


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[" * 100_000, b"1" * 10_000])
def test_a_body_must_be_json(body: bytes) -> None:
    with pytest.raises(ApiError, match="the body is not JSON"):
        Fields(body, "a")


def test_a_body_must_be_an_object_with_known_fields() -> None:
    with pytest.raises(ApiError, match="must be a JSON object"):
        Fields(b"[]", "a")
    with pytest.raises(ApiError, match="there is no field 'z'; there are a, b"):
        Fields(b'{"z": 1}', "ab")
