"""One way a turn was spoken."""

from dataclasses import dataclass

from pipeline.datatypes.sound import TurnCut
from pipeline.datatypes.tokens import AcousticTokens, SemanticTokens
from pipeline.datatypes.voice import VoiceCheck


@dataclass(frozen=True, slots=True, kw_only=True)
class Take:
    """One way a turn was spoken.

    Attributes:
        index: number of the turn, from 0.
        semantic, acoustic: of the turn.
        cut: its sound, levelled and cut, ready to be placed.
        check: how much it sounds like its voice; `None`: not checked.
        notes: what is worth knowing.
    """

    index: int
    semantic: SemanticTokens
    acoustic: AcousticTokens
    cut: TurnCut
    check: VoiceCheck | None = None
    notes: tuple[str, ...] = ()
