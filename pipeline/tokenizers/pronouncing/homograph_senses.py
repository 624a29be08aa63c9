"""Rules for two words that are written alike: the metal lead, the fish bass, Polish and polish.

Every rule gets the place of the word and gives a tag of its entry in the dictionary, or None
where the part of speech settles it (`homographs.py`).
"""

from collections.abc import Callable

from pipeline.tokenizers.pronouncing.sentence_slots import (
    ARTICLES,
    BE,
    HAVE,
    Place,
    kind_of,
    word_set,
)

Rule = Callable[[Place], str | None]


def _lead(place: Place) -> str | None:
    after = word_set(
        "pipe pipes paint paints poisoning bullet bullets weight weights acid ore free based "
        "balloon pencil levels exposure contamination glass roof mine mines solder"
    )
    metals = word_set(
        "iron copper zinc mercury tin arsenic asbestos metal toxic water pipes pencil heavy"
    )
    if place.right() in after or place.left() in {"molten", "pencil", "unleaded", "liquid"}:
        return "METAL"
    matter = place.left() in {
        "of",
        "with",
        "as",
        "from",
        "for",
        "contain",
        "contains",
        "no",
        "and",
        "or",
    }
    return "METAL" if matter and place.near(metals, 6, 6) and place.right() not in ARTICLES else ""


def _row(place: Place) -> str | None:
    loud = word_set("terrible huge blazing big awful furious massive nasty almighty heated public")
    fought = place.right() in {"with", "about", "over", "between", "broke", "erupted"}
    had = place.left(2) in HAVE | {"having"} and place.left() == "a"
    return "QUARREL" if place.left() in loud or (fought and had) else ""


def _bass(place: Place) -> str | None:
    waters = word_set(
        "fish fishing fished caught catch lake river sea largemouth striped grilled fried trout "
        "pond salmon smallmouth hook bait boat cod"
    )
    music = word_set("guitar drum drums player band line clarinet song sound play plays treble")
    return "FISH" if place.near(waters, 6, 6) and not place.near(music, 4, 4) else ""


def _sow(place: Place) -> str | None:
    kind, _ = place.governor()
    farm = place.near(word_set("pig pigs piglet piglets pen farmer's litter boar mud barn"))
    return "NOUN" if kind == "det" or (farm and kind not in {"to", "modal"}) else ""


def _does(place: Place) -> str | None:
    deer = word_set("buck bucks deer fawn fawns stag stags herd antlers")
    return "DEER" if place.near(deer) and kind_of(place.left()) in {"det", "and"} else ""


def _sewer(place: Place) -> str | None:
    cloth = word_set(
        "sewing fabric quilt quilts dress stitch needle thread tailor cloth sews seamstress"
    )
    return "TAILOR" if place.near(cloth) else ""


def _number(place: Place) -> str | None:
    grew = word_set(
        "grew felt feel feels feeling get gets got getting become became becoming grow growing "
        "even number went going"
    )
    numb = place.right() in {"than", "and", "by", "with", ""} and place.left() in grew
    return "NUMB" if numb or (place.left(2) == "number" and place.left() == "and") else ""


def _resume(place: Place) -> str | None:
    if "é" in place.written[place.index]:
        return "NOUN"
    return "NOUN" if place.governor()[0] in {"det", "prep"} else "VERB"


def _learned(place: Place) -> str | None:
    people = word_set(
        "man men woman women scholar scholars professor friend judge society gentleman colleague "
        "colleagues people journal journals doctor counsel"
    )
    return "ADJ" if place.right() in people and kind_of(place.left()) in {"det", "prep"} else ""


def _blessed(place: Place) -> str | None:
    if place.left() in ARTICLES and kind_of(place.right()) == "word" and place.right():
        return "ADJ"
    return "ADJ" if place.right() in {"are", "virgin", "be"} and not place.left() else ""


def _aged(place: Place) -> str | None:
    old = word_set("man woman parents mother father couple relatives aunt uncle dog care")
    the_old = place.left() == "the" and kind_of(place.right()) != "word"
    return "ADJ" if place.right() in old or the_old else ""


