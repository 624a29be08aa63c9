"""The flow: script → turns → text ids → semantic ids → acoustic codes → waveforms → dialogue.

The only module that knows the order of the stages.
"""

import dataclasses
import functools
import hashlib
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Literal

import torch
from torch import Tensor

from pipeline.acoustic_to_waveform import acoustic_to_waveform
from pipeline.audio_io import read_audio
from pipeline.casting import WantedVoice, cast_voices
from pipeline.config import LimitsConfig, MixConfig
from pipeline.datatypes import (
    AcousticTokens,
    Dialogue,
    ProgressCallback,
    Script,
    SemanticTokens,
    TextTokens,
    Voice,
    Voices,
    Waveform,
)
from pipeline.device import choose_device
from pipeline.errors import ConfigError, ScriptError, VoiceError
from pipeline.models import ASSETS, Models, find_model_folder, load_models
from pipeline.recording_to_voice import load_voice, recording_to_voice
from pipeline.script_to_turns import script_to_turns
from pipeline.semantic_to_acoustic.generate import SoundStormOptions
from pipeline.semantic_to_acoustic.generate import generate as generate_acoustic
from pipeline.semantic_to_acoustic.windows import (
    build_windows,
    max_window_ids,
    plan_windows,
    prompt_of,
    windows_to_turns,
)
from pipeline.speaker_check.check import check_turn, embed_prompts
from pipeline.speaker_check.retakes import Spoken, check_and_retake, flag_notes
from pipeline.stage_clock import StageClock
from pipeline.text_to_semantic.generate import TextToSemanticOptions
from pipeline.text_to_semantic.generate import generate as generate_semantic
from pipeline.text_to_semantic.pieces import pieces_to_turns
from pipeline.turns_to_text_tokens import turns_to_text_tokens, turns_to_windows
from pipeline.waveform_to_dialogue import waveform_to_dialogue

logger = logging.getLogger(__name__)

WINDOW_S = 30.0
"""Longest stretch decoded as one: what the networks are trained on."""

