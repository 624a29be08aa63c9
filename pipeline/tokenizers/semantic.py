"""Speech → semantic ids: log-mel → Wav2Vec2-BERT hidden state → 25 Hz average → nearest centroid.

As in AudioLM (section 3.1, arXiv 2209.03143): the ids keep the words and drop most of the voice.
One class serves every size: `small` holds its own encoder's weights, `base` names
`facebook/w2v-bert-2.0`, loaded as it is; statistics and centroids always stand in our file.
"""

import functools
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pipeline.config.networks import SemanticConfig
from pipeline.device import inference_autocast, inference_dtype
from pipeline.errors import CheckpointError, ShapeError
from pipeline.files.checkpoint import WEIGHTS_NAME, load_config, load_network, save_network

if TYPE_CHECKING:
    from transformers import Wav2Vec2BertModel

N_MELS = 80
N_FEATURES = 2 * N_MELS
"""Two mel frames of 10 ms side by side make one feature frame of 20 ms."""
MEL_HOP_SAMPLES = 160
MEL_WINDOW_SAMPLES = 400
_FFT_SAMPLES = 512
_PREEMPHASIS = 0.97
_MEL_FLOOR = 1.0
"""Below what rounding to 16 bits leaves; stops digital silence from ruling a bin's variance."""
_FRAMES_PER_ID = 2
_MEL_FRAMES_PER_ID = 4
_WINDOW_FRAMES = 600
_CONTEXT_FRAMES = 60
"""Longer recordings are encoded in windows of 12 s that see 1.2 s beyond what they keep."""


@functools.cache
def _mel_filters() -> Tensor:
    """Kaldi's mel filters (257, 80) float32."""
    from transformers.audio_utils import mel_filter_bank  # seconds to import: only who encodes pays

    filters = mel_filter_bank(
        num_frequency_bins=_FFT_SAMPLES // 2 + 1,
        num_mel_filters=N_MELS,
        min_frequency=20,
        max_frequency=8_000,
        sampling_rate=16_000,
        norm=None,
        mel_scale="kaldi",
        triangularize_in_mel_space=True,
    )
    return torch.from_numpy(filters).to(torch.float32)


@functools.cache
def _povey_window() -> Tensor:
    return torch.from_numpy(np.hanning(MEL_WINDOW_SAMPLES) ** 0.85).to(torch.float32)


def log_mel(samples: Tensor) -> Tensor:
    """Kaldi's log-mel spectrum, as `SeamlessM4TFeatureExtractor` computes it, in torch.

    Args:
        samples: (..., N) float32 in [-1, 1] at 16 kHz, N at least 400.

    Returns:
        (..., 1 + (N - 400) // 160, 80) float32, natural logarithm of power; 100 frames a second.

    Raises:
        ShapeError: if there are fewer than 400 samples.
    """
    if samples.shape[-1] < MEL_WINDOW_SAMPLES:
        raise ShapeError(f"log-mel needs {MEL_WINDOW_SAMPLES} samples, not {samples.shape[-1]}")
    # 25 ms every 10 ms, at the scale of 16 bits: (..., F, 400)
    frames = samples.to(torch.float32).unfold(-1, MEL_WINDOW_SAMPLES, MEL_HOP_SAMPLES) * 2.0**15
    frames = frames - frames.mean(dim=-1, keepdim=True)
    # pre-emphasis; the first sample has itself before it
    before = torch.cat([frames[..., :1], frames[..., :-1]], dim=-1)
    frames = (frames - _PREEMPHASIS * before) * _povey_window().to(frames.device)
    # (..., F, 257) → (..., F, 80)
    power = torch.fft.rfft(frames, n=_FFT_SAMPLES).abs().square()
    mel: Tensor = power @ _mel_filters().to(power.device)
    return mel.clamp_min(_MEL_FLOOR).log()


def normalise_mel(mel: Tensor) -> Tensor:
    """Give every mel bin zero mean and unit variance over one utterance.

    Args:
        mel: (F, 80) float32, F at least 2.

    Returns:
        (F, 80) float32.
    """
    return (mel - mel.mean(dim=0)) / (mel.var(dim=0) + 1e-7).sqrt()


def n_ids_of(n_samples: int, config: SemanticConfig) -> int:
    """Ids that stand for so many samples: rounded, at least one."""
    return max(1, int(n_samples / config.sample_rate_hz * config.rate_hz + 0.5))


