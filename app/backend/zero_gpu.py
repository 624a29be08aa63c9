"""A GPU that is lent for one call at a time, as Spaces on ZeroGPU lend it.

There, a decorated function runs in a process of its own with the GPU, and what it takes and gives
is pickled: no callbacks cross, only finished turns do. Everywhere else this module does nothing.
"""

import importlib
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from app.backend.protocol import SpeakingPipeline
from pipeline.datatypes.dialogue import Dialogue, SpokenTurn
from pipeline.datatypes.progress import ProgressCallback
from pipeline.datatypes.redo import Redo
from pipeline.datatypes.script import Script, ScriptSource
from pipeline.datatypes.sound import Recording, Waveform
from pipeline.datatypes.voice import Voice
from pipeline.errors import DialogueError
from pipeline.synthesis.cost import USUAL_COST, size_of_script
from pipeline.voices.casting import WantedVoice
from pipeline.voices.quality import RecordingQuality

if TYPE_CHECKING:
    from pipeline.synthesis.options import SynthesisOptions

logger = logging.getLogger(__name__)

ON_ZERO_GPU = "SPACES_ZERO_GPU"
"""Set by the platform."""

START_S, MARGIN, LEAST_S, MOST_S = 10.0, 2.0, 15, 120
"""Seconds asked for: a start, and so many times what a script takes on two cores, within bounds. A
script that needs longer goes on on the CPU."""

