"""A spoken dialogue as a visitor works on it."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from pipeline.datatypes.dialogue import Dialogue
from pipeline.datatypes.take import Take


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """A spoken dialogue as a visitor works on it.

    Attributes:
        number: another one for every version, unguessable: what a page shows can be told from what
            another tab has made of it since.
        text: the script it was made of, as typed.
        dialogue: as it is heard.
        takes: of each turn that has several, all of them, the oldest first.
        form: what the page's form said, as JSON values.
    """

    number: str = field(default_factory=lambda: secrets.token_hex(8))
    text: str
    dialogue: Dialogue
    takes: Mapping[int, tuple[Take, ...]] = field(default_factory=dict)
    form: Mapping[str, Any] = field(default_factory=dict)

    def changed(self, **changes: Any) -> "Project":
        """Another version of it, with a number of its own."""
        return replace(self, number=secrets.token_hex(8), **changes)
