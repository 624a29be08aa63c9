"""Loads the pipeline once, holds it, and hands it to the command line and the page."""

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from app.environment import set_thread_count
from app.voice_library import VoiceLibrary, check_voice_name, user_voice_folder
from pipeline.casting import WantedVoice
from pipeline.datatypes import Dialogue, ProgressCallback, Script, SpokenTurn, Voice
from pipeline.errors import VoiceError
from pipeline.recording_quality import RecordingQuality
from pipeline.recording_to_voice import save_voice

if TYPE_CHECKING:
    from pipeline.dialogue import SynthesisOptions

SCRIPTS = Path(__file__).resolve().parents[1] / "assets" / "scripts"


class SpeakingPipeline(Protocol):
    """What the doors need of `pipeline.dialogue.DialoguePipeline`."""

    @property
    def voices(self) -> Mapping[str, Voice]:
        """Built-in voices by name."""

    def parse(self, script: str | Sequence[Mapping[str, str]]) -> Script:
        """Read a script."""

    def estimate_seconds(self, script: Script) -> float:
        """About how long it will sound."""

    def conditions(self) -> Mapping[str, str]:
        """Weights, engine and device."""

    def voice_from_recording(
        self,
        path: str | Path,
        name: str,
        description: str = "",
        licence: str = "",
        consent: str = "",
    ) -> Voice:
        """Make a voice."""

    def judge_recording(self, path: str | Path) -> RecordingQuality:
        """Tell how good a recording is as a voice."""

    def synthesize(
        self,
        script: str | Sequence[Mapping[str, str]],
        voices: Mapping[str, WantedVoice] | None = None,
        seed: int = 0,
        options: "SynthesisOptions | None" = None,
        on_progress: ProgressCallback | None = None,
    ) -> Dialogue:
        """Speak a script."""

    def stream(
        self,
        script: str | Sequence[Mapping[str, str]],
        voices: Mapping[str, WantedVoice] | None = None,
        seed: int = 0,
        options: "SynthesisOptions | None" = None,
        on_progress: ProgressCallback | None = None,
        finished: Iterable[SpokenTurn] = (),
        in_a_hurry: bool = True,
    ) -> Iterator[SpokenTurn]:
        """Speak a script turn by turn."""


class Studio:
    """One pipeline, the visitor's own voices, and the sample scripts.

    Args:
        pipeline: speaks; one script at a time.
        library: voices added by the user.
        scripts: folder of sample scripts, one `.txt` each.
    """

    def __init__(
        self, pipeline: SpeakingPipeline, library: VoiceLibrary, scripts: Path = SCRIPTS
    ) -> None:
        self.pipeline = pipeline
        self.added_voices = library
        self._scripts = scripts
        self._one_at_a_time = threading.Lock()

    def voice_names(self) -> list[str]:
        """Built-in names, then added ones that do not hide behind a built-in name."""
        built_in = list(self.pipeline.voices)
        return built_in + [name for name in self.added_voices.names() if name not in built_in]

    def find_voice(self, name: str) -> WantedVoice:
        """What the pipeline should be given for a name or path that a person typed."""
        if name not in self.pipeline.voices and name in self.added_voices.names():
            return self.added_voices.path(name)
        return name

    def add_voice(self, name: str, recording: Path, licence_note: str) -> Path:
        """Make a voice of a recording and keep it in the user's folder.

        Returns:
            The file made.

        Raises:
            VoiceError: if the name is not allowed or already taken, or the recording is unfit.
            AudioError: if the recording cannot be read.
        """
        check_voice_name(name)
        if name in self.voice_names():
            raise VoiceError(
                f"there already is a voice {name!r}; choose another name, or delete "
                f"{self.added_voices.path(name)} first if it is your own"
            )
        voice = self.pipeline.voice_from_recording(recording, name, licence=licence_note)
        path = self.added_voices.path(name)
        save_voice(path, voice)
        return path

    def sample_scripts(self) -> dict[str, str]:
        """Title to text of each sample script, in alphabetical order."""
        return {
            path.stem.replace("_", " ").capitalize(): path.read_text(encoding="utf-8")
            for path in sorted(self._scripts.glob("*.txt"))
        }

    def speak(
        self,
        script: str,
        voices: Mapping[str, WantedVoice],
        seed: int,
        on_progress: ProgressCallback | None = None,
        max_retakes: int = 0,
    ) -> Dialogue:
        """Speak a script as `DialoguePipeline.synthesize` does, one at a time."""
        options = self.options(max_retakes)
        with self._one_at_a_time:
            return self.pipeline.synthesize(script, voices, seed, options, on_progress)

    def stream(
        self,
        script: str,
        voices: Mapping[str, WantedVoice],
        seed: int,
        on_progress: ProgressCallback | None = None,
        finished: Iterable[SpokenTurn] = (),
    ) -> Iterator[SpokenTurn]:
        """Speak a script as `DialoguePipeline.stream` does, one at a time, for nobody who waits."""
        options = self.options()
        with self._one_at_a_time:
            yield from self.pipeline.stream(
                script, voices, seed, options, on_progress, finished, in_a_hurry=False
            )

    @staticmethod
    def options(max_retakes: int = 0) -> "SynthesisOptions":
        """How the doors have scripts spoken."""
        from pipeline.dialogue import SynthesisOptions  # heavy: torch and the networks

        return SynthesisOptions(max_retakes=max_retakes)


def load_studio(model: str = "small", device: str = "auto") -> Studio:
    """Read the weights and open the user's voice folder.

    Args:
        model: a shipped size or a folder of weights.
        device: as in `DialoguePipeline.load`.

    Raises:
        CheckpointError: if weights are missing or damaged.
        ConfigError: if settings or device cannot work.
    """
    set_thread_count()
    from pipeline.dialogue import DialoguePipeline  # heavy: torch and the networks

    return Studio(DialoguePipeline.load(model, device), VoiceLibrary(user_voice_folder()))