def utterance_mel(samples: Tensor, n_ids: int) -> Tensor:
    """Log-mel of one utterance with exactly four frames for every id.

    The last window ends before the last sample, so up to four frames are missing; it is repeated.

    Args:
        samples: (N,) float32 in [-1, 1] at 16 kHz.
        n_ids: S.

    Returns:
        (4 S, 80) float32, not normalised.
    """
    shortest = MEL_WINDOW_SAMPLES + (_MEL_FRAMES_PER_ID - 1) * MEL_HOP_SAMPLES
    mel = log_mel(F.pad(samples, (0, max(0, shortest - len(samples)))))
    wanted = _MEL_FRAMES_PER_ID * n_ids
    return torch.cat([mel, mel[-1:].expand(max(0, wanted - len(mel)), -1)])[:wanted]


def build_encoder(config: SemanticConfig, n_layers: int | None = None) -> "Wav2Vec2BertModel":
    """A Wav2Vec2-BERT of the given shape with fresh weights.

    Positions are `relative_key` as in w2v-bert-2.0: distances are clipped, so length is not learnt.
    Dropout is off: it would draw from torch's global generator.

    Args:
        config: its shape.
        n_layers: layers to build; `None`: all of them.
    """
    from transformers import Wav2Vec2BertConfig, Wav2Vec2BertModel  # as in `_mel_filters`

    return Wav2Vec2BertModel(
        Wav2Vec2BertConfig(
            feature_projection_input_dim=N_FEATURES,
            hidden_size=config.dim,
            num_hidden_layers=config.n_layers if n_layers is None else n_layers,
            num_attention_heads=config.n_heads,
            intermediate_size=config.feed_forward_dim,
            conv_depthwise_kernel_size=config.conv_kernel,
            left_max_position_embeddings=32,
            right_max_position_embeddings=32,
            layerdrop=0.0,
            conformer_conv_dropout=0.0,
            apply_spec_augment=False,
            mask_time_prob=0.0,
        )
    )


class Quantiser(nn.Module):
    """Nearest centroid after giving every dimension the variance it had in training.

    Args:
        n_clusters: K.
        dim: D.
    """

    def __init__(self, n_clusters: int, dim: int) -> None:
        super().__init__()
        self.mean: Tensor
        self.std: Tensor
        self.centroids: Tensor
        self.register_buffer("mean", torch.zeros(dim))
        self.register_buffer("std", torch.ones(dim))
        self.register_buffer("centroids", torch.zeros(n_clusters, dim))

    def forward(self, hidden: Tensor) -> Tensor:
        """Ids (...) int64 of hidden states (..., D) float32."""
        centroids = self.centroids.to(torch.float32)
        # the nearest centroid is where x·c - |c|² / 2 is greatest: (..., K)
        half_squares = 0.5 * centroids.square().sum(dim=1)
        return (((hidden - self.mean) / self.std) @ centroids.T - half_squares).argmax(dim=-1)


