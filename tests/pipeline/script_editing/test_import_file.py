import contextlib
import dataclasses
import json
import random
from collections.abc import Callable

import pytest

from pipeline.config.limits import LimitsConfig
from pipeline.datatypes.dialogue import Caption
from pipeline.datatypes.script import Script
from pipeline.errors import ScriptError
from pipeline.script_editing.import_file import IMPORTED_FILES, import_script
from pipeline.script_to_turns.parse import script_to_turns
from pipeline.waveform_to_dialogue.captions import (
    captions_to_json,
    captions_to_srt,
    captions_to_vtt,
)
from tests.random_scripts import random_script

LIMITS = LimitsConfig()


def imported(name: str, text: str) -> str:
    """The text of a file that needs no mending."""
    result = import_script(name, text.encode())
    assert result.error is None
    return result.text


def spoken(script: Script) -> list[list[str]]:
    """[name, words], with consecutive turns of one speaker as one."""
    found: list[list[str]] = []
    for turn in script.turns:
        name = script.speaker_names[turn.speaker]
        if found and found[-1][0] == name:
            found[-1][1] += f" {turn.text}"
        else:
            found.append([name, turn.text])
    return found


def captions_of(script: Script) -> list[Caption]:
    return [
        Caption(turn=n, speaker=turn.speaker, start_s=2.0 * n, end_s=2.0 * n + 1.5, text=turn.text)
        for n, turn in enumerate(script.turns)
    ]


WRITERS: dict[str, Callable[[Script], str]] = {
    "a.srt": lambda script: captions_to_srt(captions_of(script), script.speaker_names),
    "a.vtt": lambda script: captions_to_vtt(captions_of(script), script.speaker_names),
    "a.json": lambda script: captions_to_json(captions_of(script)),
}


@pytest.mark.parametrize("name", WRITERS)
def test_written_captions_are_read_back_to_the_same_words_and_speakers(name: str) -> None:
    rng = random.Random(17)
    for n in range(120):
        script = script_to_turns(random_script(rng, named=bool(n % 2)), LIMITS)
        read = script_to_turns(imported(name, WRITERS[name](script)), LIMITS)
        if name == "a.json":
            script = dataclasses.replace(script, speaker_names={f"S{n}": f"S{n}" for n in range(5)})
            assert [turn.text for turn in read.turns] == [turn.text for turn in script.turns]
        assert spoken(read) == spoken(script)


def test_words_of_captions_are_words_and_no_marks() -> None:
    text = r"a {pause 1} [S2] b|c \ {d|e} <Person1>"
    caption = Caption(turn=0, speaker="S1", start_s=0.0, end_s=1.0, text=text)
    for name, written in (
        ("a.srt", captions_to_srt([caption])),
        ("a.vtt", captions_to_vtt([caption])),
        ("a.json", captions_to_json([caption])),
    ):
        (turn,) = script_to_turns(imported(name, written), LIMITS).turns
        assert (turn.text, turn.spoken_text, turn.pauses) == (text, text, ())


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_text_file_is_taken_as_it_is(encoding: str) -> None:
    text = "Zoë: Hi {pause 1} – you.\r\n\r\n# Bob: Yo.\n"
    assert import_script("talk.TXT", text.encode(encoding)).text == text


