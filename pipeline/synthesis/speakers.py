"""Who speaks in a script: the voice of each speaker, its gain and its embedding, when first needed.

All three come from the voice prompt alone, as SoundStorm is given it and the codec reconstructs it:
nothing here depends on what the speakers say later.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

from pipeline.config.limits import MixConfig
from pipeline.datatypes.script import Turn
from pipeline.datatypes.sound import Waveform
from pipeline.datatypes.voice import Voice, Voices
from pipeline.runtime.models import Models
from pipeline.semantic_to_acoustic.windows import prompt_of
from pipeline.voices.verify import embed_sound
from pipeline.waveform_to_dialogue.place import prompt_gain

MOST_PROMPTS = 64
"""Voices whose prompts are kept; each takes less than half a megabyte."""


class PromptSounds:
    """Voice prompts as sound, and as embeddings, of the voices heard lately.

    Args:
        models: for the codec and the speaker encoder.
    """

    def __init__(self, models: Models) -> None:
        self._models = models
        self._sounds: OrderedDict[bytes, Waveform] = OrderedDict()
        self._embeddings: dict[bytes, Tensor] = {}

    @torch.inference_mode()
    def sound(self, voice: Voice) -> Waveform:
        """The prompt as SoundStorm is given it and the codec reconstructs it."""
        codes = prompt_of(voice, self._models.soundstorm.config)[1]
        key = _key(codes)
        if key not in self._sounds:
            codec = self._models.codec
            samples = codec.decode(codes[None])[0].float().cpu().numpy()
            self._sounds[key] = Waveform(samples=samples, sample_rate_hz=codec.sample_rate_hz)
        self._sounds.move_to_end(key)
        if len(self._sounds) > MOST_PROMPTS:
            forgotten, _ = self._sounds.popitem(last=False)
            self._embeddings.pop(forgotten, None)
        return self._sounds[key]

    def at_level(self, voice: Voice, mix: MixConfig) -> Waveform:
        """The prompt at the level of a dialogue, its peaks within the dialogue's limit."""
        sound = self.sound(voice)
        peak = float(np.abs(sound.samples).max())
        most = 10 ** (mix.peak_limit_db / 20) / max(peak, 1e-9)
        samples = sound.samples * np.float32(min(prompt_gain(sound, mix), most))
        return Waveform(samples=samples, sample_rate_hz=sound.sample_rate_hz)

    def embedding(self, voice: Voice) -> Tensor:
        """The prompt's embedding, (embedding_dim,) float32 of length 1."""
        encoder = self._models.speaker
        assert encoder is not None, "asked only where voices are checked"
        sound = self.sound(voice)
        key = _key(prompt_of(voice, self._models.soundstorm.config)[1])
        if key not in self._embeddings:
            self._embeddings[key] = embed_sound(sound, encoder)
        return self._embeddings[key]


def _key(codes: Tensor) -> bytes:
    return hashlib.sha256(codes.contiguous().numpy().tobytes()).digest()


class ScriptSpeakers:
    """The speakers of one script.

    Args:
        cast: speaker to voice; `None`: one is to be made up and given to `give_voice`.
        turns: of the script; they tell when each speaker is first heard.
        prompts: of all voices.
        mix: the level wanted, and how turns are cut.
    """

    def __init__(
        self, cast: Voices, turns: Sequence[Turn], prompts: PromptSounds, mix: MixConfig
    ) -> None:
        self.mix = mix
        self._prompts = prompts
        self.voices: dict[str, Voice | None] = dict(cast)
        self._first_turns = {turn.speaker: len(turns) - 1 - i for i, turn in enumerate(turns[::-1])}
        self._made_up = {speaker for speaker, voice in cast.items() if voice is None}

    def first_turn(self, speaker: str) -> int:
        """Number of the turn in which a speaker is first heard, from 0."""
        return self._first_turns[speaker]

    def known_voices(self) -> dict[str, Voice]:
        """Speakers who have a voice by now."""
        return {name: voice for name, voice in self.voices.items() if voice is not None}

    def give_voice(self, speaker: str, voice: Voice) -> None:
        """Let a speaker keep a voice that was made up."""
        self.voices[speaker] = voice

    def gain(self, speaker: str) -> float:
        """The factor that brings what a speaker says to the level wanted."""
        return prompt_gain(self._prompts.sound(self._voice(speaker)), self.mix)

    def embeddings_at(self, turn_index: int) -> Mapping[str, Tensor]:
        """Speaker to the embedding of their prompt, of all whose voice is known at a turn.

        That is everyone whose voice was given, and those made up up to there: what a turn is
        compared with does not depend on the turns it was spoken together with.

        Args:
            turn_index: number of the turn, from 0.
        """
        known = [
            speaker
            for speaker in self.known_voices()
            if speaker not in self._made_up or self._first_turns[speaker] <= turn_index
        ]
        return {speaker: self._prompts.embedding(self._voice(speaker)) for speaker in known}

    def _voice(self, speaker: str) -> Voice:
        voice = self.voices[speaker]
        assert voice is not None, f"{speaker} has no voice yet"
        return voice
