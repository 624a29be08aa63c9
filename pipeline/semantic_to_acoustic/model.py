"""Stage 4 of 6, its network: a bidirectional Conformer over summed code embeddings."""

from collections.abc import Sequence
from typing import Any, Protocol

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pipeline.config.networks import SoundStormConfig
from pipeline.errors import ShapeError
from pipeline.layers.attention import FrameMask, PrefixCache, WholeSequences
from pipeline.layers.conformer import ConformerBlock
from pipeline.layers.packing import RowPacking


class PackedBlocks(Protocol):
    """Blocks ready to read the same packed windows again and again."""

    def transform(self, x: Tensor) -> Tensor:
        """As `SoundStorm.transform`, for packed frames (1, n_packed, D) float32."""


class BlockEngine(Protocol):
    """Runs the blocks elsewhere than in torch; `pipeline.runtime.openvino` has one.

    Attributes:
        prefixes: what was read of prompts, by their tokens: its weights do not change any more.
    """

    prefixes: dict[bytes, Any]

    def rows(self, packing: RowPacking, caches: Sequence[Sequence[PrefixCache]]) -> PackedBlocks:
        """Get ready to read packed windows; `caches` of each row's prefix, for each block."""


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

    Attributes:
        engine: what runs the blocks in generation; `None`: torch does.

    Raises:
        ShapeError: if the codebooks' axes are not the config's.
    """

    codebooks: Tensor

    def __init__(self, config: SoundStormConfig, codebooks: Tensor | None = None) -> None:
        super().__init__()
        self.config = config
        self.engine: BlockEngine | None = None
        D, Q = config.dim, config.n_levels
        self.register_buffer("codebooks", _normalised(config, codebooks))
        # conditions: what is said, who says it; one row more for none
        self.semantic_embedding = nn.Embedding(config.n_semantic + 1, D)
        self.slot_embedding = nn.Embedding(config.n_slots + 1, D)
        # codes in
        self.code_projection = nn.Parameter(torch.randn(Q, config.code_dim, D) * Q**-0.5)
        self.code_free = nn.Parameter(torch.zeros(Q, config.n_codes, D))
        self.hidden_embedding = nn.Parameter(torch.randn(Q, 1, D) * Q**-0.5)
        # mean embedding of a slot's prompt → what is added to the slot's frames
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
        # codes out
        self.head_projection = nn.Parameter(
            torch.randn(Q, config.code_dim, D) * 0.3 * (config.code_dim / D) ** 0.5
        )
        self.head_free = nn.Parameter(torch.zeros(Q, config.n_codes, D))
        self.head_bias = nn.Parameter(torch.zeros(Q, config.n_codes))

    def code_table(self) -> Tensor:
        """Embeddings (Q, V + 1, D) float32 of every code, the hidden one last."""
        scaled = self.codebooks * self.config.code_dim**-0.5
        # (Q, V, code_dim) @ (Q, code_dim, D) → (Q, V, D)
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
        weights, bias = self.head(level)
        return F.linear(states, weights.to(states.dtype), bias.to(states.dtype))

    def forward(
        self,
        semantic_ids: Tensor,
        slots: Tensor,
        codes: Tensor,
        prefix: Tensor | None = None,
        valid: Tensor | None = None,
    ) -> Tensor:
        """Read whole sequences, prompts and all.

        Args:
            semantic_ids: (B, T) int64 in [0, n_semantic]; the last one stands for none.
            slots: (B, T) int64 in [0, n_slots].
            codes: (B, Q, T) int64 in [0, n_codes]; the last one is hidden.
            prefix: (B, T) bool, true for the frames before the window: prompts and gaps. They see
                only each other, and tell what each slot sounds like. `None`: there are none.
            valid: (B, T) bool, false where a row is padding; `None` if no row is.

        Returns:
            (B, T, D) states, for `logits`.

        Raises:
            ShapeError: if T is longer than `max_frames`.
        """
        T = slots.shape[1]
        if self.config.max_frames < T:
            raise ShapeError(f"{T} frames; the network reads {self.config.max_frames} at most")
        # a frame is the sum of its codes, its semantic id and its slot: (B, T, D)
        code_sums = self.sum_codes(codes, self.code_table())
        x = code_sums + self.embed_conditions(semantic_ids, slots)
        # and of its slot's voice: (B, n_slots + 1, D) → (B, T, D)
        if prefix is not None:
            voices = self.voices(code_sums, codes, slots, prefix)
            x = x + voices.gather(1, slots[..., None].expand(-1, -1, voices.shape[-1]))
        # the prefix sees itself, the window sees both
        frame_mask = WholeSequences(T, self.config.head_dim, x.device, valid, prefix)
        return self.transform(x, [frame_mask] * len(self.blocks))

    def sum_codes(self, codes: Tensor, table: Tensor) -> Tensor:
        """Sum the embeddings of each frame's codes.

        Args:
            codes: (B, Q, T) int64 in [0, n_codes].
            table: of `code_table`.

        Returns:
            (B, T, D) float32.
        """
        B, Q, T = codes.shape
        # one table (Q * (V + 1), D) for all levels; each frame is a bag of Q of its rows
        first_rows = torch.arange(Q, device=codes.device) * (self.config.n_codes + 1)
        rows = (codes.transpose(1, 2) + first_rows).reshape(B * T, Q)
        return F.embedding_bag(rows, table.flatten(0, 1), mode="sum").view(B, T, -1)

    def embed_conditions(self, semantic_ids: Tensor, slots: Tensor) -> Tensor:
        """What frames (..., T) are known by whatever their codes are: (..., T, D) float32."""
        embedded: Tensor = self.semantic_embedding(semantic_ids) + self.slot_embedding(slots)
        return embedded

    def voices(self, code_sums: Tensor, codes: Tensor, slots: Tensor, prefix: Tensor) -> Tensor:
        """What each slot sounds like on average.

        The mean embedding of its frames in the prefix whose codes are all known. Attention could
        find it; told outright, it is learned soon.

        Args:
            code_sums: (B, T, D) of `sum_codes`.
            codes: (B, Q, T) int64.
            slots: (B, T) int64.
            prefix: (B, T) bool.

        Returns:
            (B, n_slots + 1, D) float32, zeros for slots not in the prefix.
        """
        # frames that count: (B, T)
        known = (codes != self.config.hidden_code).all(dim=1) & (slots > 0) & prefix
        # to which slot they count: (B, T, n_slots + 1)
        member = F.one_hot(slots, self.config.n_slots + 1).to(code_sums.dtype) * known[..., None]
        counts = member.sum(dim=1)[..., None]
        # (B, n_slots + 1, T) @ (B, T, D), over how many there are
        means = torch.matmul(member.transpose(1, 2), code_sums) / counts.clamp(min=1.0)
        voices: Tensor = self.voice(means) * (counts > 0)
        return voices

    def transform(self, x: Tensor, frame_masks: Sequence[FrameMask]) -> Tensor:
        """Run the blocks.

        Args:
            x: (B, T, D), the sum of everything embedded.
            frame_masks: for each block, which frames see which.

        Returns:
            (B, T, D) states, in the number type of the computation.
        """
        kind = x.device.type
        narrow = torch.is_autocast_enabled(kind)
        x = x.to(torch.get_autocast_dtype(kind) if narrow else self.norm.weight.dtype)
        y = x
        for block, frame_mask in zip(self.blocks, frame_masks, strict=True):
            y = block(y, frame_mask)
        # what went in, once more beside all blocks
        states: Tensor = self.norm(y + x)
        return states

    def compute_in(self, dtype: torch.dtype) -> "SoundStorm":
        """Keep what multiplies frames in a number type, for inference; tables stay in float32."""
        self.blocks.to(dtype)
        self.norm.to(dtype)
        for module in self.blocks.modules():
            if isinstance(module, nn.Conv2d):
                module.float()  # its float32 kernel is the faster one on a CPU
        return self


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
