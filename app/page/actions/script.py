"""What the controls of section "Write" do: text and lines in step; import; edits of one turn."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import gradio as gr

from app.page.backstage import Backstage
from app.page.event_kinds import LATEST, PRIVATE, TOLD
from app.page.layout import Layout
from app.page.markup import message_html
from app.page.notices import not_done
from app.page.sections.script import LINES_VIEW, TEXT_VIEW
from app.page.sections.turn_tools import middle_of
from pipeline.config.limits import MAX_SPEAKERS, LimitsConfig
from pipeline.datatypes.script import Script
from pipeline.errors import DialogueError
from pipeline.script_editing import edit_turns, edit_words
from pipeline.script_editing.import_file import import_script
from pipeline.script_editing.write import lines_to_text, script_to_lines, script_to_text

TURN_OF = "Turns are numbered from 0. Gives the script, and the turn."
SETTLE = "async () => { await new Promise((done) => setTimeout(done, 30)); return []; }"
"""The line editor tells of a key before its value holds it; the next step waits for that."""


class ScriptEvents:
    """What the section's controls do."""

    def __init__(self, backstage: Backstage, layout: Layout) -> None:
        self._read_script, self._section = backstage.read_script, layout.form.script

    def read_lines(self, lines: Sequence[dict[str, str]], text: str, view: str) -> Any:
        """The text of the line editor; while the text is being edited, it stays."""
        if view != LINES_VIEW:
            return gr.skip()
        written = lines_to_text(lines)
        return gr.skip() if written == text else written

    def show_lines(self, text: str) -> tuple[Any, str]:
        """The script as lines, and the view that is now open."""
        return self._lines(text), LINES_VIEW

    def show_text(self) -> str:
        """The view that is now open."""
        return TEXT_VIEW

    def read_changed_lines(self, lines: Sequence[dict[str, str]], text: str, view: str) -> Any:
        """The text after lines were added, removed, or shown.

        An editor that has just come up tells of one empty line, before it shows what it is given;
        lines without any words therefore change nothing here. Typing is told by `read_lines`.
        """
        if not any(line["text"].strip() for line in lines):
            return gr.skip()
        return self.read_lines(lines, text, view)

    def refresh_lines(self, text: str, view: str) -> Any:
        """The lines of a text that something else than the line editor has changed."""
        return self._lines(text) if view == LINES_VIEW else gr.skip()

    def _lines(self, text: str) -> Any:
        try:
            script = self._read_script(text)
        except DialogueError:
            return gr.Dialogue(
                [{"speaker": "", "text": line} for line in text.splitlines()],
                interactive=False,
                label="Lines of the script: mend the text first",
            )
        names = list(script.speakers.values())
        free = (f"S{number + 1}" for number in range(MAX_SPEAKERS))
        speakers = [*names, *(name for name in free if name not in names)][:MAX_SPEAKERS]
        return gr.Dialogue(
            script_to_lines(script),
            speakers=speakers,
            interactive=True,
            label="Lines of the script",
        )

    def import_file(self, path: str) -> tuple[Any, str]:
        """The text of a script file, and what to know of it."""
        try:
            imported = import_script(Path(path).name, Path(path).read_bytes())
        except DialogueError as error:
            return gr.skip(), message_html(str(error), problem=True)
        notes = ". ".join((f"Imported {Path(path).name}", *imported.notes))
        return imported.text, message_html(notes)

    def show_turn(self, text: str, turn: int | None) -> tuple[float, str]:
        """Pace and gap of a turn of the script."""
        try:
            turns = self._read_script(text).turns
        except DialogueError:
            return 1.0, ""
        if turn is None or turn >= len(turns):
            return 1.0, ""
        gap_s = turns[turn].gap_s
        return turns[turn].pace, "" if gap_s is None else f"{gap_s:g}"

    def add(self, text: str, turn: int | None) -> tuple[str, int]:
        """A new turn below one."""
        at = self._turn(turn)
        return self._edit(edit_turns.add_turn, text, at), at + 1

    def remove(self, text: str, turn: int | None) -> tuple[str, int]:
        """The script without a turn."""
        at = self._turn(turn)
        return self._edit(edit_turns.remove_turn, text, at), max(0, at - 1)

    def move_up(self, text: str, turn: int | None) -> tuple[str, int]:
        """A turn before the one above it."""
        at = self._turn(turn)
        return self._edit(edit_turns.move_turn, text, at, -1), at - 1

    def move_down(self, text: str, turn: int | None) -> tuple[str, int]:
        """A turn after the one below it."""
        at = self._turn(turn)
        return self._edit(edit_turns.move_turn, text, at, 1), at + 1

    def merge(self, text: str, turn: int | None) -> tuple[str, int]:
        """A turn and the next one as one."""
        at = self._turn(turn)
        return self._edit(edit_words.merge_turn, text, at), at

    def split(self, text: str, turn: int | None, before: str) -> tuple[str, int]:
        """A turn as two."""
        at = self._turn(turn)
        return self._edit(self._split, text, at, before.strip()), at

    def set_options(self, text: str, turn: int | None, pace: float, gap: str) -> tuple[str, int]:
        """Another pace and gap for a turn."""
        at = self._turn(turn)
        return self._edit(self._set_options, text, at, pace, gap.strip()), at

    def respell(self, text: str, turn: int | None, shown: str, said: str) -> tuple[str, int]:
        """Another way to say a word of a turn."""
        at = self._turn(turn)
        return self._edit(edit_words.respell, text, at, shown.strip(), said.strip()), at

    @staticmethod
    def _split(script: Script, turn: int, before: str) -> Script:
        words = script.turns[turn].text if turn < len(script.turns) else ""
        at = words.find(before) if before else middle_of(words)
        if at < 0:
            raise DialogueError(f"turn {turn + 1} does not hold the words {before!r}")
        return edit_words.split_turn(script, turn, at)

    @staticmethod
    def _set_options(script: Script, turn: int, pace: float, gap: str) -> Script:
        paced = edit_turns.set_pace(script, turn, pace)
        try:
            gap_s = float(gap) if gap else None
        except ValueError as error:
            raise DialogueError(
                f"the gap {gap!r} is no number of seconds; write 0.5, or -0.2 to overlap"
            ) from error
        return edit_turns.set_gap(paced, turn, gap_s)

    @staticmethod
    def _turn(turn: int | None) -> int:
        if turn is None or turn < 0:
            raise not_done("choose a turn first")
        return int(turn)

    def _edit(self, change: Callable[..., Script], text: str, *arguments: Any) -> str:
        """A script's text after an edit: read once, written once."""
        try:
            edited = change(self._read_script(text), *arguments)
            return script_to_text(edited, LimitsConfig())
        except DialogueError as error:
            raise not_done(str(error)) from error

    def connect(self) -> None:
        """Wire the section up, but for what its text decides elsewhere on the page."""
        section = self._section
        text, lines, view = section.text, section.lines, section.view
        given = [lines, text, view]
        typed = lines.input(None, None, None, js=SETTLE, api_name="line_typed", **LATEST)
        typed.then(self.read_lines, given, text, **LATEST)
        lines.change(self.read_changed_lines, given, text, **PRIVATE)
        self.follow(section.samples.load_input_event)
        section.text_tab.select(self.show_text, None, view, **PRIVATE)
        section.lines_tab.select(self.show_lines, text, [lines, view], **PRIVATE)
        self._connect_tools()

    def _connect_tools(self) -> None:
        section, tools = self._section, self._section.tools
        given, options = [section.text, tools.turn], [tools.pace, tools.gap]
        tools.turn.change(self.show_turn, given, options, api_name="show_turn_options", **PRIVATE)
        edits: dict[str, tuple[gr.Button, Callable[..., Any], list[Any], str]] = {
            "add_turn": (tools.add, self.add, [], "Add a turn below one."),
            "remove_turn": (tools.remove, self.remove, [], "Remove a turn."),
            "move_turn_up": (tools.up, self.move_up, [], "Move a turn up."),
            "move_turn_down": (tools.down, self.move_down, [], "Move a turn down."),
            "merge_turn": (tools.merge, self.merge, [], "Join a turn and the next."),
            "split_turn": (tools.split, self.split, [tools.split_before], "Split a turn in two."),
            "set_turn_options": (
                tools.options,
                self.set_options,
                options,
                "Set pace and gap of a turn.",
            ),
            "respell_word": (
                tools.respell,
                self.respell,
                [tools.shown, tools.said],
                "Say a word of a turn in another way.",
            ),
        }
        for name, (button, change, more, about) in edits.items():
            edited = button.click(
                change,
                [*given, *more],
                [section.text, tools.turn],
                api_name=name,
                api_description=f"{about} {TURN_OF}",
                **TOLD,
            )
            self.follow(edited)

    def follow(self, event: Any) -> None:
        """After an event that may change the text, show it in the line editor, if that is open.

        Only such events do: while somebody types there, no answer of the server may come between.
        """
        section = self._section
        event.then(self.refresh_lines, [section.text, section.view], section.lines, **PRIVATE)
