"""Sound files in and out, resampling, and where in a sound the speech is.

The only file that knows soundfile and soxr. Formats that libsndfile cannot read or write (m4a, webm
from browsers) go through ffmpeg if it is installed.
"""

import io
import itertools
import logging
import shutil
import subprocess
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from pipeline.datatypes.sound import Waveform
from pipeline.errors import AudioError
from pipeline.files.atomic import write_atomically
from pipeline.sound_formats import (
    FILE_COMMENT,
    MADE_BY,
    SOUND_FORMATS,
    SYNTHETIC_COMMENT,
    HonestFile,
    SoundFormat,
    encode_with_ffmpeg,
    ffmpeg_for,
    interleaved_blocks,
    pcm_16,
)

__all__ = [
    "SILENCE_DB",
    "SYNTHETIC_COMMENT",
    "available_formats",
    "check_format",
    "read_audio",
    "resample",
    "speech_level_db",
    "speech_mask",
    "speech_span",
    "write_sound",
    "write_wav",
    "write_wav_stretches",
]

logger = logging.getLogger(__name__)

SILENCE_DB = -60.0
"""A sound whose loud parts stay below this level (dBFS RMS) is silent."""

_LEVEL_FRAME_S = 0.01
_SPEECH_RANGE_DB = 40.0
"""Speech is whatever is less than this far below the loud parts; weak fricatives are 30 dB down."""

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


def write_wav(path: str | Path, waveform: Waveform) -> None:
    """Write a 16-bit wav, in one step: the file is whole or not there.

    Samples beyond [-1, 1] are clipped. The file's comment says that the speech is synthetic.

    Args:
        path: the file to make; its folder is created if missing.
        waveform: samples (N,) float32 in [-1, 1].

    Raises:
        AudioError: if samples are not finite, or the disk or folder refuses the file.
    """
    write_wav_stretches(path, [waveform])


def write_wav_stretches(path: str | Path, stretches: Iterable[Waveform]) -> float:
    """Write a wav as `write_wav` does, of stretches one after another: only one is held at once.

    Args:
        path: the file to make; its folder is created if missing.
        stretches: at least one, all at one rate: samples (N,) float32 in [-1, 1].

    Returns:
        Seconds of sound written.

    Raises:
        AudioError: if samples are not finite, or the disk or folder refuses the file.
    """
    path = Path(path)
    seconds: list[float] = []

    def write(temporary: Path) -> None:
        remaining = iter(stretches)
        first = next(remaining, None)
        assert first is not None, "no stretch was given"
        rate, joined = first.sample_rate_hz, itertools.chain([first], remaining)
        del first
        blocks = (pcm_16(stretch.samples) for stretch in joined)
        seconds.append(_write_wav(temporary, blocks, rate, 1) / rate)

    _write_whole(path, write)
    return seconds[0]


def available_formats() -> tuple[str, ...]:
    """Names of the formats that `write_sound` can write on this machine, wav first."""
    return tuple(
        name
        for name, each in SOUND_FORMATS.items()
        if _libsndfile_writes(each) or ffmpeg_for(each) is not None
    )


def check_format(sound_format: str) -> None:
    """Refuse a format that cannot be written here.

    Raises:
        AudioError: naming those that can.
    """
    if sound_format not in available_formats():
        needs = ", and ffmpeg is not here or lacks it" if sound_format in SOUND_FORMATS else ""
        raise AudioError(
            f"sound cannot be written as {sound_format!r}{needs}; what works here: "
            f"{', '.join(available_formats())}"
        )


def write_sound(path: str | Path, channels: Sequence[Waveform], sound_format: str) -> None:
    """Write a sound file of one or two channels, in one step: the file is whole or not there.

    Samples are 16-bit where the format has any, and those beyond [-1, 1] are clipped. The file's
    comment says that the speech is synthetic and who made it.

    Args:
        path: the file to make, whatever its name ends in; its folder is created if missing.
        channels: one, or left and right, of one length and rate: samples (N,) float32 in [-1, 1].
        sound_format: out of `available_formats`; "opus" and "ogg" (Vorbis) are both Ogg files.

    Raises:
        AudioError: if the format is not available or lacks the sample rate, channels do not fit
            each other or are empty, samples are not finite, or the disk or folder refuses the file.
    """
    path = Path(path)
    check_format(sound_format)
    kind = SOUND_FORMATS[sound_format]
    lengths = {len(each.samples) for each in channels}
    rates = {each.sample_rate_hz for each in channels}
    if len(channels) not in (1, 2) or len(lengths) != 1 or len(rates) != 1:
        raise AudioError(
            f"{path}: {len(channels)} channels of {sorted(lengths)} samples at {sorted(rates)} Hz; "
            "one or two of one length and rate can be written"
        )
    if lengths == {0}:
        raise AudioError(f"{path}: not written, because there is no sound to write")
    shape = (channels[0].sample_rate_hz, len(channels))
    if kind.rates and shape[0] not in kind.rates:
        raise AudioError(
            f"{path}: {sound_format} has no sample rate of {shape[0]} Hz; it has "
            f"{', '.join(map(str, kind.rates))}, and wav has any"
        )

    def write(temporary: Path) -> None:
        blocks = interleaved_blocks([each.samples for each in channels])
        if sound_format == "wav":
            _write_wav(temporary, blocks, *shape)
        elif _libsndfile_writes(kind):
            _write_with_soundfile(temporary, blocks, shape, kind)
        else:
            ffmpeg = ffmpeg_for(kind)
            assert ffmpeg is not None, f"{sound_format} is available"
            encode_with_ffmpeg(ffmpeg, temporary, blocks, shape, kind)

    _write_whole(path, write)


