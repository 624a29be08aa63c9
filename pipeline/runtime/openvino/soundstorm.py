"""SoundStorm's blocks as one OpenVINO graph, for packed windows behind cached prefixes."""

from collections.abc import Mapping, Sequence
from typing import Any

import openvino as ov
import torch
import torch.nn.functional as F
from openvino import opset15 as op
from torch import Tensor, nn

from pipeline.layers.attention import PrefixCache, hide_outside
from pipeline.layers.packing import RowPacking, RowSpan
from pipeline.layers.rotary import rotary_tables_at
from pipeline.runtime.openvino.graph import (
    Node,
    compile_graph,
    constant,
    depthwise,
    gated,
    layer_norm,
    linear,
    merge_heads,
    narrow_type,
    parameter,
    pick,
    rotary,
    shared_tensor,
    split_heads,
)
from pipeline.semantic_to_acoustic.model import SoundStorm

MOST_FRAMES = 1024
"""Packed frames of one call: with more, what the blocks pass on no longer stays in the cache."""


class ConformerEngine:
    """`SoundStorm.transform` for packed rows.

    Args:
        network: whose weights are taken; later changes to them are not seen.
        n_threads: cores to use.
        dtype: bfloat16 or float32, to compute in.
        reaches: how far from zero the inputs of each linear layer go, by its name in the network;
            products are then made of 8-bit numbers. `None`: of `dtype`.
    """

    def __init__(
        self,
        network: SoundStorm,
        n_threads: int,
        dtype: torch.dtype,
        reaches: Mapping[str, float] | None = None,
    ) -> None:
        self.config, self.dtype = network.config, dtype
        self.prefixes: dict[bytes, Any] = {}
        self._compiled = compile_graph(*_build(network, dtype, reaches), n_threads, dtype)

    def rows(self, packing: RowPacking, caches: Sequence[Sequence[PrefixCache]]) -> "ConformerRows":
        """Get ready to read packed rows.

        Args:
            packing: where they lie.
            caches: for each row, of each block, the cache of its prefix.
        """
        return ConformerRows(self, packing, caches)

    def request(self, span: RowSpan, caches: Sequence[Sequence[PrefixCache]]) -> "_SpanRequest":
        """Get ready to read rows of one shape."""
        return _SpanRequest(self._compiled.create_infer_request(), span)


class ConformerRows:
    """Reads the same packed rows again and again; made by `ConformerEngine.rows`."""

    def __init__(
        self,
        engine: ConformerEngine,
        packing: RowPacking,
        caches: Sequence[Sequence[PrefixCache]],
    ) -> None:
        self._dtype = engine.dtype
        self._requests = []
        for span in packing.spans:
            for part in _parts(span):
                request = engine.request(part, caches)
                request.fill(engine, packing, [caches[row] for row in part.rows])
                self._requests.append(request)

    def transform(self, x: Tensor) -> Tensor:
        """Run the blocks over packed frames (1, n_packed, D) float32: the states, as torch's."""
        states = torch.empty(x.shape, dtype=self._dtype)
        for request in self._requests:
            place = slice(request.span.start, request.span.stop)
            states[0, place] = request.run(x[0, place])
        return states


