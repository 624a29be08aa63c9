"""Dialogues in files: what comes back is what went in, and what would not work is refused."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from pipeline.config.limits import MixConfig
from pipeline.datatypes.dialogue import Dialogue
from pipeline.dialogue import DialoguePipeline
from pipeline.dialogue_editing.dialogue_file import DIALOGUE_FILE, load_dialogue, save_dialogue
from pipeline.dialogue_editing.takes import take_of, use_take
from pipeline.errors import AudioError, CheckpointError, ConfigError
from pipeline.files.container import load_sealed
from tests.pipeline.dialogue_editing.test_redo import LONGER, OPTIONS
from tests.pipeline.test_dialogue_gather import assert_same_dialogue

SCRIPT = """[Anna] Hello there, my friend.
[Ben] Hi. {pause 0.4} How are you, in {Worcester|wuster}? {pause 0.3}
[Anna pace=1.3] Fine, \\[and\\] how are you? [laughs]
[Cleo] And who are you two, out here in the rain?
[Ben gap=-0.3] Nobody."""
VOICES = {"Anna": "anna", "Ben": "ben", "Cleo": None}


@pytest.fixture(scope="module")
def pipeline(tiny_models: Path) -> DialoguePipeline:
    return DialoguePipeline.load(tiny_models, device="cpu")


@pytest.fixture(scope="module")
def spoken(pipeline: DialoguePipeline) -> Dialogue:
    return pipeline.synthesize(SCRIPT, VOICES, 5, OPTIONS).lock(3)


@pytest.fixture(scope="module")
def saved(spoken: Dialogue, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("dialogue") / "talk.safetensors"
    takes = {1: [take_of(spoken.redo(turn=1, seed=seed), 1) for seed in (7, 8)]}
    takes[2] = [take_of(spoken.redo(turn=2, text=LONGER), 2)]
    save_dialogue(path, spoken, takes, {"title": "Rain", "script": SCRIPT})
    return path


def test_a_dialogue_comes_back_as_it_was(
    spoken: Dialogue, saved: Path, pipeline: DialoguePipeline
) -> None:
    stored = load_dialogue(saved)
    assert_same_dialogue(stored.dialogue, spoken)
    assert stored.dialogue.speaker_names == {"S1": "Anna", "S2": "Ben", "S3": "Cleo"}
    assert stored.dialogue.stage_seconds == spoken.stage_seconds
    assert stored.dialogue.weights == pipeline.models.fingerprint
    assert stored.metadata == {"title": "Rain", "script": SCRIPT}
    with pytest.raises(ConfigError, match="does not know the pipeline"):
        stored.dialogue.redo(turn=0)


def test_what_is_made_anew_after_it_is_as_if_it_never_was_in_a_file(
    spoken: Dialogue, saved: Path, pipeline: DialoguePipeline
) -> None:
    again = pipeline.adopt(load_dialogue(saved).dialogue)
    assert_same_dialogue(again, spoken)
    assert_same_dialogue(again.redo(turn=1), spoken.redo(turn=1))
    assert_same_dialogue(again.redo(turn=2, text=LONGER), spoken.redo(turn=2, text=LONGER))
    end_s = spoken.captions[2].end_s
    assert_same_dialogue(again.redo(span=(0.0, end_s)), spoken.redo(span=(0.0, end_s)))
    edited = SCRIPT.replace("Nobody", "Somebody")
    assert_same_dialogue(pipeline.redo_script(again, edited), pipeline.redo_script(spoken, edited))


def test_locked_turns_stay_locked(saved: Path, pipeline: DialoguePipeline) -> None:
    again = pipeline.adopt(load_dialogue(saved).dialogue)
    assert again.locked == {3}
    with pytest.raises(ConfigError, match=r"turn 4 .* is locked"):
        again.redo(turn=3)


def test_takes_come_back(spoken: Dialogue, saved: Path, pipeline: DialoguePipeline) -> None:
    stored = load_dialogue(saved)
    assert {index: len(takes) for index, takes in stored.takes.items()} == {1: 2, 2: 1}
    with_take = use_take(pipeline.adopt(stored.dialogue), 1, stored.takes[1][1])
    assert_same_dialogue(with_take, spoken.redo(turn=1, seed=8))
    assert_same_dialogue(with_take.redo(turn=1), spoken.redo(turn=1, seed=8).redo(turn=1))
    longer = use_take(stored.dialogue, 2, stored.takes[2][0])
    assert np.array_equal(longer.mix.samples, spoken.redo(turn=2, text=LONGER).mix.samples)
    assert_same_dialogue(use_take(with_take, 1, take_of(spoken, 1)), spoken)


def test_what_was_loaded_can_be_saved_again(saved: Path, tmp_path: Path) -> None:
    stored = load_dialogue(saved)
    path = tmp_path / "again" / "talk.safetensors"
    save_dialogue(path, stored.dialogue, stored.takes, stored.metadata)
    again = load_dialogue(path)
    assert_same_dialogue(again.dialogue, stored.dialogue)
    assert again.dialogue.weights == stored.dialogue.weights
    assert again.metadata == stored.metadata
    values, tensors = load_sealed(saved, DIALOGUE_FILE)
    same_values, same_tensors = load_sealed(path, DIALOGUE_FILE)
    assert same_values == values
    assert list(same_tensors) == list(tensors)


@pytest.mark.parametrize(
    "line",
    [
        "Anna: no, wait -- 'that' is 50% of $3.20, isn't it?",
        r"[S1] a \[b\] \{c\} \| d \\ e",
        "[S1 pace=0.5 gap=10] One. {pause 10} Two{pause 0.123456789}three. {pause 1}",
        "[S1] {A|be}{C|see} x {pause 1}{D|dee}{pause 0}{pause 2} y{Z|zed}",
        r"[S1] Ben: hi. \[S2] is no marker here: \[S2]",
        "[S1] Ünïcödé “quotes” … naïve — and 1,000,000.\nand on\n  and on",
        "[S1] # one\n- two\n> three: four",
        "[S1] " + "word " * 190,
    ],
)
def test_words_of_every_kind_come_back(
    line: str, pipeline: DialoguePipeline, tmp_path: Path
) -> None:
    spoken = pipeline.synthesize(f"[S2] Yes.\n{line}", None, 5, OPTIONS)
    save_dialogue(tmp_path / "talk", spoken)
    assert_same_dialogue(load_dialogue(tmp_path / "talk").dialogue, spoken)


def _speaker(dialogue: Dialogue, name: str) -> Dialogue:
    turn = dataclasses.replace(dialogue.turns[0], speaker=name)
    first = dataclasses.replace(dialogue.takes[0], turn=turn)
    return dataclasses.replace(dialogue, takes=(first, *dialogue.takes[1:]))


def test_a_dialogue_that_could_not_be_read_again_is_not_written(
    spoken: Dialogue, tmp_path: Path
) -> None:
    path = tmp_path / "talk"
    with pytest.raises(ConfigError, match="does not hold how its turns were made"):
        save_dialogue(path, dataclasses.replace(spoken, takes=()))
    with pytest.raises(ConfigError, match=r"not written.*ids or codes are someone else's"):
        save_dialogue(path, _speaker(spoken, "S2"))
    with pytest.raises(ConfigError, match=r"not written.*options: expected an object"):
        save_dialogue(path, dataclasses.replace(spoken, options="fast"))
    with pytest.raises(ConfigError, match=r"not written.*takes of turn '9'"):
        save_dialogue(path, spoken, {9: [take_of(spoken, 0)]})
    wide = use_take(spoken, 0, take_of(spoken, 0), MixConfig(default_gap_s=1.0))
    with pytest.raises(ConfigError, match=r"not written.*do not start where"):
        save_dialogue(path, dataclasses.replace(wide, starts=wide.starts))
    loud = dataclasses.replace(spoken.mix, samples=spoken.mix.samples * 2)
    with pytest.raises(ConfigError, match="its mix is not that of its turns"):
        save_dialogue(path, dataclasses.replace(spoken, mix=loud))
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_refuses_the_file_is_named(spoken: Dialogue, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(AudioError, match=r"cannot be written.*free some space"):
        save_dialogue(tmp_path / "file" / "talk", spoken)


def test_files_that_are_damaged_or_foreign_are_named(saved: Path, tmp_path: Path) -> None:
    path = tmp_path / "talk.safetensors"
    content = saved.read_bytes()
    for part in (b"", content[:7], content[:5000], content[:-9], b"x" * 4000, b"\xff" * 64):
        path.write_bytes(part)
        with pytest.raises(CheckpointError, match=r"talk\.safetensors is damaged or no dialogue"):
            load_dialogue(path)
    path.write_bytes(content[:-9] + bytes([content[-9] ^ 1]) + content[-8:])
    with pytest.raises(CheckpointError, match="its checksum is another; open another copy"):
        load_dialogue(path)
    path.write_bytes(content.replace(b"Rain", b"Snow"))
    with pytest.raises(CheckpointError, match="its checksum is another"):
        load_dialogue(path)
    with pytest.raises(CheckpointError, match="damaged or no dialogue"):
        load_dialogue(tmp_path / "nowhere")
    with pytest.raises(CheckpointError, match="damaged or no dialogue"):
        load_dialogue(tmp_path)
    for other in ("colloquy turn 2", "", "colloquy dialogue", "colloquy dialogue 0"):
        save_file({"x": torch.ones(1)}, path, metadata={"format": other})
        with pytest.raises(CheckpointError, match="no dialogue file of format"):
            load_dialogue(path)
    save_file({"x": torch.ones(1)}, path, metadata={"format": "colloquy dialogue 2"})
    with pytest.raises(
        CheckpointError, match=r"newer format 'colloquy dialogue 2'.*update the app"
    ):
        load_dialogue(path)
