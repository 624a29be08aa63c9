"""Finished turns: go on after them, mix them again, or make a dialogue of them."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from pipeline.config.limits import MixConfig
from pipeline.datatypes.dialogue import Dialogue, SpokenTurn
from pipeline.datatypes.script import Script, Turn
from pipeline.datatypes.sound import Waveform
from pipeline.datatypes.voice import Voice
from pipeline.errors import ConfigError
from pipeline.synthesis.assembly import place_takes
from pipeline.synthesis.seeds import turn_seed
from pipeline.synthesis.speakers import ScriptSpeakers
from pipeline.waveform_to_dialogue.place import GrowingMix


def take_up(
    finished: Iterable[SpokenTurn],
    turns: Sequence[Turn],
    growing: GrowingMix,
    speakers: ScriptSpeakers,
    mode: str,
) -> int:
    """Bring a mix and speakers to where they were after the finished turns.

    Args:
        finished: the first turns of the script, in order; read one by one.
        turns: all turns of the script.
        growing: a mix that is still empty.
        speakers: gets the voices that were made up.
        mode: of the synthesis; "window" can only begin anew.

    Returns:
        How many there are.

    Raises:
        ConfigError: if they are not the script's first turns, or the mode is "window".
    """
    n_finished = 0
    for spoken in finished:
        _check_place(spoken, n_finished, turns)
        following = turns[n_finished + 1] if n_finished + 1 < len(turns) else None
        growing.add(spoken.take.cut, spoken.turn, following)
        if speakers.voices[spoken.turn.speaker] is None and spoken.voice is not None:
            speakers.give_voice(spoken.turn.speaker, spoken.voice)
        n_finished += 1
    if n_finished and mode == "window":
        raise ConfigError(
            "a window's turns are spoken in one go, so finished ones cannot be gone on after; "
            'give none, or use mode "turns"'
        )
    return n_finished


def gather_turns(
    spoken: Sequence[SpokenTurn], script: Script, seed: int, config: MixConfig
) -> Dialogue:
    """Make the dialogue of turns that were streamed.

    Args:
        spoken: all turns of the script, in order.
        script: as parsed.
        seed: of the script.
        config: as they were made with.

    Returns:
        What `synthesize` gives, but for the options and the seconds.

    Raises:
        ConfigError: if they are not all the script's turns in order, were spoken from another
            seed, or a voice is not told.
        ShapeError: if their sample rates differ.
    """
    turns = script.turns
    voices: dict[str, Voice] = {}
    for place, each in enumerate(spoken):
        _check_place(each, place, turns)
        if each.take.seed != turn_seed(seed, place):
            raise ConfigError(
                f"finished turn {place + 1} was spoken from another seed than that of script seed "
                f"{seed}; give the seed they were streamed with"
            )
        if each.voice is None:
            raise ConfigError(
                f"finished turn {place + 1} does not tell its voice; give turns that stream gave"
            )
        voices.setdefault(each.turn.speaker, each.voice)
    if len(spoken) != len(turns):
        raise ConfigError(
            f"{len(spoken)} of {len(turns)} turns are finished; give all turns of the script"
        )
    takes = [each.take for each in spoken]
    dialogue = place_takes(takes, voices, config, seed, script.speaker_names)
    # the first turn's notes begin with the script's, end with its own and those on the mix
    of_script = [note for note in spoken[0].notes if note not in dialogue.notes]
    return replace(dialogue, notes=(*of_script, *dialogue.notes))


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
        cut = spoken.take.cut
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


def _check_place(spoken: SpokenTurn, place: int, turns: Sequence[Turn]) -> None:
    expected = turns[place] if place < len(turns) else None
    if spoken.index != place or spoken.turn != expected:
        raise ConfigError(
            f"finished turn {spoken.index + 1} ({spoken.turn.text[:40]!r}) is not turn "
            f"{place + 1} of the script; give the script's turns in order, from the first"
        )