def test_utf_16_of_both_byte_orders_is_read() -> None:
    for mark, encoding in ((b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be")):
        assert import_script("a.txt", mark + "Zoë: Hi.".encode(encoding)).text == "Zoë: Hi."


def test_what_has_to_be_mended_comes_with_the_parsers_error() -> None:
    result = import_script("a.txt", b"Anna: Hi.\nBob: {Yo.")
    assert result.text == "Anna: Hi.\nBob: {Yo."
    assert result.error is not None
    assert result.error.line == 2
    assert "brace { has no partner" in str(result.error)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.txt", "Anna: Hi\x00."),
        ("a.md", "Anna: Hi\x00."),
        ("a.srt", "1\n00:00:01,000 --> 00:00:02,000\nAnna: Hi\x00.\n"),
        ("a.vtt", "WEBVTT\n\n00:01.000 --> 00:02.000\n<v Anna>Hi\x00.\n"),
        ("a.json", json.dumps([{"speaker": "Anna", "text": "Hi\x00."}])),
    ],
)
def test_control_characters_are_kept_for_the_parser_which_tells_of_them(
    name: str, text: str
) -> None:
    imported_script = import_script(name, text.encode())
    assert imported_script.error is None
    script = script_to_turns(imported_script.text, LIMITS)
    assert [turn.text for turn in script.turns] == ["Hi ."]
    assert str(script.notes[0]) == "line 1: a control character counts as a blank"


def cues(*texts: str) -> str:
    return "\n".join(
        f"{n}\n00:00:0{n},000 --> 00:00:0{n},900\n{text}\n" for n, text in enumerate(texts, start=1)
    )


def test_srt_joins_what_one_speaker_says_up_to_the_length_of_a_turn() -> None:
    text = cues("Anna: One,", "two.", "Anna: Three.", "Bob: Four.")
    assert imported("a.srt", text) == "Anna: One, two. Three.\nBob: Four.\n"
    short = LimitsConfig(max_turn_characters=10)
    joined = import_script("a.srt", text.encode(), short)
    assert (joined.text, joined.error) == ("Anna: One, two.\nAnna: Three.\nBob: Four.\n", None)


def test_captions_without_a_speaker_are_the_first_ones() -> None:
    result = import_script("a.srt", cues("<i>Hello</i> there,", "{\\an8}you.").encode())
    assert result.text == "[S1] Hello there, you.\n"
    assert result.notes == (
        "the times of the captions are not taken over",
        "no speaker is named: all of it is said by S1",
    )


def test_names_nobody_could_type_are_written_nearly_so() -> None:
    result = import_script("a.srt", cues("the old man (O.S.): Hi.", "Bob: Yo.").encode())
    assert result.text == "The Old Man O.S: Hi.\nBob: Yo.\n"
    assert "the name 'the old man (O.S.)' is written 'The Old Man O.S'" in result.notes


def test_names_that_cannot_be_kept_apart_become_numbers() -> None:
    rows = [{"speaker": "A (x)", "text": "Hi."}, {"speaker": "A [x]", "text": "Yo."}]
    result = import_script("a.json", json.dumps(rows).encode())
    assert (result.text, result.error) == ("[S1] Hi.\n[S2] Yo.\n", None)
    assert "names that cannot stand before a colon became numbers: 'A (x)', 'A [x]'" in result.notes


def test_json_of_several_shapes_is_read() -> None:
    rows = [{"speaker": "Anna", "text": "Hi {pause 1}\nyou."}, {"speaker": "Bob", "text": "Yo."}]
    expected = "Anna: Hi {pause 1} you.\nBob: Yo.\n"
    for value in (rows, {"turns": rows}, {"dialogue": rows}, {"segments": rows, "id": 1}):
        assert imported("a.json", json.dumps(value)) == expected
    others = [{"name": "Anna", "content": "Hi."}, {"role": "Bob", "text": "Yo.", "name": None}]
    assert imported("a.json", json.dumps(others)) == "Anna: Hi.\nBob: Yo.\n"
    assert imported("a.json", json.dumps({"script": "[S2] a\n[S1] b"})) == "[S2] a\n[S1] b"
    assert imported("a.json", json.dumps([{"text": "[S2] a\n[S1] b"}])) == "[S2] a\n[S1] b\n"
    numbers = [{"speaker": 2, "text": "Hi.", "pace": 0.9, "gap": None}]
    assert imported("a.json", json.dumps(numbers)) == "[S2] {pace 0.9} Hi.\n"


