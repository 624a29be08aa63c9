"""The three sizes: tiny, small, base."""

from dataclasses import dataclass, field

from pipeline.config.limits import LimitsConfig, MixConfig
from pipeline.config.networks import (
    CodecConfig,
    SemanticConfig,
    SoundStormConfig,
    TextTokenizerConfig,
    TextToSemanticConfig,
    require,
)
from pipeline.config.speaker import SpeakerConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class DialogueConfig:
    """Everything a pipeline is built from."""

    size: str = "small"
    text_tokenizer: TextTokenizerConfig = field(default_factory=TextTokenizerConfig)
    semantic: SemanticConfig = field(default_factory=SemanticConfig)
    codec: CodecConfig = field(default_factory=CodecConfig)
    text_to_semantic: TextToSemanticConfig = field(default_factory=TextToSemanticConfig)
    soundstorm: SoundStormConfig = field(default_factory=SoundStormConfig)
    speaker: SpeakerConfig = field(default_factory=SpeakerConfig)
    mix: MixConfig = field(default_factory=MixConfig)
    limits: LimitsConfig = field(default_factory=LimitsConfig)

    def __post_init__(self) -> None:
        storm, codec = self.soundstorm, self.codec
        require(
            (storm.n_levels, storm.n_codes, storm.code_dim)
            == (codec.n_levels, codec.n_codes, codec.code_dim),
            "soundstorm and codec disagree on levels, codes or code width",
        )
        require(
            codec.frame_rate_hz == self.semantic.rate_hz * storm.frames_per_semantic,
            f"codec frames ({codec.frame_rate_hz}/s) are not {storm.frames_per_semantic} per id "
            f"({self.semantic.rate_hz}/s)",
        )
        n_clusters = {self.semantic.n_clusters, storm.n_semantic, self.text_to_semantic.n_semantic}
        require(
            len(n_clusters) == 1, f"semantic alphabets of different sizes: {sorted(n_clusters)}"
        )


def small() -> DialogueConfig:
    """The shipped size."""
    return DialogueConfig()


def base() -> DialogueConfig:
    """Paper scale: SoundStorm section 4.1, a T5-large shape as in SPEAR-TTS, pretrained tokenizers.

    Layer 17 of w2v-BERT 2.0 is what MaskGCT (arXiv 2409.00750) makes its semantic tokens of.
    Windows and prompts last as long as in `small`, at 75 instead of 50 frames a second; gaps are a
    whole number of semantic ids.
    """
    return DialogueConfig(
        size="base",
        semantic=SemanticConfig(
            n_clusters=1024,
            layer=17,
            dim=1024,
            n_layers=24,
            n_heads=16,
            feed_forward_dim=4096,
            conv_kernel=31,
            pretrained="facebook/w2v-bert-2.0",
        ),
        codec=CodecConfig(
            sample_rate_hz=24_000,
            code_dim=128,
            pretrained="facebook/encodec_24khz",
        ),
        text_to_semantic=TextToSemanticConfig(
            n_semantic=1024,
            dim=1024,
            n_heads=16,
            feed_forward_dim=2816,
            n_encoder_layers=24,
            n_decoder_layers=24,
        ),
        soundstorm=SoundStormConfig(
            n_semantic=1024,
            code_dim=128,
            frames_per_semantic=3,
            dim=1024,
            n_layers=12,
            n_heads=16,
            feed_forward_dim=4096,
            max_frames=4500,
            prompt_frames_max=450,
            segment_gap_frames=6,
        ),
    )


def tiny() -> DialogueConfig:
    """Tests: every real code path in milliseconds."""
    return DialogueConfig(
        size="tiny",
        semantic=SemanticConfig(
            n_clusters=32,
            layer=1,
            dim=32,
            n_layers=2,
            n_heads=2,
            feed_forward_dim=64,
            conv_kernel=5,
        ),
        codec=CodecConfig(
            n_levels=4,
            n_codes=32,
            code_dim=8,
            encoder_dim=32,
            n_encoder_blocks=2,
            decoder_dim=32,
            n_decoder_blocks=2,
            fine_dim=32,
            n_fine_blocks=1,
        ),
        text_to_semantic=TextToSemanticConfig(
            n_semantic=32,
            dim=64,
            n_heads=2,
            feed_forward_dim=128,
            n_encoder_layers=1,
            n_decoder_layers=1,
            guided_layer=0,
        ),
        soundstorm=SoundStormConfig(
            n_semantic=32,
            n_levels=4,
            n_codes=32,
            code_dim=8,
            dim=64,
            n_layers=2,
            n_heads=2,
            feed_forward_dim=128,
        ),
        speaker=SpeakerConfig(dim=32, n_blocks=2, attention_dim=16, embedding_dim=16),
    )
