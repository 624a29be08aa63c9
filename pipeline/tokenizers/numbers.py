"""Digits as the words they are spoken as: dates, times, money, units, ranges, phone numbers, years.

Rules are tried in order, the most specific first; each one turns its digits into words, so that a
later rule never sees them again.
"""

import re
from collections.abc import Callable

_MONTHS = [
    "january", "february", "march", "april", "may", "june", "july", "august", "september",
    "october", "november", "december",
]  # fmt: skip
_SHORT_MONTHS = {month[:3]: month for month in _MONTHS} | {"sept": "september"}
_MONTH = (
    r"(?P<month>[Jj]an(?:uary|\b\.?)|[Ff]eb(?:ruary|\b\.?)|March|[Mm]ar\b\.|[Aa]pr(?:il|\b\.?)|May"
    r"|[Jj]une?\b\.?|[Jj]uly?\b\.?|[Aa]ug(?:ust|\b\.?)|[Ss]ept?(?:ember|\b\.?)"
    r"|[Oo]ct(?:ober|\b\.?)|[Nn]ov(?:ember|\b\.?)|[Dd]ec(?:ember|\b\.?))"
)
_DAY = r"(?P<day>0?[1-9]|[12]\d|3[01])"
_YEAR = r"(?P<year>[12]\d{3})"
_SCALE = r"(?P<scale>\s*(?:thousand|million|billion|trillion)\b)"

_CURRENCIES = {
    "$": ("dollar", "dollars", "cent", "cents"),
    "£": ("pound", "pounds", "penny", "pence"),
    "€": ("euro", "euros", "cent", "cents"),
}
_UNITS = {
    "km/h": "kilometer per hour", "km": "kilometer", "cm": "centimeter", "mm": "millimeter",
    "m": "meter", "mph": "mile per hour", "mi": "mile", "ft": "foot", "yd": "yard",
    "kg": "kilogram", "mg": "milligram", "g": "gram", "lbs": "pound", "lb": "pound", "oz": "ounce",
    "ml": "milliliter", "l": "liter", "hrs": "hour", "hr": "hour", "h": "hour", "mins": "minute",
    "min": "minute", "secs": "second", "sec": "second", "s": "second", "ms": "millisecond",
    "gb": "gigabyte", "mb": "megabyte", "kb": "kilobyte", "tb": "terabyte", "kw": "kilowatt",
    "khz": "kilohertz", "hz": "hertz", "°c": "degree celsius", "°f": "degree fahrenheit",
    "°": "degree",
}  # fmt: skip
_PLURALS = {"foot": "feet", "hertz": "hertz", "kilohertz": "kilohertz"}
_FRACTIONS = {"2": "half", "3": "third", "4": "quarter"}
_UNIT = "|".join(sorted(map(re.escape, _UNITS), key=len, reverse=True))
_MAX_CARDINAL_DIGITS = 15


def spell_numbers(text: str) -> str:
    """Replace every digit of a text by words.

    Args:
        text: ASCII besides £, € and °; case is kept outside numbers.

    Returns:
        The text without digits; the words put in are lower case.
    """
    for pattern, spoken in _RULES:
        text = pattern.sub(spoken, text)
    return text


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


def _ordinal(digits: str) -> str:
    return (
        _plain(_in_words(int(digits), to="ordinal"))
        if len(digits) <= _MAX_CARDINAL_DIGITS
        else cardinal(digits)
    )


def _year(digits: str) -> str:
    return _plain(_in_words(int(digits), to="year"))


def _number(digits: str) -> str:
    """Words of digits with a decimal part or several: "3.14" → "three point one four"."""
    whole, *parts = digits.split(".")
    words = [cardinal(whole) if whole else "zero"]
    for part in parts:
        words += ["point", digit_by_digit(part)]
    return " ".join(words)


def _count(digits: str, unit: str) -> str:
    """Number and unit, which is plural unless the number is 1."""
    first, *rest = unit.split(" ")
    if digits != "1":
        first = _PLURALS.get(first, first + "s")
    return " ".join([_number(digits), first, *rest])


