import contextlib
import dataclasses
import json
import random
from pathlib import Path

import pytest

from pipeline.config.limits import LimitsConfig
from pipeline.datatypes.script import Turn
from pipeline.errors import ScriptError
from pipeline.script_to_turns.parse import edit_turn, reword_turn, script_to_turns, turns_to_script

LIMITS = LimitsConfig()

NOTATIONS = {
    "canonical": "[S1] Hello there.\n[S2] Hi, you.\n[S1] Bye.",
    "on one line": "[S1] Hello there. [S2] Hi, you. [S1] Bye.",
    "names": "Anna: Hello there.\nBob: Hi, you.\nAnna: Bye.",
    "bold names": "**Anna:** Hello there.\n**Bob:** Hi, you.\n**Anna:** Bye.",
    "name alone on its line": "Anna:\nHello there.\n\nBob:\nHi,\nyou.\nANNA:\nBye.",
    "numbered": "Speaker 1: Hello there.\nSpeaker 2: Hi, you.\nSpeaker 1: Bye.",
    "numbered from 0": "Speaker 0: Hello there.\nSpeaker 1: Hi, you.\nSpeaker 0: Bye.",
    "short numbered": "S1: Hello there.\nS2: Hi, you.\nS1: Bye.",
    "brackets with names": "[Speaker 1]: Hello there.\n[speaker 2]: Hi, you.\n[Speaker 1]: Bye.",
    "bars": "Hello there. | Hi, you. | Bye.",
    "bars after blanks": "  | Hello there. | Hi, you. | Bye.",
    "bars over lines": "| Hello there.\n| Hi,\nyou. |\nBye. |",
    "parentheses": "(S1) Hello there.\n(S2) Hi, you.\n(S1) Bye.",
    "braces": "{Anna} Hello there.\n{Bob} Hi, you.\n{Anna} Bye.",
    "names in brackets": "[Anna] Hello there.\n[Bob] Hi, you.\n[Anna] Bye.",
    "person tags": (
        "<Person1>Hello there.</Person1><Person2>Hi, you.</Person2>\n<Person1>Bye.</Person1>"
    ),
    "windows line ends": "\ufeff[S1] Hello there.\r\n[S2] Hi, you.\r\n[S1] Bye.\r\n",
    "json": json.dumps(
        [
            {"speaker": "Anna", "text": "Hello there."},
            {"speaker": "Bob", "text": "Hi, you."},
            {"speaker": "Anna", "text": "Bye."},
        ]
    ),
}


@pytest.mark.parametrize("notation", NOTATIONS)
def test_every_notation_gives_the_same_turns(notation: str) -> None:
    script = script_to_turns(NOTATIONS[notation], LIMITS)
    said = [(turn.speaker, turn.text) for turn in script.turns]
    assert said == [("S1", "Hello there."), ("S2", "Hi, you."), ("S1", "Bye.")]
    assert [turn.spoken_text for turn in script.turns] == [turn.text for turn in script.turns]


def test_a_list_of_records_is_read_as_json_is() -> None:
    records = [{"speaker": "S2", "text": "Hi [S1] all"}, {"speaker": "S1", "text": "Yo"}]
    turns = script_to_turns(records, LIMITS).turns
    assert [(turn.speaker, turn.text, turn.line) for turn in turns] == [
        ("S2", "Hi [S1] all", 1),
        ("S1", "Yo", 2),
    ]
    assert turns == script_to_turns(json.dumps(records), LIMITS).turns


def test_records_without_speakers_are_read_as_a_script() -> None:
    turns = script_to_turns([{"speaker": "", "text": "[S1] Hi\n[S2] Yo"}], LIMITS).turns
    assert [(turn.speaker, turn.text) for turn in turns] == [("S1", "Hi"), ("S2", "Yo")]


def test_records_take_options() -> None:
    records = [{"speaker": 2, "text": "Hi", "pace": 1.5, "gap": -1}]
    (turn,) = script_to_turns(json.dumps(records), LIMITS).turns
    assert (turn.speaker, turn.pace, turn.gap_s) == ("S2", 1.5, -1.0)


def test_names_map_to_speakers_in_order_of_appearance() -> None:
    script = script_to_turns("Zoë: Hi.\nDr. Smith: Yes?\nzoë: Oh.\nBob: Hm.", LIMITS)
    assert script.speaker_names == {"S1": "Zoë", "S2": "Dr. Smith", "S3": "Bob"}
    assert [turn.speaker for turn in script.turns] == ["S1", "S2", "S1", "S3"]


