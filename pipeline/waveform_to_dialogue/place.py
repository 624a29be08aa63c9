"""Stage 6 of 6: waveforms of turns → one dialogue: placed, faded, levelled, with captions.

    turn 1   ..[ speech ]..
    gap                 |----|
    turn 2                 ..[ speech ]..

Gaps and overlaps are measured from speech to speech. The silence around it that the networks made
is cut down to a short margin (the dots), which carries the fade and may lie inside the gap.

Nothing waits for what comes later: a speaker's gain comes from the voice prompt, a peak is limited
turn by turn, and the next turn's gap tells how much of the mix is final.
"""

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.audio.levels import speech_level_db
from pipeline.config.limits import MixConfig
from pipeline.datatypes.dialogue import Caption
from pipeline.datatypes.note import Note
from pipeline.datatypes.script import Turn
from pipeline.datatypes.sound import TurnCut, Waveform
from pipeline.datatypes.tokens import AcousticTokens
from pipeline.errors import ShapeError
from pipeline.waveform_to_dialogue.cut import MARGIN_S, level_and_cut

Samples = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedTurn:
    """Where a turn lies, and what is final of the mix with it.

    Attributes:
        start: first sample of its sound in the mix.
        caption: its words; spans are those of the speech itself.
        mix: the next stretch of the mix; all stretches one after another are the whole.
        notes: what had to be done to that stretch.
    """

    start: int
    caption: Caption
    mix: Waveform
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MixedDialogue:
    """All turns in their places.

    Attributes:
        mix: the sum of the stems.
        stems: speaker to a waveform as long as the mix, in order of first speaking; made when asked
            for.
        captions: one per turn, in script order; spans are those of the speech itself.
        sounds: of each turn, levelled and cut.
        starts: first sample of each in the mix.
        notes: what had to be done to the mix.
    """

    mix: Waveform
    stems: Mapping[str, Waveform]
    captions: tuple[Caption, ...]
    sounds: tuple[Waveform, ...]
    starts: tuple[int, ...]
    notes: tuple[Note, ...] = ()


class Stems(Mapping[str, Waveform]):
    """A waveform as long as the mix for each speaker, made anew whenever one is asked for.

    Args:
        speakers: of each turn.
        sounds: of each turn, all at one rate, at least one.
        starts: first sample of each.
        n_samples: length of the mix.
    """

    def __init__(
        self,
        speakers: Sequence[str],
        sounds: Sequence[Waveform],
        starts: Sequence[int],
        n_samples: int,
    ) -> None:
        self._turns = list(zip(speakers, sounds, starts, strict=True))
        self._n_samples = n_samples

    def __getitem__(self, speaker: str) -> Waveform:
        """Silence with the speaker's turns in it."""
        own = [(sound, start) for name, sound, start in self._turns if name == speaker]
        if not own:
            raise KeyError(speaker)
        samples = np.zeros(self._n_samples, dtype=np.float32)
        for sound, start in own:
            samples[start : start + len(sound.samples)] += sound.samples
        return Waveform(samples=samples, sample_rate_hz=own[0][0].sample_rate_hz)

    def __iter__(self) -> Iterator[str]:
        """Speakers in order of first speaking."""
        return iter(dict.fromkeys(name for name, _, _ in self._turns))

    def __len__(self) -> int:
        """How many speak."""
        return len({name for name, _, _ in self._turns})


