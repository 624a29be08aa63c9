import pytest

from pipeline.normalisation.digit_marks import spell_digit_marks, spell_powers_and_units


@pytest.mark.parametrize(
    ("text", "rewritten"),
    [
        ("5'10\" tall", "5 foot 10 tall"),
        ('a 24" screen', "a 24 inch″ screen"),
        ('"I am 10" he said', '"I am 10" he said'),
        ("'it was 6' he said", "'it was 6' he said"),
        ("1h 30m", "1 h 30 min"),
        ("5m 30s", "5 min 30 s"),
        ("10 000 people", "10000 people"),
        ("€1.234,56", "€1234.56"),
        ("-3C", "-3°C"),
        ("seat 14C", "seat 14C"),
        ("~5 km", "about 5 km"),
        ("5 < 6", "5  less than 6"),
        ("50p", "50 pence"),
        ("40°26' N", "40° 26 minutes north"),
    ],
)
def test_marks_beside_digits_become_units_or_words(text: str, rewritten: str) -> None:
    assert spell_digit_marks(text) == rewritten


def test_exponents_and_lone_units_are_named() -> None:
    assert spell_powers_and_units("x^2, 10^-6") == "x squared, 10 to the power of minus 6"
    assert spell_powers_and_units("per kWh, in km") == "per kilowatt hour, in kilometers"
