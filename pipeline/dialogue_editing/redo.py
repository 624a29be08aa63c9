"""The flow once more for a part of a dialogue: one turn, or the sound of a span of time.

What is made anew is decoded between what surrounds it: up to 2 s of the neighbouring turns, or of
the turn itself, are given on both sides (`semantic_to_acoustic/infill.py`). All other samples stay.
"""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import replace

from torch import Tensor

from pipeline.acoustic_to_waveform.decode import acoustic_to_waveform
from pipeline.config.limits import LimitsConfig
from pipeline.datatypes.dialogue import Dialogue
from pipeline.datatypes.redo import Redo
from pipeline.datatypes.script import Script, Turn
from pipeline.datatypes.take import Take
from pipeline.datatypes.tokens import SemanticTokens
from pipeline.dialogue_editing.matching import TurnMatch, kept_note, takes_of_matches
from pipeline.errors import ConfigError
from pipeline.runtime.models import Models
from pipeline.script_to_turns.parse import edit_turn
from pipeline.semantic_to_acoustic.infill import CONTEXT_S, lay_track, refill
from pipeline.semantic_to_acoustic.windows import codes_to_turn, max_window_ids, plan_turns
from pipeline.synthesis.assembly import (
    check_parts,
    general_notes,
    takes_into_dialogue,
    with_history,
)
from pipeline.synthesis.batches import estimate_turn_seconds, plan_batches
from pipeline.synthesis.options import SynthesisOptions
from pipeline.synthesis.seeds import next_seed, seeded_generator, turn_seed
from pipeline.synthesis.speakers import ScriptSpeakers
from pipeline.synthesis.stage_clock import StageClock
from pipeline.synthesis.turn_synthesizer import WINDOW_S, SynthesisInputs, TurnSynthesizer
from pipeline.turns_to_text.sequences import turns_to_text_tokens
from pipeline.waveform_to_dialogue.cut import decoded_span, splice


def options_for_redo(dialogue: Dialogue, options: SynthesisOptions | None) -> SynthesisOptions:
    """How to make parts anew: as asked, or as the dialogue was made, turn by turn.

    Args:
        dialogue: whose parts.
        options: as asked; `None`: those the dialogue was made with, but for mode and retakes.

    Raises:
        ConfigError: if mode "window" or retakes are asked for, or no pipeline made the dialogue.
    """
    check_parts(dialogue)
    if options is None:
        made_with = dialogue.options
        known = made_with if isinstance(made_with, SynthesisOptions) else SynthesisOptions()
        options = replace(known, mode="turns", max_retakes=0)
    if options.mode == "window":
        raise ConfigError(
            'mode "window" speaks consecutive turns together and cannot make one anew; use mode '
            '"turns"'
        )
    if options.max_retakes > 0:
        raise ConfigError("a redo is one take; ask for no retakes, and redo again for another")
    return options


def speak_edited(
    models: Models,
    dialogue: Dialogue,
    inputs: SynthesisInputs,
    matches: Sequence[TurnMatch],
    limits: LimitsConfig,
    clock: StageClock,
) -> Dialogue:
    """Speak the turns of an edited script that are not kept; take the others from the dialogue.

    Args:
        models: the networks.
        dialogue: made of the script before.
        inputs: of the edited script.
        matches: of each of its turns.
        limits: of texts.
        clock: told of stages and progress.

    Raises:
        ScriptError: if a turn could not be spoken.
    """
    synthesizer = TurnSynthesizer(models, inputs, limits, clock)
    turns, mix = inputs.script.turns, inputs.speakers.mix
    new = [index for index, match in enumerate(matches) if not match.kept]
    spoken: list[Take] = []
    for batch in plan_batches([estimate_turn_seconds(turns[index], limits, mix) for index in new]):
        with clock.part(batch.start, len(batch), of=len(new)):
            spoken += synthesizer.speak([new[place] for place in batch])
    takes = takes_of_matches(dialogue, turns, matches, spoken)
    edited = takes_into_dialogue(takes, inputs, dialogue.seed, clock, [kept_note(matches)])
    locked = {place for place, match in enumerate(matches) if match.source in dialogue.locked}
    return replace(
        edited, locked=frozenset(locked), options=dialogue.options, weights=dialogue.weights
    )


