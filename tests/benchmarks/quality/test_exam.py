from pathlib import Path

import pytest

from benchmarks.quality.exam import DRIFT, ROWS, Exam, fingerprint, summarise
from benchmarks.quality.judges import Scores
from benchmarks.quality.samples import Take, dialogues_spoken, human_recordings, sentences_spoken
from benchmarks.quality.timing import GAPS_S, gap_takes
from pipeline.dialogue import DialoguePipeline
from pipeline.synthesis.options import SynthesisOptions
from pipeline.text_to_semantic.generate import TextToSemanticOptions
from tests.benchmarks.recordings import write_manifest


@pytest.fixture(scope="module")
def pipeline(tiny_models: Path) -> DialoguePipeline:
    """An untrained pipeline that does not mind its own babble."""
    made = DialoguePipeline.load(tiny_models)
    relaxed = SynthesisOptions(text=TextToSemanticOptions(strict=False))
    speak = made.synthesize

    def synthesize(*args: object, **kwargs: object) -> object:
        return speak(*args, options=relaxed, **kwargs)  # type: ignore[arg-type]

    made.synthesize = synthesize  # type: ignore[assignment,method-assign]
    return made


def test_figures_that_do_not_apply_are_left_out_of_a_row() -> None:
    words = Scores(n_words=4, word_errors=1, n_characters=9, character_errors=1, skipped=0.0)
    voice_only = Scores(own=0.8)
    found = summarise("sentences", [words, voice_only])
    assert found["word error"].value == pytest.approx(0.25)
    assert found["word error"].n == 1
    assert found["own voice"].value == pytest.approx(0.8)
    assert "STOI" not in found
    assert DRIFT not in found


def test_drift_is_what_similarity_loses_in_a_minute() -> None:
    steady = [Scores(own=0.8, start_s=10.0 * k) for k in range(12)]
    fading = [Scores(own=0.9 - 0.02 * k, start_s=10.0 * k) for k in range(12)]
    assert summarise("five_minutes", steady)[DRIFT].value == pytest.approx(0.0, abs=1e-9)
    assert summarise("five_minutes", fading)[DRIFT].value == pytest.approx(0.12)


def test_other_weights_have_another_fingerprint(
    pipeline: DialoguePipeline, tiny_models: Path, tmp_path: Path
) -> None:
    assert fingerprint(pipeline) == fingerprint(DialoguePipeline.load(tiny_models))
    copy = tmp_path / "models"
    for path in tiny_models.rglob("*"):
        if path.is_file():
            target = copy / path.relative_to(tiny_models)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(path.read_bytes())
    config = copy / "codec" / "config.json"
    config.write_text(config.read_text() + "\n")
    assert fingerprint(DialoguePipeline.load(copy)) != fingerprint(pipeline)


def test_every_turn_is_a_take_in_its_own_voice(pipeline: DialoguePipeline) -> None:
    turns = (("S1", "Is it?"), ("S2", "Yes, it is."), ("S1", "Wait."))
    takes = list(dialogues_spoken(pipeline, [turns], seed=1))
    assert [take.text for take in takes] == [text for _, text in turns]
    assert [take.start_s for take in takes] == sorted(take.start_s for take in takes)
    first, second, third = (take.prompt for take in takes)
    assert first is not None
    assert second is not None
    assert first is third
    assert first is not second
    assert takes[0].rivals[0] is second
    assert all(take.wall_s > 0 for take in takes)


def test_sentences_go_through_all_voices(pipeline: DialoguePipeline) -> None:
    takes: list[Take] = list(sentences_spoken(pipeline, ["One.", "Two.", "Three."], seed=1))
    prompts = [id(take.prompt) for take in takes]
    assert prompts[0] == prompts[2] != prompts[1]


def test_gaps_are_heard_about_where_they_were_asked_for(pipeline: DialoguePipeline) -> None:
    turns = ["The quick fox.", "Yes, it is.", "Wait.", "She said it."]
    found = list(gap_takes(pipeline, turns, seed=1))
    assert len(found) == len(turns) - 1 <= len(GAPS_S)
    assert all(0 <= take.error_ms < 300 for take in found)


def test_people_that_a_training_heard_are_no_held_out_people(tmp_path: Path) -> None:
    amy = [("amy", "dev", text) for text in ("one", "two", "three")]
    bob = [("bob", "dev", "four"), ("bob", "train", "five")]
    write_manifest(tmp_path, [*amy, *bob, ("eve", "dev", ""), ("kim", "dev", "short")], {6: 4.5})
    found = human_recordings(tmp_path)
    assert {recording.speaker for recording in found} == {"amy", "eve"}
    of_amy = [recording for recording in found if recording.speaker == "amy"]
    assert len(of_amy) == 2
    assert all(recording.prompt is not recording.speech for recording in of_amy)
    (eve,) = (recording for recording in found if recording.speaker == "eve")
    assert eve.text == ""


def test_rows_of_people_need_data(pipeline: DialoguePipeline) -> None:
    _, takes = ROWS["people"]
    with pytest.raises(AssertionError, match="only where there is data"):
        list(takes(Exam(pipeline=pipeline, data=None, seed=0)))
