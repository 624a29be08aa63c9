import random
import string
import time

import pytest

from pipeline.errors import ScriptError
from pipeline.normalisation.normalise import normalise_text
from pipeline.tokenizers.phones import PHONES, SpokenWord, spell_to_phones, spoken_words
from pipeline.tokenizers.pronouncing.lexicon import Lexicon, english_lexicon

SOUNDS = set(PHONES) - set(' ˈˌ;:,.!?—…"“”()')

TEXTS = {
    "hello, world!": "həlˈO, wˈɜɹld!",
    "the apple and the pear": "ði ˈæpᵊl ænd ðə pˈɛɹ",
    "a dog to own, to go to": "ɐ dˈɔɡ tʊ ˈOn, tə ɡˌO tu",
    "come in. in here": "kˈʌm ˈɪn. ɪn hˈɪɹ",
    "wait - what?": "wˈAt — wˌʌt?",
    "wait — what…": "wˈAt — wˌʌt…",
    "a well-known mother-in-law": "ɐ wˌɛlnˈOn mˈʌðəɹənlˌɔ",
    "“Yes” (he said)": "“jˈɛs” (hi sˈɛd)",
}
LETTERS = {
    "the f b i": "ði ˌɛfbˌiˈI",
    "an i p address": "ɐn ˌIpˈi ədɹˈɛs",
    "i think so": "ˌI θˈɪŋk sˌO",
    "a f b i agent": "ɐ ˌɛfbˌiˈI ˈAʤᵊnt",
    "the u s ay": "ðə jˌuˌɛsˈA",
    "the U S A": "ðə jˌuˌɛsˈA",
    "t v's": "tˌivˈiz",
    "a b c": "ˌAbˌisˈi",
    "plan b, i think": "plˈæn bˈi, ˌI θˈɪŋk",
    "plan b i think": "plˈæn bˈi ˌI θˈɪŋk",
    "vitamin c a day": "vˈITəmən sˈi ɐ dˈA",
    "seven p m": "sˈɛvən pˌiˈɛm",
    "rock n roll": "ɹˈɑk ən ɹˈOl",
}
SMALL_WORDS = {
    "I'd've": "ˌIdəv",
    "y'all": "jˈɔl",
    "o'clock": "əklˈɑk",
    "ain't": "ˈAnt",
    "'em": "əm",
    "gonna": "ɡˈʌnə",
    "goin'": "ɡˈOən",
    "nothin": "nˈʌθɪn",
    "Beyoncé's": "biˈɑnsˌAz",
    "the boss's": "ðə bˈɔsᵻz",
    "Kubernetes'": "kˌubəɹnˈɛTiz",
    "Siobhan'll": "ʃəvˈɔnᵊl",
    "that'd": "ðæTᵻd",
    "hmm": "hmm",
    "mhm": "mhˈm",
    "uh-huh": "əhˈʌ",
    "shhhh": "ʃʃ",
    "psst": "pst",
    "brr": "bˈɜɹ",
    "ugh": "ˈʌɡ",
    "aha": "ɑhˈɑ",
    "oops": "ˈups",
    "phew": "fjˈu",
    "ha ha": "hˈɑ hˈɑ",
    "mm": "m",
    "sooo": "sˌO",
    "yesss": "jˈɛs",
    "goood": "ɡˈʊd",
}


@pytest.mark.parametrize(("text", "phones"), (TEXTS | LETTERS | SMALL_WORDS).items())
def test_text_is_written_as_it_is_said(text: str, phones: str) -> None:
    assert spell_to_phones(text) == phones


@pytest.mark.parametrize("text", [*TEXTS, *SMALL_WORDS])
def test_case_changes_nothing(text: str) -> None:
    assert spell_to_phones(text.lower()) == spell_to_phones(text) == spell_to_phones(text.title())


def test_a_sentence_is_said_the_same_with_its_case_or_without() -> None:
    typed = "The FBI and Dr. Lee read 3 e-mails at 5:30 pm, didn't they?"
    spoken = normalise_text(typed)
    assert spell_to_phones(spoken) == spell_to_phones(spoken.capitalize())


def _random_word(rng: random.Random) -> str:
    letters = rng.choices(string.ascii_lowercase, k=rng.randint(1, 9))
    return "".join(letters)


def test_any_word_gets_a_sound_and_nothing_leaves_the_alphabet() -> None:
    rng = random.Random(5)
    listed = sorted(english_lexicon().listed_words())
    for _ in range(60):
        text = " ".join([*rng.sample(listed, 40), *(_random_word(rng) for _ in range(4))])
        words = spoken_words(text)
        assert len(words) == len(text.split())
        assert all(SOUNDS & set(word.phones) for word in words), text
        assert set(spell_to_phones(text)) <= PHONES, text


def test_words_and_gaps_joined_are_the_text() -> None:
    text = "the f b i, well-known - you'd say!"
    words = spoken_words(text)
    assert [word.text for word in words] == ["the", "f", "b", "i", "well-known", "you'd", "say"]
    joined = "".join(word.gap + word.phones for word in words).strip()
    assert joined + "!" == spell_to_phones(text)
    assert words[0] == SpokenWord("the", "ði", " ")


@pytest.mark.parametrize("text", ["", "  ", "'", "-", '"'])
def test_no_word_gives_no_phone(text: str) -> None:
    assert SOUNDS.isdisjoint(spell_to_phones(text))


@pytest.mark.parametrize(
    ("text", "named"), [("it is 42", "42"), ("say 你好", "你好"), ("a * b", "*")]
)
def test_what_is_no_word_is_named(text: str, named: str) -> None:
    with pytest.raises(ScriptError, match="cannot say") as caught:
        spell_to_phones(text)
    assert named in str(caught.value)


def test_a_word_without_a_sound_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Lexicon, "say", lambda *_: "ˈ")
    with pytest.raises(ScriptError, match="no sound is known for the word 'blip'"):
        spell_to_phones("a blip")


def test_normalised_text_can_always_be_said() -> None:
    for typed in (
        "Mr. O'Neil-Smith's 2nd: $3.50 & 50%!",
        "e.g. #1 @home (10km) – “ok”",
        "İstanbul ﬁx",
    ):
        assert set(spell_to_phones(normalise_text(typed))) <= PHONES


@pytest.mark.slow
def test_a_sentence_takes_few_milliseconds() -> None:
    sentence = "I read that the committee will present its record to the minister on Monday."
    spell_to_phones(sentence)
    start = time.perf_counter()
    for _ in range(100):
        spell_to_phones(sentence)
    assert (time.perf_counter() - start) / 100 < 0.003
