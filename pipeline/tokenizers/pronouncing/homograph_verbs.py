"""Rules for words whose reading hangs on verb, noun or time: "read", "live", "close", "used".

Every rule gets the place of the word and gives a tag of its entry in the dictionary, or None
where the part of speech settles it (`homographs.py`).
"""

import re
from collections.abc import Callable

from pipeline.tokenizers.pronouncing.sentence_slots import (
    ARTICLES,
    DEGREES,
    OBJECTS,
    SINGULAR,
    Place,
    is_plural,
    kind_of,
    word_set,
)

Rule = Callable[[Place], str | None]


_PAST_TIMES = word_set(
    "yesterday ago last already earlier once recently before previously twice finally was were "
    "did said told went got had came saw found thought knew felt took wrote gave sat"
)
_HABITS = word_set(
    "every always usually often sometimes daily normally generally rarely never seldom mostly "
    "tend weekly nightly everyday lot slowly fast aloud can will"
)
_PLAY = word_set(
    "go goes going went gone stream streams streaming streamed broadcast broadcasts broadcasting "
    "perform performs performed performing play plays played playing sing sings sang singing "
    "record recorded watch watched watching see saw seen it air aired show shown show's shows "
    "report reporting reports"
)
_DWELL = word_set(
    "in with on near alone here there together at by next across up down under abroad like off "
    "happily forever longer long far close among inside outside upstairs downstairs without to "
    "through and as so"
)
_GO_AROUND = word_set(
    "up down around round through its their along back tight tightly between toward towards"
)


def _read(place: Place) -> str | None:
    kind, steps = place.governor()
    word = place.left(steps)
    if place.left() in {"well", "widely", "poorly", "least", "most"} or place.right() == "by":
        return "VBN"
    if word.endswith("'d"):
        return "" if place.near({"if", "rather", "love", "gladly", "every", "could"}) else "VBD"
    if kind in {"to", "modal"} or place.is_question():
        return ""
    if kind in {"have", "be"} or word in {"gets", "got", "get", "getting"}:
        return "VBN"
    if kind == "subject":
        return _read_after(word, place, steps)
    if kind == "object":
        return "VBD" if place.near(_PAST_TIMES) and place.left(steps + 1) != "let" else ""
    if kind == "and":
        return _read_after_and(place, steps)
    if kind in {"start", "prep"}:
        return ""
    if kind == "det":
        return "VBD" if word in {"that", "all", "both"} and place.near(_PAST_TIMES) else ""
    return _read_after(word, place, steps)


def _read_after(subject: str, place: Place, steps: int) -> str:
    """Past after "she", or it would be "reads"; after "I" the words around tell the time."""
    auxiliary = place.left(steps + 1)
    if kind_of(auxiliary) == "have":
        return "VBN"
    causing = {"let", "make", "help", "helped", "made", "hear", "heard", "watch", "watched", "saw"}
    if kind_of(auxiliary) == "modal" or auxiliary in causing:
        return ""
    plain_plural = subject in {"i", "you", "we", "they", "who", "people"} or is_plural(subject)
    if not plain_plural or subject in SINGULAR:
        return "VBD"
    if place.near(_HABITS):
        return ""
    past = place.near(_PAST_TIMES) or any(
        re.search(r"[^e]ed$", word) for word in place.words if len(word) > 4
    )
    if past:
        return "VBD"
    whole = place.right() in ARTICLES | {"it", "about", "that", "somewhere"}
    return "VBD" if subject in {"i", "we", "they", "who"} and whole else ""


def _read_after_and(place: Place, steps: int) -> str:
    for back in range(steps + 1, steps + 7):
        word = place.left(back)
        if re.search(r"[^e]ed$", word) or word in _PAST_TIMES:
            return "VBD"
        if kind_of(word) in {"to", "modal"} or not word:
            return ""
    return ""


def _live(place: Place) -> str | None:
    kind, steps = place.governor()
    if kind == "be" or (place.left(steps) in _PLAY and place.left(steps) != "it"):
        return ""
    if place.left() == "it" and place.left(2) in _PLAY:
        return ""
    if kind in {"start", "and"} and not place.takes_object():
        dwelling = place.right() in {"in", "with", "and", "as", "like", "here", "long", "for", "by"}
        return "VERB" if dwelling else ""
    if place.left() == "long":
        return "VERB"
    if kind == "word":
        at_home = place.right() in {"in", "near", "under", "among", "there", "here"}
        settled = place.right() in _DWELL or not place.right()
        dwellers = is_plural(place.left(steps)) or place.is_question()
        return "VERB" if at_home or (dwellers and settled) else ""
    return None


def _lives(place: Place) -> str | None:
    kind, steps = place.governor()
    if kind in {"det", "prep", "to", "be", "have", "modal", "object", "start"}:
        relative = place.left(steps) == "that" and place.right() in _DWELL
        return "VERB" if relative else "NOUN"
    if kind == "subject":
        return "VERB"
    settled = place.right() in _DWELL | {"a", "for"} or not place.right()
    alone = not is_plural(place.left(steps)) and place.left(steps) not in {"save", "saved", "cost"}
    return "VERB" if settled and alone and not place.left(steps).endswith("ing") else "NOUN"


