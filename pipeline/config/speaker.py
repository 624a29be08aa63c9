"""Numbers of the speaker encoder and of its threshold; the others are in `config.py`."""

from dataclasses import dataclass

from pipeline.errors import ConfigError


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeakerConfig:
    """Speaker encoder: log-mel → ConvNeXt → statistics over time → embedding.

    Attributes:
        hop_samples: samples per frame.
        n_fft: samples under one window; long enough to show the pitch of low voices.
        dim, n_blocks, attention_dim: the network's shape.
        embedding_dim: width of what is compared.
        threshold, threshold_fall_s: a turn with d seconds of speech is flagged if it is less
            similar to its voice prompt than `threshold - threshold_fall_s / d`: little speech tells
            little. Measured when the encoder is trained (`training/speaker/`); -1 flags nothing.
    """

    sample_rate_hz: int = 16_000
    hop_samples: int = 320
    n_fft: int = 1024
    n_mels: int = 80
    dim: int = 160
    n_blocks: int = 4
    attention_dim: int = 64
    embedding_dim: int = 128
    threshold: float = -1.0
    threshold_fall_s: float = 0.0

    def __post_init__(self) -> None:
        if self.n_fft < self.hop_samples:
            raise ConfigError(
                f"speaker: windows of {self.n_fft} samples leave gaps at a hop of "
                f"{self.hop_samples}"
            )
        if not -1.0 <= self.threshold <= 1.0 or self.threshold_fall_s < 0.0:
            raise ConfigError(
                f"speaker: threshold {self.threshold} is no cosine similarity, or its fall "
                f"{self.threshold_fall_s} is negative"
            )

    def threshold_for(self, speech_s: float) -> float:
        """The similarity below which a turn with so many seconds of speech is flagged."""
        return self.threshold - self.threshold_fall_s / speech_s
