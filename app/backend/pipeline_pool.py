"""Loads the pipelines once, holds them, and lends them to whoever speaks, one each."""

import contextlib
import os
import queue
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import cast

from app.backend.protocol import SharedPipeline, SpeakingPipeline
from app.backend.voice_library import VoiceLibrary, check_voice_name, user_voice_folder
from app.backend.zero_gpu import LentGpuPipeline, find_lender
from app.environment import set_thread_count
from pipeline.config.limits import LimitsConfig
from pipeline.dialogue import DialoguePipeline
from pipeline.errors import VoiceError
from pipeline.voices.casting import WantedVoice
from pipeline.voices.voice_file import save_voice

SCRIPTS = Path(__file__).resolve().parents[2] / "assets" / "scripts"


class PipelinePool:
    """Pipelines with the same weights, the user's own voices, and the sample scripts.

    Args:
        pipeline: reads scripts, and speaks.
        library: voices added by the user.
        scripts: folder of sample scripts, one `.txt` each.
        others: more pipelines with the same weights, each for one more script at the same time.

    Attributes:
        shared: what any thread may use at any time; whatever computes needs `borrow`.
        added_voices: the library.
    """

    def __init__(
        self,
        pipeline: SpeakingPipeline,
        library: VoiceLibrary,
        scripts: Path = SCRIPTS,
        others: Sequence[SpeakingPipeline] = (),
    ) -> None:
        self.shared: SharedPipeline = pipeline
        self.added_voices = library
        self._scripts = scripts
        self._idle: queue.SimpleQueue[SpeakingPipeline] = queue.SimpleQueue()
        for each in (pipeline, *others):
            self._idle.put(each)

    def voice_names(self) -> list[str]:
        """Built-in names, then added ones that do not hide behind a built-in name."""
        built_in = list(self.shared.voices)
        return built_in + [name for name in self.added_voices.names() if name not in built_in]

    def find_voice(self, name: str) -> WantedVoice:
        """What the pipeline should be given for a name or path that a person typed."""
        if name not in self.shared.voices and name in self.added_voices.names():
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
        with self.borrow() as pipeline:
            voice = pipeline.voice_from_recording(recording, name, licence=licence_note)
        path = self.added_voices.path(name)
        save_voice(path, voice)
        return path

    def sample_scripts(self) -> dict[str, str]:
        """Title to text of each sample script, in alphabetical order."""
        return {
            path.stem.replace("_", " ").capitalize(): path.read_text(encoding="utf-8")
            for path in sorted(self._scripts.glob("*.txt"))
        }

    @contextlib.contextmanager
    def borrow(self) -> Iterator[SpeakingPipeline]:
        """A pipeline that nobody else uses meanwhile, as soon as one is idle."""
        pipeline = self._idle.get()
        try:
            yield pipeline
        finally:
            self._idle.put(pipeline)


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
    lend = find_lender(os.environ)  # before CUDA is used: the package refuses to come later

    def load() -> SpeakingPipeline:
        if lend is None or device == "cpu":
            return DialoguePipeline.load(model, device, limits=limits)
        on_gpu = DialoguePipeline.load(model, "cuda", limits=limits)
        on_cpu = DialoguePipeline.load(model, "cpu", limits=limits)
        return cast(SpeakingPipeline, LentGpuPipeline(on_gpu, on_cpu, lend))  # it delegates

    first, *others = [load() for _ in range(n_pipelines)]
    return PipelinePool(first, VoiceLibrary(user_voice_folder()), others=others)
