"""Digits as the words they are spoken as: dates, times, fractions, ranges, phone numbers, years.

Rules are tried in order, the most specific first; each one turns its digits into words, so that a
later rule never sees them again.
"""

import re
from collections.abc import Callable

_MONTHS = [
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
]  # fmt: skip
_MONTH_NAMES = {month.lower(): month for month in _MONTHS}
_MONTH_NAMES |= {name[:3]: month for name, month in _MONTH_NAMES.items()} | {"sept": "September"}
MONTH = (
    r"(?P<month>[Jj]an(?:uary|\b\.?)|[Ff]eb(?:ruary|\b\.?)|March|[Mm]ar\b\.|[Aa]pr(?:il|\b\.?)|May"
    r"|[Jj]une?\b\.?|[Jj]uly?\b\.?|[Aa]ug(?:ust|\b\.?)|[Ss]ept?(?:ember|\b\.?)"
    r"|[Oo]ct(?:ober|\b\.?)|[Nn]ov(?:ember|\b\.?)|[Dd]ec(?:ember|\b\.?))"
)
_DAY = r"(?P<day>0?[1-9]|[12]\d|3[01])"
_YEAR = r"(?P<year>[12]\d{3})"
_FIRST_YEAR_OF_LAST_CENTURY = "50"
_SAID_ONE_BY_ONE = {
    ("24", "7"),
    ("9", "11"),
    ("50", "50"),
    ("20", "20"),
    ("60", "40"),
    ("80", "20"),
}
_FRACTIONS = {"2": "half", "3": "third", "4": "quarter"}
_MAX_CARDINAL_DIGITS = 15
_DIGIT = re.compile("[0-9]")


def spell_numbers(text: str) -> str:
    """Replace every digit of a text by words.

    Args:
        text: ASCII besides signs of currencies and °, its quantities in words already.

    Returns:
        The text without digits; the words put in are lower case besides names of months, and
        letters of "a.m." and "p.m." are marked as `acronyms.spelled` marks them.
    """
    if not _DIGIT.search(text):
        return text
    for pattern, spoken in _RULES:
        text = pattern.sub(spoken, text)
    return text


def separate_numbers(text: str) -> str:
    """Digits apart from words that a hyphen joins them to: "5-year-old", "Catch-22"."""
    if "-" not in text or not _DIGIT.search(text):
        return text
    text = re.sub(r"(?<=\d)-(?=[A-Za-z~])", " ", text)
    text = re.sub(r"(\d(?:st|nd|rd|th|[ap]m))-(?=[A-Za-z])", r"\1 ", text)
    return re.sub(r"(?<=[A-Za-z])-(?='?\d)", " ", text)


def cardinal(digits: str) -> str:
    """Words of a whole number, "42" → "forty two"; digit by digit if very long or led by a zero."""
    if len(digits) > _MAX_CARDINAL_DIGITS or (len(digits) > 1 and digits[0] == "0"):
        return digit_by_digit(digits)
    return _plain(_in_words(int(digits)))


def digit_by_digit(digits: str) -> str:
    """Words of each digit; anything else is left out."""
    return " ".join(_in_words(int(digit)) for digit in digits if digit.isdigit())


def _in_words(number: int, to: str = "cardinal") -> str:
    from num2words import num2words  # 60 languages: most scripts have no digit to wait for it

    return str(num2words(number, to=to))


def _plain(words: str) -> str:
    return words.replace("-", " ").replace(",", "")


def ordinal(digits: str) -> str:
    """Words of an ordinal number, "22" → "twenty second"."""
    return (
        _plain(_in_words(int(digits), to="ordinal"))
        if len(digits) <= _MAX_CARDINAL_DIGITS
        else cardinal(digits)
    )


def _year(digits: str) -> str:
    return _plain(_in_words(int(digits), to="year"))


def number_words(digits: str) -> str:
    """Words of digits with a decimal part or several: "3.14" → "three point one four"."""
    whole, *parts = digits.split(".")
    words = [cardinal(whole) if whole else "zero"]
    for part in parts:
        words += ["point", digit_by_digit(part)]
    return " ".join(words)


