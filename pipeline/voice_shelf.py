"""The voices a pipeline can be asked for: built-in ones, voice files, recordings."""

import logging
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

from pipeline.audio_io import read_audio
from pipeline.config import LimitsConfig
from pipeline.datatypes import Voice, Voices
from pipeline.errors import VoiceError
from pipeline.models import Models
from pipeline.recording_to_voice import load_voice, recording_to_voice

logger = logging.getLogger(__name__)


class VoiceShelf:
    """Voices of one codec.

    Args:
        models: whose codec and semantic tokenizer make voices of recordings.
        folder: of the built-in ones.
        limits: of recordings.
    """

    def __init__(self, models: Models, folder: Path, limits: LimitsConfig) -> None:
        self._models, self._folder, self._limits = models, folder, limits

    @cached_property
    def built_in(self) -> Mapping[str, Voice]:
        """Those that fit the codec, by name in alphabetical order.

        Raises:
            VoiceError: if a voice file is damaged.
        """
        found = [load_voice(path) for path in sorted(self._folder.glob("*.safetensors"))]
        fitting = {
            voice.name: voice for voice in found if voice.codec_id == self._models.codec.identity
        }
        if len(fitting) < len(found):
            logger.info("%d voices are of another codec", len(found) - len(fitting))
        return fitting

    def from_recording(self, path: str | Path, name: str, description: str = "") -> Voice:
        """See `DialoguePipeline.voice_from_recording`."""
        models = self._models
        recording = read_audio(path, models.codec.sample_rate_hz)
        return recording_to_voice(
            recording, name, models.semantic_tokenizer, models.codec, self._limits, description
        )

    def read(self, path: Path) -> Voice:
        """A voice file, or a recording, which is called like its file.

        Raises:
            AudioError: if a recording cannot be read.
            VoiceError: if a voice file is damaged or of another codec, or a recording unfit.
        """
        if path.suffix == ".safetensors":
            return load_voice(path, self._models.codec.identity)
        return self.from_recording(path, path.stem)

    def check(self, cast: Voices) -> None:
        """Refuse voices of another codec.

        Raises:
            VoiceError: naming the first one.
        """
        for voice in cast.values():
            if voice is not None and voice.codec_id != self._models.codec.identity:
                raise VoiceError(
                    f"voice {voice.name!r} was made with another codec; "
                    "make it again from its recording"
                )
