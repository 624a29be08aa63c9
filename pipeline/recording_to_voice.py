"""Side input: a recording → the voice prompt that SoundStorm and text-to-semantic continue."""

import math
import unicodedata
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from torch import Tensor

from pipeline.audio.levels import speech_level_db
from pipeline.audio.read import resample
from pipeline.config.limits import LimitsConfig
from pipeline.datatypes.sound import Waveform
from pipeline.datatypes.voice import Voice
from pipeline.errors import VoiceError
from pipeline.files.checkpoint import save_tensors
from pipeline.recording_fit import prompt_span, speech_stretch, why_unfit
from pipeline.tokenizers.codec import Codec
from pipeline.tokenizers.semantic import SemanticTokenizer

PROMPT_LEVEL_DB = -23.0
"""Level of every prompt, dBFS RMS of its speech, so that loudness says nothing about a voice."""

VOICE_FORMAT = "colloquy-voice-1"

MAX_CHARACTERS = {"name": 255, "licence": 1_000, "consent": 1_000, "description": 10_000}
"""Longest words about a voice; a name may be as long as that of a file."""

_MAX_PEAK = 0.95
_REMAKE = "make the voice again from its recording"

_MAX_IDS = 1_500
"""A minute at 25 ids a second."""
_MAX_LEVELS = 64
_MAX_FRAMES_PER_ID = 8
_MAX_ENTRIES = 65_536
_MAX_FILE_BYTES = 8 * _MAX_IDS * (1 + _MAX_LEVELS * _MAX_FRAMES_PER_ID) + 1_000_000
"""Of the longest ids and codes, and as much beside them as words may be."""

_BIDI_CONTROLS = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}


@dataclass(frozen=True, slots=True, kw_only=True)
class VoiceOrigin:
    """Where a voice is from, in free text.

    Attributes:
        description: what the voice is.
        licence: under which licence the recording may be used.
        consent: how the speaker agreed to the voice.
    """

    description: str = ""
    licence: str = ""
    consent: str = ""


_NO_ORIGIN = VoiceOrigin()


