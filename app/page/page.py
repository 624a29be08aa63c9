"""The page: what is laid out, and the actions that make it work."""

import gradio as gr

from app.page.actions.check import ScriptCheck
from app.page.actions.endpoints import Programs
from app.page.actions.generate import Speaking
from app.page.actions.restore import Restoring
from app.page.actions.samples import SampleRuns
from app.page.actions.script import ScriptEvents
from app.page.actions.take_away import TakeAwayEvents
from app.page.actions.turns import TurnEvents
from app.page.actions.undo import GoingBack
from app.page.actions.voices import VoiceEvents
from app.page.backstage import Backstage
from app.page.event_kinds import PRIVATE
from app.page.layout import lay_out
from app.page.project_view import ProjectView
from app.page.theme import PAGE_SCRIPT

CACHE_SECONDS = (3600, 86_400)


def build_demo(backstage: Backstage) -> gr.Blocks:
    """Lay out the page and connect it; `serve` shows it."""
    demo = gr.Blocks(title="Colloquy", analytics_enabled=False, delete_cache=CACHE_SECONDS)
    with demo:
        layout = lay_out(backstage.pool, SampleRuns(backstage).speak)
        view = ProjectView(layout)
        script = ScriptEvents(backstage, layout)
        check = ScriptCheck(backstage, layout)
        speaking = Speaking(backstage, layout, view, script)
        script.connect()
        VoiceEvents(backstage, layout).connect()
        check.connect()
        Restoring(backstage, layout, view).connect(demo, check)
        speaking.connect(TurnEvents(backstage, layout, view, speaking).connect(script))
        GoingBack(backstage, layout, view).connect(script)
        TakeAwayEvents(backstage, layout, view, script).connect()
        Programs(backstage).connect()
        demo.load(None, None, None, js=PAGE_SCRIPT, api_name="name_controls", **PRIVATE)
        demo.unload(speaking.leave)
    return demo
