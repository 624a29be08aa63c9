"""A spoken dialogue, and its turns as they are finished one by one."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from pipeline.datatypes.progress import ProgressCallback
from pipeline.datatypes.redo import Redo
from pipeline.datatypes.script import Turn
from pipeline.datatypes.sound import TurnCut, Waveform
from pipeline.datatypes.tokens import AcousticTokens, SemanticTokens
from pipeline.datatypes.voice import Voice, VoiceCheck
from pipeline.errors import ConfigError


@dataclass(frozen=True, slots=True, kw_only=True)
class Caption:
    """One turn's words and when they sound, in seconds from the start of the mix."""

    turn: int
    speaker: str
    start_s: float
    end_s: float
    text: str


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
