"""Which turns are spoken together: few at first if someone waits for the sound, then many."""

from collections.abc import Iterable, Iterator, Sequence

from pipeline.config.limits import LimitsConfig, MixConfig
from pipeline.datatypes.script import Turn
from pipeline.synthesis.stage_clock import StageClock
from pipeline.synthesis.turn_synthesizer import SynthesisInputs

WHOLE_BATCH_S = 60.0
"""About how much speech is made at once: enough to fill a processor, little enough to hold."""

FIRST_BATCHES_S = (2.0, 8.0, 16.0, 30.0)
"""The first batches when someone is listening: first one turn, or a few that are so short that
their sound would end before the second batch is there."""

WORK_PER_SECOND = 100
"""Progress counts the work of turns in hundredths of a second of speech."""


def estimate_turn_seconds(turn: Turn, limits: LimitsConfig, mix: MixConfig) -> float:
    """About how long a turn lasts, the gap before it included: from letters, pace and pauses."""
    gap_s = mix.default_gap_s if turn.gap_s is None else turn.gap_s
    pauses_s = sum(pause_s for _, pause_s in turn.pauses)
    return len(turn.spoken_text) / (limits.characters_per_second * turn.pace) + gap_s + pauses_s


def estimate_seconds_of_turns(
    turns: Sequence[Turn], limits: LimitsConfig, mix: MixConfig
) -> list[float]:
    """`estimate_turn_seconds` of each turn."""
    return [estimate_turn_seconds(turn, limits, mix) for turn in turns]


def plan_batches(
    seconds: Sequence[float], first: Iterable[float] = (), first_turn: int = 0
) -> list[range]:
    """Share turns out into batches, in order.

    Args:
        seconds: about how long each turn lasts.
        first: how long the first batches shall be; later ones are `WHOLE_BATCH_S`.
        first_turn: number of the first of them.

    Returns:
        Turns of each batch, at least one; as many as are no longer together than asked.
    """
    wanted = iter(first)
    batches: list[range] = []
    start, filled_s, room_s = 0, 0.0, next(wanted, WHOLE_BATCH_S)
    for index, turn_s in enumerate(seconds):
        if index > start and filled_s + turn_s > room_s:
            batches.append(range(first_turn + start, first_turn + index))
            start, filled_s, room_s = index, 0.0, next(wanted, WHOLE_BATCH_S)
        filled_s += turn_s
    if len(seconds):
        batches.append(range(first_turn + start, first_turn + len(seconds)))
    return batches


def share_out(
    inputs: SynthesisInputs,
    limits: LimitsConfig,
    clock: StageClock,
    first: Sequence[float] = (),
    n_finished: int = 0,
) -> Iterator[range]:
    """Turns to speak together; tells the clock which part of the work each batch is.

    Args:
        inputs: whose turns.
        limits: for the estimate of their lengths.
        clock: is told while a batch is spoken.
        first: as for `plan_batches`.
        n_finished: turns at the start that are left out.
    """
    mix = inputs.speakers.mix
    seconds = estimate_seconds_of_turns(inputs.script.turns, limits, mix)
    batches = [range(len(seconds))]
    if inputs.options.mode == "turns":
        batches = plan_batches(seconds[n_finished:], first, n_finished)
    work = [max(1, round(WORK_PER_SECOND * turn_s)) for turn_s in seconds]
    for batch in batches:
        before, size = sum(work[: batch.start]), sum(work[batch.start : batch.stop])
        checks = sum(work) * (2 if inputs.options.max_retakes else 1)
        with (
            clock.part(before, size, of=sum(work)),
            clock.part(before, size, of=checks, stage="check"),
        ):
            yield batch
