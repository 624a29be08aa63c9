import errno
import io
import json
import os
import subprocess
import sys
import wave
from pathlib import Path

import pytest

from app.backend.pipeline_pool import PipelinePool
from app.backend.progress import STAGE_TITLES
from app.cli import commands
from pipeline.audio.read import read_audio
from pipeline.config.limits import LimitsConfig, MixConfig
from pipeline.errors import CheckpointError
from pipeline.voices.quality import judge_recording
from tests.app.conftest import BAD_RECORDINGS, BAD_SCRIPTS
from tests.app.tone_pipeline import TonePipeline

SCRIPT = "Anna: Hello there.\nBen: Hi, Anna.\nAnna: Goodbye.\n"


@pytest.fixture(autouse=True)
def _no_weights(pool: PipelinePool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("app.backend.pipeline_pool.load_pool", lambda model, device: pool)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def script(tmp_path: Path) -> Path:
    path = tmp_path / "script.txt"
    path.write_text(SCRIPT, encoding="utf-8")
    return path


@pytest.fixture
def talk(tmp_path: Path) -> Path:
    folder = tmp_path / "made"
    folder.mkdir()
    return folder / "talk.wav"


def _fails(arguments: list[str], capsys: pytest.CaptureFixture[str], code: int = 1) -> str:
    """Run a command that must fail; give the one line that says why."""
    assert commands.main(arguments) == code
    printed = capsys.readouterr()
    assert printed.out == ""
    lines = [line for line in printed.err.splitlines() if not line.endswith("...")]
    assert len(lines) == 1, printed.err
    assert lines[0].startswith("error: ")
    assert "Traceback" not in lines[0]
    return lines[0]


def test_speak_writes_the_wav_and_every_caption_format(
    script: Path, talk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    captions = ["--captions", "srt", "--captions", "vtt", "--captions", "json"]
    assert commands.main(["speak", str(script), "-o", str(talk), "--seed", "7", *captions]) == 0
    names = sorted(path.name for path in talk.parent.iterdir())
    assert names == ["talk.json", "talk.srt", "talk.vtt", "talk.wav"]
    with wave.open(str(talk)) as sound:
        assert (sound.getnchannels(), sound.getsampwidth()) == (1, 2)
        assert sound.getnframes() == 3 * 8000 + 2 * round(MixConfig().default_gap_s * 16000)
    rows = json.loads(talk.with_suffix(".json").read_text(encoding="utf-8"))
    assert [row["text"] for row in rows] == ["Hello there.", "Hi, Anna.", "Goodbye."]
    assert [row["speaker"] for row in rows] == ["S1", "S2", "S1"]
    assert all(set(row) == {"turn", "speaker", "start_s", "end_s", "text"} for row in rows)
    assert "seed 7" in capsys.readouterr().out


def test_progress_names_the_stages_on_stderr(
    script: Path, talk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert commands.main(["speak", str(script), "-o", str(talk)]) == 0
    printed = capsys.readouterr().err
    assert all(title in printed for title in STAGE_TITLES.values())


def test_a_script_comes_from_standard_input(talk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(SCRIPT.encode())))
    assert commands.main(["speak", "-", "-o", str(talk)]) == 0
    assert talk.is_file()


def test_voices_are_cast_by_name_recording_and_surprise(
    script: Path, talk: Path, pipeline: TonePipeline, recordings: dict[str, Path]
) -> None:
    script.write_text("[S1] One.\n[S2] Two.\n[S3] Three.", encoding="utf-8")
    voices = ["--voice", "S1=ben", "--voice", f"S2={recordings['good']}", "--voice", "S3=surprise"]
    assert commands.main(["speak", str(script), "-o", str(talk), *voices]) == 0
    cast = pipeline.cast
    assert cast["S1"] is pipeline.voices["ben"]
    assert cast["S2"] is not None
    assert cast["S2"].name == "good"
    assert cast["S3"] is None


def test_retakes_are_the_budget_of_the_pipeline(
    script: Path, talk: Path, pipeline: TonePipeline
) -> None:
    assert commands.main(["speak", str(script), "-o", str(talk), "--retakes", "3"]) == 0
    assert pipeline.options.max_retakes == 3


def test_stems_are_written_when_asked_for(script: Path, talk: Path) -> None:
    assert commands.main(["speak", str(script), "-o", str(talk), "--stems"]) == 0
    names = sorted(path.name for path in talk.parent.iterdir())
    assert names == ["talk.S1.wav", "talk.S2.wav", "talk.wav"]


@pytest.mark.parametrize(("text", "words"), BAD_SCRIPTS.items())
def test_a_bad_script_gives_one_line_and_no_file(
    text: str, words: str, script: Path, talk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    script.write_text(text, encoding="utf-8")
    assert words in _fails(["speak", str(script), "-o", str(talk)], capsys)
    assert list(talk.parent.iterdir()) == []


@pytest.mark.parametrize(("kind", "words"), BAD_RECORDINGS.items())
def test_a_bad_recording_gives_one_line_and_no_file(
    kind: str,
    words: str,
    script: Path,
    talk: Path,
    recordings: dict[str, Path],
    capsys: pytest.CaptureFixture[str],
) -> None:
    add = ["voice", "add", "mine", str(recordings[kind])]
    assert words in _fails(add, capsys)
    if kind != "missing":
        speak = ["speak", str(script), "-o", str(talk), "--voice", f"S1={recordings[kind]}"]
        assert words in _fails(speak, capsys)
    assert list(talk.parent.iterdir()) == []


@pytest.mark.parametrize(
    ("assignment", "words"),
    [
        ("S3=anna", "not in the script; its speakers are S1 (Anna), S2 (Ben)"),
        ("S1=zoe", "built-in voices: anna, ben"),
        ("S1", "write --voice S1=anna"),
    ],
)
def test_a_voice_that_cannot_be_cast_gives_one_line(
    assignment: str, words: str, script: Path, talk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["speak", str(script), "-o", str(talk), "--voice", assignment]
    assert words in _fails(arguments, capsys)


def test_a_speaker_cannot_be_cast_twice(
    script: Path, talk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    voices = ["--voice", "S1=anna", "--voice", "S1=ben"]
    assert "S1 twice" in _fails(["speak", str(script), "-o", str(talk), *voices], capsys)


def test_an_output_that_cannot_be_written_is_refused_before_the_work(
    script: Path, tmp_path: Path, pipeline: TonePipeline, capsys: pytest.CaptureFixture[str]
) -> None:
    pipeline.before_stage = lambda stage: pytest.fail("the work began")
    for output in (tmp_path / "absent" / "talk.wav", script / "talk.wav", tmp_path):
        arguments = ["speak", str(script), "-o", str(output)]
        assert str(output.parent if output != tmp_path else output) in _fails(arguments, capsys)
    arguments = ["speak", str(script), "-o", str(tmp_path / "talk.mp3")]
    assert "only wav" in _fails(arguments, capsys)


def test_a_disk_without_space_is_noticed_before_the_work(
    script: Path,
    talk: Path,
    monkeypatch: pytest.MonkeyPatch,
    pipeline: TonePipeline,
    capsys: pytest.CaptureFixture[str],
) -> None:
    pipeline.before_stage = lambda stage: pytest.fail("the work began")
    usage = type("Usage", (), {"free": 10})
    monkeypatch.setattr("app.export.files.shutil.disk_usage", lambda folder: usage)
    assert "free" in _fails(["speak", str(script), "-o", str(talk)], capsys)


def test_a_disk_that_fills_up_leaves_the_old_file_as_it_was(
    script: Path,
    talk: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def refuse(path: Path, text: str, **options: str) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))

    talk.write_bytes(b"old")
    monkeypatch.setattr("pathlib.Path.write_text", refuse)
    arguments = ["speak", str(script), "-o", str(talk), "--captions", "srt"]
    assert "No space left" in _fails(arguments, capsys)
    assert [path.name for path in talk.parent.iterdir()] == ["talk.wav"]
    assert talk.read_bytes() == b"old"


def test_an_interrupt_gives_one_line_and_its_own_exit_code(
    script: Path, talk: Path, pipeline: TonePipeline, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt(stage: str) -> None:
        if stage == "acoustic":
            raise KeyboardInterrupt

    pipeline.before_stage = interrupt
    line = _fails(["speak", str(script), "-o", str(talk)], capsys, code=130)
    assert "cancelled" in line
    assert list(talk.parent.iterdir()) == []


def test_missing_weights_give_one_line(
    script: Path,
    talk: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def refuse(model: str, device: str) -> PipelinePool:
        raise CheckpointError(f"{model}/codec/config.json is missing")

    monkeypatch.setattr("app.backend.pipeline_pool.load_pool", refuse)
    assert "config.json is missing" in _fails(["speak", str(script), "-o", str(talk)], capsys)


def test_a_bug_is_named_as_one_and_shown_in_full_when_asked(
    script: Path, talk: Path, pipeline: TonePipeline, capsys: pytest.CaptureFixture[str]
) -> None:
    def stumble(stage: str) -> None:
        raise ZeroDivisionError("by zero")

    pipeline.before_stage = stumble
    arguments = ["speak", str(script), "-o", str(talk)]
    assert "unexpected ZeroDivisionError" in _fails(arguments, capsys)
    assert commands.main([*arguments, "--debug"]) == 1
    assert "Traceback" in capsys.readouterr().err


def test_a_script_file_that_is_absent_or_not_text_gives_one_line(
    tmp_path: Path, talk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    absent = ["speak", str(tmp_path / "absent.txt"), "-o", str(talk)]
    assert "no script file" in _fails(absent, capsys)
    folder = ["speak", str(tmp_path), "-o", str(talk)]
    assert "cannot read the script" in _fails(folder, capsys)
    latin = tmp_path / "latin.txt"
    latin.write_bytes(b"[S1] Caf\xe9.")
    assert "UTF-8" in _fails(["speak", str(latin), "-o", str(talk)], capsys)


@pytest.mark.parametrize(
    "arguments",
    [
        ["speak"],
        [],
        ["sing"],
        ["speak", "a.txt", "-o", "b.wav", "--seed", "-1"],
        ["speak", "a.txt", "-o", "b.wav", "--retakes", "some"],
    ],
)
def test_wrong_usage_gives_one_line(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert "--help" in _fails(arguments, capsys, code=2)


def test_voices_lists_built_in_and_added_ones(
    recordings: dict[str, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    assert commands.main(["voice", "add", "mine", str(recordings["stereo"])]) == 0
    assert commands.main(["voices"]) == 0
    listed = capsys.readouterr().out.splitlines()[-3:]
    assert [line.split()[0] for line in listed] == ["anna", "ben", "mine"]


def test_an_added_voice_can_speak(
    script: Path, talk: Path, recordings: dict[str, Path], pipeline: TonePipeline
) -> None:
    note = ["--licence-note", "my own voice"]
    assert commands.main(["voice", "add", "mine", str(recordings["good"]), *note]) == 0
    assert commands.main(["speak", str(script), "-o", str(talk), "--voice", "S2=mine"]) == 0
    cast = pipeline.cast["S2"]
    assert cast is not None
    assert (cast.name, cast.licence) == ("mine", "my own voice")


def test_adding_a_voice_tells_how_good_the_recording_is(
    recordings: dict[str, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    assert commands.main(["voice", "add", "mine", str(recordings["good"])]) == 0
    shown = capsys.readouterr()
    assert shown.out.startswith("added voice 'mine'")
    quality = judge_recording(read_audio(recordings["good"]), LimitsConfig())
    notes = [f"note: {finding.message}" for finding in quality.findings]
    assert shown.err.splitlines()[-len(notes) :] == notes


@pytest.mark.parametrize("name", ["../evil", "Ann A", "", "anna", "(surprise me)"])
def test_a_voice_name_that_is_taken_or_no_file_name_is_refused(
    name: str, recordings: dict[str, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    assert "name" in _fails(["voice", "add", name, str(recordings["good"])], capsys)


def test_help_needs_neither_torch_nor_gradio() -> None:
    code = (
        "import sys; from app.cli.commands import main; "
        "main(['--help']); print(sorted(sys.modules))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "speak" in run.stdout
    assert "'torch'" not in run.stdout
    assert "'gradio'" not in run.stdout
