from pathlib import Path

import pytest
import torch

from pipeline.datatypes.script import Script, Turn
from pipeline.datatypes.voice import Voice
from pipeline.errors import VoiceError
from pipeline.voices.casting import cast_voices


def _voice(name: str) -> Voice:
    ids = torch.zeros(1, dtype=torch.int64)
    return Voice(name=name, semantic_ids=ids, codes=ids[None], level_db=0.0, codec_id="")


def _script(*speakers: str) -> Script:
    turns = tuple(Turn(speaker=speaker, text="Hi.", spoken_text="Hi.") for speaker in speakers)
    return Script(turns=turns, speaker_names={"S1": "Anna"})


BUILT_IN = {name: _voice(name) for name in ("ada", "bob", "cid")}


def _read(path: Path) -> Voice:
    return _voice(path.stem)


def test_speakers_without_a_voice_get_different_ones_that_nobody_asked_for() -> None:
    cast, notes = cast_voices(_script("S1", "S2", "S3"), {"S2": "ada"}, BUILT_IN, _read)
    names = {speaker: voice.name for speaker, voice in cast.items() if voice is not None}
    assert names == {"S1": "bob", "S2": "ada", "S3": "cid"}
    assert [str(note).split()[0] for note in notes] == ["S1", "S3"]


def test_none_asks_for_a_made_up_voice() -> None:
    cast, notes = cast_voices(_script("S1"), {"S1": None}, BUILT_IN, _read)
    assert cast == {"S1": None}
    assert notes == ()


def test_without_built_in_voices_one_is_made_up_with_a_note() -> None:
    cast, notes = cast_voices(_script("S1"), {}, {}, _read)
    assert cast == {"S1": None}
    assert "made up" in str(notes[0])


def test_more_speakers_than_voices_share_them() -> None:
    cast, _ = cast_voices(_script("S1", "S2"), {}, {"ada": BUILT_IN["ada"]}, _read)
    assert cast["S1"] is cast["S2"] is BUILT_IN["ada"]


def test_a_speaker_may_be_named_as_in_the_script_and_a_voice_be_a_file(tmp_path: Path) -> None:
    path = tmp_path / "mine.wav"
    path.touch()
    cast, _ = cast_voices(_script("S1"), {"anna": path}, BUILT_IN, _read)
    assert cast["S1"] is not None
    assert cast["S1"].name == "mine"


def test_unknown_speakers_and_voices_are_refused_with_the_known_ones() -> None:
    with pytest.raises(VoiceError, match=r"'S3'.* its speakers are S1 \(Anna\), S2"):
        cast_voices(_script("S1", "S2"), {"S3": "ada"}, BUILT_IN, _read)
    with pytest.raises(VoiceError, match="no voice 'zoe'; built-in voices: ada, bob, cid"):
        cast_voices(_script("S1"), {"S1": "zoe"}, BUILT_IN, _read)
