"""What the controls of section "Voices" do: listen, record, keep."""

from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
from numpy.typing import NDArray

from app.page.backstage import Backstage
from app.page.event_kinds import PRIVATE
from app.page.layout import Layout
from app.page.markup import envelope_svg, message_html
from app.page.notices import not_done
from app.page.sections.voices import VoiceControls
from app.projects.voice_choices import CLONED, OWN_RECORDING, VOICE_FILE
from pipeline.audio.formats import pcm_16
from pipeline.datatypes.sound import Waveform
from pipeline.errors import DialogueError
from pipeline.voices.quality import RecordingQuality
from pipeline.voices.voice_file import load_voice, save_voice

CONSENT_NOTE = "Confirmed on the page: own voice, or its owner agreed to its use."


class VoiceEvents:
    """What the rows' controls do."""

    def __init__(self, backstage: Backstage, layout: Layout) -> None:
        self._pool, self._workspaces = backstage.pool, backstage.workspaces
        self._layout = layout

    def choose(self, choice: str) -> list[Any]:
        """Show what a choice needs, and hide the rest."""
        cloned = choice in CLONED
        return [
            gr.Button(interactive=choice in self._pool.voice_names()),
            gr.Audio(visible=False, value=None),
            gr.Audio(visible=choice == OWN_RECORDING),
            gr.File(visible=choice == VOICE_FILE),
            gr.HTML(visible=cloned),
            gr.Checkbox(visible=cloned),
            gr.Accordion(visible=choice == OWN_RECORDING),
        ]

    def listen(self, choice: str) -> Any:
        """A built-in voice as sound."""
        if choice not in self._pool.voice_names():
            raise not_done("choose a voice with a name to listen to")
        found = self._pool.find_voice(choice)
        try:
            voice = (
                load_voice(found) if isinstance(found, Path) else self._pool.shared.voices[choice]
            )
            with self._pool.borrow() as pipeline:
                sound = pipeline.prompt_sound(voice)
        except DialogueError as error:
            raise not_done(str(error)) from error
        return gr.Audio(int16_sound(sound), visible=True)

    def judge(self, recording: str | None, token: str) -> tuple[str, Any]:
        """How good a recording is as a voice prompt, in words and as a picture."""
        if not recording:
            return message_html("No recording yet."), gr.Checkbox(value=False)
        workspace = self._workspaces.open(token)
        workspace.note_upload(recording)
        try:
            sound = workspace.recordings.sound(self._pool, Path(recording))
            with self._pool.borrow() as pipeline:
                quality = pipeline.judge_recording(sound)
        except DialogueError as error:
            return message_html(_file_error(error, recording), problem=True), gr.skip()
        return _quality_html(quality), gr.skip()

    def read_file(self, path: str | None, token: str) -> str:
        """Whose voice is in a voice file."""
        if not path:
            return message_html("No voice file yet.")
        self._workspaces.open(token).note_upload(path)
        try:
            voice = load_voice(path)
            with self._pool.borrow() as pipeline:
                pipeline.prompt_sound(voice)
        except DialogueError as error:
            return message_html(_file_error(error, path), problem=True)
        told = [f"Voice “{voice.name}”", *filter(None, (voice.licence, voice.consent))]
        return message_html(". ".join(told))

    def save(
        self, recording: str | None, consent: bool, name: str, licence: str, token: str
    ) -> tuple[Any, str, str]:
        """Make a voice file of a recording, with name, licence and consent."""
        if not consent:
            raise not_done("tick the box that says the person agreed, first")
        if not recording:
            raise not_done("upload or record something first")
        workspace = self._workspaces.open(token)
        try:
            sound = workspace.recordings.sound(self._pool, Path(recording))
            with self._pool.borrow() as pipeline:
                voice = pipeline.voice_from_recording(
                    sound, name, licence=licence.strip(), consent=CONSENT_NOTE
                )
            path = workspace.new_folder("voice") / f"{_safe_name(voice.name)}.safetensors"
            save_voice(path, voice)
        except DialogueError as error:
            raise not_done(_file_error(error, recording)) from error
        done = message_html(f"The voice file “{path.name}” is ready to be saved.")
        return gr.DownloadButton(value=str(path), visible=True), done, workspace.token

    def connect(self) -> None:
        """Wire the rows up; programs need those of the first one alone."""
        for number, row in enumerate(self._layout.form.rows, start=1):
            self._connect_row(row, f"_{number}" if number > 1 else "")

    def _connect_row(self, row: VoiceControls, suffix: str) -> None:
        token = self._layout.token
        known: dict[str, Any] = {"api_visibility": "private" if suffix else "public"}
        listens: dict[str, Any] = {**known, "concurrency_limit": 2, "concurrency_id": "listen"}
        row.choice.change(
            self.choose,
            row.choice,
            [row.listen, row.sample, row.recording, row.file, row.quality, row.consent, row.keep],
            api_name="choose_voice",
            **PRIVATE,
        )
        row.listen.click(
            self.listen,
            row.choice,
            row.sample,
            api_name=f"listen{suffix}",
            show_progress="minimal",
            **listens,
        )
        row.recording.change(
            self.judge,
            [row.recording, token],
            [row.quality, row.consent],
            api_name=f"judge_recording{suffix}",
            show_progress="hidden",
            **listens,
        )
        row.file.change(
            self.read_file, [row.file, token], row.quality, api_name="read_voice_file", **PRIVATE
        )
        row.save.click(
            self.save,
            [row.recording, row.consent, row.name, row.licence, token],
            [row.saved, row.quality, token],
            api_name=f"save_voice{suffix}",
            show_progress_on=row.quality,
            concurrency_limit=1,
            concurrency_id="voices",
            **known,
        )


def int16_sound(sound: Waveform) -> tuple[int, NDArray[np.int16]]:
    """A sound as the player wants it; whole numbers are not levelled anew by it."""
    return sound.sample_rate_hz, pcm_16(sound.samples)


def _quality_html(quality: RecordingQuality) -> str:
    told = "".join(
        message_html(finding.message, finding.severity == "problem") for finding in quality.findings
    )
    used = None
    if quality.used_span_s is not None and quality.duration_s > 0:
        start_s, end_s = quality.used_span_s
        used = (start_s / quality.duration_s, end_s / quality.duration_s)
    label = f"The recording, {quality.duration_s:.1f} s; in colour what serves as the prompt"
    return told + envelope_svg(quality.envelope, used, label)


def _file_error(error: DialogueError, path: str) -> str:
    """The message, with the file's name in place of where the server keeps it."""
    return str(error).replace(str(path), Path(path).name)


def _safe_name(name: str) -> str:
    kept = "".join(mark if mark.isalnum() or mark in "-_" else "-" for mark in name)
    return kept.strip("-")[:40] or "voice"
