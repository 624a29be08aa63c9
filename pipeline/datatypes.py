"""What travels on the arrows of the flow: frozen values that know their own rate, no batch axis.

Axis letters are those of docs/flow.md: L text ids, S semantic ids, Q codebook levels, T acoustic
frames, N audio samples.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from pipeline.errors import ConfigError
from pipeline.redo_request import Redo

ProgressCallback = Callable[[str, int, int], None]
"""Called as `on_progress(stage, done, total)`; it may raise `CancelledError` to stop the work."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One speaker's uninterrupted line.

    Attributes:
        speaker: canonical speaker name, "S1".."S4".
        text: what is shown in captions, as typed.
        spoken_text: what is said: `text` with respellings applied; equal to `text` without any.
        pace: 1.0 is the voice's own; 2.0 is twice as fast. In [0.5, 2.0].
        gap_s: seconds of silence before this turn; negative overlaps; `None`: the default.
        pauses: (character position in `spoken_text`, seconds) of each inline `{pause}`.
        respellings: (start, end, said) of each inline `{shown|said}`: `text[start:end]` is said so.
        line: 1-based line of the script where the turn starts.
    """

    speaker: str
    text: str
    spoken_text: str
    pace: float = 1.0
    gap_s: float | None = None
    pauses: tuple[tuple[int, float], ...] = ()
    respellings: tuple[tuple[int, int, str], ...] = ()
    line: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """A parsed script: its turns, the names the speakers were given, notes on what was guessed."""

    turns: tuple[Turn, ...]
    speaker_names: Mapping[str, str]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TextTokens:
    """One text sequence for text-to-semantic and the pieces of speech it should become.

    A piece is a turn, or a part of a turn that is too long to say in one breath. In parallel mode a
    sequence holds one piece; in whole-window mode, consecutive ones.

    Attributes:
        text_ids: (L,) int64.
        turn_indices: for each piece, the turn of the script it belongs to.
        texts: for each piece, its normalised text.
        pace: for each piece, as in `Turn`.
        pause_after_s: for each piece, silence asked for after it inside its turn, in seconds.
    """

    text_ids: Tensor
    turn_indices: tuple[int, ...]
    texts: tuple[str, ...]
    pace: tuple[float, ...]
    pause_after_s: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SemanticTokens:
    """Semantic ids of one turn.

    Attributes:
        semantic_ids: (S,) int64.
        speaker: "S1".."S4".
        rate_hz: ids per second.
        pauses: (position in ids, seconds) of silence to insert there.
        piece_starts: positions in ids where a piece begins, the first one's left out.
    """

    semantic_ids: Tensor
    speaker: str
    rate_hz: float
    pauses: tuple[tuple[int, float], ...] = ()
    piece_starts: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AcousticTokens:
    """Codec codes of one turn.

    Attributes:
        codes: (Q, T) int64, coarse level first.
        speaker: "S1".."S4".
        frame_rate_hz: frames per second.
        pauses: (position in frames, seconds) of silence to insert there.
    """

    codes: Tensor
    speaker: str
    frame_rate_hz: float
    pauses: tuple[tuple[int, float], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Waveform:
    """Mono sound: samples (N,) float32, nominally in [-1, 1]."""

    samples: NDArray[np.float32]
    sample_rate_hz: int

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return len(self.samples) / self.sample_rate_hz


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnCut:
    """A turn levelled and cut to its speech: counts in samples.

    Attributes:
        sound: margin, speech with its pauses, margin.
        speech: (first, one past the last) sample of the speech within `sound`.
        lead: silence asked for before the speech, by a pause at the start of the turn.
        tail: silence asked for after it.
        runs: (first, one past the last) sample of the turn as decoded, and where in `sound` that
            run lies; between runs are the pauses.
        gain: the factor its samples were multiplied by.
    """

    sound: Waveform
    speech: tuple[int, int]
    lead: int
    tail: int
    runs: tuple[tuple[int, int, int], ...] = ()
    gain: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """A voice prompt: what a recording sounds like, in the two alphabets the networks read.

    Attributes:
        name: what people call it.
        semantic_ids: (S,) int64 of the recording.
        codes: (Q, T) int64 of the same recording.
        level_db: loudness of the speech in it, dBFS RMS.
        codec_id: fingerprint of the codec that made `codes`; a voice only fits that codec.
        description: free text: what the voice is and where it is from.
        licence: under which licence the recording may be used.
        consent: how the speaker agreed to the voice.
    """

    name: str
    semantic_ids: Tensor
    codes: Tensor
    level_db: float
    codec_id: str
    description: str = ""
    licence: str = ""
    consent: str = ""


Voices = Mapping[str, Voice | None]
"""Speaker ("S1") to voice; `None` lets the model make a voice up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Caption:
    """One turn's words and when they sound, in seconds from the start of the mix."""

    turn: int
    speaker: str
    start_s: float
    end_s: float
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VoiceCheck:
    """How much one turn sounds like the voice it was given.

    Attributes:
        turn: number of the turn, from 0.
        similarity: cosine in [-1, 1] of the embeddings of the turn and of its own prompt; `None`:
            too little speech to be judged.
        nearest: whose prompt of the cast is nearest, "S1".."S4"; `None` if not judged.
        nearest_similarity: to that prompt; `None` if not judged.
        flagged: less similar than the encoder's threshold, or nearer to another's prompt.
    """

    turn: int
    similarity: float | None = None
    nearest: str | None = None
    nearest_similarity: float | None = None
    flagged: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SpokenTurn:
    """A finished turn and the stretch of the mix that is final with it.

    Attributes:
        index: number of the turn, from 0.
        turn: what was to be said.
        caption: its words and when they sound.
        cut: its own sound, and how it was cut and levelled.
        start: first sample of `sound` in the mix.
        mix: the next stretch of the mix; those of all turns, one after another, are the whole mix.
            It may be empty, and a turn may reach into the stretches of later ones.
        seed: the turn's own, that all its draws come from.
        semantic: its semantic ids.
        acoustic: its codes.
        check: how much it sounds like its voice; `None` if voices were not checked.
        notes: what was guessed or is worth knowing; the first turn's begin with the script's.
        voice: what it is spoken with; `None` only where a turn was not made by `stream`.
        turn_notes: what `notes` says of how it was spoken.
    """

    index: int
    turn: Turn
    caption: Caption
    cut: TurnCut
    start: int
    mix: Waveform
    seed: int
    semantic: SemanticTokens
    acoustic: AcousticTokens
    check: VoiceCheck | None = None
    notes: tuple[str, ...] = ()
    voice: Voice | None = None
    turn_notes: tuple[str, ...] = ()

    @property
    def sound(self) -> Waveform:
        """Its own sound, levelled and cut."""
        return self.cut.sound

    @property
    def speech(self) -> tuple[int, int]:
        """(first, one past the last) sample of the speech within `sound`."""
        return self.cut.speech

    @property
    def silence(self) -> tuple[int, int]:
        """Samples of silence asked for before and after the speech."""
        return self.cut.lead, self.cut.tail


