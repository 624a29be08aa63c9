import numpy as np
import pytest

from training.text_to_semantic.alignment import character_seconds, character_sounds

OMAR = (
    ("pau", 0.08), ("hh", 0.14), ("ae", 0.23), ("v", 0.26), ("y", 0.31), ("uw", 0.41),
    ("s", 0.52), ("iy", 0.61), ("n", 0.66), ("pau", 0.74),
)  # fmt: skip


def test_every_moment_belongs_to_one_character_in_order() -> None:
    text = "have you seen?"
    seconds = character_seconds(text, OMAR)
    assert len(seconds) == 1 + len(text)
    assert (seconds >= 0).all()
    assert seconds.sum() == pytest.approx(0.74)
    assert seconds[0] == pytest.approx(0.08)


def test_words_start_when_their_first_phone_does() -> None:
    text = "have you seen?"
    starts = np.cumsum(character_seconds(text, OMAR))
    assert starts[text.index("h")] == pytest.approx(0.08)
    assert starts[text.index("y")] == pytest.approx(0.26, abs=0.03)
    assert starts[text.index("s")] == pytest.approx(0.41, abs=0.06)


def test_a_pause_inside_belongs_to_the_mark() -> None:
    phones = (("t", 0.1), ("uw", 0.3), ("pau", 0.8), ("t", 0.9), ("uw", 1.1))
    text = "two, two"
    seconds = dict(zip(range(len(text)), character_seconds(text, phones)[1:], strict=True))
    comma = text.index(",")
    assert seconds[comma] + seconds[comma + 1] == pytest.approx(0.5, abs=0.2)
    assert seconds[0] < 0.2


def test_more_phones_than_characters_and_more_characters_than_phones_both_fit() -> None:
    assert character_seconds("x", (("eh", 0.1), ("k", 0.2), ("s", 0.3))).sum() == pytest.approx(0.3)
    assert character_seconds("though", (("dh", 0.1), ("ow", 0.3))).sum() == pytest.approx(0.3)


def test_sounds_keep_all_phones_in_order_without_the_pauses_around() -> None:
    text = "two, x"
    sounds = character_sounds(text, ["pau", "t", "uw", "pau", "eh", "k", "s", "pau"])
    assert len(sounds) == len(text)
    assert " ".join(filter(None, sounds)) == "t uw pau eh k s"
    assert sounds[text.index("x")].endswith("k s")
    assert sounds[0] == "t"
