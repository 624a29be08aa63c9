"""What only writing has, before any word is looked at: entities, line breaks, small figures, signs.

It comes before the text is folded to ASCII, which loses what these mean.
"""

import html
import re

_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺", "0123456789-+")
_SUPERSCRIPT = re.compile("[⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺]+")
_MICRO = re.compile(r"[µμ](?=(?:g|m|s|l|L|A|V|mol)\b)")
_THIN_GROUPS = re.compile("(?<=\\d)[\u00a0\u2009\u202f](?=\\d{3}(?!\\d))")
_TYPESET = (
    (_MICRO, "micro"),
    (_THIN_GROUPS, ""),
    (re.compile(r"(?<=\d)\s?[×✕]\s?(?=\d+\s?=)"), " times "),
    (re.compile(r"(?<=[\dm])×(?=\d)(?!10[⁰¹²³⁴⁵⁶⁷⁸⁹⁻^])"), " by "),
    (re.compile(r"(?<=\d)−(?=\d+(?:\.\d+)?\s?=)|(?<=[\w)] )−(?= )"), " minus "),
    (re.compile(r"(?<![\w)])−\s?(?=[\d.$£€¥½⅓¼⅔¾])"), " -"),
    (re.compile(r"\s*[→⇒]\s*"), " to "),
    (re.compile(r"(?<=\d)\s?Ω"), " ohms"),
)
_VULGAR = re.compile(r"(?<=\w)[¼½¾⅐-⅞]")
_BULLET = re.compile(r"^[ \t]*(?:[-*+•‣◦▪●–—]|\(?[a-z\d]{1,2}[).])[ \t]+", re.MULTILINE)
_SIGN_BULLET = re.compile(r"^[ \t]*[-*+•‣◦▪●–—][ \t]+", re.MULTILINE)
_ENDED = re.compile(r"[.,;:?!…—-][\"'”’)]*\s*\Z")


def unescape_entities(text: str) -> str:
    """Entities as their characters, also those escaped twice: "&amp;#39;" → "'"."""
    for _ in range(2):
        if "&" not in text:
            break
        text = _ENTITY.sub(lambda m: html.unescape(m[0]), text)
    return text


def hear_line_breaks(text: str) -> str:
    """Line breaks as the pauses they are.

    A blank line and the next item of a list end a sentence, a line break before a capital is a
    comma; before a small letter a line was only wrapped.
    """
    if "\n" not in text:
        return text
    *lines, last = text.strip().split("\n")
    written = ""
    following = [*lines, last][1:]
    for line, after in zip(lines, following, strict=True):
        written += _SIGN_BULLET.sub("", line).rstrip() + _pause(written + line, line, after)
    return written + _SIGN_BULLET.sub("", last)


def _pause(before: str, line: str, after: str) -> str:
    if not line.strip() or not before.strip() or _ENDED.search(before):
        return " "
    if not after.strip() or _BULLET.match(after) or _BULLET.match(line):
        return ". "
    return " " if after.lstrip()[:1].islower() else ", "


def plain_marks(text: str) -> str:
    """Signs whose meaning is lost in ASCII written so that it is not: "50 µg", "10³", "−5"."""
    if text.isascii():
        return text
    for pattern, written in _TYPESET:
        text = pattern.sub(written, text)
    text = _SUPERSCRIPT.sub(lambda m: "^" + m[0].translate(_SUPERSCRIPTS), text)
    if not _VULGAR.search(text):
        return text
    return _VULGAR.sub(r" \g<0>", text)