class SemanticTokenizer(nn.Module):
    """Speech to semantic ids.

    Args:
        config: shape, layer and rate.
        encoder: a Wav2Vec2-BERT; only the layers up to `config.layer` are kept.
    """

    def __init__(self, config: SemanticConfig, encoder: "Wav2Vec2BertModel") -> None:
        super().__init__()
        del encoder.encoder.layers[config.layer :]
        self.config = config
        self.encoder = encoder
        self.quantiser = Quantiser(config.n_clusters, encoder.config.hidden_size)
        self.compute_dtype = torch.float32

    @classmethod
    def on_pretrained(cls, config: SemanticConfig, device: torch.device) -> "SemanticTokenizer":
        """A tokenizer on the encoder that the config names, not clustered yet.

        Args:
            config: `pretrained` is a folder or a hub id.
            device: where to compute.

        Raises:
            CheckpointError: if the encoder is missing or damaged.
        """
        return cls(config, _pretrained_encoder(Path(), config))._ready(device)

    @classmethod
    def load(cls, folder: Path, device: torch.device | None = None) -> "SemanticTokenizer":
        """Read a tokenizer that training exported.

        Args:
            folder: holds `config.json` and `model.safetensors`. Where the config names a pretrained
                encoder (a folder, relative to this one or not, or a hub id), that is loaded too.
            device: where to compute; `None`: the CPU.

        Raises:
            CheckpointError: if a file is missing, damaged or of another shape.
            ConfigError: if the config has unknown or missing keys.
        """
        folder = Path(folder)
        config = load_config(folder, SemanticConfig)
        if config.pretrained:
            tokenizer = cls(config, _pretrained_encoder(folder, config))
            load_network(folder, tokenizer.quantiser)
        else:
            tokenizer = cls(config, build_encoder(config, config.layer))
            load_network(folder, tokenizer)
        return tokenizer._ready(device or torch.device("cpu"))

    def _ready(self, device: torch.device) -> "SemanticTokenizer":
        self.compute_dtype = inference_dtype(device)
        return self.eval().requires_grad_(False).to(device)

    def save(self, folder: Path) -> None:
        """Write config and weights (float16); a pretrained encoder's own are not repeated."""
        save_network(folder, self.config, self.quantiser if self.config.pretrained else self)

    @property
    def rate_hz(self) -> int:
        """Ids per second."""
        return self.config.rate_hz

    @property
    def n_ids(self) -> int:
        """Size of the alphabet."""
        return self.config.n_clusters

    def encode(self, samples: Tensor) -> Tensor:
        """Semantic ids of one recording.

        Args:
            samples: (N,) float32 in [-1, 1] at `config.sample_rate_hz`.

        Returns:
            (S,) int64 on the CPU, S = N / sample_rate_hz * rate_hz rounded, at least 1.

        Raises:
            ShapeError: if there are no samples or more than one axis.
        """
        return self.encode_batch([samples])[0]

    def encode_batch(self, recordings: Sequence[Tensor]) -> list[Tensor]:
        """Semantic ids of several recordings, encoded together; fastest if of like length.

        Args:
            recordings: as for `encode`.

        Returns:
            For each, (S,) int64 on the CPU.

        Raises:
            ShapeError: if a recording has no samples or more than one axis.
        """
        return [self.quantiser(hidden).cpu() for hidden in self.hidden_states(recordings)]

    @torch.inference_mode()
    def hidden_states(self, recordings: Sequence[Tensor]) -> list[Tensor]:
        """What is clustered: for each recording (S, D) float32, before statistics and centroids.

        Raises:
            ShapeError: if a recording has no samples or more than one axis.
        """
        device = self.quantiser.mean.device
        mels = []
        for samples in recordings:
            if samples.dim() != 1 or len(samples) == 0:
                raise ShapeError(f"a recording is (N,) samples, N > 0; not {tuple(samples.shape)}")
            mels.append(utterance_mel(samples.to(device), n_ids_of(len(samples), self.config)))
        return self.hidden_states_of_mels(mels)

    @torch.inference_mode()
    def hidden_states_of_mels(self, mels: Sequence[Tensor]) -> list[Tensor]:
        """As `hidden_states`, from what `utterance_mel` gave for each recording."""
        # two mel frames side by side: (4 S, 80) → (2 S, 160)
        features = [normalise_mel(mel).reshape(-1, N_FEATURES) for mel in mels]
        # long recordings in overlapping windows, those of all recordings in one batch
        spans = [(row, span) for row, f in enumerate(features) for span in _window_spans(len(f))]
        windows = [features[row][span[0] : span[3]] for row, span in spans]
        valid = nn.utils.rnn.pad_sequence(
            [torch.ones(len(window), dtype=torch.bool, device=window.device) for window in windows],
            batch_first=True,
        )
        padded = nn.utils.rnn.pad_sequence(windows, batch_first=True)
        with inference_autocast(padded.device, self.compute_dtype):
            encoded = self.encoder(padded, attention_mask=valid).last_hidden_state.to(torch.float32)
        # of each window what no other keeps; end to end, then 50 Hz → 25 Hz
        kept: list[list[Tensor]] = [[] for _ in mels]
        for window, (row, (seen_start, start, end, _)) in zip(encoded, spans, strict=True):
            kept[row].append(window[start - seen_start : end - seen_start])
        return [average_pairs(torch.cat(pieces)) for pieces in kept]


def average_pairs(hidden: Tensor) -> Tensor:
    """Average (..., 2 S, D) frames at 50 Hz to (..., S, D) at 25 Hz."""
    *outer, n_frames, dim = hidden.shape
    pairs = hidden.reshape(*outer, n_frames // _FRAMES_PER_ID, _FRAMES_PER_ID, dim)
    return pairs.mean(dim=-2)


def _window_spans(n_frames: int) -> list[tuple[int, int, int, int]]:
    """(first seen, first kept, end of kept, end of seen) of the windows that cover a recording."""
    return [
        (
            max(0, start - _CONTEXT_FRAMES),
            start,
            min(n_frames, start + _WINDOW_FRAMES),
            min(n_frames, start + _WINDOW_FRAMES + _CONTEXT_FRAMES),
        )
        for start in range(0, n_frames, _WINDOW_FRAMES)
    ]


def _pretrained_encoder(folder: Path, config: SemanticConfig) -> "Wav2Vec2BertModel":
    from transformers import Wav2Vec2BertModel  # as in `_mel_filters`

    beside = folder / config.pretrained
    source = str(beside) if beside.is_dir() else config.pretrained
    try:
        encoder = Wav2Vec2BertModel.from_pretrained(
            source,
            revision=config.pretrained_revision or "main",
            num_hidden_layers=config.layer,
            use_safetensors=True,
        )
    except (OSError, ValueError) as error:
        raise CheckpointError(
            f"the encoder {config.pretrained!r} named in {folder} cannot be loaded: {error}; "
            f"give a folder that exists or a hub id, with {WEIGHTS_NAME} in it"
        ) from error
    return encoder
