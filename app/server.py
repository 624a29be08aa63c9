"""The server: the page, the HTTP API, MCP if asked for; from settings to a running process."""

import logging
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr
from starlette.middleware import Middleware
from starlette.routing import BaseRoute

from app.api.metrics import Metrics, metrics_routes
from app.api.middleware import service_middleware
from app.api.routes import openai_routes
from app.backend.job_queue import RunQueue
from app.backend.pipeline_pool import PipelinePool, load_pool
from app.environment import has_desktop
from app.page.actions.endpoints import offer_programs_only
from app.page.backstage import build_backstage
from app.page.page import build_demo
from app.page.theme import CSS, HEAD, build_theme
from app.settings import ServiceConfig, service_config_from
from pipeline.config.limits import LimitsConfig
from pipeline.errors import DialogueError

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


def build_service(pool: PipelinePool, config: ServiceConfig) -> Service:
    """Start the queue and lay the routes; `launch(app_kwargs=...)` takes routes and middleware."""
    queue = RunQueue(config.runs_at_once, config.queue_length)
    metrics = Metrics(queue)
    return Service(
        queue=queue,
        metrics=metrics,
        routes=[
            *metrics_routes(metrics, queue, _facts(pool, config)),
            *openai_routes(pool, queue, config),
        ],
        middleware=service_middleware(config),
    )


def _facts(pool: PipelinePool, config: ServiceConfig) -> Mapping[str, str]:
    conditions = pool.shared.conditions()
    return {
        "version": VERSION,
        "model": Path(config.model).name,
        "weights": conditions["weights"][:12],
        "engine": conditions["engine"],
        "device": conditions["device"],
    }


GRADIO_THREADS = 64
"""For short work such as checks of scripts; runs wait without a thread."""

SESSIONS_KEPT = 500
"""Each visit takes about a quarter of a megabyte until an hour after it ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A page that can be launched.

    Attributes:
        demo: the page.
        service: the queue, and what stands beside the page.
        config: settings.
    """

    demo: gr.Blocks
    service: Service
    config: ServiceConfig

    def launch(self, **settings: Any) -> str:
        """Show the page.

        Args:
            settings: of gradio's `launch`, in place of ours.

        Returns:
            Its address, once the server runs, or has stopped if the call blocks.
        """
        config = self.config
        usual: dict[str, Any] = {
            "server_name": config.host,
            "server_port": config.port,
            "root_path": config.root_path or None,
            "inbrowser": has_desktop(),
            "theme": build_theme(),
            "css": CSS,
            "head": HEAD,
            "max_file_size": f"{config.max_upload_mb}mb",
            "max_threads": GRADIO_THREADS,
            "state_session_capacity": SESSIONS_KEPT,
            "mcp_server": config.mcp,
            "footer_links": ["api", "settings"],
            "ssr_mode": False,
            "app_kwargs": {
                "routes": self.service.routes,
                "middleware": self.service.middleware,
            },
        }
        self.demo.queue(default_concurrency_limit=None)
        _, address, _ = self.demo.launch(**{**usual, **settings})
        return str(address)

    def close(self) -> None:
        """Stop, and cancel whatever runs."""
        self.service.queue.close()
        self.demo.close()


def build_server(pool: PipelinePool, config: ServiceConfig) -> Server:
    """Put page and service together.

    Args:
        pool: speaks.
        config: settings.
    """
    service = build_service(pool, config)
    keep_s = (config.keep_after_leaving_s, config.keep_results_s)
    demo = build_demo(build_backstage(pool, service.queue, keep_s))
    if config.mcp:
        offer_programs_only(demo)
    return Server(demo=demo, service=service, config=config)


def serve(arguments: Sequence[str] | None = None) -> int:
    """Load the weights and show the page until stopped.

    Args:
        arguments: flags; `None`: those the process was started with.

    Returns:
        Exit code: 0, or 1 when settings or weights cannot work.
    """
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    try:
        config = service_config_from(os.environ, sys.argv[1:] if arguments is None else arguments)
        limits = LimitsConfig(
            max_script_characters=config.max_script_characters,
            max_recording_s=config.max_recording_s,
        )
        pool = load_pool(config.model, config.device, config.runs_at_once, limits)
        server = build_server(pool, config)
    except DialogueError as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    try:
        server.launch()
    finally:
        server.service.queue.close()
    return 0
