"""Takes of all turns → a dialogue, and back: what a dialogue keeps of how its turns were made."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from pipeline.config.limits import MixConfig
from pipeline.datatypes.dialogue import Dialogue
from pipeline.datatypes.script import Script, Turn
from pipeline.datatypes.take import Take
from pipeline.datatypes.voice import Voice, VoiceCheck
from pipeline.errors import ConfigError
from pipeline.synthesis.retakes import flag_note
from pipeline.synthesis.stage_clock import StageClock
from pipeline.synthesis.turn_synthesizer import SynthesisInputs
from pipeline.waveform_to_dialogue.place import TOO_LOUD, place_turns


def takes_into_dialogue(
    takes: Sequence[Take],
    inputs: SynthesisInputs,
    seed: int,
    clock: StageClock,
    notes: Sequence[str] = (),
) -> Dialogue:
    """Place the takes and say what is known of them.

    Args:
        takes: one for each turn, in order.
        inputs: what was said, and by whom.
        seed: of the script.
        clock: times the mixing, and knows the seconds of the stages before.
        notes: come after those of the inputs and before those of single turns.
    """
    script = replace(inputs.script, notes=(*inputs.notes, *notes))
    voices, mix = inputs.speakers.known_voices(), inputs.speakers.mix
    with clock.stage("mix"):
        dialogue = place_takes(takes, script, voices, (seed, inputs.seeds), mix)
    return replace(dialogue, stage_seconds=clock.seconds, options=inputs.options)


def place_takes(
    takes: Sequence[Take],
    script: Script,
    voices: Mapping[str, Voice],
    seeds: tuple[int, tuple[int, ...]],
    config: MixConfig,
) -> Dialogue:
    """The dialogue that takes make: no network is needed to place them.

    Args:
        takes: one for each turn, in order.
        script: what was said; its notes come before those of single turns.
        voices: of all who speak.
        seeds: of the script, and of each turn.
        config: the usual gap.

    Raises:
        ShapeError: if sample rates differ.
    """
    turns = script.turns
    mixed = place_turns([take.cut for take in takes], turns, config)
    turn_notes = tuple(take_notes(take, turns[take.index], voices) for take in takes)
    of_turns = [note for each in turn_notes for note in each]
    return Dialogue(
        mix=mixed.mix,
        stems=mixed.stems,
        captions=mixed.captions,
        turns=turns,
        semantic=tuple(take.semantic for take in takes),
        acoustic=tuple(take.acoustic for take in takes),
        seed=seeds[0],
        notes=tuple(dict.fromkeys((*script.notes, *of_turns, *mixed.notes))),
        voice_checks=tuple(take.check for take in takes if take.check is not None),
        turn_seeds=seeds[1],
        cuts=tuple(take.cut for take in takes),
        starts=mixed.starts,
        voices=voices,
        turn_notes=turn_notes,
        speaker_names=script.speaker_names,
    )


def dialogue_into_takes(dialogue: Dialogue) -> list[Take]:
    """The takes that a dialogue was put together of."""
    checks = {check.turn: check for check in dialogue.voice_checks}
    return [
        Take(
            index=index,
            semantic=dialogue.semantic[index],
            acoustic=dialogue.acoustic[index],
            cut=dialogue.cuts[index],
            check=checks.get(index),
            notes=unflagged(dialogue.turn_notes[index], checks.get(index), turn, dialogue.voices),
        )
        for index, turn in enumerate(dialogue.turns)
    ]


def notes_for_line(notes: Sequence[str], before: int, line: int) -> tuple[str, ...]:
    """Notes on a turn that now stands in another line."""
    old = re.compile(rf"line {before}\b")
    return tuple(old.sub(f"line {line}", note, count=1) for note in notes)


def take_notes(take: Take, turn: Turn, voices: Mapping[str, Voice]) -> tuple[str, ...]:
    """What is worth knowing of a take, in plain words: whether it sounds like its voice, too."""
    flag = flag_note(take.check, turn, voices)
    return take.notes if flag is None else (*take.notes, flag)


def unflagged(
    notes: Sequence[str], check: VoiceCheck | None, turn: Turn, voices: Mapping[str, Voice]
) -> tuple[str, ...]:
    """What `take_notes` says of a turn, but for what follows from its check."""
    flag = flag_note(check, turn, voices)
    return tuple(note for note in notes if note != flag)


def check_parts(dialogue: Dialogue) -> None:
    """Refuse a dialogue that does not hold how each of its turns was made.

    Raises:
        ConfigError: saying what works.
    """
    parts = (
        dialogue.semantic,
        dialogue.acoustic,
        dialogue.cuts,
        dialogue.starts,
        dialogue.turn_seeds,
        dialogue.turn_notes,
    )
    if not dialogue.turns or {len(part) for part in parts} != {len(dialogue.turns)}:
        raise ConfigError(
            "this dialogue does not hold how its turns were made; use one that synthesize gave"
        )


def general_notes(dialogue: Dialogue) -> tuple[str, ...]:
    """Notes that are about no single take and not about the mix: they stay when a turn changes."""
    of_turns = {note for notes in dialogue.turn_notes for note in notes}
    return tuple(
        note for note in dialogue.notes if note not in of_turns and not note.endswith(TOO_LOUD)
    )
