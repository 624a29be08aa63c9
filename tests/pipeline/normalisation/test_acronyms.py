import pytest

from pipeline.normalisation.acronyms import is_shouted, letters, spell_acronyms


@pytest.mark.parametrize(
    ("text", "marked"),
    [
        ("the FBI and NASA", "the ~FBI and NASA"),
        ("FBI.", "~FBI."),
        ("USA! USA!", "~USA! ~USA!"),
        ("CALL THE FBI NOW", "CALL THE ~FBI NOW"),
        ("TELL US NOW", "TELL US NOW"),
        ("our IT desk", "our ~IT desk"),
        ("is that IT?", "is that IT?"),
        ("the NAACP", "the ~NAACP"),
        ("so GOOD", "so GOOD"),
        ("DON'T!", "DON'T!"),
        ("two DVDs", "two ~DVD's"),
        ("J. K. Rowling", "~J ~K Rowling"),
        ("Plan B. Then", "Plan B. Then"),
        ("U.S. He", "~US. He"),
        ("the U.S. Navy", "the ~US Navy"),
        ("a Ph.D. in", "a ~PHD in"),
        ("an MP3", "an ~MP 3"),
        ("F-16", "~F 16"),
        ("Vitamin A", "Vitamin ~A"),
    ],
)
def test_what_is_said_letter_by_letter_is_marked(text: str, marked: str) -> None:
    assert spell_acronyms(text) == marked


def test_shouting_has_an_ordinary_word_and_no_small_letter() -> None:
    assert is_shouted("STOP IT")
    assert not is_shouted("FBI")
    assert not is_shouted("Stop it")


def test_the_letter_a_is_no_article() -> None:
    assert letters("USA") == "u s ay"
