"""Numbers for whoever runs the server: Prometheus text at /metrics, a short answer at /health."""

from collections.abc import Callable, Mapping
from typing import Any

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    generate_latest,
)
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from app.backend.job import Run
from app.backend.job_queue import RunQueue

_WAIT_S = (0.1, 0.5, 1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600)
_FACTORS = (0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10)


class Metrics:
    """Counts what a queue's runs do, in a registry of its own.

    Args:
        queue: watched from now on.
    """

    def __init__(self, queue: RunQueue) -> None:
        self.registry = CollectorRegistry()
        registry = self.registry
        self._runs = Counter(
            "colloquy_runs", "Runs that are over.", ["outcome", "door"], registry=registry
        )
        self._refused = Counter(
            "colloquy_refused", "Runs refused as the queue was full.", ["door"], registry=registry
        )
        self._sound = Counter("colloquy_sound_seconds", "Sound made.", registry=registry)
        self._computing = Counter("colloquy_computing_seconds", "Time computed.", registry=registry)
        self._wait = Histogram(
            "colloquy_wait_seconds", "Time until a run began.", buckets=_WAIT_S, registry=registry
        )
        self._factor = Histogram(
            "colloquy_real_time_factor",
            "Time computed over sound made, of each finished run; below 1 is faster than speech.",
            buckets=_FACTORS,
            registry=registry,
        )
        _watched("colloquy_queue_length", "Runs that wait.", lambda: queue.n_waiting, registry)
        _watched("colloquy_running", "Runs that compute.", lambda: queue.n_running, registry)
        ProcessCollector(registry=registry)
        for outcome in ("done", "failed", "cancelled"):
            self._runs.labels(outcome, "page")  # shown from the start, as 0
        queue.on_finished(self._count)
        queue.on_refused(self._count_refused)

    def text(self) -> bytes:
        """All numbers, in the text format of Prometheus."""
        return generate_latest(self.registry)

    def _count_refused(self, door: str) -> None:
        self._refused.labels(door).inc()

    def _count(self, run: Run[Any]) -> None:
        self._runs.labels(run.outcome or "failed", run.door).inc()
        self._wait.observe(run.waited_s)
        self._computing.inc(run.spent_s)
        self._sound.inc(run.sound_s)
        if run.outcome == "done" and run.sound_s > 0:
            self._factor.observe(run.spent_s / run.sound_s)


def metrics_routes(metrics: Metrics, queue: RunQueue, facts: Mapping[str, str]) -> list[BaseRoute]:
    """`GET /metrics` and `GET /health`.

    Args:
        metrics: shown at the one.
        queue: its length is shown at the other, which is 200 only if it would compute a run.
        facts: what is shown beside: model, engine, device, version.
    """

    async def show_metrics(request: Request) -> Response:
        return Response(metrics.text(), headers={"Content-Type": CONTENT_TYPE_LATEST})

    async def show_health(request: Request) -> JSONResponse:
        is_fine = queue.is_able
        counts = {
            "waiting": queue.n_waiting,
            "running": queue.n_running,
            "max_waiting": queue.max_waiting,
        }
        content = {"status": "ok" if is_fine else "unable", **facts, "queue": counts}
        return JSONResponse(content, 200 if is_fine else 503, headers={"Cache-Control": "no-store"})

    return [
        Route("/metrics", show_metrics, methods=["GET"]),
        Route("/health", show_health, methods=["GET"]),
    ]


def _watched(name: str, text: str, value: Callable[[], float], registry: CollectorRegistry) -> None:
    Gauge(name, text, registry=registry).set_function(value)
