"""What other tools and stage scripts write between words: tags of pauses, directions, controls.

Tags such as `[pause:500ms]`, `[pause]` and `<break time="1.5s"/>` become pauses. Directions in
round brackets, such as "(laughs)" and "(quietly)", are left out. Each is told in a note.
"""

import re
import unicodedata

from pipeline.datatypes.note import Note

USUAL_PAUSE_S = 0.5
"""Of a tag that tells no length."""
LONG_PAUSE_S = 1.0
"""Of a tag that asks for a strong break, and of a turn in which nobody speaks."""

_LENGTH = (
    r"(?P<{0}>\d{{1,6}}(?:\.\d{{1,6}})?|\.\d{{1,6}})\s*"
    r"(?P<unit{0}>ms|milliseconds?|s|secs?|seconds?)?"
)
_WORD = r"(?:long\s+|short\s+)?(?:pause|break|silence|beat|wait)"
_PAUSE = re.compile(
    rf"\[\s*{_WORD}\s*[:=]?\s*(?:{_LENGTH.format('a')})?\s*\]"
    rf"|\(\s*{_WORD}\s*[:=]?\s*(?:{_LENGTH.format('b')})?\s*\)"
    rf"|<\s*(?:break|pause|silence)(?:\s+(?:time|duration|length|msec|sec|strength)\s*=\s*"
    rf"[\"']?(?:{_LENGTH.format('c')}|(?P<strength>[a-z-]+))[\"']?)*\s*/?\s*>(?:\s*</(?:break|pause)>)?"
    rf"|<#\s*(?:{_LENGTH.format('d')})\s*#>"
    rf"|\[\[\s*slnc\s+(?P<slnc>\d{{1,6}})\s*\]\]",
    re.IGNORECASE,
)
_STRENGTHS = {"none": 0.0, "x-weak": 0.1, "weak": 0.2, "strong": LONG_PAUSE_S, "x-strong": 1.5}

_SOUNDS = (
    "applau[sd]|breath|chuckl|cheer|chok|clap|clapp|clears? (?:his |her |their |my |the )?throat"
    "|cough|cry|cri|exclaim|exhal|frown|gasp|giggl|grin|grinn|groan|growl|grunt|gulp|hesitat"
    "|hiccup|hiss|hum|humm|inhal|laugh|laughter|moan|mumbl|murmur|mutter|nod|nodd|pant|scoff"
    "|scream|shout|shriek|shrug|shrugg|sigh|sing|smil|sneer|sneez|sniff|sniffl|snor|snort"
    "|sob|sobb|squeal|stammer|stutter|wail|weep|whimper|whisper|whistl|wheez|winc|wink|yawn|yell"
)
"""Stems of what people do between words."""
_MANNERS = (
    "angrily|anxiously|bitterly|breathlessly|brightly|calmly|carefully|casually|cautiously"
    "|cheerfully|coldly|coolly|curiously|dryly|drily|eagerly|excitedly|faintly|firmly|flatly"
    "|gently|gravely|grimly|happily|hesitantly|hoarsely|impatiently|jokingly|loudly|mockingly"
    "|nervously|patiently|playfully|politely|proudly|quickly|quietly|sadly|sarcastically|seriously"
    "|sharply|sheepishly|shyly|slowly|softly|solemnly|sternly|sweetly|tenderly|tiredly|warmly"
    "|wearily|off[- ]?(?:screen|stage|camera)|o\\.s\\.|v\\.o\\.|aside"
    "|under (?:his|her|their) breath"
    "|to (?:himself|herself|themselves|self)|sotto voce"
)
_DIRECTION = re.compile(
    rf"\(\s*(?:(?:he|she|they)\s+)?(?:both\s+)?"
    rf"(?:(?:{_SOUNDS})(?:e|s|es|ed|ing)?(?:\s+(?:{_MANNERS}|[\w'’]+ly|again|aloud|hard|out loud))?"
    rf"|(?:{_MANNERS}))\s*[.,!]?\s*\)",
    re.IGNORECASE,
)
_SEPARATORS = "\t\n\r"


def blank_controls(text: str) -> tuple[str, list[int]]:
    """Blanks in place of characters that control a machine and cannot be spoken.

    Args:
        text: what was typed; tabs and line ends stay.

    Returns:
        The text, of the same length, and the numbers of the lines where there were any.
    """
    if text.isprintable():
        return text, []
    plain = "".join(
        " " if character not in _SEPARATORS and _is_control(character) else character
        for character in text
    )
    lines = zip(text.split("\n"), plain.split("\n"), strict=True)
    return plain, [number for number, (typed, kept) in enumerate(lines, start=1) if typed != kept]


def read_foreign_marks(text: str, begun: bool, most_s: float) -> tuple[str, float, list[Note]]:
    """Pauses as our own marks, and no directions.

    Args:
        text: of one line of a turn, escapes shielded.
        begun: whether words of the turn stand before it.
        most_s: the longest pause.

    Returns:
        The text; seconds of pauses before the turn's first word; notes on what was read how, of
        line 0.
    """
    if not any(bracket in text for bracket in "[(<"):
        return text, 0.0, []
    notes: list[Note] = []

    def leave_out(match: re.Match[str]) -> str:
        notes.append(Note(kind="direction left out", line=0, values=(repr(match[0]),)))
        return " "

    text = _DIRECTION.sub(leave_out, text)
    leading_s, start, written = 0.0, 0, ""
    for match in _PAUSE.finditer(text):
        written += text[start : match.start()]
        start = match.end()
        seconds = min(_seconds(match), most_s)
        notes.append(Note(kind="pause read", line=0, values=(repr(match[0]), f"{seconds:g}")))
        if begun or re.search(r"\w", written):
            written += f"{{pause {seconds!r}}}"
        else:
            leading_s = min(leading_s + seconds, most_s)
    return written + text[start:], leading_s, notes


def _seconds(match: re.Match[str]) -> float:
    if match["slnc"]:
        return int(match["slnc"]) / 1000
    for name in "abcd":
        if match[name]:
            given, unit = float(match[name]), (match[f"unit{name}"] or "").lower()
            in_ms = unit.startswith("m") or (not unit and ("msec" in match[0] or given >= 50))
            return given / 1000 if in_ms else given
    if match["strength"]:
        return _STRENGTHS.get(match["strength"].lower(), USUAL_PAUSE_S)
    return LONG_PAUSE_S if "long" in match[0].lower() else USUAL_PAUSE_S


def _is_control(character: str) -> bool:
    return unicodedata.category(character) in ("Cc", "Cs", "Co")
