from pathlib import Path

import pytest

from app.backend.pipeline_pool import PipelinePool
from app.page.form_values import SpeakForm, read_form
from app.projects.voice_choices import OWN_RECORDING, VoiceRow
from pipeline.errors import DialogueError
from tests.app.conftest import BAD_RECORDINGS

SCRIPT = "Anna: Hello.\nBen: Hi.\nAnna: Bye."
ROWS = [VoiceRow(choice=name) for name in ("anna", "ben", "anna", "ben")]


def test_voices_follow_names_not_places(pool: PipelinePool) -> None:
    form = SpeakForm(text=SCRIPT, seed=5, rows=ROWS, cast=["Ben", "Anna"], retakes=2.0)
    order = read_form(pool, form, pool.shared.parse(SCRIPT))
    assert order.voices == {"S1": "ben", "S2": "anna"}
    assert (order.seed, order.retakes) == (5, 2)
    assert order.form == {"seed": 5, "retakes": 2, "voices": {"Anna": "ben", "Ben": "anna"}}


@pytest.mark.parametrize(("kind", "words"), BAD_RECORDINGS.items())
def test_a_bad_recording_is_refused(
    kind: str, words: str, pool: PipelinePool, recordings: dict[str, Path]
) -> None:
    row = VoiceRow(choice=OWN_RECORDING, recording=str(recordings[kind]), consent=True)
    form = SpeakForm(text=SCRIPT, seed=0, rows=[row, *ROWS[1:]])
    order = read_form(pool, form, pool.shared.parse(SCRIPT))
    words = "there is no voice" if kind == "missing" else words
    with pytest.raises(DialogueError, match=words), pool.borrow() as pipeline:
        pipeline.synthesize(order.text, order.voices, order.seed)
