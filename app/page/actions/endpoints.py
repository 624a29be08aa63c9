"""Plain endpoints for programs: typed values in, files and JSON out, nothing streamed.

The same functions are tools for language models when the server is started with `--mcp`.
"""

import asyncio
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.data_classes import FileData
from gradio.events import api

from app.backend.checks import check_retakes, check_seed
from app.backend.cost import expectation_of, expected_seconds
from app.backend.job import Run
from app.export.files import caption_text, publish, result_writers
from app.page.backstage import Backstage
from app.page.notices import telling
from app.projects.sessions import visitor_of
from pipeline.datatypes.dialogue import Dialogue
from pipeline.errors import VoiceError
from pipeline.synthesis.options import SynthesisOptions
from pipeline.voices.casting import WantedVoice

PROGRAMS = ("speak", "voices", "estimate", "parse")
"""Names of the endpoints."""

SURPRISE = "surprise"
"""Name of a voice that the model makes up."""


class Programs:
    """Functions for programs."""

    def __init__(self, backstage: Backstage) -> None:
        self._pool, self._queue = backstage.pool, backstage.queue
        self._workspaces, self._read_script = backstage.workspaces, backstage.read_script

    async def speak(
        self,
        request: gr.Request,
        script: str,
        voices: dict[str, str] | None = None,
        seed: int = 0,
        retakes: int = 0,
    ) -> tuple[FileData, dict[str, Any]]:
        """Speak a dialogue script and give a wav file, and captions, seed and notes as JSON.

        Args:
            request: whose it is.
            script: one turn a line, such as "[S1] Hello." or "Anna: Hello."
            voices: speaker, as "S1" or by name, to the name of a voice that `voices` lists, or
                "surprise". Speakers left out get built-in voices.
            seed: same script, voices and seed: same audio.
            retakes: how many turns that do not sound like their voice may be spoken again.

        Returns:
            The wav file, and an object with seed, seconds, captions, SRT text and notes.
        """
        visitor = visitor_of(request) + secrets.token_hex(4)
        with telling("Not spoken"):
            parsed = self._read_script(script)
            chosen = self._voices(voices or {})
            checked = check_seed(seed), check_retakes(retakes)
            expected_s = expected_seconds(self._pool, parsed)

            def work(run: Run[tuple[Path, Dialogue]]) -> tuple[Path, Dialogue]:
                options = SynthesisOptions(max_retakes=checked[1])
                with self._pool.borrow() as pipeline:
                    dialogue = pipeline.synthesize(
                        parsed, chosen, checked[0], options, run.progress
                    )
                run.sound_s = dialogue.mix.duration_s
                return self._write(dialogue), dialogue

            run = self._queue.submit(work, expected_s, visitor, "api")
            try:
                async for _ in run.watch():
                    await asyncio.sleep(0)
                path, dialogue = run.result()
            finally:
                run.cancel()
        return FileData(path=str(path), orig_name=path.name), _told(dialogue)

    def voices(self) -> list[dict[str, str]]:
        """List the voices that can be asked for, each with its name and description."""
        built_in = self._pool.shared.voices
        return [
            {
                "name": name,
                "description": built_in[name].description if name in built_in else "added here",
            }
            for name in self._pool.voice_names()
        ]

    def estimate(self, script: str) -> dict[str, float]:
        """Estimate a script: turns, characters, seconds of sound, seconds of computing.

        Args:
            script: as for `speak`.
        """
        with telling("Not estimated"):
            parsed = self._read_script(script)
        expectation = expectation_of(self._pool)
        size = expectation.size(parsed)
        return {
            "turns": size.n_turns,
            "characters": size.n_characters,
            "sound_s": size.speech_s,
            "computing_s": expectation.cost().seconds(size),
        }

    def parse(self, script: str) -> dict[str, Any]:
        """Read a script: its speakers, its turns with their lines, and notes on what was guessed.

        Args:
            script: as for `speak`.
        """
        with telling("Not read"):
            parsed = self._read_script(script)
        return {
            "speakers": parsed.speakers,
            "turns": [
                {
                    "speaker": turn.speaker,
                    "text": turn.text,
                    "said": turn.spoken_text,
                    "pace": turn.pace,
                    "gap_s": turn.gap_s,
                    "line": turn.line,
                }
                for turn in parsed.turns
            ],
            "notes": list(map(str, parsed.notes)),
        }

    def _voices(self, voices: Mapping[str, str]) -> dict[str, WantedVoice]:
        """Voices by name; never paths, which would let strangers read the server's files."""
        wanted: dict[str, WantedVoice] = {}
        for speaker, name in voices.items():
            if name not in (SURPRISE, *self._pool.voice_names()):
                raise VoiceError(
                    f"there is no voice {name!r} for {speaker}; choose one of "
                    f"{', '.join(self._pool.voice_names()) or 'none'}, or {SURPRISE!r}"
                )
            wanted[speaker] = None if name == SURPRISE else self._pool.find_voice(name)
        return wanted

    def _write(self, dialogue: Dialogue) -> Path:
        workspace = self._workspaces.open()
        wav = workspace.new_folder("spoken") / "dialogue.wav"
        publish(result_writers(dialogue, wav, (), dialogue.speaker_names))
        self._workspaces.leave(workspace.token)
        return wav

    def connect(self) -> None:
        """Register the functions as endpoints of the page that is being built."""
        api(self.speak, api_name="speak", concurrency_limit=None)
        api(self.voices, api_name="voices", queue=False)
        api(self.estimate, api_name="estimate", queue=False)
        api(self.parse, api_name="parse", queue=False)


def offer_programs_only(demo: gr.Blocks) -> None:
    """Leave out of the list of endpoints, which is also that of MCP's tools, what buttons do.

    Those need a page's state, which a tool does not have; programs may still call them.
    """
    for endpoint in demo.fns.values():
        if endpoint.api_visibility == "public" and endpoint.api_name not in PROGRAMS:
            endpoint.api_visibility = "undocumented"


def _told(dialogue: Dialogue) -> dict[str, Any]:
    names = dialogue.speaker_names
    return {
        "seed": dialogue.seed,
        "duration_s": dialogue.mix.duration_s,
        "captions": [
            {
                "turn": caption.turn,
                "speaker": caption.speaker,
                "name": names.get(caption.speaker, caption.speaker),
                "start_s": caption.start_s,
                "end_s": caption.end_s,
                "text": caption.text,
            }
            for caption in dialogue.captions
        ],
        "srt": caption_text("srt", dialogue.captions, names),
        "notes": list(map(str, dialogue.notes)),
    }
