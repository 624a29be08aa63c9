"""Gradio's side of the page's buttons: form values → `handlers.py` → component updates."""

import html
import secrets
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.utils import get_upload_folder

from app import handlers
from app.handlers import (
    MADE_UP,
    OWN_RECORDING,
    ScriptFeedback,
    SpeakForm,
    SpokenResult,
    VoiceRow,
)
from app.progress_line import format_time_left
from app.studio import Studio
from app.visits import Visits
from pipeline.config import MAX_SPEAKERS
from pipeline.errors import CancelledError, DialogueError

TABLE_HEAD = ("Turn", "Speaker", "Start (s)", "End (s)", "Text")
CANCELLED = "Cancelled. Script, voices and seed are kept."


class PageEvents:
    """Gradio's side of the handlers: turns form values into theirs, and results into updates."""

    def __init__(self, studio: Studio) -> None:
        self._studio = studio
        self._visits = Visits()

    def check(self, text: str) -> list[Any]:
        """Live feedback, and one row of the form for each speaker."""
        feedback = handlers.read_script(self._studio, text)
        speakers = list(feedback.speakers.items())
        if feedback.problem:  # keep the rows as they are while a line is being typed
            return [_feedback_html(feedback)] + [gr.skip()] * (2 * MAX_SPEAKERS)
        choices = voice_choices(self._studio)
        labels = [
            f"Voice of {name}" if name == speaker else f"Voice of {name} ({speaker})"
            for speaker, name in speakers
        ]
        hidden = MAX_SPEAKERS - len(speakers)
        groups = [gr.Column(visible=True)] * len(speakers) + [gr.Column(visible=False)] * hidden
        dropdowns: list[Any] = [gr.Dropdown(label=label, choices=choices) for label in labels]
        return [_feedback_html(feedback), *groups, *dropdowns, *[gr.skip()] * hidden]

    def validate(
        self, text: str, seed: float | None, retakes: float | None, *others: Any
    ) -> list[Any]:
        """Refuse an unreadable script, seed or number of retakes before it waits in the queue."""
        feedback = handlers.read_script(self._studio, text)
        readable = gr.validate(not feedback.problem, _sentence(feedback.message))
        numbers = [_valid(handlers.check_seed, seed), _valid(handlers.check_retakes, retakes)]
        return [readable, *numbers, *[gr.validate(True, "") for _ in others]]

    def generate(
        self,
        text: str,
        seed: float | None,
        retakes: float | None,
        request: gr.Request,
        progress: gr.Progress = gr.Progress(),  # noqa: B008 - how gradio finds it
        *rows: str | None,
    ) -> list[Any]:
        """Speak the script of the form."""
        visitor = _visitor(request)
        stop = self._visits.begin(visitor)

        meter, time_left = handlers.ProgressMeter(), handlers.time_left_of(self._studio, text)

        def show(stage: str, done: int, total: int) -> None:
            share = meter.share(stage, done, total)
            left = format_time_left(time_left.left(stage, done, total))
            progress(share, desc=f"{handlers.STAGE_TITLES[stage]}, {left}")

        choices, recordings = rows[:MAX_SPEAKERS], rows[MAX_SPEAKERS:]
        voice_rows = [VoiceRow(*row) for row in zip(choices, recordings, strict=True)]
        folder = Path(get_upload_folder()) / secrets.token_hex(20)  # nobody can guess it
        listen = handlers.stop_when_set(stop, show)
        try:
            form = SpeakForm(text, seed, voice_rows, retakes)
            result = handlers.speak_form(self._studio, form, folder, listen)
        except CancelledError:
            return [message_html(CANCELLED), *[gr.skip()] * 4]
        except DialogueError as error:
            message = _sentence(str(error))
            self._visits.set_message(visitor, message)
            shown = html.escape(message)
            raise gr.Error(shown, None, title="Not generated", print_exception=False) from error
        return _show_result(result)

    def show_failure(self, request: gr.Request) -> str:
        """The message of the failed job, beside the button where it stays."""
        message = self._visits.message(_visitor(request))
        message = message or "Something went wrong; please try again."
        return message_html(message, problem=message != CANCELLED)

    def cancel(self, request: gr.Request) -> str:
        """Stop the visitor's job at its next step."""
        visitor = _visitor(request)
        self._visits.cancel(visitor)
        self._visits.set_message(visitor, CANCELLED)  # also for a job that waits in the queue
        return message_html(CANCELLED)

    def leave(self, request: gr.Request) -> None:
        """The tab was closed."""
        self._visits.forget(_visitor(request))


def _valid(check: Callable[[float | None], int], value: float | None) -> Any:
    try:
        check(value)
    except DialogueError as error:
        return gr.validate(False, _sentence(str(error)))
    return gr.validate(True, "")


def voice_choices(studio: Studio) -> list[tuple[str, str]]:
    """Labels and values of a voice dropdown."""
    built_in = studio.pipeline.voices
    named = []
    for name in studio.voice_names():
        about = " ".join(built_in[name].description.split()) if name in built_in else "added by you"
        kind = about.partition(". ")[0]  # the rest is told by `python -m app voices`
        named.append((f"{name} · {kind}" if kind else name, name))
    return [*named, ("Surprise me (made up)", MADE_UP), ("My recording", OWN_RECORDING)]


def show_recorder(choice: str) -> Any:
    """Show a row's recorder when its choice asks for a recording."""
    return gr.Audio(visible=choice == OWN_RECORDING)


def _show_result(result: SpokenResult) -> list[Any]:
    return [
        message_html(result.status),
        gr.Audio(value=str(result.sound), subtitles=result.subtitles),
        turn_table(result.table),
        [str(path) for path in result.downloads],
        _notes_markdown(result.notes),
    ]


def _notes_markdown(notes: Sequence[str]) -> str:
    """A list; the words of a script are shown as they are, never as markup."""
    return "\n".join(f"- {_plain(note)}" for note in notes)


def _plain(text: str) -> str:
    escaped = html.escape(" ".join(text.split()))
    return "".join(f"\\{mark}" if mark in "\\`*_[]()#!|~$" else mark for mark in escaped)


def _feedback_html(feedback: ScriptFeedback) -> str:
    return message_html(_sentence(feedback.message), feedback.problem)


def turn_table(rows: Sequence[Sequence[str]]) -> str:
    """When each turn sounds, as a table that scrolls by itself on small screens.

    Args:
        rows: number, speaker, start and end in seconds, and text of each turn.
    """
    head = "".join(f'<th scope="col">{name}</th>' for name in TABLE_HEAD)
    lines = ["".join(f"<td>{html.escape(cell)}</td>" for cell in row) for row in rows]
    body = "".join(f"<tr>{line}</tr>" for line in lines)
    caption = "Turns" if rows else "Turns: none yet"
    return f"<table><caption>{caption}</caption><tr>{head}</tr>{body}</table>"


def message_html(message: str, problem: bool = False) -> str:
    """One paragraph for a message box; the words are shown as they are, never as markup."""
    kind = ' class="problem"' if problem else ""
    return f"<p{kind}>{html.escape(message)}</p>"


def _sentence(message: str) -> str:
    return message[:1].upper() + message[1:]


def _visitor(request: gr.Request) -> str:
    return str(getattr(request, "session_hash", None) or "nobody")
