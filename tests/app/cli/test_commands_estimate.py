from pathlib import Path

import pytest

from app.backend.pipeline_pool import PipelinePool
from app.cli import commands


@pytest.fixture(autouse=True)
def _no_weights(pool: PipelinePool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("app.backend.pipeline_pool.load_pool", lambda model, device: pool)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def script(tmp_path: Path) -> Path:
    path = tmp_path / "script.txt"
    path.write_text("Anna: Hello there.\nBen: Hi, Anna.\n", encoding="utf-8")
    return path


def test_an_estimate_measures_once_and_is_kept(
    script: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert commands.main(["estimate", str(script)]) == 0
    printed = capsys.readouterr()
    assert "measuring this machine" in printed.err
    told = dict(line.split(maxsplit=1) for line in printed.out.splitlines())
    assert list(told) == ["turns", "characters", "sound", "computing", "memory", "measured"]
    assert told["turns"] == "2"
    assert told["characters"] == str(len("Hello there.Hi, Anna."))
    assert commands.main(["estimate", str(script)]) == 0
    assert "measuring" not in capsys.readouterr().err
    assert commands.main(["estimate", str(script), "--measure"]) == 0
    assert "measuring" in capsys.readouterr().err


def test_an_estimate_tells_what_is_wrong_with_a_script(
    script: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    script.write_text("[S1] Hello.\n[S2] 你好", encoding="utf-8")
    assert commands.main(["estimate", str(script)]) == 1
    assert "line 2" in capsys.readouterr().err