def said(words: str) -> str:
    """Words kept apart from letters that touched the digits."""
    return f" {words} "


def _date(match: re.Match[str]) -> str:
    month, day = month_name(match["month"]), ordinal(match["day"])
    words = (
        f"{month} {day}"
        if match.start("month") < match.start("day")
        else f"{match['the'] or 'the '}{day} of {month}"
    )
    year = match["year"]
    return said(f"{words}, {_year(year)}" if year else words)


def _month_year(match: re.Match[str]) -> str:
    month = month_name(match["month"])
    return said(f"{month} {_year(match['year'])}")


def month_name(written: str) -> str:
    """A month's whole name, "Sept." → "September"."""
    return _MONTH_NAMES[written.lower().rstrip(".")]


def _numeric_date(match: re.Match[str]) -> str:
    """Month first, as in American use, unless only day first makes sense."""
    month, day = int(match["first"]), int(match["second"])
    year = match["year"]
    if len(year) == 2:
        year = ("20" if year < _FIRST_YEAR_OF_LAST_CENTURY else "19") + year
    if month > len(_MONTHS):
        month, day = day, month
    if not 1 <= month <= len(_MONTHS) or not 1 <= day <= 31:
        first, second = cardinal(match["first"]), cardinal(match["second"])
        return said(f"{first} {second} {_year(year)}")
    return said(f"{_MONTHS[month - 1]} {ordinal(str(day))}, {_year(year)}")


def _short_date(match: re.Match[str]) -> str:
    return said(f"{_MONTHS[int(match['first']) - 1]} {ordinal(match['second'])}")


def _time(match: re.Match[str]) -> str:
    hour, minute = str(int(match["hour"])), match["minute"] or "00"
    half = {"a": "~AM", "p": "~PM"}.get((match["half"] or "").lower(), "")
    if minute == "00":
        middle = "" if half else ("o'clock" if 1 <= int(hour) <= 12 else "hundred")
    else:
        middle = f"oh {cardinal(minute[1])}" if minute[0] == "0" else cardinal(minute)
    return said(" ".join(word for word in (cardinal(hour), middle, half) if word))


def _time_with_seconds(match: re.Match[str]) -> str:
    """Seconds are never dropped; without "a.m." or "p.m." it may as well be a duration."""
    if match["half"]:
        minute = number_words(match["minute"].lstrip("0")) if match["minute"] != "00" else "o'clock"
        minute = f"oh {minute}" if "00" < match["minute"] < "10" else minute
        half = "~AM" if match["half"].lower() == "a" else "~PM"
        seconds = _counted(match["second"], "second")
        return said(f"{cardinal(str(int(match['hour'])))} {minute} and {seconds} {half}")
    parts = [(match["hour"], "hour"), (match["minute"], "minute"), (match["second"], "second")]
    while len(parts) > 1 and not int(parts[0][0]):
        parts.pop(0)
    if len(parts) > 1 and not float(parts[-1][0]):
        parts.pop()
    return said(" ".join(_counted(digits, unit) for digits, unit in parts))


def _counted(digits: str, unit: str) -> str:
    whole, point, part = digits.partition(".")
    number = str(int(whole)) + point + part
    return f"{number_words(number)} {unit}" + ("" if number == "1" else "s")


def _ratio(match: re.Match[str]) -> str:
    """Two numbers as a ratio; without a word between if they look like minutes and seconds."""
    if re.fullmatch("[0-5][0-9]", match["below"]):
        return said(f"{cardinal(match['above'])} {digit_pair(match['below'])}")
    return said(f"{cardinal(match['above'])} to {cardinal(match['below'])}")


