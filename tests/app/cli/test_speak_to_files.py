import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from app.backend.pipeline_pool import PipelinePool
from app.cli import commands
from tests.app.tone_pipeline import TonePipeline

ROOT = Path(__file__).resolve().parents[3]
SCRIPT = "Anna: Hello there.\nBen: Hi, Anna.\nAnna: How are you?\nBen: Fine.\n"
EVERYTHING = ["--stems", "--captions", "srt", "--captions", "json", "--seed", "7"]


@pytest.fixture(autouse=True)
def _no_weights(pool: PipelinePool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("app.backend.pipeline_pool.load_pool", lambda model, device: pool)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def talk(tmp_path: Path) -> Path:
    (tmp_path / "script.txt").write_text(SCRIPT, encoding="utf-8")
    (tmp_path / "made").mkdir()
    return tmp_path / "made" / "talk.wav"


def _speak(talk: Path, *arguments: str) -> int:
    script = str(talk.parent.parent / "script.txt")
    return commands.main(["speak", script, "-o", str(talk), *EVERYTHING, *arguments])


def _contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def _stop_at(pipeline: TonePipeline, turn: int, error: BaseException) -> None:
    def stop(index: int) -> None:
        if index == turn:
            raise error

    pipeline.before_turn = stop


def _never(index: int) -> None:
    """Stop at no turn."""


def _last_error(capsys: pytest.CaptureFixture[str]) -> str:
    return capsys.readouterr().err.splitlines()[-1]


@pytest.mark.parametrize("turn", [1, 3])
def test_a_crash_keeps_what_was_done_and_resume_makes_the_same_files(
    turn: int, talk: Path, pipeline: TonePipeline, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _speak(talk) == 0
    whole = _contents(talk.parent)
    for path in talk.parent.iterdir():
        path.unlink()
    _stop_at(pipeline, turn, ZeroDivisionError("by zero"))
    assert _speak(talk) == 1
    kept = _last_error(capsys)
    assert f"{turn} of 4 turns are kept in {talk}.partial, go on with --resume" in kept
    assert [path.name for path in talk.parent.iterdir()] == ["talk.wav.partial"]
    spoken: list[int] = []
    pipeline.before_turn = spoken.append
    assert _speak(talk, "--resume") == 0
    assert spoken == list(range(turn, 4))
    assert f"4 turns ({turn} of an earlier run)" in capsys.readouterr().out
    assert _contents(talk.parent) == whole


def test_an_interrupt_keeps_the_turns_and_says_how_to_go_on(
    talk: Path, pipeline: TonePipeline, capsys: pytest.CaptureFixture[str]
) -> None:
    _stop_at(pipeline, 2, KeyboardInterrupt())
    assert _speak(talk) == 130
    told = _last_error(capsys)
    assert "cancelled; 2 of 4 turns are kept" in told
    assert "--resume" in told


def test_an_unfinished_run_is_neither_lost_nor_mixed_with_another(
    talk: Path, pipeline: TonePipeline, capsys: pytest.CaptureFixture[str]
) -> None:
    _stop_at(pipeline, 2, KeyboardInterrupt())
    _speak(talk)
    pipeline.before_turn = _never
    assert _speak(talk) == 1
    assert re.search("2 of 4 turns .* --resume, or delete", _last_error(capsys))
    assert _speak(talk, "--resume", "--seed", "8") == 1
    assert "differs from this one in its seed" in _last_error(capsys)
    assert _speak(talk, "--resume", "--voice", "S1=ben") == 1
    assert "differs from this one in its voices" in _last_error(capsys)
    (talk.parent.parent / "script.txt").write_text(SCRIPT + "Anna: Bye.", encoding="utf-8")
    assert _speak(talk, "--resume") == 1
    assert "differs from this one in its script" in _last_error(capsys)
    assert len(list(Path(f"{talk}.partial").glob("turn-*"))) == 2


def test_a_damaged_turn_is_named_and_spoken_again_once_deleted(
    talk: Path, pipeline: TonePipeline, capsys: pytest.CaptureFixture[str]
) -> None:
    _stop_at(pipeline, 3, KeyboardInterrupt())
    _speak(talk)
    pipeline.before_turn = _never
    damaged = Path(f"{talk}.partial") / "turn-00001.safetensors"
    damaged.write_bytes(damaged.read_bytes()[:100])
    assert _speak(talk, "--resume") == 1
    told = _last_error(capsys)
    assert str(damaged) in told
    assert "delete it" in told
    damaged.unlink()
    assert _speak(talk, "--resume") == 0


def test_a_disk_that_fills_up_at_the_end_loses_no_turn(
    talk: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(*arguments: object) -> float:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as full:
        full.setattr("app.cli.speak_to_files.write_wav_stretches", refuse)
        assert _speak(talk) == 1
    told = _last_error(capsys)
    assert "No space left" in told
    assert "4 of 4 turns are kept" in told
    assert _speak(talk, "--resume") == 0


def test_resume_with_nothing_to_resume_begins_anew(talk: Path) -> None:
    assert _speak(talk, "--resume") == 0
    assert talk.is_file()


def test_retakes_cannot_be_resumed(talk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _speak(talk, "--resume", "--retakes", "2") == 1
    assert "leave out one of the two" in _last_error(capsys)


@pytest.mark.slow
def test_a_killed_run_is_gone_on_with_bit_for_bit(tmp_path: Path) -> None:
    lines = [
        f"[S{1 + number % 2}] This is line number {number}, is it not?" for number in range(24)
    ]
    script = tmp_path / "script.txt"
    script.write_text("\n".join(lines), encoding="utf-8")

    def command(name: str, *more: str) -> list[str]:
        speak = ["speak", str(script), "-o", str(tmp_path / name), "--voice", "S2=surprise"]
        return [sys.executable, "-m", "app", *speak, "--stems", "--captions", "json", *more]

    environment = {**os.environ, "XDG_CACHE_HOME": str(tmp_path / "cache")}
    subprocess.run(command("whole.wav"), cwd=ROOT, env=environment, check=True)
    killed = subprocess.Popen(command("talk.wav"), cwd=ROOT, env=environment)
    work = tmp_path / "talk.wav.partial"
    while killed.poll() is None and not list(work.glob("turn-*")):
        time.sleep(0.02)
    killed.send_signal(signal.SIGKILL)
    assert killed.wait() == -signal.SIGKILL
    assert 0 < len(list(work.glob("turn-*"))) < len(lines)
    assert not (tmp_path / "talk.wav").exists()
    subprocess.run(command("talk.wav", "--resume"), cwd=ROOT, env=environment, check=True)
    for suffix in (".wav", ".S1.wav", ".S2.wav", ".json"):
        whole, talk = tmp_path / f"whole{suffix}", tmp_path / f"talk{suffix}"
        assert talk.read_bytes() == whole.read_bytes(), suffix
    assert not work.exists()
