"""Dialogue files that anyone may have made: what would not work later is refused at once."""

import copy
import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from pipeline.datatypes.dialogue import Dialogue
from pipeline.dialogue import DialoguePipeline
from pipeline.dialogue_editing.dialogue_file import (
    DIALOGUE_FILE,
    MAX_MIX_S,
    load_dialogue,
    save_dialogue,
)
from pipeline.dialogue_editing.takes import take_of, use_take
from pipeline.errors import CheckpointError, DialogueError
from pipeline.files.container import load_sealed, save_sealed
from tests.pipeline.dialogue_editing.test_dialogue_file import SCRIPT, VOICES
from tests.pipeline.dialogue_editing.test_redo import OPTIONS


@pytest.fixture(scope="module")
def pipeline(tiny_models: Path) -> DialoguePipeline:
    return DialoguePipeline.load(tiny_models, device="cpu")


@pytest.fixture(scope="module")
def spoken(pipeline: DialoguePipeline) -> Dialogue:
    return pipeline.synthesize(SCRIPT, VOICES, 5, OPTIONS)


@pytest.fixture(scope="module")
def saved(spoken: Dialogue, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("dialogue") / "talk.safetensors"
    takes = {1: [take_of(spoken.redo(turn=1, seed=seed), 1) for seed in (7, 8)]}
    save_dialogue(path, spoken, takes, {"title": "Rain"})
    return path


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
    "takes of a number": (_put("takes", "01", []), "takes of turn '01'"),
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
    "no words": (_put(*FIRST, "turn", "text", ""), "words cannot be spoken"),
    "words of two kinds": (_put(*FIRST, "turn", "text", "Hello."), "contradict each other"),
    "other words": (_put(*FIRST, "turn", "spoken_text", "?!"), "cannot be said in place"),
    "two turns": (_put(*FIRST, "turn", "text", "a\n[S2] b"), "words"),
    "respelling": (_put(*FIRST, "turn", "respellings", [[3, 900, "x"]]), "words"),
    "turn pause": (_put(*FIRST, "turn", "pauses", [[-7, 1.0]]), "words"),
    "long words": (_put(*FIRST, "turn", "spoken_text", "a " * 10**5), "words cannot be spoken"),
    "likeness": (_put(*FIRST, "check", "similarity", 7.0), "from -1 to 1"),
    "likeness of whom": (_put(*FIRST, "check", "nearest", "S9"), "unknown speaker"),
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


N_SPOILT = 200
"""How many of all pairs of a place and a strange value are tried."""

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
    spoilt_values = [(place, strange) for place in _places(values) for strange in STRANGE]
    for place, strange in random.Random(0).sample(spoilt_values, N_SPOILT):
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
    assert n_worked > 5, f"only {n_worked} of {N_SPOILT} could be worked with"
