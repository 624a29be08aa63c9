"""The flow, arrows 3 to 5 for any turns of a script: semantic ids, codes, sound, checked and cut.

What is made of a turn depends on its own words, the words of the turn before it, its speaker's
voice and its own seed, and on nothing else: not on the turns it is spoken together with.
"""

import functools
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from pipeline.acoustic_to_waveform.decode import acoustic_to_waveform
from pipeline.config.limits import LimitsConfig
from pipeline.datatypes.note import Note
from pipeline.datatypes.script import Script, Turn
from pipeline.datatypes.sound import TurnCut, Waveform
from pipeline.datatypes.take import Take
from pipeline.datatypes.tokens import AcousticTokens, SemanticTokens, TextTokens
from pipeline.datatypes.voice import Voice, VoiceCheck, Voices
from pipeline.errors import ConfigError, ScriptError
from pipeline.runtime.models import Models
from pipeline.semantic_to_acoustic.generate import generate as generate_acoustic
from pipeline.semantic_to_acoustic.windows import (
    Chunk,
    build_windows,
    max_window_ids,
    plan_turns,
    plan_windows,
    prompt_of,
    windows_to_turns,
)
from pipeline.synthesis.options import SynthesisOptions
from pipeline.synthesis.retakes import retake_flagged
from pipeline.synthesis.seeds import seeded_generator
from pipeline.synthesis.speakers import ScriptSpeakers
from pipeline.synthesis.stage_clock import StageClock
from pipeline.text_to_semantic.generate import generate as generate_semantic
from pipeline.text_to_semantic.pieces import pieces_to_turns
from pipeline.voices.verify import check_turn
from pipeline.waveform_to_dialogue.cut import level_and_cut

WINDOW_S = 30.0
"""Longest stretch decoded as one: what the networks are trained on."""

TURN_WINDOW_S = 12.0
"""Longest stretch of a turn that is given its voice in one go: attention costs its square, and
parts of a long turn are decoded side by side."""

