"""Numbers of the autoregressive baseline: those of its networks, and those of a generation."""

from dataclasses import dataclass

from pipeline.config.networks import SoundStormConfig
from pipeline.errors import ConfigError


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioLMConfig:
    """Two decoder-only transformers of one shape, after AudioLM (arXiv 2209.03143).

    Attributes:
        n_semantic, n_levels, n_codes, code_dim, frames_per_semantic: as SoundStorm's.
        n_coarse: levels made from semantic ids; the rest is made from these.
        dim, n_layers, n_heads, feed_forward_dim: shape of either network.
        window_ids: semantic ids of the longest passage the coarse stage reads, prompt included.
        overlap_ids: of these, how many of a long utterance's next window were made before.
        chunk_frames: frames that the fine stage makes at once, apart from all others.
        fine_prompt_frames: frames of the prompt that stand before each chunk.
    """

    n_semantic: int
    n_levels: int
    n_codes: int
    code_dim: int
    frames_per_semantic: int
    n_coarse: int
    dim: int
    n_layers: int
    n_heads: int
    feed_forward_dim: int
    window_ids: int = 250
    overlap_ids: int = 75
    chunk_frames: int = 150
    fine_prompt_frames: int = 50

    def __post_init__(self) -> None:
        if not 0 < self.n_coarse < self.n_levels:
            raise ConfigError(f"audiolm: {self.n_coarse} coarse levels of {self.n_levels}")
        if self.dim % (2 * self.n_heads):
            raise ConfigError(
                f"audiolm: {self.n_heads} heads of even width do not fit width {self.dim}"
            )
        if not 0 < self.overlap_ids < self.window_ids:
            raise ConfigError(
                f"audiolm: {self.overlap_ids} ids of a window of {self.window_ids} overlap"
            )
        if self.chunk_frames < 1 or self.fine_prompt_frames < 0:
            raise ConfigError(
                f"audiolm: chunks of {self.chunk_frames} frames behind {self.fine_prompt_frames}"
            )

    @property
    def n_fine(self) -> int:
        """Levels made from the coarse ones."""
        return self.n_levels - self.n_coarse

    @property
    def coarse_codes_per_id(self) -> int:
        """Codes that the coarse stage makes for one semantic id."""
        return self.frames_per_semantic * self.n_coarse


def like_soundstorm(storm: SoundStormConfig) -> AudioLMConfig:
    """A baseline of SoundStorm's width and depth; half of the levels are coarse, as in the paper's.

    Args:
        storm: the network it shall be compared with.
    """
    return AudioLMConfig(
        n_semantic=storm.n_semantic,
        n_levels=storm.n_levels,
        n_codes=storm.n_codes,
        code_dim=storm.code_dim,
        frames_per_semantic=storm.frames_per_semantic,
        n_coarse=storm.n_levels // 2,
        dim=storm.dim,
        n_layers=storm.n_layers,
        n_heads=storm.n_heads,
        feed_forward_dim=storm.feed_forward_dim,
    )
