import pytest

from pipeline.tokenizers.pronouncing.letter_names import spell_letters, spell_runs


def test_the_last_letter_bears_the_main_stress() -> None:
    assert spell_letters("fbi") == "ˌɛfbˌiˈI"
    assert spell_letters("w") == "dˈʌbəlju"
    assert spell_letters("") == ""


@pytest.mark.parametrize(
    ("text", "letters"),
    [
        ("the f b i", [1, 2, 3]),
        ("i d k", [0, 1, 2]),
        ("i see a cat", []),
        ("can i x it", [2]),
        ("you and i", []),
        ("drum n bass", []),
        ("i'd go", []),
        ("no ay in it", []),
    ],
)
def test_words_of_one_letter_stay_words(text: str, letters: list[int]) -> None:
    words = text.split()
    begins = [index == 0 for index in range(len(words))]
    assert sorted(spell_runs([(word,) for word in words], words, begins)) == letters