def _wind(place: Place) -> str | None:
    kind, steps = place.governor()
    if kind in {"start", "and"}:
        turned = place.takes_object() or place.right() in {"up", "down", "back", "through"}
        return "VERB" if turned and place.right() not in {"it's"} else "NOUN"
    if kind == "word" and place.right() in _GO_AROUND and is_plural(place.left(steps)):
        return "VERB"
    return "NOUN" if place.left() in {"the", "a", "of"} else None


def _winds(place: Place) -> str | None:
    kind, steps = place.governor()
    if kind == "subject":
        return "VERB"
    turns = place.right() in _GO_AROUND and kind == "word" and not is_plural(place.left(steps))
    return "VERB" if turns and place.left() not in {"strong", "high"} else "NOUN"


def _wound(place: Place) -> str | None:
    kind, _ = place.governor()
    if kind in {"to", "modal"}:
        return "NOUN"
    if place.right() in _GO_AROUND:
        return "VBD"
    return "VBD" if kind in {"have", "subject"} and place.takes_object() else "NOUN"


def _close(place: Place) -> str | None:
    kind, steps = place.governor()
    if place.left() in DEGREES and place.left() not in {"that", "really"}:
        return "ADJ"
    if place.right() in {"to", "enough", "by"} and kind not in {"to", "modal"}:
        return "ADJ"
    if kind == "det":
        ends = place.right() in {"of", "", "and", "at"} and place.left() in {"the", "a", "market"}
        return "NOUN" if ends else "ADJ"
    if kind == "prep" or (kind == "word" and place.near({"keep", "kept", "hold", "stay"}, 4, 0)):
        return "ADJ"
    if kind == "to" and place.left(2) in {"came", "drew", "comes", "draw", "next"}:
        return "NOUN"
    return None if kind != "word" or is_plural(place.left(steps)) or place.is_question() else "ADJ"


def _tear(place: Place) -> str | None:
    ripped = place.right() in {"up", "down", "apart", "off", "open", "out", "through", "into"}
    if ripped and place.left() not in {"a", "the"}:
        return "VERB"
    if place.left(2) == "wear" and place.left() == "and":
        return "VERB"
    cloth = word_set(
        "shirt jeans fabric curtain sleeve muscle paper ligament page pocket coat dress sail cloth"
    )
    if place.near(cloth, 3, 6) and place.left() in {"a", "the", "small", "big", "huge"}:
        return "VERB"
    return None


def _tears(place: Place) -> str | None:
    ripped = (
        place.right() in {"up", "down", "apart", "off", "open", "through"} or place.takes_object()
    )
    kind, _ = place.governor()
    return "VERB" if ripped and kind in {"subject", "word"} else "NOUN"


def _bow(place: Place) -> str | None:
    if place.near({"arrow", "arrows", "violin", "cello", "tie", "ribbon", "hair"}, 8, 8):
        return "" if place.governor()[0] not in {"to", "modal"} else None
    ship = word_set("ship ship's boat boat's stern vessel deck yacht sailors waves")
    took = word_set("took take takes taking final deep low polite made gave slight")
    if place.left() in took or place.left(2) in took or place.near(ship):
        return "VERB"
    if place.right() in {"to", "down", "before"} and place.left() not in ARTICLES:
        return "VERB"
    return None


def _dove(place: Place) -> str | None:
    kind, _ = place.governor()
    down = word_set(
        "into in under off for down head deep straight right back beneath onto behind over"
    )
    return "VERB" if place.right() in down and kind in {"subject", "word", "and"} else ""


def _used(place: Place) -> str | None:
    if place.right() != "to":
        return ""
    kind, _ = place.governor()
    thing = place.right(2) in ARTICLES | OBJECTS | {"it", "being", "having", "doing", "such"}
    if kind == "be" and not (thing or place.right(2).endswith("ing") or not place.right(2)):
        return ""
    return "VBD"


def _moped(place: Place) -> str | None:
    kind, _ = place.governor()
    gloomy = kind in {"subject", "have"} or place.right() in {"around", "about", "all"}
    return "VERB" if gloomy and kind not in {"det", "prep"} else ""


def _dogged(place: Place) -> str | None:
    kind, _ = place.governor()
    hunted = place.right() == "by" or place.right() in OBJECTS
    return "VERB" if hunted or kind in {"have", "subject"} else ""


def _that(place: Place) -> str | None:
    following = kind_of(place.right())
    points = kind_of(place.left()) in {"start", "prep", "to"} and following != "subject"
    return "DT" if points or following in {"word", "start"} else ""


def _perfect(place: Place) -> str | None:
    kind, _ = place.governor()
    return "NOUN" if kind in {"start", "and"} and not place.takes_object() else None


def _graduate(place: Place) -> str | None:
    studies = word_set("school student students program programme degree studies course courses")
    return "NOUN" if place.right() in studies else None


def _deserts(place: Place) -> str | None:
    return "VERB" if place.left() == "just" else None


VERB_RULES: dict[str, Rule] = {
    "bow": _bow, "close": _close, "deserts": _deserts, "dogged": _dogged, "dove": _dove,
    "graduate": _graduate, "live": _live, "lives": _lives, "moped": _moped, "perfect": _perfect,
    "read": _read, "tear": _tear, "tears": _tears, "that": _that, "used": _used, "wind": _wind,
    "winds": _winds, "wound": _wound,
}  # fmt: skip
"""Word → its rule."""
