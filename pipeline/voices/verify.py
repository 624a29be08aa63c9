"""Compares what was spoken with the voice prompts it should sound like.

Prompts are heard as SoundStorm is given them, through the codec, so that the codec's own sound is
on both sides of a comparison.
"""

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from pipeline.audio.levels import speech_mask, speech_span
from pipeline.audio.read import resample
from pipeline.datatypes.sound import Waveform
from pipeline.datatypes.voice import VoiceCheck
from pipeline.voices.speaker_encoder import SpeakerEncoder


@torch.inference_mode()
def embed_sound(sound: Waveform, encoder: SpeakerEncoder) -> Tensor:
    """Embedding of a sound without the silence at its ends.

    Args:
        sound: of any rate and level, not empty.
        encoder: hears it.

    Returns:
        (embedding_dim,) float32 of length 1, on the CPU.
    """
    rate_hz = sound.sample_rate_hz
    first, last = speech_span(sound.samples, rate_hz) or (0, len(sound.samples))
    speech = resample(sound.samples[first:last], rate_hz, encoder.config.sample_rate_hz)
    samples = torch.from_numpy(np.array(speech, dtype=np.float32))[None]
    embeddings: Tensor = encoder(samples.to(encoder.window.device))
    return embeddings[0].cpu()


def check_turn(
    turn: int,
    waveform: Waveform,
    speaker: str,
    prompts: Mapping[str, Tensor],
    encoder: SpeakerEncoder,
    min_speech_s: float,
) -> VoiceCheck:
    """Check one turn: flagged below the encoder's threshold, or if another's prompt is nearer.

    Args:
        turn: its number, from 0.
        waveform: what was spoken, at any rate.
        speaker: who should be heard; a key of `prompts`.
        prompts: speaker to the `embed_sound` of their prompt, of all it might be taken for.
        encoder: hears the turn.
        min_speech_s: a turn with less speech than this is not judged.
    """
    spoken = speech_mask(waveform.samples, waveform.sample_rate_hz)
    speech_s = float(spoken.sum()) / waveform.sample_rate_hz
    if speech_s < min_speech_s or speech_s == 0.0:
        return VoiceCheck(turn=turn)
    heard = embed_sound(waveform, encoder)
    cosines = {name: float(heard @ prompt) for name, prompt in prompts.items()}
    own = cosines[speaker]
    nearest = max(cosines, key=lambda name: (cosines[name], name == speaker))
    return VoiceCheck(
        turn=turn,
        similarity=own,
        nearest=nearest,
        nearest_similarity=cosines[nearest],
        flagged=own < encoder.config.threshold_for(speech_s) or nearest != speaker,
    )
