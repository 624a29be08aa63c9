"""Independent judges of speech: a recogniser for the words, an embedding for the voice."""

import importlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.audio_io import resample
from pipeline.datatypes import Waveform
from pipeline.tokenizers.normalise import normalise_text

LISTENING_RATE_HZ = 16_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Errors:
    """Errors of a recogniser over many utterances.

    Attributes:
        word_error: substituted, deleted and inserted words over words wanted.
        character_error: the same for characters.
    """

    word_error: float
    character_error: float


class Recogniser:
    """PocketSphinx with the English model of its package."""

    def __init__(self) -> None:
        self._decoder: Any = importlib.import_module("pocketsphinx").Decoder(
            samprate=LISTENING_RATE_HZ, loglevel="FATAL"
        )

    def words(self, speech: Waveform) -> str:
        """What it hears, lower case; empty if nothing."""
        samples = resample(speech.samples, speech.sample_rate_hz, LISTENING_RATE_HZ)
        margin = np.zeros(LISTENING_RATE_HZ // 4, dtype=np.float32)
        heard = np.clip(np.concatenate([margin, samples, margin]), -1, 1) * 32767
        self._decoder.start_utt()
        self._decoder.process_raw(heard.astype(np.int16).tobytes(), full_utt=True)
        self._decoder.end_utt()
        hypothesis = self._decoder.hyp()
        return "" if hypothesis is None else str(hypothesis.hypstr)


def count_errors(wanted: Sequence[str], heard: Sequence[str]) -> Errors:
    """Word and character error over pairs of texts; case and punctuation do not count."""
    jiwer = importlib.import_module("jiwer")
    references = [_words_only(text) for text in wanted]
    hypotheses = [_words_only(text) for text in heard]
    return Errors(
        word_error=float(jiwer.wer(references, hypotheses)),
        character_error=float(jiwer.cer(references, hypotheses)),
    )


def _words_only(text: str) -> str:
    kept = "".join(c if c.isalpha() or c == "'" else " " for c in normalise_text(text))
    return " ".join(kept.split())


class VoiceJudge:
    """Resemblyzer's speaker embedding."""

    def __init__(self) -> None:
        self._library: Any = importlib.import_module("resemblyzer")
        self._encoder: Any = self._library.VoiceEncoder("cpu", verbose=False)

    def embedding(self, speech: Waveform) -> NDArray[np.float32]:
        """(256,) float32 of length 1."""
        samples = self._library.preprocess_wav(speech.samples, source_sr=speech.sample_rate_hz)
        return np.asarray(self._encoder.embed_utterance(samples), dtype=np.float32)

    def similarity(self, one: Waveform, other: Waveform) -> float:
        """Cosine of two embeddings, in [-1, 1]."""
        return float(self.embedding(one) @ self.embedding(other))
