"""A finished turn ⇄ one safetensors file, so that a long script's work outlives its process.

Tensors hold the sound, the ids and codes, and the voice; the rest is JSON in the file's metadata. A
checksum finds files that were damaged after they were written.
"""

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from pipeline.checkpoint import save_tensors
from pipeline.datatypes import (
    AcousticTokens,
    Caption,
    SemanticTokens,
    SpokenTurn,
    Turn,
    Voice,
    VoiceCheck,
    Waveform,
)
from pipeline.errors import AudioError, CheckpointError

TURN_FORMAT = "colloquy turn 1"

_REMAKE = "delete it, and its turn and those after it are spoken again"


def save_turn(path: Path, spoken: SpokenTurn) -> None:
    """Write a turn to one file, in one step; its stretch of the mix is left out.

    Raises:
        AudioError: if the disk or folder refuses the file.
    """
    tensors = {
        "sound": torch.from_numpy(np.ascontiguousarray(spoken.sound.samples)),
        "semantic_ids": spoken.semantic.semantic_ids,
        "codes": spoken.acoustic.codes,
    }
    if spoken.voice is not None:
        tensors["voice_semantic_ids"] = spoken.voice.semantic_ids
        tensors["voice_codes"] = spoken.voice.codes
    # a made-up voice may share its turn's memory, which the format refuses
    tensors = {name: tensor.clone() for name, tensor in tensors.items()}
    metadata = {
        "format": TURN_FORMAT,
        "turn": json.dumps(_to_json(spoken)),
        "checksum": _checksum(tensors),
    }
    try:
        save_tensors(path, tensors, metadata)
    except (OSError, SafetensorError) as error:
        raise AudioError(
            f"{path} cannot be written ({error}); free some space or choose another folder"
        ) from error


def load_turn(path: Path) -> SpokenTurn:
    """Read what `save_turn` wrote; its `mix` is empty, see `spoken_turns.mix_again`.

    Raises:
        CheckpointError: if the file is missing, damaged, or no turn; it says what works.
    """
    try:
        with safe_open(path, framework="pt") as file:
            metadata = dict(file.metadata() or {})
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError, ValueError) as error:
        raise CheckpointError(f"{path} is damaged or no turn ({error}); {_REMAKE}") from error
    if metadata.get("format") != TURN_FORMAT:
        raise CheckpointError(f"{path} is no turn file of format {TURN_FORMAT!r}; {_REMAKE}")
    if metadata.get("checksum") != _checksum(tensors):
        raise CheckpointError(f"{path} is damaged: its checksum is another; {_REMAKE}")
    try:
        return _from_json(json.loads(metadata["turn"]), tensors)
    except (KeyError, TypeError, ValueError) as error:
        raise CheckpointError(f"{path} is damaged or no turn ({error!r}); {_REMAKE}") from error


def _to_json(spoken: SpokenTurn) -> dict[str, Any]:
    semantic, acoustic, voice = spoken.semantic, spoken.acoustic, spoken.voice
    return {
        "index": spoken.index,
        "turn": dataclasses.asdict(spoken.turn),
        "caption": dataclasses.asdict(spoken.caption),
        "sample_rate_hz": spoken.sound.sample_rate_hz,
        "start": spoken.start,
        "seed": spoken.seed,
        "check": None if spoken.check is None else dataclasses.asdict(spoken.check),
        "notes": spoken.notes,
        "speech": spoken.speech,
        "silence": spoken.silence,
        "semantic": {
            "speaker": semantic.speaker,
            "rate_hz": semantic.rate_hz,
            "pauses": semantic.pauses,
            "piece_starts": semantic.piece_starts,
        },
        "acoustic": {
            "speaker": acoustic.speaker,
            "frame_rate_hz": acoustic.frame_rate_hz,
            "pauses": acoustic.pauses,
        },
        "voice": None
        if voice is None
        else {
            "name": voice.name,
            "level_db": float(voice.level_db),
            "codec_id": voice.codec_id,
            "description": voice.description,
        },
    }


def _from_json(values: Any, tensors: Mapping[str, Tensor]) -> SpokenTurn:
    values = _with_tuples(values)
    rate, voice, check = values["sample_rate_hz"], values["voice"], values["check"]
    return SpokenTurn(
        index=values["index"],
        turn=Turn(**values["turn"]),
        caption=Caption(**values["caption"]),
        sound=Waveform(samples=tensors["sound"].numpy(), sample_rate_hz=rate),
        start=values["start"],
        mix=Waveform(samples=np.zeros(0, dtype=np.float32), sample_rate_hz=rate),
        seed=values["seed"],
        semantic=SemanticTokens(semantic_ids=tensors["semantic_ids"], **values["semantic"]),
        acoustic=AcousticTokens(codes=tensors["codes"], **values["acoustic"]),
        check=None if check is None else VoiceCheck(**check),
        notes=values["notes"],
        voice=None
        if voice is None
        else Voice(
            semantic_ids=tensors["voice_semantic_ids"], codes=tensors["voice_codes"], **voice
        ),
        speech=values["speech"],
        silence=values["silence"],
    )


def _with_tuples(value: Any) -> Any:
    """JSON knows lists only; our values hold tuples only."""
    if isinstance(value, list):
        return tuple(_with_tuples(each) for each in value)
    if isinstance(value, dict):
        return {key: _with_tuples(each) for key, each in value.items()}
    return value


def _checksum(tensors: Mapping[str, Tensor]) -> str:
    digest = hashlib.blake2b(digest_size=16)
    for name in sorted(tensors):
        digest.update(name.encode())
        digest.update(np.ascontiguousarray(tensors[name].detach().cpu().numpy()).data)
    return digest.hexdigest()