class DialogueEditor:
    """Makes a part of one dialogue anew.

    Args:
        models: the networks the dialogue was made with.
        dialogue: made by a pipeline.
        options: as `options_for_redo` gives them.
        limits: of texts.
        speakers: the dialogue's voices.
        clock: told of stages and progress.
    """

    def __init__(
        self,
        models: Models,
        dialogue: Dialogue,
        options: SynthesisOptions,
        limits: LimitsConfig,
        speakers: ScriptSpeakers,
        clock: StageClock,
    ) -> None:
        self._models, self._dialogue, self._clock = models, dialogue, clock
        judged = options.check_voices and bool(dialogue.voice_checks)
        self._options = replace(options, check_voices=judged)
        self._limits, self._speakers = limits, speakers
        self._takes = list(dialogue.takes)

    def redo(self, request: Redo) -> Dialogue:
        """The dialogue with what was asked for made anew.

        Raises:
            ConfigError: if the turn does not exist or is locked, or the span cannot be made anew.
            ScriptError: if the text cannot be read or spoken.
        """
        if request.turn is not None:
            inputs = self._redo_turn(request.turn, request)
        else:
            assert request.span is not None, "Redo has either"
            inputs = self._redo_span(request.span, request.seed)
        before = self._dialogue
        after = takes_into_dialogue(self._takes, inputs, before.seed, self._clock)
        return with_history(after, before)

    def _redo_turn(self, index: int, request: Redo) -> SynthesisInputs:
        dialogue, clock = self._dialogue, self._clock
        dialogue.check_unlocked(index)
        with clock.stage("read"):
            before = dialogue.takes[index]
            turn, notes = edit_turn(before.turn, request.text, request.pace, self._limits)
            inputs = self._inputs([index], request.seed, {index: turn})
            if request.text is None:
                notes = tuple(note for note in before.notes if note.kind != "joined")
        synthesizer = TurnSynthesizer(self._models, inputs, self._limits, clock)
        semantic = before.semantic
        if (request.text, request.pace, request.seed) != (None, None, None):
            with clock.stage("semantic"):
                (semantic,) = synthesizer.read_out([index])
        with clock.stage("acoustic"):
            longest = self._longest_ids(index)
            chunks = plan_turns([semantic], {semantic.speaker: longest})
            per_id = self._models.soundstorm.config.frames_per_semantic
            spans = [(chunk.start * per_id, chunk.stop * per_id) for (chunk,) in chunks]
            codes = self._refill(index, semantic, None, spans, inputs)
        acoustic = codes_to_turn(codes, semantic, self._models.soundstorm.config)
        (take,) = synthesizer.sound_out([index], [semantic], [acoustic], [len(spans)])
        self._takes[index] = replace(take, notes=(*notes, *take.notes))
        return inputs

    def _redo_span(self, span: tuple[float, float], seed: int | None) -> SynthesisInputs:
        start, stop = self._samples(span)
        starts = self._dialogue.starts
        places = zip(self._takes, starts, strict=True)
        found = [decoded_span(take.cut, start - at, stop - at) for take, at in places]
        touched = [index for index, decoded in enumerate(found) if decoded is not None]
        if not touched:
            raise ConfigError(self._nobody_speaks(start, stop))
        for index in touched:
            self._dialogue.check_unlocked(index)
        inputs = self._inputs(touched, seed, {})
        synthesizer = TurnSynthesizer(self._models, inputs, self._limits, self._clock)
        for n_done, index in enumerate(touched):
            decoded = found[index]
            assert decoded is not None, "only touched turns"
            part = (start - starts[index], stop - starts[index])
            with self._clock.part(n_done, 1, of=len(touched)):
                self._redo_part(index, decoded, part, inputs, synthesizer)
        return inputs

    def _redo_part(
        self,
        index: int,
        decoded: tuple[int, int],
        part: tuple[int, int],
        inputs: SynthesisInputs,
        synthesizer: TurnSynthesizer,
    ) -> None:
        """New sound for `part` of a turn's sound, where samples `decoded` of it are heard."""
        codec, clock, take = self._models.codec, self._clock, self._takes[index]
        hop = round(codec.sample_rate_hz / codec.frame_rate_hz)
        with clock.stage("acoustic"):
            spans = self._split(index, decoded[0] // hop, -(-decoded[1] // hop))
            given = take.acoustic.codes
            codes = self._refill(index, take.semantic, given, spans, inputs)
            acoustic = replace(take.acoustic, codes=codes)
        with clock.stage("waveform"):
            (waveform,) = acoustic_to_waveform([acoustic], codec, on_progress=clock.report)
            start, stop = max(0, part[0]), min(part[1], len(take.cut.sound.samples))
            cut = splice(take.cut, waveform, (start, stop), self._speakers.mix, index)
        with clock.stage("check"):
            check = synthesizer.check(index, waveform)
        seed = inputs.seeds[index]
        self._takes[index] = replace(take, seed=seed, acoustic=acoustic, cut=cut, check=check)

    def _inputs(
        self, indices: Sequence[int], seed: int | None, edited: Mapping[int, Turn]
    ) -> SynthesisInputs:
        """The script with its edited turns and new seeds, spoken by the same voices."""
        dialogue = self._dialogue
        turns = tuple(edited.get(index, turn) for index, turn in enumerate(dialogue.turns))
        seeds = list(dialogue.turn_seeds)
        for index in indices:
            seeds[index] = next_seed(seeds[index]) if seed is None else turn_seed(seed, index)
        text = turns_to_text_tokens(turns, self._models.text_tokenizer, self._limits)
        return SynthesisInputs(
            script=Script(turns=turns, speaker_names=dialogue.speaker_names),
            text=tuple(text),
            seeds=tuple(seeds),
            speakers=self._speakers,
            options=self._options,
            notes=general_notes(dialogue),
        )

    def _refill(
        self,
        index: int,
        semantic: SemanticTokens,
        codes: Tensor | None,
        spans: Sequence[tuple[int, int]],
        inputs: SynthesisInputs,
    ) -> Tensor:
        """Codes (Q, T) of a turn with spans of its frames made anew, its neighbours around it."""
        config = self._models.soundstorm.config
        before, after = self._takes[max(0, index - 1) : index], self._takes[index + 1 : index + 2]
        around = [
            [(take.semantic, take.acoustic.codes) for take in each] for each in (before, after)
        ]
        track = lay_track([*around[0], (semantic, codes), *around[1]], config)
        first = sum(take.acoustic.codes.shape[-1] for take in before)
        seed = inputs.seeds[index]
        made = refill(
            self._models.soundstorm,
            track,
            [(first + start, first + stop) for start, stop in spans],
            inputs.speakers.voices,
            inputs.options.storm,
            [seeded_generator(seed, f"redo {start} {stop}") for start, stop in spans],
            self._clock.report,
        )
        n_frames = len(semantic.semantic_ids) * config.frames_per_semantic
        return made[:, first : first + n_frames]

    def _longest_ids(self, index: int) -> int:
        """Semantic ids that fit a window beside what is given on both sides, and all prompts."""
        takes = self._takes[max(0, index - 1) : index + 2]
        voices = {
            take.semantic.speaker: self._dialogue.voices[take.semantic.speaker] for take in takes
        }
        config, rate_hz = self._models.soundstorm.config, takes[0].semantic.rate_hz
        n_ids = max_window_ids(voices, config, WINDOW_S, rate_hz)
        return max(1, n_ids - 2 * round(CONTEXT_S * rate_hz))

    def _split(self, index: int, first: int, stop: int) -> list[tuple[int, int]]:
        """Frames [first, stop) in parts that fit a window; all but the last end with an id."""
        per_id = self._models.soundstorm.config.frames_per_semantic
        longest = self._longest_ids(index) * per_id
        edges = [first]
        while stop - edges[-1] > longest:
            edges.append((edges[-1] + longest) // per_id * per_id)
        return list(itertools.pairwise([*edges, stop]))

    def _samples(self, span: tuple[float, float]) -> tuple[int, int]:
        mix, codec = self._dialogue.mix, self._models.codec
        start, stop = (round(second * mix.sample_rate_hz) for second in span)
        if start < 0 or stop > len(mix.samples):
            raise ConfigError(
                f"span ({span[0]:g}, {span[1]:g}) is not all inside the dialogue, which lasts from "
                f"0 to {mix.duration_s:.3f} s"
            )
        if (stop - start) * codec.frame_rate_hz < mix.sample_rate_hz:
            raise ConfigError(
                f"span ({span[0]:g}, {span[1]:g}) is shorter than a frame; at least "
                f"{1 / codec.frame_rate_hz:g} s can be made anew"
            )
        return start, stop

    def _nobody_speaks(self, start: int, stop: int) -> str:
        rate_hz = self._dialogue.mix.sample_rate_hz
        start_s, stop_s = start / rate_hz, stop / rate_hz
        near = min(
            self._dialogue.captions,
            key=lambda caption: max(caption.start_s - stop_s, start_s - caption.end_s),
        )
        return (
            f"nobody speaks from {start_s:.3f} to {stop_s:.3f} s; the nearest speech is "
            f"{self._named(near.turn)}, from {near.start_s:.3f} to {near.end_s:.3f} s"
        )

    def _named(self, index: int) -> str:
        return f"turn {index + 1} (line {self._takes[index].turn.line})"
