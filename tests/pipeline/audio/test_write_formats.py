import json
import resource
import shutil
import subprocess
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import soundfile

from pipeline.audio.formats import SYNTHETIC_COMMENT
from pipeline.audio.levels import speech_level_db
from pipeline.audio.read import read_audio
from pipeline.audio.write import available_formats, check_format, write_sound, write_wav
from pipeline.datatypes.sound import Waveform
from pipeline.errors import AudioError

RATE = 16_000
LOSSLESS = ("wav", "flac")
NEEDS_FFMPEG = pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="needs ffmpeg")
ALL_FORMATS = [
    *LOSSLESS,
    "ogg",
    "opus",
    "mp3",
    pytest.param("m4a", marks=NEEDS_FFMPEG),
    pytest.param("aac", marks=NEEDS_FFMPEG),
]


def _sound(hz: float, seconds: float = 5.0, rate: int = RATE) -> Waveform:
    """A tone that is longer than one block of writing."""
    times = np.arange(round(seconds * rate)) / rate
    samples = (0.3 * np.sin(2 * np.pi * hz * times)).astype(np.float32)
    return Waveform(samples=samples, sample_rate_hz=rate)


def _decoded(path: Path) -> tuple[np.ndarray, int]:
    """(N, C) samples and rate, by libsndfile, or by ffmpeg where that cannot."""
    if path.suffix in (".m4a", ".aac"):
        wav = path.with_suffix(".decoded.wav")
        subprocess.run(["ffmpeg", "-v", "error", "-i", path, wav], check=True)
        path = wav
    return soundfile.read(path, dtype="float32", always_2d=True)


def _loudest_hz(samples: np.ndarray, rate: int) -> float:
    return float(np.argmax(np.abs(np.fft.rfft(samples))) * rate / len(samples))


@pytest.mark.parametrize("sound_format", ALL_FORMATS)
def test_every_format_keeps_length_rate_level_and_sides(tmp_path: Path, sound_format: str) -> None:
    path = tmp_path / f"talk.{sound_format}"
    left, right = _sound(440), _sound(1000)
    write_sound(path, [left, right], sound_format)
    samples, rate = _decoded(path)
    assert (rate, samples.shape[1]) == (RATE, 2)
    assert len(samples) == pytest.approx(len(left.samples), abs=0.15 * RATE)
    for channel, hz in enumerate((440, 1000)):
        assert _loudest_hz(samples[:, channel], rate) == pytest.approx(hz, abs=2)
        middle = samples[RATE : 4 * RATE, channel]
        spectrum = np.abs(np.fft.rfft(middle * np.hanning(len(middle))))
        assert spectrum[3 * (1440 - hz)] < 1e-2 * spectrum[3 * hz]
        assert speech_level_db(samples[:, channel], rate) == pytest.approx(-13.5, abs=0.5)


@pytest.mark.parametrize("sound_format", ["wav", "flac", "ogg", "opus", "mp3"])
def test_one_channel_has_exactly_the_samples_that_went_in(
    tmp_path: Path, sound_format: str
) -> None:
    path = tmp_path / "talk.bin"
    write_sound(path, [_sound(440)], sound_format)
    assert len(read_audio(path, RATE).samples) == 5 * RATE


@pytest.mark.parametrize("sound_format", LOSSLESS)
def test_lossless_formats_are_16_bit_and_within_one_step(tmp_path: Path, sound_format: str) -> None:
    path = tmp_path / f"talk.{sound_format}"
    write_sound(path, [_sound(440), _sound(1000)], sound_format)
    samples, _ = soundfile.read(path)
    np.testing.assert_allclose(samples[:, 0], _sound(440).samples, atol=1 / RATE)
    np.testing.assert_allclose(samples[:, 1], _sound(1000).samples, atol=1 / RATE)
    assert soundfile.info(path).subtype == "PCM_16"


def test_a_wav_is_the_one_that_write_wav_makes(tmp_path: Path) -> None:
    write_sound(tmp_path / "a.wav", [_sound(440)], "wav")
    write_wav(tmp_path / "b.wav", _sound(440))
    assert (tmp_path / "a.wav").read_bytes() == (tmp_path / "b.wav").read_bytes()


@pytest.mark.parametrize("sound_format", ["wav", "flac", "ogg", "opus"])
def test_the_file_says_that_it_is_synthetic_and_who_made_it(
    tmp_path: Path, sound_format: str
) -> None:
    path = tmp_path / f"talk.{sound_format}"
    write_sound(path, [_sound(440)], sound_format)
    with soundfile.SoundFile(path) as sound:
        assert sound.comment.startswith(SYNTHETIC_COMMENT)
        assert "Made by Colloquy" in sound.comment
        assert sound.software.startswith("Colloquy")


