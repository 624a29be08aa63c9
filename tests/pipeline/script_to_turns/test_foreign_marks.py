import pytest

from pipeline.config.limits import LimitsConfig
from pipeline.script_to_turns.foreign_marks import blank_controls, read_foreign_marks
from pipeline.script_to_turns.parse import edit_turn, script_to_turns

LIMITS = LimitsConfig()


@pytest.mark.parametrize(
    ("tag", "seconds"),
    [
        ("[pause:250ms]", 0.25),
        ("[pause 2s]", 2.0),
        ("[pause]", 0.5),
        ("[long pause]", 1.0),
        ("(beat)", 0.5),
        ("[silence 1.5 seconds]", 1.5),
        ('<break time="700ms"/>', 0.7),
        ("<break time='2s' />", 2.0),
        ('<break strength="strong"/>', 1.0),
        ("<break/>", 0.5),
        ('<silence msec="300"/>', 0.3),
        ("<#0.4#>", 0.4),
        ("[[slnc 800]]", 0.8),
        ("[pause:90s]", 10.0),
    ],
)
def test_tags_of_pauses_become_pauses(tag: str, seconds: float) -> None:
    script = script_to_turns(f"[S1] Wait {tag} now.\n[S2] So.", LIMITS)
    assert script.turns[0].text == "Wait now."
    assert script.turns[0].pauses == ((5, seconds),)
    assert tuple(map(str, script.notes)) == (f"line 1: read {tag!r} as a pause of {seconds:g} s",)


def test_a_pause_before_the_first_word_is_a_gap() -> None:
    script = script_to_turns("[S1] Hi.\n[S2] [pause:2s] Yo.", LIMITS)
    assert (script.turns[1].text, script.turns[1].gap_s, script.turns[1].pauses) == ("Yo.", 2.0, ())


@pytest.mark.parametrize(
    "direction",
    ["(laughs)", "(laughing)", "(chuckles softly)", "(clears throat)", "(quietly)", "(sighing)"],
)
def test_directions_are_left_out_and_told(direction: str) -> None:
    script = script_to_turns(f"[S1] So {direction} it is.\n[S2] It is.", LIMITS)
    assert script.turns[0].text == "So it is."
    assert tuple(map(str, script.notes)) == (f"line 1: left out {direction!r}, a direction",)


@pytest.mark.parametrize(
    "aside", ["(well)", "(the big one)", "(see page 3)", "(I think)", "(only)"]
)
def test_other_words_in_brackets_are_spoken(aside: str) -> None:
    script = script_to_turns(f"[S1] So {aside} it is.\n[S2] It is.", LIMITS)
    assert script.turns[0].text == f"So {aside} it is."
    assert tuple(map(str, script.notes)) == ()


def test_a_backslash_keeps_a_tag() -> None:
    (turn,) = script_to_turns("[S1] Type \\[pause] here.", LIMITS).turns
    assert (turn.text, turn.pauses) == ("Type [pause] here.", ())


def test_words_of_a_redo_are_read_the_same_way() -> None:
    (turn,) = script_to_turns("[S1] Hi.", LIMITS).turns
    edited, notes = edit_turn(turn, "(laughs) Hi [pause] you.", None, LIMITS)
    assert (edited.text, edited.pauses) == ("Hi you.", ((3, 0.5),))
    assert len(notes) == 2


@pytest.mark.parametrize("quiet", ["", "...", "(sighs)", "🎉", "[pause]"])
def test_a_silent_turn_is_a_pause_after_the_turn_before(quiet: str) -> None:
    script = script_to_turns(f"Mia: Well?\nTom: {quiet}\nMia: Tom?", LIMITS)
    assert [turn.text for turn in script.turns] == ["Well?", "Tom?"]
    assert [seconds for _, seconds in script.turns[0].pauses] == [0.5 if "p" in quiet else 1.0]
    assert any("line 2: Tom has nothing to say here" in str(note) for note in script.notes)
    assert dict(script.speaker_names) == {"S1": "Mia"}


def test_a_silent_first_turn_is_left_out() -> None:
    script = script_to_turns("[S1]\n[S2] Hi.", LIMITS)
    assert [(turn.speaker, turn.text) for turn in script.turns] == [("S2", "Hi.")]
    assert tuple(map(str, script.notes)) == ("line 1: S1 has nothing to say here, and is left out",)


def test_control_characters_count_as_blanks() -> None:
    script = script_to_turns("Mia: One\x0ctwo.\nTom:\x07 Three.", LIMITS)
    assert [turn.text for turn in script.turns] == ["One two.", "Three."]
    assert tuple(map(str, script.notes)) == tuple(
        f"line {number}: a control character counts as a blank" for number in (1, 2)
    )
    records = [{"speaker": "Mia\x01", "text": "One\x00two."}]
    script = script_to_turns(records, LIMITS)
    assert (script.turns[0].text, script.speaker_names) == ("One two.", {"S1": "Mia"})
    assert blank_controls("a\tb\r\nc") == ("a\tb\r\nc", [])


def test_lines_without_brackets_are_left_as_they_are() -> None:
    assert read_foreign_marks("plain words", True, 10.0) == ("plain words", 0.0, [])


def test_paragraphs_and_items_inside_a_turn_are_heard_and_wrapped_lines_are_not() -> None:
    typed = "[S1] One\nand two.\n\nThree:\n- four\n- five"
    (turn,) = script_to_turns(typed, LIMITS).turns
    assert turn.text == "One and two. Three: - four - five"
    assert [seconds for _, seconds in turn.pauses] == [0.5, 0.3, 0.3]


def test_a_long_monologue_is_cut_at_sentences() -> None:
    typed = "The tide came in, and the boats began to turn. " * 60
    script = script_to_turns(typed, LIMITS)
    assert len(script.turns) == 3
    assert all(turn.text.endswith("turn.") for turn in script.turns)
    assert " ".join(turn.text for turn in script.turns) == typed.strip()
    assert str(script.notes[-1]) == "line 1: a long turn, spoken as 3"
    marked = "[S1] " + "I like {Leeds|leads} {pause 1} a lot. " * 80
    turns = script_to_turns(marked, LIMITS).turns
    assert sum(len(turn.pauses) for turn in turns) == 80
    assert sum(len(turn.respellings) for turn in turns) == 80
