"""Loads the pipeline once, holds it, and hands it to the command line and the page."""

import contextlib
import os
import queue
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from app.backend.protocol import SpeakingPipeline
from app.backend.voice_library import VoiceLibrary, check_voice_name, user_voice_folder
from app.backend.zero_gpu import LentGpuPipeline, find_lender
from app.environment import set_thread_count
from pipeline.config.limits import LimitsConfig
from pipeline.datatypes.dialogue import Dialogue, SpokenTurn
from pipeline.datatypes.progress import ProgressCallback
from pipeline.datatypes.redo import Redo
from pipeline.datatypes.script import ScriptSource
from pipeline.datatypes.sound import Recording
from pipeline.datatypes.voice import Voice
from pipeline.errors import VoiceError
from pipeline.voices.casting import WantedVoice
from pipeline.voices.voice_file import save_voice

if TYPE_CHECKING:
    from pipeline.synthesis.options import SynthesisOptions

SCRIPTS = Path(__file__).resolve().parents[2] / "assets" / "scripts"


class PipelinePool:
    """Pipelines with the same weights, the user's own voices, and the sample scripts.

    Args:
        pipeline: reads scripts, and speaks.
        library: voices added by the user.
        scripts: folder of sample scripts, one `.txt` each.
        others: more pipelines with the same weights, each for one more script at the same time.
    """

    def __init__(
        self,
        pipeline: SpeakingPipeline,
        library: VoiceLibrary,
        scripts: Path = SCRIPTS,
        others: Sequence[SpeakingPipeline] = (),
    ) -> None:
        self.pipeline = pipeline
        self.added_voices = library
        self._scripts = scripts
        self._idle: queue.SimpleQueue[SpeakingPipeline] = queue.SimpleQueue()
        for each in (pipeline, *others):
            self._idle.put(each)

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
        script: ScriptSource,
        voices: Mapping[str, WantedVoice],
        seed: int,
        on_progress: ProgressCallback | None = None,
        max_retakes: int = 0,
    ) -> Dialogue:
        """Speak a script as `DialoguePipeline.synthesize` does, as soon as a pipeline is idle."""
        options = self.options(max_retakes)
        with self._borrow() as pipeline:
            return pipeline.synthesize(script, voices, seed, options, on_progress)

    def speak_aloud(
        self,
        script: ScriptSource,
        voices: Mapping[str, WantedVoice],
        seed: int,
        on_progress: ProgressCallback,
        on_turn: Callable[[SpokenTurn], None],
    ) -> Dialogue:
        """Speak a script for somebody who listens while it is made.

        Args:
            script: as typed, or as read.
            voices: speaker to what was asked for.
            seed: of the script.
            on_progress: told of stages; may raise `CancelledError`.
            on_turn: given every turn as soon as it is final.

        Returns:
            What `speak` gives, sample for sample.
        """
        options, spoken = self.options(), []
        with self._borrow() as pipeline:
            read = pipeline.parse(script)
            for turn in pipeline.stream(read, voices, seed, options, on_progress):
                spoken.append(turn)
                on_turn(turn)
            return pipeline.gather(read, spoken, seed, options)

    def stream(
        self,
        script: ScriptSource,
        voices: Mapping[str, WantedVoice],
        seed: int,
        on_progress: ProgressCallback | None = None,
        finished: Iterable[SpokenTurn] = (),
    ) -> Iterator[SpokenTurn]:
        """Speak a script as `DialoguePipeline.stream` does, for nobody who waits."""
        options = self.options()
        with self._borrow() as pipeline:
            yield from pipeline.stream(
                script, voices, seed, options, on_progress, finished, in_a_hurry=False
            )

    def redo(self, dialogue: Dialogue, request: Redo, on_progress: ProgressCallback) -> Dialogue:
        """Make a turn or a span anew as `DialoguePipeline.redo` does."""
        with self._borrow() as pipeline:
            return pipeline.redo(dialogue, request, on_progress=on_progress)

    def redo_script(
        self,
        dialogue: Dialogue,
        script: ScriptSource,
        on_progress: ProgressCallback,
        follow_context: bool = True,
    ) -> Dialogue:
        """Speak an edited script as `DialoguePipeline.redo_script` does."""
        with self._borrow() as pipeline:
            return pipeline.redo_script(
                dialogue, script, on_progress=on_progress, follow_context=follow_context
            )

    def voice_of(
        self, recording: Recording, name: str, licence: str = "", consent: str = ""
    ) -> Voice:
        """Make a voice of a recording."""
        with self._borrow() as pipeline:
            return pipeline.voice_from_recording(recording, name, licence=licence, consent=consent)

    @contextlib.contextmanager
    def _borrow(self) -> Iterator[SpeakingPipeline]:
        """A pipeline that nobody else uses meanwhile."""
        pipeline = self._idle.get()
        try:
            yield pipeline
        finally:
            self._idle.put(pipeline)

    @staticmethod
    def options(max_retakes: int = 0) -> "SynthesisOptions":
        """How the doors have scripts spoken."""
        from pipeline.synthesis.options import SynthesisOptions  # heavy: torch and the networks

        return SynthesisOptions(max_retakes=max_retakes)


def load_pool(
    model: str = "small",
    device: str = "auto",
    n_pipelines: int = 1,
    limits: LimitsConfig | None = None,
) -> PipelinePool:
    """Read the weights and open the user's voice folder.

    Args:
        model: a shipped size or a folder of weights.
        device: as in `DialoguePipeline.load`.
        n_pipelines: how many scripts can be spoken at the same time; each reads the weights.
        limits: what is accepted; `None`: the usual ones.

    Raises:
        CheckpointError: if weights are missing or damaged.
        ConfigError: if settings or device cannot work.
    """
    set_thread_count()
    lend = find_lender(os.environ)  # before torch: it makes torch ready to do without the GPU
    from pipeline.dialogue import DialoguePipeline  # heavy: torch and the networks

    def load() -> SpeakingPipeline:
        if lend is None or device == "cpu":
            return DialoguePipeline.load(model, device, limits=limits)
        on_gpu = DialoguePipeline.load(model, "cuda", limits=limits)
        return LentGpuPipeline(on_gpu, DialoguePipeline.load(model, "cpu", limits=limits), lend)

    first, *others = [load() for _ in range(n_pipelines)]
    return PipelinePool(first, VoiceLibrary(user_voice_folder()), others=others)