def recording_to_voice(
    recording: Waveform,
    name: str,
    semantic: SemanticTokenizer,
    codec: Codec,
    limits: LimitsConfig,
    origin: VoiceOrigin = _NO_ORIGIN,
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
        origin: words that are kept with the voice.

    Returns:
        A voice with S ids and T = S * frames per id codes; `level_db` is the recording's own.

    Raises:
        VoiceError: if the name is empty, or words about the voice are too long or hold control
            characters; if the recording is empty, not finite, too long, silent, clipped, or holds
            too little speech; or if the codec's frames do not fit the ids.
    """
    if not name.strip():
        raise VoiceError("a voice needs a name, for example 'anna'")
    _check_words("the voice", name.strip(), origin)
    where = f"the recording for voice {name!r}"
    unfit = why_unfit(recording, limits)
    if unfit is not None:
        raise VoiceError(f"{where} {unfit.reason}")
    rate = recording.sample_rate_hz
    level_db = speech_level_db(speech_stretch(recording).samples, rate)
    first, last = prompt_span(recording)
    prompt = _at_level(recording.samples[first:last], rate)
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
        description=origin.description,
        licence=origin.licence,
        consent=origin.consent,
    )


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
        VoiceError: if words about the voice are too long or hold control characters, or the disk or
            folder refuses the file.
    """
    _check_words("the voice", voice.name, _origin_of(voice))
    metadata = {
        "format": VOICE_FORMAT,
        "name": voice.name,
        "level_db": repr(float(voice.level_db)),
        "codec_id": voice.codec_id,
        "description": voice.description,
        "licence": voice.licence,
        "consent": voice.consent,
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
    """Read a voice that `save_voice` wrote, or an older one without licence and consent.

    The file may come from a stranger: no tensor is read before its size is known.

    Args:
        path: the safetensors file.
        codec_id: identity of the codec in use; `None` accepts a voice of any codec.

    Raises:
        VoiceError: if the file is missing, damaged, no voice, larger than a voice can be, or made
            with another codec; or if words in it are too long or hold control characters.
    """
    path = Path(path)
    if not path.is_file():
        raise VoiceError(f"{path}: no such voice file; `python -m app voices` lists the voices")
    if path.stat().st_size > _MAX_FILE_BYTES:
        raise VoiceError(f"{path} is larger than a voice of 60 s can be; {_REMAKE}")
    try:
        with safe_open(path, framework="pt") as file:
            metadata = dict(file.metadata() or {})
            shapes = {key: file.get_slice(key).get_shape() for key in file.keys()}  # noqa: SIM118
            _check_shapes(path, shapes)
            tensors = {key: file.get_tensor(key) for key in shapes}
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
        licence=metadata.get("licence", ""),
        consent=metadata.get("consent", ""),
    )
    _check_words(str(path), voice.name, _origin_of(voice))
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


def _check_shapes(path: Path, shapes: dict[str, list[int]]) -> None:
    n_axes = {"semantic_ids": 1, "codes": 2}
    if shapes.keys() != n_axes.keys():
        raise VoiceError(f"{path} holds {sorted(shapes)}, not {sorted(n_axes)}; {_REMAKE}")
    for key, shape in shapes.items():
        if len(shape) != n_axes[key] or 0 in shape:
            raise VoiceError(
                f"{path}: {key} is of shape {tuple(shape)}, which must have {n_axes[key]} axes and "
                f"not be empty; {_REMAKE}"
            )
    (n_ids,), (n_levels, n_frames) = shapes["semantic_ids"], shapes["codes"]
    if n_ids > _MAX_IDS:
        raise VoiceError(f"{path}: {n_ids} semantic ids are more than 60 s; {_REMAKE}")
    if n_levels > _MAX_LEVELS or n_frames > _MAX_FRAMES_PER_ID * n_ids:
        raise VoiceError(
            f"{path}: {n_levels} levels of {n_frames} frames are more than a codec makes for "
            f"{n_ids} semantic ids; {_REMAKE}"
        )
    if n_frames % n_ids:
        raise VoiceError(f"{path}: {n_frames} frames do not fit {n_ids} semantic ids; {_REMAKE}")


def _check_tensors(path: Path, tensors: dict[str, Tensor]) -> None:
    for key, tensor in tensors.items():
        if tensor.dtype != torch.int64:
            raise VoiceError(f"{path}: {key} is {tensor.dtype}, not int64; {_REMAKE}")
        if int(tensor.min()) < 0:
            raise VoiceError(f"{path}: {key} holds negative ids; {_REMAKE}")
        if int(tensor.max()) >= _MAX_ENTRIES:
            raise VoiceError(f"{path}: {key} holds ids that no alphabet has; {_REMAKE}")


def _origin_of(voice: Voice) -> VoiceOrigin:
    return VoiceOrigin(description=voice.description, licence=voice.licence, consent=voice.consent)


def _check_words(where: str, name: str, origin: VoiceOrigin) -> None:
    """Refuse words that are too long to show, or would not show as they are."""
    words = {
        "name": name,
        "licence": origin.licence,
        "consent": origin.consent,
        "description": origin.description,
    }
    for key, text in words.items():
        if len(text) > MAX_CHARACTERS[key]:
            raise VoiceError(
                f"{where}: the {key} has {len(text)} characters; use at most {MAX_CHARACTERS[key]}"
            )
        shown = text.replace("\n", " ").replace("\t", " ") if key == "description" else text
        if any(_is_control(character) for character in shown):
            raise VoiceError(
                f"{where}: the {key} {text[:40]!r} holds control characters or line breaks; use "
                "plain text in one line"
            )


def _is_control(character: str) -> bool:
    """Whether it breaks lines, turns the direction of writing, or is no character at all."""
    return (
        unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"}
        or unicodedata.bidirectional(character) in _BIDI_CONTROLS
    )
