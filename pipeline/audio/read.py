"""Sound files in, and resampling.

Formats that libsndfile cannot read (m4a, webm from browsers) go through ffmpeg if it is installed.
"""

import logging
import shutil
import subprocess
from pathlib import Path

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from pipeline.datatypes.sound import Waveform
from pipeline.errors import AudioError

logger = logging.getLogger(__name__)

_MAX_FILE_S = 3600.0
_FFMPEG_SECONDS = 60
_FFMPEG_FORMATS = "mov,mp4,m4a,matroska,webm,aac,amr,asf,caf,wav,mp3,ogg,flac"


def read_audio(path: str | Path, sample_rate_hz: int = 16_000) -> Waveform:
    """Read any sound file as mono at the rate wanted; channels are averaged.

    Args:
        path: wav, flac, ogg, mp3, aiff and whatever else libsndfile or ffmpeg reads.
        sample_rate_hz: the rate wanted, in Hz.

    Returns:
        Mono samples (N,) float32, N at least 1, all finite.

    Raises:
        AudioError: if the file is missing, empty, no sound, over an hour, or not finite.
    """
    path = Path(path)
    if not path.is_file():
        raise AudioError(f"{path}: no such file; give the path of a wav, flac, ogg or mp3 file")
    try:
        if path.stat().st_size == 0:
            raise AudioError(f"{path}: the file is empty; record it again")
        samples = _read_with_soundfile(path, sample_rate_hz)
    except OSError as error:
        raise AudioError(f"{path} cannot be read: {error.strerror or error}") from error
    if len(samples) == 0:
        raise AudioError(f"{path}: the file holds no sound; record it again")
    if not np.isfinite(samples).all():
        raise AudioError(
            f"{path}: holds samples that are not finite numbers; export it again as wav"
        )
    return Waveform(samples=samples, sample_rate_hz=sample_rate_hz)


def _read_with_soundfile(path: Path, sample_rate_hz: int) -> NDArray[np.float32]:
    try:
        with path.open("rb") as file, soundfile.SoundFile(file) as sound:
            _refuse_too_long(path, sound.frames / sound.samplerate)
            channels = sound.read(dtype="float32", always_2d=True)
            mono = channels.mean(axis=1, dtype=np.float32)
            return resample(mono, sound.samplerate, sample_rate_hz)
    except (soundfile.SoundFileError, TypeError) as error:  # TypeError: headerless .raw
        return _read_with_ffmpeg(path, sample_rate_hz, error)


def _read_with_ffmpeg(path: Path, sample_rate_hz: int, cause: Exception) -> NDArray[np.float32]:
    not_sound = f"{path}: not a sound file that can be read; wav, flac, ogg and mp3 work"
    ffmpeg = shutil.which("ffmpeg")
    if ffmpeg is None:
        raise AudioError(f"{not_sound} (other formats need ffmpeg installed)") from cause
    # The whitelists keep a playlist in disguise from opening other files or the network.
    safe = ["-protocol_whitelist", "file", "-format_whitelist", _FFMPEG_FORMATS]
    source = [*safe, "-t", f"{_MAX_FILE_S + 1:g}", "-i", f"file:{path.resolve()}"]
    target = ["-vn", "-ac", "1", "-ar", str(sample_rate_hz), "-f", "f32le", "-"]
    command = [ffmpeg, "-nostdin", "-v", "error", *source, *target]
    try:
        done = subprocess.run(command, capture_output=True, timeout=_FFMPEG_SECONDS, check=True)
    except (subprocess.SubprocessError, OSError) as error:
        logger.debug("ffmpeg could not read %s: %s", path, getattr(error, "stderr", error))
        raise AudioError(not_sound) from cause
    samples = np.frombuffer(done.stdout, dtype="<f4").astype(np.float32)
    _refuse_too_long(path, len(samples) / sample_rate_hz)
    return samples


def _refuse_too_long(path: Path, duration_s: float) -> None:
    if duration_s > _MAX_FILE_S:
        raise AudioError(
            f"{path}: {duration_s:.0f} s of sound; at most {_MAX_FILE_S:.0f} s is read"
        )


def resample(samples: NDArray[np.float32], from_hz: int, to_hz: int) -> NDArray[np.float32]:
    """Change the sample rate, band-limited.

    Args:
        samples: (N,) float32.
        from_hz: its rate.
        to_hz: the rate wanted.

    Returns:
        (N * to_hz / from_hz, rounded) float32; the same array if the rates are equal.
    """
    if from_hz == to_hz or len(samples) == 0:
        return samples
    return np.asarray(soxr.resample(samples, from_hz, to_hz), dtype=np.float32)
