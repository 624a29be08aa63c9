import errno
import itertools
import os
import resource
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from pipeline import audio_io
from pipeline.audio_io import (
    read_audio,
    resample,
    speech_level_db,
    speech_mask,
    speech_span,
    write_wav,
    write_wav_stretches,
)
from pipeline.datatypes.sound import Waveform
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
    monkeypatch.setattr(audio_io.shutil, "which", lambda name: None)
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


def test_what_is_written_reads_back_within_one_step_of_16_bits(tmp_path: Path) -> None:
    path = tmp_path / "new" / "talk.wav"
    write_wav(path, Waveform(samples=tone(), sample_rate_hz=RATE))
    np.testing.assert_allclose(read_audio(path).samples, tone(), atol=1 / 16_000)
    assert soundfile.info(path).subtype == "PCM_16"
    assert [file.name for file in path.parent.iterdir()] == ["talk.wav"]


def test_the_file_says_that_the_speech_is_synthetic(tmp_path: Path) -> None:
    write_wav(tmp_path / "talk.wav", Waveform(samples=tone(), sample_rate_hz=RATE))
    with soundfile.SoundFile(tmp_path / "talk.wav") as sound:
        assert "Synthetic speech" in sound.comment
        assert "Colloquy" in sound.software


def test_too_loud_samples_clip_and_do_not_wrap(tmp_path: Path) -> None:
    samples = np.array([2.0, -2.0, 0.0], dtype=np.float32)
    write_wav(tmp_path / "loud.wav", Waveform(samples=samples, sample_rate_hz=RATE))
    written, _ = soundfile.read(tmp_path / "loud.wav", dtype="int16")
    assert written.tolist() == [32767, -32767, 0]


def test_samples_that_are_not_finite_are_not_written(tmp_path: Path) -> None:
    samples = np.array([0.0, np.inf], dtype=np.float32)
    with pytest.raises(AudioError, match=r"not written.*not finite"):
        write_wav(tmp_path / "talk.wav", Waveform(samples=samples, sample_rate_hz=RATE))
    assert not list(tmp_path.iterdir())


def test_a_full_disk_leaves_the_old_file_and_says_how_much_is_needed(tmp_path: Path) -> None:
    path = tmp_path / "talk.wav"
    path.write_bytes(b"old")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    try:
        with pytest.raises(AudioError, match=r"talk\.wav cannot be written.*free some space"):
            write_wav(path, Waveform(samples=tone(), sample_rate_hz=RATE))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert path.read_bytes() == b"old"
    assert [file.name for file in tmp_path.iterdir()] == ["talk.wav"]


def test_a_folder_that_cannot_be_made_is_an_audio_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(AudioError, match="choose a folder"):
        write_wav(tmp_path / "file" / "talk.wav", Waveform(samples=tone(), sample_rate_hz=RATE))


def test_resampling_there_and_back_keeps_the_sound() -> None:
    back = resample(resample(tone(), RATE, 24_000), 24_000, RATE)
    assert len(back) == RATE
    np.testing.assert_allclose(back[500:-500], tone()[500:-500], atol=2e-3)


def test_resampling_to_the_same_rate_changes_nothing() -> None:
    np.testing.assert_array_equal(resample(tone(), RATE, RATE), tone())


def test_pauses_do_not_make_speech_quieter() -> None:
    with_pauses = np.concatenate([silence(2), tone(), silence(3)])
    level_db = 20 * np.log10(0.3 / np.sqrt(2))
    assert speech_level_db(tone(), RATE) == pytest.approx(level_db, abs=0.01)
    assert speech_level_db(with_pauses, RATE) == pytest.approx(level_db, abs=0.05)


@pytest.mark.parametrize("samples", [silence(0), silence(1), tone(amplitude=1e-4)])
def test_silence_has_no_level_and_no_span(samples: np.ndarray) -> None:
    assert speech_level_db(samples, RATE) == float("-inf")
    assert speech_span(samples, RATE) is None
    assert not speech_mask(samples, RATE).any()


def test_a_second_of_speech_is_found_in_a_minute_of_hiss() -> None:
    hiss = np.random.default_rng(0).normal(0, 1e-4, 60 * RATE).astype(np.float32)
    hiss[20 * RATE : 21 * RATE] += tone()
    first, last = speech_span(hiss, RATE)
    assert first == pytest.approx(20 * RATE, abs=160)
    assert last == pytest.approx(21 * RATE, abs=160)


def test_quiet_ends_of_words_count_as_speech() -> None:
    samples = np.concatenate([silence(0.5), tone(0.2, amplitude=0.01), tone(1.0), silence(0.5)])
    assert speech_span(samples, RATE)[0] == pytest.approx(0.5 * RATE, abs=160)


def test_the_mask_covers_the_speech_sample_by_sample() -> None:
    samples = np.concatenate([silence(0.105), tone(0.5), silence(0.1003)])
    mask = speech_mask(samples, RATE)
    assert mask.shape == samples.shape
    assert mask[round(0.11 * RATE) : round(0.6 * RATE)].all()
    assert not mask[: round(0.1 * RATE)].any()


def test_a_wav_of_stretches_is_the_wav_of_the_whole(tone: Waveform, tmp_path: Path) -> None:
    write_wav(tmp_path / "whole.wav", tone)
    cuts = [0, 0, 7, 5000, len(tone.samples), len(tone.samples)]
    stretches = (
        Waveform(samples=tone.samples[start:end], sample_rate_hz=tone.sample_rate_hz)
        for start, end in itertools.pairwise(cuts)
    )
    assert write_wav_stretches(tmp_path / "parts.wav", stretches) == tone.duration_s
    assert (tmp_path / "parts.wav").read_bytes() == (tmp_path / "whole.wav").read_bytes()
    whole, rate_hz = soundfile.read(tmp_path / "whole.wav")
    assert (len(whole), rate_hz) == (len(tone.samples), tone.sample_rate_hz)
