"""Turns given away one by one, each with the stretch of the mix that is final with it."""

from collections.abc import Iterable, Iterator

from pipeline.datatypes.dialogue import SpokenTurn
from pipeline.errors import ConfigError
from pipeline.synthesis.assembly import take_notes
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
        for take in synthesizer.speak(batch):
            index, turn = take.index, turns[take.index]
            following = turns[index + 1] if index + 1 < len(turns) else None
            clock.expect(index, 1, len(turns), "mix")
            with clock.stage("mix"):
                placed = growing.add(take.cut, turn, following)
            of_turn = take_notes(take, turn, speakers.known_voices())
            of_script = inputs.notes if index == 0 else ()
            yield SpokenTurn(
                index=index,
                turn=turn,
                caption=placed.caption,
                cut=take.cut,
                start=placed.start,
                mix=placed.mix,
                seed=inputs.seeds[index],
                semantic=take.semantic,
                acoustic=take.acoustic,
                check=take.check,
                notes=(*of_script, *of_turn, *placed.notes),
                voice=speakers.voices[turn.speaker],
                turn_notes=of_turn,
            )
