"""Side input: a recording → the voice prompt that SoundStorm and text-to-semantic continue."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from pipeline.audio.levels import speech_level_db
from pipeline.audio.read import resample
from pipeline.config.limits import LimitsConfig
from pipeline.datatypes.sound import Waveform
from pipeline.datatypes.voice import Voice
from pipeline.errors import VoiceError
from pipeline.tokenizers.codec import Codec
from pipeline.tokenizers.semantic import SemanticTokenizer
from pipeline.voices.fit import prompt_span, speech_stretch, why_unfit
from pipeline.voices.voice_file import NO_ORIGIN, VoiceOrigin, check_words

PROMPT_LEVEL_DB = -23.0
"""Level of every prompt, dBFS RMS of its speech, so that loudness says nothing about a voice."""

_MAX_PEAK = 0.95


def recording_to_voice(
    recording: Waveform,
    name: str,
    semantic: SemanticTokenizer,
    codec: Codec,
    limits: LimitsConfig,
    origin: VoiceOrigin = NO_ORIGIN,
) -> Voice:
    """Turn a recording of one person into a voice.

    Silence at both ends is dropped, the stretch of at most `PROMPT_S` with most speech in it is
    kept and brought to `PROMPT_LEVEL_DB`. Ids and codes cover the same time, a whole number of
    frames for each id.

    Args:
        recording: mono, any rate.
        name: what people will call the voice.
        semantic: makes the semantic ids.
        codec: makes the codes.
        limits: shortest and longest recording.
        origin: words that are kept with the voice.

    Returns:
        A voice with S ids and T = S * frames per id codes; `level_db` is the recording's own.

    Raises:
        VoiceError: if the name is empty, or words about the voice are too long or hold control
            characters; if the recording is empty, not finite, too long, silent, clipped, or holds
            too little speech; or if the codec's frames do not fit the ids.
    """
    if not name.strip():
        raise VoiceError("a voice needs a name, for example 'anna'")
    check_words("the voice", name.strip(), origin)
    where = f"the recording for voice {name!r}"
    unfit = why_unfit(recording, limits)
    if unfit is not None:
        raise VoiceError(f"{where} {unfit.reason}")
    rate = recording.sample_rate_hz
    level_db = speech_level_db(speech_stretch(recording).samples, rate)
    first, last = prompt_span(recording)
    prompt = _at_level(recording.samples[first:last], rate)
    n_ids = max(1, int(len(prompt) / rate * semantic.rate_hz + 1e-6))
    ids = semantic.encode(_at_rate(prompt, rate, semantic.config.sample_rate_hz, n_ids, semantic))
    codes = codec.encode(_at_rate(prompt, rate, codec.sample_rate_hz, n_ids, semantic)[None])[0]
    frames_per_id = codec.frame_rate_hz / semantic.rate_hz
    fits = frames_per_id == int(frames_per_id)
    if not fits or len(ids) != n_ids or codes.shape[-1] != n_ids * frames_per_id:
        raise VoiceError(
            f"{where} gave {len(ids)} semantic ids and {codes.shape[-1]} frames for {n_ids} steps; "
            f"use a codec whose frame rate is a multiple of {semantic.rate_hz} a second"
        )
    return Voice(
        name=name.strip(),
        semantic_ids=ids.cpu().clone(),  # no inference tensors in what people keep
        codes=codes.cpu().clone(),
        level_db=level_db,
        codec_id=codec.identity,
        description=origin.description,
        licence=origin.licence,
        consent=origin.consent,
    )


def _at_level(samples: NDArray[np.float32], rate: int) -> NDArray[np.float32]:
    gain = 10 ** ((PROMPT_LEVEL_DB - speech_level_db(samples, rate)) / 20)
    gain = min(gain, _MAX_PEAK / float(np.abs(samples).max()))
    return (samples * gain).astype(np.float32)


def _at_rate(
    samples: NDArray[np.float32], from_hz: int, to_hz: int, n_ids: int, semantic: SemanticTokenizer
) -> Tensor:
    """(N,) float32 with N exactly the samples of `n_ids` ids: cropped, or padded by rounding."""
    n_samples = round(n_ids / semantic.rate_hz * to_hz)
    resampled = resample(samples, from_hz, to_hz)[:n_samples]
    return torch.from_numpy(np.pad(resampled, (0, n_samples - len(resampled))).astype(np.float32))
