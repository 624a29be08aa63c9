"""Side input: a recording → the voice prompt that SoundStorm and text-to-semantic continue."""

import math
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from torch import Tensor

from pipeline.audio_io import SILENCE_DB, resample, speech_level_db, speech_mask, speech_span
from pipeline.checkpoint import save_tensors
from pipeline.config import LimitsConfig
from pipeline.datatypes import Voice, Waveform
from pipeline.errors import VoiceError
from pipeline.tokenizers.acoustic import Codec
from pipeline.tokenizers.semantic import SemanticTokenizer

PROMPT_S = 6.0
"""Longest prompt SoundStorm is trained with."""

PROMPT_LEVEL_DB = -23.0
"""Level of every prompt, dBFS RMS of its speech, so that loudness says nothing about a voice."""

VOICE_FORMAT = "colloquy-voice-1"

_MARGIN_S = 0.04
_FULL_SCALE = 0.985
_MAX_CLIPPED_SHARE = 0.005
_MAX_PEAK = 0.95
_REMAKE = "make the voice again from its recording"


def recording_to_voice(
    recording: Waveform,
    name: str,
    semantic: SemanticTokenizer,
    codec: Codec,
    limits: LimitsConfig,
    description: str = "",
) -> Voice:
    """Turn a recording of one person into a voice.

    Silence at both ends is dropped, the stretch of at most `PROMPT_S` with most speech in it is
    kept and brought to `PROMPT_LEVEL_DB`. Ids and codes cover the same time, a whole number of
    frames for each id.

    Args:
        recording: mono, any rate.
        name: what people will call the voice.
        semantic: makes the semantic ids.
        codec: makes the codes.
        limits: shortest and longest recording.
        description: free text: origin, licence, consent.

    Returns:
        A voice with S ids and T = S * frames per id codes; `level_db` is the recording's own.

    Raises:
        VoiceError: if the name is empty, or the recording is empty, not finite, too long, silent,
            clipped, or holds too little speech; or if the codec's frames do not fit the ids.
    """
    if not name.strip():
        raise VoiceError("a voice needs a name, for example 'anna'")
    where = f"the recording for voice {name!r}"
    speech = _speech_of(recording, where, limits)
    rate = recording.sample_rate_hz
    level_db = speech_level_db(speech, rate)
    prompt = _at_level(_best_stretch(speech, rate, semantic.rate_hz), rate)
    n_ids = max(1, int(len(prompt) / rate * semantic.rate_hz + 1e-6))
    ids = semantic.encode(_at_rate(prompt, rate, semantic.config.sample_rate_hz, n_ids, semantic))
    codes = codec.encode(_at_rate(prompt, rate, codec.sample_rate_hz, n_ids, semantic)[None])[0]
    frames_per_id = codec.frame_rate_hz / semantic.rate_hz
    fits = frames_per_id == int(frames_per_id)
    if not fits or len(ids) != n_ids or codes.shape[-1] != n_ids * frames_per_id:
        raise VoiceError(
            f"{where} gave {len(ids)} semantic ids and {codes.shape[-1]} frames for {n_ids} steps; "
            f"use a codec whose frame rate is a multiple of {semantic.rate_hz} a second"
        )
    return Voice(
        name=name.strip(),
        semantic_ids=ids.cpu().clone(),  # no inference tensors in what people keep
        codes=codes.cpu().clone(),
        level_db=level_db,
        codec_id=codec.identity,
        description=description,
    )


def _speech_of(recording: Waveform, where: str, limits: LimitsConfig) -> NDArray[np.float32]:
    """The recording without the silence at its ends, once it has passed every check."""
    samples, rate = recording.samples, recording.sample_rate_hz
    asked = f"{limits.min_recording_s:g} to {limits.max_recording_s:g} s of one person speaking"
    if len(samples) == 0:
        raise VoiceError(f"{where} is empty; record {asked}")
    if not np.isfinite(samples).all():
        raise VoiceError(
            f"{where} holds samples that are not finite numbers; export it again as wav"
        )
    if recording.duration_s > limits.max_recording_s:
        raise VoiceError(f"{where} lasts {recording.duration_s:.1f} s; cut it to {asked}")
    span = speech_span(samples, rate)
    if span is None:
        raise VoiceError(
            f"{where} is silent (below {SILENCE_DB:g} dB); check the microphone and record {asked}"
        )
    clipped = float(np.mean(np.abs(samples[speech_mask(samples, rate)]) >= _FULL_SCALE))
    if clipped > _MAX_CLIPPED_SHARE:
        raise VoiceError(
            f"{where} is clipped: {clipped:.1%} of its speech is at full scale; "
            "record again further from the microphone or with less gain"
        )
    speech_s = (span[1] - span[0]) / rate
    if speech_s < limits.min_recording_s:
        raise VoiceError(f"{where} holds {speech_s:.1f} s of speech; record {asked}")
    margin = round(_MARGIN_S * rate)
    return samples[max(0, span[0] - margin) : span[1] + margin]


