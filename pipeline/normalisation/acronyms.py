"""Which words in capitals are said letter by letter: acronyms are, shouting is not.

Letters said one by one are marked with "~": "~FBI". `text_case.py` writes the mark away.
"""

import re

from pipeline.normalisation.abbreviations import STARTS_SENTENCE, end_mark

_SHORT_WORD_LIST = (
    "a ace act ad add age ago ah aha aid aim air ale all alp am an and ant any ape are arm art "
    "as ash ask at ate aw awe axe aye bad bag ban bar bat bay be bed bee beg bet bid big bin "
    "bit bob bow box boy bro bug bum bun bus but buy by bye cab can cap car cat cop cow cry cub "
    "cue cup cut dad dam day den dew did die dig dim do dog dot dry due dug dye ear eat ebb egg "
    "ego eh elf elk end era eve ew eye fab fan far fat fax fed fee few fig fin fit fix flu fly "
    "fog for fox fry fun fur gag gap gas gay gee gel gem get gig go god got gum gun gut guy gym "
    "ha had ham has hat hay he hem hen her hey hi hid him hip his hit hm hmm ho hog hop hot how "
    "hub hug huh hum hut ice icy if ill in ink inn ion is it its ivy jab jam jar jaw jay jet "
    "jew job jog joy jug key kid kin kit la lab lad lap law lay leg let lid lie lip lit log lot "
    "low mad man map mat may me men met mid mix mm mob mom mop mud mug mum my nap net new nod "
    "no nor not now nun nut oak odd of off oh oil ok old on one oops or ore our out ow owe owl "
    "own pad pal pan pat paw pay pea peg pen pet pie pig pin pit ply pop pot pro pub pup put "
    "rag ram ran rap rat raw ray red rib rid rim rip rob rod rot row rub rug rum run rye sad "
    "sap sat saw say sea see set sew sex she shh shy sin sip sir sit six ski sky sly so sob son "
    "sow soy spa spy sub sue sum sun tab tag tan tap tar tax tea ted ten the thy tie tin tip to "
    "toe ton too top tow toy try tub tug two ugh uh um up us use van vat vet via vow wag war "
    "was wax way we web wed wee wet who why wig win wit woe won woo wow yay yea yen yep yes yet "
    "yo you yum zip zoo per ye em ma nay non gin ex dip ox foe hue cod bud fir elm arc cot app "
    "mow tom yeh nah yah whoa moo boo baa bah don won isn ain"
)
_SHORT_WORDS = frozenset(_SHORT_WORD_LIST.split())
_SAID_LIST = (
    "AIDS ASAP ASCII AWOL CAPTCHA COVID DOOM FIFA GIF IKEA LAN LASER LEGO LOL NAFTA NASA NASDAQ "
    "NATO OPEC PIN RADAR RAM ROM SARS SCUBA SIM SONAR SWAT UEFA UNESCO UNICEF WAN YOLO FOMO "
    "BAFTA CERN EBITDA PETA"
)
_SAID_AS_WORDS = frozenset(_SAID_LIST.split())
_SPELLED_LIST = (
    "AAA ABC ADHD AI AIG AKA AOL API ASL ATM BAE BIOS CEO CEOS CFO CIA CIO COO CPA CPU CTO DIY "
    "DNA DOB DOJ DUI EEG EKG EMT EPA ESPN EST ETA ETF EU EV FAA FAQ FBI FDA GDP GOP GPA GPU "
    "HDMI HIV HOA HTML IBM ICU ID IMDB IMF IOU IPA IPO IQ IRA IRS ISBN ISO ISP ISS IUD LGBT "
    "LGBTQ LLC MBA MIT MLB MRI NBA NAACP NCAA NGO NHS NSA NSFW NYU OCD OED OMG POV PTA RNA ROI "
    "SDK SEO SOS SUV TBA UAE UCLA UFC UFO UI UK UN UPS URL USA USB USC USD USDA USPS USSR UV UX "
    "VIP VPN WWE YMCA YWCA"
)
_KNOWN = frozenset(_SPELLED_LIST.split())
"""Said letter by letter even in a shouted text, vowels or not."""
_MIXED = {
    "PhD": "PHD", "PhDs": "PHDs", "MSc": "MSC", "BSc": "BSC", "iOS": "IOS", "IoT": "IOT",
    "MPhil": "M Phil", "SaaS": "sass", "eSIM": "e sim",
}  # fmt: skip
_MAX_SPELLED_LETTERS = 3
_MAX_ACRONYM_LETTERS = 5
_ONSET = (
    "(?:[bcdfghjklmnpqrstvwxyz]|[bcfgkps]l|[bcdfgkptvw]r|s[cfhkmnpqtw]|[cgpstw]h|[ckgp]n|[dst]w|p[fst]|qu"
    "|s[cpt]r|s[hcp][lr]|th[rw]|wr|rh|sph|sch|ts|ph[rl]|chr|ps|gh)?"
)
_CODA = (
    "(?:[bcdfghjklmnpqrstvwxyz]|(?:bb|dd|ff|gg|ll|mm|nn|pp|rr|ss|tt)s?|[lr]m|lt|rs|rsh|dst|rnt|ltz|bts?|wts?|scs?|gns?|chts?|c[kht]|[cs]ks?|cts?|[dfgklmnprtwbc]s|[fpkx]ts?|gh(?:t|ts|s)?|l[bcdfkmnptv]s?"
    "|m[bnp]s?|n[cdgkt]s?|ng(?:th|s)?|nch|lch|r[bcdfgklmnptv]s?|rch|rth|rst|rld|rds|[lnr]se?|s[hkmpt]s?|tch"
    "|[cdglnpwxf]?ths?|nst|mpt|w[ndlks]s?|y[sn]|zz|sch|rgh|lfth|xth|ngst|ph|rm)?"
)
"""Beginnings and ends that English syllables have; capitals with others are no word."""
_MEDIAL = "[bcdfghjklmnpqrstvwxz]{0,4}"
_PRONOUNCEABLE = re.compile(
    rf"{_ONSET}(?:[aeiou]{{1,3}}|y)(?:{_MEDIAL}(?:[aeiou]{{1,3}}|y))*{_CODA}", re.IGNORECASE
)
_IT_NOUNS = (
    "desk department team guy guys support manager staff security budget system systems job "
    "company companies consultant sector industry professional professionals person people "
    "worker director infrastructure specialist admin helpdesk services project skills field"
)
_IT = re.compile(
    rf"(?<=\b)(?:((?:[Oo]ur|[Aa]n|[Tt]heir|[Mm]y|[Yy]our|[Hh]is|[Hh]er|[Ff]rom|[Cc]all|[Aa]sk|[Ww]ith|"
    rf"work(?:s|ed|ing)? (?:in|for)|jobs? in|career in|degree in|studie[sd]|head of)\s+)IT\b"
    rf"|(?<=\b[Ii]n )IT(?=\s*(?:[.,;!?]|\Z|(?:and|for|at|since)\b))"
    rf"|\bIT(?=\s+(?:{_IT_NOUNS.replace(' ', '|')})\b))"
)
_LETTERED = re.compile(
    r"(?:\d|\b(?:vitamin|plan|class|grade|type|hepatitis|group|section|part|team|option|exhibit|room|gate|"
    r"letter|point|side|appendix|block|wing|studio|model|series|the|a|an|was|got|and|to|is))\s\Z",
    re.IGNORECASE,
)
_CAPITALS = re.compile(r"(?<![~\w'])([A-Z]{2,})(?:'([sS])|(s))?(?![\w])(?!'[A-Z])")
_YEAR_BESIDE = re.compile(r"\d\s*\||\|\s*\d")
_DOTTED = re.compile(r"(?<![\w~])(?:[A-Za-z]\.){2,}(?!\w)")
_INITIAL = re.compile(rf"(?<![\w~'-])([A-Z])\.(?!{STARTS_SENTENCE})\s(?=(?:[A-Z]\.\s)*[A-Z][a-z])")


