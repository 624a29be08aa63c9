import random

import pytest

from pipeline.errors import ScriptError
from pipeline.tokenizers.ipa import phones_of_ipa
from pipeline.tokenizers.pronouncing.lexicon import english_lexicon
from pipeline.tokenizers.pronouncing.phone_alphabet import PHONES

CASES = {
    "/wˈʊstɚ/": "wˈʊstəɹ",
    "/ˈwʊstə/": "wˈʊstə",
    "[ʃɪˈvɔːn]": "ʃɪvˈɔn",
    "ˌæləˈbæmə": "ˌæləbˈæmə",
    "tʃɜːtʃ": "ʧɜɹʧ",
    "t͡ʃaɪ": "ʧI",
    "ˈdʒɔɪ.fəl": "ʤˈYfəl",
    "ɡəʊ": "ɡO",
    "go": "ɡO",
    "ˈwɔːtə(r)": "wˈɔtəɹ",
    "ˈbʌɾɚ": "bˈʌTəɹ",
    "nɪə": "nɪɹ",
    "hˈaʊs": "hˈWs",
    "ˈbʊt.l̩": "bˈʊtᵊl",
    "'kɒfi": "kˈɑfi",
    ",ʌndə'stænd": "ˌʌndəstˈænd",
    "ˈbrɛd ænd ˈbʌtə": "bɹˈɛd ænd bˈʌtə",
    "nˈIt.ʃˌɪft": "nˈItʃˌɪft",
    "hˈɜɹmiˌOn": "hˈɜɹmiˌOn",
}


@pytest.mark.parametrize(("typed", "phones"), CASES.items())
def test_broad_ipa_is_understood(typed: str, phones: str) -> None:
    assert phones_of_ipa(typed) == phones
    assert set(phones) <= PHONES


def test_the_alphabet_comes_back_as_it_is() -> None:
    lexicon = english_lexicon()
    words = random.Random(2).sample(sorted(lexicon.listed_words()), 3000)
    kept = [phones for word in words if (phones := lexicon.say(word, "", "pause"))]
    changed = [phones for phones in kept if phones_of_ipa(phones) != phones]
    assert len(changed) <= len(kept) / 200, changed


@pytest.mark.parametrize("typed", [typed for typed in CASES if "." not in typed])
def test_a_second_time_changes_nothing(typed: str) -> None:
    phones = phones_of_ipa(typed)
    assert phones_of_ipa(phones) == phones


def test_a_foreign_phone_is_named_with_its_place() -> None:
    with pytest.raises(ScriptError, match=r"'ɣ' at place 2 of 'aɣa' is no English phone; write ɡ"):
        phones_of_ipa("/aɣa/")
    with pytest.raises(ScriptError, match=r"'3' at place 1 of '3z' .*such as /wˈʊstɚ/"):
        phones_of_ipa("3z")


@pytest.mark.parametrize("typed", ["", "//", "ˈ", "..."])
def test_a_text_without_a_phone_is_refused(typed: str) -> None:
    with pytest.raises(ScriptError, match="has no phone; write how it is said"):
        phones_of_ipa(typed)
