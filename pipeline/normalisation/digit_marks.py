"""Marks beside digits that are units or operations: `5'10"`, "1h 30m", "10^6", "~5", "<5".

What `quantities.py` can read is put in their place; what stands for itself becomes words.
"""

import re
from collections.abc import Callable

from pipeline.normalisation.measures import plural

_Rule = tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]]

_FEET = re.compile(
    r"(?<![\w.:'])(\d{1,2})\s?(?:'|ft\.?|feet|foot)\s?-?\s?(\d{1,2}(?:\.\d+)?(?: \d/\d)?)"
    r"(?:\s?(?:\"|''|in\b\.?(?!\s\w)|inches\b)|(?<=\d)(?![\w'/.:,-]|\.\d))"
)
_ONLY_FEET = re.compile(r"(?<![\w.'])(\d{1,2})'(?![\w'])")
_INCHES = re.compile(
    r"(?<=\d)\s?\"(?!\w)|(?<=\d)\sin\.(?=\s[a-z])"
    r"|(?<=\d) in(?=\s(?:x|by|wide|tall|long|deep|high|thick|across|paper|pipe|screen|pizza)\b)"
)
_INCHES_IN_A_FOOT = 12
_HOURS = re.compile(r"\b(\d{1,3})\s?h(?:rs?)?\s?(\d{1,2})(?:\s?m(?:ins?)?)?\b(?![:'/]|\.\d)")
_MINUTES = re.compile(r"\b(\d{1,3})\s?m\s?(\d{1,2}(?:\.\d+)?)\s?s\b")
_TEMPERATURE = re.compile(
    r"(?<![\w.])(-?\d+(?:\.\d+)?(?:\s?-\s?\d+)?)\s?([CF])\b(?!\$|[.'-]\w)",
)
_WARMTH = re.compile(
    r"\b(?:oven|temperatures?|heat|preheat|degrees|outside|weather|cold|hot|warm|freez\w+|boil\w*"
    r"|fever|bake|celsius|fahrenheit|forecast|high of|low of|summer|winter)\b",
    re.IGNORECASE,
)
_COMPASS = {"N": "north", "S": "south", "E": "east", "W": "west"}
_POWERS = {"2": " squared", "3": " cubed"}
_POWER = re.compile(r"(?<=[\w)])\^\(?\{?(-?\d+|[a-z])\}?\)?")
_ALONE = {
    "kWh": "kilowatt hour", "km/h": "kilometer per hour", "kg": "kilogram", "km": "kilometer",
    "cm": "centimeter", "ml": "milliliter", "mph": "mile per hour", "GHz": "gigahertz",
    "MHz": "megahertz", "Mbps": "megabit per second", "Gbps": "gigabit per second",
    "GB": "gigabyte", "TB": "terabyte",
}  # fmt: skip
"""Units that are no words, and so are read as units without a number, too."""
_UNIT_ALONE = re.compile(rf"\b({'|'.join(_ALONE)})\b(?!['-])")
_WORD_BEFORE = re.compile(r"(\w+|/)\s?\Z")
_SINGULAR_BEFORE = ("per", "a", "an", "each", "one", "/")
_MOBILE = "network|phone|signal|mobile|tower|coverage|modem|connection|speed|internet"


def spell_digit_marks(text: str) -> str:
    """Rewrite marks that mean something beside digits.

    Args:
        text: ASCII besides signs of currencies and °.

    Returns:
        The text, its digits still there, with symbols of units or words for the marks.
    """
    text = _spell_about(text)
    if not re.search(r"\d", text):
        return text
    for pattern, written in _RULES:
        text = pattern.sub(written, text)
    if '"' in text or " in" in text:
        text = _INCHES.sub(_inches, text)
    return _TEMPERATURE.sub(_temperature, text)


def spell_powers_and_units(text: str) -> str:
    """Exponents that belong to no unit, and units without a number: "per kWh".

    Args:
        text: its quantities in words already.
    """
    return _UNIT_ALONE.sub(_unit_alone, _POWER.sub(_power, text))


def _spell_about(text: str) -> str:
    """A tilde is "about" before a number, begins a path, or says nothing."""
    if "~" not in text:
        return text
    text = re.sub(r"~\s?(?=[$£€]?\d)", "about ", text)
    return re.sub(r"~(?!/)", " ", text)


def _unit_alone(match: re.Match[str]) -> str:
    name = _ALONE[match[1]]
    before = _WORD_BEFORE.search(match.string, 0, match.start())
    return name if before and before[1].lower() in _SINGULAR_BEFORE else plural(name)


