"""The page's form as a whole: its components in one order, and what a visitor's browser keeps."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from app.page.event_kinds import PRIVATE
from app.page.form_values import SpeakForm, VoiceRow
from app.page.sections.result import RunControls
from app.page.sections.script import ScriptSection
from app.page.sections.voices import VoiceControls
from app.projects.voice_choices import CLONED, MADE_UP
from pipeline.config.limits import MAX_SPEAKERS

STORAGE_KEY = "colloquy"

TEXT_AT, SEED_AT, RETAKES_AT = 0, 2, 3
CONSENTS_AT = RETAKES_AT + 1 + 3 * MAX_SPEAKERS
"""Where values stand among `Form.inputs`."""

KEEP_FORM = """
(saved, text, cast, seed, retakes, ...choices) =>
  [{...saved, text, cast, seed, retakes, choices}]
"""
"""Runs in the browser: what is typed is kept there at once, not by way of the server."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """What a visitor fills in.

    Attributes:
        script: section "Write".
        controls: seed and retakes.
        rows: of voices.
        cast: state that holds the name of the speaker whose each row is.
    """

    cast: gr.State
    script: ScriptSection
    controls: RunControls
    rows: Sequence[VoiceControls]

    @property
    def kept(self) -> list[Any]:
        """What the browser keeps, in the order of `KEEP_FORM`."""
        choices = [row.choice for row in self.rows]
        return [self.script.text, self.cast, self.controls.seed, self.controls.retakes, *choices]

    def filled(self, kept: Mapping[str, Any], voices: Collection[str]) -> dict[Any, Any]:
        """Updates that fill in what was kept.

        Args:
            kept: "text", "seed" and "retakes", where `None` leaves a field as it is, the "cast" and
                the "choices" of its rows.
            voices: names there are; a choice that is not there any more leaves its row as it is.
        """
        controls, script = self.controls, self.script
        fields = {"text": script.text, "seed": controls.seed, "retakes": controls.retakes}
        shown: dict[Any, Any] = {
            field: kept[name] for name, field in fields.items() if kept[name] is not None
        }
        shown[self.cast] = kept["cast"]
        known = {*voices, *CLONED, MADE_UP}
        for row, choice in zip(self.rows, kept["choices"], strict=False):
            if choice in known:
                shown[row.choice] = choice
        return shown

    @property
    def inputs(self) -> list[Any]:
        """All of it, in the order that `read_values` expects."""
        recordings = [row.recording for row in self.rows]
        files = [row.file for row in self.rows]
        return [*self.kept, *recordings, *files, *(row.consent for row in self.rows)]


def read_values(
    text: str, cast: Sequence[str], seed: float | None, retakes: float | None, *rows: Any
) -> SpeakForm:
    """What the values of `Form.inputs` say.

    Args:
        text: the script.
        cast: of each row, whose voice it is.
        seed: as typed.
        retakes: as chosen.
        rows: choices of all rows, then recordings, voice files and ticks of consent.
    """
    n_rows = MAX_SPEAKERS
    choices, recordings, files, consents = (
        rows[first : first + n_rows] for first in range(0, 4 * n_rows, n_rows)
    )
    voice_rows = [
        VoiceRow(choice=choice, recording=recording, voice_file=file, consent=bool(consent))
        for choice, recording, file, consent in zip(
            choices, recordings, files, consents, strict=True
        )
    ]
    return SpeakForm(text=text, seed=seed, rows=voice_rows, retakes=retakes, cast=cast or ())


def read_saved(saved: Any) -> dict[str, Any]:
    """What a browser kept, as far as it is of the kinds expected: anything may come in here."""
    kept = saved if isinstance(saved, dict) else {}
    choices, cast = kept.get("choices"), kept.get("cast")
    fits = isinstance(choices, list) and len(choices) == MAX_SPEAKERS
    return {
        "text": kept["text"] if isinstance(kept.get("text"), str) else None,
        "seed": kept["seed"] if isinstance(kept.get("seed"), int | float) else None,
        "retakes": kept["retakes"] if isinstance(kept.get("retakes"), int | float) else None,
        "choices": [str(each) for each in choices or ()] if fits else [],
        "cast": [str(name) for name in cast] if isinstance(cast, list) else [],
        "token": kept["token"] if isinstance(kept.get("token"), str) else None,
    }


def connect_keeping(form: Form, saved: gr.BrowserState) -> None:
    """Keep in the browser whatever is filled in."""
    gr.on(
        [component.change for component in form.kept if component is not form.cast],
        None,
        [saved, *form.kept],
        saved,
        js=KEEP_FORM,
        api_name="keep_form",
        **PRIVATE,
        trigger_mode="always_last",
    )
