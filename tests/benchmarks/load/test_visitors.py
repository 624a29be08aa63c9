"""A crowd at a real page that speaks tones, and what is made of its figures."""

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.responses import Response

from app.backend.pipeline_pool import PipelinePool
from app.backend.voice_library import VoiceLibrary
from app.server import build_server
from app.settings import ServiceConfig
from benchmarks.load.crowd import CrowdConfig, CrowdError, Visit, resident_mb, script_of
from benchmarks.load.visitors import latency_row, measure, memory_row, running_server, visits_row
from pipeline.errors import ConfigError
from tests.app.live_server import serve
from tests.app.tone_pipeline import TonePipeline

PATIENCE_S = 120.0


@pytest.fixture
def url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "files"))
    pipeline = TonePipeline()
    pipeline.before_turn = lambda index: time.sleep(0.8)
    pool = PipelinePool(pipeline, VoiceLibrary(tmp_path / "voices"))
    server = build_server(pool, ServiceConfig(queue_length=4))
    address = server.launch(prevent_thread_lock=True, quiet=True, inbrowser=False)
    yield address.rstrip("/")
    server.close()


def _visit(number: int, begun_s: float, **more: Any) -> Visit:
    words = tuple(line[5:] for line in script_of(number).splitlines())
    usual = {"texts": words, "files": (f"{number}.wav",), "sound_bytes": 44}
    times = {"joined_s": float(number), "begun_s": begun_s, "ended_s": begun_s + 1}
    return Visit(**{"number": number, **times, **usual, **more})


def test_everybody_is_served_in_order_with_their_own_words_and_one_too_many_is_told(
    url: str,
) -> None:
    rows, refused = measure(url, os.getpid(), CrowdConfig(n_visitors=3, limit_s=PATIENCE_S))
    figures = {row.name: row.values for row in rows}
    visitors_row = figures["visitors"]
    assert visitors_row["refused"] == len(refused) == 1
    assert visitors_row["served"] == visitors_row["own_words"] == visitors_row["came"] - 1 >= 3
    assert visitors_row["begun_in_order"] == visitors_row["ended_in_order"] == 1
    assert visitors_row["files_of_two"] == 0
    assert "waiting" in refused[0].told
    for name in ("page", "health", "check_script"):
        assert figures[name]["answers"] >= 1
        assert 0 < figures[name]["p50_s"] <= figures[name]["max_s"]
    assert figures["memory"]["peak_mb"] >= figures["memory"]["before_mb"] > 10


def test_a_crowd_that_takes_too_long_is_given_up(url: str) -> None:
    with pytest.raises(TimeoutError):
        measure(url, os.getpid(), CrowdConfig(n_visitors=3, limit_s=0.05))


def test_a_server_that_is_no_page_of_ours_is_named(tmp_path: Path) -> None:
    async def nothing(scope: Any, receive: Any, send: Any) -> None:
        await Response("nothing", 404)(scope, receive, send)

    with serve(nothing) as address, pytest.raises(CrowdError, match="/config answered 404"):
        measure(address, os.getpid(), CrowdConfig(n_visitors=1, limit_s=PATIENCE_S))


def test_what_went_wrong_shows_in_the_figures() -> None:
    mixed = [_visit(1, 5.0), _visit(2, 3.0, files=("1.wav",)), _visit(3, 7.0, texts=("Hello.",))]
    values = visits_row([*mixed, _visit(4, 8.0, told="full")], 9.0).values
    assert (values["came"], values["served"], values["refused"]) == (4, 3, 1)
    assert (values["begun_in_order"], values["ended_in_order"]) == (0, 0)
    assert (values["own_words"], values["files_of_two"]) == (2, 1)


def test_answers_and_memory_are_summed_up() -> None:
    spent = latency_row("page", [0.1] * 94 + [2.0] * 5 + [3.0]).values
    assert (spent["p50_s"], spent["p95_s"], spent["max_s"]) == (0.1, 2.0, 3.0)
    assert latency_row("page", []).values == {"answers": 0}
    memory = memory_row([float(number) for number in range(100)]).values
    assert (memory["before_mb"], memory["peak_mb"], memory["growth_mb"]) == (0, 99, 40)


def test_the_memory_of_a_process_that_is_none_is_not_made_up() -> None:
    with pytest.raises(CrowdError, match="process -1 cannot be read"):
        resident_mb(-1)


def test_a_server_that_does_not_start_says_why(tmp_path: Path) -> None:
    with (
        pytest.raises(ConfigError, match="did not start"),
        running_server(str(tmp_path / "none"), 1, tmp_path),
    ):
        pass
