"""A run as its visitor sees it: place in the queue, progress and time left, turns as they come."""

import io
import shutil
import wave
from collections.abc import Mapping
from typing import Any

import gradio as gr

from app.backend.job import Emitted, Progress, Waiting
from app.backend.progress import STAGE_TITLES, ProgressMeter, format_seconds, format_time_left
from app.page.markup import message_html, progress_html
from app.page.project_view import Updates
from app.page.sections.result import ResultSection
from app.page.sections.turn_table import spoken_rows
from pipeline.audio.formats import pcm_16
from pipeline.datatypes.dialogue import SpokenTurn
from pipeline.datatypes.sound import Waveform
from pipeline.synthesis.cost import TimeLeft


class RunView:
    """Turns what a run tells into updates of the page.

    Args:
        section: where they are shown.
        time_left: of the run.
        names: speaker to the name shown.
        is_streamed: whether turns are to be heard as they come.
    """

    def __init__(
        self,
        section: ResultSection,
        time_left: TimeLeft,
        names: Mapping[str, str],
        is_streamed: bool,
    ) -> None:
        self._section, self._time_left, self._names = section, time_left, names
        self._meter = ProgressMeter()
        self._spoken: list[tuple[str, str, str, float, float]] = []
        self._can_stream = is_streamed and shutil.which("ffmpeg") is not None
        self._live_is_shown = False

    def begin(self) -> Updates:
        """Before anything is done."""
        return {
            self._section.status: message_html("Beginning."),
            self._section.live: gr.Audio(visible=False),
        }

    def show(self, event: Waiting | Progress | Emitted) -> Updates:
        """What one event changes."""
        if isinstance(event, Waiting):
            return {self._section.status: self._waiting(event)}
        if isinstance(event, Progress):
            shown: Updates = {self._section.status: self._progress(event)}
            if self._can_stream and not self._live_is_shown and event.stage != "read":
                shown[self._section.live] = gr.Audio(visible=True)
                self._live_is_shown = True
            return shown
        return self._turn(event.value)

    def _waiting(self, event: Waiting) -> str:
        if event.position == 0:
            return message_html("It is your turn.")
        ahead = event.position - 1
        others = "You are next"
        if ahead > 0:
            others = "1 other is before you" if ahead == 1 else f"{ahead} others are before you"
        wait = format_seconds(event.wait_s)
        return message_html(f"Waiting in the queue. {others}; it begins in about {wait}.")

    def _progress(self, event: Progress) -> str:
        share = self._meter.share(event.stage, event.done, event.total)
        left = format_time_left(self._time_left.left(event.stage, event.done, event.total))
        return progress_html(share, f"{STAGE_TITLES[event.stage].capitalize()}, {left}")

    def _turn(self, spoken: Any) -> Updates:
        assert isinstance(spoken, SpokenTurn), spoken
        caption = spoken.caption
        name = self._names.get(caption.speaker, caption.speaker)
        self._spoken.append((caption.speaker, name, caption.text, caption.start_s, caption.end_s))
        shown: Updates = {self._section.table: spoken_rows(self._spoken)}
        if self._can_stream and len(spoken.mix.samples):
            shown[self._section.live] = wav_bytes(spoken.mix)
        return shown


def wav_bytes(sound: Waveform) -> bytes:
    """A sound as a wav in memory: given as samples, the player would leave a file of each chunk."""
    samples = pcm_16(sound.samples)
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(samples.itemsize)
        file.setframerate(sound.sample_rate_hz)
        file.writeframes(samples.tobytes())
    return buffer.getvalue()