class GrowingMix:
    """Places turns one after another and gives away what no later turn can change.

    A negative gap overlaps the turn before; no turn starts earlier than the turn before it.

    Args:
        config: gap and margins.
        sample_rate_hz: of all turns.
    """

    def __init__(self, config: MixConfig, sample_rate_hz: int) -> None:
        self._config, self._rate = config, sample_rate_hz
        self._margin = round(MARGIN_S * sample_rate_hz)
        self._n_turns = self._n_final = 0
        self._speech_start = self._speech_end = 0
        self._open = np.zeros(0, dtype=np.float32)

    def add(self, cut: TurnCut, turn: Turn, following: Turn | None) -> PlacedTurn:
        """Place the next turn.

        Args:
            cut: its sound.
            turn: its words and the gap before it.
            following: the turn after it, of which only the gap counts; `None`: it is the last.

        Raises:
            ShapeError: if it is at another sample rate.
        """
        if cut.sound.sample_rate_hz != self._rate:
            rates = sorted((cut.sound.sample_rate_hz, self._rate))
            raise ShapeError(f"turns at different sample rates {rates}; decode all with one codec")
        index, self._n_turns = self._n_turns, self._n_turns + 1
        first, last = cut.speech
        earliest = max(self._speech_start, first)
        self._speech_start = max(
            earliest, self._speech_end + self._gap(turn, index == 0) + cut.lead
        )
        start = self._speech_start - first
        self._speech_end = start + last + cut.tail
        self._lay(cut.sound.samples, start)
        caption = Caption(
            turn=index,
            speaker=turn.speaker,
            start_s=(start + first) / self._rate,
            end_s=(start + last) / self._rate,
            text=turn.text,
        )
        stretch = self._give_away(following)
        notes: tuple[Note, ...] = ()
        if (np.abs(stretch) > 1.0).any():
            stretch = np.clip(stretch, -1.0, 1.0)
            notes = (Note(kind="too loud", line=turn.line),)
        sound = Waveform(samples=stretch, sample_rate_hz=self._rate)
        return PlacedTurn(start=start, caption=caption, mix=sound, notes=notes)

    def _gap(self, turn: Turn, is_first: bool) -> int:
        default_s = 0.0 if is_first else self._config.default_gap_s
        return round((default_s if turn.gap_s is None else turn.gap_s) * self._rate)

    def _lay(self, samples: Samples, start: int) -> None:
        begin = start - self._n_final
        self._extend_to(start + len(samples))
        self._open[begin : begin + len(samples)] += samples

    def _extend_to(self, end: int) -> None:
        missing = end - self._n_final - len(self._open)
        if missing > 0:
            self._open = np.concatenate([self._open, np.zeros(missing, dtype=np.float32)])

    def _give_away(self, following: Turn | None) -> Samples:
        if following is None:
            self._extend_to(self._speech_end)
            n_given = len(self._open)
        else:
            next_speech = max(self._speech_start, self._speech_end + self._gap(following, False))
            n_given = max(0, next_speech - self._margin - self._n_final)
            self._extend_to(self._n_final + n_given)
        stretch, self._open = self._open[:n_given].copy(), self._open[n_given:].copy()
        self._n_final += n_given
        return stretch


def waveform_to_dialogue(
    waveforms: Sequence[Waveform],
    acoustic: Sequence[AcousticTokens],
    turns: Sequence[Turn],
    gains: Mapping[str, float],
    config: MixConfig,
) -> MixedDialogue:
    """Level, cut and place all turns, as `level_and_cut` and `GrowingMix` do one after another.

    Args:
        waveforms: one per turn, all at one rate, none empty.
        acoustic: one per turn; only the positions of pauses are read.
        turns: one per waveform, in script order, at least one.
        gains: speaker to the factor for all they say, as `prompt_gain` gives it.
        config: gap, fade, levels.

    Raises:
        ShapeError: if the three do not match one to one, a waveform is empty, or rates differ.
        AudioError: if a sample is not finite.
    """
    counts = (len(waveforms), len(acoustic), len(turns))
    if len(set(counts)) != 1 or counts[0] == 0:
        raise ShapeError(
            "{} waveforms, {} code sequences, {} turns: need one of each per turn".format(*counts)
        )
    cuts = [
        level_and_cut(waveform, tokens, gains[turn.speaker], config, index)
        for index, (waveform, tokens, turn) in enumerate(
            zip(waveforms, acoustic, turns, strict=True)
        )
    ]
    return place_turns(cuts, turns, config)


def place_turns(cuts: Sequence[TurnCut], turns: Sequence[Turn], config: MixConfig) -> MixedDialogue:
    """Place turns that are levelled and cut.

    Args:
        cuts: one per turn, at least one.
        turns: in script order.
        config: the usual gap.

    Raises:
        ShapeError: if sample rates differ.
    """
    rate = cuts[0].sound.sample_rate_hz
    growing = GrowingMix(config, rate)
    placed = []
    stretches: deque[Samples] = deque()
    for cut, turn, following in zip(cuts, turns, [*turns[1:], None], strict=True):
        each = growing.add(cut, turn, following)
        stretches.append(each.mix.samples)
        placed.append((each.start, each.caption, each.notes))
    starts, captions, notes = zip(*placed, strict=True)
    mix = _joined(stretches)
    sounds = tuple(cut.sound for cut in cuts)
    return MixedDialogue(
        mix=Waveform(samples=mix, sample_rate_hz=rate),
        stems=Stems([turn.speaker for turn in turns], sounds, starts, len(mix)),
        captions=captions,
        sounds=sounds,
        starts=starts,
        notes=tuple(note for each in notes for note in each),
    )


def prompt_gain(prompt: Waveform, config: MixConfig) -> float:
    """The factor that brings a speaker to the target level, going by their voice prompt.

    Args:
        prompt: the prompt as the codec reconstructs it.
        config: the target.

    Returns:
        A factor; 1 for a silent prompt.
    """
    level_db = speech_level_db(prompt.samples, prompt.sample_rate_hz)
    if not np.isfinite(level_db):
        return 1.0
    return float(10 ** ((config.target_level_db - level_db) / 20))


def _joined(stretches: deque[Samples]) -> Samples:
    """One array of all, taking them out one by one: they are never held twice."""
    joined = np.empty(sum(map(len, stretches)), dtype=np.float32)
    filled = 0
    while stretches:
        stretch = stretches.popleft()
        joined[filled : filled + len(stretch)] = stretch
        filled += len(stretch)
    return joined
