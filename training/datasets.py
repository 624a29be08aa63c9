"""What the stages of the recipe hand to each other: recordings in one file, tokens in another.

A corpus folder holds `audio.i16` (every utterance end to end, int16 mono), `corpus.json` with its
sample rate (16 kHz if that is missing) and `utterances.jsonl`; a
token folder holds `tokens.safetensors` and `utterances.jsonl`. Both stay int16 in memory.
"""

import dataclasses
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from pipeline.audio.read import resample
from pipeline.errors import CheckpointError
from pipeline.files.atomic import write_atomically
from pipeline.files.checkpoint import load_tensors, save_tensors

AUDIO_NAME = "audio.i16"
INDEX_NAME = "utterances.jsonl"
FORMAT_NAME = "corpus.json"
TOKENS_NAME = "tokens.safetensors"

_USUAL_RATE_HZ = 16_000

SPEAKER_CAP_S = 1200.0
"""Seconds that one speaker counts for at most when sound is drawn: variety beats quantity."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Utterance:
    """One recording of one speaker.

    Attributes:
        start: first sample in `audio.i16`.
        n_samples: length there.
        speaker: id, unique over all sources.
        source: "flite", "world" or "human".
        split: "train" or "dev"; dev speakers never occur in train except the single-speaker sets'.
        text: transcript as written; empty where none is known.
        phones: (name, end in seconds) from the synthesiser; empty where unknown.
    """

    start: int
    n_samples: int
    speaker: str
    source: str
    split: str
    text: str = ""
    phones: tuple[tuple[str, float], ...] = ()


KINDS = {"human": ("human",), "synthetic": ("flite", "world")}
"""Sources by whether a person spoke; evaluations tell of each apart, and the speaker encoder never
mixes them in one batch or pair: nobody is told apart by them alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenisedUtterance:
    """One recording as tokens.

    Attributes:
        semantic_start, n_semantic: its span of the semantic ids.
        frame_start, n_frames: its span of the codes: frames per id times `n_semantic`, or none.
        speaker, source, split, text, phones: as in `Utterance`.
    """

    semantic_start: int
    n_semantic: int
    frame_start: int
    n_frames: int
    speaker: str
    source: str
    split: str
    text: str = ""
    phones: tuple[tuple[str, float], ...] = ()


