"""An edited script against the one that was spoken: which turns are still said as they were."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher

from pipeline.config.limits import MAX_SPEAKERS
from pipeline.datatypes.dialogue import Dialogue
from pipeline.datatypes.note import Note
from pipeline.datatypes.script import Script, Turn
from pipeline.datatypes.take import Take
from pipeline.errors import ConfigError
from pipeline.synthesis.seeds import turn_seed


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnMatch:
    """What a turn of the edited script was before.

    Attributes:
        source: number, from 0, of the turn that said the same; `None`: it is new.
        kept: whether it stays as it was spoken: it says the same, in the same context if that
            counts, or is locked.
    """

    source: int | None = None
    kept: bool = False


def match_turns(
    before: Sequence[Turn],
    after: Sequence[Turn],
    locked: Collection[int],
    follow_context: bool = True,
) -> list[TurnMatch]:
    """Find every turn of an edited script among those that were spoken.

    Two turns say the same if speaker, spoken words, pace and pauses are equal; gaps and what
    captions show may differ. They are matched in order by `difflib.SequenceMatcher`. A turn's
    context is what the turn before it says, whose words are read, too.

    Args:
        before: the turns spoken.
        after: those of the edited script.
        locked: numbers of turns of `before` that must stay.
        follow_context: whether a turn that says the same in another context is spoken anew.

    Returns:
        One for each turn of `after`.

    Raises:
        ConfigError: if a locked turn was edited, moved or deleted.
    """
    matcher = SequenceMatcher(a=_said(before), b=_said(after), autojunk=False)
    matches = [TurnMatch()] * len(after)
    for block in matcher.get_matching_blocks():
        for source, place in zip(
            range(block.a, block.a + block.size), range(block.b, block.b + block.size), strict=True
        ):
            stays = not follow_context or source in locked
            same_context = _context(before, source) == _context(after, place)
            matches[place] = TurnMatch(source=source, kept=stays or same_context)
    found = {match.source for match in matches}
    for index in sorted(locked):
        if index not in found:
            raise ConfigError(
                f"turn {index + 1} is locked, but the script no longer says {before[index].text!r} "
                f"there at the same pace; put it back, or unlock it first"
            )
    return matches


def keep_speakers(script: Script, names: Mapping[str, str]) -> Script:
    """Number the speakers of an edited script as they were, going by their names.

    Args:
        script: the edited one; it numbers names by their order, which an edit may change.
        names: speaker to name, of the script before.
    """
    numbers = {name.casefold(): speaker for speaker, name in names.items()}
    known = {
        speaker: numbers[name.casefold()]
        for speaker, name in script.speaker_names.items()
        if name.casefold() in numbers
    }
    every = [f"S{number + 1}" for number in range(MAX_SPEAKERS)]
    free = [speaker for speaker in every if speaker not in names]
    free += [speaker for speaker in names if speaker not in known.values()]
    for speaker in script.speaker_names:
        if speaker not in known:
            known[speaker] = speaker if speaker in free else free[0]
            free.remove(known[speaker])
    return replace(
        script,
        turns=tuple(replace(turn, speaker=known[turn.speaker]) for turn in script.turns),
        speaker_names={known[speaker]: name for speaker, name in script.speaker_names.items()},
    )


def _said(turns: Sequence[Turn]) -> list[tuple[object, ...]]:
    return [(turn.speaker, turn.spoken_text, turn.pace, turn.pauses) for turn in turns]


def _context(turns: Sequence[Turn], index: int) -> tuple[object, ...]:
    if index == 0:
        return ()
    turn = turns[index - 1]
    return (turn.speaker, turn.spoken_text, turn.pauses)


def takes_of_matches(
    dialogue: Dialogue, turns: Sequence[Turn], matches: Sequence[TurnMatch], spoken: Sequence[Take]
) -> list[Take]:
    """Takes of all turns of an edited script: the kept ones of the dialogue, the others as spoken.

    Args:
        dialogue: made of the script before.
        turns: of the edited script.
        matches: of each of its turns.
        spoken: takes of those that are not kept, in order.
    """
    fresh = iter(spoken)
    return [
        next(fresh)
        if not match.kept or match.source is None
        else dialogue.takes[match.source].moved(index, turn)
        for index, (turn, match) in enumerate(zip(turns, matches, strict=True))
    ]


def seeds_of_matches(dialogue: Dialogue, matches: Sequence[TurnMatch]) -> tuple[int, ...]:
    """Of each turn of an edited script: what it was spoken with, or its own of the script's."""
    return tuple(
        turn_seed(dialogue.seed, index)
        if match.source is None
        else dialogue.takes[match.source].seed
        for index, match in enumerate(matches)
    )


def kept_note(matches: Sequence[TurnMatch]) -> Note:
    """Which turns of an edited script stayed and which were spoken, counted from 1."""
    kept = [index for index, match in enumerate(matches) if match.kept]
    new = [index for index, match in enumerate(matches) if not match.kept]
    return Note(kind="kept", values=(_counted(kept), _counted(new)))


def _counted(indices: Sequence[int]) -> str:
    """Numbers from 1, runs joined: "turns 1-4, 6"."""
    runs: list[list[int]] = []
    for index in indices:
        if runs and runs[-1][-1] == index - 1:
            runs[-1].append(index)
        else:
            runs.append([index])
    if not runs:
        return "no turn"
    words = [f"{run[0] + 1}" if len(run) == 1 else f"{run[0] + 1}-{run[-1] + 1}" for run in runs]
    return f"turn{'' if len(indices) == 1 else 's'} {', '.join(words)}"
