"""The characters that English is written in once it is phones: those the teacher knows, no others.

They are the American ones of misaki (Apache-2.0), which Kokoro was trained on: one character a
phone, capitals for diphthongs (A day, I my, O go, W now, Y boy), `T` for the flap of "water", `ᵊ`
and `ᵻ` for vowels that nearly vanish ("little", "roses"), stress before the vowel that bears it.
"""

PRIMARY_STRESS = "ˈ"
SECONDARY_STRESS = "ˌ"
STRESSES = PRIMARY_STRESS + SECONDARY_STRESS
VOWELS = frozenset("AIOWYiuæɐɑɔəɛɜɪʊʌᵊᵻ")
CONSONANTS = frozenset("Tbdfhjklmnpstvwzðŋɡɹʃʒʤʧθ")
SOUNDS = VOWELS | CONSONANTS
"""What is heard as a sound of its own; stress only says how."""
MARKS = frozenset(';:,.!?—…"“”()')
PHONES = SOUNDS | frozenset(STRESSES) | MARKS | frozenset(" ")
"""The alphabet: sounds, stress, punctuation and the space between words."""

_UNHEARD = str.maketrans({"ɾ": "T", "ʔ": "t"})


def as_the_teacher_writes(phones: str) -> str:
    """The dictionary's flap and glottal stop in the characters of the alphabet.

    Args:
        phones: phones of the dictionary, with `ɾ` and `ʔ`.

    Returns:
        The same with `T` and `t`, as misaki gives them to Kokoro.
    """
    return phones.translate(_UNHEARD)


def demote(phones: str) -> str:
    """A word as the lesser half of a compound: its main stress becomes secondary.

    Args:
        phones: phones of one word.

    Returns:
        The word without primary stress; secondary stress goes where a primary one takes its place.
    """
    if PRIMARY_STRESS not in phones:
        return phones
    return phones.replace(SECONDARY_STRESS, "").replace(PRIMARY_STRESS, SECONDARY_STRESS)
