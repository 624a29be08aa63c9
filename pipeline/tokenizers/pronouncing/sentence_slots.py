"""Where a word stands in its sentence, told by its neighbours: enough to tell a noun from a verb.

No tagger with weights is asked: words that are read two ways are few, and the small words around
them (the, to, will, of) say most of what is needed.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

Kind = Literal[
    "start", "to", "modal", "subject", "object", "have", "be", "det", "prep", "and", "word"
]
"""What governs a word, "start" where a clause begins and "word" for any word of content."""


def word_set(text: str) -> frozenset[str]:
    """Words of a table as a set.

    Args:
        text: words apart by spaces.

    Returns:
        Each of them once.
    """
    return frozenset(text.split())


MODALS = word_set(
    "can could will would shall should may might must cannot do does did let lets let's gonna "
    "wanna gotta hafta please dare needn't ought why'd how'd where'd"
)
BE = word_set("am is are was were be been being ain't become becomes became")
HAVE = word_set("have has had having")
SUBJECTS = word_set("i you he she it we they who which ya y'all someone everyone everybody nobody")
SINGULAR = word_set("he she it someone everyone everybody nobody")
OBJECTS = word_set("me him them us")
DETERMINERS = word_set(
    "a an the this that these those my your his her its our their every each another any some no "
    "neither either both all what whose one two three four five six seven eight nine ten twenty "
    "fifty hundred thousand million several many few more most much less other own same first "
    "second third last next new old good bad great big small little long short high low whole "
    "such final full public private personal real special main only different certain huge fine "
    "free fresh criminal medical official local national human young current strong best worst "
    "better further early late daily annual foreign hot cold nice beautiful quick heavy "
    "record-breaking"
)
ARTICLES = word_set("a an the this that these those my your his her its our their whose every each")
PREPOSITIONS = word_set(
    "of in on at by for with from into onto about as than like without within during over under "
    "between among against through across behind beyond near per via despite after before until "
    "towards toward around off up down out inside outside upon versus vs along above below except"
)
CONJUNCTIONS = word_set("and or but nor then plus")
CLAUSE_STARTS = word_set(
    "if because when while since although though whether unless so that where why how where's yes "
    "no okay oh well please now yeah and so but hey look"
)
ADVERBS = word_set(
    "not never always often just really also still already usually sometimes ever even now soon "
    "probably actually simply finally quickly rarely seldom almost nearly only hardly barely "
    "suddenly quietly maybe perhaps too very once again here there both all currently kindly "
    "immediately completely"
)
DEGREES = word_set(
    "very so too pretty quite how really as more dangerously awfully rather this that"
)
_NO_ADVERBS = word_set(
    "family only reply apply fly july italy ally supply early daily lily holy ugly"
)
PLURALS = word_set(
    "people men women children folks police kids students they we you both many some"
)
_PRONOUNS_OF_IS = word_set("it he she that there what who where here how this when")
_SELVES = word_set("myself yourself himself herself itself ourselves themselves")
_OTHER_OBJECTS = word_set("it you what how any all")
_NEGATED_BE = word_set("isn aren wasn weren ain")
_NEGATED_HAVE = word_set("haven hasn hadn")


@dataclass(frozen=True, slots=True)
class Place:
    """A word among its neighbours.

    Args:
        words: the words of a sentence or longer, lower case.
        written: the same words as typed.
        starts: for each word whether punctuation comes before it, so that a clause begins.
        index: which word is looked at.
    """

    words: Sequence[str]
    written: Sequence[str]
    starts: Sequence[bool]
    index: int

    @property
    def word(self) -> str:
        """The word looked at."""
        return self.words[self.index]

    def left(self, steps: int = 1) -> str:
        """The word so many steps to the left within the clause, or ""."""
        if any(self.starts[max(self.index - steps + 1, 0) : self.index + 1]):
            return ""
        return self.words[self.index - steps] if self.index >= steps else ""

    def right(self, steps: int = 1) -> str:
        """The word so many steps to the right within the clause, or ""."""
        place = self.index + steps
        if place >= len(self.words) or any(self.starts[self.index + 1 : place + 1]):
            return ""
        return self.words[place]

    def at(self, index: int) -> "Place":
        """Another word of the same sentence."""
        return Place(self.words, self.written, self.starts, index)

    def near(self, words: Iterable[str], left: int = 40, right: int = 40) -> bool:
        """Whether one of some words stands within so many words to the left or right."""
        around = self.words[max(self.index - left, 0) : self.index]
        return not {*around, *self.words[self.index + 1 : self.index + 1 + right]}.isdisjoint(words)

    def governor(self) -> tuple[Kind, int]:
        """The nearest word to the left in the clause that is no adverb.

        Returns:
            Its kind, and how many steps away it is; "start" where there is none.
        """
        steps = 1
        while (word := self.left(steps)) and is_adverb(word):
            steps += 1
        advised = word == "better" and self.left(steps + 1).endswith(("'d", "had"))
        return ("modal" if advised else kind_of(word)), steps

    def is_capital(self) -> bool:
        """Whether the word is typed with a capital that no sentence start explains."""
        return self.written[self.index][:1].isupper() and not self.starts[self.index]

    def takes_object(self) -> bool:
        """Whether what follows is what follows a verb: a determiner or a pronoun."""
        return self.right() in ARTICLES | OBJECTS | _SELVES | _OTHER_OBJECTS

    def is_question(self) -> bool:
        """Whether an auxiliary opened the clause a few words to the left: "did the boys ..."."""
        for steps in range(2, 7):
            word, before = self.left(steps), self.left(steps + 1)
            opens = before in {"", "why", "how", "where", "when", "what", "who", "and", "but"}
            if word in MODALS | {"don't", "didn't", "doesn't", "won't", "can't"} and opens:
                return True
        return False


def is_adverb(word: str) -> bool:
    """Whether a word is skipped between a verb and what governs it: "will never record"."""
    return word in ADVERBS or (word.endswith("ly") and len(word) > 4 and word not in _NO_ADVERBS)


def is_plural(word: str) -> bool:
    """Whether a noun looks plural."""
    ending = re.search(r"[^su']s$|ses$", word)
    return word in PLURALS or (ending is not None and word not in BE | HAVE)


def kind_of(word: str) -> Kind:
    """What a word to the left says about the one that follows it.

    Args:
        word: lower case; "" for the start of a clause.

    Returns:
        Its kind.
    """
    stem, _, ending = word.partition("'")
    for kind, words in _KINDS.items():
        if word in words:
            return kind
    if ending == "t":
        negated_have: Kind = "have" if stem in _NEGATED_HAVE else "modal"
        return "be" if stem in _NEGATED_BE else negated_have
    if ending == "s":
        return "be" if stem in _PRONOUNS_OF_IS else "det"
    contracted: dict[str, Kind] = {"ll": "modal", "d": "modal", "ve": "have", "re": "be", "m": "be"}
    return contracted.get(ending, "start" if not word else "word")


_KINDS: dict[Kind, frozenset[str]] = {
    "to": frozenset({"to"}),
    "modal": MODALS,
    "be": BE,
    "have": HAVE,
    "subject": SUBJECTS,
    "object": OBJECTS,
    "det": DETERMINERS,
    "prep": PREPOSITIONS,
    "and": CONJUNCTIONS,
    "start": CLAUSE_STARTS,
}
