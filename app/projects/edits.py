"""What is done with a visitor's project: spoken, made anew in parts, put together of other takes.

Plain functions from one frozen project to the next; nothing here knows the page.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from app.backend.pipeline_pool import PipelinePool
from app.projects.project import Project
from pipeline.datatypes.dialogue import Dialogue, SpokenTurn
from pipeline.datatypes.progress import ProgressCallback
from pipeline.datatypes.redo import Redo
from pipeline.datatypes.script import Script, ScriptSource
from pipeline.dialogue_editing.matching import keep_speakers, match_turns
from pipeline.dialogue_editing.takes import TurnTake, take_of, use_take
from pipeline.errors import DialogueError
from pipeline.script_editing.edit_turns import open_script, set_pace
from pipeline.script_editing.edit_words import set_words
from pipeline.script_to_turns.inline_marks import write_marks
from pipeline.voices.casting import WantedVoice


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeakRequest:
    """A script to be spoken.

    Attributes:
        text: the script, as typed.
        script: what was read of it; `None`: it is read when it is spoken.
        voices: speaker to what was asked for.
        seed: of the script.
        retakes: how many turns may be spoken again.
        form: what the page's form said, as JSON values, to be kept with the project.
    """

    text: str
    voices: Mapping[str, WantedVoice]
    seed: int
    retakes: int = 0
    form: Mapping[str, Any] = field(default_factory=dict)
    script: Script | None = None


def speak_request(
    pool: PipelinePool,
    request: SpeakRequest,
    on_progress: ProgressCallback,
    on_turn: Callable[[SpokenTurn], None],
) -> Project:
    """Speak a script.

    Args:
        pool: speaks.
        request: what.
        on_progress: told of stages; may raise `CancelledError`.
        on_turn: given every turn as soon as it is final; with retakes none is before the end, and
            this is not called.

    Raises:
        DialogueError: whatever is wrong, in words fit to show.
    """
    source = request.script or request.text
    if request.retakes:
        dialogue = pool.speak(source, request.voices, request.seed, on_progress, request.retakes)
    else:
        dialogue = pool.speak_aloud(source, request.voices, request.seed, on_progress, on_turn)
    return Project(text=request.text, dialogue=dialogue, form=request.form)


def speak_changes(
    pool: PipelinePool,
    project: Project,
    text: str,
    on_progress: ProgressCallback,
    script: Script | None = None,
) -> Project:
    """Speak an edited script; turns that still say the same stay, whatever stands before them.

    Args:
        pool: speaks.
        project: spoken of the script before.
        text: the edited script.
        on_progress: told of stages; may raise `CancelledError`.
        script: what was read of the text; `None`: it is read here.

    Raises:
        DialogueError: if the script cannot be read or spoken, or changes a locked turn.
    """
    source = script or text
    dialogue = pool.redo_script(project.dialogue, source, on_progress, follow_context=False)
    return project.changed(text=text, dialogue=dialogue, takes=_takes_that_stay(project, dialogue))


def changed_part(pool: PipelinePool, project: Project, text: ScriptSource) -> Script:
    """What `speak_changes` will speak of an edited script.

    Raises:
        DialogueError: if the script cannot be read, or changes a locked turn.
    """
    before = project.dialogue
    script = keep_speakers(pool.pipeline.parse(text), before.speaker_names)
    matches = match_turns(before.turns, script.turns, before.locked, follow_context=False)
    new = [turn for turn, match in zip(script.turns, matches, strict=True) if not match.kept]
    return replace(script, turns=tuple(new))


def redo_turn(
    pool: PipelinePool, project: Project, request: Redo, on_progress: ProgressCallback
) -> Project:
    """Make one turn anew, or a span of time; the turns' takes before are kept beside the new ones.

    Raises:
        DialogueError: if the turn does not exist or is locked, or its words cannot be spoken.
    """
    before = project.dialogue
    after = pool.redo(before, request, on_progress)
    takes = dict(project.takes)
    for turn in range(len(after.turns)):
        fresh = take_of(after, turn)
        if not same_take(take_of(before, turn), fresh):
            takes[turn] = (*takes_of_turn(project, turn), fresh)
    return project.changed(dialogue=after, takes=takes)


def follow_redo(text: str, before: Project, after: Project, turn: int) -> str | None:
    """The script that a page shows, with a redone turn as it now is.

    Args:
        text: the script on the page, perhaps edited since it was spoken.
        before: what was spoken of it.
        after: with the turn made anew.
        turn: its number, from 0.

    Returns:
        The script; `None` if the page's does not hold the turn as it was, and is left alone.
    """
    old, new = before.dialogue.turns[turn], after.dialogue.turns[turn]
    if (old.text, old.spoken_text, old.pauses, old.pace) == (
        new.text,
        new.spoken_text,
        new.pauses,
        new.pace,
    ):
        return None
    try:
        shown = open_script(text).turns
        if turn >= len(shown) or replace(shown[turn], line=old.line) != old:
            return None
        return set_pace(set_words(text, turn, write_marks(new)), turn, new.pace)
    except DialogueError:
        return None


def follow_back(text: str, left: Project, now: Project) -> str | None:
    """The script that a page shows, after a change was taken back.

    Args:
        text: the script on the page, perhaps edited since.
        left: the version with the change.
        now: the one before it.

    Returns:
        The script; `None` if there is nothing to follow, or the page's was edited meanwhile.
    """
    if text.strip() == left.text.strip():
        return now.text if now.text != left.text else None
    followed = text
    if len(left.dialogue.turns) == len(now.dialogue.turns):
        for turn in range(len(now.dialogue.turns)):
            followed = follow_redo(followed, left, now, turn) or followed
    return None if followed == text else followed


def choose_take(project: Project, turn: int, number: int) -> Project:
    """Let another take of a turn be heard.

    Args:
        project: where.
        turn: its number, from 0.
        number: of the take, from 0, the oldest.

    Raises:
        DialogueError: if there is no such turn or take, or the turn is locked.
    """
    project.dialogue.check_turn(turn)
    takes = takes_of_turn(project, turn)
    if not 0 <= number < len(takes):
        takes_are = "1 take" if len(takes) == 1 else f"{len(takes)} takes"
        raise DialogueError(f"turn {turn + 1} has {takes_are}; there is no take {number + 1}")
    dialogue = use_take(project.dialogue, turn, takes[number])
    return project.changed(dialogue=dialogue)


def set_lock(project: Project, turn: int, locked: bool) -> Project:
    """Keep a turn from being changed, or let it change again.

    Raises:
        DialogueError: if there is no such turn.
    """
    dialogue = project.dialogue
    return project.changed(dialogue=dialogue.lock(turn) if locked else dialogue.unlock(turn))


def takes_of_turn(project: Project, turn: int) -> tuple[TurnTake, ...]:
    """All takes of a turn, the oldest first; one that was never made anew has one."""
    return project.takes.get(turn) or (take_of(project.dialogue, turn),)


def heard_take(project: Project, turn: int) -> int:
    """Which of a turn's takes is heard, from 0."""
    heard = take_of(project.dialogue, turn)
    takes = takes_of_turn(project, turn)
    found = [number for number, take in enumerate(takes) if same_take(take, heard)]
    assert found, f"the take of turn {turn} that is heard is not among its takes"
    return found[-1]


def same_take(one: TurnTake, other: TurnTake) -> bool:
    """Whether two takes say and sound the same, to the sample."""
    return one.turn.text == other.turn.text and np.array_equal(
        one.cut.sound.samples, other.cut.sound.samples
    )


def _takes_that_stay(project: Project, after: Dialogue) -> dict[int, tuple[TurnTake, ...]]:
    """Takes of turns that are heard as before, by their numbers in the edited script."""
    fresh = [take_of(after, turn) for turn in range(len(after.turns))]
    stay = {}
    for turn, takes in project.takes.items():
        heard = take_of(project.dialogue, turn)
        for number, take in enumerate(fresh):
            if number not in stay and same_take(heard, take):
                stay[number] = takes
                break
    return stay
