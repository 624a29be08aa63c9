"""A spoken dialogue, and its turns as they are finished one by one."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from pipeline.datatypes.note import Note
from pipeline.datatypes.progress import ProgressCallback
from pipeline.datatypes.redo import Redo
from pipeline.datatypes.script import Turn
from pipeline.datatypes.sound import TurnCut, Waveform
from pipeline.datatypes.take import Take
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
        take: what was said, and how.
        caption: its words and when they sound.
        start: first sample of `sound` in the mix.
        mix: the next stretch of the mix; those of all turns, one after another, are the whole mix.
            It may be empty, and a turn may reach into the stretches of later ones.
        notes: what was guessed or is worth knowing; the first turn's begin with the script's.
        voice: what it is spoken with; `None` only where a turn was not made by `stream`.
    """

    index: int
    take: Take
    caption: Caption
    start: int
    mix: Waveform
    notes: tuple[Note, ...] = ()
    voice: Voice | None = None

    @property
    def turn(self) -> Turn:
        """What was to be said."""
        return self.take.turn

    @property
    def sound(self) -> Waveform:
        """Its own sound, levelled and cut."""
        return self.take.cut.sound

    @property
    def speech(self) -> tuple[int, int]:
        """(first, one past the last) sample of the speech within `sound`."""
        return self.take.cut.speech

    @property
    def silence(self) -> tuple[int, int]:
        """Samples of silence asked for before and after the speech."""
        return self.take.cut.lead, self.take.cut.tail


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
        takes: of each turn, how it is heard.
        starts: of each turn, the first sample of its sound in the mix.
        seed: the seed that made it.
        notes: what was guessed, retried or worth knowing.
        stage_seconds: wall-clock seconds of each stage.
        voices: speaker to the voice that was heard, made-up ones included.
        speaker_names: speaker to the name in the script.
        locked: numbers of turns that may not be made anew.
        options: how it was generated, `SynthesisOptions`.
        weights: fingerprint of those that made it, where a file tells; "": those of `redoer`.
        redoer: who made it and can make parts anew.
    """

    mix: Waveform
    stems: Mapping[str, Waveform]
    captions: tuple[Caption, ...]
    takes: tuple[Take, ...]
    starts: tuple[int, ...]
    seed: int
    notes: tuple[Note, ...] = ()
    stage_seconds: Mapping[str, float] = field(default_factory=dict)
    voices: Mapping[str, Voice] = field(default_factory=dict)
    speaker_names: Mapping[str, str] = field(default_factory=dict)
    locked: frozenset[int] = frozenset()
    options: Any = field(default=None, repr=False)
    weights: str = field(default="", repr=False)
    redoer: Redoer | None = field(default=None, repr=False, compare=False)

    @property
    def turns(self) -> tuple[Turn, ...]:
        """The turns spoken."""
        return tuple(take.turn for take in self.takes)

    @property
    def semantic(self) -> tuple[SemanticTokens, ...]:
        """Of each turn."""
        return tuple(take.semantic for take in self.takes)

    @property
    def acoustic(self) -> tuple[AcousticTokens, ...]:
        """Of each turn."""
        return tuple(take.acoustic for take in self.takes)

    @property
    def cuts(self) -> tuple[TurnCut, ...]:
        """Of each turn, its sound and how it was cut and levelled."""
        return tuple(take.cut for take in self.takes)

    @property
    def sounds(self) -> tuple[Waveform, ...]:
        """Of each turn, levelled and cut."""
        return tuple(take.cut.sound for take in self.takes)

    @property
    def turn_seeds(self) -> tuple[int, ...]:
        """Of each turn, the seed that its last draws came from."""
        return tuple(take.seed for take in self.takes)

    @property
    def voice_checks(self) -> tuple[VoiceCheck, ...]:
        """One per turn, of the takes that are heard; empty if voices were not checked."""
        return tuple(take.check for take in self.takes if take.check is not None)

    @property
    def turn_notes(self) -> tuple[tuple[Note, ...], ...]:
        """Of each turn, what `notes` says of how it was spoken."""
        return tuple(take.all_notes(self.voices) for take in self.takes)

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
        if not 0 <= turn < len(self.takes):
            raise ConfigError(
                f"there is no turn={turn}; {len(self.takes)} turns are numbered from 0 to "
                f"{len(self.takes) - 1}"
            )

    def check_unlocked(self, turn: int) -> None:
        """Refuse a turn that is not to change, or does not exist.

        Raises:
            ConfigError: saying which, and what works.
        """
        self.check_turn(turn)
        if turn in self.locked:
            line = self.takes[turn].turn.line
            raise ConfigError(f"turn {turn + 1} (line {line}) is locked; unlock it first")
