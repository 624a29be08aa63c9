"""The voices a pipeline can be asked for: built-in ones, voice files, recordings."""

import functools
import logging
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

import torch

from pipeline.audio.read import read_audio
from pipeline.config.limits import LimitsConfig
from pipeline.datatypes.sound import Recording, Waveform
from pipeline.datatypes.voice import Voice, Voices
from pipeline.errors import VoiceError
from pipeline.runtime.models import Models
from pipeline.voices.from_recording import recording_to_voice
from pipeline.voices.quality import RecordingQuality, judge_recording
from pipeline.voices.verify import embed_sound
from pipeline.voices.voice_file import VoiceOrigin, load_voice

logger = logging.getLogger(__name__)

_REMAKE = "make it again from its recording"


class VoiceStore:
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
            VoiceError: if a voice file is damaged, or holds ids the networks do not know.
        """
        found = [load_voice(path) for path in sorted(self._folder.glob("*.safetensors"))]
        fitting = {
            voice.name: voice for voice in found if voice.codec_id == self._models.codec.identity
        }
        if len(fitting) < len(found):
            logger.info("%d voices are of another codec", len(found) - len(fitting))
        self.check(fitting)
        return fitting

    def sound_of(self, recording: Recording) -> Waveform:
        """See `DialoguePipeline.read_recording`."""
        if isinstance(recording, Waveform):
            return recording
        return read_audio(recording, self._models.codec.sample_rate_hz)

    def from_recording(
        self,
        recording: Recording,
        name: str,
        description: str = "",
        licence: str = "",
        consent: str = "",
    ) -> Voice:
        """See `DialoguePipeline.voice_from_recording`."""
        models, sound = self._models, self.sound_of(recording)
        origin = VoiceOrigin(description=description, licence=licence, consent=consent)
        return recording_to_voice(
            sound, name, models.semantic_tokenizer, models.codec, self._limits, origin
        )

    @torch.inference_mode()
    def judge(self, recording: Recording) -> RecordingQuality:
        """See `DialoguePipeline.judge_recording`."""
        sound, encoder = self.sound_of(recording), self._models.speaker
        if encoder is None:
            return judge_recording(sound, self._limits)
        embed = functools.partial(embed_sound, encoder=encoder)
        return judge_recording(sound, self._limits, embed, encoder.config.threshold_for)

    def read(self, path: Path) -> Voice:
        """A voice file, or a recording, which is called like its file.

        Raises:
            AudioError: if a recording cannot be read.
            VoiceError: if a voice file is damaged, of another codec or holds ids the networks do
                not know, or a recording unfit.
        """
        if path.suffix == ".safetensors":
            voice = load_voice(path, self._models.codec.identity)
            self.check({voice.name: voice})
            return voice
        return self.from_recording(path, path.stem)

    def check(self, cast: Voices) -> None:
        """Refuse voices of another codec, and ids and codes that the networks do not know.

        Raises:
            VoiceError: naming the first one.
        """
        for voice in cast.values():
            if voice is None:
                continue
            if voice.codec_id != self._models.codec.identity:
                raise VoiceError(f"voice {voice.name!r} was made with another codec; {_REMAKE}")
            self._check_alphabets(voice)

    def _check_alphabets(self, voice: Voice) -> None:
        codec, n_semantic = self._models.codec, self._models.soundstorm.config.n_semantic
        (n_ids,), (n_levels, n_frames) = voice.semantic_ids.shape, voice.codes.shape
        if n_ids and int(voice.semantic_ids.max()) >= n_semantic:
            raise VoiceError(
                f"voice {voice.name!r} holds semantic id {int(voice.semantic_ids.max())}, and this "
                f"model knows those below {n_semantic}; {_REMAKE}"
            )
        frames_per_id = self._models.soundstorm.config.frames_per_semantic
        if n_ids == 0 or (n_levels, n_frames) != (codec.n_levels, n_ids * frames_per_id):
            raise VoiceError(
                f"voice {voice.name!r} holds {n_levels} levels of {n_frames} frames for {n_ids} "
                f"semantic ids, and this model reads {codec.n_levels} of {frames_per_id} for each; "
                f"{_REMAKE}"
            )
        if int(voice.codes.max()) >= codec.n_codes:
            raise VoiceError(
                f"voice {voice.name!r} holds code {int(voice.codes.max())}, and this codec knows "
                f"those below {codec.n_codes}; {_REMAKE}"
            )