def test_json_says_what_was_left_out() -> None:
    rows = [{"speaker": "SPEAKER_00", "text": "a {b} c", "start": 0.5, "mood": "x"}]
    result = import_script("a.json", json.dumps(rows).encode())
    assert result.text == "SPEAKER_00: a \\{b\\} c\n"
    assert result.notes == (
        "the times of the captions are not taken over",
        "left out of the items: 'mood'",
    )


def test_a_bad_line_of_json_is_kept_to_be_mended() -> None:
    rows = [{"speaker": "Anna", "text": "Hi."}, {"speaker": "Bob", "text": "a {b", "pace": "x"}]
    result = import_script("a.json", json.dumps(rows).encode())
    assert result.text == "Anna: Hi.\nBob: {pace x} a {b\n"
    assert result.error is not None
    assert result.error.line == 2


REFUSED: dict[str, tuple[str, bytes, str]] = {
    "another kind": ("talk.docx", b"", r"'talk.docx' cannot .* \.txt, \.md, \.srt, \.vtt, \.json"),
    "no ending": ("x" * 99, b"", "'…xxx"),
    "too many bytes": ("a.txt", b"a" * 400_001, "has 400001 bytes, at most 400000 are read"),
    "too many characters": ("a.md", b"a" * 100_001, "has 100002 characters, at most 100000"),
    "another encoding": ("a.txt", b"Zo\xeb: Hi", r"not text in UTF-8 \(byte 3\); save it as UTF-8"),
    "half a character": ("a.txt", b"\xff\xfea", "not text in UTF-8"),
    "utf-32": ("a.txt", "hi".encode("utf-32"), "not text in UTF-8; save it"),
    "no captions": ("a.srt", b"Anna: Hi.", "no captions in it; each needs its time on a line"),
    "no json": ("a.json", b'[\n{"a" 1}]', "line 2: this is not JSON"),
    "deep json": ("a.json", b"[" * 399_000, "nested too deep"),
    "a long number": ("a.json", b"1" * 9_000, "a number too long to read"),
    "json without a script": ("a.json", b'{"turns": 1}', 'no script .* as "turns", "dialogue"'),
    "an empty list": ("a.json", b"[]", "no script is in this JSON"),
    "a list of words": ("a.json", b'["Hi."]', "item 1 is no object; what works is a list"),
    "no words": ("a.json", b'[{"speaker": "A", "text": 1}]', 'item 1 has no words as "text"'),
    "a speaker of another sort": (
        "a.json",
        b'[{"speaker": "A", "text": "a"}, {"speaker": [], "text": "a"}]',
        'item 2 names no "speaker" in words',
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_files_without_a_script_are_refused_and_say_what_works(case: str) -> None:
    name, data, message = REFUSED[case]
    with pytest.raises(ScriptError, match=message):
        import_script(name, data)


@pytest.mark.parametrize("ending", IMPORTED_FILES)
@pytest.mark.parametrize(
    "piece",
    ["<v ", "[", "**a", "{\\an1", "a\n", "- ", "> ", "<!--", "`", "\x00", "|", "[a](", "((("],
)
def test_files_made_to_slow_the_reader_give_a_text_or_an_error(ending: str, piece: str) -> None:
    head = {
        ".srt": "1\n00:00:01,000 --> 00:00:02,000\n",
        ".vtt": "WEBVTT\n\n00:01.000 --> 00:02.000\n",
        ".json": '[{"text": "',
    }.get(ending, "")
    body = (piece * 45_000)[:90_000]
    if ending == ".json":
        body = json.dumps(body)[1:85_000].rstrip("\\u0") + '"}]'
    with contextlib.suppress(ScriptError):
        assert import_script(f"a{ending}", (head + body).encode()).error is not None


def test_a_file_of_very_many_names_is_read_for_a_person_to_mend() -> None:
    text = "\n".join(f"{n}\n00:00:01,000 --> 00:00:02,000\nN{n}: a\n" for n in range(2_000))
    result = import_script("a.srt", text.encode())
    assert len(result.text.splitlines()) == 2_000
    assert "would be speaker 5" in str(result.error)