def _parts(span: RowSpan) -> list[RowSpan]:
    """A span in parts of 1, 2, 4, ... rows, none too big for one call.

    Every new shape takes the engine time and memory to get ready for: so there are few.
    """
    parts: list[RowSpan] = []
    largest = max(1, MOST_FRAMES // span.n_packed)
    first = 0
    while first < len(span.rows):
        n_rows = 2 ** (min(largest, len(span.rows) - first).bit_length() - 1)
        parts.append(
            RowSpan(
                start=span.start + first * span.n_packed,
                rows=span.rows[first : first + n_rows],
                n_packed=span.n_packed,
                n_prefix=span.n_prefix,
            )
        )
        first += n_rows
    return parts


class _SpanRequest:
    """One call of the graph, all inputs but the frames filled in."""

    def __init__(self, request: ov.InferRequest, span: RowSpan) -> None:
        self.span, self._request = span, request
        self._kept: list[Any] = []  # the memory that the inputs share

    def fill(
        self,
        engine: ConformerEngine,
        packing: RowPacking,
        caches: Sequence[Sequence[PrefixCache]],
    ) -> None:
        """Set what does not change from pass to pass; `caches` for each row of the span."""
        span, dtype = self.span, engine.dtype
        first = span.n_prefix - packing.margin
        places = torch.arange(first, first + span.n_packed)
        cos, sin = rotary_tables_at(places, engine.config.head_dim)
        inside = torch.stack([packing.inside_row(row) for row in span.rows])
        bias = F.pad(hide_outside(inside), (span.n_prefix, 0))[:, None, None]
        self._set("cos", cos)
        self._set("sin", sin)
        self._set("bias", bias)
        self._set("inside", inside[..., None].float())
        for number, own in enumerate(zip(*caches, strict=True)):
            for name in ("keys", "values", "tail"):
                stacked = torch.stack([getattr(cache, name) for cache in own])
                self._set(f"{name} {number}", stacked.to(dtype))

    def run(self, x: Tensor) -> Tensor:
        """States (n, D) float32 of the span's packed frames (n, D) float32."""
        rows = x.view(len(self.span.rows), self.span.n_packed, -1)
        self._request.set_tensor("x", shared_tensor(rows.contiguous()))
        self._request.infer()
        return torch.from_numpy(self._request.get_output_tensor(0).data).view(x.shape)

    def _set(self, name: str, values: Tensor) -> None:
        values = values.contiguous()
        self._kept.append(values)
        self._request.set_tensor(name, shared_tensor(values))


class _Linear:
    """Writes the linear layers of a network, in 8 bits if it is told their reaches."""

    def __init__(self, network: SoundStorm, reaches: Mapping[str, float] | None) -> None:
        self._names = {layer: name for name, layer in network.named_modules()}
        self._reaches = reaches

    def __call__(self, x: Node, layer: nn.Linear, scale: float = 1.0) -> Node:
        reach = None if self._reaches is None else self._reaches[self._names[layer]]
        return linear(x, layer, scale, reach)


def _build(
    network: SoundStorm, dtype: torch.dtype, reaches: Mapping[str, float] | None
) -> tuple[list[Node], list[Node]]:
    """Outputs and inputs of the graph."""
    config, write = network.config, _Linear(network, reaches)
    D, H, Dh = config.dim, config.n_heads, config.head_dim
    margin = config.conv_kernel // 2
    narrow = narrow_type(dtype)
    x = parameter("x", [-1, -1, D])
    shared = {
        "cos": parameter("cos", [-1, Dh // 2]),
        "sin": parameter("sin", [-1, Dh // 2]),
        "bias": parameter("bias", [-1, 1, 1, -1]),
        "inside": parameter("inside", [-1, -1, 1]),
    }
    inputs, y = [x, *shared.values()], x
    blocks: list[Any] = list(network.blocks)
    for number, block in enumerate(blocks):
        keys = parameter(f"keys {number}", [-1, H, -1, Dh], narrow)
        values = parameter(f"values {number}", [-1, H, -1, Dh], narrow)
        tail = parameter(f"tail {number}", [-1, margin, D], narrow)
        inputs += [keys, values, tail]
        cached = [op.convert(each, "f32") for each in (keys, values, tail)]
        y = op.add(y, _feed_forward(y, block.before, write))
        y = op.add(y, _attention(y, block.attention, shared, cached, write))
        y = op.add(y, _convolution(y, block.convolution, shared["inside"], cached[2], write))
        y = op.add(y, _feed_forward(y, block.after, write))
    return [layer_norm(op.add(y, x), network.norm)], inputs


def _feed_forward(x: Node, layer: Any, write: _Linear) -> Node:
    """Half of what a feed-forward gives."""
    widened = op.swish(write(layer_norm(x, layer.norm), layer.widen))
    return write(widened, layer.narrow, 0.5)


def _attention(
    x: Node, layer: Any, shared: dict[str, Node], cached: Sequence[Node], write: _Linear
) -> Node:
    dim, n_heads = layer.merge.in_features, layer.n_heads
    projected = write(layer_norm(x, layer.norm), layer.queries_keys_values)
    split = split_heads(projected, 3, n_heads, dim // n_heads)
    queries = rotary(pick(split, 0), shared["cos"], shared["sin"])
    keys = rotary(pick(split, 1), shared["cos"], shared["sin"])
    all_keys = op.concat([cached[0], keys], 2)
    all_values = op.concat([cached[1], pick(split, 2)], 2)
    mixed = op.scaled_dot_product_attention(queries, all_keys, all_values, shared["bias"])
    return write(merge_heads(mixed, dim), layer.merge)


def _convolution(x: Node, layer: Any, inside: Node, tail: Node, write: _Linear) -> Node:
    frames = op.multiply(gated(write(layer_norm(x, layer.norm), layer.gate)), inside)
    margin = layer.depthwise.kernel_size[1] // 2
    if margin:
        after = op.slice(
            frames, constant([margin]), constant([2**31]), constant([1]), constant([1])
        )
        frames = op.concat([tail, after], 1)
    return write(op.swish(depthwise(frames, layer.depthwise)), layer.narrow)
