"""An edited script spoken anew: kept turns keep every sample."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pipeline.datatypes.dialogue import Dialogue
from pipeline.datatypes.voice import VoiceCheck
from pipeline.dialogue import DialoguePipeline
from pipeline.errors import ConfigError
from pipeline.synthesis.options import SynthesisOptions
from pipeline.text_to_semantic.decoding import SamplingOptions
from pipeline.text_to_semantic.generate import TextToSemanticOptions

OPTIONS = SynthesisOptions(
    text=TextToSemanticOptions(strict=False, sampling=SamplingOptions(n_candidates=1))
)
LINES = [
    "Anna: Hello there, my friend.",
    "Ben: Hi. {pause 0.4} How are you?",
    "Anna: Fine.",
    "Ben: And who is it out there in the rain?",
    "Anna: Nobody at all.",
    "Ben: I see.",
]
VOICES = {"Anna": "anna", "Ben": "ben"}


@pytest.fixture(scope="module")
def pipeline(tiny_models: Path) -> DialoguePipeline:
    return DialoguePipeline.load(tiny_models, device="cpu")


@pytest.fixture(scope="module")
def spoken(pipeline: DialoguePipeline) -> Dialogue:
    return pipeline.synthesize("\n".join(LINES), VOICES, 5, OPTIONS)


def assert_kept(before: Dialogue, after: Dialogue, sources: dict[int, int]) -> None:
    """Turns of `after` that are, sample for sample, turns of `before`, and no others are."""
    for place, source in sources.items():
        assert after.cuts[place] is before.cuts[source]
        assert after.turn_seeds[place] == before.turn_seeds[source]
    for place in set(range(len(after.turns))) - set(sources):
        for cut in before.cuts:
            assert not np.array_equal(after.sounds[place].samples, cut.sound.samples)


def test_editing_turn_five_changes_no_turn_before_it(
    pipeline: DialoguePipeline, spoken: Dialogue
) -> None:
    lines = [*LINES[:4], "Anna: Somebody, after all.", LINES[5]]
    edited = pipeline.redo_script(spoken, "\n".join(lines))
    assert_kept(spoken, edited, {0: 0, 1: 1, 2: 2, 3: 3})
    assert edited.starts[:4] == spoken.starts[:4]
    assert edited.captions[:4] == spoken.captions[:4]
    assert "kept as they were: turns 1-4; spoken anew: turns 5-6" in map(str, edited.notes)


def test_only_the_edited_turn_is_spoken_where_the_context_does_not_count(
    pipeline: DialoguePipeline, spoken: Dialogue
) -> None:
    lines = [*LINES[:2], "Anna: Fine, thank you.", *LINES[3:]]
    edited = pipeline.redo_script(spoken, "\n".join(lines), follow_context=False)
    assert_kept(spoken, edited, {0: 0, 1: 1, 3: 3, 4: 4, 5: 5})
    assert "kept as they were: turns 1-2, 4-6; spoken anew: turn 3" in map(str, edited.notes)


def test_it_is_what_the_edited_script_would_have_been(
    pipeline: DialoguePipeline, spoken: Dialogue
) -> None:
    lines = [LINES[0], "Ben: Oh, it is you.", *LINES[2:]]
    edited = pipeline.redo_script(spoken, "\n".join(lines))
    whole = pipeline.synthesize("\n".join(lines), VOICES, 5, OPTIONS)
    assert np.array_equal(edited.mix.samples, whole.mix.samples)
    assert edited.captions == whole.captions
    assert edited.voice_checks == whole.voice_checks


def test_locked_turns_stay_and_so_do_redone_ones(
    pipeline: DialoguePipeline, spoken: Dialogue
) -> None:
    redone = spoken.redo(turn=3, seed=9).lock(4)
    lines = [*LINES[:3], "Ben: Anybody?", *LINES[4:]]
    edited = pipeline.redo_script(redone, "\n".join(lines))
    assert_kept(redone, edited, {0: 0, 1: 1, 2: 2, 4: 4, 5: 5})
    assert edited.locked == {4}
    back = pipeline.redo_script(redone, "\n".join(LINES))
    assert_kept(redone, back, {turn: turn for turn in range(6)})
    assert np.array_equal(back.mix.samples, redone.mix.samples)
    with pytest.raises(ConfigError, match="turn 5 is locked"):
        pipeline.redo_script(redone, "\n".join(LINES[:4]))


def test_a_turn_put_in_moves_the_others_with_their_checks_and_locks(
    pipeline: DialoguePipeline, spoken: Dialogue
) -> None:
    lines = ["Carl: Listen to these two.", *LINES]
    edited = pipeline.redo_script(spoken.lock(2), "\n".join(lines))
    assert_kept(spoken, edited, {turn + 1: turn for turn in range(1, 6)})
    assert [turn.speaker for turn in edited.turns][:3] == ["S3", "S1", "S2"]
    assert set(edited.voices) == {"S1", "S2", "S3"}
    assert [check.turn for check in edited.voice_checks] == list(range(7))
    assert edited.locked == {3}


def test_only_a_gap_that_changed_speaks_nothing(
    pipeline: DialoguePipeline, spoken: Dialogue
) -> None:
    lines = [LINES[0], "Ben [gap=1.5]: Hi. {pause 0.4} How are you?", *LINES[2:]]
    edited = pipeline.redo_script(spoken, "\n".join(lines))
    assert_kept(spoken, edited, {turn: turn for turn in range(6)})
    moved = edited.starts[1] - spoken.starts[1]
    assert moved == round(1.25 * edited.mix.sample_rate_hz)


def test_a_turn_that_sounded_like_a_speaker_who_left_stays(
    pipeline: DialoguePipeline, spoken: Dialogue
) -> None:
    check = VoiceCheck(turn=0, similarity=0.1, nearest="S2", nearest_similarity=0.9, flagged=True)
    first = replace(spoken.takes[0], check=check, notes=())
    flagged = replace(spoken, takes=(first, *spoken.takes[1:]))
    alone = pipeline.redo_script(flagged, LINES[0])
    assert_kept(spoken, alone, {0: 0})
    assert [str(note) for note in alone.turn_notes[0]] == [
        "line 1 does not sound much like its voice 'anna' (likeness 0.10)",
    ]


def test_a_note_on_words_is_told_once_and_goes_with_its_turn(
    pipeline: DialoguePipeline, spoken: Dialogue
) -> None:
    odd = spoken.redo(turn=0, text="Well [laughs] then.")
    edited = pipeline.redo_script(odd, "\n".join(["", "Anna: Well [laughs] then.", *LINES[1:]]))
    told = [str(note) for note in edited.notes if "[laughs]" in str(note)]
    assert told == ["line 2: '[laughs]' is spoken as words; delete it if it is a direction"]
