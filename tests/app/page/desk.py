"""The page's parts put together without a server, and what a visitor does with them."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import gradio as gr

from app.backend.job_queue import RunQueue
from app.backend.pipeline_pool import PipelinePool
from app.page.actions.generate import Speaking
from app.page.actions.restore import Restoring
from app.page.actions.samples import SampleRuns
from app.page.actions.script import ScriptEvents
from app.page.actions.take_away import TakeAwayEvents
from app.page.actions.turns import TurnEvents
from app.page.actions.undo import GoingBack
from app.page.actions.voices import VoiceEvents
from app.page.form import Form
from app.page.project_view import ProjectView, Updates
from app.page.sections.result import ResultSection, build_result_section
from app.page.sections.script import build_script_section
from app.page.sections.take_away import TakeAwaySection, build_take_away_section
from app.page.sections.voices import build_voice_section
from app.projects.project import Project
from app.projects.sessions import Visits
from app.projects.workspace import Workspaces

SCRIPT = "Anna: Hello.\nBen: Hi.\nAnna: Bye."
WICKED = "<img src=x onerror=alert(1)> **bold** [x](javascript:1) & `c`"
"""Words that must never become markup."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Components, which are told apart by what they are, and hold nothing of a visitor."""

    saved: gr.BrowserState
    token: gr.State
    number: gr.State
    form: Form
    result: ResultSection
    take_away: TakeAwaySection


_layouts: dict[tuple[str, ...], Layout] = {}


def _layout_for(pool: PipelinePool) -> Layout:
    """The components for a pool with these voices and scripts; laying them out takes a while."""
    key = (*pool.voice_names(), *pool.sample_scripts())
    if key not in _layouts:
        with gr.Blocks(analytics_enabled=False):
            result = build_result_section()
            _layouts[key] = Layout(
                saved=gr.BrowserState({}),
                token=gr.State(""),
                number=gr.State(""),
                form=Form(
                    script=build_script_section(pool, str),
                    controls=result.controls,
                    rows=build_voice_section(pool),
                    cast=gr.State([]),
                ),
                result=result,
                take_away=build_take_away_section(),
            )
    return _layouts[key]


class Desk:
    """All that a page works with."""

    def __init__(self, pool: PipelinePool, queue: RunQueue, workspaces: Workspaces) -> None:
        self.pool, self.queue, self.workspaces = pool, queue, workspaces
        self.visits = Visits()
        self.samples = SampleRuns(pool, queue, workspaces)
        layout = _layout_for(pool)
        self.saved, self.token, self.number = layout.saved, layout.token, layout.number
        self.form, self.result = layout.form, layout.result
        self.take_away_section = layout.take_away
        script = self.form.script
        self.downloads = self.take_away_section.downloads
        self.view = ProjectView(self.result, self.downloads, self.token, self.number)
        self.speaking = Speaking(
            pool, queue, workspaces, self.visits, self.result, self.view, script.text
        )
        self.turns = TurnEvents(workspaces, self.speaking, self.view, script.text)
        self.going_back = GoingBack(workspaces, self.view, script.text)
        self.script = ScriptEvents(pool, queue)
        self.voices = VoiceEvents(pool, workspaces)
        self.take_away = TakeAwayEvents(
            pool, workspaces, self.visits, self.script, self.view, self.form
        )
        self.restoring = Restoring(
            pool, workspaces, self.visits, self.form, self.view, self.saved, self.result.status
        )

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
