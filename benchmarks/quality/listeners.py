"""Independent judges of speech: of its words, its voice, its quality, its likeness to another."""

import importlib
import itertools
from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.audio.read import resample
from pipeline.datatypes.sound import Waveform
from pipeline.normalisation.normalise import normalise_text

LISTENING_RATE_HZ = 16_000

LOST_RUN = 3
"""So many words in a row that were not heard count as skipped."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WordErrors:
    """What a recogniser made of one utterance.

    Attributes:
        heard: its words.
        n_words, word_errors: words wanted; substituted, deleted and inserted ones.
        n_characters, character_errors: the same for characters.
        skipped: three or more words wanted in a row have no counterpart in what was heard.
        repeated: two words in a row, wanted once, were heard twice or more.
    """

    heard: str
    n_words: int
    word_errors: int
    n_characters: int
    character_errors: int
    skipped: bool
    repeated: bool


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


def compare(wanted: str, heard: str) -> WordErrors:
    """Count errors of words and characters; case and punctuation do not count.

    Args:
        wanted: the text, with at least one word.
        heard: what a recogniser wrote.
    """
    jiwer = importlib.import_module("jiwer")
    reference, hypothesis = _words_only(wanted), _words_only(heard)
    words = jiwer.process_words(reference, hypothesis)
    characters = jiwer.process_characters(reference, hypothesis)
    lost = [
        chunk.ref_end_idx - chunk.ref_start_idx
        for chunk in words.alignments[0]
        if chunk.type == "delete"
    ]
    pairs = Counter(itertools.pairwise(hypothesis.split()))
    wanted_pairs = Counter(itertools.pairwise(reference.split()))
    return WordErrors(
        heard=hypothesis,
        n_words=words.hits + words.substitutions + words.deletions,
        word_errors=words.substitutions + words.deletions + words.insertions,
        n_characters=characters.hits + characters.substitutions + characters.deletions,
        character_errors=characters.substitutions + characters.deletions + characters.insertions,
        skipped=max(lost, default=0) >= LOST_RUN,
        repeated=any(count > 1 and wanted_pairs[pair] == 1 for pair, count in pairs.items()),
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


class OpinionJudge:
    """DNSMOS (Reddy et al. 2021, arXiv 2110.01763): a network's guess of listeners' opinion."""

    def __init__(self) -> None:
        self._library: Any = importlib.import_module("speechmos.dnsmos")

    def opinion(self, speech: Waveform) -> float:
        """Overall quality, from 1 to 5; `nan` for silence."""
        samples = resample(speech.samples, speech.sample_rate_hz, LISTENING_RATE_HZ)
        peak = float(np.abs(samples).max(initial=0.0))
        if peak == 0.0:
            return float("nan")
        heard = np.clip(samples / max(1.0, peak), -1.0, 1.0)
        return float(self._library.run(heard, sr=LISTENING_RATE_HZ)["ovrl_mos"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Fidelity:
    """How near a copy comes to its original.

    Attributes:
        stoi: short-time objective intelligibility (Taal et al. 2011), at most 1.
        pesq: wide-band PESQ (ITU-T P.862.2), 1 to 4.6; `nan` where it finds no speech.
    """

    stoi: float
    pesq: float


def fidelity(original: Waveform, copy: Waveform) -> Fidelity:
    """Compare a copy with its original, sample by sample in time; both at 16 kHz."""
    n = min(len(original.samples), len(copy.samples))
    wanted, made = original.samples[:n], copy.samples[:n]
    pesq = importlib.import_module("pesq")
    try:
        score = float(pesq.pesq(LISTENING_RATE_HZ, wanted, made, "wb"))
    except (pesq.NoUtterancesError, pesq.BufferTooShortError):
        score = float("nan")
    stoi = float(importlib.import_module("pystoi").stoi(wanted, made, LISTENING_RATE_HZ))
    return Fidelity(stoi=stoi, pesq=score)
