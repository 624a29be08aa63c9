from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.datatypes.script import Script
from pipeline.dialogue import DialoguePipeline
from pipeline.script_editing.edit_turns import add_turn, move_turn, remove_turn, set_gap, set_pace
from pipeline.script_editing.edit_words import respell, set_words
from pipeline.script_editing.write import script_to_text
from pipeline.synthesis.options import SynthesisOptions
from pipeline.text_to_semantic.generate import TextToSemanticOptions

TEXT = "Anna: Come in.\nBen: I am in.\nAnna: Good."

UNTRAINED = SynthesisOptions(text=TextToSemanticOptions(strict=False))

EDITS: dict[str, Callable[[Script], Script]] = {
    "add": lambda script: add_turn(script, 1),
    "add a name": lambda script: add_turn(script, 1, "Carl"),
    "remove": lambda script: remove_turn(script, 0),
    "move": lambda script: move_turn(script, 0, 1),
    "pace and gap": lambda script: set_gap(set_pace(script, 1, 0.9), 1, 0.5),
    "words": lambda script: set_words(script, 1, "Not yet."),
    "respell": lambda script: respell(script, 1, "in", "inn"),
}


@pytest.fixture
def pipeline(tiny_models: Path) -> DialoguePipeline:
    return DialoguePipeline.load(tiny_models, device="cpu", engine="torch")


@pytest.mark.parametrize("edit", EDITS)
def test_an_edit_parses_a_script_once_and_writes_it_once(
    edit: str, pipeline: DialoguePipeline, parses: list[object]
) -> None:
    written = script_to_text(EDITS[edit](pipeline.parse(TEXT)))
    assert parses == [TEXT]
    assert written != TEXT


def test_speaking_parses_a_script_once_and_a_parsed_one_not_at_all(
    pipeline: DialoguePipeline, parses: list[object]
) -> None:
    dialogue = pipeline.synthesize(TEXT, seed=3, options=UNTRAINED)
    assert parses == [TEXT]
    script = pipeline.parse(TEXT)
    parses.clear()
    again = pipeline.synthesize(script, seed=3, options=UNTRAINED)
    spoken = list(pipeline.stream(script, seed=3, options=UNTRAINED))
    gathered = pipeline.gather(script, spoken, seed=3, options=UNTRAINED)
    pipeline.estimate_seconds(script)
    assert pipeline.parse(script) is script
    pipeline.redo_script(gathered, script, UNTRAINED)
    assert parses == []
    assert (dialogue.mix.samples == again.mix.samples).all()
    assert (dialogue.mix.samples == gathered.mix.samples).all()


def test_a_turn_made_anew_parses_no_script(
    pipeline: DialoguePipeline, parses: list[object]
) -> None:
    dialogue = pipeline.synthesize(TEXT, seed=3, options=UNTRAINED)
    parses.clear()
    dialogue.redo(turn=1, text="Not yet.", pace=0.9, options=UNTRAINED)
    assert parses == []
