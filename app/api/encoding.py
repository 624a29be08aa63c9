"""Sound as the bytes that a client is sent, in files that vanish by themselves."""

import base64
import io
import json
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any, Literal

from pipeline.audio.formats import pcm_16
from pipeline.audio.read import resample
from pipeline.audio.write import available_formats, write_sound
from pipeline.datatypes.sound import Waveform

MediaFormat = Literal["mp3", "opus", "aac", "flac", "wav", "pcm"]

MEDIA_TYPES: Mapping[MediaFormat, str] = {
    "mp3": "audio/mpeg",
    "opus": "audio/ogg",
    "aac": "audio/aac",
    "flac": "audio/flac",
    "wav": "audio/wav",
    "pcm": "audio/pcm",
}
"""What the HTTP API offers, with the type that is told to clients."""

PCM_RATE_HZ = 24_000
_CHUNK_BYTES = 48 * 1024
"""A multiple of 3, so that pieces in base64 can be joined."""


def offered_formats() -> list[str]:
    """Those of `MEDIA_TYPES` that can be made here."""
    return [name for name in MEDIA_TYPES if name == "pcm" or name in available_formats()]


def encode_sound(waveform: Waveform, sound_format: str) -> IO[bytes]:
    """A sound in one of `offered_formats`.

    Args:
        waveform: samples (N,) float32 in [-1, 1].
        sound_format: "pcm" is 16-bit little-endian mono at 24 kHz, without a header.

    Returns:
        A file to be read from its start; it is gone once it is closed or forgotten.

    Raises:
        AudioError: if the format cannot be made here, or the disk is full.
    """
    if sound_format == "pcm":
        samples = resample(waveform.samples, waveform.sample_rate_hz, PCM_RATE_HZ)
        return io.BytesIO(pcm_16(samples).tobytes())
    with tempfile.TemporaryDirectory(prefix="colloquy-", ignore_cleanup_errors=True) as folder:
        path = Path(folder) / f"sound.{sound_format}"
        write_sound(path, [waveform], sound_format)
        return path.open("rb")  # what is open outlives its name and its folder


def size_of(sound: IO[bytes]) -> int:
    """Bytes of a file that is at its start, and stays there."""
    n_bytes = sound.seek(0, 2)
    sound.seek(0)
    return n_bytes


def chunks_of(sound: IO[bytes]) -> Iterator[bytes]:
    """The bytes of a file in pieces; it is closed at the end."""
    with sound:
        while chunk := sound.read(_CHUNK_BYTES):
            yield chunk


def events_of(sound: IO[bytes]) -> Iterator[str]:
    """The same as server-sent events: pieces in base64, then one that says it is over.

    Words are not counted in tokens here, so that the usage told in the end is 0.
    """
    for chunk in chunks_of(sound):
        yield _event("speech.audio.delta", audio=base64.b64encode(chunk).decode("ascii"))
    usage = {"input_tokens": 0, "output_tokens": 0, "total_tokens": 0}
    yield _event("speech.audio.done", usage=usage)


def _event(kind: str, **content: Any) -> str:
    return f"data: {json.dumps({'type': kind, **content})}\n\n"