def test_numbers_keep_their_speaker() -> None:
    assert [turn.speaker for turn in script_to_turns("[S3] a [S2] b", LIMITS).turns] == ["S3", "S2"]


def test_options_and_inline_marks_are_read() -> None:
    (turn,) = script_to_turns(
        "\n[S2 pace=0.9 gap=-0.2] I like {Worcester|wuster}.  {pause 0.5} You? {PAUSE 1s}", LIMITS
    ).turns
    assert turn == Turn(
        speaker="S2",
        text="I like Worcester. You?",
        spoken_text="I like wuster. You?",
        pace=0.9,
        gap_s=-0.2,
        pauses=((15, 0.5), (19, 1.0)),
        respellings=((7, 16, "wuster"),),
        line=2,
    )
    assert turn.spoken_text[15:] == "You?"


def test_names_take_options_too() -> None:
    first, second = script_to_turns("Anna [pace=2]: Hi.\nBob: Yo.", LIMITS).turns
    assert (first.pace, second.pace) == (2.0, 1.0)


MARKED = "{pace 0.9} {gap -0.2}"
WITH_MARKS = {
    "canonical": f"[S1] {MARKED} Hello. [S2] Hi.",
    "names": f"Anna: {MARKED}Hello.\nBob: Hi.",
    "bold names": f"**Anna:** {MARKED} Hello.\n**Bob:** Hi.",
    "name alone on its line": f"Anna:\n{MARKED}\nHello.\nBob:\nHi.",
    "numbered": f"Speaker 1: {MARKED} Hello.\nSpeaker 2: Hi.",
    "bars": f"{MARKED} Hello. | Hi.",
    "bars in front": f"| {MARKED} Hello.\n| Hi.",
    "parentheses": f"(S1) {MARKED} Hello.\n(S2) Hi.",
    "braces": f"{{Anna}} {MARKED} Hello.\n{{Bob}} Hi.",
    "names in brackets": f"[Anna] {MARKED} Hello.\n[Bob] Hi.",
    "person tags": f"<Person1>{MARKED}Hello.</Person1><Person2>Hi.</Person2>",
    "json": json.dumps(
        [{"speaker": "A", "text": f"{MARKED} Hello."}, {"speaker": "B", "text": "Hi."}]
    ),
    "other order": "[S1] {GAP -0.2} {Pace 0.9} Hello. [S2] Hi.",
    "one each way": "[S1 pace=0.9] {gap -0.2} Hello. [S2] Hi.",
}


@pytest.mark.parametrize("notation", WITH_MARKS)
def test_options_may_stand_as_marks_in_every_notation(notation: str) -> None:
    first, second = script_to_turns(WITH_MARKS[notation], LIMITS).turns
    assert (first.speaker, first.text, first.pace, first.gap_s) == ("S1", "Hello.", 0.9, -0.2)
    assert (second.text, second.pace, second.gap_s) == ("Hi.", 1.0, None)
    assert turns_to_script([first]) == "[S1 pace=0.9 gap=-0.2] Hello.\n"


def test_option_marks_work_in_a_script_without_speakers() -> None:
    (turn,) = script_to_turns("{gap 1} just words", LIMITS).turns
    assert (turn.text, turn.gap_s) == ("just words", 1.0)


def test_a_respelling_may_look_like_another_mark() -> None:
    (turn,) = script_to_turns("[S1] {pace 2|quick} {pause 2|wait}", LIMITS).turns
    assert (turn.text, turn.spoken_text) == ("pace 2 pause 2", "quick wait")


def test_other_words_keep_the_options_they_do_not_mark() -> None:
    (turn,) = script_to_turns("[S2 pace=0.9 gap=-0.2] Hello.", LIMITS).turns
    assert reword_turn(turn, "Bye.", LIMITS) == dataclasses.replace(
        turn, text="Bye.", spoken_text="Bye."
    )
    reworded = reword_turn(turn, "{pace 1} Bye.", LIMITS)
    assert (reworded.pace, reworded.gap_s) == (1.0, -0.2)


def test_a_turn_made_anew_takes_a_marked_pace_but_no_other_gap() -> None:
    (turn,) = script_to_turns("[S2 pace=0.9 gap=-0.2] Hello.", LIMITS).turns
    edited, _ = edit_turn(turn, "{pace 1.5} {gap -0.2} Bye.", None, LIMITS)
    assert (edited.text, edited.pace, edited.gap_s) == ("Bye.", 1.5, -0.2)
    with pytest.raises(ScriptError, match=r"gap before a turn stays .* change it in the script"):
        edit_turn(turn, "{gap 1} Bye.", None, LIMITS)
    with pytest.raises(ScriptError, match=r"pace is given twice, as 1.2 and as 1.5; keep one"):
        edit_turn(turn, "{pace 1.5} Bye.", 1.2, LIMITS)


