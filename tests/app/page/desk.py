"""The page's parts put together without a server, and what a visitor does with them."""

import asyncio
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

import gradio as gr

from app.backend.job_queue import RunQueue
from app.backend.pipeline_pool import PipelinePool
from app.page.actions.check import ScriptCheck
from app.page.actions.generate import Speaking
from app.page.actions.restore import Restoring
from app.page.actions.samples import SampleRuns
from app.page.actions.script import ScriptEvents
from app.page.actions.take_away import TakeAwayEvents
from app.page.actions.turns import TurnEvents
from app.page.actions.undo import GoingBack
from app.page.actions.voices import VoiceEvents
from app.page.backstage import Backstage
from app.page.layout import Layout, lay_out
from app.page.project_view import ProjectView, Updates
from app.projects.project import Project
from app.projects.workspace import Workspaces

SCRIPT = "Anna: Hello.\nBen: Hi.\nAnna: Bye."
WICKED = "<img src=x onerror=alert(1)> **bold** [x](javascript:1) & `c`"
"""Words that must never become markup."""


_layouts: dict[tuple[str, ...], Layout] = {}


def _layout_for(pool: PipelinePool) -> Layout:
    """The components for a pool with these voices and scripts; laying them out takes a while."""
    key = (*pool.voice_names(), *pool.sample_scripts())
    if key not in _layouts:
        with gr.Blocks(analytics_enabled=False):
            _layouts[key] = lay_out(pool, str)
    return _layouts[key]


class Desk:
    """All that a page works with."""

    def __init__(self, pool: PipelinePool, queue: RunQueue, workspaces: Workspaces) -> None:
        self.pool, self.queue, self.workspaces = pool, queue, workspaces
        backstage, layout = Backstage(pool, queue, workspaces), _layout_for(pool)
        self.visits = backstage.visits
        self.saved, self.token, self.number = layout.saved, layout.token, layout.number
        self.form, self.result = layout.form, layout.result
        self.downloads = layout.take_away.downloads
        self.view = ProjectView(layout)
        self.samples = SampleRuns(backstage)
        self.script = ScriptEvents(backstage, layout)
        self.check = ScriptCheck(backstage, layout)
        self.speaking = Speaking(backstage, layout, self.view, self.script)
        self.turns = TurnEvents(backstage, layout, self.view, self.speaking)
        self.going_back = GoingBack(backstage, layout, self.view)
        self.voices = VoiceEvents(backstage, layout)
        self.take_away = TakeAwayEvents(backstage, layout, self.view, self.script)
        self.restoring = Restoring(backstage, layout, self.view)

    def generate(
        self, token: str, name: str = "ann", text: str = SCRIPT, **more: Any
    ) -> AsyncIterator[Updates]:
        """What the button gives."""
        return self.speaking.generate(visitor(name), *form_values(text, **more), token)

    def speak(self, name: str = "ann", text: str = SCRIPT, **more: Any) -> tuple[Project, str]:
        """A project spoken by way of the page, and the token of its workspace."""
        token = self.workspaces.open().token
        shown = collect(self.generate(token, name, text, **more))
        assert shown[-1][self.token] == token
        return self.project(token), token

    def project(self, token: str) -> Project:
        """What the workspace holds."""
        project = self.workspaces.open(token).project
        assert project is not None
        return project

    def status(self, shown: Updates) -> str:
        """What is said beside the buttons."""
        return str(shown.get(self.result.status, ""))


def visitor(name: str) -> Any:
    """A request of a visitor."""
    return SimpleNamespace(session_hash=name)


def form_values(text: str = SCRIPT, seed: Any = 7, retakes: Any = 0, **rows: Any) -> list[Any]:
    """In the order of `Form.inputs`; `rows`: cast, choices, recordings, files, consents."""
    given = {
        "cast": (),
        "choices": ("anna", "ben", "anna", "ben"),
        "recordings": (None,) * 4,
        "files": (None,) * 4,
        "consents": (False,) * 4,
    }
    assert given.keys() >= rows.keys()
    cast, *others = (given | rows).values()
    return [text, list(cast), seed, retakes, *(each for group in others for each in group)]


def collect(updates: AsyncIterator[Updates]) -> list[Updates]:
    """All that a handler gives."""

    async def gather() -> list[Updates]:
        return [each async for each in updates]

    return asyncio.run(gather())
