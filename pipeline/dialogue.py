"""The flow: script → turns → text ids → semantic ids → acoustic codes → waveforms → dialogue.

Together with `speaking.py`, which takes turns along arrows 3 to 5, the only module that knows the
order of the stages.
"""

import functools
import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path

import torch

from pipeline.audio_io import read_audio
from pipeline.batches import (
    FIRST_BATCHES_S,
    WORK_PER_SECOND,
    estimate_turn_seconds,
    plan_batches,
)
from pipeline.casting import WantedVoice, cast_voices
from pipeline.config import LimitsConfig, MixConfig
from pipeline.datatypes import (
    Dialogue,
    ProgressCallback,
    Script,
    SpokenTurn,
    TextTokens,
    Voice,
    Voices,
)
from pipeline.device import choose_device
from pipeline.ensemble import Ensemble
from pipeline.errors import ConfigError, VoiceError
from pipeline.models import ASSETS, Models, find_model_folder, load_models
from pipeline.recording_to_voice import load_voice, recording_to_voice
from pipeline.script_to_turns import script_to_turns
from pipeline.seeds import turn_seed
from pipeline.speaker_check.retakes import flag_note, retake_flagged
from pipeline.speaking import WINDOW_S, Performance, SynthesisOptions, Take, TurnSpeaker
from pipeline.spoken_turns import take_up
from pipeline.stage_clock import StageClock
from pipeline.turns_to_text_tokens import turns_to_text_tokens, turns_to_windows
from pipeline.waveform_to_dialogue import GrowingMix, place_turns

__all__ = ["DialoguePipeline", "SynthesisOptions"]

logger = logging.getLogger(__name__)


