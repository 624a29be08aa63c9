"""Dashes between days, months, times and other counted things, which are said "to"."""

import re

from pipeline.normalisation.numbers import MONTH, cardinal, month_name, ordinal

_DASH = r"\s?-\s?"
_MONTH = "(?:" + MONTH.replace("?P<month>", "?:") + r"|Mar\b)"
_WEEKDAY = (
    r"(?:(?:Mon|Fri|Sun)(?:day)?|Tue(?:s|sday)?|Wed(?:nesday)?|Thu(?:r|rs|rsday)?|Sat(?:urday)?)"
)
_WEEKDAYS = {
    "Mon": "Monday", "Tue": "Tuesday", "Wed": "Wednesday", "Thu": "Thursday", "Fri": "Friday",
    "Sat": "Saturday", "Sun": "Sunday",
}  # fmt: skip
_HALF = r"\s?[ap](?:m\b|\.\s?m\b\.?)"
_CLOCK = (
    rf"(?:(?:[01]?\d|2[0-4]):[0-5]\d(?!\d)(?:{_HALF})?|(?:1[0-2]|0?[1-9])(?:\.[0-5]\d)?{_HALF})"
)
_HOUR = r"(?:[01]?\d|2[0-4])(?![\d:])"
_ORDINAL = r"\d+(?:st|nd|rd|th)\b"
_DECADE = r"'?(?:[12]\d)?\d0'?s\b"
_DAY = r"(?:0?[1-9]|[12]\d|3[01])"
_TH = r"(?:st|nd|rd|th)?"


def _between(low: str, high: str, flags: int = 0) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w:.,-])({low}){_DASH}({high})(?![-:\d])", flags)


def _named_days(match: re.Match[str]) -> str:
    return f"{_WEEKDAYS[match[1][:3]]} to {_WEEKDAYS[match[2][:3]]}"


def _months(match: re.Match[str]) -> str:
    return f"{month_name(match[1])} to {month_name(match[2])}"


_CROSS = re.compile(
    r"(?<!\b0)(\d(?:\s?(?:ft|[ckm]?m|in|yd|inch″|[\"']))?)(?<!\b0)(?:\s[xX]\s|[xX])(?=\d)"
)
_DASH_OR_TIMES = re.compile(r"[\w.]\s?-\s?['\w]|[*xX]\s?\d")
_TO = r"\1 to \2"
_CLOCKS = re.compile(
    rf"(?<![\d:.,-])(?:({_CLOCK}){_DASH}({_CLOCK}|{_HOUR})|({_HOUR}){_DASH}({_CLOCK}))(?![-:\d])",
    re.IGNORECASE,
)
_DAYS_AFTER_MONTH = re.compile(
    rf"\b({_MONTH}\s+{_DAY}{_TH}){_DASH}({_DAY}){_TH}\b(?!-?\d|[.:]\d|{_DASH}{_MONTH})"
)
_DAYS_BEFORE_MONTH = re.compile(
    rf"(?<![\w:.,-])([Tt]he\s+)?({_DAY}){_TH}{_DASH}({_DAY}){_TH}(?=\s+(?:of\s+)?{_MONTH})"
)
_RULES = (
    (re.compile(rf"\b({_WEEKDAY})\.?{_DASH}({_WEEKDAY})\b"), _named_days),
    (re.compile(rf"\b({_MONTH}){_DASH}({_MONTH})(?!\w)"), _months),
    (_DAYS_AFTER_MONTH, lambda m: f"{m[1]} to {ordinal(m[2])}"),
    (_DAYS_BEFORE_MONTH, lambda m: f"{m[1] or 'the '}{ordinal(m[2])} to {m[3]}"),
    (re.compile(rf"\b({_MONTH}\s+{_DAY}{_TH}(?:,\s\d{{4}})?){_DASH}(?={_MONTH}\s+\d)"), r"\1 to "),
    (
        re.compile(
            rf"(?<=\d)(\s{_MONTH}(?:\s\d{{4}})?){_DASH}(?=\d{{1,2}}{_TH}\s+{_MONTH})"
        ),
        r"\1 to ",
    ),
    (re.compile(rf"\b({_MONTH}\s\d{{4}}){_DASH}(?={_MONTH}\s+\d{{4}})"), r"\1 to "),
    (_CLOCKS, lambda m: f"{m[1] or m[3]} to {m[2] or m[4]}"),
    (_between(_ORDINAL, _ORDINAL), _TO),
    (re.compile(rf"(?<![\w:.,-])({_DECADE}){_DASH}({_DECADE})"), _TO),
    (re.compile(rf"\b((?:1\d|20)\d\d){_DASH}(?=present|now|today)"), r"\1 to "),
    (re.compile(r"(?<=\d)\s?-\s?(?=\d+(?:\.\d+)?\s?=)"), " minus "),
    (re.compile(r"\b([xyn])\s?-\s?(?=\d)"), r"\1 minus "),
    (re.compile(r"(?<=\d)\s?(?:\*|x|X)\s?(?=\d+(?:\.\d+)?\s?=)"), " times "),
    (re.compile(r"(?<=\d)\s?\*\s?(?=\d)"), " times "),
    (re.compile(r"\b(\d)\s?[xX]\s?(\d{1,2})s\b"), lambda m: f"{m[1]} by {cardinal(m[2])}s"),
    (_CROSS, r"\1 by "),
)  # fmt: skip


def join_ranges(text: str) -> str:
    """Write the dash of a range of days, times or numbered things as "to".

    Args:
        text: ASCII besides signs.

    Returns:
        The text, its numbers still in digits besides ordinal numbers of days.
    """
    if not _DASH_OR_TIMES.search(text):
        return text
    for pattern, spoken in _RULES:
        text = pattern.sub(spoken, text)
    return text
