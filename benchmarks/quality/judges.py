"""All judges over one take after another, in processes beside the one that speaks."""

import multiprocessing
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.quality.listeners import OpinionJudge, Recogniser, VoiceJudge, compare, fidelity
from benchmarks.quality.prosody import intonation
from benchmarks.quality.samples import Take
from pipeline.datatypes.sound import Waveform

NAN = float("nan")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scores:
    """What the judges found in one take; `nan` where a figure does not apply.

    Attributes:
        n_words, word_errors, n_characters, character_errors, skipped, repeated: see `WordErrors`;
            all zero if the text is unknown.
        own, other: similarity to the prompt, and to the most similar rival.
        own_above_other: 1 if the prompt is nearer than every rival, else 0.
        opinion: DNSMOS.
        pitch_range, final_rise: semitones, see `Intonation`.
        stoi, pesq: see `Fidelity`.
        audio_s, wall_s, start_s: length, seconds of making, place in the script.
    """

    n_words: int = 0
    word_errors: int = 0
    n_characters: int = 0
    character_errors: int = 0
    skipped: float = NAN
    repeated: float = NAN
    own: float = NAN
    other: float = NAN
    own_above_other: float = NAN
    opinion: float = NAN
    pitch_range: float = NAN
    final_rise: float = NAN
    stoi: float = NAN
    pesq: float = NAN
    audio_s: float = 0.0
    wall_s: float = NAN
    start_s: float = 0.0


class Judges:
    """Judges that share what they have heard of a prompt."""

    def __init__(self) -> None:
        self._recogniser, self._voices, self._opinions = Recogniser(), VoiceJudge(), OpinionJudge()
        self._prompts: dict[int, NDArray[np.float32]] = {}

    def judge(self, take: Take) -> Scores:
        """Everything that can be told of a take."""
        figures: dict[str, Any] = {}
        if take.text:
            errors = compare(take.text, self._recogniser.words(take.speech))
            figures |= asdict(errors)
            del figures["heard"]
        if take.prompt is not None:
            figures |= self._compare_voices(take, take.prompt)
        if (moved := intonation(take.speech)) is not None:
            figures |= {"pitch_range": moved.pitch_range, "final_rise": moved.final_rise}
        if take.original is not None:
            near = fidelity(take.original, take.speech)
            figures |= {"stoi": near.stoi, "pesq": near.pesq}
        return Scores(
            opinion=self._opinions.opinion(take.speech),
            audio_s=take.speech.duration_s,
            wall_s=take.wall_s,
            start_s=take.start_s,
            **figures,
        )

    def _compare_voices(self, take: Take, prompt: Waveform) -> dict[str, float]:
        heard = self._voices.embedding(take.speech)
        own = float(heard @ self._prompt(prompt))
        if not take.rivals:
            return {"own": own}
        other = max(float(heard @ self._prompt(rival)) for rival in take.rivals)
        return {"own": own, "other": other, "own_above_other": float(own > other)}

    def _prompt(self, prompt: Waveform) -> NDArray[np.float32]:
        key = hash(prompt.samples.tobytes())
        if key not in self._prompts:
            self._prompts[key] = self._voices.embedding(prompt)
        return self._prompts[key]


_judges: Judges | None = None


def _judge(take: Take) -> Scores:
    global _judges  # noqa: PLW0603 - one set per process, made when it first has to judge
    _judges = _judges or Judges()
    return _judges.judge(take)


class JudgePool:
    """Processes that judge takes while the next ones are being made; use it as a context.

    Args:
        n_processes: how many.
    """

    def __init__(self, n_processes: int) -> None:
        self._pool = multiprocessing.get_context("spawn").Pool(n_processes)

    def __enter__(self) -> "JudgePool":
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.terminate()

    def scores(self, takes: Iterable[Take]) -> Iterator[Scores]:
        """Scores in the order of the takes."""
        return self._pool.imap(_judge, takes)
