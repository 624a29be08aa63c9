"""The flow: script → turns → text ids → semantic ids → acoustic codes → waveforms → dialogue.

Only this, `synthesis/`, which takes turns along arrows 3 to 5, and `dialogue_editing/` know the
order of the stages.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import torch

from pipeline.config.limits import LimitsConfig, MixConfig
from pipeline.datatypes.dialogue import Dialogue, SpokenTurn
from pipeline.datatypes.progress import ProgressCallback
from pipeline.datatypes.redo import Redo
from pipeline.datatypes.script import Script, ScriptSource
from pipeline.datatypes.sound import Recording, Waveform
from pipeline.datatypes.tokens import TextTokens
from pipeline.datatypes.voice import Voice
from pipeline.device import choose_device
from pipeline.dialogue_editing.compatibility import check_fit, note_weights
from pipeline.dialogue_editing.matching import keep_speakers, match_turns, seeds_of_matches
from pipeline.dialogue_editing.redo import DialogueEditor, options_for_redo, speak_edited
from pipeline.runtime.models import ASSETS, Models, find_model_folder, load_models
from pipeline.script_to_turns.parse import script_to_turns
from pipeline.synthesis.assembly import takes_into_dialogue
from pipeline.synthesis.batches import FIRST_BATCHES_S, estimate_seconds_of_turns, share_out
from pipeline.synthesis.options import SynthesisOptions
from pipeline.synthesis.resume import gather_turns, take_up
from pipeline.synthesis.seeds import turn_seed
from pipeline.synthesis.speakers import PromptSounds, ScriptSpeakers
from pipeline.synthesis.stage_clock import StageClock
from pipeline.synthesis.streaming import refuse_retakes, stream_turns
from pipeline.synthesis.turn_synthesizer import (
    WINDOW_S,
    SynthesisInputs,
    TurnSynthesizer,
    refuse_unheard_retakes,
    speak_flagged_again,
)
from pipeline.synthesis.voice_store import VoiceStore
from pipeline.turns_to_text.sequences import turns_to_text_tokens, turns_to_windows
from pipeline.voices.casting import WantedVoice, cast_voices
from pipeline.voices.quality import RecordingQuality
from pipeline.waveform_to_dialogue.place import GrowingMix

__all__ = ["DialoguePipeline", "SynthesisOptions"]


class DialoguePipeline:
    """Speaks scripts with one set of weights; make it with `load`."""

    def __init__(
        self, models: Models, voice_folder: Path, limits: LimitsConfig | None = None
    ) -> None:
        self._models = models
        self._prompts = PromptSounds(models)
        self.limits = limits or LimitsConfig()
        self._voice_store = VoiceStore(models, voice_folder, self.limits)
        self.mix_config = MixConfig()

    @classmethod
    def load(
        cls,
        size_or_folder: str | Path = "small",
        device: str = "auto",
        engine: str = "auto",
        limits: LimitsConfig | None = None,
    ) -> "DialoguePipeline":
        """Read weights and voices.

        Args:
            size_or_folder: a shipped size, or a folder laid out as `assets/models/small`. Voices
                are those of its `voices` folder if it has one, else those of `assets/voices`.
            device: "auto", "cpu", "cuda", "cuda:1" or "mps".
            engine: what runs the networks on a CPU: "torch", "openvino", or "auto": the faster one.
            limits: what is accepted; `None`: the usual ones.

        Raises:
            CheckpointError: if weights are missing or damaged.
            ConfigError: if settings, device or engine cannot work.
        """
        folder = find_model_folder(size_or_folder)
        own_voices = folder / "voices"
        voice_folder = own_voices if own_voices.is_dir() else ASSETS / "voices"
        return cls(load_models(folder, choose_device(device), engine), voice_folder, limits)

    @property
    def models(self) -> Models:
        """The networks and tokenizers, for who wants to run a stage alone."""
        return self._models

    @property
    def voices(self) -> Mapping[str, Voice]:
        """The built-in voices that fit this codec, by name in alphabetical order.

        Raises:
            VoiceError: if a voice file is damaged.
        """
        return self._voice_store.built_in

    def read_recording(self, recording: Recording) -> Waveform:
        """A recording's sound at the codec's rate, for the two below; errors as `read_audio`."""
        return self._voice_store.sound_of(recording)

    def voice_from_recording(
        self,
        recording: Recording,
        name: str,
        description: str = "",
        licence: str = "",
        consent: str = "",
    ) -> Voice:
        """Make a voice of 1 to 60 s of one person speaking.

        Args:
            recording: a sound file, or what `read_recording` gave of it.
            name: what to call the voice.
            description: what the voice is and where it is from.
            licence: under which licence the recording may be used.
            consent: how the speaker agreed to the voice.

        Raises:
            AudioError: if the file cannot be read.
            VoiceError: if the recording is unfit (see `judge_recording`), or words cannot be kept.
        """
        return self._voice_store.from_recording(recording, name, description, licence, consent)

    def judge_recording(self, recording: Recording) -> RecordingQuality:
        """Tell in plain words how good a recording is as a voice, and whether it can be one.

        Raises:
            AudioError: if the file cannot be read.
        """
        return self._voice_store.judge(recording)

    def prompt_sound(self, voice: Voice) -> Waveform:
        """A voice's prompt as the networks hear it, through the codec, at the level of a dialogue.

        Raises:
            VoiceError: if the voice does not fit these weights.
        """
        self._voice_store.check({voice.name: voice})
        return self._prompts.at_level(voice, self.mix_config)

    def parse(self, script: ScriptSource) -> Script:
        """Read a script without speaking it; one that was read already is given back.

        Raises:
            ScriptError: naming the line that cannot be read.
        """
        return script if isinstance(script, Script) else script_to_turns(script, self.limits)

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
        return max(sum(estimate_seconds_of_turns(script.turns, self.limits, self.mix_config)), 0.0)

    @torch.inference_mode()
    def synthesize(
        self,
        script: ScriptSource,
        voices: Mapping[str, WantedVoice] | None = None,
        seed: int = 0,
        options: SynthesisOptions | None = None,
        on_progress: ProgressCallback | None = None,
    ) -> Dialogue:
        """Speak a script.

        Args:
            script: as text, as records of speaker and text, or as `parse` read it.
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
        inputs = self._prepare(script, voices, seed, options, clock)
        synthesizer = TurnSynthesizer(self._models, inputs, self.limits, clock)
        batches = share_out(inputs, self.limits, clock)
        first_takes = [take for batch in batches for take in synthesizer.speak(batch)]
        takes, retake_notes = speak_flagged_again(synthesizer, first_takes, inputs, clock)
        dialogue = takes_into_dialogue(takes, inputs, seed, clock, retake_notes)
        return replace(dialogue, redoer=self)

    @torch.inference_mode()
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
        refuse_retakes(options)
        inputs = self._prepare(script, voices, seed, options, clock)
        turns, speakers = inputs.script.turns, inputs.speakers
        growing = GrowingMix(self.mix_config, self._models.codec.sample_rate_hz)
        n_finished = take_up(finished, turns, growing, speakers, inputs.options.mode)
        first = FIRST_BATCHES_S if in_a_hurry else ()
        batches = share_out(inputs, self.limits, clock, first, n_finished)
        synthesizer = TurnSynthesizer(self._models, inputs, self.limits, clock)
        yield from stream_turns(synthesizer, inputs, batches, growing, clock)

    def gather(
        self,
        script: ScriptSource,
        spoken: Sequence[SpokenTurn],
        seed: int,
        options: SynthesisOptions | None = None,
    ) -> Dialogue:
        """Make a dialogue of all turns that `stream` gave: sample for sample that of `synthesize`.

        Args:
            script: as given to `stream`.
            spoken: all its turns, in order.
            seed: as given to `stream`.
            options: as given to `stream`.

        Returns:
            The dialogue; `redo`, `redo_script` and `lock` work on it. No seconds of stages.

        Raises:
            ConfigError: if they are not all the script's turns in order, or another seed's.
            ScriptError: if the script cannot be read.
            VoiceError: if they were spoken with another codec.
        """
        refuse_retakes(options)
        dialogue = gather_turns(spoken, self.parse(script), seed, self.mix_config)
        return self.adopt(replace(dialogue, options=options or SynthesisOptions()))

    def adopt(self, dialogue: Dialogue) -> Dialogue:
        """The same dialogue, for instance one of a file, with parts that can be made anew.

        Args:
            dialogue: made with the same codec. If other weights made it, a note says so.

        Raises:
            ConfigError: if its turns' ids, codes or rates are not those of these weights.
            VoiceError: if a voice is missing or does not fit.
        """
        check_fit(dialogue, self._models)
        return replace(note_weights(dialogue, self._models), redoer=self)

    @torch.inference_mode()
    def redo(
        self,
        dialogue: Dialogue,
        request: Redo,
        options: SynthesisOptions | None = None,
        on_progress: ProgressCallback | None = None,
    ) -> Dialogue:
        """Make one turn, or the sound of a span of time, anew; `Dialogue.redo` is the short way.

        A turn is read anew if a text, a pace or a seed is asked for; else its words are kept as
        they were read, at the same length, and sound anew. What follows a longer or shorter turn
        moves; takes of other turns stay the objects they were. A span keeps its words and length;
        no sample outside it changes, and 10 ms at both its ends blend old and new.

        Args:
            dialogue: made by this pipeline, or one with the same weights.
            request: which part, and how. The same seed gives the same audio.
            options: how to generate; `None`: as the dialogue was made. No retakes, mode "turns".
            on_progress: as for `synthesize`.

        Raises:
            ConfigError: if the turn or span does not exist, is silent or locked; bad options.
            ScriptError: if the text cannot be read or spoken.
            VoiceError: if the dialogue was made with another codec.
            CancelledError: if `on_progress` raises it.
        """
        clock, chosen = StageClock(on_progress), options_for_redo(dialogue, options)
        check_fit(dialogue, self._models)
        speakers = ScriptSpeakers(dialogue.voices, dialogue.turns, self._prompts, self.mix_config)
        editor = DialogueEditor(self._models, dialogue, chosen, self.limits, speakers, clock)
        return replace(editor.redo(request), redoer=self)

    @torch.inference_mode()
    def redo_script(
        self,
        dialogue: Dialogue,
        script: ScriptSource,
        options: SynthesisOptions | None = None,
        on_progress: ProgressCallback | None = None,
        follow_context: bool = True,
    ) -> Dialogue:
        """Speak an edited script: what is still said as before, and what is locked, stays.

        Args:
            dialogue: as for `redo`.
            script: the edited one. A turn keeps its samples if it says the same (`match_turns`)
                after a turn that says the same, or is locked. All others are spoken, in the same
                voices; the notes tell which. A new speaker gets a built-in voice.
            options: as for `redo`.
            on_progress: as for `synthesize`.
            follow_context: `False`: what says the same stays whatever stands before it.

        Raises:
            ConfigError: if a locked turn was edited, moved or deleted, or options cannot work.
            ScriptError: if the script cannot be read or spoken.
            VoiceError: if the dialogue was made with another codec.
            CancelledError: if `on_progress` raises it.
        """
        clock, chosen = StageClock(on_progress), options_for_redo(dialogue, options)
        check_fit(dialogue, self._models)
        with clock.stage("read"):
            read = keep_speakers(self.parse(script), dialogue.speaker_names)
            matches = match_turns(dialogue.turns, read.turns, dialogue.locked, follow_context)
            heard = {turn.speaker for turn in read.turns}
            voices = {name: voice for name, voice in dialogue.voices.items() if name in heard}
            inputs = self._cast(read, voices, seeds_of_matches(dialogue, matches), chosen)
        edited = speak_edited(self._models, dialogue, inputs, matches, self.limits, clock)
        return replace(note_weights(edited, self._models), redoer=self)

    def _prepare(
        self,
        script: ScriptSource,
        voices: Mapping[str, WantedVoice] | None,
        seed: int,
        options: SynthesisOptions | None,
        clock: StageClock,
    ) -> SynthesisInputs:
        """Arrows 1 and 2, and who speaks."""
        chosen = options or SynthesisOptions()
        refuse_unheard_retakes(chosen, self._models)
        with clock.stage("read"):
            read = self.parse(script)
            seeds = [turn_seed(seed, index) for index in range(len(read.turns))]
            return self._cast(read, voices or {}, seeds, chosen)

    def _cast(
        self,
        read: Script,
        voices: Mapping[str, WantedVoice],
        seeds: Sequence[int],
        options: SynthesisOptions,
    ) -> SynthesisInputs:
        cast, cast_notes = cast_voices(read, voices, self.voices, self._voice_store.read)
        self._voice_store.check(cast)
        return SynthesisInputs(
            script=read,
            text=tuple(self._text_tokens(read, options)),
            seeds=tuple(seeds),
            speakers=ScriptSpeakers(cast, read.turns, self._prompts, self.mix_config),
            options=options,
            notes=(*read.notes, *cast_notes),
        )

    def _text_tokens(self, script: Script, options: SynthesisOptions) -> list[TextTokens]:
        tokenizer = self._models.text_tokenizer
        if options.mode == "window":
            return turns_to_windows(script.turns, tokenizer, self.limits, WINDOW_S)
        return turns_to_text_tokens(script.turns, tokenizer, self.limits)
