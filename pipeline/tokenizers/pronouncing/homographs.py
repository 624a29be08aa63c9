"""Which reading of a word is meant, where English writes two words alike: rules by neighbours.

A part of speech settles most ("the record", "to record"); words whose readings differ in meaning or
tense have rules of their own: the time of "read", music or fish for "bass". A rule gives a tag; the
phones are the dictionary's own for that tag (`lexicon.py`).
"""

from collections.abc import Callable, Iterable

from pipeline.tokenizers.pronouncing.homograph_senses import SENSE_RULES
from pipeline.tokenizers.pronouncing.homograph_verbs import VERB_RULES
from pipeline.tokenizers.pronouncing.sentence_slots import (
    ADVERBS,
    BE,
    DETERMINERS,
    MODALS,
    PREPOSITIONS,
    SINGULAR,
    SUBJECTS,
    Place,
    is_plural,
    kind_of,
    word_set,
)

_RULES = VERB_RULES | SENSE_RULES
_CAUSING = word_set("let make made makes help helped helps have had watch saw hear see")
_BEFORE_A_WAY = word_set("according thanks due next addition prior")
_COMPLEMENTS = word_set(
    "to with in by at for on from against about when if because while until between into"
)


def reading(place: Place, tags: Iterable[str]) -> str:
    """The tag of the reading meant.

    Args:
        place: the word among its neighbours.
        tags: tags that the dictionary has readings for.

    Returns:
        A tag, of those or another; what the dictionary has no reading for means its usual one.
    """
    rule: Callable[[Place], str | None] | None = _RULES.get(place.word)
    tag = rule(place) if rule else None
    if tag is None:
        tag = part_of_speech(place)
    if tag == "NOUN" and "ADJ" in set(tags) and _stands_before_a_noun(place):
        return "ADJ"
    return tag


def part_of_speech(place: Place) -> str:
    """Noun, verb or adjective, by what stands to the left and what follows.

    Args:
        place: the word among its neighbours.

    Returns:
        "NOUN", "VERB" or "ADJ".
    """
    kind, steps = place.governor()
    ends_in_s = place.word.endswith("s") and not place.word.endswith("ss")
    match kind:
        case "to":
            return "NOUN" if ends_in_s or _is_way(place, steps) else "VERB"
        case "modal":
            return "NOUN" if ends_in_s else "VERB"
        case "subject":
            return _after_subject(place, steps, ends_in_s)
        case "object":
            return "VERB" if place.left(steps + 1) in _CAUSING else "ADJ"
        case "have":
            return "NOUN"
        case "be":
            return "NOUN" if ends_in_s else "ADJ"
        case "det":
            return _after_determiner(place, steps, ends_in_s)
        case "prep":
            return "NOUN"
        case "start" | "and":
            return _at_start(place, kind, steps, ends_in_s)
    return _after_word(place, steps, ends_in_s)


def _after_subject(place: Place, steps: int, ends_in_s: bool) -> str:
    pronoun, auxiliary = place.left(steps), kind_of(place.left(steps + 1))
    if auxiliary == "be":
        return "ADJ"
    if auxiliary == "have":
        return "NOUN"
    if pronoun in SINGULAR:
        verb = ends_in_s or (auxiliary == "modal" and place.left(steps + 1) not in {"please"})
        return "VERB" if verb else "ADJ"
    if pronoun in {"who", "which"}:
        return "VERB"
    return "NOUN" if ends_in_s else "VERB"


def _after_determiner(place: Place, steps: int, ends_in_s: bool) -> str:
    """A noun, but after "that" of a relative clause, or after "all" and "both" of "they all"."""
    word, before = place.left(steps), place.left(steps + 1)
    goes_on = place.takes_object() or place.right() in _COMPLEMENTS | {"here", "there"}
    relative = word == "that" and kind_of(before) == "word" and goes_on
    if relative and ends_in_s != is_plural(before):
        return "VERB"
    if word in {"many", "most", "some", "both", "all", "few", "each"} and place.takes_object():
        return "NOUN" if ends_in_s else "VERB"
    return "NOUN"


def _at_start(place: Place, kind: str, steps: int, ends_in_s: bool) -> str:
    """An order ("record it"), or a noun ("records show"); after "and" like the verb before."""
    if ends_in_s:
        return "VERB" if kind == "and" and place.takes_object() else "NOUN"
    if place.takes_object():
        return "VERB"
    if kind == "and":
        before = place.at(place.index - steps - 1) if place.index > steps else None
        if before and before.governor()[0] in {"to", "modal"} and place.right() not in PREPOSITIONS:
            return "VERB"
    return "VERB" if place.right() == "to" and place.left(steps) != "and" else "NOUN"


def _after_word(place: Place, steps: int, ends_in_s: bool) -> str:
    """Its verb ("prices increase"), or the noun it describes ("price increase")."""
    before, following = place.left(steps), place.right()
    goes_on = place.takes_object() or following in _COMPLEMENTS | ADVERBS
    compound = place.left(steps + 1) in {"a", "an"}
    if place.is_question() and not (ends_in_s or compound) and (goes_on or not following):
        return "VERB"
    if ends_in_s:
        singular = not is_plural(before) and place.takes_object()
        return "VERB" if singular and not before.endswith("ing") else "NOUN"
    bare = not place.left(steps + 1) and kind_of(following) == "word"
    if is_plural(before) and not compound and (goes_on or bare or not following):
        return "VERB"
    return "NOUN"


def _is_way(place: Place, steps: int) -> bool:
    """Whether a "to" is one of direction: "from house to house", "according to record"."""
    before = place.left(steps + 1)
    return before == place.word or before in _BEFORE_A_WAY


def _stands_before_a_noun(place: Place) -> bool:
    following = place.right()
    known = BE | MODALS | SUBJECTS | PREPOSITIONS | ADVERBS | DETERMINERS | {"and", "or", "to", ""}
    return following not in known and kind_of(following) == "word"
