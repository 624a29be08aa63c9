"""Turns given away one by one, each with the stretch of the mix that is final with it."""

from collections.abc import Iterable, Iterator

from pipeline.datatypes.dialogue import SpokenTurn
from pipeline.errors import ConfigError
from pipeline.synthesis.options import SynthesisOptions
from pipeline.synthesis.stage_clock import StageClock
from pipeline.synthesis.turn_synthesizer import SynthesisInputs, TurnSynthesizer
from pipeline.waveform_to_dialogue.place import GrowingMix


def refuse_retakes(options: SynthesisOptions | None) -> None:
    """Refuse options that ask for retakes.

    Raises:
        ConfigError: saying why, and what works.
    """
    if options is not None and options.max_retakes > 0:
        raise ConfigError(
            "retakes need all turns to be judged first and cannot be streamed; ask for none, or "
            "use synthesize"
        )


def stream_turns(
    synthesizer: TurnSynthesizer,
    inputs: SynthesisInputs,
    batches: Iterable[range],
    growing: GrowingMix,
    clock: StageClock,
) -> Iterator[SpokenTurn]:
    """Speak batches of turns and place each turn as soon as it is spoken.

    Args:
        synthesizer: of the same inputs.
        inputs: what is said, and by whom.
        batches: turns to speak together, in order; the finished ones before them are left out.
        growing: the mix of those finished turns.
        clock: told of the mixing.

    Yields:
        The turns in order; the first of the script with the notes of the inputs.

    Raises:
        ScriptError: if a turn could not be spoken.
        CancelledError: if the clock's listener raises it.
    """
    turns, speakers = inputs.script.turns, inputs.speakers
    for batch in batches:
        for index, take in zip(batch, synthesizer.speak(batch), strict=True):
            following = turns[index + 1] if index + 1 < len(turns) else None
            with clock.part(index, 1, of=len(turns), stage="mix"), clock.stage("mix"):
                placed = growing.add(take.cut, take.turn, following)
            of_script = inputs.notes if index == 0 else ()
            of_turn = take.all_notes(speakers.known_voices())
            yield SpokenTurn(
                index=index,
                take=take,
                caption=placed.caption,
                start=placed.start,
                mix=placed.mix,
                notes=(*of_script, *of_turn, *placed.notes),
                voice=speakers.voices[take.turn.speaker],
            )
