"""Fixtures for tests of the doors: a stand-in pipeline, a pool, recordings, bad scripts."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from app.backend.pipeline_pool import PipelinePool
from app.backend.voice_library import VoiceLibrary
from tests.app.tone_pipeline import RATE_HZ, TonePipeline


@pytest.fixture
def pipeline() -> TonePipeline:
    """A stand-in that speaks at once."""
    return TonePipeline()


@pytest.fixture
def pool(pipeline: TonePipeline, tmp_path: Path) -> PipelinePool:
    """A pool with the stand-in, an empty library and one sample script."""
    scripts = tmp_path / "scripts"
    scripts.mkdir()
    (scripts / "small_talk.txt").write_text("Anna: Hello.\nBen: Hi.\n", encoding="utf-8")
    return PipelinePool(pipeline, VoiceLibrary(tmp_path / "voices"), scripts)


BAD_RECORDINGS = {
    "empty": "empty",
    "silent": "silent",
    "clipped": "clipped",
    "short": "speech",
    "long": "lasts",
    "text": "not a sound file",
    "missing": "no such file",
}
"""Kind of recording that cannot serve as a voice → a word of the message about it."""


@pytest.fixture(scope="session")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """One file of each kind that is refused, and two that are not: good, stereo."""
    folder = tmp_path_factory.mktemp("recordings")
    time_s = np.arange(3 * RATE_HZ) / RATE_HZ
    hum = sum(np.sin(2 * np.pi * 120 * k * time_s) / k for k in range(1, 10))
    speech = (0.15 * hum * np.abs(np.sin(2 * np.pi * 2 * time_s))).astype(np.float32)
    sounds = {
        "silent": (np.zeros(3 * RATE_HZ, dtype=np.float32), RATE_HZ),
        "clipped": (np.clip(speech * 50, -1, 1), RATE_HZ),
        "short": (speech[: RATE_HZ // 4], RATE_HZ),
        "long": (np.tile(speech, 21), RATE_HZ),
        "good": (speech, RATE_HZ),
        "stereo": (np.repeat(speech, 6)[:, None] * np.ones((1, 2), dtype=np.float32), 96_000),
    }
    paths = {kind: folder / f"{kind}.wav" for kind in [*sounds, "empty", "text", "missing"]}
    for kind, (samples, rate_hz) in sounds.items():
        soundfile.write(paths[kind], samples, rate_hz)
    paths["empty"].write_bytes(b"")
    paths["text"].write_text("not a sound at all", encoding="utf-8")
    return paths


BAD_SCRIPTS = {
    "": "empty",
    "  \n\n": "empty",
    "[S1] one\n[S2] two\n[S3] three\n[S4] four\n[S5] five": "line 5",
    "[S1] " + "a" * 10_000: "line 1",
    "[S1] Hello.\n[S2] 你好": "line 2",
    "[S1] \U0001f600\U0001f602": "line 1",
    "[S1 pace=99] Hello there.": "line 1",
}
"""Script that cannot be spoken → a word of the message about it."""
