"""What a take tells of itself, and where it goes."""

import dataclasses

import numpy as np
import torch

from pipeline.datatypes.note import Note
from pipeline.datatypes.script import Turn
from pipeline.datatypes.sound import TurnCut, Waveform
from pipeline.datatypes.take import Take, flag_note
from pipeline.datatypes.tokens import AcousticTokens, SemanticTokens
from pipeline.datatypes.voice import Voice, VoiceCheck

TURN = Turn(speaker="S1", text="Hello.", spoken_text="Hello.", line=10)
UNLIKE = VoiceCheck(turn=0, similarity=0.3, nearest="S1", nearest_similarity=0.3, flagged=True)
MIXED_UP = VoiceCheck(turn=0, similarity=0.4, nearest="S2", nearest_similarity=0.8, flagged=True)
FINE = VoiceCheck(turn=0, similarity=0.9, nearest="S1", nearest_similarity=0.9)


def _voice(name: str) -> Voice:
    ids = torch.zeros(1, dtype=torch.int64)
    return Voice(name=name, semantic_ids=ids, codes=ids[None], level_db=0.0, codec_id="")


VOICES = {"S1": _voice("anna"), "S2": _voice("ben")}


def _take(check: VoiceCheck | None, *notes: Note) -> Take:
    ids, sound = torch.zeros(2, dtype=torch.int64), np.zeros(640, dtype=np.float32)
    return Take(
        turn=TURN,
        seed=3,
        semantic=SemanticTokens(semantic_ids=ids, speaker="S1", rate_hz=25.0),
        acoustic=AcousticTokens(codes=ids.repeat(4, 2), speaker="S1", frame_rate_hz=50.0),
        cut=TurnCut(
            sound=Waveform(samples=sound, sample_rate_hz=16_000), speech=(0, 640), lead=0, tail=0
        ),
        check=check,
        notes=notes,
    )


def test_flags_are_told_with_line_and_voice() -> None:
    assert str(flag_note(UNLIKE, TURN, VOICES)) == (
        "line 10 does not sound much like its voice 'anna' (likeness 0.30)"
    )
    assert str(flag_note(MIXED_UP, TURN, VOICES)) == (
        "line 10 sounds more like 'ben' (0.80) than like its voice 'anna' (likeness 0.40)"
    )
    for fine in (FINE, VoiceCheck(turn=0), None):
        assert flag_note(fine, TURN, VOICES) is None


def test_a_flag_is_told_after_a_takes_own_notes_and_not_kept_with_it() -> None:
    joined = Note(kind="joined", line=10, values=("2",))
    take = _take(UNLIKE, joined)
    assert take.all_notes(VOICES) == (joined, flag_note(UNLIKE, TURN, VOICES))
    assert take.notes == (joined,)
    assert _take(FINE, joined).all_notes(VOICES) == (joined,)


def test_a_take_in_another_place_takes_number_and_line_of_it_and_keeps_its_sound() -> None:
    joined, whole = Note(kind="joined", line=10, values=("2",)), Note(kind="no gpu", values=("x",))
    take = _take(MIXED_UP, joined, whole)
    there = dataclasses.replace(TURN, line=12, gap_s=0.5)
    moved = take.moved(4, there)
    assert moved.turn is there
    assert moved.check == dataclasses.replace(MIXED_UP, turn=4)
    assert moved.notes == (Note(kind="joined", line=12, values=("2",)), whole)
    assert (moved.cut, moved.semantic, moved.acoustic) == (take.cut, take.semantic, take.acoustic)
    assert moved.seed == 3
