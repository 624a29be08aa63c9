import pytest

from pipeline.script_editing.markdown import read_markdown

LINES = {
    "# A title": "",
    "### Scene two": "",
    "#5 is alive": "#5 is alive",
    "- Anna: hi": "Anna: hi",
    "1. Anna: hi": "Anna: hi",
    "  * **Anna:** hi": "Anna: hi",
    "**Anna:** hi": "Anna: hi",
    "**Anna**: hi": "Anna: hi",
    "*Anna*: hi": "Anna: hi",
    "_Anna:_ hi": "Anna: hi",
    "__Anna__: hi": "Anna: hi",
    "***Dr. Smith:*** hi": "Dr. Smith: hi",
    "**Anna [pace=0.9]**: hi": "Anna [pace=0.9]: hi",
    "SPEAKER_00: hi_there": "SPEAKER_00: hi_there",
    "> > Anna: hi": "Anna: hi",
    "> - Anna: hi": "Anna: hi",
    "Anna: a **very** good `day`": "Anna: a very good day",
    "Anna: *laughs* hi": "Anna: *laughs* hi",
    "Anna: see [my page](https://a.b/c) now": "Anna: see my page now",
    "Anna: a ![cat](cat.png) b": "Anna: a  b",
    "[Anna](softly) hi": "[Anna](softly) hi",
    "[S1 pace=0.9] hi {pause 1} {a|b}": "[S1 pace=0.9] hi {pause 1} {a|b}",
    "Anna: a <!-- no --> b": "Anna: a  b",
    "Anna: a <!-- b": "Anna: a <!-- b",
    "Anna: 2 \\* 3 \\[x]": "Anna: 2 * 3 \\[x]",
    "Anna: hi\\": "Anna: hi",
    "Anna: hi<br>you": "Anna: hi you",
    "---": "",
    "* * *": "",
    "Anna: 5 - 3": "Anna: 5 - 3",
}


@pytest.mark.parametrize("line", LINES)
def test_marks_of_layout_are_taken_off(line: str) -> None:
    text, _ = read_markdown(line)
    assert text.rstrip("\n") == LINES[line]
    assert read_markdown(f"Bob: yo\r\n{line}\r\nBob: no")[0].split("\n")[0] == "Bob: yo"


def test_lines_in_fences_stay_as_they_are() -> None:
    text, notes = read_markdown("```text\n# Anna: hi\n- **b**\n```\n~~~\nx\n~~~\n# y")
    assert text == "# Anna: hi\n- **b**\nx\n"
    assert notes == ["left out: 4 marks of a code fence", "left out: 1 heading"]


def test_what_was_left_out_is_counted() -> None:
    text, notes = read_markdown(
        "---\ntitle: x\ndate: y\n---\nA title\n===\n\n<!-- one\ntwo -->\n- Anna: [a](b.c) [d](#e)\n"
        "- Bob: ![f](g)"
    )
    assert text == "Anna: a d\nBob:\n"
    assert notes == [
        "left out: 1 comment",
        "left out: 2 lines of front matter",
        "left out: 1 heading",
        "left out: 2 list marks",
        "left out: 2 addresses of links",
        "left out: 1 picture",
    ]


def test_a_plain_script_stays_and_has_no_notes() -> None:
    text = "Anna: Hi.\n\nBob: {pause 1} Yo.\n"
    assert read_markdown(text) == (text, [])


def test_a_script_between_rules_is_no_front_matter() -> None:
    for text in ("---\nAnna: Hi.\n---\nBob: Yo.", "---\ntitle: x\nBob: Yo."):
        assert read_markdown(text)[0].endswith("Bob: Yo.\n")
        assert len(read_markdown(text)[0].splitlines()) == 2


def test_an_empty_document_is_an_empty_script() -> None:
    assert read_markdown("\n# x\n\n") == ("", ["left out: 1 heading"])
