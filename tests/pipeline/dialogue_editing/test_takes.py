"""Takes of a turn put in and out of a dialogue: what changes, and that nothing else does."""

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline.config.limits import MixConfig
from pipeline.datatypes.dialogue import Dialogue
from pipeline.datatypes.note import Note
from pipeline.datatypes.take import Take
from pipeline.datatypes.voice import VoiceCheck
from pipeline.dialogue import DialoguePipeline
from pipeline.dialogue_editing.takes import take_of, use_take
from pipeline.errors import ConfigError
from tests.pipeline.dialogue_editing.test_redo import LONGER, OPTIONS, SCRIPT, VOICES, changed_turns
from tests.pipeline.test_dialogue_gather import assert_same_dialogue

TURN = 2


@pytest.fixture(scope="module")
def pipeline(tiny_models: Path) -> DialoguePipeline:
    return DialoguePipeline.load(tiny_models, device="cpu")


@pytest.fixture(scope="module")
def spoken(pipeline: DialoguePipeline) -> Dialogue:
    return pipeline.synthesize(SCRIPT, VOICES, 5, OPTIONS)


@pytest.mark.parametrize(
    "wanted", [{}, {"seed": 77}, {"pace": 0.6}, {"text": LONGER}, {"text": "Well [laughs] no."}]
)
def test_from_one_take_to_another_and_back_is_the_first_dialogue(
    spoken: Dialogue, wanted: dict[str, Any]
) -> None:
    other = spoken.redo(turn=TURN, **wanted)
    first, second = take_of(spoken, TURN), take_of(other, TURN)
    there = use_take(spoken, TURN, second)
    assert_same_dialogue(there, other)
    assert not np.array_equal(there.mix.samples, spoken.mix.samples)
    assert_same_dialogue(use_take(there, TURN, first), spoken)
    assert np.array_equal(use_take(other, TURN, first).mix.samples, spoken.mix.samples)


def test_no_other_turn_is_touched(spoken: Dialogue) -> None:
    take = take_of(spoken.redo(turn=TURN, text=LONGER), TURN)
    after = use_take(spoken, TURN, take)
    assert changed_turns(spoken, after) == [TURN]
    for index in {*range(len(spoken.turns))} - {TURN}:
        assert after.takes[index] is spoken.takes[index]
        assert after.turn_notes[index] == spoken.turn_notes[index]
    assert after.captions[TURN].text == "It was a long story, and we told it to everybody."
    assert after.starts[TURN + 1] > spoken.starts[TURN + 1]
    assert after.turn_seeds[TURN] == take.seed
    assert after.voice_checks[TURN] == take.check


def test_a_dialogue_with_a_take_in_it_can_be_made_anew(spoken: Dialogue) -> None:
    other = spoken.redo(turn=TURN, seed=9)
    there = use_take(spoken.lock(0), TURN, take_of(other, TURN))
    assert there.locked == {0}
    assert np.array_equal(there.redo(turn=3).mix.samples, other.redo(turn=3).mix.samples)


def test_the_gap_and_the_line_are_those_of_the_place(
    pipeline: DialoguePipeline, spoken: Dialogue
) -> None:
    take = take_of(spoken.redo(turn=TURN, seed=9), TURN)
    flagged = VoiceCheck(
        turn=TURN, similarity=0.1, nearest="S2", nearest_similarity=0.9, flagged=True
    )
    take = dataclasses.replace(
        take, check=flagged, notes=(Note(kind="of a line", line=3, values=("it is odd",)),)
    )
    lines = SCRIPT.splitlines()
    moved = [*lines[:2], "", lines[2].replace("pace=1.3", "pace=1.3 gap=1.5"), *lines[3:]]
    edited = pipeline.redo_script(spoken, "\n".join(moved))
    after = use_take(edited, TURN, take)
    assert (after.turns[TURN].gap_s, after.turns[TURN].line) == (1.5, 4)
    odd, flag = after.turn_notes[TURN]
    assert str(odd) == "line 4: it is odd"
    assert str(flag).startswith("line 4 sounds more like 'ben' (0.90) than like its voice 'anna'")
    assert {odd, flag} <= {*after.notes}
    assert take_of(after, TURN).notes == (odd,)


def test_takes_of_all_turns_are_told(spoken: Dialogue) -> None:
    takes = spoken.takes
    assert [take.turn for take in takes] == list(spoken.turns)
    for index, take in enumerate(takes):
        one = take_of(spoken, index)
        assert take.cut is one.cut
        assert (take.check, take.seed, take.notes) == (one.check, one.seed, one.notes)
        assert take.check is spoken.voice_checks[index]


def test_a_dialogue_placed_at_other_gaps_is_placed_so_again(spoken: Dialogue) -> None:
    take = take_of(spoken, TURN)
    wide = use_take(spoken, TURN, take, MixConfig(default_gap_s=1.0))
    assert len(wide.mix.samples) > len(spoken.mix.samples)
    assert_same_dialogue(use_take(wide, TURN, take), spoken)


def test_a_locked_or_missing_turn_is_refused(spoken: Dialogue) -> None:
    take = take_of(spoken, TURN)
    with pytest.raises(ConfigError, match=r"turn 3 \(line 3\) is locked; unlock it first"):
        use_take(spoken.lock(TURN), TURN, take)
    with pytest.raises(ConfigError, match="no turn=5; 5 turns are numbered from 0 to 4"):
        use_take(spoken, 5, take)
    with pytest.raises(ConfigError, match="no turn=-1"):
        take_of(spoken, -1)
    with pytest.raises(ConfigError, match="does not hold how its turns were made"):
        take_of(dataclasses.replace(spoken, takes=()), TURN)


def _at_rate(take: Take) -> Take:
    sound = dataclasses.replace(take.cut.sound, sample_rate_hz=8_000)
    return dataclasses.replace(take, cut=dataclasses.replace(take.cut, sound=sound))


def test_a_take_that_does_not_fit_is_refused(spoken: Dialogue) -> None:
    take = take_of(spoken, TURN)
    with pytest.raises(ConfigError, match="the take is spoken by S2 and turn 3 by S1"):
        use_take(spoken, TURN, take_of(spoken, 1))
    with pytest.raises(ConfigError, match="differ in rates or codebook levels"):
        use_take(spoken, TURN, _at_rate(take))


def test_a_take_that_sounded_like_someone_who_left_is_still_told(spoken: Dialogue) -> None:
    check = VoiceCheck(turn=0, similarity=0.1, nearest="S4", nearest_similarity=0.2, flagged=True)
    take = dataclasses.replace(take_of(spoken, TURN), check=check)
    after = use_take(spoken, TURN, take)
    told = "line 3 does not sound much like its voice 'anna' (likeness 0.10)"
    assert str(after.turn_notes[TURN][-1]) == told
    assert told in map(str, after.notes)
    assert after.voice_checks[TURN].turn == TURN
    assert take_of(after, TURN).notes == take.notes