def _feet_and_inches(match: re.Match[str]) -> str:
    if float(match[2].split()[0]) >= _INCHES_IN_A_FOOT:
        return match[0]
    return f"{match[1]} foot {match[2]}"


def _feet(match: re.Match[str]) -> str:
    """An apostrophe after digits, unless it closes a quotation."""
    opened = re.search(r"(?:\A|\s)'", match.string[: match.start()])
    return match[0] if opened else f"{match[1]} ft"


def _inches(match: re.Match[str]) -> str:
    """A straight quotation mark after digits, unless it closes a quotation."""
    if '"' in match[0] and match.string.count('"', 0, match.start()) % 2:
        return match[0]
    return " inch″"


def _temperature(match: re.Match[str]) -> str:
    """A number before C or F is a temperature if it is below zero or the text speaks of warmth."""
    sure = match[1].startswith("-") or _WARMTH.search(match.string)
    return f"{match[1]}°{match[2]}" if sure else match[0]


def _power(match: re.Match[str]) -> str:
    exponent = match[1]
    return _POWERS.get(exponent) or f" to the power of {exponent.replace('-', 'minus ')}"


def _angle(match: re.Match[str]) -> str:
    return f"° {match[1]} minutes" + (f" {match[2]} seconds" if match[2] else "")


def _pence(match: re.Match[str]) -> str:
    return f"{match[1]} penny" if match[1] == "1" else f"{match[1]} pence"


def _without(mark: str) -> Callable[[re.Match[str]], str]:
    return lambda match: match[0].replace(mark, "")


_GROUPINGS: tuple[_Rule, ...] = (
    (re.compile(r"(?<!\d)(?<!\d[ .,])\d{1,3}(?: \d{3})* 000(?![\d.,]*\d)"), _without(" ")),
    (re.compile(r"(?<![\d.])\d{1,3}(?:\.\d{3})*\.000\.000(?![\d.]*\d)"), _without(".")),
    (re.compile(r"(?<![\d'])\d{1,3}(?:'\d{3})+(?!\d)"), _without("'")),
    (
        re.compile(r"(?<![\d.,])(\d{1,3}(?:\.\d{3})+),(\d{1,2})(?!\d)"),
        lambda m: f"{m[1].replace('.', '')}.{m[2]}",
    ),
    (
        re.compile(r"(?<![\d.,])\d{1,3}\.\d{3}(?=\s?€)|(?<=€)\s?\d{1,3}\.\d{3}(?![\d,])"),
        _without("."),
    ),
    (re.compile(r"(?<=[€£$])(\s?\d+),(\d{2})(?![\d,])"), r"\1.\2"),
    (
        re.compile(r"(?<![\d,.])(\d+),(\d{1,2})(?=\s?(?:€|%|°|k?g\b|[kcm]?m\b|[mc]?l\b))"),
        r"\1.\2",
    ),
)
"""How thousands and decimals are written elsewhere."""
_COMPARISONS: tuple[_Rule, ...] = tuple(
    (re.compile(rf"{sign}\s?(?=-?[$£€]?\d)"), f" {words} ")
    for sign, words in (
        ("<=", "at most"),
        (">=", "at least"),
        ("<", "less than"),
        (">", "greater than"),
    )
)
_RULES: tuple[_Rule, ...] = (
    *_GROUPINGS,
    (re.compile(r"°\s?(\d{1,2})'(?:\s?(\d{1,2}(?:\.\d+)?)\")?"), _angle),
    (re.compile(r"(?<=[°s])\s?([NSEW])\b(?!['$])"), lambda m: " " + _COMPASS[m[1]]),
    (_FEET, _feet_and_inches),
    (_ONLY_FEET, _feet),
    (_HOURS, r"\1 h \2 min"),
    (_MINUTES, r"\1 min \2 s"),
    (re.compile(r"\b(\d{1,3})m(?=\s(?:ago|left|later|remaining)\b)"), r"\1 min"),
    (re.compile(rf"\b(\d)g(?=\s(?:{_MOBILE})s?\b)"), r"\1G"),
    (re.compile(r"(?<![\w.£$€])(\d{1,2})p\b(?!\.?\s?m\b)"), _pence),
    (re.compile(r"\b401\s?\(?k\b\)?"), "four oh one ~K"),
    (re.compile(r"(?<=\d)T(?=\d\d:\d\d)"), ", "),
    (re.compile(r"(?<=:\d\d)Z\b"), " ~UTC"),
    *_COMPARISONS,
    (re.compile(r"/(?=(?:second|minute|hour|day|night|week|month|year|person|mile)\b)"), " per "),
)
