"""The whole server with tones for speech, for tests that come by the network."""

import contextlib
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from gradio_client import Client

from app.backend.pipeline_pool import PipelinePool
from app.backend.voice_library import VoiceLibrary
from app.server import Server, build_server
from app.settings import ServiceConfig
from tests.app.page.desk import form_values
from tests.app.tone_pipeline import TonePipeline


@dataclass(frozen=True, slots=True, kw_only=True)
class LivePage:
    """A server that runs.

    Attributes:
        url: without a slash at the end.
        folder: for what clients write.
        cache: where the server keeps files.
    """

    url: str
    folder: Path
    cache: Path
    server: Server
    pipeline: TonePipeline

    def client(self, name: str) -> Client:
        """A program with a session of its own."""
        return Client(self.url, verbose=False, download_files=str(self.folder / name))


def speak_page(client: Client, text: str, seed: int = 7) -> Any:
    """What the page's own "Generate" gives a program."""
    text_value, _cast, *others = form_values(text, seed)
    return client.predict(text_value, *others, api_name="/generate")


@contextlib.contextmanager
def live_page(folder: Path, **settings: Any) -> Iterator[LivePage]:
    """Serve on a free port until the end of the block."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    pipeline, cache = TonePipeline(), folder / "cache"
    pool = PipelinePool(pipeline, VoiceLibrary(folder / "voices"), folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRADIO_TEMP_DIR", str(cache))
        patch.setenv("XDG_CACHE_HOME", str(folder / "costs"))
        server = build_server(pool, ServiceConfig(port=port, **settings))
        url = server.launch(prevent_thread_lock=True, quiet=True, inbrowser=False).rstrip("/")
        try:
            yield LivePage(url=url, folder=folder, cache=cache, server=server, pipeline=pipeline)
        finally:
            server.close()
