import errno
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from pipeline.audio import read
from pipeline.audio.levels import speech_level_db
from pipeline.audio.read import read_audio, resample
from pipeline.errors import AudioError

RATE = 16_000


def tone(seconds: float = 1.0, rate: int = RATE, amplitude: float = 0.3) -> np.ndarray:
    times = np.arange(round(seconds * rate)) / rate
    return (amplitude * np.sin(2 * np.pi * 440 * times)).astype(np.float32)


def silence(seconds: float) -> np.ndarray:
    return np.zeros(round(seconds * RATE), dtype=np.float32)


@pytest.mark.parametrize(
    ("rate", "n_channels"), [(16_000, 1), (96_000, 2), (8_000, 1), (44_100, 2)]
)
def test_any_rate_and_channels_become_mono_at_the_rate_wanted(
    tmp_path: Path, rate: int, n_channels: int
) -> None:
    path = tmp_path / "tone.wav"
    soundfile.write(path, np.stack([tone(rate=rate)] * n_channels, axis=1), rate)
    heard = read_audio(path, RATE)
    assert heard.sample_rate_hz == RATE
    assert heard.samples.dtype == np.float32
    assert len(heard.samples) == pytest.approx(RATE, abs=2)
    middle = slice(2000, 14_000)
    np.testing.assert_allclose(heard.samples[middle], tone()[middle], atol=2e-3)


@pytest.mark.parametrize("suffix", ["flac", "ogg", "mp3", "aiff"])
def test_common_formats_are_read(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"tone.{suffix}"
    soundfile.write(path, tone(), RATE)
    assert speech_level_db(read_audio(path).samples, RATE) == pytest.approx(-13.5, abs=0.5)


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="needs ffmpeg")
@pytest.mark.parametrize("suffix", ["m4a", "webm"])
def test_what_browsers_record_is_read_through_ffmpeg(tmp_path: Path, suffix: str) -> None:
    wav, path = tmp_path / "tone.wav", tmp_path / f"-tone.{suffix}"
    soundfile.write(wav, tone(rate=48_000), 48_000)
    subprocess.run(["ffmpeg", "-v", "error", "-i", wav, f"file:{path}"], check=True)
    heard = read_audio(path)
    assert heard.duration_s == pytest.approx(1.0, abs=0.1)
    assert speech_level_db(heard.samples, RATE) == pytest.approx(-13.5, abs=1.0)


def a_playlist_of_another_file(path: Path) -> None:
    other = path.with_name("secret.wav")
    soundfile.write(other, tone(), RATE)
    path.write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile:{other}\n#EXT-X-ENDLIST\n")


def not_finite(path: Path) -> None:
    samples = tone()
    samples[5] = np.nan
    soundfile.write(path, samples, RATE, subtype="FLOAT")


def over_an_hour(path: Path) -> None:
    soundfile.write(path, np.zeros(3601 * 100, dtype=np.int16), 100)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda path: None, "no such file"),
        (lambda path: path.mkdir(), "no such file"),
        (lambda path: path.write_bytes(b""), "the file is empty"),
        (lambda path: path.write_text("Anna: hello\n" * 50), "not a sound file.*wav, flac"),
        (lambda path: path.write_bytes(b"RIFF\xff\xff"), "not a sound file"),
        (a_playlist_of_another_file, "not a sound file"),
        (lambda path: soundfile.write(path, silence(0), RATE), "holds no sound"),
        (not_finite, "not finite"),
        (over_an_hour, "3601 s of sound; at most 3600"),
    ],
)
def test_what_is_no_sound_is_refused_with_the_reason(
    tmp_path: Path, make: Callable[[Path], object], message: str
) -> None:
    path = tmp_path / "voice.wav"
    make(path)
    with pytest.raises(AudioError, match=message) as caught:
        read_audio(path)
    assert str(path) in str(caught.value)


def test_without_ffmpeg_the_message_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "voice.m4a"
    path.write_bytes(b"nothing of the kind")
    monkeypatch.setattr(read.shutil, "which", lambda name: None)
    with pytest.raises(AudioError, match="need ffmpeg installed"):
        read_audio(path)


def test_a_file_that_may_not_be_read_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "voice.wav"
    path.write_bytes(b"x")

    def refuse(self: Path, mode: str) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(AudioError, match=r"voice\.wav cannot be read: Permission denied"):
        read_audio(path)


def test_resampling_there_and_back_keeps_the_sound() -> None:
    back = resample(resample(tone(), RATE, 24_000), 24_000, RATE)
    assert len(back) == RATE
    np.testing.assert_allclose(back[500:-500], tone()[500:-500], atol=2e-3)


def test_resampling_to_the_same_rate_changes_nothing() -> None:
    np.testing.assert_array_equal(resample(tone(), RATE, RATE), tone())
