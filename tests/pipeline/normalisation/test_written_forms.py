import html

import pytest

from pipeline.normalisation.normalise import is_speakable, normalise_text, unspeakable_characters
from pipeline.normalisation.written_forms import hear_line_breaks, plain_marks, unescape_entities


def test_every_named_entity_is_its_character() -> None:
    for name in ("amp", "lt", "gt", "quot", "apos", "nbsp", "eacute", "euro", "frac12", "rsquo"):
        assert unescape_entities(f"a&{name};b") == f"a{html.unescape(f'&{name};')}b"
    assert unescape_entities("don&#39;t, don&#x27;t, don&amp;#39;t") == "don't, don't, don't"
    assert unescape_entities("R&D; AT&T, a & b") == "R&D; AT&T, a & b"


def test_what_an_entity_hides_is_judged_like_what_is_typed() -> None:
    assert not is_speakable("&nbsp;")
    assert is_speakable("&eacute;")
    assert unspeakable_characters("&#128512;") == "😀"


@pytest.mark.parametrize(
    ("text", "heard"),
    [
        ("a line that is\nonly wrapped", "a line that is only wrapped"),
        ("Roses are red\nViolets are blue", "Roses are red, Violets are blue"),
        ("A title\n\nThe text", "A title. The text"),
        ("To buy:\n- eggs\n- milk", "To buy: eggs. milk"),
        ("1. Open it\n2. Wait", "1. Open it. 2. Wait"),
        ("It ended.\nThen", "It ended. Then"),
        ("\n\n", ""),
    ],
)
def test_line_breaks_are_pauses(text: str, heard: str) -> None:
    assert " ".join(hear_line_breaks(text).split()) == heard


def test_vulgar_fractions_are_apart_from_the_number_before_them() -> None:
    for fraction in "½⅓⅔¼¾⅕⅛⅜⅝⅞":
        spoken = normalise_text(f"x 1{fraction} y")
        assert spoken.startswith("x one and "), spoken
        assert normalise_text(f"x 1 {fraction} y") == spoken


def test_signs_that_ascii_has_not_keep_their_meaning() -> None:
    assert plain_marks("5 µg, 10³") == "5 microg, 10^3"
    assert normalise_text("from 5→6") == "from five to six"
    assert normalise_text("3 ≠ 4 ± 1") == "three is not equal to four plus or minus one"
