"""What the app needs of a pipeline."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Protocol

from pipeline.datatypes.dialogue import Dialogue, SpokenTurn
from pipeline.datatypes.progress import ProgressCallback
from pipeline.datatypes.redo import Redo
from pipeline.datatypes.script import Script, ScriptSource
from pipeline.datatypes.sound import Recording, Waveform
from pipeline.datatypes.voice import Voice
from pipeline.synthesis.options import SynthesisOptions
from pipeline.voices.casting import WantedVoice
from pipeline.voices.quality import RecordingQuality


class SharedPipeline(Protocol):
    """What any thread may use while a pipeline speaks: nothing here computes with a network."""

    @property
    def voices(self) -> Mapping[str, Voice]:
        """Built-in voices by name."""

    def parse(self, script: ScriptSource) -> Script:
        """Read a script."""

    def estimate_seconds(self, script: Script) -> float:
        """About how long it will sound."""

    def conditions(self) -> Mapping[str, str]:
        """Weights, engine and device."""

    def adopt(self, dialogue: Dialogue) -> Dialogue:
        """Make a dialogue that was read from a file redoable."""

    def read_recording(self, recording: Recording) -> Waveform:
        """A recording's sound at the codec's rate."""


class SpeakingPipeline(SharedPipeline, Protocol):
    """What the app needs of `pipeline.dialogue.DialoguePipeline`."""

    def voice_from_recording(
        self,
        recording: Recording,
        name: str,
        description: str = "",
        licence: str = "",
        consent: str = "",
    ) -> Voice:
        """Make a voice."""

    def judge_recording(self, recording: Recording) -> RecordingQuality:
        """Tell how good a recording is as a voice."""

    def synthesize(
        self,
        script: ScriptSource,
        voices: Mapping[str, WantedVoice] | None = None,
        seed: int = 0,
        options: SynthesisOptions | None = None,
        on_progress: ProgressCallback | None = None,
    ) -> Dialogue:
        """Speak a script."""

    def stream(
        self,
        script: ScriptSource,
        voices: Mapping[str, WantedVoice] | None = None,
        seed: int = 0,
        options: SynthesisOptions | None = None,
        on_progress: ProgressCallback | None = None,
        finished: Iterable[SpokenTurn] = (),
        in_a_hurry: bool = True,
    ) -> Iterator[SpokenTurn]:
        """Speak a script turn by turn."""

    def gather(
        self,
        script: ScriptSource,
        spoken: Sequence[SpokenTurn],
        seed: int,
        options: SynthesisOptions | None = None,
    ) -> Dialogue:
        """The dialogue of turns that were streamed."""

    def redo(
        self,
        dialogue: Dialogue,
        request: Redo,
        options: SynthesisOptions | None = None,
        on_progress: ProgressCallback | None = None,
    ) -> Dialogue:
        """Make a part anew."""

    def redo_script(
        self,
        dialogue: Dialogue,
        script: ScriptSource,
        options: SynthesisOptions | None = None,
        on_progress: ProgressCallback | None = None,
        follow_context: bool = True,
    ) -> Dialogue:
        """Speak an edited script."""

    def prompt_sound(self, voice: Voice) -> Waveform:
        """What a voice sounds like."""
