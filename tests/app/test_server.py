import threading
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.backend.pipeline_pool import PipelinePool
from app.server import serve
from pipeline.errors import CheckpointError
from tests.app.live_page import live_page, speak_page
from tests.app.live_server import LONG_S, wait_until
from tests.app.page.desk import form_values


def test_missing_weights_end_in_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(*given: Any) -> PipelinePool:
        raise CheckpointError("no weights")

    monkeypatch.setattr("app.server.load_pool", refuse)
    assert serve([]) == 1
    assert capsys.readouterr().err == "error: no weights\n"


def test_settings_that_cannot_be_end_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert serve(["--queue-length", "many"]) == 1
    error = capsys.readouterr().err
    assert error.startswith("error: --queue-length must be a whole number")
    assert error.count("\n") == 1


def test_settings_reach_the_weights_the_queue_and_the_page(
    pool: PipelinePool, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[Any] = []
    launched: list[Any] = []

    def load(*values: Any) -> PipelinePool:
        given.extend(values)
        return pool

    monkeypatch.setattr("app.server.load_pool", load)
    monkeypatch.setattr("app.server.Server.launch", lambda self: launched.append(self))
    assert serve(["--model", "x", "--runs-at-once", "3", "--max-script-characters", "50"]) == 0
    model, _, n_pipelines, limits = given
    assert (model, n_pipelines, limits.max_script_characters) == ("x", 3, 50)
    (server,) = launched
    assert server.service.queue.n_workers == 3
    assert not server.service.queue.is_able, "the queue ends with the server"


def test_the_page_the_api_and_the_queue_are_one_server(tmp_path: Path) -> None:
    with live_page(tmp_path, runs_at_once=1, queue_length=0) as page:
        assert "Colloquy" in httpx.get(page.url).text
        assert httpx.get(f"{page.url}/health").json()["status"] == "ok"
        assert httpx.get(f"{page.url}/gradio_api/mcp/").status_code == 404, "not asked for"
        speak_page(page.client("ann"), "Anna: Hello.")
        metrics = httpx.get(f"{page.url}/metrics").text
        assert 'colloquy_runs_total{door="page",outcome="done"} 1' in metrics


def test_cancelling_frees_the_queue(tmp_path: Path) -> None:
    may_end = threading.Event()
    with live_page(tmp_path) as page:

        def hold(stage: str) -> None:
            if stage == "mix":
                may_end.wait(LONG_S)

        page.pipeline.before_stage = hold
        client = page.client("ann")
        text, _cast, *others = form_values()
        job = client.submit(text, *others, api_name="/generate")
        queue = page.server.service.queue
        wait_until(lambda: queue.n_running == 1)
        client.predict(api_name="/cancel")
        (run,) = queue.runs()
        assert run.is_cancelled
        may_end.set()
        wait_until(lambda: queue.runs() == [])
        job.cancel()