def test_a_backslash_makes_a_mark_a_character() -> None:
    (turn,) = script_to_turns(r"[S1] \{x\} \[S2] a\|b {c\|d|e} \\ \<Person1>", LIMITS).turns
    assert turn.text == r"{x} [S2] a|b c|d \ <Person1>"
    assert turn.spoken_text == r"{x} [S2] a|b e \ <Person1>"


NOTED = {
    "Speaker 0: a\nSpeaker 1: b": "numbered from 0",
    "just words": "no speaker is marked",
    "[S1] a\n(S2) b": "marked in several ways: [S1], (S1)",
    "[S1] hi\nNote: remember": "line 2: 'Note:' is spoken as words",
    "Note: remember the milk": "line 1: read 'Note' as the name of a speaker",
    "Anna: a\nBob: b\nAnna: c\nNote: d\nBob: e": "line 4: read 'Note' as the name",
    "Anna: a\nBob: b\nand then I said: yes": "line 3: 'and then I said:' is spoken",
    "[S1] hi 🎉 you": "line 1: left out 🎉",
    "[S1] [laughs] hi": "line 1: '[laughs]' is spoken as words",
}


@pytest.mark.parametrize("typed", NOTED)
def test_what_was_guessed_is_noted(typed: str) -> None:
    assert any(NOTED[typed] in str(note) for note in script_to_turns(typed, LIMITS).notes)


def test_a_plain_script_has_no_notes() -> None:
    for notation in ("canonical", "names", "bars", "json"):
        assert script_to_turns(NOTATIONS[notation], LIMITS).notes == ()


def test_a_lone_colon_in_unmarked_text_is_no_name() -> None:
    (turn,) = script_to_turns("Hello there.\nNote: remember the milk", LIMITS).turns
    assert turn.text == "Hello there. Note: remember the milk"


REFUSED = {
    "": "script is empty",
    " \n\t\n": "script is empty",
    "[]": "script is empty",
    "[S1 speed=2] Hi": "line 1: unknown option 'speed=2'; there are pace",
    "[S1 loud] Hi": "line 1: unknown option 'loud'",
    "[S1 pace=1 pace=1] Hi": "line 1: pace is given twice",
    "[S1] a\n[S2 pace=3] Hi": "line 2: pace '3' must be a number from 0.5 to 2",
    "[S1 pace=nan] Hi": "pace 'nan' must be",
    "[S1] {pace 1} {pace 1} Hi": "line 1: pace is given twice; keep one",
    "[S1] a\n[S2 gap=1] {gap 2} Hi": "line 2: gap is given twice; keep one",
    "[S1] Hi {pace 0.9} you": "line 1: {pace 0.9} stands after the first word; write it right",
    "[S1] Hi\nyou {gap 1}": "line 2: {gap 1} stands after the first word",
    "[S1] {pace} Hi": "pace '' must be a number from 0.5 to 2",
    "[S1] {gap 11} Hi": "gap '11' must be a number from -10 to 10",
    "[S1 gap=x] Hi": "gap 'x' must be a number from -10 to 10",
    "[S1 gap=-11] Hi": "gap '-11' must be",
    "[S1] a {pause 11} b": "pause '11' must be a number from 0 to 10",
    "[S1] a {pause} b": "pause '' must be",
    "A: a\nB: b\nC: c\nD: d\nEve: e": "line 5: 'Eve' would be speaker 5; .* at most 4",
    "[S5] hello": "'S5' would be speaker 5",
    "[S1] " + "word " * 2_000: "line 1: this turn has 9999 characters, at most 1000 .* split it",
    "[S1] ?!...": "line 1: '\\?!...' has nothing that can be spoken",
    "[S1] hi\n[S2] 你好": "line 2: '你好' has nothing that can be spoken",
    "[S1] 🎉🎉": "line 1: '🎉🎉' has nothing that can be spoken",
    "[S1]\n[S2] ": "line 1: S1 has nothing to say",
    "[S1] a {b": "line 1: the brace { has no partner",
    "[S1] a\nb} c": "line 2: the brace } has no partner",
    "[S1] a {b}": "cannot read {b}; there are {pause 0.5}",
    "[S1] a {b|}": r"cannot read {b\|}",
    "[S1] a {b|!}": "'!' cannot be said in place of 'b'",
    "[S1] {pause 1} a": r"pause stands before the first word; write \[S1 gap=0.5]",
    "[S1] a\n[S2 pace=0.9 hello": "line 2: .* this marker is not closed",
    "A title\nAnna: a\nBob: b": "line 1: 'A title' stands before the first speaker",
    "x" * 100_001: "script has 100001 characters, at most 100000",
    '{"speaker": "a"}': "JSON must be a list",
    '[{"speaker": "a", "text": 1}]': 'line 1: "speaker" and "text" must both be there',
    '[{"speaker": "a"}]': '"speaker" and "text" must both be there',
    '["hello"]': "line 1: expected .* got str",
    '[{"speaker": "a", "text": "b"}, {"text": "c"}]': "line 2: this item names no speaker",
    '[{"speaker": "a", "text": "b", "mood": "x"}]': "unknown option 'mood=x'",
    '[{"speaker": "a",\n "text": }]': "line 2: this looks like JSON but is not",
    '[{"speaker": ' + "[" * 90_000: "nested too deep",
    '[{"speaker": ' + "1" * 5_000 + ', "text": "a"}]': "a number too long to read",
    "[S" + "1" * 5_000 + "] hello": "would be speaker 111111111; a script has at most 4",
}


