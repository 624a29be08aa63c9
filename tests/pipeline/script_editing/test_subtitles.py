import pytest

from pipeline.errors import ScriptError
from pipeline.script_editing.subtitles import (
    NARRATOR,
    Speech,
    find_speakers,
    join_speeches,
    one_line,
    read_cues,
)

TIME = "00:00:01,000 --> 00:00:02,000"


def srt(*cues: str) -> list[tuple[str, str]]:
    """(speaker, words) of cues of SubRip."""
    text = "\n".join(f"{n}\n{TIME}\n{cue}\n" for n, cue in enumerate(cues, start=1))
    return said(text, vtt=False)


def said(text: str, vtt: bool) -> list[tuple[str, str]]:
    return [(speech.speaker, speech.words) for speech in find_speakers(read_cues(text, vtt)[0])[0]]


def test_names_before_a_colon_speak() -> None:
    assert srt("Anna: Hi.", "Dr. Smith: Yo.") == [("Anna", "Hi."), ("Dr. Smith", "Yo.")]
    assert srt("Anna:\nHi\nthere.", "Bob: Yo.") == [("Anna", "Hi there."), ("Bob", "Yo.")]


@pytest.mark.parametrize("end", ["00:00:04", "00:04", "00:00:04,5", "00:00:04.500"])
def test_times_may_lack_their_milliseconds(end: str) -> None:
    text = f"1\n00:00:02 --> {end}\nAnna: Hi.\n\n2\n00:01:00 --> 00:01:03\nBob: Yo.\n"
    assert said(text, vtt=False) == [("Anna", "Hi."), ("Bob", "Yo.")]


def test_several_names_may_stand_in_one_cue() -> None:
    expected = [("Anna", "Hi."), ("Bob", "Yo you.")]
    assert srt("Anna: Hi.\nBob: Yo\nyou.") == expected
    assert srt("- Anna: Hi.\n- Bob: Yo\nyou.") == expected


def test_names_in_brackets_speak_and_sounds_do_not() -> None:
    assert srt("[Anna] Hi.", "[Music]", "[Bob] Yo.") == [
        ("Anna", "Hi."),
        ("Anna", "[Music]"),
        ("Bob", "Yo."),
    ]


def test_any_words_before_a_colon_are_names_if_every_cue_has_them() -> None:
    assert srt("the old man: Hi.", "his wife: Yo.") == [("the old man", "Hi."), ("his wife", "Yo.")]
    assert srt("and he said: hi.") == [("S1", "and he said: hi.")]


def test_dashes_hand_over_between_two_speakers() -> None:
    assert srt("Hm.", "- Hi.\n- Hello\nyou.", "– Well.", "and so") == [
        ("S1", "Hm."),
        ("S2", "Hi."),
        ("S1", "Hello you."),
        ("S2", "Well."),
        ("S2", "and so"),
    ]
    assert srt("- Hi.\n- Hello.") == [("S1", "Hi."), ("S2", "Hello.")]


def test_a_lone_dash_inside_a_cue_hands_nothing_over() -> None:
    assert srt("Well\n- so.") == [("S1", "Well - so.")]


def test_voice_tags_speak() -> None:
    text = (
        "WEBVTT - a title\nKind: captions\n\nNOTE by\nme\n\nSTYLE\n::cue { color: red }\n\n"
        "intro\n00:01.000 --> 00:02.000 align:start\n<v.loud Anna>Hi <c.x>you</c> &amp; I\n"
        "<00:01.500>there.</v>\n\n00:03.000 --> 00:04.000\n<v Bob>Yo.</v><v Anna B>- No: &lt;b&gt;"
    )
    assert said(text, vtt=True) == [
        ("Anna", "Hi you & I there."),
        ("Bob", "Yo."),
        ("Anna B", "- No: <b>"),
    ]
    assert "left out, as no captions: 5 lines" in read_cues(text, vtt=True)[1]


def test_webvtt_without_voices_is_read_as_subrip_is() -> None:
    text = "WEBVTT\n\n00:01.000 --> 00:02.000\nAnna: <i>Hi</i> &gt; you\n"
    assert said(text, vtt=True) == [("Anna", "Hi > you")]


def test_subrip_knows_its_own_tags_alone() -> None:
    assert srt('<font color="red">a</font> <b>b</b> {\\an8}c <d> &amp; {\\e}') == [
        ("S1", "a b c <d> &amp; {\\e}")
    ]


def test_untidy_files_lose_no_words() -> None:
    text = (
        f"\r\n7\r\n{TIME}\r\nAnna: one\r\n\r\ntwo\r\n8\r\n{TIME}\r\nthree\r\n9\r\n{TIME}\r\n"
        f"Anna: 42\r\n\r\n4\r\n\r\n{TIME}\r\n\r\n10\r\n{TIME}\r\nfour\r\n"
    )
    assert [words for _, words in said(text, vtt=False)] == ["one two", "three", "42", "four"]
    assert read_cues(f"A title\n\n1\n{TIME}\nHi.", vtt=False)[1] == [
        "the times of the captions are not taken over",
        "left out, as no captions: 1 line",
    ]


def test_a_text_without_cues_is_refused() -> None:
    for text in ("", "Anna: Hi.", "1\n00:01 to 00:02\nHi."):
        with pytest.raises(ScriptError, match=r"there are no captions .* '00:00:01,000 -->"):
            read_cues(text, vtt=False)


def test_among_names_the_speaker_above_goes_on() -> None:
    speeches = [Speech(words="a"), Speech(speaker="Anna", words="b"), Speech(words="c")]
    found, notes = find_speakers(speeches)
    assert [speech.speaker for speech in found] == [NARRATOR, "Anna", "Anna"]
    assert notes == ["2 captions without a name: said by the speaker above, or by Narrator"]
    assert find_speakers(found) == (found, [])
    assert find_speakers(speeches[1:])[1] == ["1 caption without a name: said by the speaker above"]


def test_how_speakers_were_guessed_is_noted() -> None:
    one, two = Speech(words="a"), Speech(words="b", hands_over=True)
    assert find_speakers([one, one])[1] == ["no speaker is named: all of it is said by S1"]
    assert find_speakers([one, two])[1] == [
        "no speaker is named: S1 and S2 take turns at each dash"
    ]


def test_speeches_are_joined_up_to_the_limit_and_never_past_it() -> None:
    speeches = [
        Speech(speaker=name, words=words) for name, words in zip("AaAB", "abcd", strict=True)
    ]
    joined = join_speeches(speeches, 3)
    assert [(speech.speaker, speech.words) for speech in joined] == [
        ("A", "a b"),
        ("A", "c"),
        ("B", "d"),
    ]


def test_one_line_keeps_characters_that_have_to_be_refused() -> None:
    assert one_line(" a\t\n b\x00\x1c ") == "a b\x00\x1c"
