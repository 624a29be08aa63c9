"""What is said of a script while it is typed: who speaks, how long it is, how long it will take."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from app.backend.cost import expectation_of
from app.backend.pipeline_pool import PipelinePool
from app.backend.progress import format_seconds
from pipeline.datatypes.script import Script


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptFeedback:
    """What a script looks like so far.

    Attributes:
        message: one sentence for the person who types.
        speakers: canonical name to the name in the script, in order; empty on an error.
        turns: one short label for each turn.
        problem: whether `message` says why the script cannot be spoken.
    """

    message: str
    speakers: Mapping[str, str] = field(default_factory=dict)
    turns: tuple[str, ...] = ()
    problem: bool = False


def feedback_of(pool: PipelinePool, script: Script, slowness: float = 1.0) -> ScriptFeedback:
    """What is in a script.

    Args:
        pool: speaks it.
        script: as read.
        slowness: how many times longer than expected runs take now.
    """
    speakers = script.speakers
    named = ", ".join(
        name if name == speaker else f"{name} ({speaker})" for speaker, name in speakers.items()
    )
    expectation = expectation_of(pool)
    size = expectation.size(script)
    computing_s = slowness * expectation.cost().seconds(size)
    message = (
        f"{_count(size.n_turns, 'turn')}, {_count(len(speakers), 'speaker')}: {named}; "
        f"{size.n_characters:,} characters, about {format_seconds(size.speech_s)} of sound, "
        f"made in about {format_seconds(max(1, computing_s))}"
    )
    labels = tuple(
        f"{number} · {speakers[turn.speaker]}: {_shortened(turn.text)}"
        for number, turn in enumerate(script.turns, start=1)
    )
    message = ". ".join((message, *map(str, script.notes)))
    return ScriptFeedback(message=message, speakers=speakers, turns=labels)


def _shortened(text: str, most: int = 50) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
