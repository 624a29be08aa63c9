"""Finished turns of an earlier run: go on after them, and mix them again from their sounds."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from pipeline.config import MixConfig
from pipeline.datatypes import SpokenTurn, Turn, TurnCut, Waveform
from pipeline.ensemble import Ensemble
from pipeline.errors import ConfigError
from pipeline.waveform_to_dialogue import GrowingMix


def take_up(
    finished: Iterable[SpokenTurn],
    turns: Sequence[Turn],
    growing: GrowingMix,
    ensemble: Ensemble,
    mode: str,
) -> int:
    """Bring a mix and an ensemble to where they were after the finished turns.

    Args:
        finished: the first turns of the script, in order; read one by one.
        turns: all turns of the script.
        growing: a mix that is still empty.
        ensemble: gets the voices that were made up.
        mode: of the synthesis; "window" can only begin anew.

    Returns:
        How many there are.

    Raises:
        ConfigError: if they are not the script's first turns, or the mode is "window".
    """
    n_finished = 0
    for spoken in finished:
        expected = turns[n_finished] if n_finished < len(turns) else None
        if spoken.index != n_finished or spoken.turn != expected:
            raise ConfigError(
                f"finished turn {spoken.index + 1} ({spoken.turn.text[:40]!r}) is not turn "
                f"{n_finished + 1} of the script; give the script's first turns in order"
            )
        following = turns[n_finished + 1] if n_finished + 1 < len(turns) else None
        growing.add(_cut(spoken), spoken.turn, following)
        if ensemble.voices[spoken.turn.speaker] is None and spoken.voice is not None:
            ensemble.give_voice(spoken.turn.speaker, spoken.voice)
        n_finished += 1
    if n_finished and mode == "window":
        raise ConfigError(
            "a window's turns are spoken in one go, so finished ones cannot be gone on after; "
            'give none, or use mode "turns"'
        )
    return n_finished


def mix_again(
    turns: Iterable[SpokenTurn], config: MixConfig, speaker: str | None = None
) -> Iterator[Waveform]:
    """The stretches of the mix, made again from the sounds of all turns of a script.

    Args:
        turns: all of them, in order; read one by one, and no more than two held at once.
        config: as they were made with.
        speaker: whose stem is wanted: everyone else is silent; `None`: the mix of all.

    Yields:
        A stretch for each turn; together they are the whole, and what `stream` gave.

    Raises:
        ShapeError: if their sample rates differ.
    """
    growing: GrowingMix | None = None
    for spoken, following in _with_following(turns):
        growing = growing or GrowingMix(config, spoken.sound.sample_rate_hz)
        cut = _cut(spoken)
        if speaker is not None and spoken.turn.speaker != speaker:
            silent = Waveform(
                samples=np.zeros_like(cut.sound.samples), sample_rate_hz=cut.sound.sample_rate_hz
            )
            cut = replace(cut, sound=silent)
        yield growing.add(cut, spoken.turn, following).mix


def _with_following(turns: Iterable[SpokenTurn]) -> Iterator[tuple[SpokenTurn, Turn | None]]:
    before: SpokenTurn | None = None
    for spoken in turns:
        if before is not None:
            yield before, spoken.turn
        before = spoken
    if before is not None:
        yield before, None


def _cut(spoken: SpokenTurn) -> TurnCut:
    lead, tail = spoken.silence
    return TurnCut(sound=spoken.sound, speech=spoken.speech, lead=lead, tail=tail)
