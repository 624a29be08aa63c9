"""Recordings that a visitor uploaded: each is read once and made a voice once."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeGuard, TypeVar

from app.backend.pipeline_pool import PipelinePool
from pipeline.config.limits import MAX_SPEAKERS, LimitsConfig
from pipeline.datatypes.sound import Waveform
from pipeline.datatypes.voice import Voice
from pipeline.voices.casting import WantedVoice

T = TypeVar("T", Waveform, Voice)
_Identity = tuple[Path, int, int]


@dataclass
class Recordings:
    """The latest recordings of one visitor; it goes with the workspace. Safe to use from threads.

    Files are told apart by path, size and time of change.
    """

    _sounds: OrderedDict[_Identity, Waveform] = field(default_factory=OrderedDict)
    _voices: OrderedDict[_Identity, Voice] = field(default_factory=OrderedDict)
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def sound(self, pool: PipelinePool, path: Path) -> Waveform:
        """What was recorded.

        Raises:
            AudioError: if the file cannot be read.
        """
        return self._once(self._sounds, path, lambda: pool.shared.read_recording(path))

    def voice(self, pool: PipelinePool, path: Path) -> Voice:
        """The voice of a recording, called like its file.

        Raises:
            AudioError: if the file cannot be read.
            VoiceError: if the recording is unfit.
        """

        def make() -> Voice:
            sound = self.sound(pool, path)  # before a pipeline is borrowed: it may be the only one
            with pool.borrow() as pipeline:
                return pipeline.voice_from_recording(sound, path.stem)

        return self._once(self._voices, path, make)

    def cast(self, pool: PipelinePool, voices: Mapping[str, WantedVoice]) -> dict[str, WantedVoice]:
        """The voices asked for, with a voice in place of each recording."""
        return {
            speaker: self.voice(pool, voice) if _is_recording(voice) else voice
            for speaker, voice in voices.items()
        }

    def _once(self, kept: OrderedDict[_Identity, T], path: Path, make: Callable[[], T]) -> T:
        if not path.is_file():
            return make()  # which tells what is wrong
        status = path.stat()
        identity = (path, status.st_size, status.st_mtime_ns)
        with self._lock:
            made = kept[identity] if identity in kept else make()
            if isinstance(made, Voice) or made.duration_s <= LimitsConfig().max_recording_s:
                kept[identity] = made
            while len(kept) > MAX_SPEAKERS:
                kept.popitem(last=False)
            return made


def _is_recording(voice: WantedVoice) -> TypeGuard[Path]:
    return isinstance(voice, Path) and voice.suffix != ".safetensors" and voice.is_file()