class Redoer(Protocol):
    """Who can make parts of a dialogue anew: the pipeline that made it."""

    def redo(
        self,
        dialogue: "Dialogue",
        request: Redo,
        options: Any = None,
        on_progress: ProgressCallback | None = None,
    ) -> "Dialogue":
        """The dialogue with one part made anew."""

    def conditions(self) -> Mapping[str, str]:
        """What decides how it sounds; "weights" among it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialogue:
    """The finished conversation. Turns are numbered from 0; messages count them from 1.

    Attributes:
        mix: all speakers together.
        stems: speaker to a waveform as long as the mix, silent where that speaker is; of a spoken
            dialogue made anew whenever one is asked for.
        captions: one per turn, in script order.
        turns: the turns spoken.
        semantic: per turn.
        acoustic: per turn.
        seed: the seed that made it.
        notes: what was guessed, retried or worth knowing.
        stage_seconds: wall-clock seconds of each stage.
        voice_checks: one per turn, of the takes that are heard; empty if voices were not checked.
        turn_seeds: of each turn, the seed that its last draws came from.
        cuts: of each turn, its sound and how it was cut and levelled.
        starts: of each turn, the first sample of its sound in the mix.
        voices: speaker to the voice that was heard, made-up ones included.
        turn_notes: of each turn, what `notes` says of how it was spoken.
        speaker_names: speaker to the name in the script.
        locked: numbers of turns that may not be made anew.
        options: how it was generated, `SynthesisOptions`.
        weights: fingerprint of those that made it, where a file tells; "": those of `redoer`.
        redoer: who made it and can make parts anew.
    """

    mix: Waveform
    stems: Mapping[str, Waveform]
    captions: tuple[Caption, ...]
    turns: tuple[Turn, ...]
    semantic: tuple[SemanticTokens, ...]
    acoustic: tuple[AcousticTokens, ...]
    seed: int
    notes: tuple[str, ...] = ()
    stage_seconds: Mapping[str, float] = field(default_factory=dict)
    voice_checks: tuple[VoiceCheck, ...] = ()
    turn_seeds: tuple[int, ...] = ()
    cuts: tuple[TurnCut, ...] = ()
    starts: tuple[int, ...] = ()
    voices: Mapping[str, Voice] = field(default_factory=dict)
    turn_notes: tuple[tuple[str, ...], ...] = ()
    speaker_names: Mapping[str, str] = field(default_factory=dict)
    locked: frozenset[int] = frozenset()
    options: Any = field(default=None, repr=False)
    weights: str = field(default="", repr=False)
    redoer: Redoer | None = field(default=None, repr=False, compare=False)

    @property
    def sounds(self) -> tuple[Waveform, ...]:
        """Of each turn, levelled and cut."""
        return tuple(cut.sound for cut in self.cuts)

    def lock(self, turn: int) -> "Dialogue":
        """The same with a turn that is not to change any more.

        Raises:
            ConfigError: if there is no such turn.
        """
        self.check_turn(turn)
        return replace(self, locked=self.locked | {turn})

    def unlock(self, turn: int) -> "Dialogue":
        """The same with a turn that may change again.

        Raises:
            ConfigError: if there is no such turn.
        """
        self.check_turn(turn)
        return replace(self, locked=self.locked - {turn})

    def redo(
        self,
        *,
        turn: int | None = None,
        span: tuple[float, float] | None = None,
        seed: int | None = None,
        text: str | None = None,
        pace: float | None = None,
        options: Any = None,
        on_progress: ProgressCallback | None = None,
    ) -> "Dialogue":
        """Make one turn, or the sound of a span of time, anew; see `DialoguePipeline.redo`.

        Raises:
            ConfigError: if nobody can, or the request cannot work.
            ScriptError: if the text cannot be spoken.
        """
        request = Redo(turn=turn, span=span, seed=seed, text=text, pace=pace)
        if self.redoer is None:
            raise ConfigError(
                "this dialogue does not know the pipeline that made it; use "
                "DialoguePipeline.synthesize, which gives one that does"
            )
        return self.redoer.redo(self, request, options, on_progress)

    def check_turn(self, turn: int) -> None:
        """Refuse the number of a turn that does not exist.

        Raises:
            ConfigError: naming those there are.
        """
        if not 0 <= turn < len(self.turns):
            raise ConfigError(
                f"there is no turn={turn}; {len(self.turns)} turns are numbered from 0 to "
                f"{len(self.turns) - 1}"
            )

    def check_unlocked(self, turn: int) -> None:
        """Refuse a turn that is not to change, or does not exist.

        Raises:
            ConfigError: saying which, and what works.
        """
        self.check_turn(turn)
        if turn in self.locked:
            line = self.turns[turn].line
            raise ConfigError(f"turn {turn + 1} (line {line}) is locked; unlock it first")
