"""Takes of one turn, to be compared: kept apart from the dialogue, and put back into it.

A take is put in place by moving sounds alone. No network is needed, and no sample of another turn
changes: from take A to B and back to A the mix is the first one, bit for bit.
"""

from dataclasses import dataclass, replace

from pipeline.config.limits import MixConfig
from pipeline.datatypes.dialogue import Dialogue
from pipeline.datatypes.script import Script, Turn
from pipeline.datatypes.sound import TurnCut
from pipeline.datatypes.take import Take
from pipeline.datatypes.tokens import AcousticTokens, SemanticTokens
from pipeline.datatypes.voice import VoiceCheck
from pipeline.errors import ConfigError
from pipeline.synthesis.assembly import (
    check_parts,
    dialogue_into_takes,
    general_notes,
    notes_for_line,
    place_takes,
    unflagged,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnTake:
    """One way a turn was spoken, with all that a dialogue holds of it.

    Attributes:
        turn: what was to be said, and at what pace.
        seed: that its last draws came from.
        semantic, acoustic: its ids and codes.
        cut: its sound, levelled and cut.
        check: how much it sounds like its voice; `None`: not checked.
        notes: how it was spoken; that it sounds like someone else follows from its check.
    """

    turn: Turn
    seed: int
    semantic: SemanticTokens
    acoustic: AcousticTokens
    cut: TurnCut
    check: VoiceCheck | None = None
    notes: tuple[str, ...] = ()


def take_of(dialogue: Dialogue, index: int) -> TurnTake:
    """The take that is heard of a turn.

    Args:
        dialogue: as the pipeline made it.
        index: number of the turn, from 0.

    Raises:
        ConfigError: if there is no such turn, or the dialogue does not hold how it was made.
    """
    check_parts(dialogue)
    dialogue.check_turn(index)
    found = [check for check in dialogue.voice_checks if check.turn == index]
    return _take(dialogue, index, found[0] if found else None)


def takes_of(dialogue: Dialogue) -> list[TurnTake]:
    """The takes that are heard of all turns.

    Raises:
        ConfigError: if the dialogue does not hold how they were made.
    """
    check_parts(dialogue)
    checks = {check.turn: check for check in dialogue.voice_checks}
    return [_take(dialogue, index, checks.get(index)) for index in range(len(dialogue.turns))]


def use_take(
    dialogue: Dialogue, index: int, take: TurnTake, config: MixConfig | None = None
) -> Dialogue:
    """The dialogue with another take of a turn: its words, pace, seed and sound.

    The gap before the turn and its line are those of its place. What follows a longer or shorter
    take moves.

    Args:
        dialogue: as the pipeline made it.
        index: number of the turn, from 0.
        take: of that turn, or of one by the same speaker in the same voice.
        config: how the dialogue was placed; `None`: as pipelines do.

    Raises:
        ConfigError: if there is no such turn, it is locked, or the take does not fit it.
    """
    check_parts(dialogue)
    dialogue.check_unlocked(index)
    check_take(dialogue, index, take)
    before = dialogue.turns[index]
    turn = replace(take.turn, line=before.line, gap_s=before.gap_s)
    check = None if take.check is None else replace(take.check, turn=index)
    takes, turns, seeds = dialogue_into_takes(dialogue), [*dialogue.turns], [*dialogue.turn_seeds]
    turns[index], seeds[index] = turn, take.seed
    takes[index] = Take(
        index=index,
        semantic=take.semantic,
        acoustic=take.acoustic,
        cut=take.cut,
        check=check,
        notes=notes_for_line(take.notes, take.turn.line, before.line),
    )
    script = Script(
        turns=tuple(turns), speaker_names=dialogue.speaker_names, notes=general_notes(dialogue)
    )
    seeds_of = (dialogue.seed, tuple(seeds))
    after = place_takes(takes, script, dialogue.voices, seeds_of, config or MixConfig())
    return replace(
        after,
        stage_seconds=dialogue.stage_seconds,
        locked=dialogue.locked,
        options=dialogue.options,
        weights=dialogue.weights,
        redoer=dialogue.redoer,
    )


def check_take(dialogue: Dialogue, index: int, take: TurnTake) -> None:
    """Refuse a take that cannot stand in a turn's place.

    Args:
        dialogue: with all parts of its turns.
        index: number of the turn, from 0; it exists.
        take: for that turn.

    Raises:
        ConfigError: saying what does not fit.
    """
    speaker = dialogue.turns[index].speaker
    if take.turn.speaker != speaker:
        raise ConfigError(
            f"the take is spoken by {take.turn.speaker} and turn {index + 1} by {speaker}; use a "
            "take of the same speaker"
        )
    if form_of(take) != form_of(_take(dialogue, index, None)):
        raise ConfigError(
            f"the take and turn {index + 1} differ in rates or codebook levels; use a take that "
            "was made with the same codec"
        )


def form_of(take: TurnTake) -> tuple[object, ...]:
    """What all takes in one dialogue have in common: rates and codebook levels."""
    return (
        take.semantic.rate_hz,
        take.acoustic.frame_rate_hz,
        take.acoustic.codes.shape[0],
        take.cut.sound.sample_rate_hz,
    )


def _take(dialogue: Dialogue, index: int, check: VoiceCheck | None) -> TurnTake:
    return TurnTake(
        turn=dialogue.turns[index],
        seed=dialogue.turn_seeds[index],
        semantic=dialogue.semantic[index],
        acoustic=dialogue.acoustic[index],
        cut=dialogue.cuts[index],
        check=check,
        notes=unflagged(dialogue.turn_notes[index], check, dialogue.turns[index], dialogue.voices),
    )
