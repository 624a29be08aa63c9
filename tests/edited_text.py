"""Edits of scripts, tried on their text: read once, edited, written once."""

from collections.abc import Callable
from typing import Any

from pipeline.config.limits import LimitsConfig
from pipeline.datatypes.script import Script
from pipeline.script_editing.write import script_to_text
from pipeline.script_to_turns.parse import script_to_turns


def on_text(edit: Callable[..., Script]) -> Callable[..., str]:
    """The edit, from text to text."""

    def edit_text(text: str, *values: Any) -> str:
        limits = next((v for v in values if isinstance(v, LimitsConfig)), LimitsConfig())
        return script_to_text(edit(script_to_turns(text, limits), *values), limits)

    return edit_text
