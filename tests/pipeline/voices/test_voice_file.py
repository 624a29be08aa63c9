"""A voice as a file."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from pipeline.datatypes.voice import Voice
from pipeline.errors import VoiceError
from pipeline.voices.from_recording import recording_to_voice
from pipeline.voices.voice_file import VoiceOrigin, load_voice, save_voice
from tests.pipeline.voices.test_from_recording import (
    LIMITS,
    ToyCodec,
    ToySemantic,
    recording,
    voiced,
)


def a_voice() -> Voice:
    return Voice(
        name="Zoë",
        semantic_ids=torch.arange(5),
        codes=torch.arange(20).reshape(2, 10),
        level_db=-20.123456789,
        codec_id="toy",
        description="made in a test",
        licence="CC0",
        consent="her own voice",
    )


def test_a_saved_voice_comes_back_the_same(tmp_path: Path) -> None:
    path = tmp_path / "new" / "zoe.safetensors"
    save_voice(path, a_voice())
    loaded = load_voice(path, codec_id="toy")
    for name in ("name", "level_db", "codec_id", "description", "licence", "consent"):
        assert getattr(loaded, name) == getattr(a_voice(), name)
    torch.testing.assert_close(loaded.semantic_ids, a_voice().semantic_ids)
    torch.testing.assert_close(loaded.codes, a_voice().codes)


def test_a_voice_that_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(VoiceError, match=r"cannot be written.*choose a folder"):
        save_voice(tmp_path / "file" / "zoe.safetensors", a_voice())
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_voice_of_another_codec_must_be_made_again(tmp_path: Path) -> None:
    save_voice(tmp_path / "zoe.safetensors", a_voice())
    with pytest.raises(VoiceError, match=r"made with codec toy.*uses other; make the voice again"):
        load_voice(tmp_path / "zoe.safetensors", codec_id="other")


def test_a_missing_voice_is_named(tmp_path: Path) -> None:
    with pytest.raises(VoiceError, match=r"zoe\.safetensors: no such voice file"):
        load_voice(tmp_path / "zoe.safetensors")


def test_a_damaged_voice_must_be_made_again(tmp_path: Path) -> None:
    path = tmp_path / "zoe.safetensors"
    save_voice(path, a_voice())
    for damaged in (b"", b"hello, not a voice", path.read_bytes()[:-9]):
        path.write_bytes(damaged)
        with pytest.raises(VoiceError, match=r"damaged or no voice file.*make the voice again"):
            load_voice(path)


GOOD_METADATA = {
    "format": "colloquy-voice-1",
    "name": "x",
    "level_db": "-20.0",
    "codec_id": "toy",
    "description": "",
}


@pytest.mark.parametrize(
    ("tensors", "metadata", "message"),
    [
        ({"codes": None}, {}, r"holds \['semantic_ids'\]"),
        ({"extra": torch.zeros(1)}, {}, "holds .*'extra'"),
        ({"codes": torch.zeros(2, 10)}, {}, r"codes is torch\.float32"),
        (
            {"codes": torch.zeros(10, dtype=torch.int64)},
            {},
            r"shape \(10,\), which must have 2 axes",
        ),
        ({"semantic_ids": torch.zeros(0, dtype=torch.int64)}, {}, r"semantic_ids .* shape \(0,\)"),
        ({"semantic_ids": torch.arange(1501)}, {}, "1501 semantic ids are more than 60 s"),
        ({"codes": torch.zeros(65, 10, dtype=torch.int64)}, {}, "65 levels of 10 frames are more"),
        ({"codes": torch.zeros(2, 45, dtype=torch.int64)}, {}, "2 levels of 45 frames are more"),
        ({"codes": torch.full((2, 10), 70_000)}, {}, "codes holds ids that no alphabet has"),
        ({"semantic_ids": torch.full((5,), 70_000)}, {}, "semantic_ids holds ids that no alphabet"),
        ({"codes": torch.zeros(1_000_000, dtype=torch.int64)}, {}, "larger than a voice of 60 s"),
        ({"semantic_ids": -torch.ones(5, dtype=torch.int64)}, {}, "semantic_ids holds negative"),
        ({"semantic_ids": torch.arange(7)}, {}, "10 frames do not fit 7"),
        ({}, {"format": "colloquy-voice-0"}, "not a voice file of format colloquy-voice-1"),
        ({}, {"codec_id": None}, "not a voice file of format"),
        ({}, {"level_db": "loud"}, "level 'loud' is not a number"),
        ({}, {"level_db": "nan"}, "level 'nan' is not a number"),
    ],
)
def test_a_foreign_or_edited_voice_file_is_refused(
    tmp_path: Path,
    tensors: Mapping[str, Tensor | None],
    metadata: Mapping[str, str | None],
    message: str,
) -> None:
    good = {"semantic_ids": a_voice().semantic_ids, "codes": a_voice().codes}
    path = tmp_path / "x.safetensors"
    save_file(
        {key: value for key, value in {**good, **tensors}.items() if value is not None},
        path,
        {key: value for key, value in {**GOOD_METADATA, **metadata}.items() if value is not None},
    )
    with pytest.raises(VoiceError, match=message) as caught:
        load_voice(path)
    assert "make the voice again" in str(caught.value)


def test_a_voice_file_without_licence_and_consent_still_loads(tmp_path: Path) -> None:
    path = tmp_path / "old.safetensors"
    save_file(
        {"semantic_ids": a_voice().semantic_ids, "codes": a_voice().codes}, path, GOOD_METADATA
    )
    loaded = load_voice(path)
    assert (loaded.name, loaded.licence, loaded.consent) == ("x", "", "")


BAD_WORDS = [
    ({"name": "x" * 256}, "the name has 256 characters; use at most 255"),
    ({"licence": "x" * 1001}, "the licence has 1001 characters; use at most 1000"),
    ({"consent": "x" * 1001}, "the consent has 1001 characters; use at most 1000"),
    ({"description": "x" * 10_001}, "the description has 10001 characters"),
    ({"name": "an\x1b[31mna"}, "the name .* holds control characters or line breaks"),
    ({"licence": "CC0\nnot"}, "the licence .* holds control characters or line breaks"),
    ({"consent": "yes\u202eon"}, "the consent .* holds control characters or line breaks"),
    ({"description": "a\x00b"}, "the description .* holds control characters"),
]


@pytest.mark.parametrize(("words", "message"), BAD_WORDS)
def test_words_that_cannot_be_shown_are_refused_everywhere(
    tmp_path: Path, words: Mapping[str, str], message: str
) -> None:
    path = tmp_path / "x.safetensors"
    with pytest.raises(VoiceError, match=message):
        save_voice(path, replace(a_voice(), **words))
    assert not path.exists()
    good = {"semantic_ids": a_voice().semantic_ids, "codes": a_voice().codes}
    save_file(good, path, {**GOOD_METADATA, **words})
    with pytest.raises(VoiceError, match=message):
        load_voice(path)
    origin = VoiceOrigin(**{key: text for key, text in words.items() if key != "name"})
    name = words.get("name", "anna")
    with pytest.raises(VoiceError, match=message):
        recording_to_voice(recording(voiced(2)), name, ToySemantic(), ToyCodec(), LIMITS, origin)


def test_words_in_any_script_and_lines_in_a_description_are_kept(tmp_path: Path) -> None:
    origin = VoiceOrigin(description="one\n\ttwo", licence="CC0 – frei", consent="はい")
    voice = recording_to_voice(
        recording(voiced(2)), "נועה", ToySemantic(), ToyCodec(), LIMITS, origin
    )
    save_voice(tmp_path / "x.safetensors", voice)
    loaded = load_voice(tmp_path / "x.safetensors")
    assert (loaded.name, loaded.licence, loaded.consent) == ("נועה", "CC0 – frei", "はい")
    assert loaded.description == "one\n\ttwo"


def test_saving_replaces_an_older_voice(tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"
    save_voice(path, a_voice())
    save_voice(path, replace(a_voice(), name="new"))
    assert load_voice(path).name == "new"
