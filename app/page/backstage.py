"""What works behind the page: pipelines, the queue, visitors' projects."""

import functools
from pathlib import Path

from gradio.utils import get_upload_folder

from app.backend.job_queue import RunQueue
from app.backend.pipeline_pool import PipelinePool
from app.projects.sessions import Visits
from app.projects.workspace import Workspaces

SCRIPTS_KEPT = 64


class Backstage:
    """What all actions of the page work with.

    Args:
        pool: speaks.
        queue: where runs wait.
        workspaces: where visitors' projects are kept.

    Attributes:
        visits: what is known of open pages.
        read_script: as the pipeline reads it; checks, estimate and run of one text read it once.
    """

    def __init__(self, pool: PipelinePool, queue: RunQueue, workspaces: Workspaces) -> None:
        self.pool, self.queue, self.workspaces = pool, queue, workspaces
        self.visits = Visits()
        self.read_script = functools.lru_cache(SCRIPTS_KEPT)(pool.shared.parse)


def build_backstage(pool: PipelinePool, queue: RunQueue, keep_s: tuple[float, float]) -> Backstage:
    """What works behind the page of a pool.

    Args:
        pool: speaks.
        queue: where runs wait.
        keep_s: how long a visitor's work is kept after they left, and when they do nothing.
    """
    adopt = pool.shared.adopt
    return Backstage(pool, queue, Workspaces(lambda: Path(get_upload_folder()), adopt, *keep_s))
