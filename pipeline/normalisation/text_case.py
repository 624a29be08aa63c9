"""Letter case of spoken words: none at all, or capitals where they tell how to say a word."""

import re

from pipeline.normalisation.acronyms import is_said_as_word, is_shouted, letters

_LETTERS = re.compile("~([A-Za-z]+)")
_WORD = re.compile("(?<![A-Za-z~'])[A-Z]{2,}(?:'[A-Z]+)?(?![A-Za-z])")
_SENTENCE_BEFORE = re.compile(r"(?:\A|[.?!] )\Z")


def lower_case(text: str) -> str:
    """Spoken words without capitals; marked letters stand apart, "~FBI" → "f b i"."""
    return _LETTERS.sub(lambda m: letters(m[1]), text).lower()


def meaningful_case(text: str) -> str:
    """Spoken words with capitals for names, first words, "I" and what is said letter by letter.

    Args:
        text: spoken words with marked letters, as written otherwise.

    Returns:
        "FBI" for "~FBI"; other words in capitals are names, "Nasa", or were loud: lower case.
    """
    if is_shouted(text):
        return re.sub(r"(?<![a-z'~])i(?![a-z])", "I", _lower_besides_letters(text)).replace("~", "")
    text = re.sub(r"(?<=[A-Za-z])'[A-Z]+", lambda m: m[0].lower(), text)
    return _WORD.sub(_said_as_word, text).replace("~", "")


def _lower_besides_letters(text: str) -> str:
    return re.sub(r"~[A-Z]+|[A-Z]+", lambda m: m[0] if m[0][0] == "~" else m[0].lower(), text)


def _said_as_word(match: re.Match[str]) -> str:
    name = is_said_as_word(match[0]) or _SENTENCE_BEFORE.search(match.string, 0, match.start())
    return match[0].capitalize() if name else match[0].lower()
