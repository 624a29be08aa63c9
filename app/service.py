"""Everything the server needs beside the page, put together."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from starlette.middleware import Middleware
from starlette.routing import BaseRoute

from app.api.metrics import Metrics, metrics_routes
from app.api.middleware import service_middleware
from app.api.routes import openai_routes
from app.backend.job_queue import RunQueue
from app.backend.pipeline_pool import Studio
from app.service_config import ServiceConfig

VERSION = "unreleased"


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """What stands beside the page.

    Attributes:
        queue: for everything that computes, the page's runs, too.
        metrics: of the queue.
        routes: the HTTP API, /metrics and /health.
        middleware: in front of all, the page included.
    """

    queue: RunQueue
    metrics: Metrics
    routes: list[BaseRoute]
    middleware: list[Middleware]


def build_service(studio: Studio, config: ServiceConfig) -> Service:
    """Start the queue and lay the routes; `launch(app_kwargs=...)` takes routes and middleware."""
    queue = RunQueue(config.runs_at_once, config.queue_length)
    metrics = Metrics(queue)
    return Service(
        queue=queue,
        metrics=metrics,
        routes=[
            *metrics_routes(metrics, queue, _facts(studio, config)),
            *openai_routes(studio, queue, config),
        ],
        middleware=service_middleware(config),
    )


def _facts(studio: Studio, config: ServiceConfig) -> Mapping[str, str]:
    conditions = studio.pipeline.conditions()
    return {
        "version": VERSION,
        "model": Path(config.model).name,
        "weights": conditions["weights"][:12],
        "engine": conditions["engine"],
        "device": conditions["device"],
    }