def _said(words: str) -> str:
    """Words kept apart from letters that touched the digits."""
    return f" {words} "


def _date(match: re.Match[str]) -> str:
    name = match["month"].lower().rstrip(".")
    month, day = _SHORT_MONTHS.get(name, name), _ordinal(match["day"])
    words = (
        f"{month} {day}" if match.start("month") < match.start("day") else f"the {day} of {month}"
    )
    year = match["year"]
    return _said(f"{words}, {_year(year)}" if year else words)


def _month_year(match: re.Match[str]) -> str:
    name = match["month"].lower().rstrip(".")
    return _said(f"{_SHORT_MONTHS.get(name, name)} {_year(match['year'])}")


def _numeric_date(match: re.Match[str]) -> str:
    """Month first, as in American use, unless only day first makes sense."""
    month, day = int(match["first"]), int(match["second"])
    if month > len(_MONTHS):
        month, day = day, month
    if not 1 <= month <= len(_MONTHS) or not 1 <= day <= 31:
        first, second = cardinal(match["first"]), cardinal(match["second"])
        return _said(f"{first} {second} {_year(match['year'])}")
    return _said(f"{_MONTHS[month - 1]} {_ordinal(str(day))}, {_year(match['year'])}")


def _time(match: re.Match[str]) -> str:
    hour, minute = str(int(match["hour"])), match["minute"] or "00"
    half = {"a": "ay m", "p": "p m"}.get((match["half"] or "").lower(), "")
    if minute == "00":
        middle = "" if half else ("o'clock" if 1 <= int(hour) <= 12 else "hundred")
    else:
        middle = f"oh {cardinal(minute[1])}" if minute[0] == "0" else cardinal(minute)
    return _said(" ".join(word for word in (cardinal(hour), middle, half) if word))


def _money(match: re.Match[str]) -> str:
    one, many, cent, cents = _CURRENCIES[match["sign"]]
    whole, _, part = match["amount"].partition(".")
    if match["scale"]:
        return _said(f"{_number(match['amount'])} {match['scale'].strip()} {many}")
    if len(part) != 2:
        return _said(f"{_number(match['amount'])} {one if match['amount'] == '1' else many}")
    words = (
        [f"{cardinal(whole)} {one if whole == '1' else many}"]
        if int(whole) or not int(part)
        else []
    )
    if int(part):
        words.append(f"{cardinal(str(int(part)))} {cent if part == '01' else cents}")
    return _said(" and ".join(words))


def _fraction(match: re.Match[str]) -> str:
    above, below = match["above"], match["below"]
    if (above, below) == ("24", "7"):
        return _said("twenty four seven")
    if below in ("0", "1") or len(below) > 2 or below[0] == "0":
        return _said(f"{cardinal(above)} over {cardinal(below)}")
    part = _FRACTIONS.get(below) or _ordinal(below)
    if above != "1":
        part = "halves" if part == "half" else part + "s"
    return _said(f"{cardinal(above)} {part}")


def _decade(match: re.Match[str]) -> str:
    words = _year(match["year"]) if len(match["year"]) > 2 else cardinal(match["year"])
    return _said(words[:-1] + "ies" if words.endswith("y") else words + "s")


def _range(match: re.Match[str]) -> str:
    return f"{match['low']} to {match['high']}"


def _unit(match: re.Match[str]) -> str:
    return _said(_count(match["number"], _UNITS[match["unit"].lower()]))


def _dashed_digits(match: re.Match[str]) -> str:
    groups = re.findall(r"\d+", match[0])
    return _said(("plus " if match[0][0] == "+" else "") + ", ".join(map(digit_by_digit, groups)))


def _rule(
    pattern: str, spoken: Callable[[re.Match[str]], str], *, any_case: bool = False
) -> tuple[re.Pattern[str], Callable[[re.Match[str]], str]]:
    return re.compile(pattern, re.IGNORECASE if any_case else 0), spoken


