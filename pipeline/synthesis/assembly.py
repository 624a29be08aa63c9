"""Takes of all turns → a dialogue."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from pipeline.config.limits import MixConfig
from pipeline.datatypes.dialogue import Dialogue
from pipeline.datatypes.note import Note
from pipeline.datatypes.take import Take
from pipeline.datatypes.voice import Voice
from pipeline.errors import ConfigError
from pipeline.synthesis.stage_clock import StageClock
from pipeline.synthesis.turn_synthesizer import SynthesisInputs
from pipeline.waveform_to_dialogue.place import place_turns


def takes_into_dialogue(
    takes: Sequence[Take],
    inputs: SynthesisInputs,
    seed: int,
    clock: StageClock,
    notes: Sequence[Note] = (),
) -> Dialogue:
    """Place the takes and say what is known of them.

    Args:
        takes: one for each turn, in order.
        inputs: what was said, and by whom.
        seed: of the script.
        clock: times the mixing, and knows the seconds of the stages before.
        notes: come after those of the inputs and before those of single turns.
    """
    speakers = inputs.speakers
    with clock.stage("mix"):
        dialogue = place_takes(
            takes,
            speakers.known_voices(),
            speakers.mix,
            seed,
            inputs.script.speaker_names,
            (*inputs.notes, *notes),
        )
    return replace(dialogue, stage_seconds=clock.seconds, options=inputs.options)


def place_takes(
    takes: Sequence[Take],
    voices: Mapping[str, Voice],
    config: MixConfig,
    seed: int,
    speaker_names: Mapping[str, str],
    notes: Sequence[Note] = (),
) -> Dialogue:
    """The dialogue that takes make: no network is needed to place them.

    Args:
        takes: one for each turn, in order.
        voices: of all who speak.
        config: the usual gap.
        seed: of the script.
        speaker_names: speaker to the name in the script.
        notes: come before those of single turns.

    Raises:
        ShapeError: if sample rates differ.
    """
    mixed = place_turns([take.cut for take in takes], [take.turn for take in takes], config)
    of_turns = [note for take in takes for note in take.all_notes(voices)]
    return Dialogue(
        mix=mixed.mix,
        stems=mixed.stems,
        captions=mixed.captions,
        takes=tuple(takes),
        starts=mixed.starts,
        seed=seed,
        notes=tuple(dict.fromkeys((*notes, *of_turns, *mixed.notes))),
        voices=voices,
        speaker_names=speaker_names,
    )


def place_again(dialogue: Dialogue, takes: Sequence[Take], config: MixConfig) -> Dialogue:
    """The same dialogue with other takes of its turns.

    Args:
        dialogue: as the pipeline made it.
        takes: one for each of its turns, in order.
        config: the usual gap.
    """
    after = place_takes(
        takes,
        dialogue.voices,
        config,
        dialogue.seed,
        dialogue.speaker_names,
        general_notes(dialogue),
    )
    return with_history(after, dialogue)


def with_history(after: Dialogue, before: Dialogue) -> Dialogue:
    """A dialogue that came of another one: what is locked, and who made it how, stays."""
    return replace(
        after,
        stage_seconds=after.stage_seconds or before.stage_seconds,
        locked=before.locked,
        options=before.options,
        weights=before.weights,
        redoer=before.redoer,
    )


def check_parts(dialogue: Dialogue) -> None:
    """Refuse a dialogue that does not hold how each of its turns was made.

    Raises:
        ConfigError: saying what works.
    """
    if not dialogue.takes or len(dialogue.takes) != len(dialogue.starts):
        raise ConfigError(
            "this dialogue does not hold how its turns were made; use one that synthesize gave"
        )


def general_notes(dialogue: Dialogue) -> tuple[Note, ...]:
    """Notes that are about no single take and not about the mix: they stay when a turn changes."""
    of_turns = {note for notes in dialogue.turn_notes for note in notes}
    return tuple(
        note for note in dialogue.notes if note not in of_turns and note.kind != "too loud"
    )
