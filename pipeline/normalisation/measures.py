"""Units of measure and currencies: how they are written and what they are called."""

from typing import NamedTuple

_LENGTHS = {
    "km": "kilometer", "m": "meter", "dm": "decimeter", "cm": "centimeter", "mm": "millimeter",
    "nm": "nanometer", "microm": "micrometer", "mi": "mile", "yd": "yard", "ft": "foot",
    "inch″": "inch",
}  # fmt: skip
_TIMES = {
    "h": "hour", "hr": "hour", "hrs": "hour", "min": "minute", "mins": "minute", "s": "second",
    "sec": "second", "secs": "second", "ms": "millisecond", "micros": "microsecond",
    "ns": "nanosecond",
}  # fmt: skip
_OTHERS = {
    "kg": "kilogram", "g": "gram", "mg": "milligram", "microg": "microgram", "lb": "pound",
    "lbs": "pound", "oz": "ounce", "fl oz": "fluid ounce", "fl. oz": "fluid ounce",
    "l": "liter", "L": "liter", "dl": "deciliter", "dL": "deciliter", "cl": "centiliter",
    "ml": "milliliter", "mL": "milliliter", "microl": "microliter", "microL": "microliter",
    "gal": "gallon", "qt": "quart", "tbsp": "tablespoon", "tbs": "tablespoon", "Tbsp": "tablespoon",
    "tsp": "teaspoon", "mph": "mile per hour", "kph": "kilometer per hour",
    "kmh": "kilometer per hour", "psi": "pound per square inch", "rpm": "revolution per minute",
    "bpm": "beat per minute", "fps": "frame per second", "ppm": "part per million",
    "Hz": "hertz", "kHz": "kilohertz", "MHz": "megahertz", "GHz": "gigahertz", "THz": "terahertz",
    "W": "watt", "kW": "kilowatt", "MW": "megawatt", "GW": "gigawatt", "mW": "milliwatt",
    "Wh": "watt hour", "kWh": "kilowatt hour", "MWh": "megawatt hour", "GWh": "gigawatt hour",
    "TWh": "terawatt hour", "mAh": "milliamp hour", "mA": "milliamp",
    "microA": "microamp", "V": "volt", "kV": "kilovolt", "mV": "millivolt", "microV": "microvolt",
    "ohm": "ohm", "kJ": "kilojoule", "MJ": "megajoule", "kcal": "kilocalorie", "cal": "calorie",
    "Pa": "pascal", "kPa": "kilopascal", "hPa": "hectopascal", "MPa": "megapascal",
    "mbar": "millibar", "Nm": "newton meter", "dB": "decibel", "lm": "lumen", "mol": "mole",
    "mmol": "millimole", "micromol": "micromole", "ha": "hectare", "px": "pixel",
    "MP": "megapixel", "dpi": "dot per inch", "cc": "cubic centimeter",
    "kB": "kilobyte", "MB": "megabyte", "GB": "gigabyte", "TB": "terabyte", "PB": "petabyte",
    "KiB": "kibibyte", "MiB": "mebibyte", "GiB": "gibibyte", "TiB": "tebibyte",
    "kb": "kilobit", "Mb": "megabit", "Gb": "gigabit", "kbps": "kilobit per second",
    "Mbps": "megabit per second", "Gbps": "gigabit per second", "Mbit": "megabit",
    "Gbit": "gigabit", "kbit": "kilobit", "MBps": "megabyte per second",
    "°C": "degree Celsius", "°F": "degree Fahrenheit", "°": "degree", "%": "percent",
}  # fmt: skip
_LOOSE = (
    "kg km cm mm mg ml lb lbs oz ft mph hz khz mhz ghz kwh kw hr hrs min mins sec secs tbsp tsp "
    "psi rpm bpm fps mbps gbps kbps db kpa mah kcal yd gal"
)
_BYTES = {"gb": "GB", "mb": "MB", "kb": "kB", "KB": "kB", "tb": "TB", "Kb": "kb"}


