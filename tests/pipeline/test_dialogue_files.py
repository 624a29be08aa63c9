"""Dialogues in files: what comes back is what went in, and what would not work is refused."""

import copy
import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from pipeline.adoption import OTHER_WEIGHTS
from pipeline.config import MixConfig
from pipeline.datatypes import Dialogue
from pipeline.dialogue import DialoguePipeline
from pipeline.dialogue_files import DIALOGUE_FILE, MAX_MIX_S, load_dialogue, save_dialogue
from pipeline.errors import AudioError, CheckpointError, ConfigError, DialogueError, VoiceError
from pipeline.sealed_files import load_sealed, save_sealed
from pipeline.takes import take_of, use_take
from tests.pipeline.test_dialogue_gather import assert_same_dialogue
from tests.pipeline.test_redo import LONGER, OPTIONS

SCRIPT = """Anna: Hello there, my friend.
Ben: Hi. {pause 0.4} How are you, in {Worcester|wuster}? {pause 0.3}
[Anna pace=1.3] Fine, \\[and\\] how are you? [laughs]
Cleo: And who are you two, out here in the rain?
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
    with pytest.raises(ConfigError, match="turn 4 .* is locked"):
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
    assert path.read_bytes() == saved.read_bytes()


@pytest.mark.parametrize(
    "line",
    [
        "Anna: no, wait -- 'that' is 50% of $3.20, isn't it?",
        r"[S1] a \[b\] \{c\} \| d \\ e",
        "[S1 pace=0.5 gap=10] One. {pause 10} Two{pause 0.123456789}three. {pause 1}",
        "[S1] {A|be}{C|see} x {pause 1}{D|dee}{pause 0}{pause 2} y{Z|zed}",
        "[S1] Ben: hi. [S2] is no marker here: [S2]",
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


def test_a_dialogue_of_other_weights_is_taken_with_a_note(
    spoken: Dialogue, pipeline: DialoguePipeline, tmp_path: Path
) -> None:
    other = pipeline.adopt(dataclasses.replace(spoken, weights="another", redoer=None))
    assert other.notes == (*spoken.notes, OTHER_WEIGHTS)
    assert pipeline.adopt(other).notes == other.notes
    redone = other.redo(turn=1)
    assert OTHER_WEIGHTS in redone.notes
    assert redone.weights == "another"
    edited = pipeline.redo_script(other, SCRIPT.replace("Nobody", "Somebody"))
    assert OTHER_WEIGHTS in edited.notes
    save_dialogue(tmp_path / "talk", redone)
    assert load_dialogue(tmp_path / "talk").dialogue.weights == "another"


def _codes(dialogue: Dialogue, codes: Tensor) -> Dialogue:
    first = dataclasses.replace(dialogue.acoustic[0], codes=codes)
    return dataclasses.replace(dialogue, acoustic=(first, *dialogue.acoustic[1:]))


def _ids(dialogue: Dialogue, ids: Tensor) -> Dialogue:
    first = dataclasses.replace(dialogue.semantic[0], semantic_ids=ids)
    return dataclasses.replace(dialogue, semantic=(first, *dialogue.semantic[1:]))


def _rate(dialogue: Dialogue) -> Dialogue:
    first = dataclasses.replace(dialogue.acoustic[0], frame_rate_hz=75.0)
    return dataclasses.replace(dialogue, acoustic=(first, *dialogue.acoustic[1:]))


def _speaker(dialogue: Dialogue, name: str) -> Dialogue:
    first = dataclasses.replace(dialogue.turns[0], speaker=name)
    return dataclasses.replace(dialogue, turns=(first, *dialogue.turns[1:]))


def _voice(dialogue: Dialogue, **change: Any) -> Dialogue:
    voice = dataclasses.replace(dialogue.voices["S1"], **change)
    return dataclasses.replace(dialogue, voices={**dialogue.voices, "S1": voice})


@pytest.mark.parametrize(
    ("spoil", "kind", "message"),
    [
        (lambda d: dataclasses.replace(d, starts=()), ConfigError, "how its turns were made"),
        (lambda d: _codes(d, d.acoustic[0].codes[:-1]), ConfigError, "turn 1 has codes of .*shape"),
        (lambda d: _codes(d, d.acoustic[0].codes + 10**6), ConfigError, "turn 1 has codes outside"),
        (lambda d: _codes(d, d.acoustic[0].codes[:, 1:]), ConfigError, "frames for .* semantic"),
        (lambda d: _codes(d, d.acoustic[0].codes.float()), ConfigError, "codes of torch.float32"),
        (lambda d: _ids(d, d.semantic[0].semantic_ids + 10**6), ConfigError, "ids outside"),
        (lambda d: _ids(d, d.semantic[0].semantic_ids.int()), ConfigError, "ids of torch.int32"),
        (_rate, ConfigError, r"has 50 and 75 frames .* samples a second, and these weights make"),
        (lambda d: _speaker(d, "S9"), ConfigError, "spoken by 'S9'; speakers are S1 to S4"),
        (lambda d: _speaker(d, "S2"), ConfigError, "its ids or codes by someone else"),
        (lambda d: dataclasses.replace(d, voices={}), VoiceError, "S1, who has no voice"),
        (lambda d: _voice(d, codec_id="x"), VoiceError, "'anna' was made with another codec"),
        (lambda d: _voice(d, codes=d.voices["S1"].codes[:1]), VoiceError, "'anna' has codes of"),
        (lambda d: _voice(d, codes=d.voices["S1"].codes[:, :0]), VoiceError, "holds no sound"),
    ],
)
def test_a_dialogue_that_does_not_fit_the_weights_is_refused(
    spoken: Dialogue,
    pipeline: DialoguePipeline,
    spoil: Callable[[Dialogue], Dialogue],
    kind: type[DialogueError],
    message: str,
) -> None:
    for work in (pipeline.adopt, lambda dialogue: dialogue.redo(turn=0)):
        with pytest.raises(kind, match=message):
            work(spoil(spoken))


def test_a_dialogue_that_could_not_be_read_again_is_not_written(
    spoken: Dialogue, tmp_path: Path
) -> None:
    path = tmp_path / "talk"
    with pytest.raises(ConfigError, match="does not hold how its turns were made"):
        save_dialogue(path, dataclasses.replace(spoken, cuts=()))
    with pytest.raises(ConfigError, match="not written.*semantic: speaker|someone else's"):
        save_dialogue(path, _speaker(spoken, "S2"))
    with pytest.raises(ConfigError, match=r"not written.*options: expected an object"):
        save_dialogue(path, dataclasses.replace(spoken, options="fast"))
    with pytest.raises(ConfigError, match=r"not written.*takes of turn '9'"):
        save_dialogue(path, spoken, {9: [take_of(spoken, 0)]})
    wide = use_take(spoken, 0, take_of(spoken, 0), MixConfig(default_gap_s=1.0))
    with pytest.raises(ConfigError, match="not written.*do not start where"):
        save_dialogue(path, dataclasses.replace(wide, starts=wide.starts))
    loud = dataclasses.replace(spoken.mix, samples=spoken.mix.samples * 2)
    with pytest.raises(ConfigError, match="its mix is not that of its turns"):
        save_dialogue(path, dataclasses.replace(spoken, mix=loud))
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_refuses_the_file_is_named(spoken: Dialogue, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(AudioError, match=r"cannot be written.*free some space"):
        save_dialogue(tmp_path / "file" / "talk", spoken)


def _rewrite(saved: Path, path: Path, change: Callable[[Any, dict[str, Tensor]], object]) -> Path:
    """A file whose checksum is right and whose contents are someone's."""
    values, tensors = load_sealed(saved, DIALOGUE_FILE)
    change(values, tensors)
    save_sealed(path, DIALOGUE_FILE, values, tensors)
    return path


