"""One way a turn was spoken."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from pipeline.datatypes.note import Note
from pipeline.datatypes.script import Turn
from pipeline.datatypes.sound import TurnCut
from pipeline.datatypes.tokens import AcousticTokens, SemanticTokens
from pipeline.datatypes.voice import Voice, VoiceCheck


@dataclass(frozen=True, slots=True, kw_only=True)
class Take:
    """One way a turn was spoken.

    Attributes:
        turn: what was to be said, and at what pace.
        seed: the turn's own, that its last draws came from.
        semantic, acoustic: its ids and codes.
        cut: its sound, levelled and cut, ready to be placed.
        check: how much it sounds like its voice; `None`: not checked.
        notes: how it was spoken; that it sounds like someone else follows from its check.
    """

    turn: Turn
    seed: int
    semantic: SemanticTokens
    acoustic: AcousticTokens
    cut: TurnCut
    check: VoiceCheck | None = None
    notes: tuple[Note, ...] = ()

    def moved(self, index: int, turn: Turn) -> "Take":
        """The same for another place in a script.

        Args:
            index: number of the turn there, from 0.
            turn: that says the same; its line, gap and captions are those of the place.
        """
        check = None if self.check is None else replace(self.check, turn=index)
        notes = tuple(note.at_line(turn.line) for note in self.notes)
        return replace(self, turn=turn, check=check, notes=notes)

    def all_notes(self, voices: Mapping[str, Voice]) -> tuple[Note, ...]:
        """Its notes, and one that it does not sound like its voice if it does not.

        Args:
            voices: speaker to voice; whose voice was nearest may have left since.
        """
        flag = flag_note(self.check, self.turn, voices)
        return self.notes if flag is None else (*self.notes, flag)


def flag_note(check: VoiceCheck | None, turn: Turn, voices: Mapping[str, Voice]) -> Note | None:
    """Say that a turn does not sound like its voice; `None` if it does.

    Args:
        check: of the turn.
        turn: for its line and speaker.
        voices: speaker to voice; whose voice was nearest may have left since.
    """
    if check is None or not check.flagged or check.nearest is None:
        return None
    own = (repr(voices[turn.speaker].name), f"{check.similarity:.2f}")
    if check.nearest == turn.speaker or check.nearest not in voices:
        return Note(kind="unlike its voice", line=turn.line, values=own)
    other = (repr(voices[check.nearest].name), f"{check.nearest_similarity:.2f}")
    return Note(kind="like another voice", line=turn.line, values=(*other, *own))