def _all_units() -> dict[str, str]:
    """Every way of writing; case counts only where it tells units apart."""
    exact = {**_LENGTHS, **_TIMES, **_OTHERS}
    lower = {symbol.lower(): name for symbol, name in reversed(exact.items())}
    loose: dict[str, str] = {}
    for symbol in _LOOSE.split():
        for way in (symbol, symbol.upper(), symbol.capitalize()):
            loose[way] = lower[symbol]
    loose |= {way: exact[symbol] for way, symbol in _BYTES.items()}
    loose |= {"°c": exact["°C"], "°f": exact["°F"], "° C": exact["°C"], "° F": exact["°F"]}
    return loose | exact | {way: exact[_BYTES[way]] for way in ("kb",)}


UNITS = _all_units()
"""Symbol → name in the singular."""
SQUARED_OR_CUBED = frozenset(_LENGTHS)
"""Symbols that a 2 or 3 makes an area or a volume."""
_DOTTED_LIST = "ft lb lbs oz hr hrs min mins sec secs mi yd tsp tbsp tbs gal qt"
DOTTED = frozenset(_DOTTED_LIST.split())
"""Symbols that are often written with a full stop that ends no sentence."""
_PER_LIST = (
    "second minute hour day night week month year person head mile foot pound ounce gallon "
    "liter litre unit item user seat ticket piece page game"
)
PER = {
    "wk": "week", "mo": "month", "mth": "month", "yr": "year", "d": "day", "pp": "person",
    "ea": "each", **{word: word for word in _PER_LIST.split()},
}  # fmt: skip
"""What may stand after a slash besides symbols of units, and its name."""
_PLURALS = {"foot": "feet", "inch": "inches", "percent": "percent"}


class Currency(NamedTuple):
    """Names of a currency and of its hundredth part, each for one and for more."""

    one: str
    many: str
    cent: str = ""
    cents: str = ""


_DOLLAR = Currency("dollar", "dollars", "cent", "cents")


def _dollar_of(land: str) -> Currency:
    return Currency(f"{land} dollar", f"{land} dollars", "cent", "cents")


CURRENCIES = {
    "$": _DOLLAR,
    "£": Currency("pound", "pounds", "penny", "pence"),
    "€": Currency("euro", "euros", "cent", "cents"),
    "¥": Currency("yen", "yen"),
    "₹": Currency("rupee", "rupees", "paisa", "paise"),
    "₩": Currency("won", "won"),
    "¢": Currency("cent", "cents"),
    "USD": _dollar_of("US"), "US$": _dollar_of("US"), "CAD": _dollar_of("Canadian"),
    "CA$": _dollar_of("Canadian"), "C$": _dollar_of("Canadian"), "AUD": _dollar_of("Australian"),
    "AU$": _dollar_of("Australian"), "A$": _dollar_of("Australian"),
    "NZ$": _dollar_of("New Zealand"), "HK$": _dollar_of("Hong Kong"), "S$": _dollar_of("Singapore"),
    "EUR": Currency("euro", "euros", "cent", "cents"),
    "GBP": Currency("pound", "pounds", "penny", "pence"),
    "JPY": Currency("yen", "yen"),
    "INR": Currency("rupee", "rupees", "paisa", "paise"),
    "CHF": Currency("Swiss franc", "Swiss francs", "centime", "centimes"),
    "CNY": Currency("yuan", "yuan"),
}  # fmt: skip
MAGNITUDES = {
    "thousand": "thousand", "million": "million", "billion": "billion", "trillion": "trillion",
    "k": "thousand", "K": "thousand", "m": "million", "M": "million", "mm": "million",
    "MM": "million", "mn": "million", "mln": "million", "b": "billion", "B": "billion",
    "bn": "billion", "Bn": "billion", "tn": "trillion", "trn": "trillion", "T": "trillion",
    "lakh": "lakh", "crore": "crore",
}  # fmt: skip


def plural(name: str) -> str:
    """A unit's name for more than one: "mile per hour" → "miles per hour"."""
    first, *rest = name.split(" ")
    if rest and rest[-1] in ("hour", "meter", "ounce") and rest[0] != "per":
        return " ".join([first, *rest[:-1], rest[-1] + "s"])
    if first in ("square", "cubic"):
        return f"{first} {plural(' '.join(rest))}"
    first = _PLURALS.get(first, first if first.endswith("hertz") else first + "s")
    return " ".join([first, *rest])
