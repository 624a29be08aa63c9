"""The teacher out of packages; a small graph with the same inputs and outputs stands in for it."""

import hashlib
import io
import json
import tarfile
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from pipeline.errors import ConfigError
from training.corpus import teacher as module
from training.corpus.teacher import LEAD_S, Teacher, fetch_voices, unpack_voices

FRAMES = 3


def small_graph() -> bytes:
    """Every phone lasts three frames; silence, and a pitch of zero."""

    def constant(name: str, values: list[int]) -> onnx.NodeProto:
        tensor = helper.make_tensor(name, TensorProto.INT64, [len(values)], values)
        return helper.make_node("Constant", [], [name], value=tensor)

    def filled(name: str, shape: str, value: float) -> onnx.NodeProto:
        tensor = helper.make_tensor(f"{name}_value", TensorProto.FLOAT, [1], [value])
        return helper.make_node("ConstantOfShape", [shape], [name], value=tensor)

    nodes = [
        helper.make_node("Shape", ["tokens"], ["shape"]),
        constant("last", [1]),
        helper.make_node("Gather", ["shape", "last"], ["n"]),
        constant("samples_each", [FRAMES * 600]),
        helper.make_node("Mul", ["n", "samples_each"], ["n_samples"]),
        filled("audio", "n_samples", 0.0),
        filled("/encoder/Clip_output_0", "shape", float(FRAMES)),
        constant("values_each", [2 * FRAMES]),
        helper.make_node("Mul", ["n", "values_each"], ["n_values"]),
        filled("/encoder/F0_proj/Conv_output_0", "n_values", 0.0),
    ]
    inputs = [
        helper.make_tensor_value_info("tokens", TensorProto.INT64, [1, None]),
        helper.make_tensor_value_info("style", TensorProto.FLOAT, [1, 256]),
        helper.make_tensor_value_info("speed", TensorProto.FLOAT, [1]),
    ]
    output = helper.make_tensor_value_info("audio", TensorProto.FLOAT, [None])
    graph = helper.make_graph(nodes, "small", inputs, [output])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    return model.SerializeToString()


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of packages named and laid out as the real ones, in front of them."""
    folder, model = tmp_path / "packages", small_graph()
    size = -(-len(model) // 4)
    names = [f"small_teacher_{part}" for part in range(4)]
    for part, name in enumerate(names):
        (folder / name).mkdir(parents=True)
        (folder / name / "part.bin").write_bytes(model[part * size : (part + 1) * size])
    (folder / "small_alphabet" / "data").mkdir(parents=True)
    alphabet = json.dumps({"vocab": {"a": 43, "b": 44, ".": 4}})
    (folder / "small_alphabet" / "data" / "vocab.json").write_text(alphabet, encoding="utf-8")
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.setattr(module, "MODEL_PACKAGES", tuple(names))
    monkeypatch.setattr(module, "ALPHABET_PACKAGE", "small_alphabet")
    monkeypatch.setattr(module, "MODEL_SHA256", hashlib.sha256(model).hexdigest())
    return folder


@pytest.fixture
def voices(tmp_path: Path) -> Path:
    folder = tmp_path / "voices"
    folder.mkdir()
    for name, value in (("low", 1.0), ("high", 3.0)):
        np.full((510, 256), value, np.dtype("<f4")).tofile(folder / f"{name}.bin")
    return folder


def test_phones_end_where_their_durations_say_less_the_lead(packages: Path, voices: Path) -> None:
    speech = Teacher(voices).speak("ab.", "low")
    frame_s = FRAMES * 600 / 24_000
    assert len(speech.samples) == 5 * FRAMES * 600
    assert speech.ends_s == pytest.approx(frame_s * np.array([2, 3, 4]) - LEAD_S)
    assert len(speech.pitch_hz) == len(speech.samples) // 300


def test_a_blend_is_the_weighted_sum_of_its_styles(packages: Path, voices: Path) -> None:
    blend = Teacher(voices).style("low*0.25+high*0.75")
    assert blend.shape == (510, 256)
    assert np.all(blend == 2.5)


@pytest.mark.parametrize(
    ("phones", "voice", "told"),
    [
        ("ax", "low", "no phone 'x'"),
        ("", "low", "0 phones"),
        ("a" * 510, "low", "510 phones"),
        ("a", "nobody", "no voice 'nobody'"),
        ("a", "low*much", "'low[*]much'"),
    ],
)
def test_what_cannot_be_said_is_named(
    packages: Path, voices: Path, phones: str, voice: str, told: str
) -> None:
    with pytest.raises(ConfigError, match=told):
        Teacher(voices).speak(phones, voice)


def test_a_missing_package_is_named(
    packages: Path, voices: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MODEL_PACKAGES", ("small_teacher_0", "no_such_part"))
    with pytest.raises(ConfigError, match="no_such_part is missing"):
        Teacher(voices)


def test_a_damaged_model_is_refused(packages: Path, voices: Path) -> None:
    part = packages / "small_teacher_2" / "part.bin"
    part.write_bytes(part.read_bytes()[:-1] + b"?")
    with pytest.raises(ConfigError, match="checksum"):
        Teacher(voices)


def test_no_voices_and_a_style_of_another_size_are_refused(packages: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="holds no voices"):
        Teacher(tmp_path / "nowhere")
    (tmp_path / "odd.bin").write_bytes(bytes(400))
    with pytest.raises(ConfigError, match=r"odd\.bin is no style"):
        Teacher(tmp_path).style("odd")


def voices_archive(path: Path) -> str:
    """An archive with one voice and something else; gives its checksum."""
    with tarfile.open(path, "w:gz") as tar:
        for name in ("package/voices/low.bin", "package/README.md"):
            member = tarfile.TarInfo(name)
            member.size = 4
            tar.addfile(member, io.BytesIO(b"1234"))
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_only_voices_are_unpacked_and_only_of_the_right_archive(tmp_path: Path) -> None:
    archive, folder = tmp_path / "voices.tgz", tmp_path / "there" / "voices"
    sha256 = voices_archive(archive)
    with pytest.raises(ConfigError, match="checksum"):
        unpack_voices(archive, folder, "0" * 64)
    assert not folder.exists()
    unpack_voices(archive, folder, sha256)
    assert [path.name for path in folder.iterdir()] == ["low.bin"]


def test_voices_are_fetched_once_and_npm_is_asked_for(
    tmp_path: Path, voices: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    fetch_voices(voices)
    with pytest.raises(ConfigError, match="install npm"):
        fetch_voices(tmp_path / "none")
