import threading
from collections.abc import Iterator

import pytest
from prometheus_client.parser import text_string_to_metric_families
from starlette.applications import Starlette
from starlette.testclient import TestClient

from app.api.metrics import Metrics, metrics_routes
from app.backend.job import Run
from app.backend.job_queue import QueueFullError, RunQueue
from pipeline.errors import CancelledError, ScriptError

LONG_S = 30.0


@pytest.fixture
def queue() -> Iterator[RunQueue]:
    queue = RunQueue(max_waiting=3)
    yield queue
    queue.close()


def _values(metrics: Metrics) -> dict[tuple[str, ...], float]:
    """Name and labels of each sample to its value."""
    families = text_string_to_metric_families(metrics.text().decode())
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in families
        for sample in family.samples
    }


def test_runs_are_counted_by_outcome_and_door(queue: RunQueue) -> None:
    metrics = Metrics(queue)

    def speak(run: Run[None]) -> None:
        run.sound_s = 2.5

    def fail(run: Run[None]) -> None:
        raise ScriptError("no")

    def stop(run: Run[None]) -> None:
        raise CancelledError("no")

    for _ in range(2):
        queue.submit(speak, door="api").result(LONG_S)
    for work in (fail, stop):
        run = queue.submit(work, door="mcp")
        with pytest.raises((ScriptError, CancelledError), match="no"):
            run.result(LONG_S)
    values = _values(metrics)
    assert values["colloquy_runs_total", "api", "done"] == 2
    assert values["colloquy_runs_total", "mcp", "failed"] == 1
    assert values["colloquy_runs_total", "mcp", "cancelled"] == 1
    assert values["colloquy_runs_total", "page", "done"] == 0
    assert values["colloquy_sound_seconds_total",] == 5.0
    assert 0.0 < values["colloquy_computing_seconds_total",] < LONG_S
    assert values["colloquy_wait_seconds_count",] == 4
    assert values["colloquy_real_time_factor_count",] == 2
    assert values["colloquy_real_time_factor_bucket", "0.05"] == 2
    assert values["process_resident_memory_bytes",] > 2**20


def test_what_a_full_queue_refuses_is_counted_by_door() -> None:
    queue, may_end = RunQueue(n_workers=1, max_waiting=0), threading.Event()
    metrics = Metrics(queue)
    run = queue.submit(lambda run: may_end.wait(LONG_S))
    with pytest.raises(QueueFullError, match="waiting"):
        queue.submit(lambda run: None, door="api")
    may_end.set()
    assert run.result(LONG_S)
    assert _values(metrics)["colloquy_refused_total", "api"] == 1
    queue.close()


def test_the_queue_is_shown_as_it_is(queue: RunQueue) -> None:
    metrics, may_end, begun = Metrics(queue), threading.Event(), threading.Event()

    def work(run: Run[bool]) -> bool:
        begun.set()
        return may_end.wait(LONG_S)

    runs = [queue.submit(work) for _ in range(3)]
    assert begun.wait(LONG_S)
    values = _values(metrics)
    assert (values["colloquy_queue_length",], values["colloquy_running",]) == (2, 1)
    may_end.set()
    assert all(run.result(LONG_S) for run in runs)
    values = _values(metrics)
    assert (values["colloquy_queue_length",], values["colloquy_running",]) == (0, 0)


def test_two_servers_count_apart(queue: RunQueue) -> None:
    other = RunQueue()
    first, second = Metrics(queue), Metrics(other)
    queue.submit(lambda run: None).result(LONG_S)
    other.close()
    assert _values(first)["colloquy_runs_total", "page", "done"] == 1
    assert _values(second)["colloquy_runs_total", "page", "done"] == 0


def test_both_are_served_and_health_tells_when_nothing_can_be_done(queue: RunQueue) -> None:
    facts = {"model": "small", "version": "1"}
    client = TestClient(Starlette(routes=metrics_routes(Metrics(queue), queue, facts)))
    shown = client.get("/metrics")
    assert shown.headers["content-type"].startswith("text/plain; version=")
    assert "colloquy_queue_length 0.0" in shown.text
    health = client.get("/health")
    counts = {"waiting": 0, "running": 0, "max_waiting": 3}
    assert health.json() == {"status": "ok", **facts, "queue": counts}
    assert health.status_code == 200
    queue.close()
    health = client.get("/health")
    assert (health.status_code, health.json()["status"]) == (503, "unable")
