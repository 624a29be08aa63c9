"""Every number that can change, as frozen dataclasses, and the three sizes: tiny, small, base.

A number stands here once; what can be computed from others is a property. Networks receive
their own part and blocks in `layers/` plain numbers. Those of the speaker encoder are in
`pipeline/speaker_config.py`. Saved as `config.json` beside the weights
(`pipeline/files/checkpoint.py`).
"""

from dataclasses import dataclass, field

from pipeline.errors import ConfigError
from pipeline.speaker_config import SpeakerConfig

MAX_SPEAKERS = 4


def _require(condition: bool, message: str) -> None:
    if not condition:
        raise ConfigError(message)


@dataclass(frozen=True, slots=True, kw_only=True)
class TextTokenizerConfig:
    """SentencePiece alphabet: characters with byte fallback, speaker markers and pace tokens."""

    vocabulary_size: int = 384
    n_speakers: int = MAX_SPEAKERS
    n_pace_bins: int = 9


@dataclass(frozen=True, slots=True, kw_only=True)
class SemanticConfig:
    """Speech → features of a Wav2Vec2-BERT → k-means ids.

    Attributes:
        n_clusters: size of the alphabet.
        rate_hz: ids per second; the encoder's 50 frames a second are averaged down to it.
        layer: index of the hidden state that is clustered (0 is the input of the first layer).
        dim, n_layers, n_heads, feed_forward_dim, conv_kernel: the encoder's shape.
        pretrained: folder or hub id of a Wav2Vec2-BERT to use instead of our own, in its own shape.
        pretrained_revision: commit of the hub id.
    """

    n_clusters: int = 512
    rate_hz: int = 25
    sample_rate_hz: int = 16_000
    layer: int = 6
    dim: int = 192
    n_layers: int = 6
    n_heads: int = 4
    feed_forward_dim: int = 768
    conv_kernel: int = 15
    pretrained: str = ""
    pretrained_revision: str = ""

    def __post_init__(self) -> None:
        _require(
            self.dim % self.n_heads == 0,
            f"semantic: {self.n_heads} heads do not divide width {self.dim}",
        )
        _require(
            0 < self.layer <= self.n_layers, f"semantic: layer {self.layer} of {self.n_layers}"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class CodecConfig:
    """Spectral codec: log-mel → ConvNeXt → RVQ → ConvNeXt → inverse STFT.

    Attributes:
        hop_samples: samples per acoustic frame.
        n_levels: Q.
        n_codes: V, codes per level.
        code_dim: width of the vectors in the codebooks.
        encoder_dim, n_encoder_blocks: blocks at the frame rate.
        decoder_dim, n_decoder_blocks: blocks at the frame rate.
        fine_dim, n_fine_blocks: blocks after upsampling by `upsampling`.
        upsampling: STFT frames per acoustic frame.
        pretrained: folder or hub id of an EnCodec to use instead of our own, in its own shape;
            rates, levels, codes and `code_dim` then describe it, and the rest does not matter.
        bandwidth_kbps: of that EnCodec; fixes how many of its levels are used.
    """

    sample_rate_hz: int = 16_000
    hop_samples: int = 320
    n_levels: int = 8
    n_codes: int = 1024
    code_dim: int = 64
    n_mels: int = 80
    encoder_dim: int = 256
    n_encoder_blocks: int = 4
    decoder_dim: int = 320
    n_decoder_blocks: int = 6
    fine_dim: int = 192
    n_fine_blocks: int = 3
    upsampling: int = 2
    pretrained: str = ""
    bandwidth_kbps: float = 6.0

    def __post_init__(self) -> None:
        _require(
            self.hop_samples % self.upsampling == 0,
            f"codec: upsampling {self.upsampling} does not divide a hop of {self.hop_samples}",
        )
        _require(self.n_levels >= 1 and self.n_codes >= 2, "codec: needs a level and two codes")

    @property
    def frame_rate_hz(self) -> float:
        """Acoustic frames per second."""
        return self.sample_rate_hz / self.hop_samples

    @property
    def fine_hop_samples(self) -> int:
        """Samples per STFT frame."""
        return self.hop_samples // self.upsampling

    @property
    def n_fft(self) -> int:
        """Samples under one STFT window: four hops."""
        return 4 * self.fine_hop_samples


@dataclass(frozen=True, slots=True, kw_only=True)
class TextToSemanticConfig:
    """Encoder–decoder transformer (SPEAR-TTS S1): characters → semantic ids.

    Attributes:
        n_text_ids: size of the text alphabet.
        first_speaker_id, n_speakers: where the speaker markers stand in it.
        first_pace_id, n_pace_bins: where the pace tokens stand in it.
        frames_per_character, edge_frames: a piece of n characters takes about
            `edge_frames + n * frames_per_character` semantic ids at pace 1.0, as measured on the
            corpus.
        guided_layer, n_guided_heads: the decoder layer whose first heads are taught to follow the
            text and tell at generation how far it is spoken.
        max_text_ids, max_semantic_ids, max_prompt_ids: longest sequences.
    """

    n_text_ids: int = 384
    first_speaker_id: int = 4
    n_speakers: int = MAX_SPEAKERS
    first_pace_id: int = 8
    frames_per_character: float = 1.7
    edge_frames: float = 8.0
    guided_layer: int = 1
    n_guided_heads: int = 2
    n_semantic: int = 512
    dim: int = 256
    n_heads: int = 4
    feed_forward_dim: int = 1024
    n_encoder_layers: int = 4
    n_decoder_layers: int = 4
    n_pace_bins: int = 9
    max_text_ids: int = 1200
    max_semantic_ids: int = 800
    max_prompt_ids: int = 75

    def __post_init__(self) -> None:
        _require(
            self.dim % (2 * self.n_heads) == 0,
            f"text_to_semantic: {self.n_heads} heads of even width do not fit width {self.dim}",
        )
        _require(
            0 <= self.guided_layer < self.n_decoder_layers
            and 1 <= self.n_guided_heads <= self.n_heads,
            f"text_to_semantic: layer {self.guided_layer} with {self.n_guided_heads} guided heads "
            f"of {self.n_decoder_layers} layers with {self.n_heads} heads",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SoundStormConfig:
    """Bidirectional Conformer over summed code embeddings (SoundStorm section 3).

    Attributes:
        n_semantic: size of the semantic alphabet.
        n_levels, n_codes, code_dim: as the codec's.
        n_slots: speaker slots; slot 0 besides is silence or unknown.
        frames_per_semantic: acoustic frames per semantic id.
        max_frames: longest sequence, prompts included.
        prompt_frames_max: longest prompt of one slot.
        segment_gap_frames: silent frames between prompts and window.
    """

    n_semantic: int = 512
    n_levels: int = 8
    n_codes: int = 1024
    code_dim: int = 64
    n_slots: int = MAX_SPEAKERS
    frames_per_semantic: int = 2
    dim: int = 256
    n_layers: int = 6
    n_heads: int = 4
    feed_forward_dim: int = 1024
    conv_kernel: int = 5
    max_frames: int = 3000
    prompt_frames_max: int = 300
    segment_gap_frames: int = 4

    def __post_init__(self) -> None:
        _require(
            self.dim % (2 * self.n_heads) == 0,
            f"soundstorm: {self.n_heads} heads of even width do not fit width {self.dim}",
        )
        _require(self.conv_kernel % 2 == 1, f"soundstorm: conv kernel {self.conv_kernel} is even")

    @property
    def head_dim(self) -> int:
        """Channels of one attention head."""
        return self.dim // self.n_heads

    @property
    def hidden_code(self) -> int:
        """Id of a code that is not known yet, one past the codec's own."""
        return self.n_codes

    @property
    def no_semantic_id(self) -> int:
        """Id of frames between segments, one past the semantic alphabet."""
        return self.n_semantic


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
        _require(
            (storm.n_levels, storm.n_codes, storm.code_dim)
            == (codec.n_levels, codec.n_codes, codec.code_dim),
            "soundstorm and codec disagree on levels, codes or code width",
        )
        _require(
            codec.frame_rate_hz == self.semantic.rate_hz * storm.frames_per_semantic,
            f"codec frames ({codec.frame_rate_hz}/s) are not {storm.frames_per_semantic} per id "
            f"({self.semantic.rate_hz}/s)",
        )
        n_clusters = {self.semantic.n_clusters, storm.n_semantic, self.text_to_semantic.n_semantic}
        _require(
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
