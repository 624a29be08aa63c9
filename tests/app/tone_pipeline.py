"""A stand-in pipeline for tests of the doors: real parsing, casting and placing, tones for speech.

Its dialogues are whole: they are kept in files, edited, and put together of takes by the same code
as those of the networks.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch

from pipeline.audio.read import read_audio
from pipeline.config.limits import LimitsConfig, MixConfig
from pipeline.datatypes.dialogue import Dialogue, SpokenTurn
from pipeline.datatypes.note import Note
from pipeline.datatypes.progress import ProgressCallback
from pipeline.datatypes.redo import Redo
from pipeline.datatypes.script import Script, Turn
from pipeline.datatypes.sound import Recording, TurnCut, Waveform
from pipeline.datatypes.take import Take
from pipeline.datatypes.tokens import AcousticTokens, SemanticTokens
from pipeline.datatypes.voice import Voice
from pipeline.dialogue_editing.matching import (
    keep_speakers,
    kept_note,
    match_turns,
    seeds_of_matches,
    takes_of_matches,
)
from pipeline.errors import VoiceError
from pipeline.script_to_turns.parse import edit_turn, script_to_turns
from pipeline.synthesis.assembly import check_parts, place_again, place_takes
from pipeline.synthesis.options import SynthesisOptions
from pipeline.synthesis.resume import gather_turns
from pipeline.synthesis.seeds import next_seed, turn_seed
from pipeline.synthesis.stage_clock import STAGES, StageClock
from pipeline.voices.casting import WantedVoice, cast_voices
from pipeline.voices.from_recording import recording_to_voice
from pipeline.voices.quality import RecordingQuality, judge_recording
from pipeline.voices.voice_file import VoiceOrigin, load_voice
from pipeline.waveform_to_dialogue.place import GrowingMix

RATE_HZ = 16_000
TURN_S = 0.5


def talk_s(n_turns: int) -> float:
    """How long a script of so many turns sounds, with the usual gaps."""
    return TURN_S * n_turns + MixConfig().default_gap_s * (n_turns - 1)


def _encode(samples: torch.Tensor) -> torch.Tensor:
    return torch.zeros(round(len(samples) / RATE_HZ * 25), dtype=torch.int64)


def _encode_codes(samples: torch.Tensor) -> torch.Tensor:
    n_frames = -(-samples.shape[-1] // 320)
    return torch.zeros(1, 4, n_frames, dtype=torch.int64)


SEMANTIC: Any = SimpleNamespace(
    rate_hz=25, encode=_encode, config=SimpleNamespace(sample_rate_hz=RATE_HZ)
)
CODEC: Any = SimpleNamespace(
    sample_rate_hz=RATE_HZ, frame_rate_hz=50.0, identity="tones", encode=_encode_codes
)


class TonePipeline:
    """Says every turn as half a second of a tone, another one for every seed."""

    def __init__(self) -> None:
        self.voices = {name: _voice(name) for name in ("anna", "ben")}
        self.cast: Mapping[str, Voice | None] = {}
        self.options = SynthesisOptions()
        self.before_stage: Callable[[str], None] = lambda stage: None
        self.before_turn: Callable[[int], None] = lambda index: None

    def conditions(self) -> Mapping[str, str]:
        return {"weights": "tones", "engine": "none", "device": "cpu"}

    def parse(self, script: Any) -> Script:
        return script if isinstance(script, Script) else script_to_turns(script, LimitsConfig())

    def estimate_seconds(self, script: Script) -> float:
        return talk_s(len(script.turns))

    def read_recording(self, recording: Recording) -> Waveform:
        return recording if isinstance(recording, Waveform) else read_audio(recording, RATE_HZ)

    def voice_from_recording(
        self,
        recording: Recording,
        name: str,
        description: str = "",
        licence: str = "",
        consent: str = "",
    ) -> Voice:
        sound = self.read_recording(recording)
        origin = VoiceOrigin(description=description, licence=licence, consent=consent)
        return recording_to_voice(sound, name, SEMANTIC, CODEC, LimitsConfig(), origin)

    def judge_recording(self, recording: Recording) -> RecordingQuality:
        return judge_recording(self.read_recording(recording), LimitsConfig())

    def prompt_sound(self, voice: Voice) -> Waveform:
        if voice.codec_id != CODEC.identity:
            raise VoiceError(f"voice {voice.name!r} was made with another codec")
        return _tone(len(voice.name))

    def synthesize(
        self,
        script: Any,
        voices: Mapping[str, WantedVoice] | None = None,
        seed: int = 0,
        options: SynthesisOptions | None = None,
        on_progress: ProgressCallback | None = None,
    ) -> Dialogue:
        self.options = options or SynthesisOptions()
        clock = StageClock(on_progress)
        read = self.parse(script)
        self.cast, notes = cast_voices(read, voices or {}, self.voices, self._read)
        self._work(clock)
        takes = [_take(turn, turn_seed(seed, index)) for index, turn in enumerate(read.turns)]
        dialogue = self._placed(takes, read, seed, notes)
        return replace(dialogue, stage_seconds=clock.seconds, options=self.options, redoer=self)

    def stream(
        self,
        script: Any,
        voices: Mapping[str, WantedVoice] | None = None,
        seed: int = 0,
        options: SynthesisOptions | None = None,
        on_progress: ProgressCallback | None = None,
        finished: Iterable[SpokenTurn] = (),
        in_a_hurry: bool = True,
    ) -> Iterator[SpokenTurn]:
        n_finished = len(list(finished))
        dialogue = self.synthesize(script, voices, seed, options, on_progress)
        growing, turns = GrowingMix(MixConfig(), RATE_HZ), dialogue.turns
        for index, (turn, following) in enumerate(zip(turns, [*turns[1:], None], strict=True)):
            placed = growing.add(dialogue.takes[index].cut, turn, following)
            if index < n_finished:
                continue
            self.before_turn(index)
            yield SpokenTurn(
                index=index,
                take=dialogue.takes[index],
                caption=placed.caption,
                start=placed.start,
                mix=placed.mix,
                notes=() if index else dialogue.notes,
                voice=dialogue.voices[turn.speaker],
            )

    def gather(
        self,
        script: Any,
        spoken: Sequence[SpokenTurn],
        seed: int,
        options: SynthesisOptions | None = None,
    ) -> Dialogue:
        dialogue = gather_turns(spoken, self.parse(script), seed, MixConfig())
        return self.adopt(replace(dialogue, options=options or SynthesisOptions()))

    def redo(
        self,
        dialogue: Dialogue,
        request: Redo,
        options: SynthesisOptions | None = None,
        on_progress: ProgressCallback | None = None,
    ) -> Dialogue:
        index = request.turn if request.turn is not None else _turn_at(dialogue, request.span)
        dialogue.check_unlocked(index)
        takes = list(dialogue.takes)
        before = takes[index]
        turn, notes = edit_turn(before.turn, request.text, request.pace, LimitsConfig())
        self._work(StageClock(on_progress))
        seed = next_seed(before.seed) if request.seed is None else request.seed
        takes[index] = replace(_take(turn, seed), notes=notes)
        return replace(place_again(dialogue, takes, MixConfig()), redoer=self)

    def redo_script(
        self,
        dialogue: Dialogue,
        script: Any,
        options: SynthesisOptions | None = None,
        on_progress: ProgressCallback | None = None,
        follow_context: bool = True,
    ) -> Dialogue:
        read = keep_speakers(self.parse(script), dialogue.speaker_names)
        matches = match_turns(dialogue.turns, read.turns, dialogue.locked, follow_context)
        self.cast, _ = cast_voices(
            read,
            {
                speaker: voice
                for speaker, voice in dialogue.voices.items()
                if speaker in read.speaker_names
            },
            self.voices,
            self._read,
        )
        self._work(StageClock(on_progress))
        seeds = seeds_of_matches(dialogue, matches)
        spoken = [
            _take(read.turns[index], seeds[index])
            for index, match in enumerate(matches)
            if not match.kept
        ]
        takes = takes_of_matches(dialogue, read.turns, matches, spoken)
        edited = self._placed(takes, read, dialogue.seed, [kept_note(matches)])
        locked = {place for place, match in enumerate(matches) if match.source in dialogue.locked}
        return replace(edited, locked=frozenset(locked), options=dialogue.options, redoer=self)

    def adopt(self, dialogue: Dialogue) -> Dialogue:
        check_parts(dialogue)
        for voice in dialogue.voices.values():
            self.prompt_sound(voice)
        return replace(dialogue, redoer=self)

    def _work(self, clock: StageClock) -> None:
        for stage in STAGES:
            with clock.stage(stage):
                self.before_stage(stage)

    def _known(self) -> dict[str, Voice]:
        """Voices of all who speak, made-up ones included."""
        return {
            speaker: voice or _voice(f"made up for {speaker}")
            for speaker, voice in self.cast.items()
        }

    def _placed(
        self, takes: Sequence[Take], script: Script, seed: int, notes: Sequence[Note]
    ) -> Dialogue:
        voices, names, told = self._known(), script.speaker_names, (*script.notes, *notes)
        return place_takes(takes, voices, MixConfig(), seed, names, told)

    def _read(self, path: Path) -> Voice:
        if path.suffix == ".safetensors":
            return load_voice(path, CODEC.identity)
        return self.voice_from_recording(path, path.stem)


def _turn_at(dialogue: Dialogue, span: tuple[float, float] | None) -> int:
    """The turn that sounds in the middle of a span: tones have no parts."""
    assert span is not None, "Redo has either"
    middle = sum(span) / 2 * RATE_HZ
    return max(turn for turn, start in enumerate(dialogue.starts) if turn == 0 or start <= middle)


def _take(turn: Turn, seed: int) -> Take:
    ids = torch.zeros(-(-round(TURN_S * 100) // 4), dtype=torch.int64)
    sound = _tone(seed)
    n_samples = len(sound.samples)
    return Take(
        turn=turn,
        seed=seed,
        semantic=SemanticTokens(semantic_ids=ids, speaker=turn.speaker, rate_hz=25.0),
        acoustic=AcousticTokens(codes=ids.repeat(4, 2), speaker=turn.speaker, frame_rate_hz=50.0),
        cut=TurnCut(
            sound=sound,
            speech=(0, n_samples),
            lead=0,
            tail=0,
            runs=((0, n_samples, 0),),
        ),
    )


def _tone(seed: int) -> Waveform:
    time_s = np.arange(round(TURN_S * RATE_HZ)) / RATE_HZ
    samples = (0.1 * np.sin(2 * np.pi * (200 + seed % 4000) * time_s)).astype(np.float32)
    return Waveform(samples=samples, sample_rate_hz=RATE_HZ)


def _voice(name: str) -> Voice:
    return Voice(
        name=name,
        semantic_ids=torch.zeros(25, dtype=torch.int64),
        codes=torch.zeros(4, 50, dtype=torch.int64),
        level_db=-23.0,
        codec_id="tones",
        description=f"the voice of {name}",
    )
