"""Codes one after another, as fast as plain PyTorch allows: weights laid out once, a static cache.

What is done per code was chosen by measuring on a core with AVX512-bf16: the products of one row
take a third of float32's time in bfloat16 (0.6 against 2.1 ms a code), attention over a bfloat16
cache seven times as long as over a float32 one (475 against 66 µs for 1000 places).
"""

import contextlib
from dataclasses import dataclass
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor

from benchmarks.audiolm.model import CodeDecoder
from pipeline.layers.transformer import EncoderLayer

FRAMES_PER_DRAW = 25
"""Random numbers are drawn for so many frames at once."""


@dataclass(frozen=True, slots=True)
class _Layer:
    """Weights of one layer as the steps want them."""

    attention_norm: tuple[Tensor, Tensor]
    to_qkv: Tensor
    to_states: Tensor
    feed_forward_norm: tuple[Tensor, Tensor]
    widen: tuple[Tensor, Tensor]
    narrow: tuple[Tensor, Tensor]


class CachedDecoder:
    """One stage, ready to generate.

    Args:
        stage: its network; later changes to it do not arrive here.
        dtype: of weights and states. The cache is float32 on a CPU and of this type elsewhere.
    """

    def __init__(self, stage: CodeDecoder, dtype: torch.dtype) -> None:
        self.stage, self.dtype = stage, dtype
        self.device = stage.start.device
        self.cache_dtype = torch.float32 if self.device.type == "cpu" else dtype
        self.n_heads = stage.config.n_heads
        self._layers = [
            _prepared(cast(EncoderLayer, layer), self.n_heads, dtype) for layer in stage.layers
        ]
        self._norm = _both(stage.norm.weight, stage.norm.bias, dtype)
        with torch.no_grad():
            weights, biases = stage.heads()
            self._heads = [head.to(dtype).contiguous() for head in weights]
            self._biases = biases.detach().float()[:, None]
            self._tables = [table.to(dtype).contiguous() for table in stage.code_table()]

    def bytes_per_step(self, batch_size: int, n_cached: int) -> int:
        """Bytes that making one code in every row has to read: weights once, every row's cache.

        Args:
            batch_size: rows.
            n_cached: positions of the sequence so far.
        """
        layers: int = sum(
            tensor.nbytes
            for layer in self._layers
            for tensor in (layer.to_qkv, layer.to_states, layer.widen[0], layer.narrow[0])
        )
        cached: int = 2 * len(self._layers) * self.stage.config.dim * self.cache_dtype.itemsize
        head: int = self._heads[0].nbytes
        return layers + head + batch_size * n_cached * cached

    @torch.inference_mode()
    def generate(
        self,
        prefix: Tensor,
        given: Tensor,
        n_frames: int,
        temperature: float,
        rng: torch.Generator,
    ) -> Tensor:
        """Go on from given codes.

        Args:
            prefix: (B, P) int64, as the stage's `embed_prefix` takes it.
            given: (B, n, T0) int64 codes of the first frames; T0 may be 0.
            n_frames: T, with the given ones; more than T0.
            temperature: of the draw; 0 takes the likeliest code.
            rng: CPU generator of the draws.

        Returns:
            (B, n, T) int64, the given codes first. Only codes of a place's own level are scored.
        """
        B, n, T0 = given.shape
        n_prefix = prefix.shape[1]
        codes = torch.empty(B, n, n_frames, dtype=torch.int64, device=self.device)
        codes[:, :, :T0] = given
        self._allocate(len(prefix), n_prefix, n * n_frames)
        state = self._prefill(prefix, given)
        told = self.stage.beside(self.stage.embed_moments(prefix)).to(self.dtype)
        told = told.repeat_interleave(n, dim=1)
        noise = self._biases[:0]
        with _kernels_for(B):
            for place in range(n * T0, n * n_frames):
                frame, level = divmod(place, n)
                if len(noise) == 0:
                    n_drawn = min(FRAMES_PER_DRAW, n_frames - frame)
                    noise = self._draw((n_drawn * n, B), temperature, rng)
                ids = (F.linear(state, self._heads[level]) + noise[0]).argmax(dim=-1)
                codes[:, level, frame] = ids
                noise = noise[1:]
                if place + 1 < n * n_frames:
                    x = F.embedding(ids[:, None], self._tables[level])
                    x = x + told[:, place + 1, None]
                    state = self._run(x, n_prefix + place + 1)
        return codes

    def _draw(self, places: tuple[int, int], temperature: float, rng: torch.Generator) -> Tensor:
        """Heads' biases and Gumbel noise: the largest score is a draw.

        Args:
            places: how many codes of how many rows.
            temperature: factor of the noise.
            rng: CPU generator.

        Returns:
            (places, B, V) float32.
        """
        n, _, V = self._biases.shape
        noise = torch.empty(*places, V).exponential_(generator=rng).log_()
        biases = self._biases.repeat(places[0] // n, 1, 1)
        return torch.sub(biases, noise.to(self.device), alpha=temperature)

    def _allocate(self, n_rows: int, n_prefix: int, n_flat: int) -> None:
        """A cache for the whole sequence, and the angles of all its places."""
        config, L = self.stage.config, n_prefix + n_flat
        Dh = config.dim // config.n_heads
        self._cache = torch.empty(
            len(self._layers), 2, n_rows, config.n_heads, L, Dh,
            dtype=self.cache_dtype, device=self.device,
        )  # fmt: skip
        cos, sin = self.stage.tables(n_prefix, n_flat, self.device)
        turns = torch.complex(cos, sin)
        # queries and keys are turned; values stay as they are
        self._turns = torch.stack((turns, turns, torch.ones_like(turns)), dim=1)[:, :, None]

    def _prefill(self, prefix: Tensor, given: Tensor) -> Tensor:
        """Read prefix and given codes at once; the last state of every row (B, D)."""
        _, n, T0 = given.shape
        x = self.stage.embed(prefix, F.pad(given, (0, 1)))  # up to the input of the code to come
        x = x[:, : prefix.shape[1] + 1 + n * T0].to(self.dtype)
        return self._run(x.contiguous(), 0)

    def _run(self, x: Tensor, start: int) -> Tensor:
        """Take places through all layers, and keep their keys and values.

        Args:
            x: (B, M, D) embeddings; M is 1, or the places are the first.
            start: place of the first of them.

        Returns:
            (B, D) states of the last place, to be scored.
        """
        B, M, D = x.shape
        H, x = self.n_heads, x.view(B * M, D)
        turns = self._turns[start : start + M]
        known = self._cache.narrow(-2, 0, start + M).unbind()
        places = self._cache.narrow(-2, start, M).unbind()
        for layer, kept, place in zip(self._layers, known, places, strict=True):
            normed = F.layer_norm(x, (D,), *layer.attention_norm)
            qkv = F.linear(normed, layer.to_qkv).float().view(B, M, 3, H, -1, 2)
            turned = torch.view_as_real(torch.view_as_complex(qkv) * turns)
            by_kind = turned.view(B, M, 3, H, -1).permute(2, 0, 3, 1, 4)
            place.copy_(by_kind[1:])
            mixed = _attend(by_kind[0].to(self.cache_dtype), kept[0], kept[1])
            mixed = mixed.transpose(1, 2).reshape(B * M, D).to(self.dtype)
            x = x + F.linear(mixed, layer.to_states)
            wide = F.linear(F.layer_norm(x, (D,), *layer.feed_forward_norm), *layer.widen)
            x = x + F.linear(F.gelu(wide, approximate="tanh"), *layer.narrow)
        return F.layer_norm(x.view(B, M, D)[:, -1], (D,), *self._norm)


def _attend(queries: Tensor, keys: Tensor, values: Tensor) -> Tensor:
    """(B, H, M, Dh) for scaled queries of the last place, or of all places, each up to itself.

    Over a long cache on a CPU, products written out are faster than the fused kernel (2.2 against
    2.9 ms for six layers of 2250 places).
    """
    if queries.device.type == "cpu" and queries.shape[2] == 1:
        return (queries @ keys.transpose(2, 3)).softmax(dim=-1) @ values
    is_causal = queries.shape[2] > 1
    return F.scaled_dot_product_attention(queries, keys, values, is_causal=is_causal, scale=1.0)


def _kernels_for(batch_size: int) -> contextlib.AbstractContextManager[None]:
    """Products of one row go past oneDNN, which takes twice as long for them in bfloat16."""
    if batch_size > 1:
        return contextlib.nullcontext()
    return cast(
        contextlib.AbstractContextManager[None],
        torch.backends.mkldnn.flags(enabled=False, allow_tf32=None),  # None: left as it is
    )


def _prepared(layer: EncoderLayer, n_heads: int, dtype: torch.dtype) -> _Layer:
    attention = layer.attention
    widen, _, narrow = layer.feed_forward
    return _Layer(
        attention_norm=_both(layer.attention_norm.weight, layer.attention_norm.bias, dtype),
        to_qkv=_pairs_side_by_side(attention.to_qkv.weight.detach(), n_heads).to(dtype),
        to_states=attention.to_states.weight.detach().to(dtype),
        feed_forward_norm=_both(
            layer.feed_forward_norm.weight, layer.feed_forward_norm.bias, dtype
        ),
        widen=_both(cast(Tensor, widen.weight), cast(Tensor, widen.bias), dtype),
        narrow=_both(cast(Tensor, narrow.weight), cast(Tensor, narrow.bias), dtype),
    )


def _both(weight: Tensor, bias: Tensor, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    return weight.detach().to(dtype), bias.detach().to(dtype)


def _pairs_side_by_side(to_qkv: Tensor, n_heads: int) -> Tensor:
    """Order the rows that make queries and keys so that channels turned together are neighbours.

    A turn is then one product of complex numbers. Queries and keys are reordered alike, so that
    their products are the same. Queries are scaled here, once.
    """
    queries, keys, values = to_qkv.chunk(3)
    D = to_qkv.shape[1]
    queries = queries * (D // n_heads) ** -0.5

    def reordered(rows: Tensor) -> Tensor:
        return rows.view(n_heads, 2, -1, D).transpose(1, 2).reshape(-1, D)

    return torch.cat((reordered(queries), reordered(keys), values)).contiguous()