_ALONE = r"(?<![\w.])"
_RULES = (
    _rule(r"(?<!\d)\+?(?:\d{1,3}[-. ])?\(?\d{3}\)?[-. ]\d{3}[-. ]\d{4}(?!\d)", _dashed_digits),
    _rule(r"(?<![\d-])\d{3}-\d{4}(?![\d-])", _dashed_digits),
    _rule(r"(?<![\d,.$£€])\d{10,}(?![\d,])", _dashed_digits),
    _rule(
        rf"(?<![$£€\d.])\d{{1,3}}(?:,\d{{3}})+(?![\d-]|[.,]\d|\s?(?:%|(?:{_UNIT})\b))",
        lambda m: _said(cardinal(m[0].replace(",", ""))),
    ),
    _rule(r"(?<=\d),(?=\d{3}(?!\d))", lambda _: ""),
    _rule(rf"\b{_MONTH}\s+{_DAY}(?:st|nd|rd|th)?\b(?![.:]\d)(?:,?\s+{_YEAR}\b)?", _date),
    _rule(
        rf"\b(?:the\s+)?{_DAY}(?:st|nd|rd|th)?\s+(?:of\s+)?{_MONTH}(?![a-z])(?:,?\s+{_YEAR}\b)?",
        _date,
    ),
    _rule(rf"\b{_MONTH},?\s+{_YEAR}\b", _month_year),
    _rule(rf"\b{_YEAR}-(?P<first>\d{{2}})-(?P<second>\d{{2}})\b", _numeric_date),
    _rule(rf"\b(?P<first>\d{{1,2}})[/.](?P<second>\d{{1,2}})[/.]{_YEAR}\b", _numeric_date),
    _rule(
        r"\b(?P<hour>[01]?\d|2[0-4]):(?P<minute>[0-5]\d)(?::\d\d)?\b"
        r"(?:\s*(?P<half>[ap])(?:m\b|\.\s?m\b(?:\.(?=\s+[a-z]|\s*[,;?!]))?))?",
        _time,
        any_case=True,
    ),
    _rule(
        r"\b(?P<hour>1[0-2]|0?[1-9])(?P<minute>)\s*(?P<half>[ap])(?:m\b|\.\s?m\b(?:\.(?=\s+[a-z]|\s*[,;?!]))?)",
        _time,
        any_case=True,
    ),
    _rule(rf"(?P<sign>[$£€])\s?(?P<amount>\d+(?:\.\d+)?){_SCALE}?", _money),
    _rule(r"(?P<amount>\d+(?:\.\d+)?)\s?(?P<sign>[£€])(?P<scale>)", _money),
    _rule(r"(?<![\d.])'?(?P<year>(?:[12]\d)?\d0)'?s\b", _decade),
    _rule(rf"{_ALONE}(?P<above>\d+)/(?P<below>\d+)(?![\d/])", _fraction),
    _rule(r"(?<![\d-])(?P<low>\d+(?:\.\d+)?)\s?-\s?(?P<high>\d+(?:\.\d+)?)(?!-?\d)", _range),
    _rule(r"(?P<number>\d+(?:\.\d+)?)\s?%", lambda m: _said(_number(m["number"]) + " percent")),
    _rule(
        rf"(?P<number>(?<![\d.])\d+(?:\.\d+)?)(?P<gap>\s?)(?P<unit>{_UNIT})(?![\w'])",
        _unit,
        any_case=True,
    ),
    _rule(
        r"(?P<number>\d+)(?:st|nd|rd|th)\b", lambda m: _said(_ordinal(m["number"])), any_case=True
    ),
    _rule(r"(?<![\w)])-(?=\d)", lambda _: "minus "),
    _rule(r"(?:\d+)?(?:\.\d+)+", lambda m: _said(_number(m[0]))),
    _rule(r"(?<!\d)(?P<year>1[1-9]\d\d|20\d\d)(?!\d)", lambda m: _said(_year(m["year"]))),
    _rule(r"\d+", lambda m: _said(cardinal(m[0]))),
)