def fraction_words(above: str, below: str) -> str:
    """Words of a fraction, "3" and "4" → "three quarters"."""
    if (above, below) in _SAID_ONE_BY_ONE:
        return f"{cardinal(above)} {cardinal(below)}"
    if above == below and len(above) <= 2:
        return f"{cardinal(above)} out of {cardinal(below)}"
    improper = len(above) > 1 and len(below) > 1 and int(above) > int(below)
    if below in ("0", "1") or len(below) > 2 or below[0] == "0" or improper:
        return f"{cardinal(above)} over {cardinal(below)}"
    part = _FRACTIONS.get(below) or ordinal(below)
    if above != "1":
        part = "halves" if part == "half" else part + "s"
    return f"{cardinal(above)} {part}"


def _fraction(match: re.Match[str]) -> str:
    return said(fraction_words(match["above"], match["below"]))


def _decade(match: re.Match[str]) -> str:
    words = _year(match["year"]) if len(match["year"]) > 2 else cardinal(match["year"])
    return said(words[:-1] + "ies" if words.endswith("y") else words + "s")


def _season(match: re.Match[str]) -> str:
    return said(f"{_year(match['low'])} {digit_pair(match['high'])}")


def digit_pair(digits: str) -> str:
    """Two digits as the end of a year: "05" → "oh five"."""
    return f"oh {cardinal(digits[1])}" if digits[0] == "0" else cardinal(digits)


def _range(match: re.Match[str]) -> str:
    return f"{match['low']} to {match['high']}"


def _dashed_digits(match: re.Match[str]) -> str:
    groups = re.findall(r"\d+", match[0])
    return said(("plus " if match[0][0] == "+" else "") + ", ".join(map(digit_by_digit, groups)))


def _phone(match: re.Match[str]) -> str:
    """Groups with blanks between them, if they are long enough for a telephone number."""
    n_digits = sum(character.isdigit() for character in match[0])
    return _dashed_digits(match) if 9 <= n_digits <= 15 else match[0]


def _dotted_numbers(match: re.Match[str]) -> str:
    return said(" dot ".join(map(cardinal, match[0].split("."))))


def _rule(
    pattern: str, spoken: Callable[[re.Match[str]], str], *, any_case: bool = False
) -> tuple[re.Pattern[str], Callable[[re.Match[str]], str]]:
    return re.compile(pattern, re.IGNORECASE if any_case else 0), spoken


