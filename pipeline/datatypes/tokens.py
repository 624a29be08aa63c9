"""Turns as ids, in each of the three alphabets."""

from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True, slots=True, kw_only=True)
class TextTokens:
    """One text sequence for text-to-semantic and the pieces of speech it should become.

    A piece is a turn, or a part of a turn that is too long to say in one breath. In parallel mode a
    sequence holds one piece; in whole-window mode, consecutive ones.

    Attributes:
        text_ids: (L,) int64.
        turn_indices: for each piece, the turn of the script it belongs to.
        texts: for each piece, its normalised text.
        pace: for each piece, as in `Turn`.
        pause_after_s: for each piece, silence asked for after it inside its turn, in seconds.
    """

    text_ids: Tensor
    turn_indices: tuple[int, ...]
    texts: tuple[str, ...]
    pace: tuple[float, ...]
    pause_after_s: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SemanticTokens:
    """Semantic ids of one turn.

    Attributes:
        semantic_ids: (S,) int64.
        speaker: "S1".."S4".
        rate_hz: ids per second.
        pauses: (position in ids, seconds) of silence to insert there.
        piece_starts: positions in ids where a piece begins, the first one's left out.
    """

    semantic_ids: Tensor
    speaker: str
    rate_hz: float
    pauses: tuple[tuple[int, float], ...] = ()
    piece_starts: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AcousticTokens:
    """Codec codes of one turn.

    Attributes:
        codes: (Q, T) int64, coarse level first.
        speaker: "S1".."S4".
        frame_rate_hz: frames per second.
        pauses: (position in frames, seconds) of silence to insert there.
    """

    codes: Tensor
    speaker: str
    frame_rate_hz: float
    pauses: tuple[tuple[int, float], ...] = ()