class DialoguePipeline:
    """Speaks scripts with one set of weights; make it with `load`."""

    def __init__(self, models: Models, voice_folder: Path) -> None:
        self._models = models
        self._voice_folder = voice_folder
        self.limits = LimitsConfig()
        self.mix_config = MixConfig()

    @classmethod
    def load(
        cls, size_or_folder: str | Path = "small", device: str = "auto", engine: str = "auto"
    ) -> "DialoguePipeline":
        """Read weights and voices.

        Args:
            size_or_folder: a shipped size, or a folder laid out as `assets/models/small`. Voices
                are those of its `voices` folder if it has one, else those of `assets/voices`.
            device: "auto", "cpu", "cuda", "cuda:1" or "mps".
            engine: what runs the networks on a CPU: "torch", "openvino", or "auto": the faster one.

        Raises:
            CheckpointError: if weights are missing or damaged.
            ConfigError: if settings, device or engine cannot work.
        """
        folder = find_model_folder(size_or_folder)
        own_voices = folder / "voices"
        voice_folder = own_voices if own_voices.is_dir() else ASSETS / "voices"
        return cls(load_models(folder, choose_device(device), engine), voice_folder)

    @property
    def models(self) -> Models:
        """The networks and tokenizers, for who wants to run a stage alone."""
        return self._models

    @cached_property
    def voices(self) -> Mapping[str, Voice]:
        """The built-in voices that fit this codec, by name in alphabetical order.

        Raises:
            VoiceError: if a voice file is damaged.
        """
        found = [load_voice(path) for path in sorted(self._voice_folder.glob("*.safetensors"))]
        fitting = {
            voice.name: voice for voice in found if voice.codec_id == self._models.codec.identity
        }
        if len(fitting) < len(found):
            logger.info("%d voices are of another codec", len(found) - len(fitting))
        return fitting

    def voice_from_recording(self, path: str | Path, name: str, description: str = "") -> Voice:
        """Make a voice of 1 to 60 s of one person speaking.

        Args:
            path: a sound file.
            name: what to call the voice.
            description: origin, licence, consent.

        Raises:
            AudioError: if the file cannot be read.
            VoiceError: if the recording is too short, too long, silent or clipped.
        """
        models = self._models
        recording = read_audio(path, models.codec.sample_rate_hz)
        return recording_to_voice(
            recording, name, models.semantic_tokenizer, models.codec, self.limits, description
        )

    def parse(self, script: str | Sequence[Mapping[str, str]]) -> Script:
        """Read a script without speaking it.

        Raises:
            ScriptError: naming the line that cannot be read.
        """
        return script_to_turns(script, self.limits)

    def conditions(self) -> Mapping[str, str]:
        """What decides how a request sounds and how long it takes, the request itself apart."""
        models = self._models
        return {
            "weights": models.fingerprint,
            "engine": models.engine,
            "device": str(models.device),
        }

    def estimate_seconds(self, script: Script) -> float:
        """About how many seconds a script will sound: from its letters, paces, gaps and pauses."""
        return max(sum(self._turn_seconds(script)), 0.0)

    @torch.inference_mode()
    def synthesize(
        self,
        script: str | Sequence[Mapping[str, str]],
        voices: Mapping[str, WantedVoice] | None = None,
        seed: int = 0,
        options: SynthesisOptions | None = None,
        on_progress: ProgressCallback | None = None,
    ) -> Dialogue:
        """Speak a script.

        Args:
            script: as text or as records of speaker and text.
            voices: speaker ("S1", or the name in the script) to a `Voice`, the name of a built-in
                voice, a file, or `None`: make a voice up. Speakers left out get built-in voices.
            seed: same script, voices, seed and device: same audio. Every turn has a seed of its
                own derived from it: what is said in one turn changes none before it.
            options: how to generate.
            on_progress: called as (stage, done, total); raising `CancelledError` stops the work.

        Raises:
            ScriptError: if the script cannot be read, or a line could not be spoken.
            VoiceError: if a voice or its speaker is unknown, or a recording unfit.
            AudioError: if a recording cannot be read.
            ConfigError: if retakes are asked for and the weights hold no speaker encoder.
            CancelledError: if `on_progress` raises it.
        """
        clock = StageClock(on_progress)
        performance = self._prepare(script, voices, seed, options, clock)
        speaker = TurnSpeaker(self._models, performance, self.limits, clock)
        batches = self._batches(performance, clock)
        first_takes = [take for batch in batches for take in speaker.speak(batch)]
        takes, retake_notes = self._retake(speaker, first_takes, performance, clock)
        with clock.stage("mix"):
            turns, ensemble = performance.script.turns, performance.ensemble
            mixed = place_turns([take.cut for take in takes], turns, self.mix_config)
        turn_notes = [note for take in takes for note in self._notes(take, performance)]
        return Dialogue(
            mix=mixed.mix,
            stems=mixed.stems,
            captions=mixed.captions,
            turns=turns,
            semantic=tuple(take.semantic for take in takes),
            acoustic=tuple(take.acoustic for take in takes),
            seed=seed,
            notes=(*performance.notes, *retake_notes, *turn_notes, *mixed.notes),
            stage_seconds=clock.seconds,
            voice_checks=tuple(take.check for take in takes if take.check is not None),
            turn_seeds=performance.seeds,
            sounds=mixed.sounds,
            starts=mixed.starts,
            voices=ensemble.known_voices(),
        )

    @torch.inference_mode()
    def stream(
        self,
        script: str | Sequence[Mapping[str, str]],
        voices: Mapping[str, WantedVoice] | None = None,
        seed: int = 0,
        options: SynthesisOptions | None = None,
        on_progress: ProgressCallback | None = None,
        finished: Iterable[SpokenTurn] = (),
        in_a_hurry: bool = True,
    ) -> Iterator[SpokenTurn]:
        """Speak a script and give each turn as soon as it is finished.

        What is heard is that of `synthesize`, sample for sample. The first turn is made alone,
        later ones more and more together; in mode "window" all are. The iterator may be closed
        before its end, and the work taken up again later.

        Args:
            script: as for `synthesize`.
            voices: as for `synthesize`.
            seed: as for `synthesize`.
            options: as for `synthesize`; no retakes.
            on_progress: as for `synthesize`.
            finished: the first turns, of an earlier run with the same script, voices, seed and
                options: what follows is that of a run that was never stopped, sample for sample.
            in_a_hurry: whether someone waits for the first turn; if not, it is made with others.

        Yields:
            Turns in the order of the script, those after the finished ones.

        Raises:
            ConfigError: if retakes are asked for, which need all turns to be judged first; or if
                finished turns are not the script's, or are given in mode "window".
            DialogueError: as `synthesize` does.
        """
        clock = StageClock(on_progress)
        if options is not None and options.max_retakes > 0:
            raise ConfigError(
                "retakes need all turns to be judged first and cannot be streamed; ask for none, "
                "or use synthesize"
            )
        performance = self._prepare(script, voices, seed, options, clock)
        turns, notes = performance.script.turns, performance.notes
        speaker = TurnSpeaker(self._models, performance, self.limits, clock)
        growing = GrowingMix(self.mix_config, self._models.codec.sample_rate_hz)
        n_finished = take_up(finished, turns, growing, performance.ensemble)
        if n_finished:
            self._check_can_go_on(performance.options)
            notes = ()
        first_batches = FIRST_BATCHES_S if in_a_hurry else ()
        for batch in self._batches(performance, clock, first_batches, n_finished):
            for take in speaker.speak(batch):
                index = take.index
                following = turns[index + 1] if index + 1 < len(turns) else None
                clock.expect(index, 1, len(turns), "mix")
                with clock.stage("mix"):
                    placed = growing.add(take.cut, turns[index], following)
                yield SpokenTurn(
                    index=index,
                    turn=turns[index],
                    caption=placed.caption,
                    sound=take.cut.sound,
                    start=placed.start,
                    mix=placed.mix,
                    seed=performance.seeds[index],
                    semantic=take.semantic,
                    acoustic=take.acoustic,
                    check=take.check,
                    notes=(*notes, *self._notes(take, performance), *placed.notes),
                    voice=performance.ensemble.voices[turns[index].speaker],
                    speech=take.cut.speech,
                    silence=(take.cut.lead, take.cut.tail),
                )
                notes = ()

    def _prepare(
        self,
        script: str | Sequence[Mapping[str, str]],
        voices: Mapping[str, WantedVoice] | None,
        seed: int,
        options: SynthesisOptions | None,
        clock: StageClock,
    ) -> Performance:
        """Arrows 1 and 2, and who speaks."""
        chosen = options or SynthesisOptions()
        self._check_options(chosen)
        with clock.stage("read"):
            read = self.parse(script)
            cast, cast_notes = cast_voices(read, voices or {}, self.voices, self._read_voice)
            self._check_codec(cast)
            return Performance(
                script=read,
                text=tuple(self._text_tokens(read, chosen)),
                seeds=tuple(turn_seed(seed, index) for index in range(len(read.turns))),
                ensemble=Ensemble(cast, read.turns, self._models, self.mix_config),
                options=chosen,
                notes=(*read.notes, *cast_notes),
            )

    def _turn_seconds(self, script: Script) -> list[float]:
        return [estimate_turn_seconds(turn, self.limits, self.mix_config) for turn in script.turns]

    def _batches(
        self,
        performance: Performance,
        clock: StageClock,
        first: Sequence[float] = (),
        n_finished: int = 0,
    ) -> Iterator[range]:
        """Turns to speak together; tells the clock which part of the work each batch is."""
        seconds = self._turn_seconds(performance.script)
        batches = [range(len(seconds))]
        if performance.options.mode == "turns":
            batches = plan_batches(seconds[n_finished:], first, n_finished)
        work = [max(1, round(WORK_PER_SECOND * turn_s)) for turn_s in seconds]
        for batch in batches:
            before, size = sum(work[: batch.start]), sum(work[batch.start : batch.stop])
            clock.expect(before, size, sum(work))
            if performance.options.max_retakes:
                clock.expect(before, size, 2 * sum(work), "check")
            yield batch
        clock.expect(0, 1, 1)

    def _retake(
        self,
        speaker: TurnSpeaker,
        takes: Sequence[Take],
        performance: Performance,
        clock: StageClock,
    ) -> tuple[Sequence[Take], tuple[str, ...]]:
        """Speak turns again that do not sound like their voice, if asked to."""
        max_retakes, turns = performance.options.max_retakes, performance.script.turns
        if not max_retakes:
            return takes, ()

        def speak_again(turn: int, number: int) -> Take:
            return speaker.speak_again(takes[turn], number)

        clock.expect(1, 1, 2, "check")
        report = functools.partial(clock.report, "check")
        with clock.stage("check"):
            retaken = retake_flagged(takes, turns, max_retakes, speak_again, report)
        return retaken.takes, retaken.notes

    def _notes(self, take: Take, performance: Performance) -> tuple[str, ...]:
        turn, voices = performance.script.turns[take.index], performance.ensemble.known_voices()
        flag = flag_note(take.check, turn, voices)
        return take.notes if flag is None else (*take.notes, flag)

    def _check_options(self, options: SynthesisOptions) -> None:
        if options.max_retakes > 0 and self._models.speaker is None:
            raise ConfigError(
                f"{self._models.folder} holds no speaker encoder, which finds the turns to speak "
                "again; ask for no retakes, or make one with `python -m training.speaker`"
            )

    def _check_can_go_on(self, options: SynthesisOptions) -> None:
        if options.mode == "window":
            raise ConfigError(
                "a window's turns are spoken in one go, so finished ones cannot be gone on after; "
                'give none, or use mode "turns"'
            )

    def _read_voice(self, path: Path) -> Voice:
        if path.suffix == ".safetensors":
            return load_voice(path, self._models.codec.identity)
        return self.voice_from_recording(path, path.stem)

    def _check_codec(self, cast: Voices) -> None:
        for voice in cast.values():
            if voice is not None and voice.codec_id != self._models.codec.identity:
                raise VoiceError(
                    f"voice {voice.name!r} was made with another codec; "
                    "make it again from its recording"
                )

    def _text_tokens(self, script: Script, options: SynthesisOptions) -> list[TextTokens]:
        tokenizer = self._models.text_tokenizer
        if options.mode == "window":
            return turns_to_windows(script.turns, tokenizer, self.limits, WINDOW_S)
        return turns_to_text_tokens(script.turns, tokenizer, self.limits)