_GROUPED = r"(?<![\d,.])\d{1,3}(?:,\d{2,3})*,\d{3}(?![\d,]*\d)"
_ALONE = r"(?<![\w.])"
_HALF = r"~?(?P<half>[ap])(?:m\b|\.\s?m\b(?:\.(?=\s+\w|\s*[,;?!]))?)"
_RULES = (
    _rule(r"(?<!\w)\+\d{1,3}(?:[ .-]?\(?\d{1,5}\)?){2,}(?!\w)", _phone),
    _rule(r"(?<![\w.,/-])00\d{1,3}(?: \d{2,5}){2,}(?![\w/-])", _phone),
    _rule(r"(?<![\w.,/-])\(?0\d{2,4}\)?[ -]\d{3,4}(?:[ -]?\d{3,4})?(?![\w/-])", _phone),
    _rule(
        r"(?<=[Cc]all )(?:911|999|112|101|111|311|411|988)\b|(?<=[Dd]ial )\d{2,4}\b(?![-.]\d)",
        lambda m: said(digit_by_digit(m[0])),
    ),
    _rule(r"(?<!\d)\+?(?:\d{1,3}[-. ])?\(?\d{3}\)?[-. ]\d{3}[-. ]\d{4}(?!\d)", _dashed_digits),
    _rule(r"(?<![\d-])\d{3}-\d{4}(?![\d-])", _dashed_digits),
    _rule(r"(?<![\d,.$£€])\d{10,}(?![\d,])", _dashed_digits),
    _rule(r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?!\.?\d)", _dotted_numbers),
    _rule(rf"{_GROUPED}(?=(?:st|nd|rd|th)\b)", lambda m: m[0].replace(",", "")),
    _rule(
        rf"{_GROUPED}(?:\.\d+)?(?!\d)",
        lambda m: said(number_words(m[0].replace(",", ""))),
    ),
    _rule(rf"\b{_YEAR}[-/](?P<first>\d{{2}})[-/](?P<second>\d{{2}})(?!\d)", _numeric_date),
    _rule(
        r"(?<![\d./-])(?P<first>\d{1,2})(?P<mark>[/.-])(?P<second>\d{1,2})(?P=mark)"
        r"(?P<year>[12]\d{3})(?![\d/])",
        _numeric_date,
    ),
    _rule(
        r"(?<![\d./])(?P<first>\d{1,2})/(?P<second>\d{1,2})/(?P<year>\d\d)(?![\d/])", _numeric_date
    ),
    _rule(
        r"\b(?<=[oO]n )(?P<first>1[0-2]|0?[1-9])/(?P<second>[12]\d|3[01]|0?[1-9])(?![\d/]|\s*of\b)",
        _short_date,
    ),
    _rule(r"(?<![\w/])(?P<low>(?:19|20)\d\d)/(?P<high>\d\d)(?![\d/])", _season),
    _rule(r"(?<![-\d])\d+(?:-\d+){2,}(?![-\d])", _dashed_digits),
    _rule(rf"\b{MONTH}\s+{_DAY}(?:st|nd|rd|th)?\b(?![.:]\d)(?:,?\s+{_YEAR}\b)?", _date),
    _rule(
        rf"\b(?P<the>[Tt]he\s+)?{_DAY}(?:st|nd|rd|th)?\s+(?:of\s+)?{MONTH}(?![a-z])(?:,?\s+{_YEAR}\b)?",
        _date,
    ),
    _rule(rf"\b{MONTH},?\s+{_YEAR}\b", _month_year),
    _rule(
        rf"{_ALONE}(?P<hour>\d{{1,3}}):(?P<minute>[0-5]\d):(?P<second>[0-5]\d(?:\.\d+)?)(?!\d)"
        rf"(?:\s*{_HALF})?",
        _time_with_seconds,
        any_case=True,
    ),
    _rule(
        rf"{_ALONE}(?P<hour>[01]?\d|2[0-4])[:.](?P<minute>[0-5]\d)\s*{_HALF}", _time, any_case=True
    ),
    _rule(
        rf"(?<!\d)(?P<hour>[01]?\d|2[0-4]):(?P<minute>[0-5]\d)(?!\d)(?:\s*{_HALF})?",
        _time,
        any_case=True,
    ),
    _rule(rf"\b(?P<hour>1[0-2]|0?[1-9])(?P<minute>)\s*{_HALF}", _time, any_case=True),
    _rule(rf"{_ALONE}(?P<above>\d+):(?P<below>\d+)(?![\d:])", _ratio),
    _rule(r"(?<![\d.])'?(?P<year>(?:[12]\d)?\d0)'?s\b", _decade),
    _rule(rf"{_ALONE}(?P<above>\d+)/(?P<below>\d+)(?![\d/])", _fraction),
    _rule(r"(?<![\d-])(?P<low>\d+(?:\.\d+)?)\s?-\s?(?P<high>\d+(?:\.\d+)?)(?!-?\d)", _range),
    _rule(r"(?P<number>\d+)(?:st|nd|rd|th)\b", lambda m: said(ordinal(m["number"])), any_case=True),
    _rule(r"(?<![\w)])-(?=\.?\d)", lambda _: "minus "),
    _rule(r"(?<!\.)(?:\d+)?(?:\.\d+)+", lambda m: said(number_words(m[0]))),
    _rule(
        r"(?<=[Ii]n )(?P<year>10(?:0[1-9]|[1-9]\d))(?![\d%])(?!\s+[a-z]+s\b)",
        lambda m: said(_year(m["year"])),
    ),
    _rule(r"(?<!\d)(?P<year>1[1-9]\d\d|20\d\d)(?!\d)", lambda m: said(_year(m["year"]))),
    _rule(r"\d+", lambda m: said(cardinal(m[0]))),
)