MADE_UP_VOICE_S = 4.0
"""How much speech a made-up voice is first heard in; that then serves as everyone's prompt does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SynthesisInputs:
    """A script that is ready to be spoken.

    Attributes:
        script: as parsed.
        text: all its sequences.
        seeds: of each turn.
        speakers: who speaks.
        options: how to speak.
        notes: what was guessed so far.
    """

    script: Script
    text: tuple[TextTokens, ...]
    seeds: tuple[int, ...]
    speakers: ScriptSpeakers
    options: SynthesisOptions
    notes: tuple[Note, ...] = ()


def refuse_unheard_retakes(options: SynthesisOptions, models: Models) -> None:
    """Refuse retakes where nothing hears which turns need one.

    Raises:
        ConfigError: saying what works.
    """
    if options.max_retakes > 0 and models.speaker is None:
        raise ConfigError(
            f"{models.folder} holds no speaker encoder, which finds the turns to speak again; ask "
            "for no retakes, or make one with `python -m training.speaker`"
        )


class TurnSynthesizer:
    """Speaks turns of one script, any of them and in any order.

    Args:
        models: the networks.
        inputs: what to say, who says it, from which seeds and how.
        limits: for the check of voices.
        clock: told of stages and progress.
    """

    def __init__(
        self, models: Models, inputs: SynthesisInputs, limits: LimitsConfig, clock: StageClock
    ) -> None:
        self._models, self._inputs = models, inputs
        self._limits, self._clock = limits, clock
        self._options, self._speakers = inputs.options, inputs.speakers

    def speak(self, indices: Sequence[int]) -> list[Take]:
        """Speak turns together: each line below is one arrow of docs/flow.md.

        Args:
            indices: numbers of the turns, from 0, in order; in mode "window" all of a window. The
                first turn of a speaker whose voice is to be made up comes with or before others.

        Returns:
            A take of each.

        Raises:
            ScriptError: if a turn could not be spoken.
            CancelledError: if the clock's listener raises it.
        """
        clock = self._clock
        with clock.stage("semantic"):
            semantic = self.read_out(indices)
        with clock.stage("acoustic"):
            self._make_up_voices(indices, semantic)
            voices = self._speakers.voices
            plan, acoustic = self._give_voice(indices, semantic, voices, "acoustic", clock)
        parts = Counter(chunk.turn for chunks in plan for chunk in chunks)
        n_parts = [parts[place] for place in range(len(indices))]
        return self.sound_out(indices, semantic, acoustic, n_parts)

    def sound_out(
        self,
        indices: Sequence[int],
        semantic: Sequence[SemanticTokens],
        acoustic: Sequence[AcousticTokens],
        n_parts: Sequence[int],
    ) -> list[Take]:
        """Arrow 5, the check, and arrow 6 as far as each turn goes alone.

        Args:
            indices: numbers of the turns, from 0.
            semantic: of each.
            acoustic: of each.
            n_parts: windows that each was joined of.

        Returns:
            A take of each.
        """
        clock = self._clock
        with clock.stage("waveform"):
            waveforms = acoustic_to_waveform(acoustic, self._models.codec, on_progress=clock.report)
            cuts = [self._cut(*each) for each in zip(indices, waveforms, acoustic, strict=True)]
        with clock.stage("check"):
            checks = list(self._check_all(indices, waveforms))
        return [
            Take(
                turn=self._turn(index),
                seed=self._inputs.seeds[index],
                semantic=semantic[place],
                acoustic=acoustic[place],
                cut=cuts[place],
                check=checks[place],
                notes=self._cut_notes(index, n_parts[place]),
            )
            for place, index in enumerate(indices)
        ]

    def speak_again(self, index: int, take: Take, number: int) -> Take:
        """Another take with the same semantic ids: what is said stays, how it sounds does not.

        Args:
            index: number of the turn, from 0.
            take: the first one.
            number: of the new take; the first is number 1.

        Raises:
            CancelledError: if the clock's listener raises it.
        """
        quiet = self._clock.ask()
        voices, purpose = self._speakers.voices, f"take {number}"
        _, acoustic = self._give_voice([index], [take.semantic], voices, purpose, quiet)
        waveform = acoustic_to_waveform(acoustic, self._models.codec)[0]
        cut = self._cut(index, waveform, acoustic[0])
        check = self.check(index, waveform)
        return replace(take, acoustic=acoustic[0], cut=cut, check=check)

    def _turn(self, index: int) -> Turn:
        return self._inputs.script.turns[index]

    def read_out(self, indices: Sequence[int]) -> tuple[SemanticTokens, ...]:
        """Arrow 3 for chosen turns.

        Args:
            indices: numbers of the turns, from 0.

        Raises:
            ScriptError: if a turn could not be spoken, with its line.
        """
        models, inputs, options = self._models, self._inputs, self._options
        # To the stage, the turns asked for are numbered from 0.
        places = {index: place for place, index in enumerate(indices)}
        config = models.soundstorm.config
        text = [
            replace(each, turn_indices=tuple(places[index] for index in each.turn_indices))
            for each in inputs.text
            if each.turn_indices[0] in places
        ]
        prompted = options.prompt_text and options.mode == "turns"
        prompts: list[Tensor | None] = []
        generators, n_begun = [], Counter[int]()
        for sequence in text:
            first = indices[sequence.turn_indices[0]]
            voice = self._speakers.voices[self._turn(first).speaker]
            given = prompted and voice is not None
            prompts.append(prompt_of(voice, config)[0] if given and voice is not None else None)
            purpose = f"semantic {n_begun[first]}"
            generators.append(seeded_generator(inputs.seeds[first], purpose))
            n_begun[first] += 1
        network, report = models.text_to_semantic, self._clock.report
        try:
            pieces = generate_semantic(network, text, prompts, options.text, generators, report)
        except ScriptError as error:  # the stage knows turns by their place, not lines
            index = None if error.turn is None else indices[error.turn]
            line = None if index is None else self._turn(index).line
            raise ScriptError(str(error), line, index) from error
        rate_hz = models.codec.frame_rate_hz / config.frames_per_semantic
        return pieces_to_turns(text, pieces, [self._turn(index) for index in indices], rate_hz)

    def _make_up_voices(self, indices: Sequence[int], semantic: Sequence[SemanticTokens]) -> None:
        """Let the network choose a voice once, so that a speaker keeps it for good.

        It is heard in the beginning of the speaker's first turn, whatever is said later.
        """
        for place, index in enumerate(indices):
            speaker = self._turn(index).speaker
            if self._speakers.voices[speaker] is not None:
                continue
            assert index == self._speakers.first_turn(speaker), f"turn {index} without a voice"
            said, seed = semantic[place], self._inputs.seeds[index]
            sample = replace(
                said,
                semantic_ids=said.semantic_ids[: round(MADE_UP_VOICE_S * said.rate_hz)],
                pauses=(),
                piece_starts=(),
            )
            nobody, quiet = {speaker: None}, self._clock.ask()
            _, heard = self._give_voice([index], [sample], nobody, "voice", quiet)
            voice = Voice(
                name=f"made up for {speaker}",
                semantic_ids=sample.semantic_ids,
                codes=heard[0].codes,
                level_db=self._speakers.mix.target_level_db,
                codec_id=self._models.codec.identity,
                description=f"made up by the model with seed {seed}",
            )
            self._speakers.give_voice(speaker, voice)

    def _give_voice(
        self,
        indices: Sequence[int],
        semantic: Sequence[SemanticTokens],
        voices: Voices,
        purpose: str,
        clock: StageClock,
    ) -> tuple[list[list[Chunk]], tuple[AcousticTokens, ...]]:
        """Arrow 4: the windows' plan, and codes of each turn."""
        network = self._models.soundstorm
        plan = self._plan(semantic, voices)
        windows = build_windows(semantic, plan, voices, network.config)
        seeds = [self._inputs.seeds[indices[chunks[0].turn]] for chunks in plan]
        generators = [
            seeded_generator(seed, f"{purpose} {chunks[0].start}")
            for seed, chunks in zip(seeds, plan, strict=True)
        ]
        codes = generate_acoustic(network, windows, self._options.storm, generators, clock.report)
        return plan, windows_to_turns(codes, plan, semantic, network.config)

    def _plan(self, semantic: Sequence[SemanticTokens], voices: Voices) -> list[list[Chunk]]:
        config, rate_hz = self._models.soundstorm.config, semantic[0].rate_hz
        if self._options.mode == "window":
            return plan_windows(semantic, max_window_ids(voices, config, WINDOW_S, rate_hz))
        longest = {
            speaker: max_window_ids({speaker: voices[speaker]}, config, TURN_WINDOW_S, rate_hz)
            for speaker in {turn.speaker for turn in semantic}
        }
        return plan_turns(semantic, longest)

    def _cut(self, index: int, waveform: Waveform, acoustic: AcousticTokens) -> TurnCut:
        """Arrow 6, as far as one turn goes alone."""
        gain = self._speakers.gain(self._turn(index).speaker)
        return level_and_cut(waveform, acoustic, gain, self._speakers.mix, index)

    def _check_all(
        self, indices: Sequence[int], waveforms: Sequence[Waveform]
    ) -> Iterator[VoiceCheck | None]:
        for place, (index, waveform) in enumerate(zip(indices, waveforms, strict=True)):
            yield self.check(index, waveform)
            self._clock.report("check", place + 1, len(indices))

    def check(self, index: int, waveform: Waveform) -> VoiceCheck | None:
        """How much a turn sounds like its voice; `None` if that is not asked for.

        Args:
            index: number of the turn, from 0.
            waveform: the turn as decoded.
        """
        encoder = self._models.speaker
        if encoder is None or not self._options.check_voices:
            return None
        prompts = self._speakers.embeddings_at(index)
        speaker, min_speech_s = self._turn(index).speaker, self._limits.min_checked_speech_s
        with torch.inference_mode():
            return check_turn(index, waveform, speaker, prompts, encoder, min_speech_s)

    def _cut_notes(self, index: int, n_parts: int) -> tuple[Note, ...]:
        if n_parts < 2:
            return ()
        return (Note(kind="joined", line=self._turn(index).line, values=(str(n_parts),)),)


def speak_flagged_again(
    synthesizer: TurnSynthesizer, takes: Sequence[Take], inputs: SynthesisInputs, clock: StageClock
) -> tuple[Sequence[Take], tuple[Note, ...]]:
    """Speak turns again that do not sound like their voice, if the options ask for it.

    Returns:
        The takes to be heard, and notes on what came of it.
    """
    max_retakes, turns = inputs.options.max_retakes, inputs.script.turns
    if not max_retakes:
        return takes, ()

    def speak_again(turn: int, number: int) -> Take:
        return synthesizer.speak_again(turn, takes[turn], number)

    report = functools.partial(clock.report, "check")
    with clock.part(1, 1, of=2, stage="check"), clock.stage("check"):
        retaken = retake_flagged(takes, turns, max_retakes, speak_again, report)
    return retaken.takes, retaken.notes
