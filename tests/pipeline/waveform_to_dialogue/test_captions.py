import json
import re

import pytest

from pipeline.datatypes.dialogue import Caption
from pipeline.waveform_to_dialogue.captions import (
    captions_to_json,
    captions_to_srt,
    captions_to_vtt,
)


def caption(turn: int = 0, start_s: float = 0.0, end_s: float = 1.0, text: str = "Hi.") -> Caption:
    return Caption(turn=turn, speaker=f"S{turn + 1}", start_s=start_s, end_s=end_s, text=text)


@pytest.mark.parametrize("seconds", [0.0, 0.0004, 0.9996, 59.9994, 61.001, 3599.9996, 36_000.5])
def test_srt_times_read_back_to_the_millisecond(seconds: float) -> None:
    srt = captions_to_srt([caption(start_s=seconds, end_s=seconds + 2)])
    h, m, s, ms = map(int, re.search(r"(\d\d):(\d\d):(\d\d),(\d{3}) -->", srt).groups())
    assert m < 60
    assert s < 60
    assert ((h * 60 + m) * 60 + s) * 1000 + ms == round(seconds * 1000)


def test_the_three_formats_agree_on_times() -> None:
    captions = [caption(start_s=0.12345, end_s=1.99951)]
    assert "00:00:00,123 --> 00:00:02,000" in captions_to_srt(captions)
    assert "00:00:00.123 --> 00:00:02.000" in captions_to_vtt(captions)
    row = json.loads(captions_to_json(captions))[0]
    assert (row["start_s"], row["end_s"]) == (0.123, 2.0)


def test_srt_cues_are_numbered_in_order_of_their_start() -> None:
    srt = captions_to_srt([caption(0, 2.0, 3.0, "later"), caption(1, 0.5, 2.5, "sooner")])
    assert srt.split("\n\n")[0] == "1\n00:00:00,500 --> 00:00:02,500\nS2: sooner"
    assert srt.split("\n\n")[1].startswith("2\n00:00:02,000")


def test_json_keeps_script_order_and_text_as_typed() -> None:
    text = 'He said  "no" —\nto <b> & é'
    rows = json.loads(captions_to_json([caption(0, 2.0, 3.0, text), caption(1, 0.5, 2.5)]))
    assert [row["turn"] for row in rows] == [0, 1]
    assert rows[0] == {"turn": 0, "speaker": "S1", "start_s": 2.0, "end_s": 3.0, "text": text}


def test_vtt_starts_with_its_signature_and_tags_the_voice() -> None:
    vtt = captions_to_vtt([caption()], names={"S1": "Anna"})
    assert vtt.startswith("WEBVTT\n\n")
    assert "<v Anna>Hi." in vtt


def test_vtt_escapes_what_would_be_markup() -> None:
    vtt = captions_to_vtt([caption(text="a < b & c --> d")], names={"S1": "A>B"})
    assert "<v A&gt;B>a &lt; b &amp; c --&gt; d" in vtt


def test_a_blank_line_in_a_turn_does_not_end_its_cue() -> None:
    captions = [caption(text="one\n\ntwo")]
    assert "S1: one two\n" in captions_to_srt(captions)
    assert "one two\n" in captions_to_vtt(captions)


def test_a_cue_is_never_without_length() -> None:
    assert "00:00:01,000 --> 00:00:01,001" in captions_to_srt([caption(start_s=1.0, end_s=1.0)])


def test_no_captions_is_an_empty_list() -> None:
    assert captions_to_srt([]) == ""
    assert json.loads(captions_to_json([])) == []