MADE_UP_VOICE_S = 4.0
"""How much speech a made-up voice is first heard in; that then serves as everyone's prompt does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SynthesisOptions:
    """How to generate; no part of the weights.

    Attributes:
        text: of text-to-semantic.
        storm: of SoundStorm.
        mode: "turns" speaks all turns at once, each in its own sequence; "window" speaks up to 30 s
            of consecutive turns in one sequence, as in the paper.
        prompt_text: read the text in the manner of the voice, too, by its semantic prompt; a whole
            window never is. SPEAR-TTS does not, and the shipped weights read better without.
        check_voices: compare every turn with its voice prompt, if the weights hold a speaker
            encoder; what does not sound like its voice is told in the notes.
        max_retakes: how many takes may be made in all of turns that do not; 0: none.
    """

    text: TextToSemanticOptions = field(default_factory=TextToSemanticOptions)
    storm: SoundStormOptions = field(default_factory=SoundStormOptions)
    mode: Literal["turns", "window"] = "turns"
    prompt_text: bool = False
    check_voices: bool = True
    max_retakes: int = 0

    def __post_init__(self) -> None:
        if self.max_retakes < 0:
            raise ConfigError(f"max_retakes must be 0 or more, is {self.max_retakes}")
        if self.max_retakes > 0 and not self.check_voices:
            raise ConfigError("retakes need check_voices, which finds the turns to speak again")


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

    def estimate_seconds(self, script: Script) -> float:
        """About how many seconds a script will sound: from its letters, paces, gaps and pauses."""
        seconds = 0.0
        for turn in script.turns:
            gap_s = self.mix_config.default_gap_s if turn.gap_s is None else turn.gap_s
            pauses_s = sum(pause_s for _, pause_s in turn.pauses)
            seconds += (
                len(turn.spoken_text) / (self.limits.characters_per_second * turn.pace)
                + gap_s
                + pauses_s
            )
        return max(seconds, 0.0)

    @torch.inference_mode()
    def synthesize(
        self,
        script: str | Sequence[Mapping[str, str]],
        voices: Mapping[str, WantedVoice] | None = None,
        seed: int = 0,
        options: SynthesisOptions | None = None,
        on_progress: ProgressCallback | None = None,
    ) -> Dialogue:
        """Speak a script: every stage below is one arrow of docs/flow.md.

        Args:
            script: as text or as records of speaker and text.
            voices: speaker ("S1", or the name in the script) to a `Voice`, the name of a built-in
                voice, a file, or `None`: make a voice up. Speakers left out get built-in voices.
            seed: same script, voices, seed and device: same audio.
            options: how to generate.
            on_progress: called as (stage, done, total); raising `CancelledError` stops the work.

        Raises:
            ScriptError: if the script cannot be read, or a line could not be spoken.
            VoiceError: if a voice or its speaker is unknown, or a recording unfit.
            AudioError: if a recording cannot be read.
            ConfigError: if retakes are asked for and the weights hold no speaker encoder.
            CancelledError: if `on_progress` raises it.
        """
        chosen = options or SynthesisOptions()
        self._check_options(chosen)
        clock = StageClock(on_progress)
        with clock.stage("read"):
            read = self.parse(script)
            cast, cast_notes = cast_voices(read, voices or {}, self.voices, self._read_voice)
            self._check_codec(cast)
            text = self._text_tokens(read, chosen)
        with clock.stage("semantic"):
            semantic = self._speak(text, read, cast, seed, chosen, clock)
        with clock.stage("acoustic"):
            heard = self._make_up_voices(semantic, cast, seed, chosen)
            acoustic = self._sound(semantic, heard, seed, chosen, clock)
        with clock.stage("waveform"):
            waveforms = acoustic_to_waveform(acoustic, self._models.codec, on_progress=clock.report)
        first = Spoken(
            turns=read.turns, semantic=semantic, acoustic=acoustic, waveforms=tuple(waveforms)
        )
        with clock.stage("check"):
            spoken = self._check_voices(first, heard, seed, chosen, clock)
        with clock.stage("mix"):
            mixed = waveform_to_dialogue(
                spoken.waveforms, spoken.acoustic, read.turns, self.mix_config, first.waveforms
            )
        return Dialogue(
            mix=mixed.mix,
            stems=mixed.stems,
            captions=mixed.captions,
            turns=read.turns,
            semantic=semantic,
            acoustic=spoken.acoustic,
            seed=seed,
            notes=(*read.notes, *cast_notes, *spoken.notes),
            stage_seconds=clock.seconds,
            voice_checks=spoken.checks,
        )

    def _check_options(self, options: SynthesisOptions) -> None:
        if options.max_retakes > 0 and self._models.speaker is None:
            raise ConfigError(
                f"{self._models.folder} holds no speaker encoder, which finds the turns to speak "
                "again; ask for no retakes, or make one with `python -m training.speaker`"
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

    def _speak(
        self,
        text: Sequence[TextTokens],
        script: Script,
        cast: Voices,
        seed: int,
        options: SynthesisOptions,
        clock: StageClock,
    ) -> tuple[SemanticTokens, ...]:
        config = self._models.soundstorm.config
        rate_hz = self._models.codec.frame_rate_hz / config.frames_per_semantic
        voices = [cast[script.turns[sequence.turn_indices[0]].speaker] for sequence in text]
        prompted = options.prompt_text and options.mode == "turns"
        prompts: list[Tensor | None] = [
            prompt_of(voice, config)[0] if prompted and voice is not None else None
            for voice in voices
        ]
        network = self._models.text_to_semantic
        generators = [
            _seeded_generator(seed, f"semantic {sequence.turn_indices} {sequence.texts}")
            for sequence in text
        ]
        try:
            pieces = generate_semantic(
                network, text, prompts, options.text, generators, clock.report
            )
        except ScriptError as error:  # the stage knows turns, not lines
            line = None if error.turn is None else script.turns[error.turn].line
            raise ScriptError(str(error), line, error.turn) from error
        return pieces_to_turns(text, pieces, script.turns, rate_hz)

    def _make_up_voices(
        self, semantic: Sequence[SemanticTokens], cast: Voices, seed: int, options: SynthesisOptions
    ) -> Voices:
        """Let the network choose a voice once, so that a speaker keeps it in every window."""
        made_up = dict(cast)
        for speaker in (name for name, voice in cast.items() if voice is None):
            said = torch.cat([turn.semantic_ids for turn in semantic if turn.speaker == speaker])
            rate_hz = semantic[0].rate_hz
            sample = SemanticTokens(
                semantic_ids=said[: round(MADE_UP_VOICE_S * rate_hz)],
                speaker=speaker,
                rate_hz=rate_hz,
            )
            quiet = StageClock(None)
            (heard,) = self._sound(
                [sample], {speaker: None}, seed, options, quiet, f"voice {speaker}"
            )
            made_up[speaker] = Voice(
                name=f"made up for {speaker}",
                semantic_ids=sample.semantic_ids,
                codes=heard.codes,
                level_db=self.mix_config.target_level_db,
                codec_id=self._models.codec.identity,
                description=f"made up by the model with seed {seed}",
            )
        return made_up

    def _check_voices(
        self, spoken: Spoken, cast: Voices, seed: int, options: SynthesisOptions, clock: StageClock
    ) -> Spoken:
        """Compare every turn with its prompt; speak those again that are not alike, if asked to."""
        encoder, codec = self._models.speaker, self._models.codec
        if encoder is None or not options.check_voices:
            return spoken

        def speak_again(turn: int, number: int) -> tuple[AcousticTokens, Waveform]:
            purpose = f"take {number} of turn {turn}"
            alone = [spoken.semantic[turn]]
            acoustic = self._sound(alone, cast, seed, options, StageClock(None), purpose)
            return acoustic[0], acoustic_to_waveform(acoustic, codec)[0]

        voices = {speaker: voice for speaker, voice in cast.items() if voice is not None}
        check = functools.partial(
            check_turn,
            prompts=embed_prompts(voices, codec, encoder),
            encoder=encoder,
            min_speech_s=self.limits.min_checked_speech_s,
        )
        report = functools.partial(clock.report, "check")
        checked = check_and_retake(spoken, check, options.max_retakes, speak_again, report)
        notes = (*checked.notes, *flag_notes(checked, voices))
        return dataclasses.replace(checked, notes=notes)

    def _sound(
        self,
        semantic: Sequence[SemanticTokens],
        voices: Voices,
        seed: int,
        options: SynthesisOptions,
        clock: StageClock,
        purpose: str = "acoustic",
    ) -> tuple[AcousticTokens, ...]:
        network = self._models.soundstorm
        longest = max_window_ids(voices, network.config, WINDOW_S, semantic[0].rate_hz)
        plan = plan_windows(semantic, longest)
        windows = build_windows(semantic, plan, voices, network.config)
        rng = _seeded_generator(seed, purpose)
        codes = generate_acoustic(network, windows, options.storm, rng, clock.report)
        return windows_to_turns(codes, plan, semantic, network.config)


def _seeded_generator(seed: int, purpose: str) -> torch.Generator:
    """A generator of its own for each purpose: the draws of one turn do not move another's."""
    digest = hashlib.sha256(f"{seed}:{purpose}".encode()).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest[:8], "big") >> 1)
