import os
from pathlib import Path

import pytest

from training.config import StageOptions
from training.options import parse_stage_options, set_thread_environment


def test_flags_become_options() -> None:
    argv = ["--size", "tiny", "--data", "in", "--out", "runs/x", "--minutes", "1.5"]
    assert parse_stage_options(argv, "a stage") == StageOptions(
        size="tiny", data=Path("in"), out=Path("runs/x"), minutes=1.5, device="auto"
    )


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["--data", "in", "--out", "x"], "--size"),
        (["--size", "huge", "--data", "in", "--out", "x"], "invalid choice: 'huge'"),
        (["--size", "tiny", "--data", "in"], "--out"),
        (["--size", "tiny", "--data", "in", "--out", "x", "--minutes", "soon"], "--minutes"),
    ],
)
def test_flags_that_cannot_work_end_the_command_with_their_name(
    argv: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as left:
        parse_stage_options(argv, "a stage")
    assert left.value.code == 2
    assert message in capsys.readouterr().err


def test_threads_sleep_at_barriers_unless_the_user_chose(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OMP_WAIT_POLICY", raising=False)
    set_thread_environment()
    assert os.environ["OMP_WAIT_POLICY"] == "passive"
    monkeypatch.setenv("OMP_WAIT_POLICY", "active")
    set_thread_environment()
    assert os.environ["OMP_WAIT_POLICY"] == "active"
