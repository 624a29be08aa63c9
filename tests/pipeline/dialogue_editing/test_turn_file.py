from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from pipeline.datatypes.dialogue import Caption, SpokenTurn
from pipeline.datatypes.note import Note
from pipeline.datatypes.script import Turn
from pipeline.datatypes.sound import TurnCut, Waveform
from pipeline.datatypes.take import Take
from pipeline.datatypes.tokens import AcousticTokens, SemanticTokens
from pipeline.datatypes.voice import Voice, VoiceCheck
from pipeline.dialogue_editing.turn_file import TURN_FILE, load_turn, save_turn
from pipeline.errors import AudioError, CheckpointError
from pipeline.files.container import load_sealed, save_sealed


def _spoken(voice: Voice | None, check: VoiceCheck | None) -> SpokenTurn:
    sound = Waveform(samples=np.linspace(-1, 1, 640, dtype=np.float32), sample_rate_hz=16_000)
    take = Take(
        turn=Turn(
            speaker="S2",
            text="Worcester?",
            spoken_text="wuster?",
            gap_s=-0.1,
            pauses=((3, 0.5),),
            respellings=((0, 9, "wuster"),),
            line=4,
        ),
        seed=2**31 - 1,
        semantic=SemanticTokens(
            semantic_ids=torch.arange(5), speaker="S2", rate_hz=25.0, pauses=((1, 0.5),)
        ),
        acoustic=AcousticTokens(
            codes=torch.arange(20).view(2, 10),
            speaker="S2",
            frame_rate_hz=50.0,
            pauses=((10, 0.05),),
        ),
        cut=TurnCut(
            sound=sound,
            speech=(40, 600),
            lead=0,
            tail=800,
            runs=((10, 110, 0), (110, 550, 200)),
            gain=0.1 + 0.2,
        ),
        check=check,
        notes=(Note(kind="other", values=("two",)),),
    )
    return SpokenTurn(
        index=2,
        take=take,
        caption=Caption(turn=2, speaker="S2", start_s=0.1 + 0.2, end_s=1.7, text="Worcester?"),
        start=123,
        mix=sound,
        notes=(Note(kind="other", values=("one",)), *take.notes),
        voice=voice,
    )


@pytest.fixture
def spoken() -> SpokenTurn:
    voice = Voice(
        name="made up",
        semantic_ids=torch.arange(3),
        codes=torch.ones(2, 6, dtype=torch.int64),
        level_db=-23.4,
        codec_id="c",
        description="d",
    )
    return _spoken(voice, VoiceCheck(turn=2, similarity=0.1 + 0.2, nearest="S1"))


def _assert_same(one: SpokenTurn, other: SpokenTurn) -> None:
    for name in ("index", "turn", "caption", "start", "notes"):
        assert getattr(one, name) == getattr(other, name), name
    assert (one.speech, one.silence) == ((40, 600), (0, 800))
    _assert_same_take(one.take, other.take)


def _assert_same_take(one: Take, other: Take) -> None:
    for name in ("seed", "check", "notes"):
        assert getattr(one, name) == getattr(other, name), name
    for name in ("speech", "lead", "tail", "runs", "gain"):
        assert getattr(one.cut, name) == getattr(other.cut, name), name
    assert np.array_equal(one.cut.sound.samples, other.cut.sound.samples)
    assert one.cut.sound.sample_rate_hz == other.cut.sound.sample_rate_hz
    assert one.semantic.semantic_ids.equal(other.semantic.semantic_ids)
    assert one.semantic.pauses == other.semantic.pauses
    assert one.acoustic.codes.equal(other.acoustic.codes)


def test_a_turn_comes_back_as_it_was_but_for_its_stretch_of_the_mix(
    spoken: SpokenTurn, tmp_path: Path
) -> None:
    save_turn(tmp_path / "turn.safetensors", spoken)
    again = load_turn(tmp_path / "turn.safetensors")
    _assert_same(again, spoken)
    assert len(again.mix.samples) == 0
    assert again.voice is not None
    assert spoken.voice is not None
    assert again.voice.codes.equal(spoken.voice.codes)
    assert again.voice.semantic_ids.equal(spoken.voice.semantic_ids)
    assert (again.voice.name, again.voice.level_db) == ("made up", -23.4)


def test_a_turn_without_voice_and_check_comes_back_without(tmp_path: Path) -> None:
    spoken = _spoken(None, None)
    save_turn(tmp_path / "turn.safetensors", spoken)
    again = load_turn(tmp_path / "turn.safetensors")
    _assert_same(again, spoken)
    assert again.voice is None


def test_a_file_that_is_cut_off_is_named(spoken: SpokenTurn, tmp_path: Path) -> None:
    path = tmp_path / "turn.safetensors"
    save_turn(path, spoken)
    path.write_bytes(path.read_bytes()[:-50])
    with pytest.raises(CheckpointError, match=r"turn\.safetensors is damaged or no turn.*delete"):
        load_turn(path)


def test_a_file_with_another_byte_is_named(spoken: SpokenTurn, tmp_path: Path) -> None:
    path = tmp_path / "turn.safetensors"
    save_turn(path, spoken)
    content = bytearray(path.read_bytes())
    content[-7] ^= 1
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match="its checksum is another; delete it"):
        load_turn(path)


def test_a_file_of_something_else_is_named(tmp_path: Path) -> None:
    path = tmp_path / "turn.safetensors"
    save_file({"x": torch.zeros(1)}, path)
    with pytest.raises(CheckpointError, match="no turn file of format"):
        load_turn(path)


def test_a_file_whose_values_do_not_fit_is_named(spoken: SpokenTurn, tmp_path: Path) -> None:
    path = tmp_path / "turn.safetensors"
    save_turn(path, spoken)
    values, tensors = load_sealed(path, TURN_FILE)
    save_sealed(path, TURN_FILE, {**values, "take": {}}, tensors)
    with pytest.raises(CheckpointError, match=r"damaged or no turn.*sample_rate_hz.*delete it"):
        load_turn(path)


def test_a_file_of_the_format_before_is_refused(spoken: SpokenTurn, tmp_path: Path) -> None:
    path = tmp_path / "turn.safetensors"
    save_file({"sound": torch.zeros(9)}, path, metadata={"format": "colloquy turn 1"})
    with pytest.raises(CheckpointError, match=r"no turn file of format 'colloquy turn 2'; delete"):
        load_turn(path)


def test_a_folder_that_refuses_the_file_is_named(spoken: SpokenTurn, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(AudioError, match=r"cannot be written.*free some space"):
        save_turn(tmp_path / "file" / "turn.safetensors", spoken)