def spell_acronyms(text: str) -> str:
    """Mark what is said letter by letter.

    Args:
        text: ASCII besides signs; case tells acronyms.

    Returns:
        The text with "~FBI" for "FBI" and "F.B.I."; other words as they are.
    """
    text = re.sub(r"(?<![\w~])Ph\.\s?D\b(\.?)", lambda m: "~PHD" + end_mark(m), text)
    text = _DOTTED.sub(lambda m: "~" + m[0].replace(".", "").upper() + end_mark(m), text)
    text = _INITIAL.sub(_initial, text)
    if not re.search("[A-Z]{2}|[A-Z][- ]?[0-9]|[0-9][- ]?[A-Z]|[a-z][A-Z]|[mn] A\\b|A-Z", text):
        return text
    text = re.sub(rf"\b({'|'.join(_MIXED)})\b", _mixed, text)
    text = re.sub(r"\bA\s?-\s?Z\b|\bA to Z\b", "~A to ~Z", text)
    text = re.sub(
        r"\b((?:[Vv]itamin|[Pp]lan|[Hh]epatitis|[Gg]rade|[Tt]ype|[Tt]eam|[Oo]ption) )A\b",
        r"\1~A",
        text,
    )
    text = re.sub(r"(?<![\w~])([A-Z]{1,3})(?:(?=\d)|-(?=\d+(?!-?\d)))", _glued, text)
    shouted = is_shouted(text)
    if not shouted:
        text = _IT.sub(lambda m: (m[1] or "") + "~IT", text)
        text = re.sub(r"(?<=[Tt]he )WHO\b", "~WHO", text)
    return _CAPITALS.sub(lambda m: _acronym(m, shouted), text)


