import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from pipeline.audio.formats import (
    SOUND_FORMATS,
    encode_with_ffmpeg,
    ffmpeg_for,
    interleaved_blocks,
    pcm_16,
)
from pipeline.errors import AudioError

M4A = SOUND_FORMATS["m4a"]


def _program(folder: Path, code: str) -> str:
    """Stands in for ffmpeg: a small script that runs `code`."""
    path = folder / "ffmpeg"
    path.write_text(f"#!{sys.executable}\n{code}\n", encoding="utf-8")
    path.chmod(0o755)
    return str(path)


def test_full_scale_is_the_largest_number_and_what_is_beyond_clips() -> None:
    samples = np.array([0.0, 1.0, -1.0, 3.0, 0.5], dtype=np.float32)
    assert pcm_16(samples).tolist() == [0, 32767, -32767, 32767, 16384]


def test_a_sample_that_is_not_finite_is_refused() -> None:
    with pytest.raises(AudioError, match=r"not written.*not finite"):
        pcm_16(np.array([0.0, np.nan], dtype=np.float32))


def test_blocks_joined_are_the_channels_side_by_side() -> None:
    left = np.linspace(-1, 1, 200_000, dtype=np.float32)
    blocks = list(interleaved_blocks([left, -left]))
    assert len(blocks) > 2
    joined = np.concatenate(blocks)
    np.testing.assert_array_equal(joined[:, 0], pcm_16(left))
    np.testing.assert_array_equal(joined[:, 1], -joined[:, 0])


def test_ffmpeg_is_asked_only_for_what_it_encodes_and_only_if_it_can(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ffmpeg = _program(tmp_path, "print(' A....D aac    AAC (Advanced Audio Coding)')")
    monkeypatch.setattr(shutil, "which", lambda name: ffmpeg)
    assert ffmpeg_for(M4A) == ffmpeg
    assert ffmpeg_for(SOUND_FORMATS["mp3"]) is None
    assert ffmpeg_for(SOUND_FORMATS["wav"]) is None
    broken = tmp_path / "broken"
    broken.mkdir()
    monkeypatch.setattr(shutil, "which", lambda name: _program(broken, "raise SystemExit(1)"))
    assert ffmpeg_for(M4A) is None


def test_what_ffmpeg_says_last_is_told(tmp_path: Path) -> None:
    code = "import sys; sys.stderr.write('first\\nno space left\\n'); sys.exit(1)"
    blocks = interleaved_blocks([np.zeros(300_000, dtype=np.float32)])
    with pytest.raises(AudioError, match=r"could not write the file \(no space left\)"):
        encode_with_ffmpeg(_program(tmp_path, code), tmp_path / "a.m4a", blocks, (16_000, 1), M4A)


def test_an_ffmpeg_that_cannot_start_is_told(tmp_path: Path) -> None:
    with pytest.raises(AudioError, match=r"ffmpeg could not write the file \(.*No such file"):
        encode_with_ffmpeg(str(tmp_path / "absent"), tmp_path / "a.m4a", iter(()), (16_000, 1), M4A)


def test_an_ffmpeg_that_never_ends_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.audio.formats._FFMPEG_SECONDS", 0.1)
    ffmpeg = _program(tmp_path, "import time; time.sleep(60)")
    with pytest.raises(AudioError, match="timed out"):
        encode_with_ffmpeg(ffmpeg, tmp_path / "a.m4a", iter(()), (16_000, 1), M4A)


def test_samples_that_are_not_finite_end_ffmpeg(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended: list[bool] = []
    kill = subprocess.Popen.kill
    monkeypatch.setattr(
        subprocess.Popen, "kill", lambda process: (ended.append(True), kill(process))
    )
    blocks = interleaved_blocks([np.full(10, np.inf, dtype=np.float32)])
    ffmpeg = _program(tmp_path, "import time; time.sleep(60)")
    with pytest.raises(AudioError, match="not finite"):
        encode_with_ffmpeg(ffmpeg, tmp_path / "a.m4a", blocks, (16_000, 1), M4A)
    assert ended
