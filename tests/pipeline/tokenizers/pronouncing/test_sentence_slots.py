import pytest

from pipeline.tokenizers.pronouncing.sentence_slots import Place, is_adverb, is_plural, kind_of


def _place(text: str, index: int) -> Place:
    words = [word.strip(",").lower() for word in text.split()]
    starts = [at == 0 or text.split()[at - 1].endswith(",") for at in range(len(words))]
    return Place(words, text.split(), starts, index)


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("", "start"), ("don't", "modal"), ("she'll", "modal"), ("isn't", "be"), ("it's", "be"),
        ("Anna's".lower(), "det"), ("we've", "have"), ("hadn't", "have"), ("they", "subject"),
        ("them", "object"), ("my", "det"), ("under", "prep"), ("to", "to"), ("tables", "word"),
    ],
)  # fmt: skip
def test_small_words_tell_what_may_follow(word: str, kind: str) -> None:
    assert kind_of(word) == kind


def test_adverbs_are_skipped_and_punctuation_is_not() -> None:
    assert _place("we will never really record it", 4).governor() == ("modal", 3)
    assert _place("I will, record it", 2).governor() == ("start", 1)
    assert _place("you'd better use it", 2).governor()[0] == "modal"


def test_left_and_right_stay_in_the_clause() -> None:
    place = _place("so, a close call, yes", 2)
    assert (place.left(), place.left(2), place.right(), place.right(2)) == ("a", "", "call", "")


def test_a_name_is_no_sentence_start() -> None:
    assert _place("a Polish one", 1).is_capital()
    assert not _place("Polish it", 0).is_capital()


def test_plurals_and_adverbs_are_told_by_their_ending() -> None:
    assert is_plural("farmers")
    assert is_plural("people")
    assert not is_plural("boss")
    assert not is_plural("was")
    assert is_adverb("quickly")
    assert not is_adverb("family")
