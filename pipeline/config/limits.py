"""What is accepted, and how turns become one dialogue."""

from dataclasses import dataclass

MAX_SPEAKERS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class MixConfig:
    """How turns become one dialogue: gaps, fades, level."""

    default_gap_s: float = 0.25
    fade_s: float = 0.01
    target_level_db: float = -23.0
    peak_limit_db: float = -1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitsConfig:
    """What is accepted; beyond it a `DialogueError` says so.

    Attributes:
        max_piece_characters: a turn longer than this is spoken in several pieces.
        characters_per_second: usual speaking rate, for estimates of length.
        min_checked_speech_s: a turn with less speech than this is too short to tell whose voice
            it is in; it is never flagged.
    """

    max_speakers: int = MAX_SPEAKERS
    max_turn_characters: int = 1_000
    max_script_characters: int = 100_000
    min_recording_s: float = 1.0
    max_recording_s: float = 60.0
    min_pace: float = 0.5
    max_pace: float = 2.0
    max_gap_s: float = 10.0
    max_pause_s: float = 10.0
    max_piece_characters: int = 160
    characters_per_second: float = 19.0
    min_checked_speech_s: float = 0.6
