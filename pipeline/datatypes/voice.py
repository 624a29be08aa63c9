"""Whose voice a turn is to have, and how much it sounds like it."""

from collections.abc import Mapping
from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """A voice prompt: what a recording sounds like, in the two alphabets the networks read.

    Attributes:
        name: what people call it.
        semantic_ids: (S,) int64 of the recording.
        codes: (Q, T) int64 of the same recording.
        level_db: loudness of the speech in it, dBFS RMS.
        codec_id: fingerprint of the codec that made `codes`; a voice only fits that codec.
        description: free text: what the voice is and where it is from.
        licence: under which licence the recording may be used.
        consent: how the speaker agreed to the voice.
    """

    name: str
    semantic_ids: Tensor
    codes: Tensor
    level_db: float
    codec_id: str
    description: str = ""
    licence: str = ""
    consent: str = ""


Voices = Mapping[str, Voice | None]
"""Speaker ("S1") to voice; `None` lets the model make a voice up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VoiceCheck:
    """How much one turn sounds like the voice it was given.

    Attributes:
        turn: number of the turn, from 0.
        similarity: cosine in [-1, 1] of the embeddings of the turn and of its own prompt; `None`:
            too little speech to be judged.
        nearest: whose prompt of the cast is nearest, "S1".."S4"; `None` if not judged.
        nearest_similarity: to that prompt; `None` if not judged.
        flagged: less similar than the encoder's threshold, or nearer to another's prompt.
    """

    turn: int
    similarity: float | None = None
    nearest: str | None = None
    nearest_similarity: float | None = None
    flagged: bool = False