def _polish(place: Place) -> str | None:
    if any(word[:1].isupper() for word in place.written[1:] if word not in {"I"}):
        if place.is_capital():
            return "NATION"
        if place.written[place.index].islower():
            return ""
    after = word_set(
        "people food sausage language border woman man girl boy president government pierogi "
        "wedding army grandmother grandfather immigrants zloty history accent family restaurant "
        "village and-american citizen passport born folk vodka dumplings friend neighbor "
        "neighbour jokes plumber worker workers"
    )
    before = word_set("in speak speaks spoke speaking learn learning half from understand into i'm")
    kind, steps = place.governor()
    asked = kind == "subject" and kind_of(place.left(steps + 1)) == "be"
    spoken = place.left() in before or asked or (kind == "be" and place.right() not in ARTICLES)
    return "NATION" if place.right() in after or spoken else ""


def _august(place: Place) -> str | None:
    if place.is_capital():
        return ""
    honoured = word_set(
        "body assembly institution presence gathering figure personage chamber company academy "
        "group"
    )
    return "ADJ" if place.right() in honoured else ""


def _job(place: Place) -> str | None:
    bible = place.left(2) in {"book", "patience", "story", "trials", "suffering"}
    return "NAME" if bible and place.left() == "of" else ""


def _nice(place: Place) -> str | None:
    if place.is_capital() and place.left() in {
        "in",
        "to",
        "from",
        "of",
        "near",
        "visit",
        "visited",
    }:
        return "NAME"
    town = word_set(
        "france cannes airport riviera flight fly flew train coast paris provence monaco"
    )
    ended = place.right() in {
        "",
        "and",
        "for",
        "last",
        "this",
        "next",
        "on",
        "or",
        "airport",
        "with",
    }
    there = place.left() in {"in", "to", "from", "near", "around", "visit", "visited", "of"}
    known = place.near(town) and kind_of(place.right()) != "word"
    return "NAME" if there and (known or (ended and place.left(2) not in BE)) else ""


def _reading(place: Place) -> str | None:
    if place.is_capital() and place.left() in {"in", "to", "from", "at", "near", "of", "via"}:
        return "NAME"
    moves = word_set(
        "live lives lived born moved train trains drive drove arrive arrived stop stops grew "
        "based station berkshire london england university festival"
    )
    there = place.left() in {"in", "to", "from", "near", "via", "at", "of"}
    ended = place.right() in {
        "",
        "and",
        "for",
        "last",
        "station",
        "on",
        "festival",
        "university",
        "by",
        "is",
        "was",
    }
    return "NAME" if there and ended and place.near(moves, 5, 2) else ""


def _mobile(place: Place) -> str | None:
    return (
        "NAME"
        if place.right() == "alabama" or (place.is_capital() and place.left() == "in")
        else ""
    )


def _des(place: Place) -> str | None:
    return "NAME" if place.right() in {"moines", "plaines"} else ""


def _latex(place: Place) -> str | None:
    papers = word_set(
        "document documents paper papers compile template equation equations thesis typeset pdf"
    )
    return "TYPESETTING" if place.written[place.index] == "LaTeX" or place.near(papers) else ""


def _content(place: Place) -> str | None:
    felt = word_set(
        "feel feels felt seem seems seemed look looks looked perfectly quite very not i'm"
    )
    kind, steps = place.governor()
    if place.left() in felt or (place.right() in {"with", "to"} and kind != "det"):
        return "ADJ"
    if kind == "subject" and kind_of(place.left(steps + 1)) == "be":
        return "ADJ"
    return "ADJ" if kind == "be" or place.right().endswith(("self", "selves")) else "NOUN"


def _minute(place: Place) -> str | None:
    tiny = word_set(
        "amount amounts detail details quantity quantities trace traces change changes particle "
        "particles fraction difference differences organisms crack cracks"
    )
    is_tiny = place.governor()[0] == "be" and not place.right()
    return "ADJ" if is_tiny or place.right() in tiny else "NOUN"


def _invalid(place: Place) -> str | None:
    sick = place.left() in {"an", "the", "elderly", "old"} and not place.right()
    cared = place.left() in {"an", "the"} and kind_of(place.right()) in {"be", "prep", "and"}
    return "NOUN" if sick or cared else "ADJ"


SENSE_RULES: dict[str, Rule] = {
    "aged": _aged, "august": _august, "bass": _bass, "blessed": _blessed, "content": _content,
    "des": _des, "does": _does, "invalid": _invalid, "job": _job, "latex": _latex, "lead": _lead,
    "learned": _learned, "minute": _minute, "mobile": _mobile, "nice": _nice, "number": _number,
    "polish": _polish, "reading": _reading, "resume": _resume, "row": _row, "rows": _row,
    "sewer": _sewer, "sow": _sow,
}  # fmt: skip
"""Word → its rule."""
