"""Markdown → the plain script in it: headings and marks of layout taken off, words kept."""

import re
from collections import Counter

_HEADING = re.compile(r" {0,3}#{1,6}(?:\s|$)")
_FENCE = re.compile(r" {0,3}(?:`{3,}|~{3,})[^`]*$")
_QUOTE = re.compile(r"(?:[ \t]{0,3}>[ \t]?){1,9}")
_LIST = re.compile(r"[ \t]*(?:[-*+]|\d{1,3}[.)])[ \t]+(?=\S)")
_RULES = ("-", "*", "_", "=")
_NAMES = tuple(
    re.compile(
        rf"([ \t]*)(\{mark}{{1,3}})([^{mark}\s][^{mark}\n]{{0,80}}?)([:：]?)\2([:：]?)(?=\s|$)"
    )
    for mark in "*_"
)
_BOLD = re.compile(r"(\*\*|__)(?=\S)([^*_\n]{1,500}?)(?<=\S)\1")
_CODE = re.compile(r"`([^`\n]{1,500})`")
_LINK = re.compile(r"(!?)\[([^\[\]\n]{0,300})\]\(([^()\n]{0,500})\)")
_ESCAPED = re.compile(r"\\([*_#`~.!+>-])")
_FRONT_KEY = re.compile(r"[a-z][\w-]{0,40}:(?:\s|$)")
_BREAK = re.compile(r"<br ?/?>|\\$", re.IGNORECASE)


def read_markdown(text: str) -> tuple[str, list[str]]:
    """Take a script out of Markdown.

    Args:
        text: the document.

    Returns:
        The script, one line for each line that holds some of it, and notes on what was left out.
        Lines in code fences stay as they are.
    """
    left_out: Counter[str] = Counter()
    text = _without_comments(text.replace("\r\n", "\n").replace("\r", "\n"), left_out)
    lines = _without_front_matter(text.split("\n"), left_out)
    written: list[str] = []
    in_fence = False
    for line in lines:
        bare = _QUOTE.sub("", line, count=1) if _QUOTE.match(line) else line
        if _FENCE.match(bare):
            in_fence = not in_fence
            left_out["mark of a code fence"] += 1
        elif in_fence:
            written.append(line)
        elif _HEADING.match(bare):
            left_out["heading"] += 1
        elif rule := _rule(bare):
            if rule == "=" and written and written[-1].strip():
                written.pop()
                left_out["heading"] += 1
        else:
            written.append(_plain(line, left_out))
    script = "\n".join(written).strip("\n")
    notes = [f"left out: {count} {_plural(noun, count)}" for noun, count in left_out.items()]
    return (script + "\n" if script else ""), notes


def _without_comments(text: str, left_out: Counter[str]) -> str:
    """A comment that does not end stays, so that no words are lost."""
    kept, position = [], 0
    while (start := text.find("<!--", position)) >= 0:
        end = text.find("-->", start + 4)
        if end < 0:
            break
        kept.append(text[position:start])
        position = end + 3
        left_out["comment"] += 1
    return "".join(kept) + text[position:]


def _without_front_matter(lines: list[str], left_out: Counter[str]) -> list[str]:
    """Keys and values between two `---` at the very start."""
    if len(lines) < 3 or lines[0].strip() != "---" or not _FRONT_KEY.match(lines[1]):
        return lines
    for number, line in enumerate(lines[1:], start=1):
        if line.strip() in ("---", "..."):
            left_out["line of front matter"] += number - 1
            return lines[number + 1 :]
    return lines


def _rule(line: str) -> str:
    """The character of a line across the page, such as `---`; empty for any other line."""
    marks = line.replace(" ", "").replace("\t", "")
    return marks[0] if len(marks) > 2 and marks[0] in _RULES and set(marks) == {marks[0]} else ""


def _plain(line: str, left_out: Counter[str]) -> str:
    """One line without its marks of layout."""
    line = _QUOTE.sub("", line, count=1) if _QUOTE.match(line) else line
    if _LIST.match(line):
        line = _LIST.sub("", line, count=1)
        left_out["list mark"] += 1
    for pattern in _NAMES:
        match = pattern.match(line)
        if match and bool(match[4]) != bool(match[5]):
            line = f"{match[1]}{match[3]}:{line[match.end() :]}"
    line = _LINK.sub(lambda match: _link(match, left_out), line)
    for pattern in (_BOLD, _CODE):
        line = pattern.sub(lambda match: match[match.re.groups], line)
    return _ESCAPED.sub(r"\1", _BREAK.sub(" ", line)).rstrip(" \t")


def _link(match: re.Match[str], left_out: Counter[str]) -> str:
    """The words of a link; `[Anna](softly)` is none."""
    target = match[3].strip()
    if not re.search(r"[/#.:]", target) and not match[1]:
        return match[0]
    if match[1]:
        left_out["picture"] += 1
        return ""
    left_out["address of a link"] += 1
    return match[2]


def _plural(noun: str, count: int) -> str:
    if count == 1:
        return noun
    first, _, rest = noun.partition(" of ")
    if first == "address":
        return f"{first}es of links"
    return f"{first}s of {rest}" if rest else f"{noun}s"
