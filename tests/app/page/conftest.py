"""The page's parts for tests of what they do."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.backend.job_queue import RunQueue
from app.backend.pipeline_pool import PipelinePool
from app.projects.workspace import Workspaces
from tests.app.page.desk import Desk


@pytest.fixture
def desk(pool: PipelinePool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """A page without a server."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "costs"))
    root = tmp_path / "cache"
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(root))
    queue = RunQueue(1, 3)
    try:
        yield Desk(pool, queue, Workspaces(lambda: root, pool.shared.adopt))
    finally:
        queue.close()