class Corpus:
    """Read access to a corpus folder; sound stays on disk until asked for.

    Args:
        folder: what `python -m training.corpus` wrote.

    Attributes:
        sample_rate_hz: of the sound as it is stored.

    Raises:
        CheckpointError: if the folder is not a corpus.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.sample_rate_hz = _read_sample_rate(folder / FORMAT_NAME)
        rows = read_rows(folder / INDEX_NAME)
        self.utterances = tuple(Utterance(**{**row, "phones": _phones(row)}) for row in rows)
        self._audio = np.memmap(folder / AUDIO_NAME, dtype=np.int16, mode="r")

    def audio(self, utterance: Utterance) -> NDArray[np.int16]:
        """Samples (N,) int16 of an utterance, at `sample_rate_hz`."""
        return self._audio[utterance.start : utterance.start + utterance.n_samples]

    def length_at(self, utterance: Utterance, sample_rate_hz: int) -> int:
        """Samples of an utterance at a rate; rounded down, so that all rates agree on its ids."""
        return utterance.n_samples * sample_rate_hz // self.sample_rate_hz

    def samples_at(self, utterance: Utterance, sample_rate_hz: int) -> Tensor:
        """Samples (`length_at`,) float32 in [-1, 1] of an utterance at a rate."""
        samples = self.audio(utterance).astype(np.float32) / 2.0**15
        samples = resample(samples, self.sample_rate_hz, sample_rate_hz)
        missing = self.length_at(utterance, sample_rate_hz) - len(samples)
        return F.pad(torch.from_numpy(samples), (0, missing))

    def select(
        self, split: str, sources: Sequence[str] = ("flite", "world", "human")
    ) -> list[Utterance]:
        """Utterances of a split that come from the given sources."""
        return [u for u in self.utterances if u.split == split and u.source in sources]


class TokenCorpus:
    """Read access to a token folder, all of it in memory as int16.

    Args:
        folder: what `python -m training.tokens` wrote.

    Raises:
        CheckpointError: if the folder holds no tokens.
    """

    def __init__(self, folder: Path) -> None:
        tensors = load_tensors(folder / TOKENS_NAME)
        self._semantic, self._codes = tensors["semantic"], tensors["codes"]
        self.utterances = tuple(
            TokenisedUtterance(**{**row, "phones": _phones(row)})
            for row in read_rows(folder / INDEX_NAME)
        )

    def semantic_ids(self, utterance: TokenisedUtterance) -> Tensor:
        """Semantic ids (S,) int64."""
        start = utterance.semantic_start
        return self._semantic[start : start + utterance.n_semantic].to(torch.int64)

    def codes(self, utterance: TokenisedUtterance) -> Tensor:
        """Codes (Q, T) int64."""
        start = utterance.frame_start
        return self._codes[:, start : start + utterance.n_frames].to(torch.int64)

    def select(
        self, split: str, sources: Sequence[str] = ("flite", "world", "human")
    ) -> list[TokenisedUtterance]:
        """Utterances of a split that come from the given sources."""
        return [u for u in self.utterances if u.split == split and u.source in sources]


def speaker_balanced_weights(
    durations: Sequence[float], speakers: Sequence[str], cap: float
) -> Tensor:
    """Weights for drawing utterances: by duration, but no speaker counts for more than `cap` of it.

    Args:
        durations: of the utterances, in any unit.
        speakers: of the utterances.
        cap: in the same unit.

    Returns:
        (utterances,) float32, not normalised.
    """
    totals: dict[str, float] = {}
    for duration, speaker in zip(durations, speakers, strict=True):
        totals[speaker] = totals.get(speaker, 0.0) + duration
    return torch.tensor(
        [
            duration * min(1.0, cap / totals[speaker])
            for duration, speaker in zip(durations, speakers, strict=True)
        ]
    )


def save_tokens(
    folder: Path, semantic: Tensor, codes: Tensor, utterances: Iterable[TokenisedUtterance]
) -> None:
    """Write a token folder.

    Args:
        folder: where to.
        semantic: (sum of S,) ids of all utterances, end to end.
        codes: (Q, sum of T) codes of all utterances, end to end.
        utterances: their spans.
    """
    write_rows(folder / INDEX_NAME, (dataclasses.asdict(u) for u in utterances))
    save_tensors(
        folder / TOKENS_NAME, {"semantic": semantic.to(torch.int16), "codes": codes.to(torch.int16)}
    )


def save_sample_rate(folder: Path, sample_rate_hz: int) -> None:
    """Write the sample rate of a corpus folder's sound."""
    write_rows(folder / FORMAT_NAME, [{"sample_rate_hz": sample_rate_hz}])


def _read_sample_rate(path: Path) -> int:
    if not path.is_file():
        return _USUAL_RATE_HZ
    (values,) = read_rows(path)
    return int(values["sample_rate_hz"])


def write_rows(path: Path, rows: Iterable[dict[str, Any]]) -> None:
    """Write one JSON object a line, atomically."""

    def write(file: Path) -> None:
        file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")

    write_atomically(path, write)


def read_rows(path: Path) -> Iterator[dict[str, Any]]:
    """Read one JSON object a line.

    Raises:
        CheckpointError: if the file is missing.
    """
    if not path.is_file():
        raise CheckpointError(f"{path} is missing; run the stage of training that writes it first")
    with path.open(encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)


def _phones(row: dict[str, Any]) -> tuple[tuple[str, float], ...]:
    return tuple((name, end) for name, end in row.get("phones", ()))
