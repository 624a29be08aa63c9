"""A stand-in pipeline for tests of the doors: real parsing and casting, tones for speech."""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import soundfile
import torch

from app.studio import Studio
from app.voice_library import VoiceLibrary
from pipeline.audio_io import read_audio
from pipeline.casting import WantedVoice, cast_voices
from pipeline.config import LimitsConfig
from pipeline.datatypes import (
    AcousticTokens,
    Caption,
    Dialogue,
    ProgressCallback,
    Script,
    SemanticTokens,
    SpokenTurn,
    TurnCut,
    Voice,
    Waveform,
)
from pipeline.dialogue import SynthesisOptions
from pipeline.recording_quality import RecordingQuality, judge_recording
from pipeline.recording_to_voice import VoiceOrigin, load_voice, recording_to_voice
from pipeline.script_to_turns import script_to_turns
from pipeline.stage_clock import STAGES, StageClock

RATE_HZ = 16_000
TURN_S = 0.5


def _encode(samples: torch.Tensor) -> torch.Tensor:
    return torch.zeros(round(len(samples) / RATE_HZ * 25), dtype=torch.int64)


def _encode_codes(samples: torch.Tensor) -> torch.Tensor:
    n_frames = -(-samples.shape[-1] // 320)
    return torch.zeros(1, 4, n_frames, dtype=torch.int64)


SEMANTIC: Any = SimpleNamespace(
    rate_hz=25, encode=_encode, config=SimpleNamespace(sample_rate_hz=RATE_HZ)
)
CODEC: Any = SimpleNamespace(
    sample_rate_hz=RATE_HZ, frame_rate_hz=50.0, identity="tones", encode=_encode_codes
)


class TonePipeline:
    """Says every turn as half a second of a tone."""

    def __init__(self) -> None:
        self.voices = {name: _voice(name) for name in ("anna", "ben")}
        self.cast: Mapping[str, Voice | None] = {}
        self.options = SynthesisOptions()
        self.before_stage: Callable[[str], None] = lambda stage: None
        self.before_turn: Callable[[int], None] = lambda index: None

    def conditions(self) -> Mapping[str, str]:
        return {"weights": "tones", "engine": "none", "device": "cpu"}

    def parse(self, script: Any) -> Script:
        return script_to_turns(script, LimitsConfig())

    def estimate_seconds(self, script: Script) -> float:
        return TURN_S * len(script.turns)

    def voice_from_recording(
        self,
        path: str | Path,
        name: str,
        description: str = "",
        licence: str = "",
        consent: str = "",
    ) -> Voice:
        recording = read_audio(path, RATE_HZ)
        origin = VoiceOrigin(description=description, licence=licence, consent=consent)
        return recording_to_voice(recording, name, SEMANTIC, CODEC, LimitsConfig(), origin)

    def judge_recording(self, path: str | Path) -> RecordingQuality:
        return judge_recording(read_audio(path, RATE_HZ), LimitsConfig())

    def synthesize(
        self,
        script: Any,
        voices: Mapping[str, WantedVoice] | None = None,
        seed: int = 0,
        options: SynthesisOptions | None = None,
        on_progress: ProgressCallback | None = None,
    ) -> Dialogue:
        self.options = options or SynthesisOptions()
        clock = StageClock(on_progress)
        read = self.parse(script)
        self.cast, notes = cast_voices(read, voices or {}, self.voices, self._read)
        for stage in STAGES:
            with clock.stage(stage):
                self.before_stage(stage)
        return _dialogue(read, seed, (*read.notes, *notes), clock.seconds)

    def stream(
        self,
        script: Any,
        voices: Mapping[str, WantedVoice] | None = None,
        seed: int = 0,
        options: SynthesisOptions | None = None,
        on_progress: ProgressCallback | None = None,
        finished: Iterable[SpokenTurn] = (),
        in_a_hurry: bool = True,
    ) -> Iterator[SpokenTurn]:
        n_finished = len(list(finished))
        dialogue = self.synthesize(script, voices, seed, options, on_progress)
        for caption, turn in zip(dialogue.captions, dialogue.turns, strict=True):
            if caption.turn < n_finished:
                continue
            self.before_turn(caption.turn)
            start, end = round(caption.start_s * RATE_HZ), round(caption.end_s * RATE_HZ)
            sound = Waveform(samples=dialogue.mix.samples[start:end], sample_rate_hz=RATE_HZ)
            ids = torch.zeros(math.ceil(TURN_S * 25), dtype=torch.int64)
            yield SpokenTurn(
                index=caption.turn,
                turn=turn,
                caption=caption,
                cut=TurnCut(
                    sound=sound,
                    speech=(0, len(sound.samples)),
                    lead=0,
                    tail=0,
                    runs=((0, len(sound.samples), 0),),
                ),
                start=start,
                mix=sound,
                seed=seed,
                notes=() if caption.turn else dialogue.notes,
                semantic=SemanticTokens(semantic_ids=ids, speaker=turn.speaker, rate_hz=25.0),
                acoustic=AcousticTokens(
                    codes=ids.repeat(4, 2), speaker=turn.speaker, frame_rate_hz=50.0
                ),
            )

    def _read(self, path: Path) -> Voice:
        if path.suffix == ".safetensors":
            return load_voice(path, CODEC.identity)
        return self.voice_from_recording(path, path.stem)


def _voice(name: str) -> Voice:
    return Voice(
        name=name,
        semantic_ids=torch.zeros(25, dtype=torch.int64),
        codes=torch.zeros(4, 50, dtype=torch.int64),
        level_db=-23.0,
        codec_id="tones",
        description=f"the voice of {name}",
    )


def _dialogue(
    script: Script, seed: int, notes: tuple[str, ...], stage_seconds: Mapping[str, float]
) -> Dialogue:
    n_samples = round(TURN_S * RATE_HZ) * len(script.turns)
    samples = (0.1 * np.sin((440 + seed) * np.arange(n_samples) / RATE_HZ)).astype(np.float32)
    mix = Waveform(samples=samples, sample_rate_hz=RATE_HZ)
    return Dialogue(
        mix=mix,
        stems={turn.speaker: mix for turn in script.turns},
        captions=tuple(
            Caption(
                turn=index,
                speaker=turn.speaker,
                start_s=TURN_S * index,
                end_s=TURN_S * (index + 1),
                text=turn.text,
            )
            for index, turn in enumerate(script.turns)
        ),
        turns=script.turns,
        semantic=(),
        acoustic=(),
        seed=seed,
        notes=notes,
        stage_seconds=stage_seconds,
    )


@pytest.fixture
def pipeline() -> TonePipeline:
    """A stand-in that speaks at once."""
    return TonePipeline()


@pytest.fixture
def studio(pipeline: TonePipeline, tmp_path: Path) -> Studio:
    """A studio with the stand-in, an empty library and one sample script."""
    scripts = tmp_path / "scripts"
    scripts.mkdir()
    (scripts / "small_talk.txt").write_text("Anna: Hello.\nBen: Hi.\n", encoding="utf-8")
    return Studio(pipeline, VoiceLibrary(tmp_path / "voices"), scripts)


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
    "[S1] Hello.\n[S2] ?!...": "line 2",
    "[S1] \U0001f600\U0001f602": "line 1",
    "[S1] Hello\x07 there.": "line 1",
}
"""Script that cannot be spoken → a word of the message about it."""
