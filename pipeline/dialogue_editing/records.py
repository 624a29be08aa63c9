"""What a file holds of one take and of one voice: JSON values and tensors, read strictly.

A file may be anyone's: whatever would make later work fail is refused here.
"""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from torch import Tensor

from pipeline.config.limits import MAX_SPEAKERS, LimitsConfig
from pipeline.datatypes.note import note_of_words
from pipeline.datatypes.script import Turn
from pipeline.datatypes.sound import TurnCut, Waveform
from pipeline.datatypes.take import Take
from pipeline.datatypes.tokens import AcousticTokens, SemanticTokens
from pipeline.datatypes.voice import Voice, VoiceCheck
from pipeline.errors import ConfigError
from pipeline.files.container import require_tensor
from pipeline.files.schema import config_from_dict

SPEAKERS = tuple(f"S{number + 1}" for number in range(MAX_SPEAKERS))
MAX_SEED = 2**63
MAX_RATE_HZ = 384_000
_TENSORS = ("semantic_ids", "codes")


@dataclass(frozen=True, slots=True, kw_only=True)
class _TakeRecord:
    """The JSON of a take."""

    turn: Turn
    seed: int
    semantic: Any
    acoustic: Any
    cut: Any
    sample_rate_hz: int
    check: VoiceCheck | None
    notes: tuple[str, ...]


def take_to_record(take: Take) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """The JSON values and the tensors "sound", "semantic_ids" and "codes" of a take."""
    record = _TakeRecord(
        turn=take.turn,
        seed=take.seed,
        semantic=_plain(take.semantic, "semantic_ids"),
        acoustic=_plain(take.acoustic, "codes"),
        cut=_plain(take.cut, "sound"),
        sample_rate_hz=take.cut.sound.sample_rate_hz,
        check=take.check,
        notes=tuple(map(str, take.notes)),
    )
    tensors = {
        "sound": torch.from_numpy(np.ascontiguousarray(take.cut.sound.samples)),
        "semantic_ids": take.semantic.semantic_ids,
        "codes": take.acoustic.codes,
    }
    return dataclasses.asdict(record), tensors


def take_from_record(values: Any, tensors: Mapping[str, Tensor], where: str) -> Take:
    """The take of what `take_to_record` gave.

    Args:
        values: as read from JSON.
        tensors: those of this take.
        where: named in errors.

    Raises:
        ConfigError: naming what is missing, of another form, or out of bounds.
    """
    record = config_from_dict(_TakeRecord, values, where)
    sound = require_tensor(tensors, "sound", torch.float32, 1, where)
    ids = require_tensor(tensors, "semantic_ids", torch.int64, 1, where)
    codes = require_tensor(tensors, "codes", torch.int64, 2, where)
    waveform = Waveform(samples=sound.numpy(), sample_rate_hz=record.sample_rate_hz)
    take = Take(
        turn=record.turn,
        seed=record.seed,
        semantic=config_from_dict(
            SemanticTokens, record.semantic, f"{where}: semantic", semantic_ids=ids
        ),
        acoustic=config_from_dict(
            AcousticTokens, record.acoustic, f"{where}: acoustic", codes=codes
        ),
        cut=config_from_dict(TurnCut, record.cut, f"{where}: cut", sound=waveform),
        check=record.check,
        notes=tuple(map(note_of_words, record.notes)),
    )
    _check_tokens(take, where)
    _check_sound(take, where)
    if take.check is not None:
        _check_check(take.check, where)
    return take


def voice_to_record(voice: Voice) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """The JSON values and the tensors "semantic_ids" and "codes" of a voice."""
    values = _plain(voice, *_TENSORS)
    values["level_db"] = float(voice.level_db)
    return values, {name: getattr(voice, name) for name in _TENSORS}


def voice_from_record(values: Any, tensors: Mapping[str, Tensor], where: str) -> Voice:
    """The voice of what `voice_to_record` gave.

    Args:
        values: as read from JSON.
        tensors: those of this voice.
        where: named in errors.

    Raises:
        ConfigError: naming what is missing, of another form, or out of bounds.
    """
    ids = require_tensor(tensors, "semantic_ids", torch.int64, 1, where)
    codes = require_tensor(tensors, "codes", torch.int64, 2, where)
    voice = config_from_dict(Voice, values, where, semantic_ids=ids, codes=codes)
    _require(int(ids.min()) >= 0 and int(codes.min()) >= 0, where, "ids must not be negative")
    _require(abs(voice.level_db) <= 200, where, f"level_db is {voice.level_db:g}, not -200 to 200")
    return voice


