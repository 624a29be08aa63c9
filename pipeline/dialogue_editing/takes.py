"""Takes of one turn, to be compared: kept apart from the dialogue, and put back into it.

A take is put in place by moving sounds alone. No network is needed, and no sample of another turn
changes: from take A to B and back to A the mix is the first one, bit for bit.
"""

from dataclasses import replace

from pipeline.config.limits import MixConfig
from pipeline.datatypes.dialogue import Dialogue
from pipeline.datatypes.take import Take
from pipeline.errors import ConfigError
from pipeline.synthesis.assembly import check_parts, place_again


def take_of(dialogue: Dialogue, index: int) -> Take:
    """The take that is heard of a turn.

    Args:
        dialogue: as the pipeline made it.
        index: number of the turn, from 0.

    Raises:
        ConfigError: if there is no such turn, or the dialogue does not hold how it was made.
    """
    check_parts(dialogue)
    dialogue.check_turn(index)
    return dialogue.takes[index]


def use_take(
    dialogue: Dialogue, index: int, take: Take, config: MixConfig | None = None
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
    check_fits(dialogue.takes[index], take, index)
    before, takes = dialogue.takes[index].turn, list(dialogue.takes)
    takes[index] = take.moved(index, replace(take.turn, line=before.line, gap_s=before.gap_s))
    return place_again(dialogue, takes, config or MixConfig())


def check_fits(heard: Take, take: Take, index: int) -> None:
    """Refuse a take that cannot stand in a turn's place.

    Args:
        heard: the take that stands there.
        take: for the same turn.
        index: number of the turn, from 0.

    Raises:
        ConfigError: saying what does not fit.
    """
    speaker = heard.turn.speaker
    if take.turn.speaker != speaker:
        raise ConfigError(
            f"the take is spoken by {take.turn.speaker} and turn {index + 1} by {speaker}; use a "
            "take of the same speaker"
        )
    if form_of(take) != form_of(heard):
        raise ConfigError(
            f"the take and turn {index + 1} differ in rates or codebook levels; use a take that "
            "was made with the same codec"
        )


def form_of(take: Take) -> tuple[object, ...]:
    """What all takes in one dialogue have in common: rates and codebook levels."""
    return (
        take.semantic.rate_hz,
        take.acoustic.frame_rate_hz,
        take.acoustic.codes.shape[0],
        take.cut.sound.sample_rate_hz,
    )
