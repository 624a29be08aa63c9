"""Numbers of the networks, as frozen dataclasses; those of the speaker encoder are in `speaker.py`.

Networks receive their own part and blocks in `layers/` plain numbers. Saved as `config.json`
beside the weights (`pipeline/files/checkpoint.py`).
"""

from dataclasses import dataclass

from pipeline.config.limits import MAX_SPEAKERS
from pipeline.errors import ConfigError


def require(condition: bool, message: str) -> None:
    """Refuse numbers that do not fit each other.

    Raises:
        ConfigError: with the message, unless the condition holds.
    """
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
        require(
            self.dim % self.n_heads == 0,
            f"semantic: {self.n_heads} heads do not divide width {self.dim}",
        )
        require(0 < self.layer <= self.n_layers, f"semantic: layer {self.layer} of {self.n_layers}")


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
        require(
            self.hop_samples % self.upsampling == 0,
            f"codec: upsampling {self.upsampling} does not divide a hop of {self.hop_samples}",
        )
        require(self.n_levels >= 1 and self.n_codes >= 2, "codec: needs a level and two codes")

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
        require(
            self.dim % (2 * self.n_heads) == 0,
            f"text_to_semantic: {self.n_heads} heads of even width do not fit width {self.dim}",
        )
        require(
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
        require(
            self.dim % (2 * self.n_heads) == 0,
            f"soundstorm: {self.n_heads} heads of even width do not fit width {self.dim}",
        )
        require(self.conv_kernel % 2 == 1, f"soundstorm: conv kernel {self.conv_kernel} is even")

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
