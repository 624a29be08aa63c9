"""Long recordings as tokens: what generators that are compared all get the same of."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from benchmarks.quality.samples import waveform
from pipeline.config.limits import LimitsConfig
from pipeline.datatypes.sound import Waveform
from pipeline.datatypes.tokens import SemanticTokens
from pipeline.datatypes.voice import Voice
from pipeline.normalisation.normalise import normalise_text
from pipeline.runtime.models import Models
from pipeline.voices.from_recording import recording_to_voice
from training.corpus.synthetic_speakers import SyntheticSpeaker, speak

VOICES = ("slt", "rms", "awb")
PROMPT_SENTENCES = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """Consecutive sentences of one of flite's voices.

    Attributes:
        text: what is said.
        speech: the recording.
        semantic: its ids; pieces are the sentences.
        codes: (Q, T) int64, the codec's, T = frames_per_semantic for each id.
        voice: the prompt, other sentences of the same voice.
    """

    text: str
    speech: Waveform
    semantic: SemanticTokens
    codes: Tensor
    voice: Voice

    @property
    def audio_s(self) -> float:
        """Seconds of speech that its ids stand for."""
        return len(self.semantic.semantic_ids) / self.semantic.rate_hz


def read_passages(
    models: Models, sentences: Sequence[str], seconds: float, n_passages: int
) -> list[Passage]:
    """Passages that last at least so long, no sentence twice in one, the voices in turn.

    Args:
        models: whose tokenizers turn recordings into ids and codes.
        sentences: said in order, again from the first one when all are said.
        seconds: shortest passage.
        n_passages: how many.
    """
    passages, begin = [], 0
    for number in range(n_passages):
        speaker = SyntheticSpeaker(name=VOICES[number % 3], base=VOICES[number % 3])
        order = [sentences[(begin + k) % len(sentences)] for k in range(len(sentences))]
        prompt, rest = order[:PROMPT_SENTENCES], order[PROMPT_SENTENCES:]
        said: list[np.ndarray[tuple[int], np.dtype[np.float32]]] = []
        while sum(map(len, said)) < seconds * models.codec.sample_rate_hz:
            said.append(_say(speaker, rest[len(said)]))
        begin += PROMPT_SENTENCES + len(said)
        heard = np.concatenate([_say(speaker, sentence) for sentence in prompt])
        passages.append(_tokenise(models, " ".join(rest[: len(said)]), said, heard, speaker.name))
    return passages


def _say(speaker: SyntheticSpeaker, sentence: str) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    samples, _ = speak(speaker, normalise_text(sentence))
    return samples.astype(np.float32) / 32768.0


def _tokenise(
    models: Models,
    text: str,
    said: Sequence[np.ndarray[tuple[int], np.dtype[np.float32]]],
    heard: np.ndarray[tuple[int], np.dtype[np.float32]],
    name: str,
) -> Passage:
    tokenizer, codec = models.semantic_tokenizer, models.codec
    speech = waveform(np.concatenate(said))
    ids = tokenizer.encode(torch.from_numpy(speech.samples))
    rate = models.soundstorm.config.frames_per_semantic
    codes = codec.encode(torch.from_numpy(speech.samples)[None])[0]
    n_ids = min(len(ids), codes.shape[1] // rate)
    ends = np.cumsum([len(sentence) for sentence in said])[:-1] / codec.sample_rate_hz
    starts = tuple(int(end * tokenizer.rate_hz) for end in ends)
    return Passage(
        text=text,
        speech=speech,
        semantic=SemanticTokens(
            semantic_ids=ids[:n_ids],
            speaker="S1",
            rate_hz=tokenizer.rate_hz,
            piece_starts=starts,
        ),
        codes=codes[:, : n_ids * rate],
        voice=recording_to_voice(waveform(heard), name, tokenizer, codec, LimitsConfig()),
    )
