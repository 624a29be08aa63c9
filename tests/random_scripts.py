"""Scripts made by chance, for tests of what must hold for every script."""

import dataclasses
import random

from pipeline.config.limits import LimitsConfig
from pipeline.datatypes.script import Script, Turn
from pipeline.errors import ScriptError
from pipeline.script_to_turns.parse import script_to_turns

NAMES = ("Anna", "Dr. Smith", "zoë", "O'Neil", "Mary-Jane Watson", "Speaker A", "SPEAKER_00")
_WORDS = (
    *("Hello", "it's", "5:30", "café", "{Worcester|wuster}", "{pause 0.25}", "(well)", "#1", "..."),
    *("Name:", r"a\|b", r"a\\", r"\{x\}", r"\[S1]", r"\<Person2>", r"{a\|b|c d}", "{New York|ny}"),
    *("{pause 2}", "- no", "(S1)", "S2:", r"\{pace 2\}", "a {pause 1}", "**so**", "[x]", "--> x"),
)
_OPTIONS = ("", "", "{pace 1.25} ", "{gap -0.5} ", "{gap 0}", "{pace 0.7} {gap 1.5} ")


def random_words(rng: random.Random, n_words: int = 9) -> str:
    """Words with marks, as typed after a speaker; the first one can always be spoken."""
    words = ["go", *rng.choices(_WORDS, k=rng.randint(0, n_words))]
    return rng.choice([" ", "  "]).join(words)


def random_script(rng: random.Random, named: bool, n_turns: int = 6, n_speakers: int = 4) -> str:
    """A script that can be read, with names before a colon or with `[S1]` markers."""
    names = rng.sample(NAMES, k=rng.randint(1, n_speakers))
    numbers = rng.sample(range(1, 5), k=rng.randint(1, n_speakers))
    markers = [f"{name}:" for name in names] if named else [f"[S{number}]" for number in numbers]
    return "\n".join(
        f"{rng.choice(markers)} {rng.choice(_OPTIONS)}{random_words(rng)}"
        for _ in range(rng.randint(1, n_turns))
    )


def without_lines(script: Script) -> list[Turn]:
    """The turns, whatever their lines."""
    return [dataclasses.replace(turn, line=1) for turn in script.turns]


def said(script: Script) -> list[tuple[str, Turn]]:
    """For each turn the name shown and the turn, whatever its line and its speaker's number."""
    return [
        (script.speaker_names[turn.speaker], dataclasses.replace(turn, speaker="S1", line=1))
        for turn in script.turns
    ]


def reads_as(text: str, script: Script) -> bool:
    """Whether a text is read back to the turns and names of a script, whatever their lines."""
    try:
        read = script_to_turns(text, LimitsConfig())
    except ScriptError:
        return False
    return (
        without_lines(read) == without_lines(script) and read.speaker_names == script.speaker_names
    )
