"""What is written, and what cannot be."""

import itertools
import resource
from pathlib import Path

import numpy as np
import pytest
import soundfile

from pipeline.audio.read import read_audio
from pipeline.audio.write import write_wav, write_wav_stretches
from pipeline.datatypes.sound import Waveform
from pipeline.errors import AudioError
from tests.pipeline.audio.test_read import RATE, tone


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
