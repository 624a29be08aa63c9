import dataclasses
import errno
import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from app.export.bundle import PARTS, ExportChoice, ExportContext, export_dialogue
from app.export.project_zip import read_project
from pipeline.config.limits import MixConfig
from pipeline.datatypes.dialogue import Dialogue
from pipeline.datatypes.script import Turn
from pipeline.datatypes.sound import TurnCut, Waveform
from pipeline.datatypes.take import Take
from pipeline.datatypes.tokens import AcousticTokens, SemanticTokens
from pipeline.dialogue import DialoguePipeline
from pipeline.errors import AudioError, ConfigError, DialogueError
from pipeline.synthesis.assembly import place_takes
from pipeline.synthesis.options import SynthesisOptions
from pipeline.text_to_semantic.generate import TextToSemanticOptions
from tests.app.tone_pipeline import TonePipeline

RATE = 16_000
HZ = {"S1": 400.0, "S2": 700.0, "S3": 1100.0}
STEP = 1 / 32767
NO_IDS = torch.zeros(0, dtype=torch.int64)
TEXT = "Anna: One.\nBen: Two.\nAnna: Three.\n"


def _dialogue(
    speakers: tuple[str, ...] = ("S1", "S2", "S1"), amplitude: float = 0.2, gap_s: float = -0.1
) -> Dialogue:
    """Tones that overlap by a tenth of a second, placed as speech is."""
    times = np.arange(RATE // 4) / RATE
    takes = []
    for number, speaker in enumerate(speakers, start=1):
        samples = (amplitude * np.cos(2 * np.pi * HZ[speaker] * times)).astype(np.float32)
        text = f"Turn {number}."
        sound = Waveform(samples=samples, sample_rate_hz=RATE)
        takes.append(
            Take(
                turn=Turn(speaker=speaker, text=text, spoken_text=text, gap_s=gap_s, line=number),
                seed=number - 1,
                semantic=SemanticTokens(semantic_ids=NO_IDS, speaker=speaker, rate_hz=25.0),
                acoustic=AcousticTokens(codes=NO_IDS[None], speaker=speaker, frame_rate_hz=50.0),
                cut=TurnCut(sound=sound, speech=(0, len(samples)), lead=0, tail=0),
            )
        )
    return place_takes(takes, {}, MixConfig(), 7, {"S1": "Anna", "S2": "Ben"})


def _context(**changes: object) -> ExportContext:
    context = ExportContext(
        text=TEXT,
        conditions={"weights": "tones", "engine": "none", "device": "cpu"},
        form={"seed": 7},
        voice_files={"S2": b"a voice"},
        write_dialogue=lambda path: path.write_bytes(b"the dialogue"),
    )
    return dataclasses.replace(context, **changes)


def _export(folder: Path, *parts: str, sound_format: str = "wav", **given: Dialogue) -> list[str]:
    """Names of the files made."""
    choice = ExportChoice(parts=frozenset(parts), sound_format=sound_format)
    dialogue = given.get("dialogue") or _dialogue()
    paths = export_dialogue(dialogue, choice, folder, _context())
    assert all(path.is_file() for path in paths)
    return [path.relative_to(folder).as_posix() for path in paths]


def test_every_part_has_its_files_and_nothing_else_is_there(tmp_path: Path) -> None:
    names = _export(tmp_path, *PARTS)
    assert names == [
        "dialogue.wav",
        "dialogue.stereo.wav",
        "dialogue.S1-anna.wav",
        "dialogue.S2-ben.wav",
        "turns/001-S1.wav",
        "turns/002-S2.wav",
        "turns/003-S1.wav",
        "dialogue.srt",
        "dialogue.vtt",
        "dialogue.json",
        "dialogue.settings.json",
        "dialogue.zip",
    ]
    there = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*")}
    assert there == {*names, "turns"}


def test_only_what_is_chosen_is_made_and_the_settings(tmp_path: Path) -> None:
    assert _export(tmp_path / "new", "captions") == [
        "dialogue.srt",
        "dialogue.vtt",
        "dialogue.json",
        "dialogue.settings.json",
    ]
    assert not (tmp_path / "new" / "turns").exists()


def test_stems_add_up_to_the_mix(tmp_path: Path) -> None:
    _export(tmp_path, "mix", "stems")
    mix, _ = soundfile.read(tmp_path / "dialogue.wav")
    stems = [soundfile.read(path)[0] for path in sorted(tmp_path.glob("dialogue.S*.wav"))]
    assert len(stems) == 2
    np.testing.assert_allclose(sum(stems), mix, atol=2 * STEP)


def test_each_side_of_stereo_is_one_speaker_alone(tmp_path: Path) -> None:
    _export(tmp_path, "stereo", "stems")
    sides, rate = soundfile.read(tmp_path / "dialogue.stereo.wav")
    assert rate == RATE
    for channel, name in enumerate(("S1-anna", "S2-ben")):
        stem, _ = soundfile.read(tmp_path / f"dialogue.{name}.wav")
        np.testing.assert_array_equal(sides[:, channel], stem)


def test_turns_are_the_sounds_that_the_mix_is_made_of(tmp_path: Path) -> None:
    dialogue = _dialogue()
    _export(tmp_path, "mix", "turns", dialogue=dialogue)
    mix, _ = soundfile.read(tmp_path / "dialogue.wav")
    total = np.zeros_like(mix)
    for path, start in zip(sorted((tmp_path / "turns").iterdir()), dialogue.starts, strict=True):
        sound, _ = soundfile.read(path)
        total[start : start + len(sound)] += sound
    np.testing.assert_allclose(total, mix, atol=2 * STEP)


@pytest.mark.parametrize("sound_format", ["flac", "ogg", "opus", "mp3"])
def test_sounds_come_in_the_format_wanted(tmp_path: Path, sound_format: str) -> None:
    names = _export(tmp_path, "mix", "stereo", sound_format=sound_format)
    assert names[:2] == [f"dialogue.{sound_format}", f"dialogue.stereo.{sound_format}"]
    for name, n_channels in zip(names, (1, 2), strict=False):
        info = soundfile.info(tmp_path / name)
        assert (info.channels, info.samplerate) == (n_channels, RATE)
        assert info.frames == len(_dialogue().mix.samples)


def test_too_loud_a_side_is_told_in_the_settings(tmp_path: Path) -> None:
    loud = _dialogue(("S1", "S2", "S3"), amplitude=0.9, gap_s=-0.25)
    _export(tmp_path, "stereo", dialogue=loud)
    settings = json.loads((tmp_path / "dialogue.settings.json").read_text(encoding="utf-8"))
    assert "stereo is" in settings["notes"][-1]
    sides, _ = soundfile.read(tmp_path / "dialogue.stereo.wav")
    assert np.abs(sides).max() == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize(
    ("name", "file_name"),
    [
        ("../../etc/passwd", "dialogue.S1-etc-passwd.wav"),
        ("Zoë  O'Neil", "dialogue.S1-zoë-o-neil.wav"),
        ("Анна", "dialogue.S1-анна.wav"),
        ("...", "dialogue.S1.wav"),
        ("S1", "dialogue.S1.wav"),
        ("A" * 300, f"dialogue.S1-{'a' * 40}.wav"),
    ],
)
def test_a_name_becomes_part_of_a_safe_file_name(tmp_path: Path, name: str, file_name: str) -> None:
    dialogue = dataclasses.replace(_dialogue(), speaker_names={"S1": name})
    assert file_name in _export(tmp_path, "stems", "project", dialogue=dialogue)
    assert (tmp_path / file_name).parent == tmp_path


def test_names_given_come_before_those_of_the_dialogue(tmp_path: Path) -> None:
    choice = ExportChoice(parts=frozenset({"stems", "captions"}))
    paths = export_dialogue(_dialogue(), choice, tmp_path, _context(names={"S1": "Clara"}))
    assert {"dialogue.S1-clara.wav", "dialogue.S2-ben.wav"} <= {path.name for path in paths}
    assert "Clara: Turn 1." in (tmp_path / "dialogue.srt").read_text(encoding="utf-8")


def test_a_project_holds_every_file_and_opens_again(tmp_path: Path) -> None:
    *names, project = _export(tmp_path, *PARTS)
    with zipfile.ZipFile(tmp_path / project) as archive:
        for name in names:
            assert archive.read(name) == (tmp_path / name).read_bytes()
    again = read_project(tmp_path / project)
    assert (again.text, again.form) == (TEXT, {"seed": 7})
    assert again.dialogue == b"the dialogue"
    assert again.voice_files == {"S2": b"a voice"}


def test_the_same_dialogue_is_the_same_project(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        _export(tmp_path / folder, *PARTS)
    first, second = ((tmp_path / each / "dialogue.zip").read_bytes() for each in "ab")
    assert first == second


def test_what_a_pipeline_gives_is_exported(tmp_path: Path, pipeline: TonePipeline) -> None:
    dialogue = pipeline.synthesize(TEXT, seed=3)
    _export(tmp_path, "mix", "stereo", "stems", "captions", "project", dialogue=dialogue)
    assert soundfile.info(tmp_path / "dialogue.wav").frames == len(dialogue.mix.samples)


def test_when_one_file_fails_nothing_appears(tmp_path: Path) -> None:
    def full_disk(path: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    choice = ExportChoice(parts=frozenset(PARTS))
    context = _context(write_dialogue=full_disk)
    with pytest.raises(AudioError, match="No space left"):
        export_dialogue(_dialogue(), choice, tmp_path / "new", context)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("parts", [frozenset(), frozenset({"mix", "video"})])
def test_a_choice_of_nothing_or_of_what_there_is_not_is_refused(parts: frozenset[str]) -> None:
    with pytest.raises(ConfigError, match=r"cannot export (nothing|video); choose among mix"):
        ExportChoice(parts=parts)


def test_what_cannot_be_exported_is_refused_before_any_work(
    tmp_path: Path, pipeline: TonePipeline
) -> None:
    with pytest.raises(AudioError, match="what works here"):
        _export(tmp_path, "mix", sound_format="wma")
    choice = ExportChoice(parts=frozenset({"project"}))
    with pytest.raises(ConfigError, match="a project needs the file of the dialogue"):
        export_dialogue(_dialogue(), choice, tmp_path, _context(write_dialogue=None))
    with pytest.raises(ConfigError, match="does not hold the sounds of its turns"):
        _export(
            tmp_path, "turns", dialogue=dataclasses.replace(pipeline.synthesize(TEXT), takes=())
        )
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(AudioError, match=r"the folder .*file/new.* cannot be made"):
        _export(tmp_path / "file" / "new", "mix")


def test_a_form_that_cannot_be_kept_is_told(tmp_path: Path) -> None:
    choice = ExportChoice(parts=frozenset({"project"}))
    context = _context(form={"seed": float("nan")})
    with pytest.raises(DialogueError, match="a value that a project cannot keep"):
        export_dialogue(_dialogue(), choice, tmp_path, context)


def test_what_the_real_pipeline_speaks_is_exported_with_its_options_and_seeds(
    tmp_path: Path, tiny_models: Path
) -> None:
    pipeline = DialoguePipeline.load(tiny_models, device="cpu", engine="torch")
    untrained = SynthesisOptions(text=TextToSemanticOptions(strict=False))
    dialogue = pipeline.synthesize(TEXT, seed=3, options=untrained)
    context = _context(conditions=pipeline.conditions())
    choice = ExportChoice(parts=frozenset(PARTS), sound_format="flac")
    paths = export_dialogue(dialogue, choice, tmp_path / "out", context)
    assert {"dialogue.S1-anna.flac", "dialogue.S2-ben.flac", "002-S2.flac"} <= {
        path.name for path in paths
    }
    settings = json.loads((tmp_path / "out/dialogue.settings.json").read_text(encoding="utf-8"))
    assert [turn["seed"] for turn in settings["turns"]] == list(dialogue.turn_seeds)
    assert settings["options"]["mode"] == "turns"
    assert settings["weights"] == pipeline.models.fingerprint
    assert settings["speakers"]["S1"]["voice"]["description"] == "a made-up tone"
