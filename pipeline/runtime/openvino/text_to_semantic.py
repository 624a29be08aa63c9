"""Text-to-semantic's decoder as an OpenVINO graph: one step of many rows a call."""

from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from openvino import opset15 as op
from torch import Tensor

from pipeline.layers.attention import hide_outside
from pipeline.layers.rotary import rotary_tables_at
from pipeline.runtime.openvino.graph import (
    Node,
    compile_graph,
    constant,
    layer_norm,
    linear,
    narrow_type,
    parameter,
    rotary,
    shared_tensor,
    single,
)
from pipeline.text_to_semantic.model import EncodedText, TextToSemantic

GROWTH = 64
"""Positions by which the buffers of keys and values grow: few shapes to get ready for."""


class DecoderEngine:
    """`TextToSemantic.decode_step` for rows that begin together.

    Args:
        network: whose weights are taken; later changes to them are not seen.
        n_threads: cores to use.
        dtype: bfloat16 or float32, to multiply in.
    """

    def __init__(self, network: TextToSemantic, n_threads: int, dtype: torch.dtype) -> None:
        self.network, self.dtype = network, dtype
        self._compiled = compile_graph(*_build(network, dtype), n_threads, dtype)

    def steps(self, text: EncodedText, n_rows: int) -> "DecoderSteps":
        """Get ready to decode; see `pipeline.text_to_semantic.torch_steps.Steps`."""
        return DecoderSteps(self, self._compiled.create_infer_request(), text, n_rows)


class DecoderSteps:
    """Rows on their way; made by `DecoderEngine.steps`."""

    def __init__(self, engine: DecoderEngine, request: Any, text: EncodedText, n_rows: int) -> None:
        self._engine, self._request, self._text = engine, request, text
        config, self._n_layers = engine.network.config, engine.network.config.n_decoder_layers
        self._buffers = torch.zeros(
            2 * self._n_layers,
            n_rows,
            config.n_heads,
            GROWTH,
            engine.network.head_dim,
            dtype=engine.dtype,
        )
        self._bias = _position_bias(0, GROWTH)
        self._kept: dict[str, Tensor] = {}
        self._set_memories()
        self._set_buffers()

    def step(self, semantic_ids: Tensor, position: int) -> tuple[Tensor, Tensor]:
        """Logits (B * C, n_said) and attention (B, C, L), as `TextToSemantic.decode_step`."""
        network = self._engine.network
        if position == self._buffers.shape[3]:
            self._buffers = F.pad(self._buffers, (0, 0, 0, GROWTH))
            self._bias = _position_bias(position, self._buffers.shape[3])
            self._set_buffers()
        states, due = network.embed_step(semantic_ids, self._text, position)
        cos, sin = rotary_tables_at(torch.tensor([position]), network.head_dim)
        for name, values in (("x", states), ("due", due), ("cos", cos), ("sin", sin)):
            self._set(name, values.float())
        self._request.infer()
        logits, attention, made = (
            torch.from_numpy(self._request.get_output_tensor(number).data) for number in range(3)
        )
        self._buffers[:, :, :, position] = made.to(self._buffers.dtype)
        self._bias[..., position] = 0.0
        return logits.clone(), attention[..., self._text.n_prompt :].clone()

    def keep(self, sequences: Tensor, rows: Tensor) -> None:
        """Go on with the given sequences (B',) and rows (B' * C,) only."""
        self._text = self._text.keep(sequences)
        self._buffers = self._buffers[:, rows]
        self._set_memories()
        self._set_buffers()

    def _set_memories(self) -> None:
        for number, memory in enumerate(self._text.memories):
            self._set(f"memory keys {number}", memory.keys.to(self._engine.dtype))
            self._set(f"memory values {number}", memory.values.to(self._engine.dtype))
            self._set(f"memory bias {number}", hide_outside(memory.seen))

    def _set_buffers(self) -> None:
        self._buffers = self._buffers.contiguous()
        for number in range(self._n_layers):
            self._set(f"keys {number}", self._buffers[2 * number])
            self._set(f"values {number}", self._buffers[2 * number + 1])
        self._set("bias", self._bias)

    def _set(self, name: str, values: Tensor) -> None:
        self._kept[name] = values.contiguous()
        self._request.set_tensor(name, shared_tensor(self._kept[name]))


def _position_bias(n_remembered: int, n_places: int) -> Tensor:
    """Lets a position see those remembered and, behind their buffer, itself."""
    places = torch.arange(n_places + 1)
    return hide_outside((places < n_remembered) | (places == n_places))[None, None, None]