def _plain(value: Any, *without: str) -> dict[str, Any]:
    """The fields of a dataclass that hold no tensor."""
    names = [each.name for each in dataclasses.fields(value) if each.name not in without]
    return {name: getattr(value, name) for name in names}


def _require(condition: bool, where: str, message: str) -> None:
    if not condition:
        raise ConfigError(f"{where}: {message}")


def _check_tokens(take: Take, where: str) -> None:
    """Speaker, seed, ids and codes."""
    semantic, acoustic, speaker = take.semantic, take.acoustic, take.turn.speaker
    _require(speaker in SPEAKERS, where, f"speaker is {speaker[:40]!r}, not one of {SPEAKERS}")
    _require(
        semantic.speaker == acoustic.speaker == speaker, where, "ids or codes are someone else's"
    )
    _require(abs(take.seed) < MAX_SEED, where, "the seed is not below 2**63")
    _require(1 <= take.turn.line <= 10**9, where, "the line is not 1 or more")
    n_ids, n_frames = len(semantic.semantic_ids), acoustic.codes.shape[1]
    negative = min(int(semantic.semantic_ids.min()), int(acoustic.codes.min())) < 0
    _require(not negative, where, "ids and codes must not be negative")
    rates = (semantic.rate_hz, acoustic.frame_rate_hz)
    _require(min(rates) >= 0.1 and max(rates) <= MAX_RATE_HZ, where, f"rates are {rates}")
    _require(
        n_frames * semantic.rate_hz == n_ids * acoustic.frame_rate_hz,
        where,
        f"{n_frames} frames do not last as long as {n_ids} semantic ids",
    )
    _check_pauses(semantic.pauses, n_ids, where)
    _check_pauses(acoustic.pauses, n_frames, where)
    edges = (0, *semantic.piece_starts, n_ids)
    _require(all(a <= b for a, b in pairwise(edges)), where, "pieces must follow each other")


def _check_pauses(pauses: tuple[tuple[int, float], ...], end: int, where: str) -> None:
    longest_s = LimitsConfig().max_pause_s
    for position, pause_s in pauses:
        _require(0 <= position <= end, where, "a pause must lie inside its turn")
        _require(0 <= pause_s <= longest_s, where, f"a pause must last 0 to {longest_s:g} s")


def _check_sound(take: Take, where: str) -> None:
    """The cut: everything lies inside the sound, and runs inside what was decoded."""
    cut, samples, rate = take.cut, take.cut.sound.samples, take.cut.sound.sample_rate_hz
    n_samples = len(samples)
    _require(1000 <= rate <= MAX_RATE_HZ, where, f"sample rate is not 1000 to {MAX_RATE_HZ}")
    _require(
        bool((np.abs(samples) <= 1.0).all()), where, "samples must be finite numbers from -1 to 1"
    )
    first, last = cut.speech
    _require(0 <= first <= last <= n_samples, where, "speech must lie inside the sound")
    _require(0 <= cut.gain <= 1e6, where, f"gain is {cut.gain:g}")
    pauses = sum(round(pause_s * rate) for _, pause_s in take.acoustic.pauses)
    silence = min(cut.lead, cut.tail) >= 0 and cut.lead + cut.tail <= pauses
    _require(silence, where, "silence before and after must be that of its pauses")
    n_decoded = round(take.acoustic.codes.shape[1] / take.acoustic.frame_rate_hz * rate)
    edge = place = 0
    for run_first, run_last, at in cut.runs:
        _require(
            edge <= run_first <= run_last <= n_decoded and place <= at <= n_samples,
            where,
            "runs must follow each other inside the sound and what was decoded",
        )
        edge, place = run_last, at + run_last - run_first
    _require(place == n_samples, where, "runs must end where the sound does")


def _check_check(check: VoiceCheck, where: str) -> None:
    judged = (check.similarity, check.nearest_similarity)
    for value in judged:
        _require(value is None or abs(value) <= 1.01, where, "a likeness must be from -1 to 1")
    _require(check.nearest in (None, *SPEAKERS), where, "a check names an unknown speaker")
    complete = None not in judged and check.nearest is not None
    _require(complete or not check.flagged, where, "a flagged turn must tell its likeness")
    _require(check.turn >= 0, where, "a check is of no turn")
