"""A finished turn ⇄ one safetensors file, so that a long script's work outlives its process."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor

from pipeline.datatypes.dialogue import Caption, SpokenTurn
from pipeline.datatypes.note import note_of_words
from pipeline.datatypes.sound import Waveform
from pipeline.dialogue_editing.records import (
    take_from_record,
    take_to_record,
    voice_from_record,
    voice_to_record,
)
from pipeline.errors import CheckpointError, ConfigError
from pipeline.files.container import FileKind, group_tensors, load_sealed, save_sealed
from pipeline.files.schema import config_from_dict

TURN_FILE = FileKind(
    noun="turn", number=2, remake="delete it, and its turn and those after it are spoken again"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _TurnRecord:
    """The JSON of a turn file."""

    index: int
    caption: Caption
    start: int
    notes: tuple[str, ...]
    take: Any
    voice: Any


def save_turn(path: Path, spoken: SpokenTurn) -> None:
    """Write a turn to one file, in one step; its stretch of the mix is left out.

    Raises:
        AudioError: if the disk or folder refuses the file.
    """
    take, tensors = take_to_record(spoken.take)
    voice = None
    if spoken.voice is not None:
        voice, of_voice = voice_to_record(spoken.voice)
        tensors |= {f"voice {name}": tensor for name, tensor in of_voice.items()}
    record = _TurnRecord(
        index=spoken.index,
        caption=spoken.caption,
        start=spoken.start,
        notes=tuple(map(str, spoken.notes)),
        take=take,
        voice=voice,
    )
    save_sealed(path, TURN_FILE, dataclasses.asdict(record), tensors)


def load_turn(path: Path) -> SpokenTurn:
    """Read what `save_turn` wrote; its `mix` is empty, see `resume.mix_again`.

    Raises:
        CheckpointError: if the file is missing, damaged, or no turn; it says what works.
    """
    values, tensors = load_sealed(path, TURN_FILE)
    try:
        return _from_record(values, tensors)
    except ConfigError as error:
        raise CheckpointError(
            f"{path} is damaged or no turn ({error}); {TURN_FILE.remake}"
        ) from error


def _from_record(values: Any, tensors: Mapping[str, Tensor]) -> SpokenTurn:
    record = config_from_dict(_TurnRecord, values, "turn")
    take = take_from_record(record.take, tensors, "take")
    of_voice = group_tensors(tensors).get("voice", {})
    rate_hz = take.cut.sound.sample_rate_hz
    return SpokenTurn(
        index=record.index,
        take=take,
        caption=record.caption,
        start=record.start,
        mix=Waveform(samples=np.zeros(0, dtype=np.float32), sample_rate_hz=rate_hz),
        notes=tuple(map(note_of_words, record.notes)),
        voice=None if record.voice is None else voice_from_record(record.voice, of_voice, "voice"),
    )
