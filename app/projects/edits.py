"""What is done with a visitor's project: spoken, made anew in parts, put together of other takes.

Plain functions from one frozen project to the next; nothing here knows the page.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from app.backend.pipeline_pool import PipelinePool
from app.projects.project import Project
from pipeline.config.limits import LimitsConfig
from pipeline.datatypes.dialogue import Dialogue, SpokenTurn
from pipeline.datatypes.progress import ProgressCallback
from pipeline.datatypes.redo import Redo
from pipeline.datatypes.script import Script, ScriptSource, Turn
from pipeline.datatypes.take import Take
from pipeline.dialogue_editing.matching import keep_speakers, match_turns
from pipeline.dialogue_editing.takes import take_of, use_take
from pipeline.errors import DialogueError
from pipeline.script_editing.edit_turns import replace_turns
from pipeline.script_editing.write import script_to_text
from pipeline.script_to_turns.parse import script_to_turns
from pipeline.synthesis.options import SynthesisOptions
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
    with pool.borrow() as pipeline:
        if request.retakes:
            options = SynthesisOptions(max_retakes=request.retakes)
            dialogue = pipeline.synthesize(
                source, request.voices, request.seed, options, on_progress
            )
        else:
            read, spoken = pipeline.parse(source), []
            for turn in pipeline.stream(read, request.voices, request.seed, None, on_progress):
                spoken.append(turn)
                on_turn(turn)
            dialogue = pipeline.gather(read, spoken, request.seed)
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
        pool: its pipelines speak.
        project: spoken of the script before.
        text: the edited script.
        on_progress: told of stages; may raise `CancelledError`.
        script: what was read of the text; `None`: it is read here.

    Raises:
        DialogueError: if the script cannot be read or spoken, or changes a locked turn.
    """
    source = script or text
    with pool.borrow() as pipeline:
        dialogue = pipeline.redo_script(
            project.dialogue, source, on_progress=on_progress, follow_context=False
        )
    return project.changed(text=text, dialogue=dialogue, takes=_takes_that_stay(project, dialogue))


def changed_part(pool: PipelinePool, project: Project, text: ScriptSource) -> Script:
    """What `speak_changes` will speak of an edited script.

    Raises:
        DialogueError: if the script cannot be read, or changes a locked turn.
    """
    before = project.dialogue
    script = keep_speakers(pool.shared.parse(text), before.speaker_names)
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
    with pool.borrow() as pipeline:
        after = pipeline.redo(before, request, on_progress=on_progress)
    takes = dict(project.takes)
    for turn, (heard, fresh) in enumerate(zip(before.takes, after.takes, strict=True)):
        if not same_take(heard, fresh):
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
    return _follow(text, {turn: (old, new)})


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
    if len(left.dialogue.turns) != len(now.dialogue.turns):
        return None
    pairs = zip(left.dialogue.turns, now.dialogue.turns, strict=True)
    return _follow(text, dict(enumerate(pairs)))


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


def takes_of_turn(project: Project, turn: int) -> tuple[Take, ...]:
    """All takes of a turn, the oldest first; one that was never made anew has one."""
    return project.takes.get(turn) or (take_of(project.dialogue, turn),)


def heard_take(project: Project, turn: int) -> int:
    """Which of a turn's takes is heard, from 0."""
    heard = take_of(project.dialogue, turn)
    takes = takes_of_turn(project, turn)
    found = [number for number, take in enumerate(takes) if same_take(take, heard)]
    assert found, f"the take of turn {turn} that is heard is not among its takes"
    return found[-1]


def same_take(one: Take, other: Take) -> bool:
    """Whether two takes say and sound the same, to the sample; a redo leaves others untouched."""
    return one is other or (
        one.turn.text == other.turn.text
        and np.array_equal(one.cut.sound.samples, other.cut.sound.samples)
    )


def _follow(text: str, changes: Mapping[int, tuple[Turn, Turn]]) -> str | None:
    """The script with turns as they now are, where it holds them as they were; `None`: nowhere."""
    changes = {turn: change for turn, change in changes.items() if not _says_the_same(*change)}
    if not changes:
        return None
    try:
        shown = followed = script_to_turns(text, LimitsConfig())
        for turn, (old, new) in changes.items():
            held = shown.turns[turn] if turn < len(shown.turns) else None
            if held is not None and replace(held, line=old.line) == old:
                followed = replace_turns(followed, turn, turn + 1, [new])
    except DialogueError:
        return None
    return None if followed is shown else script_to_text(followed)


def _says_the_same(old: Turn, new: Turn) -> bool:
    return (old.text, old.spoken_text, old.pauses, old.pace) == (
        new.text,
        new.spoken_text,
        new.pauses,
        new.pace,
    )


def _takes_that_stay(project: Project, after: Dialogue) -> dict[int, tuple[Take, ...]]:
    """Takes of turns that are heard as before, by their numbers in the edited script."""
    stay: dict[int, tuple[Take, ...]] = {}
    for turn, takes in project.takes.items():
        heard = take_of(project.dialogue, turn)
        for number, take in enumerate(after.takes):
            if number not in stay and same_take(heard, take):
                stay[number] = takes
                break
    return stay