def _put(*keys: Any) -> Callable[[Any, dict[str, Tensor]], None]:
    """Put the last of `keys` where the others lead."""

    def change(values: Any, tensors: dict[str, Tensor]) -> None:
        for key in keys[:-2]:
            values = values[key]
        values[keys[-2]] = keys[-1]

    return change


def _tensor(
    name: str, make: Callable[[Tensor], Tensor]
) -> Callable[[Any, dict[str, Tensor]], None]:
    def change(values: Any, tensors: dict[str, Tensor]) -> None:
        tensors[name] = make(tensors[name])

    return change


def _drop(name: str) -> Callable[[Any, dict[str, Tensor]], None]:
    return lambda values, tensors: tensors.__delitem__(name)


def _far_too_long(values: Any, tensors: dict[str, Tensor]) -> None:
    turn = copy.deepcopy(values["turns"][0])
    turn["turn"]["gap_s"] = 10.0
    turn["check"] = None
    values["turns"] = [turn] * int(MAX_MIX_S / 10)
    for index in range(len(values["turns"])):
        for name in ("sound", "semantic_ids", "codes"):
            tensors[f"turn {index} {name}"] = tensors[f"turn 0 {name}"]


FIRST = ("turns", 0)
BAD: dict[str, tuple[Callable[[Any, dict[str, Tensor]], object], str]] = {
    "no turns": (_put("turns", []), "it has 0 turns"),
    "no list": (_put("turns", 3), "expected a list"),
    "a null turn": (_put("turns", 0, None), "turn 1: expected an object"),
    "an unknown key": (_put("colour", 1), r"unknown keys \['colour'\]"),
    "starts": (_put("starts", 0, 1), "do not start where"),
    "seed": (_put("seed", 2**64), r"seed is not below 2\*\*63"),
    "seconds": (_put("stage_seconds", {"mix": float("nan")}), "expected a finite number"),
    "metadata": (_put("metadata", {"a": 1}), "expected str, read 1"),
    "locked": (_put("locked", [5]), "locked that does not exist"),
    "locked below": (_put("locked", [-1]), "locked that does not exist"),
    "speaker names": (_put("speaker_names", "S9", "x"), "knows a speaker 'S9'"),
    "no voice": (lambda values, _: values["voices"].pop("S2"), "turn 2: a voice is missing"),
    "no voices": (lambda values, _: values["voices"].clear(), "voices are not all there"),
    "voice level": (_put("voices", "S1", "level_db", 1e9), "level_db is 1e"),
    "voice codec": (_put("voices", "S1", "codec_id", "x"), "not of the codec"),
    "voice codes": (_tensor("voice S1 codes", torch.neg), "ids must not be negative"),
    "voice levels": (_tensor("voice S1 codes", lambda t: t[:1]), "voices are not all there, or"),
    "options": (_put("options", "mode", "fast"), "expected one of"),
    "options bounds": (_put("options", "storm", "first_iterations", 10**9), "is not 0 to 1000"),
    "options wrong": (_put("options", "storm", "first_iterations", 0), "must be 1 or more"),
    "options not whole": (_put("options", "storm", {}), "missing keys"),
    "takes of no turn": (_put("takes", "7", []), "takes of turn '7', which does not exist"),
    "takes of a word": (_put("takes", "x", []), "takes of turn 'x'"),
    "take gone": (_put("takes", "1", []), "nothing in it needs 'take 1 0'"),
    "take of another": (_put("takes", "1", 0, "turn", "speaker", "S1"), "someone else's"),
    "tensor too many": (lambda _, t: t.update({"x": torch.ones(1)}), "nothing in it needs ''"),
    "tensor gone": (_drop("turn 0 codes"), "turn 1: codes is missing"),
    "empty sound": (_tensor("turn 0 sound", lambda t: t[:0]), "sound is .* of shape"),
    "sound axes": (_tensor("turn 0 sound", lambda t: t[None]), "sound is .* with 1 axes"),
    "sound of ids": (_tensor("turn 0 sound", lambda t: t.long()), "sound is torch.int64"),
    "loud": (_tensor("turn 0 sound", lambda t: t + 2), "finite numbers from -1 to 1"),
    "not finite": (_tensor("turn 0 sound", lambda t: t / 0), "finite numbers from -1 to 1"),
    "negative codes": (_tensor("turn 0 codes", lambda t: t - 10**6), "must not be negative"),
    "levels": (_tensor("turn 0 codes", lambda t: t[:1]), "differ in rates or codebook levels"),
    "frames": (_tensor("turn 0 codes", lambda t: t[:, 1:]), "do not last as long as"),
    "ids": (_tensor("turn 0 semantic_ids", torch.neg), "must not be negative"),
    "sample rate": (_put(*FIRST, "sample_rate_hz", 0), "sample rate is not"),
    "frame rate": (_put(*FIRST, "acoustic", "frame_rate_hz", 1e300), "rates are"),
    "no rate": (_put(*FIRST, "semantic", "rate_hz", 0), "rates are"),
    "pause place": (_put(*FIRST, "semantic", "pauses", [[10**9, 1.0]]), "inside its turn"),
    "pause length": (_put(*FIRST, "acoustic", "pauses", [[0, 1e9]]), "must last 0 to 10"),
    "pieces": (_put(*FIRST, "semantic", "piece_starts", [9, 3]), "pieces must follow"),
    "speech": (_put(*FIRST, "cut", "speech", [0, 10**9]), "speech must lie inside"),
    "speech order": (_put(*FIRST, "cut", "speech", [9, 3]), "speech must lie inside"),
    "speech count": (_put(*FIRST, "cut", "speech", [1, 2, 3]), "expected 2 values"),
    "lead": (_put(*FIRST, "cut", "lead", 10**12), "must be that of its pauses"),
    "tail": (_put(*FIRST, "cut", "tail", -1), "must be that of its pauses"),
    "gain": (_put(*FIRST, "cut", "gain", -1.0), "gain is -1"),
    "no runs": (_put(*FIRST, "cut", "runs", []), "runs must end where the sound does"),
    "runs": (_put(*FIRST, "cut", "runs", [[0, 10**9, 0]]), "runs must follow each other"),
    "runs back": (_put(*FIRST, "cut", "runs", [[9, 5, 0]]), "runs must follow each other"),
    "turn seed": (_put(*FIRST, "seed", -(2**70)), "seed is not below"),
    "line": (_put(*FIRST, "turn", "line", 0), "line is not 1 or more"),
    "speaker": (_put(*FIRST, "turn", "speaker", "S9"), "speaker is 'S9', not one of"),
    "other speaker": (_put(*FIRST, "turn", "speaker", "S2"), "someone else's"),
    "pace": (_put(*FIRST, "turn", "pace", 99.0), "words cannot be spoken.*pace"),
    "gap": (_put(*FIRST, "turn", "gap_s", 1e9), "words cannot be spoken.*gap"),
    "no words": (_put(*FIRST, "turn", "text", ""), "contradict each other"),
    "other words": (_put(*FIRST, "turn", "spoken_text", "?!"), "cannot be said in place"),
    "two turns": (_put(*FIRST, "turn", "text", "a\n[S2] b"), "words"),
    "respelling": (_put(*FIRST, "turn", "respellings", [[3, 900, "x"]]), "words"),
    "turn pause": (_put(*FIRST, "turn", "pauses", [[-7, 1.0]]), "words"),
    "long words": (_put(*FIRST, "turn", "spoken_text", "a " * 10**5), "words cannot be spoken"),
    "likeness": (_put(*FIRST, "check", "similarity", 7.0), "from -1 to 1"),
    "likeness of whom": (_put(*FIRST, "check", "nearest", "S9"), "unknown speaker"),
    "likeness to nobody": (_put(*FIRST, "check", "nearest", "S4"), "turn 1: a voice is missing"),
    "check of another": (_put(*FIRST, "check", "turn", 1), "its check is of another turn"),
    "check of no turn": (_put("takes", "1", 0, "check", "turn", -1), "a check is of no turn"),
    "flag": (
        _put(*FIRST, "check", {"turn": 0, "similarity": None, "nearest": None,
                               "nearest_similarity": None, "flagged": True}),
        "must tell its likeness",
    ),
    "far too long": (_far_too_long, r"at most 14400 can be kept"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_a_file_whose_contents_would_not_work_is_refused(
    name: str, saved: Path, tmp_path: Path
) -> None:
    change, message = BAD[name]
    path = _rewrite(saved, tmp_path / "talk.safetensors", change)
    with pytest.raises(CheckpointError, match=message) as refused:
        load_dialogue(path)
    assert str(refused.value).startswith(f"{path} is damaged or no dialogue (")
    assert str(refused.value).endswith("open another copy of it, or speak its script again")


STRANGE = [
    None,
    True,
    -1,
    0,
    3,
    10**40,
    1e308,
    -0.5,
    "",
    "S1",
    "x",
    [],
    [0],
    [[0, 0]],
    {},
    {"a": 1},
]


def _places(values: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Where every value of some JSON lies; of lists, the first and the last."""
    inside: list[Any] = []
    if isinstance(values, dict):
        inside = list(values)
    elif isinstance(values, list):
        inside = sorted({0, len(values) - 1}) if values else []
    return [path] * bool(path) + [
        place for key in inside for place in _places(values[key], (*path, key))
    ]


@pytest.mark.slow
def test_a_strange_value_anywhere_is_refused_or_can_be_worked_with(
    saved: Path, pipeline: DialoguePipeline, tmp_path: Path
) -> None:
    values, tensors = load_sealed(saved, DIALOGUE_FILE)
    path, n_worked = tmp_path / "talk", 0
    for place in _places(values):
        for strange in STRANGE:
            spoilt = json.loads(json.dumps(values))
            _put(*place, strange)(spoilt, {})
            save_sealed(path, DIALOGUE_FILE, spoilt, tensors)
            try:
                stored = load_dialogue(path)
            except CheckpointError:
                continue
            n_worked += 1
            try:
                again = pipeline.adopt(stored.dialogue)
                for index, takes in stored.takes.items():
                    for take in takes:
                        again = use_take(again, index, take)
                if place[-1] in ("speech", "lead", "tail", "runs", "pauses", 0, 1, 2):
                    again.redo(turn=0)
                    again.redo(span=(0.0, again.mix.duration_s))
            except DialogueError:
                continue
    assert n_worked > 20


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
    with pytest.raises(CheckpointError, match="newer format 'colloquy dialogue 2'.*update the app"):
        load_dialogue(path)
