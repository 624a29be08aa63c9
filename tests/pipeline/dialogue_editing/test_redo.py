"""One turn or a span made anew: what changes, and that nothing else does."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from pipeline.datatypes.dialogue import Dialogue
from pipeline.datatypes.redo import Redo
from pipeline.dialogue import DialoguePipeline
from pipeline.errors import CancelledError, ConfigError, ScriptError, VoiceError
from pipeline.semantic_to_acoustic.infill import CONTEXT_S
from pipeline.synthesis.options import SynthesisOptions
from pipeline.text_to_semantic.decoding import SamplingOptions
from pipeline.text_to_semantic.generate import TextToSemanticOptions
from pipeline.waveform_to_dialogue.cut import SPLICE_S

OPTIONS = SynthesisOptions(
    text=TextToSemanticOptions(strict=False, sampling=SamplingOptions(n_candidates=1))
)
"""Random weights do not attend to all of a text: the only try is taken."""

SCRIPT = """[S1] Hello there, my friend.
[S2] Hi. {pause 0.4} How are you?
[S1 pace=1.3] Fine, and how are you?
[S3] And who are you two, out here in the rain?
[S2 gap=-0.3] Nobody."""
VOICES = {"S1": "anna", "S2": "ben", "S3": None}
LONGER = "It was a long story, and we told it {pause 0.3} to {everybody|each and every one}."


@pytest.fixture(scope="module")
def pipeline(tiny_models: Path) -> DialoguePipeline:
    return DialoguePipeline.load(tiny_models, device="cpu")


@pytest.fixture(scope="module")
def spoken(pipeline: DialoguePipeline) -> Dialogue:
    return pipeline.synthesize(SCRIPT, VOICES, 5, OPTIONS)


def changed_turns(before: Dialogue, after: Dialogue) -> list[int]:
    """Turns with other samples."""
    pairs = zip(before.sounds, after.sounds, strict=True)
    return [i for i, (a, b) in enumerate(pairs) if not np.array_equal(a.samples, b.samples)]


def assert_same_but(before: Dialogue, after: Dialogue, turn: int) -> None:
    for index in range(len(before.turns)):
        if index == turn:
            continue
        assert after.takes[index] is before.takes[index]
        assert after.semantic[index] is before.semantic[index]
        assert after.acoustic[index] is before.acoustic[index]
        assert after.turns[index] == before.turns[index]
        assert after.turn_seeds[index] == before.turn_seeds[index]
        assert after.voice_checks[index] == before.voice_checks[index]
    assert changed_turns(before, after) == [turn]
    assert after.turn_seeds[turn] != before.turn_seeds[turn]
    assert {s: v.name for s, v in after.voices.items()} == {
        s: v.name for s, v in before.voices.items()
    }


@pytest.mark.parametrize("turn", range(5))
def test_a_redo_is_another_take_of_the_same_reading_and_length(spoken: Dialogue, turn: int) -> None:
    again = spoken.redo(turn=turn)
    assert_same_but(spoken, again, turn)
    assert again.semantic[turn] is spoken.semantic[turn]
    assert again.acoustic[turn].codes.shape == spoken.acoustic[turn].codes.shape
    third = again.redo(turn=turn)
    assert changed_turns(again, third) == [turn]
    assert np.array_equal(spoken.redo(turn=turn).mix.samples, again.mix.samples)


@pytest.mark.parametrize("wanted", [{"text": LONGER}, {"pace": 0.6}, {"seed": 77}])
def test_another_text_pace_or_seed_changes_its_turn_and_moves_what_follows(
    spoken: Dialogue, wanted: dict[str, object]
) -> None:
    turn = 2
    again = spoken.redo(turn=turn, **wanted)  # type: ignore[arg-type]
    assert_same_but(spoken, again, turn)
    assert not again.semantic[turn].semantic_ids.equal(spoken.semantic[turn].semantic_ids)
    assert again.starts[: turn + 1] == spoken.starts[: turn + 1]
    ends = [d.starts[turn] + d.cuts[turn].speech[1] + d.cuts[turn].tail for d in (spoken, again)]
    # The start of a turn's speech does not move; its margin may be cut elsewhere.
    first = [d.starts[turn] + d.cuts[turn].speech[0] for d in (spoken, again)]
    shift = ends[1] - ends[0]
    assert first[0] == first[1]
    assert shift != 0
    assert [b - a for a, b in zip(spoken.starts[3:], again.starts[3:], strict=True)] == [shift] * 2
    end = again.starts[3]
    assert np.array_equal(again.mix.samples[end:], spoken.mix.samples[end - shift :])
    begin = min(d.starts[turn] for d in (spoken, again))
    assert np.array_equal(again.mix.samples[:begin], spoken.mix.samples[:begin])


def test_marks_in_a_new_text_are_read(spoken: Dialogue) -> None:
    again = spoken.redo(turn=3, text=LONGER)
    assert again.captions[3].text == "It was a long story, and we told it to everybody."
    assert again.turns[3].spoken_text.endswith("each and every one.")
    assert again.turns[3].line == spoken.turns[3].line
    assert [seconds for _, seconds in again.semantic[3].pauses] == [0.3]


def test_the_seed_of_the_script_reads_a_turn_as_it_was_read(spoken: Dialogue) -> None:
    other = spoken.redo(turn=2, seed=1)
    back = other.redo(turn=2, seed=spoken.seed)
    assert back.semantic[2].semantic_ids.equal(spoken.semantic[2].semantic_ids)
    assert back.turn_seeds == spoken.turn_seeds


def test_the_same_seed_gives_the_same_audio_and_another_does_not(spoken: Dialogue) -> None:
    one, other = spoken.redo(turn=1, seed=8), spoken.redo(turn=1, seed=9)
    assert np.array_equal(one.mix.samples, spoken.redo(turn=1, seed=8).mix.samples)
    assert np.array_equal(one.mix.samples, other.redo(turn=1, seed=8).mix.samples)
    assert changed_turns(one, other) == [1]
    span = (one.captions[1].start_s, one.captions[1].start_s + 0.1)
    first = spoken.redo(span=span, seed=8)
    assert np.array_equal(first.mix.samples, spoken.redo(span=span, seed=8).mix.samples)
    assert changed_turns(first, spoken.redo(span=span, seed=9)) == [1]


@pytest.mark.parametrize("turn", range(4))
def test_a_span_changes_samples_inside_it_only(spoken: Dialogue, turn: int) -> None:
    caption, rate = spoken.captions[turn], spoken.mix.sample_rate_hz
    length_s = caption.end_s - caption.start_s
    span = (caption.start_s + 0.3 * length_s, caption.start_s + 0.6 * length_s)
    again = spoken.redo(span=span)
    start, stop = round(span[0] * rate), round(span[1] * rate)
    assert_same_but(spoken, again, turn)
    assert len(again.mix.samples) == len(spoken.mix.samples)
    assert np.array_equal(again.mix.samples[:start], spoken.mix.samples[:start])
    assert np.array_equal(again.mix.samples[stop:], spoken.mix.samples[stop:])
    blend = round(SPLICE_S * rate)
    inside = slice(start + blend, stop - blend)
    assert not np.array_equal(again.mix.samples[inside], spoken.mix.samples[inside])
    assert (again.starts, again.captions) == (spoken.starts, spoken.captions)
    changed = (again.acoustic[turn].codes != spoken.acoustic[turn].codes).any(dim=0).nonzero()
    assert len(changed) <= (stop - start) // 320 + 2


def test_a_span_over_two_turns_changes_both(spoken: Dialogue) -> None:
    first, second = spoken.captions[0], spoken.captions[1]
    span = (first.end_s - 0.1, second.start_s + 0.1)
    assert changed_turns(spoken, spoken.redo(span=span)) == [0, 1]


def test_a_span_may_be_the_whole_dialogue(spoken: Dialogue) -> None:
    again = spoken.redo(span=(0.0, spoken.mix.duration_s))
    assert changed_turns(spoken, again) == list(range(5))
    assert again.starts == spoken.starts
    assert len(again.mix.samples) == len(spoken.mix.samples)


def test_locked_turns_are_not_made_anew(spoken: Dialogue) -> None:
    held = spoken.lock(1).lock(3)
    assert held.locked == {1, 3}
    assert held.redo(turn=2).locked == {1, 3}
    with pytest.raises(ConfigError, match=r"turn 2 \(line 2\) is locked; unlock it first"):
        held.redo(turn=1)
    with pytest.raises(ConfigError, match=r"turn 2 \(line 2\) is locked"):
        held.redo(span=(held.captions[0].start_s, held.captions[1].end_s))
    assert changed_turns(spoken, held.unlock(1).redo(turn=1)) == [1]
    with pytest.raises(ConfigError, match="no turn=9; 5 turns are numbered from 0 to 4"):
        spoken.lock(9)


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ({}, "either a turn"),
        ({"turn": 0, "span": (0.0, 1.0)}, "either a turn"),
        ({"span": (0.0, 1.0), "text": "No."}, "keeps its words"),
        ({"span": (0.0, 1.0), "pace": 1.0}, "keeps its words"),
        ({"span": (1.0, 0.5)}, "the start before the end"),
        ({"span": (0.0, float("nan"))}, "two numbers of seconds"),
        ({"span": (-1.0, 0.5)}, r"which lasts from 0 to \d"),
        ({"span": (0.5, 9999.0)}, r"which lasts from 0 to \d"),
        ({"span": (0.2, 0.21)}, r"shorter than a frame; at least 0\.02 s"),
        ({"turn": 5}, "no turn=5; 5 turns are numbered from 0 to 4"),
        ({"turn": -1}, "no turn=-1"),
    ],
)
def test_contradictory_requests_are_refused(
    spoken: Dialogue, wanted: dict[str, object], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        spoken.redo(**wanted)  # type: ignore[arg-type]


def test_a_span_in_silence_names_the_nearest_speech(spoken: Dialogue) -> None:
    silent = (spoken.captions[0].end_s + 0.05, spoken.captions[1].start_s - 0.05)
    with pytest.raises(ConfigError, match=r"nobody speaks .* nearest speech is turn [12] \(line"):
        spoken.redo(span=silent)


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ({"text": ""}, "line 3: S1 has nothing to say"),
        ({"text": "{pause 99} x"}, "line 3: pause '99' must be"),
        ({"text": "a\0b"}, "line 3: .*cannot be spoken"),
        ({"pace": 9.0}, "line 3: pace '9.0' must be a number from 0.5 to 2"),
    ],
)
def test_a_text_that_cannot_be_spoken_is_refused_with_its_line(
    spoken: Dialogue, wanted: dict[str, object], message: str
) -> None:
    with pytest.raises(ScriptError, match=message):
        spoken.redo(turn=2, **wanted)  # type: ignore[arg-type]


def test_options_that_cannot_redo_are_refused(spoken: Dialogue) -> None:
    with pytest.raises(ConfigError, match='mode "window" speaks consecutive turns together'):
        spoken.redo(turn=0, options=dataclasses.replace(OPTIONS, mode="window"))
    with pytest.raises(ConfigError, match="a redo is one take"):
        spoken.redo(turn=0, options=dataclasses.replace(OPTIONS, max_retakes=1))


def test_a_dialogue_made_in_windows_can_be_redone(pipeline: DialoguePipeline) -> None:
    options = dataclasses.replace(OPTIONS, mode="window")
    spoken = pipeline.synthesize(SCRIPT, VOICES, 5, options)
    assert_same_but(spoken, spoken.redo(turn=2, seed=3), 2)


def test_a_dialogue_that_no_pipeline_made_is_refused(
    pipeline: DialoguePipeline, spoken: Dialogue
) -> None:
    orphan = dataclasses.replace(spoken, redoer=None)
    with pytest.raises(ConfigError, match="does not know the pipeline"):
        orphan.redo(turn=0)
    assert changed_turns(spoken, pipeline.redo(orphan, Redo(turn=0))) == [0]
    with pytest.raises(ConfigError, match="does not hold how its turns were made"):
        pipeline.redo(dataclasses.replace(spoken, takes=()), Redo(turn=0))
    foreign = {s: dataclasses.replace(v, codec_id="x") for s, v in spoken.voices.items()}
    with pytest.raises(VoiceError, match="another codec"):
        pipeline.redo(dataclasses.replace(spoken, voices=foreign), Redo(turn=0))


def test_a_redo_tells_progress_and_can_be_stopped(spoken: Dialogue) -> None:
    seen: list[str] = []
    again = spoken.redo(turn=1, seed=1, on_progress=lambda stage, done, of: seen.append(stage))
    assert list(dict.fromkeys(seen)) == list(again.stage_seconds)

    def stop(stage: str, done: int, total: int) -> None:
        raise CancelledError("enough")

    with pytest.raises(CancelledError, match="enough"):
        spoken.redo(turn=1, on_progress=stop)


def test_notes_of_a_take_go_with_it(spoken: Dialogue) -> None:
    again = spoken.redo(turn=0, text="Well [laughs] then.")
    added = [str(note) for note in again.notes if note not in spoken.notes]
    told = "line 1: '[laughs]' is spoken as words; delete it if it is a direction"
    assert told in added
    assert told in map(str, again.redo(turn=0).notes)
    assert told not in map(str, again.redo(turn=0, text="Well then.").notes)
    assert [note for each in again.turn_notes[1:] for note in each] == [
        note for each in spoken.turn_notes[1:] for note in each
    ]


@pytest.mark.slow
def test_a_turn_longer_than_a_window_is_redone_in_parts(pipeline: DialoguePipeline) -> None:
    words = "and then we went on, " * 45
    spoken = pipeline.synthesize(f"[S1] Hi.\n[S2] {words}\n[S1] So?", {"S1": "anna", "S2": "ben"},
                                 5, OPTIONS)  # fmt: skip
    assert len(spoken.semantic[1].semantic_ids) > (30 - 2 * CONTEXT_S) * 25
    again = spoken.redo(turn=1)
    assert_same_but(spoken, again, 1)
    assert any("joined of" in str(note) for note in again.turn_notes[1])
    caption = spoken.captions[1]
    whole = spoken.redo(span=(caption.start_s, caption.end_s))
    assert_same_but(spoken, whole, 1)
