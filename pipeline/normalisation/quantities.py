"""Numbers with a sign, a currency, a magnitude or a unit, one or a range, as one thing in words.

A sign is never lost, and what both ends of a range share is said once: "$5-10" is "five to ten
dollars". Numbers with nothing beside them are left to `numbers.py`.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from pipeline.normalisation.measures import (
    CURRENCIES,
    DOTTED,
    MAGNITUDES,
    PER,
    SQUARED_OR_CUBED,
    UNITS,
    plural,
)
from pipeline.normalisation.numbers import cardinal, fraction_words, number_words, said


def _one_of(words: Iterable[str]) -> str:
    return "|".join(sorted(map(re.escape, words), key=len, reverse=True))


_CURRENCY = _one_of(CURRENCIES)
_UNIT = _one_of(UNITS)
_LENGTH = _one_of(SQUARED_OR_CUBED)
_NUMBER = r"(?:\d{1,3}(?:,\d{2,3})*,\d{3}(?![\d,])|\d+)(?:\.\d+)?|\.\d+"
_PROPER = r"\d{1,2}/(?:\d{1,2}|100)(?![\d/])"
_SCALE_WORDS = "thousand|million|billion|trillion|lakh|crore"
_SCALE_LETTERS = "mln|trn|bn|Bn|mn|tn|mm|MM|[kKmMbBT]"
_AMOUNT = (
    rf"(?P<sign>-)?(?:(?P<before>{_CURRENCY})\s?(?P<minus>-)?)?"
    rf"(?P<number>(?:\d+[ -])?{_PROPER}|{_NUMBER})(?!\d|[/:]\d)"
    rf"(?P<scale>[\s-]?(?:{_SCALE_WORDS})(?!\w)"
    rf"|\s?(?:{_SCALE_LETTERS})(?![\w&'^²]|\.\w|-(?!a-)[A-Za-z]))?"
    rf"(?:(?P<gap>[\s-]?)(?:(?P<after>{_CURRENCY})(?!\w)|(?P<unit>{_UNIT})(?![\w'^]|\.\w)"
    rf"|(?P<area>(?:sq|cu)\.?\s)?(?P<length>{_LENGTH})(?P<power>\^?[23](?!\d))?(?![\w'^]|\.\w)))?"
    rf"(?:\s?/\s?(?P<per>(?:100\s?)?(?:{_UNIT}|{_one_of(PER)})(?:\^?[23](?!\d))?)(?![\w'^]))?"
)
_START = re.compile(r"(?<![\w.,:/~^-])(?=[-\d.$£€¥₹₩¢A-Z])" + _AMOUNT)
_HIGH = re.compile(_AMOUNT)
_DASH = re.compile(r"\s?-\s?|\s?to\s")
_HIGH_END = re.compile(r"(?!-?\d|:\d|/\d)")
_DOT = re.compile(r"\.(?=\s+[a-z,;])|\.(?=[,;])")
_AFTER_NUMBER = re.compile(r"\d[%°]?\s?\Z|[)\]]\Z")
_COUNTED = re.compile(
    r"\s+(?:\w+\s+)?(?:people|users|views|followers|downloads|subscribers|copies|customers|households|jobs|likes"
    r"|plays|streams|members|visitors|residents|voters|tonnes|tons|barrels|homes|workers|patients"
    r"|shares|miles|years|items|units|words|records|rows|players|fans|viewers|euros|dollars|pounds)\b"
)
_PLACE = re.compile(
    r"\b(?:room|gate|exit|seat|bus|size|flat|unit|apartment|apt|section|platform|route|building|"
    r"figure|table|line|row|bay|block|class|form|part|item|number|no|track)\.?\s+#?\Z",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Amount:
    """One number of a text, with what stands beside it.

    Attributes:
        minus: whether it is below zero.
        number: digits without commas, a fraction, or both with a blank between.
        currency: as it is written, empty for none.
        scale: "million" and the like, empty for none.
        unit: its name in the singular, empty for none.
        per: what it is per, in words, empty for nothing.
        joined: whether a hyphen joins number and unit, as in "5-kg bag".
    """

    minus: bool
    number: str
    currency: str
    scale: str
    unit: str
    per: str
    joined: bool

    @property
    def is_bare(self) -> bool:
        """Whether nothing but digits stands there."""
        beside = self.currency or self.scale or self.unit or self.per
        return not (beside or self.minus or " " in self.number)

    @property
    def size(self) -> float:
        """The number without its magnitude, to compare the ends of a range."""
        *whole, last = self.number.split()
        above, _, below = last.partition("/")
        return sum(map(float, whole)) + float(above) / (float(below or "1") or 1.0)


def spell_quantities(text: str) -> str:
    """Write numbers that have a sign, a currency, a magnitude or a unit as words.

    Args:
        text: ASCII besides signs of currencies and °; micro is written "micro".

    Returns:
        The text; numbers with nothing beside them are still in digits.
    """
    written, position = "", 0
    while match := _START.search(text, position):
        written += text[position : match.start()]
        words, position = _spell(match, text)
        written += words
    return written + text[position:]


def _spell(match: re.Match[str], text: str) -> tuple[str, int]:
    """Words of what stands at a match, alone or as a range, and where the text goes on."""
    low = _read(match)
    dash = _DASH.match(text, match.end())
    found = _HIGH.match(text, dash.end()) if dash else None
    has_high = found and _HIGH_END.match(text, found.end())
    high = _read(found, low.currency if low else "") if found and has_high else None
    if high and high.currency and dash and dash[0].strip() == "-":
        low = _read(match, high.currency)
    if low and high and dash and found and _is_range(low, high, dash[0]):
        if low.is_bare and high.is_bare and "," not in match[0] + found[0]:
            middle = " to " if "/" in match[0] and "/" in found[0] else dash[0]
            return match[0] + middle + found[0], found.end()
        return _ended(_range_words(low, high), found, text)
    if low is None or low.is_bare:
        return match[0], match.end()
    return _ended(_amount_words(low), match, text)


def _ended(words: str, match: re.Match[str], text: str) -> tuple[str, int]:
    """Words without the full stop of an abbreviated unit in the middle of a sentence."""
    end = match.end()
    if match["unit"] or match["length"]:
        dot = _DOT.match(text, end)
        end = dot.end() if dot and (match["unit"] or match["length"]) in DOTTED else end
    if re.match("-[A-Za-z]", text[end : end + 2]):
        end += 1
    return said(words), end


def _is_range(low: _Amount, high: _Amount, dash: str) -> bool:
    """Whether two numbers are the ends of one range; "to" may stand between any two amounts."""
    if dash.strip() == "to":
        return bool(low.currency and high.scale and not low.scale and not high.currency)
    return not low.joined


def _read(match: re.Match[str], beside: str = "") -> _Amount | None:
    """A match as an amount; `None` where its letter only tells which one, as in "Gate 5M".

    Args:
        match: of `_AMOUNT`.
        beside: the currency of the other end of a range.
    """
    currency = match["before"] or match["after"] or ""
    scale, unit = (match["scale"] or "").strip(" -"), _unit_name(match)
    if len(scale) <= 3 and scale and not (currency or beside):
        scale, unit = _without_currency(scale, unit, match)
        if not (scale or unit):
            return None
    symbol = match["unit"] or ""
    if symbol == "s" and re.fullmatch(r"(?:[12]\d)?\d0", match["number"]) and not match["gap"]:
        return None
    if len(symbol) == 1 and symbol.isupper() and _PLACE.search(match.string, 0, match.start()):
        return None
    signed = match["sign"] and not _AFTER_NUMBER.search(match.string, 0, match.start())
    return _Amount(
        minus=bool(signed or match["minus"] or (match["sign"] and currency)),
        number=re.sub(r"(?<=\d)-", " ", match["number"].replace(",", "")),
        currency=currency,
        scale=MAGNITUDES.get(scale, scale),
        unit=unit,
        per=_per_words(match["per"]) if match["per"] else "",
        joined=match["gap"] == "-",
    )


def _without_currency(scale: str, unit: str, match: re.Match[str]) -> tuple[str, str]:
    """What the letter after a number means, as (magnitude, unit): "5M views", "5 m", "Gate 5M"."""
    counted = _COUNTED.match(match.string, match.end()) is not None
    place = _PLACE.search(match.string, 0, match.start()) is not None
    glued = match["scale"] == scale
    if scale in ("bn", "Bn", "mln", "trn") or (scale in ("mn", "tn", "MM") and counted):
        return scale, unit
    if scale in "kK":
        return ("~K" if glued and not place else ""), unit
    if scale in ("M", "B"):
        sure = counted or (glued and ("." in match["number"] or scale == "M"))
        return (scale if sure and not place else ""), unit
    if scale == "m" and counted and glued:
        return scale, unit
    return "", UNITS.get(scale, "")


def _unit_name(match: re.Match[str]) -> str:
    if match["unit"]:
        return UNITS[match["unit"]]
    if not match["length"]:
        return ""
    return _powered(UNITS[match["length"]], match["power"] or "", match["area"] or "")


def _powered(name: str, power: str, area: str = "") -> str:
    if power.endswith("2") or area.startswith("sq"):
        return f"{name} squared" if name == "second" else f"square {name}"
    return f"cubic {name}" if power or area else name


def _per_words(written: str) -> str:
    symbol = re.sub(r"^100\s?", "", written)
    base = symbol if symbol in UNITS or symbol in PER else symbol.rstrip("23").rstrip("^")
    name = UNITS.get(base) or PER[base]
    if symbol != written:
        return f"per {cardinal('100')} {plural(name)}"
    return name if name == "each" else f"per {_powered(name, symbol[len(base) :])}"


def _range_words(low: _Amount, high: _Amount) -> str:
    """Both ends; what they share, or what only one of them has, is said once, at the end."""
    currencies, units = {low.currency, high.currency} - {""}, {low.unit, high.unit} - {""}
    pers = {low.per, high.per} - {""}
    cents = (low.currency or high.currency) and "." in low.number + high.number
    if len(currencies) > 1 or len(units) > 1 or len(pers) > 1 or (currencies and units):
        return f"{_amount_words(low)} to {_amount_words(high)}"
    if cents and not (low.scale or high.scale):
        sign = currencies.pop()
        low, high = replace(low, currency=sign), replace(high, currency=sign)
        return f"{_amount_words(low)} to {_amount_words(high)}"
    shares_scale = not low.scale and bool(high.scale) and low.size < high.size
    if high.scale and not low.scale and not shares_scale:
        low = replace(low, currency=low.currency or high.currency)
        return f"{_amount_words(low)} to {_amount_words(high)}"
    bare = replace(low, currency="", unit="", per="")
    end = replace(
        high,
        currency=low.currency or high.currency,
        unit=low.unit or high.unit,
        per=low.per or high.per,
        joined=high.joined,
    )
    return f"{_amount_words(bare)} to {_amount_words(end)}"


def _amount_words(amount: _Amount) -> str:
    words = [_money_words(amount) if amount.currency else _measure_words(amount), amount.per]
    if amount.minus:
        words.insert(0, "minus")
    return " ".join(filter(None, words))


def _measure_words(amount: _Amount) -> str:
    one = (amount.number == "1" or _is_part(amount.number)) and not amount.scale
    unit = amount.unit if one or amount.joined or not amount.unit else plural(amount.unit)
    return " ".join(filter(None, [_value_words(amount.number), amount.scale, unit]))


def _is_part(number: str) -> bool:
    return "/" in number and " " not in number


def _value_words(number: str) -> str:
    *whole, last = number.split()
    if "/" not in last:
        return number_words(last)
    above, below = last.split("/")
    part = fraction_words(above, below)
    if not whole:
        return part
    return f"{number_words(whole[0])} and {'a half' if part == 'one half' else part}"


def _money_words(amount: _Amount) -> str:
    """Two decimals are cents, unless the currency has none: "$3.50", "¥500"."""
    currency, number = CURRENCIES[amount.currency], amount.number
    whole, _, part = number.partition(".")
    if amount.scale or len(part) != 2 or not currency.cent:
        one = number == "1" and not amount.scale
        name = currency.one if one else currency.many
        return " ".join(filter(None, [_value_words(number), amount.scale, name]))
    words = []
    if int(whole or "0") or not int(part):
        words.append(f"{cardinal(whole)} {currency.one if whole == '1' else currency.many}")
    if int(part):
        cent = currency.cent if part == "01" else currency.cents
        words.append(f"{cardinal(str(int(part)))} {cent}")
    return " and ".join(words)