def _libsndfile_writes(kind: SoundFormat) -> bool:
    return bool(kind.container) and soundfile.check_format(kind.container, kind.subtype)


def _write_whole(path: Path, write: Callable[[Path], None]) -> None:
    try:
        write_atomically(path, write)
    except OSError as error:
        raise AudioError(
            f"{path} cannot be written: {error.strerror or error}; choose a folder that can be "
            "written to, or free some space"
        ) from error
    except AudioError as error:
        raise AudioError(f"{path}: {error}") from error


def _write_wav(
    temporary: Path, blocks: Iterable[NDArray[np.int16]], rate: int, n_channels: int
) -> int:
    """By ourselves behind libsndfile's header, so that a full disk is known; samples written."""
    header, n_samples = _wav_header(rate, n_channels), 0
    with temporary.open("wb") as file:
        file.write(header)
        for block in blocks:
            file.write(block.tobytes())
            n_samples += len(block)
        n_bytes = 2 * n_channels * n_samples
        file.seek(4)
        file.write((len(header) - 8 + n_bytes).to_bytes(4, "little"))
        file.seek(len(header) - 4)
        file.write(n_bytes.to_bytes(4, "little"))
    return n_samples


def _wav_header(rate: int, n_channels: int) -> bytes:
    """All of a wav up to its samples, for none of them yet."""
    buffer = io.BytesIO()
    with soundfile.SoundFile(buffer, "w", rate, n_channels, subtype="PCM_16", format="WAV") as wav:
        wav.comment, wav.software = FILE_COMMENT, MADE_BY
    header = buffer.getvalue()
    assert header[-8:] == b"data\0\0\0\0", header
    return header


def _write_with_soundfile(
    temporary: Path, blocks: Iterable[NDArray[np.int16]], shape: tuple[int, int], kind: SoundFormat
) -> None:
    coding = {"subtype": kind.subtype, "format": kind.container}
    with temporary.open("w+b", buffering=0) as raw:
        file = HonestFile(raw)
        try:
            with soundfile.SoundFile(file, "w", *shape, **coding) as sound:
                sound.comment, sound.software = FILE_COMMENT, MADE_BY
                for block in blocks:
                    # libsndfile garbles two channels of 16-bit numbers on their way to mp3
                    sound.write(block if kind.subtype == "PCM_16" else block / np.float32(32767))
                    file.check()
        except soundfile.SoundFileError as error:
            raise AudioError(f"cannot be written as {kind.name} at {shape[0]} Hz") from error
        file.check()


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


def speech_level_db(samples: NDArray[np.float32], sample_rate_hz: int) -> float:
    """Loudness of the speech: RMS over the frames that hold some, so that pauses do not count.

    Args:
        samples: (N,) float32.
        sample_rate_hz: its rate.

    Returns:
        dBFS; `-inf` if the sound is empty or silent (below `SILENCE_DB`).
    """
    powers = _frame_powers(samples, sample_rate_hz)
    active = _active_frames(powers)
    return float(10 * np.log10(powers[active].mean())) if active.any() else float("-inf")


def speech_span(samples: NDArray[np.float32], sample_rate_hz: int) -> tuple[int, int] | None:
    """Where speech starts and stops.

    Args:
        samples: (N,) float32.
        sample_rate_hz: its rate.

    Returns:
        (first, one past the last) sample of the frames that hold speech, 10 ms each; `None` if
        the sound is empty or silent.
    """
    active = np.flatnonzero(_active_frames(_frame_powers(samples, sample_rate_hz)))
    if len(active) == 0:
        return None
    n_frame = _frame_samples(sample_rate_hz)
    return int(active[0]) * n_frame, min((int(active[-1]) + 1) * n_frame, len(samples))


def speech_mask(samples: NDArray[np.float32], sample_rate_hz: int) -> NDArray[np.bool_]:
    """Which samples lie in frames that hold speech: (N,) bool, true where they do.

    Args:
        samples: (N,) float32.
        sample_rate_hz: its rate.
    """
    active = _active_frames(_frame_powers(samples, sample_rate_hz))
    return np.repeat(active, _frame_samples(sample_rate_hz))[: len(samples)]


def _frame_samples(sample_rate_hz: int) -> int:
    return max(1, round(_LEVEL_FRAME_S * sample_rate_hz))


def _frame_powers(samples: NDArray[np.float32], sample_rate_hz: int) -> NDArray[np.float64]:
    """Mean square of each frame; the last frame may be short."""
    if len(samples) == 0:
        return np.zeros(0)
    starts = np.arange(0, len(samples), _frame_samples(sample_rate_hz))
    sums = np.add.reduceat(np.square(samples, dtype=np.float64), starts)
    return np.asarray(sums / np.diff(np.append(starts, len(samples))))


def _active_frames(powers: NDArray[np.float64]) -> NDArray[np.bool_]:
    if len(powers) == 0:
        return np.zeros(0, dtype=np.bool_)
    speech_range = 10 ** (-_SPEECH_RANGE_DB / 10)
    # Only frames near the loudest count: a second of speech in a minute of silence is still found.
    loud = np.percentile(powers[powers >= powers.max() * speech_range], 95)
    if loud < 10 ** (SILENCE_DB / 10):
        return np.zeros(len(powers), dtype=np.bool_)
    return np.asarray(powers > loud * speech_range)