@pytest.mark.parametrize("typed", REFUSED, ids=lambda typed: typed[:24])
def test_what_cannot_be_read_is_refused_with_its_line(typed: str) -> None:
    with pytest.raises(ScriptError, match=REFUSED[typed]):
        script_to_turns(typed, LIMITS)


@pytest.mark.parametrize("piece", ["[S1 ", "a|", "Anna  ", "S1 ", "{a", "<Person1 ", "Anna [", "*"])
def test_a_text_made_to_slow_the_reader_is_read_or_refused(piece: str) -> None:
    typed = "[S1] x\n[S2] y" + (piece * 100_000)[:99_000]
    with pytest.raises(ScriptError, match="line 2: "):
        script_to_turns(typed, LIMITS)
    with contextlib.suppress(ScriptError):
        script_to_turns(f"x {typed[14:]}\n| |\nA{' ' * 900}x", LIMITS)


def test_a_long_list_is_refused() -> None:
    with pytest.raises(ScriptError, match="at most 100000"):
        script_to_turns([{"speaker": "a", "text": "b" * 900}] * 200, LIMITS)


def _random_turn_script(rng: random.Random) -> str:
    words = [
        "Hello",
        "it's",
        "5:30",
        "café",
        "{Worcester|wuster}",
        "{pause 0.25}",
        "(well)",
        "a|b",
        r"a\\",
    ]
    words += [r"\{x\}", r"\[S1]", "#1", "Name:", "...", r"\<Person2>", r"{a\|b|c d}", "{pause 2}"]
    options = rng.choice(["", " pace=1.25", " gap=-0.5", " gap=0", " pace=0.7 gap=1.5"])
    marks = "" if options else rng.choice(["", "{gap 0.5}{pace 2} ", " {pace 1.5}"])
    text = rng.choice([" ", "  ", ""]).join(["go", *rng.choices(words, k=rng.randint(0, 9))])
    return f"[S{rng.randint(1, 4)}{options}] {marks}{text}"


def test_printed_turns_are_read_back_the_same() -> None:
    rng = random.Random(5)
    for _ in range(400):
        script = "\n".join(_random_turn_script(rng) for _ in range(rng.randint(1, 4)))
        turns = script_to_turns(script, LIMITS).turns
        printed = turns_to_script(turns)
        again = script_to_turns(printed, LIMITS).turns
        assert again == tuple(dataclasses.replace(t, line=n + 1) for n, t in enumerate(turns)), (
            script
        )
        assert turns_to_script(again) == printed


def test_a_respelling_of_unknown_place_covers_the_turn() -> None:
    turn = Turn(speaker="S1", text="Hi Sean", spoken_text="Hi shawn")
    assert turns_to_script([turn]) == "[S1] {Hi Sean|Hi shawn}\n"


def test_sample_scripts_are_read_without_notes() -> None:
    paths = sorted((Path(__file__).parents[3] / "assets" / "scripts").glob("*.txt"))
    assert len(paths) >= 5
    for path in paths:
        script = script_to_turns(path.read_text(encoding="utf-8"), LIMITS)
        assert script.notes == (), path
        assert len(script.speaker_names) >= 2, path