def _build(network: TextToSemantic, dtype: torch.dtype) -> tuple[list[Node], list[Node]]:
    """Outputs and inputs of the graph."""
    config, Dh = network.config, network.head_dim
    D, H = config.dim, config.n_heads
    narrow = narrow_type(dtype)
    names = ("x", "due", "cos", "sin", "bias")
    shapes = ([-1, 1, D], [-1, 1, D], [1, Dh // 2], [1, Dh // 2], [1, 1, 1, -1])
    shared = {name: parameter(name, shape) for name, shape in zip(names, shapes, strict=True)}
    inputs, y = list(shared.values()), shared["x"]
    made, attention = [], None
    layers: list[Any] = list(network.decoder)
    for number, layer in enumerate(layers):
        buffers = [
            parameter(f"{kind} {number}", [-1, H, -1, Dh], narrow)
            for kind in ("keys", "values", "memory keys", "memory values")
        ]
        memory_bias = parameter(f"memory bias {number}", [-1, -1, 1, -1])
        inputs += [*buffers, memory_bias]
        keys, values, *memory = (op.convert(buffer, "f32") for buffer in buffers)
        mixed, new = _self_attention(y, layer, shared, (keys, values), (H, Dh))
        made += new
        y = op.add(y, mixed)
        mixed, weights = _cross_attention(y, layer, shared, (*memory, memory_bias), (H, Dh))
        attention = weights if layer.n_weights else attention
        y = op.add(y, mixed)
        y = op.add(y, _feed_forward(y, layer))
    assert attention is not None, "one layer is guided"
    logits = op.add(
        linear(layer_norm(y, network.decoder_norm), network.to_logits),
        linear(shared["due"], network.due_to_logits),
    )
    stacked = op.concat([op.unsqueeze(each, constant([0])) for each in made], 0)
    outputs = [op.squeeze(logits, constant([1])), attention, op.squeeze(stacked, constant([3]))]
    return outputs, inputs


def _self_attention(
    y: Node,
    layer: Any,
    shared: dict[str, Node],
    remembered: tuple[Node, Node],
    shape: Sequence[int],
) -> tuple[Node, list[Node]]:
    """What is added to the states, and this position's keys and values (R, H, 1, Dh)."""
    H, Dh = shape
    projected = linear(layer_norm(y, layer.self_norm), layer.self_attention.to_qkv)
    # one position: (R, 1, 3 * H * Dh) holds the parts of every head in order already
    parts = op.split(op.reshape(projected, constant([0, 3 * H, 1, Dh]), True), single(1), 3)
    scaled = op.multiply(parts.output(0), constant(Dh**-0.5))
    queries = rotary(scaled, shared["cos"], shared["sin"])
    keys = rotary(parts.output(1), shared["cos"], shared["sin"])
    values = parts.output(2)
    mixed = op.scaled_dot_product_attention(
        queries,
        op.concat([remembered[0], keys], 2),
        op.concat([remembered[1], values], 2),
        shared["bias"],
        constant(1.0),
    )
    merged = op.reshape(mixed, constant([0, 1, H * Dh]), True)
    return linear(merged, layer.self_attention.to_states), [keys, op.convert(values, "f32")]


def _cross_attention(
    y: Node, layer: Any, shared: dict[str, Node], memory: Sequence[Node], shape: Sequence[int]
) -> tuple[Node, Node]:
    """What is added to the states, and the guided heads' mean weights (B, C, M)."""
    H, Dh = shape
    keys, values, bias = memory
    attention = layer.cross_attention
    projected = linear(layer_norm(y, layer.cross_norm), attention.to_queries)
    queries = rotary(
        op.reshape(projected, constant([0, H, 1, Dh]), True), shared["cos"], shared["sin"]
    )
    # C rows share a text: (B * C, H, 1, Dh) → (B, C, H, Dh) → (B, H, C, Dh)
    n_texts = op.gather(op.shape_of(keys), constant([0]), single(0))
    grouped = op.reshape(queries, op.concat([n_texts, constant([-1, H, Dh])], 0), False)
    side_by_side = op.transpose(grouped, constant([0, 2, 1, 3]))
    scores = op.matmul(op.multiply(side_by_side, constant(Dh**-0.5)), keys, False, True)
    weights = op.softmax(op.add(scores, bias), -1)
    mixed = op.transpose(op.matmul(weights, values, False, False), constant([0, 2, 1, 3]))
    merged = op.reshape(mixed, constant([-1, 1, H * Dh]), False)
    guided = op.slice(
        weights, constant([0]), constant([max(1, layer.n_weights)]), constant([1]), constant([1])
    )
    return linear(merged, attention.to_states), op.reduce_mean(guided, constant([1]))


def _feed_forward(y: Node, layer: Any) -> Node:
    widen, _, narrow = layer.feed_forward
    widened = op.gelu(linear(layer_norm(y, layer.feed_forward_norm), widen), "tanh")
    return linear(widened, narrow)
