"""Stage 4 of 6, its network: a bidirectional Conformer over summed code embeddings."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pipeline.config import SoundStormConfig
from pipeline.errors import ShapeError
from pipeline.layers.conformer import ConformerBlock
from pipeline.layers.rotary import rotary_tables


class SoundStorm(nn.Module):
    """Frames of semantic ids, speaker slots and partly hidden codes → a state per frame → logits.

    After SoundStorm section 3.1 (arXiv 2305.09636). Codes are embedded as a projection of the
    codec's own codebook vectors plus a free vector that starts at zero; heads score a code by the
    match of its vector with a projection of the state, plus free weights that start at zero.
    Neighbours in the codebook thus share what is learned: a few hours of speech are too little
    otherwise.

    Args:
        config: shape of the network.
        codebooks: (Q, V, code_dim) float32, the codec's; `None` if weights are loaded afterwards.

    Raises:
        ShapeError: if the codebooks' axes are not the config's.
    """

    codebooks: Tensor

    def __init__(self, config: SoundStormConfig, codebooks: Tensor | None = None) -> None:
        super().__init__()
        self.config = config
        D, Q = config.dim, config.n_levels
        self.register_buffer("codebooks", _normalised(config, codebooks))
        self.semantic_embedding = nn.Embedding(config.n_semantic + 1, D)
        self.slot_embedding = nn.Embedding(config.n_slots + 1, D)
        self.code_projection = nn.Parameter(torch.randn(Q, config.code_dim, D) * Q**-0.5)
        self.code_free = nn.Parameter(torch.zeros(Q, config.n_codes, D))
        self.hidden_embedding = nn.Parameter(torch.randn(Q, 1, D) * Q**-0.5)
        self.voice = nn.Sequential(
            nn.LayerNorm(D), nn.Linear(D, D), nn.SiLU(), _starting_at_zero(nn.Linear(D, D))
        )
        self.blocks = nn.ModuleList(
            ConformerBlock(
                D,
                config.n_heads,
                config.feed_forward_dim,
                config.conv_kernel,
                (2 * config.n_layers) ** -0.5,
            )
            for _ in range(config.n_layers)
        )
        self.norm = nn.LayerNorm(D)
        self.head_projection = nn.Parameter(
            torch.randn(Q, config.code_dim, D) * 0.3 * (config.code_dim / D) ** 0.5
        )
        self.head_free = nn.Parameter(torch.zeros(Q, config.n_codes, D))
        self.head_bias = nn.Parameter(torch.zeros(Q, config.n_codes))

    def code_table(self) -> Tensor:
        """Embeddings (Q, V + 1, D) float32 of every code, the hidden one last."""
        scaled = self.codebooks * self.config.code_dim**-0.5
        known = torch.matmul(scaled, self.code_projection) + self.code_free
        return torch.cat((known, self.hidden_embedding), dim=1)

    def head(self, level: int) -> tuple[Tensor, Tensor]:
        """Weights (V, D) and bias (V,) of a level's logits."""
        # So small that a step of Adam, which moves every element of the projection by the learning
        # rate, moves a logit no more than it would through an ordinary D × V matrix.
        scaled = self.codebooks[level] / self.config.code_dim
        weights = torch.matmul(scaled, self.head_projection[level]) + self.head_free[level]
        return weights, self.head_bias[level]

    def logits(self, states: Tensor, level: int) -> Tensor:
        """Score every code of one level.

        Args:
            states: (..., D) of `forward`; only those wanted.
            level: in [0, Q).

        Returns:
            (..., V) logits, in the dtype of the computation.
        """
        return F.linear(states, *self.head(level))

    def forward(
        self,
        semantic_ids: Tensor,
        slots: Tensor,
        codes: Tensor,
        valid: Tensor | None = None,
        code_table: Tensor | None = None,
    ) -> Tensor:
        """Read frames.

        Args:
            semantic_ids: (B, T) int64 in [0, n_semantic]; the last one stands for none.
            slots: (B, T) int64 in [0, n_slots].
            codes: (B, Q, T) int64 in [0, n_codes]; the last one is hidden.
            valid: (B, T) bool, false where a row is padding; `None` if no row is.
            code_table: what `code_table` gave, to save doing it again.

        Returns:
            (B, T, D) states, for `logits`.

        Raises:
            ShapeError: if T is longer than `max_frames`.
        """
        T = slots.shape[1]
        if self.config.max_frames < T:
            raise ShapeError(f"{T} frames; the network reads {self.config.max_frames} at most")
        x = self._embed(semantic_ids, slots, codes, code_table)
        cos, sin = rotary_tables(T, self.config.dim // self.config.n_heads, x.device)
        cos, sin = cos.to(x.dtype), sin.to(x.dtype)
        y = x
        for block in self.blocks:
            y = block(y, cos, sin, valid)
        states: Tensor = self.norm(y + x)
        return states

    def _embed(
        self, semantic_ids: Tensor, slots: Tensor, codes: Tensor, table: Tensor | None
    ) -> Tensor:
        B, Q, T = codes.shape
        table = self.code_table() if table is None else table
        first_rows = torch.arange(Q, device=codes.device) * (self.config.n_codes + 1)
        rows = (codes.transpose(1, 2) + first_rows).reshape(B * T, Q)
        code_sum = F.embedding_bag(rows, table.flatten(0, 1), mode="sum").view(B, T, -1)
        x: Tensor = code_sum + self.semantic_embedding(semantic_ids) + self.slot_embedding(slots)
        x = x + self._voices(code_sum, codes, slots)
        kind = x.device.type
        return x.to(torch.get_autocast_dtype(kind)) if torch.is_autocast_enabled(kind) else x

    def _voices(self, code_sum: Tensor, codes: Tensor, slots: Tensor) -> Tensor:
        """What each frame's speaker sounds like on average: (B, T, D).

        The mean embedding of the frames of the same slot whose codes are all known, which are the
        prompt's and other given ones. Attention could find it; told outright, it is learned soon.
        """
        known = (codes != self.config.hidden_code).all(dim=1) & (slots > 0)
        member = F.one_hot(slots, self.config.n_slots + 1).to(code_sum.dtype) * known[..., None]
        counts = member.sum(dim=1)[..., None]
        means = torch.matmul(member.transpose(1, 2), code_sum) / counts.clamp(min=1.0)
        voices: Tensor = self.voice(means) * (counts > 0)
        return voices.gather(1, slots[..., None].expand(-1, -1, voices.shape[-1]))


def _starting_at_zero(layer: nn.Linear) -> nn.Linear:
    nn.init.zeros_(layer.weight)
    nn.init.zeros_(layer.bias)
    return layer


def _normalised(config: SoundStormConfig, codebooks: Tensor | None) -> Tensor:
    """Codebooks with zero mean and unit variance per level: residual levels are ever smaller."""
    shape = (config.n_levels, config.n_codes, config.code_dim)
    if codebooks is None:
        return torch.zeros(shape)
    if tuple(codebooks.shape) != shape:
        raise ShapeError(f"codebooks have axes {tuple(codebooks.shape)}, the config says {shape}")
    centred = codebooks.float() - codebooks.float().mean(dim=1, keepdim=True)
    return centred / centred.square().mean(dim=(1, 2), keepdim=True).sqrt().clamp_min(1e-6)