def test_an_mp3_says_so_in_its_tag(tmp_path: Path) -> None:
    path = tmp_path / "talk.mp3"
    write_sound(path, [_sound(440)], "mp3")
    with soundfile.SoundFile(path) as sound:
        assert sound.comment.startswith(SYNTHETIC_COMMENT)
    assert b"Made by Colloquy" in path.read_bytes()


@NEEDS_FFMPEG
@pytest.mark.parametrize("sound_format", ["mp3", "m4a", "aac"])
def test_what_ffmpeg_writes_says_so_too(
    tmp_path: Path, sound_format: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / f"talk.{sound_format}"
    monkeypatch.setattr(soundfile, "check_format", lambda *names: False)
    write_sound(path, [_sound(440)], sound_format)
    command = ["ffprobe", "-v", "error", "-show_format", "-of", "json", path]
    told = subprocess.run(command, capture_output=True, check=True).stdout
    tags = json.loads(told)["format"]["tags"]
    assert tags["comment"].startswith(SYNTHETIC_COMMENT)
    assert tags["artist"] == "Colloquy"
    assert len(_decoded(path)[0]) == pytest.approx(5 * RATE, abs=0.15 * RATE)


def test_what_libsndfile_writes_needs_no_ffmpeg(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    assert available_formats() == ("wav", "flac", "ogg", "opus", "mp3")
    with pytest.raises(AudioError, match=r"'m4a', and ffmpeg is not here.*wav, flac, ogg"):
        check_format("m4a")


@pytest.mark.parametrize("name", ["", "WAV", "exe", "../wav"])
def test_an_unknown_format_is_refused_by_what_works(tmp_path: Path, name: str) -> None:
    with pytest.raises(AudioError, match="what works here: wav, flac"):
        write_sound(tmp_path / "talk", [_sound(440)], name)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "channels",
    [
        [],
        [_sound(440)] * 3,
        [_sound(440), _sound(440, seconds=1)],
        [_sound(440), _sound(440, seconds=10, rate=8_000)],
    ],
)
def test_channels_that_do_not_fit_each_other_are_refused(
    tmp_path: Path, channels: list[Waveform]
) -> None:
    with pytest.raises(AudioError, match=r"channels of .* one or two of one length and rate"):
        write_sound(tmp_path / "talk.wav", channels, "wav")


@pytest.mark.parametrize("sound_format", ["opus", "mp3"])
def test_a_rate_that_a_format_lacks_is_refused_with_those_it_has(
    tmp_path: Path, sound_format: str
) -> None:
    with pytest.raises(AudioError, match="no sample rate of 7000 Hz; it has 8000"):
        write_sound(tmp_path / "talk", [_sound(440, rate=7_000)], sound_format)


def test_what_libsndfile_refuses_is_told(tmp_path: Path) -> None:
    with pytest.raises(AudioError, match="cannot be written as flac at 1000000 Hz"):
        write_sound(tmp_path / "talk.flac", [_sound(440, 0.1, 1_000_000)], "flac")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("sound_format", ALL_FORMATS)
def test_samples_that_are_not_finite_leave_no_file(tmp_path: Path, sound_format: str) -> None:
    sound = _sound(440)
    sound.samples[70_000] = np.nan
    with pytest.raises(AudioError, match=r"talk: not written.*not finite"):
        write_sound(tmp_path / "talk", [sound], sound_format)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("sound_format", ["wav", "flac", "ogg", "opus", "mp3"])
def test_a_full_disk_is_found_in_every_format(tmp_path: Path, sound_format: str) -> None:
    path = tmp_path / "talk"
    path.write_bytes(b"old")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    try:
        with pytest.raises(AudioError, match=r"talk cannot be written.*free some space"):
            write_sound(path, [_sound(440)], sound_format)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("sound_format", ALL_FORMATS)
def test_a_sound_of_no_samples_is_refused(tmp_path: Path, sound_format: str) -> None:
    with pytest.raises(AudioError, match="no sound to write"):
        write_sound(tmp_path / "talk", [_sound(440, seconds=0)], sound_format)


@pytest.mark.parametrize("sound_format", ALL_FORMATS)
def test_a_long_sound_is_not_held_again_while_it_is_written(
    tmp_path: Path, sound_format: str
) -> None:
    samples = np.zeros(2_000_000, dtype=np.float32)
    sound = Waveform(samples=samples, sample_rate_hz=RATE)
    write_sound(tmp_path / "warm", [_sound(440)], sound_format)
    tracemalloc.start()
    try:
        write_sound(tmp_path / "talk", [sound, sound], sound_format)
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak_bytes < samples.nbytes / 2
