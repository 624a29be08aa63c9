import re
from dataclasses import replace

import pytest

from app.backend.pipeline_pool import PipelinePool
from app.page.sections.turn_table import (
    TABLE_TEMPLATE,
    build_table,
    no_rows,
    spoken_rows,
    table_rows,
)
from app.projects.edits import redo_turn, set_lock
from app.projects.project import Project
from pipeline.datatypes.dialogue import Dialogue
from pipeline.datatypes.redo import Redo
from pipeline.datatypes.voice import VoiceCheck
from tests.app.page.desk import SCRIPT, WICKED
from tests.app.tone_pipeline import TonePipeline


@pytest.fixture
def project(pipeline: TonePipeline) -> Project:
    return Project(text=SCRIPT, dialogue=pipeline.synthesize(SCRIPT, seed=3))


def test_a_row_tells_all_of_a_turn(pool: PipelinePool, project: Project) -> None:
    redone = redo_turn(pool, project, Redo(turn=1), lambda *_: None)
    rows = table_rows(set_lock(redone, 0, True), {"S1": "Anna", "S2": "Ben"}, selected=2)["rows"]
    assert [row["number"] for row in rows] == [1, 2, 3]
    assert [row["speaker"] for row in rows] == ["Anna", "Ben", "Anna"]
    assert [row["slot"] for row in rows] == ["s1", "s2", "s1"]
    assert [row["takes"] for row in rows] == ["", "2 of 2", ""]
    assert [row["locked"] for row in rows] == [True, False, False]
    assert [row["selected"] for row in rows] == [False, False, True]
    assert [row["seed"] for row in rows] == [str(seed) for seed in redone.dialogue.turn_seeds]
    assert rows[1]["time"] == "0:00.8 – 0:01.2"


def test_words_are_values_and_only_the_template_makes_markup(pipeline: TonePipeline) -> None:
    dialogue = pipeline.synthesize(f"Anna: {WICKED.replace('|', '')}")
    (row,) = table_rows(Project(text="", dialogue=dialogue), {"S1": WICKED})["rows"]
    assert row["text"] == dialogue.captions[0].text
    assert "<img" in row["text"]
    assert row["speaker"] == WICKED
    (spoken,) = spoken_rows([("S1", WICKED, WICKED, 0.0, 1.0)])["rows"]
    assert (spoken["speaker"], spoken["text"]) == (WICKED, WICKED)


def test_the_template_escapes_whatever_it_shows() -> None:
    assert "{{{" not in TABLE_TEMPLATE
    assert "{{&" not in TABLE_TEMPLATE
    shown = set(re.findall(r"{{([a-z_]+)}}", TABLE_TEMPLATE))
    assert {"text", "speaker", "check", "check_title", "takes"} <= shown
    unquoted = re.findall(r"=[^\"'>\s]*{{(?![#/])", TABLE_TEMPLATE)
    assert unquoted == [], "values in attributes stand in quotes"


def test_the_template_shows_nothing_that_rows_do_not_have(project: Project) -> None:
    (row, *_) = table_rows(project, {})["rows"]
    shown = set(re.findall(r"{{(?:#if )?([a-z_]+)}}", TABLE_TEMPLATE)) - {"else"}
    assert shown <= row.keys()


def _checked(dialogue: Dialogue, *checks: VoiceCheck | None) -> Dialogue:
    pairs = zip(dialogue.takes, checks, strict=True)
    return replace(dialogue, takes=tuple(replace(take, check=check) for take, check in pairs))


def test_a_check_is_told_in_words(project: Project) -> None:
    checks = (
        VoiceCheck(turn=0, similarity=0.9, nearest="S1", nearest_similarity=0.9),
        VoiceCheck(turn=1, similarity=0.2, nearest="S1", nearest_similarity=0.8, flagged=True),
        VoiceCheck(turn=2, similarity=0.1, nearest="S1", nearest_similarity=0.1, flagged=True),
    )
    checked = project.changed(dialogue=_checked(project.dialogue, *checks))
    rows = table_rows(checked, {"S1": "Anna", "S2": "Ben"})["rows"]
    assert [row["check"] for row in rows] == [
        "✓ like its prompt",
        "⚠ nearer to Anna",
        "⚠ unlike its prompt",
    ]
    assert [row["flagged"] for row in rows] == [False, True, True]
    assert "0.20" in rows[1]["check_title"]
    unjudged = project.changed(dialogue=_checked(project.dialogue, VoiceCheck(turn=0), None, None))
    assert [row["check"] for row in table_rows(unjudged, {})["rows"]] == ["–"] * 3


def test_nothing_can_be_done_to_a_turn_that_is_still_being_made(project: Project) -> None:
    (row,) = spoken_rows([("S2", "Ben", "Hi.", 1.0, 2.0)])["rows"]
    assert not row.get("made")
    assert row["slot"] == "s2"
    assert all(row["made"] for row in table_rows(project, {})["rows"])
    shown = _shown_to("data-(?:turn|action)", TABLE_TEMPLATE)
    assert len(shown) == 6
    assert all({"if made", "if takes"} & {*blocks} for blocks in shown)  # unmade: no takes


def _shown_to(mark: str, template: str) -> list[list[str]]:
    """Of each place where a mark stands in a template, the blocks around it."""
    around: list[str] = []
    found = []
    for token in re.finditer(rf"{{{{([#/]?\w+[^}}]*)}}}}|{mark}", template):
        word = token[1]
        if word is None:
            found.append(list(around))
        elif word.startswith("#"):
            around.append(word[1:])
        elif word.startswith("/"):
            around.pop()
        elif word == "else":
            around.append(f"not {around.pop()}")
    return found


def test_the_table_is_empty_at_first() -> None:
    assert no_rows() == {"rows": []}
    assert build_table().value == no_rows()