def _initial(match: re.Match[str]) -> str:
    """The letter of a name loses its full stop; "Plan B." and "Room 5 G." end a sentence."""
    before = _LETTERED.search(match.string, 0, match.start())
    return match[0] if before else f"~{match[1]} "


def is_shouted(text: str) -> bool:
    """Whether a text is in capitals for loudness: no small letter, and an ordinary word in it."""
    return not re.search("[a-z]", text) and any(
        len(word) > 1 and not (_is_acronym(word) or word in _SAID_AS_WORDS)
        for word in re.findall("(?<![~A-Z'])[A-Z]+(?:'[A-Z]+)?", text)
    )


def is_said_as_word(word: str) -> bool:
    """Whether capitals are a name such as NASA, which is said as a word."""
    return word in _SAID_AS_WORDS


def letters(word: str) -> str:
    """Letters said one by one; "a" is written "ay", or it would be read as the article.

    Args:
        word: letters of either case.
    """
    return " ".join("ay" if letter == "a" else letter for letter in word.lower())


def _is_acronym(word: str) -> bool:
    if word in _SAID_AS_WORDS or "'" in word or (word != "AAA" and re.search(r"(.)\1\1", word)):
        return False
    if word in _KNOWN or word == "US":
        return True
    if word.lower() in _SHORT_WORDS:
        return False
    if len(word) <= _MAX_SPELLED_LETTERS or not set(word) & set("AEIOUY"):
        return True
    return len(word) <= _MAX_ACRONYM_LETTERS and not _PRONOUNCEABLE.fullmatch(word)


def _acronym(match: re.Match[str], shouted: bool) -> str:
    word, ending = match[1], match[0][len(match[1]) :]
    if word == "OK":
        return "okay" + ending
    if word == "AD" and _YEAR_BESIDE.search(
        match.string[: match.start()] + "|" + match.string[match.end() :]
    ):
        return "~AD"
    if word in ("US", "IT", "UPS") and (shouted or _is_shouted_beside(match)):
        return match[0]
    sure = word in _KNOWN or not set(word) & set("AEIOUY")
    if not _is_acronym(word) or (shouted and not sure):
        return match[0]
    return f"~{word}'s" if ending else f"~{word}"


def _is_shouted_beside(match: re.Match[str]) -> bool:
    """Whether a neighbour is an ordinary word in capitals: "TELL US"."""
    before = re.search(r"\b([A-Z]{2,})\W+\Z", match.string[: match.start()])
    after = re.match(r"\W+([A-Z]{2,})\b", match.string[match.end() :])
    return any(found and not _is_acronym(found[1]) for found in (before, after))


def _glued(match: re.Match[str]) -> str:
    """Capitals before digits are letters: "MP3", "F-16"."""
    return f"~{match[1]} "


def _mixed(match: re.Match[str]) -> str:
    written = _MIXED[match[0]]
    if written.isupper():
        return "~" + written
    return f"~{written[:-1]}'s" if written[:-1].isupper() else written
