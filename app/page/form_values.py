"""What the page's form means: form values → what the pipeline is asked for; no gradio."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.backend.checks import check_retakes, check_seed
from app.backend.pipeline_pool import PipelinePool
from app.projects.edits import SpeakRequest
from app.projects.project import Project
from app.projects.voice_choices import CLONED, VoiceRow, keep_cast, wanted_voice
from pipeline.datatypes.script import Script


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeakForm:
    """What the form says.

    Attributes:
        text: the script.
        seed: a whole number from 0 to `MAX_SEED`.
        rows: as filled in.
        retakes: a whole number from 0 to `MAX_RETAKES`.
        cast: the name of the speaker whose voice each row is; speakers that no row names get
            theirs from the rows left, in order of appearance.
    """

    text: str
    seed: float | None
    rows: Sequence[VoiceRow]
    retakes: float | None = 0
    cast: Sequence[str] = ()

    def places_of(self, script: Script) -> dict[str, int]:
        """The row, from 0, of each speaker of a script, by the name in it."""
        names = list(script.speakers.values())
        cast = keep_cast(self.cast, names, len(self.rows))
        return {name: cast.index(name) for name in names}


def read_form(
    pool: PipelinePool, form: SpeakForm, script: Script, project: Project | None = None
) -> SpeakRequest:
    """What the form asks for.

    Args:
        pool: knows the voices.
        form: script, seed, retakes and voices.
        script: the form's, as read.
        project: made before; its cloned voices serve where no other recording is given.

    Raises:
        DialogueError: whatever is wrong, in words fit to show.
    """
    seed, retakes = check_seed(form.seed), check_retakes(form.retakes)
    rows = {name: form.rows[place] for name, place in form.places_of(script).items()}
    voices = {
        speaker: wanted_voice(pool, rows[name], name, project)
        for speaker, name in script.speakers.items()
    }
    kept = {name: row.choice for name, row in rows.items()}
    return SpeakRequest(
        text=form.text,
        script=script,
        voices=voices,
        seed=seed,
        retakes=retakes,
        form={"seed": seed, "retakes": retakes, "voices": kept},
    )


def missing_consents(form: SpeakForm, script: Script) -> list[tuple[int, str]]:
    """Rows, from 0, with a speaker of the script whose voice needs a consent that is not given."""
    return [
        (place, name)
        for name, place in form.places_of(script).items()
        if form.rows[place].choice in CLONED and not form.rows[place].consent
    ]


def read_kept_form(form: Mapping[str, Any]) -> dict[str, Any]:
    """What a project's file says of the form, as far as it is of the kinds `read_form` keeps.

    Args:
        form: JSON values, perhaps a stranger's.
    """
    kept: dict[str, Any] = {
        name: form[name] for name in ("seed", "retakes") if type(form.get(name)) is int
    }
    voices = form.get("voices")
    chosen = voices.items() if isinstance(voices, Mapping) else ()
    kept["voices"] = {str(name): choice for name, choice in chosen if isinstance(choice, str)}
    return kept
