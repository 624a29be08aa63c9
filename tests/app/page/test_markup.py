import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest

from app.page.markup import (
    clock,
    envelope_svg,
    message_html,
    notes_markdown,
    progress_html,
    sentence,
    waveform_html,
)
from pipeline.datatypes.note import Note
from tests.app.page.desk import SCRIPT, WICKED
from tests.app.tone_pipeline import TonePipeline


class _Tags(HTMLParser):
    """Collects the tags and the text of some HTML."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.text += data


def test_messages_show_words_as_they_are() -> None:
    read = _Tags(message_html(f"a {WICKED}", problem=True))
    assert read.tags == ["p"]
    assert read.attributes == [("class", "problem")]
    assert read.text == f"A {WICKED}"
    assert "problem" not in message_html("fine")


def test_progress_is_a_bar_with_words() -> None:
    read = _Tags(progress_html(0.256, WICKED))
    assert read.tags == ["p", "progress"]
    assert ("value", "26") in read.attributes
    assert WICKED in read.text


def test_notes_hold_no_markup_of_any_kind() -> None:
    note = Note(kind="of a line", line=1, values=(f"{WICKED}\n# head\n| a |",))
    (line,) = notes_markdown([note]).splitlines()
    assert line.startswith("- line 1")
    assert "<" not in line
    bare = re.sub(r"\\.", "", line)
    assert not set("*_[]`#|") & set(bare), "every mark of markdown has a backslash"
    assert notes_markdown([]) == ""


def test_quotes_in_notes_are_shown_as_quotes() -> None:
    note = Note(kind="aside left out", line=1, values=("'(\"laughing\")'",))
    shown = re.sub(r"\\(.)", r"\1", notes_markdown([note]))
    assert shown == "- line 1: left out '(\"laughing\")'"


@pytest.mark.parametrize(
    ("seconds", "shown"), [(0, "0:00.0"), (62.5, "1:02.5"), (-1, "0:00.0"), (600, "10:00.0")]
)
def test_times_are_minutes_and_seconds(seconds: float, shown: str) -> None:
    assert clock(seconds) == shown


def test_a_time_just_below_a_minute_is_no_sixty_seconds() -> None:
    assert clock(59.96) == "1:00.0"


def test_sentences_begin_with_a_capital_and_keep_the_rest() -> None:
    assert (sentence("the S1"), sentence("")) == ("The S1", "")


def test_a_waveform_has_a_path_for_each_turn_in_its_speakers_colour(
    pipeline: TonePipeline,
) -> None:
    dialogue = pipeline.synthesize(SCRIPT)
    html = waveform_html(dialogue, {"S1": WICKED, "S2": "Ben"})
    read = _Tags(html)
    assert [value for name, value in read.attributes if name == "data-turn"] == ["0", "1", "2"]
    assert "img" not in read.tags
    assert WICKED in read.text
    assert any(name == "aria-label" and WICKED in str(value) for name, value in read.attributes)
    columns = [[int(at) for at in re.findall(r"M(\d+) ", path)] for path in html.split("<path")[1:]]
    assert columns == sorted(columns), "turns follow each other"
    assert all(at <= 600 for path in columns for at in path)
    assert all(path for path in columns)


def test_a_silent_or_long_dialogue_has_a_picture_too(pipeline: TonePipeline) -> None:
    dialogue = pipeline.synthesize("\n".join(["Anna: Hello."] * 700))
    mix = replace(dialogue.mix, samples=np.zeros_like(dialogue.mix.samples))
    html = waveform_html(replace(dialogue, mix=mix), {})
    assert "nan" not in html
    assert len(html) < 100_000


def test_an_envelope_tells_what_is_used() -> None:
    html = envelope_svg([0.1, 0.5, 2.0, 0.0], (0.25, 0.75), WICKED)
    assert "img" not in _Tags(html).tags
    unused, used = html.split("<path")[1:]
    assert re.findall(r"M(\d+) ", unused) == ["0", "3"]
    assert re.findall(r"M(\d+) ", used) == ["1", "2"]
    assert "M2 0.0V80.0" in used


def test_an_envelope_of_nothing_is_no_error() -> None:
    assert "<svg" in envelope_svg([], None, "nothing")
