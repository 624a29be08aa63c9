"""Sound files out: 16-bit where the format has any, whole or not there.

Formats that libsndfile cannot write go through ffmpeg if it is installed.
"""

import io
import itertools
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from pipeline.audio.formats import (
    FILE_COMMENT,
    MADE_BY,
    SOUND_FORMATS,
    ErrorKeepingFile,
    SoundFormat,
    encode_with_ffmpeg,
    ffmpeg_for,
    interleaved_blocks,
    pcm_16,
)
from pipeline.datatypes.sound import Waveform
from pipeline.errors import AudioError
from pipeline.files.atomic import write_atomically


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
        file = ErrorKeepingFile(raw)
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