Lend = Callable[..., Callable[[Callable[..., Any]], Callable[..., Any]]]
"""`spaces.GPU`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GpuJob:
    """What crosses to the process with the GPU.

    Attributes:
        method: of the pipeline.
        arguments: of the method; nothing that cannot be pickled.
        seconds: that the GPU is asked for.
    """

    method: str
    arguments: Mapping[str, Any]
    seconds: int


@dataclass(frozen=True, slots=True)
class _Refused:
    """An error that people cause, as a value: what is raised there may arrive as another error."""

    error: DialogueError


def find_lender(environment: Mapping[str, str]) -> Lend | None:
    """`spaces.GPU` where this process runs on ZeroGPU, else `None`.

    Args:
        environment: variables by name.
    """
    if not environment.get(ON_ZERO_GPU):
        return None
    try:
        lend: Lend = importlib.import_module("spaces").GPU
    except ImportError:
        logger.warning("%s is set, and the package spaces is missing: no GPU", ON_ZERO_GPU)
        return None
    return lend


class LentGpuPipeline:
    """Speaks with a lent GPU, and with the CPU when none is to be had.

    Args:
        gpu: on the device "cuda"; used in the other process alone.
        cpu: with the same weights; for whatever is short, too.
        lend: `spaces.GPU`.
    """

    def __init__(self, gpu: "SpeakingPipeline", cpu: "SpeakingPipeline", lend: Lend) -> None:
        self._gpu, self._cpu = gpu, cpu

        def call(job: GpuJob) -> Any:
            try:
                return _crossing(getattr(gpu, job.method)(**job.arguments))
            except DialogueError as error:
                return _Refused(error)

        def stream(job: GpuJob) -> Iterator[Any]:
            try:
                yield from gpu.stream(**job.arguments)
            except DialogueError as error:
                yield _Refused(error)

        lent = lend(duration=_seconds_of)
        self._call, self._stream = lent(call), lent(stream)

    @property
    def voices(self) -> Mapping[str, Voice]:
        """See `DialoguePipeline.voices`."""
        return self._cpu.voices

    def parse(self, script: ScriptSource) -> Script:
        """See `DialoguePipeline.parse`."""
        return self._cpu.parse(script)

    def estimate_seconds(self, script: Script) -> float:
        """See `DialoguePipeline.estimate_seconds`."""
        return self._cpu.estimate_seconds(script)

    def conditions(self) -> Mapping[str, str]:
        """See `DialoguePipeline.conditions`."""
        return self._gpu.conditions()

    def read_recording(self, recording: Recording) -> Waveform:
        """See `DialoguePipeline.read_recording`."""
        return self._cpu.read_recording(recording)

    def voice_from_recording(
        self,
        recording: Recording,
        name: str,
        description: str = "",
        licence: str = "",
        consent: str = "",
    ) -> Voice:
        """See `DialoguePipeline.voice_from_recording`; on the CPU."""
        return self._cpu.voice_from_recording(recording, name, description, licence, consent)

    def judge_recording(self, recording: Recording) -> RecordingQuality:
        """See `DialoguePipeline.judge_recording`."""
        return self._cpu.judge_recording(recording)

    def prompt_sound(self, voice: Voice) -> Waveform:
        """See `DialoguePipeline.prompt_sound`; on the CPU."""
        return self._cpu.prompt_sound(voice)

    def adopt(self, dialogue: Dialogue) -> Dialogue:
        """See `DialoguePipeline.adopt`."""
        return self._cpu.adopt(dialogue)

    def gather(
        self,
        script: ScriptSource,
        spoken: Sequence[SpokenTurn],
        seed: int,
        options: "SynthesisOptions | None" = None,
    ) -> Dialogue:
        """See `DialoguePipeline.gather`."""
        return self._cpu.gather(script, spoken, seed, options)

    def synthesize(
        self,
        script: ScriptSource,
        voices: Mapping[str, WantedVoice] | None = None,
        seed: int = 0,
        options: "SynthesisOptions | None" = None,
        on_progress: ProgressCallback | None = None,
    ) -> Dialogue:
        """See `DialoguePipeline.synthesize`; progress is told at the beginning alone."""
        asked = {"script": script, "voices": voices, "seed": seed, "options": options}
        return self._make("synthesize", asked, self._seconds(script), on_progress)

    def redo(
        self,
        dialogue: Dialogue,
        request: Redo,
        options: "SynthesisOptions | None" = None,
        on_progress: ProgressCallback | None = None,
    ) -> Dialogue:
        """See `DialoguePipeline.redo`; progress is told at the beginning alone."""
        asked = {"dialogue": _crossing(dialogue), "request": request, "options": options}
        return self._make("redo", asked, LEAST_S, on_progress)

    def redo_script(
        self,
        dialogue: Dialogue,
        script: ScriptSource,
        options: "SynthesisOptions | None" = None,
        on_progress: ProgressCallback | None = None,
        follow_context: bool = True,
    ) -> Dialogue:
        """See `DialoguePipeline.redo_script`; progress is told at the beginning alone."""
        asked = {
            "dialogue": _crossing(dialogue),
            "script": script,
            "options": options,
            "follow_context": follow_context,
        }
        return self._make("redo_script", asked, self._seconds(script), on_progress)

    def stream(
        self,
        script: ScriptSource,
        voices: Mapping[str, WantedVoice] | None = None,
        seed: int = 0,
        options: "SynthesisOptions | None" = None,
        on_progress: ProgressCallback | None = None,
        finished: Iterable[SpokenTurn] = (),
        in_a_hurry: bool = True,
    ) -> Iterator[SpokenTurn]:
        """See `DialoguePipeline.stream`; progress is told after every turn.

        When the GPU is refused or taken away, the CPU goes on after the turns that are there.
        """
        asked: dict[str, Any] = {"script": script, "voices": voices, "seed": seed}
        asked |= {"options": options, "in_a_hurry": in_a_hurry}
        n_turns, spoken = len(self.parse(script).turns), list(finished)
        arguments = {**asked, "finished": tuple(spoken)}
        job = GpuJob(method="stream", arguments=arguments, seconds=self._seconds(script))
        lent = _Lent(lambda: self._stream(job))
        for turn in lent.turns():
            spoken.append(turn)
            yield turn
            if on_progress is not None:
                on_progress("acoustic", len(spoken), n_turns)
        if lent.refusal:
            rest = self._cpu.stream(
                script, voices, seed, options, on_progress, tuple(spoken), in_a_hurry
            )
            for number, turn in enumerate(rest):
                yield turn if number else _with_note(turn, lent.refusal)

    def _make(
        self,
        method: str,
        asked: Mapping[str, Any],
        seconds: int,
        on_progress: ProgressCallback | None,
    ) -> Dialogue:
        if on_progress is not None:
            on_progress("read", 0, 1)
        job = GpuJob(method=method, arguments=asked, seconds=seconds)
        try:
            made = self._call(job)
        except Exception as error:  # noqa: BLE001 - the platform's own kinds are not to be had here
            note = _note(error)
            make: Callable[..., Dialogue] = getattr(self._cpu, method)
            dialogue = make(**asked, on_progress=on_progress)
            return replace(dialogue, notes=(*dialogue.notes, note))
        return self._cpu.adopt(_checked(made))

    def _seconds(self, script: ScriptSource) -> int:
        read = self.parse(script)
        size = size_of_script(read, self.estimate_seconds(read))
        wanted_s = START_S + MARGIN * USUAL_COST.seconds(size)
        return round(min(MOST_S, max(LEAST_S, wanted_s)))


class _Lent:
    """Turns of the other process, and why there are no more."""

    def __init__(self, begin: Callable[[], Iterator[Any]]) -> None:
        self._begin = begin
        self.refusal = ""

    def turns(self) -> Iterator[SpokenTurn]:
        try:
            given = iter(self._begin())
        except Exception as error:  # noqa: BLE001 - as in `_make`
            self.refusal = _note(error)
            return
        while True:
            try:
                turn = next(given, None)
            except Exception as error:  # noqa: BLE001 - as in `_make`
                self.refusal = _note(error)
                return
            if turn is None:
                return
            yield _checked(turn)


def _seconds_of(job: GpuJob) -> int:
    return job.seconds


def _crossing(dialogue: Dialogue) -> Dialogue:
    """Without whoever made it, which would be pickled with all its weights."""
    return replace(dialogue, redoer=None)


def _with_note(turn: SpokenTurn, note: str) -> SpokenTurn:
    notes, turn_notes = (*turn.notes, note), (*turn.turn_notes, note)
    return replace(turn, notes=notes, turn_notes=turn_notes)


def _checked(value: Any) -> Any:
    if isinstance(value, _Refused):
        raise value.error
    return value


def _note(error: Exception) -> str:
    logger.warning("no GPU: %s", error)
    reason = str(error).strip().rstrip(".") or type(error).__name__
    return f"no GPU was to be had ({reason[:200]}); what was missing was made on the CPU"
