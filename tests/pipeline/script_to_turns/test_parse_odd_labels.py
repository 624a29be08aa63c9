"""Labels as people and programs write them."""

import pytest

from pipeline.config.limits import LimitsConfig
from pipeline.script_to_turns.parse import script_to_turns

LIMITS = LimitsConfig()

LABELS = {
    "no blank after a colon": "Mia: Is it on?\nTom:It is.\nMia: Good.",
    "how it is said": "Mia (calling): Is it on?\nTom (from below): It is.\nMia: Good.",
    "a voice over": "MIA (V.O.): Is it on?\nTOM (O.S.): It is.\nMIA (CONT'D): Good.",
    "a mood": "Mia[happy]: Is it on?\nTom [sad]: It is.\nMia: Good.",
    "pronouns": "Mia Holt (she/her): Is it on?\nTom (he/him): It is.\nMia Holt (she/her): Good.",
    "bold with an aside": "**Mia (calling):** Is it on?\n**Tom:** It is.\n**Mia:** Good.",
    "list numbers": "1. Mia: Is it on?\n2. Tom: It is.\n3. Mia: Good.",
    "numbers with brackets": "1) Mia: Is it on?\n2) Tom: It is.\n3) Mia: Good.",
    "list marks": "- Mia: Is it on?\n- Tom: It is.\n- Mia: Good.",
    "times in brackets": "[00:01] Mia: Is it on?\n[00:03] Tom: It is.\n[00:04] Mia: Good.",
    "times": "0:01:10 Mia: Is it on?\n0:01:12.5 - Tom: It is.\n(0:01:14) Mia: Good.",
    "numbers before markers": "1. [S1] Is it on?\n2. [S2] It is.\n3. [S1] Good.",
    "times before numbers": (
        "[0:01] Speaker 1: Is it on?\n[0:03] Speaker 2:It is.\nSpeaker 1: Good."
    ),
    "wide colons": "Mia：Is it on?\nTom﹕ It is.\nMia∶ Good.",
    "a blank before a colon": "Mia\u00a0: Is it on?\nTom : It is.\nMia : Good.",
    "names on lines of their own": "MIA\nIs it on?\n\nTOM\nIt is.\n\nMIA\nGood.",
    "names and times on lines of their own": (
        "Mia Holt  0:01\nIs it on?\n\nTom  0:03\nIt is.\n\nMia Holt  0:04\nGood."
    ),
}


@pytest.mark.parametrize("case", LABELS)
def test_every_label_names_who_speaks(case: str) -> None:
    script = script_to_turns(LABELS[case], LIMITS)
    said = [(turn.speaker, turn.text) for turn in script.turns]
    assert said == [("S1", "Is it on?"), ("S2", "It is."), ("S1", "Good.")]
    assert all("(" not in name and "[" not in name for name in script.speaker_names.values())


PLAIN = {
    "a time": "Mia: We meet at\n10:30 sharp.\nTom: Fine.",
    "an address": "Mia: It is at\nhttp://a.example today.\nTom: Fine.",
    "an aside in the words": "Mia: It (the lamp) is: on.\nTom: Fine.",
    "a list": "Mia: Bring\n1. bread\n2. salt.\nTom: Fine.",
    "one paragraph below another": "Mia: Dear all\n\nThanks\nfor coming.\nTom: Fine.",
}


@pytest.mark.parametrize("case", PLAIN)
def test_words_that_look_like_a_label_are_words(case: str) -> None:
    script = script_to_turns(PLAIN[case], LIMITS)
    assert dict(script.speaker_names) == {"S1": "Mia", "S2": "Tom"}
    assert len(script.turns) == 2


def test_paragraphs_that_begin_with_a_title_are_no_names() -> None:
    script = script_to_turns("The Lamp\nIt is on.\n\nIt was off before that.", LIMITS)
    assert len(script.turns) == 1


def test_what_is_left_out_beside_a_label_is_told() -> None:
    script = script_to_turns("Mia (calling): Hi.\nTom [pace=2]: Yo.", LIMITS)
    assert tuple(map(str, script.notes)) == ("line 1: left out '(calling)'",)
    assert script.turns[1].pace == 2.0
