import json
import random

import pytest

from pipeline.config.limits import LimitsConfig
from pipeline.datatypes.script import Script
from pipeline.errors import ScriptError
from pipeline.script_editing.write import (
    can_be_written,
    has_names,
    lines_to_text,
    script_to_lines,
    script_to_text,
)
from pipeline.script_to_turns.parse import script_to_turns
from tests.random_scripts import random_script, reads_as, without_lines

LIMITS = LimitsConfig()


def read(typed: str) -> Script:
    return script_to_turns(typed, LIMITS)


def records(*pairs: tuple[str, str]) -> str:
    return json.dumps([{"speaker": speaker, "text": text} for speaker, text in pairs])


@pytest.mark.parametrize("named", [True, False])
def test_written_scripts_are_read_back_the_same(named: bool) -> None:
    rng = random.Random(7)
    for _ in range(200):
        script = read(random_script(rng, named))
        for text in (script_to_text(script), lines_to_text(script_to_lines(script))):
            again = read(text)
            assert without_lines(again) == without_lines(script), text
            assert again.speaker_names == script.speaker_names, text
            assert text.startswith("[S") is not named
            assert len(text.splitlines()) == len(script.turns)
        assert script_to_text(read(script_to_text(script))) == script_to_text(script)


def test_names_stay_and_options_become_marks() -> None:
    script = read("**Anna [pace=0.9 gap=-1]:** Hi\nthere.\n**Bob:** I like {Worcester|wuster}.")
    assert script_to_text(script) == (
        "Anna: {pace 0.9} {gap -1.0} Hi there.\nBob: I like {Worcester|wuster}.\n"
    )


def test_speakers_without_names_are_written_in_the_canonical_form() -> None:
    typed = "Speaker 2: Hi.\nSpeaker 1: {pace 2} Yo."
    assert script_to_text(read(typed)) == "[S2] Hi.\n[S1 pace=2.0] Yo.\n"
    assert lines_to_text(script_to_lines(read(typed))) == "[S2] Hi.\n[S1] {pace 2.0} Yo.\n"


UNWRITABLE = {
    "a name with a bracket": records(("Anna (mum)", "Hi."), ("Bob", "Yo."), ("Bob", "Hm.")),
    "a name beside a number": records(("Anna", "Hi."), ("S1", "Yo."), ("Bob", "Oh.")),
    "a name in small words": records(("the old man", "Hi."), ("Bob", "Yo.")),
    "a name over two lines": records(("An\nna", "Hi."), ("Bob", "Yo.")),
    "a very long name": records(("A" * 60, "Hi."), ("Bob", "Yo.")),
    "a name with a colon": records(("A: b", "Hi."), ("Bob", "Yo.")),
}


@pytest.mark.parametrize("case", UNWRITABLE)
def test_names_that_would_not_be_read_back_become_numbers(case: str) -> None:
    script = read(UNWRITABLE[case])
    assert has_names(script)
    for text in (script_to_text(script), lines_to_text(script_to_lines(script))):
        assert without_lines(read(text)) == without_lines(script)
        assert not has_names(read(text))


def test_lines_carry_the_name_shown_and_all_marks() -> None:
    script = read("Anna [gap=0.5]: Hi {pause 1} {Sean|shawn}.\nBob: a \\| b")
    assert script_to_lines(script) == [
        {"speaker": "Anna", "text": "{gap 0.5} Hi {pause 1.0} {Sean|shawn}."},
        {"speaker": "Bob", "text": "a \\| b"},
    ]


def test_no_lines_are_an_empty_text() -> None:
    assert lines_to_text([]) == ""


@pytest.mark.parametrize("typed", ["{Worces", "a } b", "", "  two  blanks ", "\\", "{pace}", "🎉"])
def test_what_cannot_be_read_yet_is_kept_as_typed(typed: str) -> None:
    text = lines_to_text([{"speaker": "Anna", "text": "Hi."}, {"speaker": "Bob", "text": typed}])
    assert text == "Anna: Hi.\nBob:" + (f" {typed}" if typed else "") + "\n"


def test_line_ends_inside_a_line_become_blanks_and_begin_no_turn() -> None:
    lines = [{"speaker": "Anna", "text": "one\nBob: two\r\nthree\rfour"}]
    assert lines_to_text(lines) == "Anna: one Bob: two three four\n"
    assert len(read(lines_to_text(lines)).turns) == 1


def test_a_line_without_a_speaker_continues_the_one_above() -> None:
    lines = [{"speaker": "Anna", "text": "Hi"}, {"speaker": "", "text": "there."}, {"text": "Yo."}]
    assert lines_to_text(lines) == "Anna: Hi\nthere.\nYo.\n"
    (turn,) = read(lines_to_text(lines)).turns
    assert turn.text == "Hi there. Yo."


def test_more_speakers_than_are_accepted_are_written_and_then_refused_at_their_line() -> None:
    lines = [{"speaker": name, "text": "Hi."} for name in "ABCDE"]
    assert lines_to_text(lines) == "A: Hi.\nB: Hi.\nC: Hi.\nD: Hi.\nE: Hi.\n"
    with pytest.raises(ScriptError, match="line 5: 'E' would be speaker 5"):
        read(lines_to_text(lines))


def test_a_speaker_nobody_can_number_loses_no_line() -> None:
    lines = [{"speaker": "S99999", "text": "Hi."}, {"speaker": "\x00", "text": "Yo."}]
    assert lines_to_text(lines) == "S99999: Hi.\n\x00: Yo.\n"


def test_names_that_differ_in_case_alone_are_one_speaker() -> None:
    lines = [{"speaker": "Anna", "text": "Hi."}, {"speaker": "ANNA", "text": "Yo."}]
    assert lines_to_text(lines) == "Anna: Hi.\nANNA: Yo.\n"
    assert read(lines_to_text(lines)).speaker_names == {"S1": "Anna"}


def test_which_names_can_be_written() -> None:
    assert can_be_written(["Anna", "Dr. Smith", "SPEAKER_00"])
    for names in ([], ["S1"], ["Speaker 1", "Anna"], ["Anna (mum)"], ["old man"], ["a\nb"]):
        assert not can_be_written(names)


def test_a_text_reads_as_a_script_if_turns_and_names_agree() -> None:
    script = read("Anna: Hi.\nBob: Yo.")
    assert reads_as("\nAnna: Hi.\n\nBob:\nYo.", script)
    for text in ("[S1] Hi. [S2] Yo.", "Anna: Hi.\nBob: Yo!", "Anna: {", ""):
        assert not reads_as(text, script)
