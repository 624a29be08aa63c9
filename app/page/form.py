"""The page's form as a whole: its fields by name, what they say, what a visitor's browser keeps."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from app.page.form_values import SpeakForm
from app.page.sections.result import RunControls
from app.page.sections.script import ScriptSection
from app.page.sections.voices import VoiceControls
from app.projects.voice_choices import CLONED, MADE_UP, VoiceRow
from pipeline.config.limits import MAX_SPEAKERS

_KINDS = {"text": str, "seed": int | float, "retakes": int | float, "token": str}


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
    def fields(self) -> dict[str, Any]:
        """What is filled in once, by the names of `SpeakForm` and of what the browser keeps."""
        return {
            "text": self.script.text,
            "cast": self.cast,
            "seed": self.controls.seed,
            "retakes": self.controls.retakes,
        }

    @property
    def kept(self) -> list[Any]:
        """What the browser keeps."""
        return [*self.fields.values(), *(row.choice for row in self.rows)]

    @property
    def keep_script(self) -> str:
        """Keeps it, in the browser: at once, not by way of the server."""
        names = ", ".join(self.fields)
        return f"(saved, {names}, ...choices) => [{{...saved, {names}, choices}}]"

    @property
    def inputs(self) -> list[Any]:
        """All of it."""
        recordings = [row.recording for row in self.rows]
        files = [row.file for row in self.rows]
        return [*self.kept, *recordings, *files, *(row.consent for row in self.rows)]

    def read(self, values: Sequence[Any]) -> SpeakForm:
        """What the values of `inputs` say."""
        said = dict(zip(self.inputs, values, strict=True))
        rows = [
            VoiceRow(
                choice=said[row.choice],
                recording=said[row.recording],
                voice_file=said[row.file],
                consent=bool(said[row.consent]),
            )
            for row in self.rows
        ]
        return SpeakForm(rows=rows, **{name: said[field] for name, field in self.fields.items()})

    def filled(self, kept: Mapping[str, Any], voices: Collection[str]) -> dict[Any, Any]:
        """Updates that fill in what was kept.

        Args:
            kept: a value for each name of `fields`, where `None` leaves a field as it is, and the
                "choices" of the rows.
            voices: names there are; a choice that is not there any more leaves its row as it is.
        """
        shown: dict[Any, Any] = {
            field: kept[name] for name, field in self.fields.items() if kept[name] is not None
        }
        known = {*voices, *CLONED, MADE_UP}
        for row, choice in zip(self.rows, kept["choices"], strict=False):
            if choice in known:
                shown[row.choice] = choice
        return shown


def read_saved(saved: Any) -> dict[str, Any]:
    """What a browser kept, as far as it is of the kinds expected: anything may come in here."""
    kept = saved if isinstance(saved, dict) else {}
    choices, cast = kept.get("choices"), kept.get("cast")
    fits = isinstance(choices, list) and len(choices) == MAX_SPEAKERS
    return {
        **{
            name: kept[name] if isinstance(kept.get(name), kind) else None
            for name, kind in _KINDS.items()
        },
        "choices": [str(each) for each in choices or ()] if fits else [],
        "cast": [str(name) for name in cast] if isinstance(cast, list) else [],
    }
