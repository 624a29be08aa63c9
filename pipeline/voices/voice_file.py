"""A voice as a file, and what words about it may be; read strictly, for it may be a stranger's."""

import math
import unicodedata
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from pipeline.datatypes.voice import Voice
from pipeline.errors import VoiceError
from pipeline.files.checkpoint import save_tensors

VOICE_FORMAT = "colloquy-voice-1"

MAX_CHARACTERS = {"name": 255, "licence": 1_000, "consent": 1_000, "description": 10_000}
"""Longest words about a voice; a name may be as long as that of a file."""

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


NO_ORIGIN = VoiceOrigin()
"""Nothing is known."""


def save_voice(path: str | Path, voice: Voice) -> None:
    """Write a voice to one safetensors file, in one step.

    Raises:
        VoiceError: if words about the voice are too long or hold control characters, or the disk or
            folder refuses the file.
    """
    check_words("the voice", voice.name, _origin_of(voice))
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
    check_words(str(path), voice.name, _origin_of(voice))
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


def check_words(where: str, name: str, origin: VoiceOrigin) -> None:
    """Refuse words that are too long to show, or would not show as they are.

    Raises:
        VoiceError: saying which.
    """
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