def _best_stretch(
    speech: NDArray[np.float32], rate: int, ids_per_second: int
) -> NDArray[np.float32]:
    """The window of `PROMPT_S` with most speech, moved in steps of one id; all if shorter."""
    n_window = round(PROMPT_S * rate)
    if len(speech) <= n_window:
        return speech
    spoken = np.concatenate([[0], np.cumsum(speech_mask(speech, rate))])
    starts = np.arange(0, len(speech) - n_window + 1, max(1, rate // ids_per_second))
    best = int(starts[np.argmax(spoken[starts + n_window] - spoken[starts])])
    return speech[best : best + n_window]


def _at_level(samples: NDArray[np.float32], rate: int) -> NDArray[np.float32]:
    gain = 10 ** ((PROMPT_LEVEL_DB - speech_level_db(samples, rate)) / 20)
    gain = min(gain, _MAX_PEAK / float(np.abs(samples).max()))
    return (samples * gain).astype(np.float32)


def _at_rate(
    samples: NDArray[np.float32], from_hz: int, to_hz: int, n_ids: int, semantic: SemanticTokenizer
) -> Tensor:
    """(N,) float32 with N exactly the samples of `n_ids` ids: cropped, or padded by rounding."""
    n_samples = round(n_ids / semantic.rate_hz * to_hz)
    resampled = resample(samples, from_hz, to_hz)[:n_samples]
    return torch.from_numpy(np.pad(resampled, (0, n_samples - len(resampled))).astype(np.float32))


def save_voice(path: str | Path, voice: Voice) -> None:
    """Write a voice to one safetensors file, in one step.

    Raises:
        VoiceError: if the disk or folder refuses the file.
    """
    metadata = {
        "format": VOICE_FORMAT,
        "name": voice.name,
        "level_db": repr(float(voice.level_db)),
        "codec_id": voice.codec_id,
        "description": voice.description,
    }
    tensors = {"semantic_ids": voice.semantic_ids, "codes": voice.codes}
    try:
        save_tensors(Path(path), tensors, metadata)
    except (OSError, SafetensorError) as error:
        raise VoiceError(
            f"voice {voice.name!r} cannot be written to {path}: {error}; choose a folder that can "
            "be written to"
        ) from error


def load_voice(path: str | Path, codec_id: str | None = None) -> Voice:
    """Read a voice that `save_voice` wrote.

    Args:
        path: the safetensors file.
        codec_id: identity of the codec in use; `None` accepts a voice of any codec.

    Raises:
        VoiceError: if the file is missing, damaged, no voice, or made with another codec.
    """
    path = Path(path)
    if not path.is_file():
        raise VoiceError(f"{path}: no such voice file; `python -m app voices` lists the voices")
    try:
        with safe_open(path, framework="pt") as file:
            metadata = dict(file.metadata() or {})
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError, ValueError) as error:
        raise VoiceError(f"{path} is damaged or no voice file ({error}); {_REMAKE}") from error
    level_db = _check_metadata(path, metadata)
    _check_tensors(path, tensors)
    voice = Voice(
        name=metadata["name"],
        semantic_ids=tensors["semantic_ids"],
        codes=tensors["codes"],
        level_db=level_db,
        codec_id=metadata["codec_id"],
        description=metadata["description"],
    )
    if codec_id is not None and voice.codec_id != codec_id:
        raise VoiceError(
            f"{path}: voice {voice.name!r} was made with codec {voice.codec_id}, and this "
            f"model uses {codec_id}; {_REMAKE}"
        )
    return voice


def _check_metadata(path: Path, metadata: dict[str, str]) -> float:
    """The level, once all fields are known to be there."""
    wanted = {"name", "level_db", "codec_id", "description"}
    if metadata.get("format") != VOICE_FORMAT or not wanted <= metadata.keys():
        raise VoiceError(f"{path} is not a voice file of format {VOICE_FORMAT}; {_REMAKE}")
    try:
        level_db = float(metadata["level_db"])
    except ValueError:
        level_db = math.nan
    if not math.isfinite(level_db):
        raise VoiceError(f"{path}: level {metadata['level_db']!r} is not a number; {_REMAKE}")
    return level_db


def _check_tensors(path: Path, tensors: dict[str, Tensor]) -> None:
    n_axes = {"semantic_ids": 1, "codes": 2}
    if tensors.keys() != n_axes.keys():
        raise VoiceError(f"{path} holds {sorted(tensors)}, not {sorted(n_axes)}; {_REMAKE}")
    for key, tensor in tensors.items():
        if tensor.dtype != torch.int64 or tensor.ndim != n_axes[key] or tensor.numel() == 0:
            raise VoiceError(
                f"{path}: {key} is {tensor.dtype} of shape {tuple(tensor.shape)}, not int64 with "
                f"{n_axes[key]} axes; {_REMAKE}"
            )
        if int(tensor.min()) < 0:
            raise VoiceError(f"{path}: {key} holds negative ids; {_REMAKE}")
    n_ids, n_frames = len(tensors["semantic_ids"]), tensors["codes"].shape[1]
    if n_frames % n_ids:
        raise VoiceError(f"{path}: {n_frames} frames do not fit {n_ids} semantic ids; {_REMAKE}")
