"""The baseline's networks: a prefix, then flattened codes, each told by those before it.

    coarse  semantic ids of the passage | levels 1..4 of frame 1, levels 1..4 of frame 2, ...
    fine    levels 1..4 of the chunk    | levels 5..8 of frame 1, levels 5..8 of frame 2, ...

AudioLM section III-C (arXiv 2209.03143). What SoundStorm is told, the baseline is told as well, for
the two shall differ in how they generate: position counts time, an id of the prefix standing where
the codes of its moment stand; beside each code its moment's id is given once more, because in a
short training attention hardly learns to find it; codes are embedded and scored through the codec's
own codebook vectors.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from benchmarks.audiolm.config import AudioLMConfig
from pipeline.errors import ShapeError
from pipeline.layers.rotary import rotary_tables_at
from pipeline.layers.transformer import EncoderLayer


class CodeDecoder(nn.Module):
    """Causal transformer that tells the next of the flattened codes of some levels.

    Args:
        config: its shape.
        codebooks: (n, V, code_dim) float32 of the levels it makes.
    """

    codebooks: Tensor

    def __init__(self, config: AudioLMConfig, codebooks: Tensor) -> None:
        super().__init__()
        self.config = config
        n, D = len(codebooks), config.dim
        self.register_buffer("codebooks", _normalised(codebooks))
        self.start = nn.Parameter(torch.randn(D))
        self.level_embedding = nn.Parameter(0.5 * torch.randn(n, 1, D))
        self.code_projection = nn.Parameter(torch.randn(n, config.code_dim, D))
        self.code_free = nn.Parameter(torch.zeros(n, config.n_codes, D))
        self.beside = nn.Linear(D, D, bias=False)
        nn.init.zeros_(self.beside.weight)
        self.layers = nn.ModuleList(
            EncoderLayer(D, config.n_heads, config.feed_forward_dim, dropout=0.0)
            for _ in range(config.n_layers)
        )
        self.norm = nn.LayerNorm(D)
        self.head_projection = nn.Parameter(
            torch.randn(n, config.code_dim, D) * 0.3 * (config.code_dim / D) ** 0.5
        )
        self.head_free = nn.Parameter(torch.zeros(n, config.n_codes, D))
        self.head_bias = nn.Parameter(torch.zeros(n, config.n_codes))

    @property
    def n_made(self) -> int:
        """Levels it makes."""
        return len(self.codebooks)

    def code_table(self) -> Tensor:
        """Embeddings (n, V, D) float32 of every code it makes."""
        scaled = self.codebooks * self.config.code_dim**-0.5
        return torch.matmul(scaled, self.code_projection) + self.code_free + self.level_embedding

    def heads(self) -> tuple[Tensor, Tensor]:
        """Weights (n, V, D) and biases (n, V) of the logits of every level."""
        scaled = self.codebooks / self.config.code_dim
        return torch.matmul(scaled, self.head_projection) + self.head_free, self.head_bias

    def embed_prefix(self, prefix: Tensor) -> Tensor:
        """Embed what comes first; (B, P, D)."""
        raise NotImplementedError

    def embed_moments(self, prefix: Tensor) -> Tensor:
        """Embed what the prefix says of each frame; (B, T, D)."""
        raise NotImplementedError

    def prefix_positions(self, n_prefix: int, device: torch.device) -> Tensor:
        """Where the elements of a prefix stand among the flattened codes: (P,) float32."""
        raise NotImplementedError

    def tables(self, n_prefix: int, n_flat: int, device: torch.device) -> tuple[Tensor, Tensor]:
        """Rotary cosines and sines (P + n_flat, Dh // 2) of a prefix and flattened codes."""
        positions = torch.cat(
            (self.prefix_positions(n_prefix, device), torch.arange(n_flat, device=device))
        )
        return rotary_tables_at(positions, self.config.dim // self.config.n_heads)

    def embed(self, prefix: Tensor, codes: Tensor) -> Tensor:
        """Embed a prefix and, each one step late, the flattened codes behind it.

        Args:
            prefix: as `embed_prefix` takes it, of T frames or more.
            codes: (B, n, T) int64.

        Returns:
            (B, P + n * T, D): the input at whose place a code is told does not know it.
        """
        B, n, T = codes.shape
        first_rows = torch.arange(n, device=codes.device) * self.config.n_codes
        rows = (codes.transpose(1, 2) + first_rows).flatten(1)[:, :-1]
        flat = F.embedding(rows, self.code_table().flatten(0, 1))
        late = torch.cat((self.start.expand(B, 1, -1), flat), dim=1)
        told = self.beside(self.embed_moments(prefix)[:, :T]).repeat_interleave(n, dim=1)
        return torch.cat((self.embed_prefix(prefix), late + told), dim=1)

    def forward(self, prefix: Tensor, codes: Tensor) -> Tensor:
        """Read true codes and say what would be told at the place of each.

        Args:
            prefix: as `embed_prefix` takes it.
            codes: (B, n, T) int64, each in [0, n_codes).

        Returns:
            (B, n, T, D) states; with the head of its level, each scores the code at its place,
            of which it has seen only those before.
        """
        B, n, T = codes.shape
        x = self.embed(prefix, codes)
        kind = x.device.type
        x = x.to(torch.get_autocast_dtype(kind)) if torch.is_autocast_enabled(kind) else x
        L = x.shape[1]
        cos, sin = self.tables(L - n * T, n * T, x.device)
        tables = (cos.to(x.dtype), sin.to(x.dtype))
        seen = torch.ones(1, 1, L, L, dtype=torch.bool, device=x.device).tril()
        for layer in self.layers:
            x = layer(x, tables, seen)
        states: Tensor = self.norm(x[:, L - n * T :])
        return states.view(B, T, n, -1).transpose(1, 2)


class CoarseStage(CodeDecoder):
    """Semantic ids → levels 1 to `n_coarse`.

    Args:
        config: its shape.
        codebooks: (Q, V, code_dim) float32, the codec's.
    """

    def __init__(self, config: AudioLMConfig, codebooks: Tensor) -> None:
        super().__init__(config, codebooks[: config.n_coarse])
        self.semantic_embedding = nn.Embedding(config.n_semantic, config.dim)

    def embed_prefix(self, prefix: Tensor) -> Tensor:
        """Embed semantic ids (B, S) int64."""
        embedded: Tensor = self.semantic_embedding(prefix)
        return embedded

    def embed_moments(self, prefix: Tensor) -> Tensor:
        """Embed the semantic id of each frame."""
        return self.embed_prefix(prefix).repeat_interleave(self.config.frames_per_semantic, dim=1)

    def prefix_positions(self, n_prefix: int, device: torch.device) -> Tensor:
        """An id stands in the middle of the codes it is about."""
        each = self.config.coarse_codes_per_id
        return torch.arange(n_prefix, device=device) * each + (each - 1) / 2


class FineStage(CodeDecoder):
    """Levels 1 to `n_coarse` of a chunk → the others.

    Args:
        config: its shape.
        codebooks: (Q, V, code_dim) float32, the codec's.
    """

    coarse_codebooks: Tensor

    def __init__(self, config: AudioLMConfig, codebooks: Tensor) -> None:
        super().__init__(config, codebooks[config.n_coarse :])
        n, D = config.n_coarse, config.dim
        self.register_buffer("coarse_codebooks", _normalised(codebooks[:n]))
        self.coarse_level_embedding = nn.Parameter(0.5 * torch.randn(n, 1, D))
        self.coarse_projection = nn.Parameter(torch.randn(n, config.code_dim, D))
        self.coarse_free = nn.Parameter(torch.zeros(n, config.n_codes, D))

    def embed_prefix(self, prefix: Tensor) -> Tensor:
        """Embed flattened codes (B, T * n_coarse) int64, without the offsets of their levels."""
        scaled = self.coarse_codebooks * self.config.code_dim**-0.5
        table = torch.matmul(scaled, self.coarse_projection) + self.coarse_free
        table = table + self.coarse_level_embedding
        levels = torch.arange(prefix.shape[1], device=prefix.device) % self.config.n_coarse
        return F.embedding(prefix + levels * self.config.n_codes, table.flatten(0, 1))

    def embed_moments(self, prefix: Tensor) -> Tensor:
        """Embed the coarse codes of each frame, summed; still of unit variance."""
        n = self.config.n_coarse
        embedded = self.embed_prefix(prefix)
        by_frame = embedded.view(len(prefix), -1, n, self.config.dim).sum(dim=2)
        return torch.mul(by_frame, n**-0.5)

    def prefix_positions(self, n_prefix: int, device: torch.device) -> Tensor:
        """The coarse codes of a frame are spread over the place of its fine ones."""
        share = self.config.n_fine / self.config.n_coarse
        return torch.arange(n_prefix, device=device) * share


class AudioLM(nn.Module):
    """Both stages, as they are stored together.

    Args:
        config: their shape.
        codebooks: (Q, V, code_dim) float32, the codec's; `None` if weights are loaded afterwards.

    Raises:
        ShapeError: if the codebooks' axes are not the config's.
    """

    def __init__(self, config: AudioLMConfig, codebooks: Tensor | None = None) -> None:
        super().__init__()
        shape = (config.n_levels, config.n_codes, config.code_dim)
        if codebooks is None:
            codebooks = torch.zeros(shape)
        if tuple(codebooks.shape) != shape:
            raise ShapeError(
                f"codebooks have axes {tuple(codebooks.shape)}, the config says {shape}"
            )
        self.config = config
        self.coarse = CoarseStage(config, codebooks)
        self.fine = FineStage(config, codebooks)


def flatten_codes(codes: Tensor) -> Tensor:
    """Codes (B, n, T) frame by frame: (B, T * n)."""
    return codes.transpose(1, 2).flatten(1)


def _normalised(codebooks: Tensor) -> Tensor:
    """Codebooks with zero mean and unit variance per level: residual levels are ever smaller."""
    centred = codebooks.float() - codebooks.float().mean(dim=1, keepdim=True)
    return centred / centred.square().mean(dim=(1, 2), keepdim=True).sqrt().clamp_min(1e-6)
