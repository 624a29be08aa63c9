"""Stage 3 of 6: text ids → semantic ids; the network.

Encoder-decoder transformer after SPEAR-TTS S1 (arXiv 2302.03540). Besides the usual, the decoder
knows when each character should be about to sound: the cross-attention's rotary positions are time
on both sides, and a character's is the sum of the durations before it, which the encoder predicts
(as FastSpeech does, arXiv 1905.09263). So the attention starts near the right place instead of
having to find it: with little training it never did. The first heads of one layer see spoken
characters only, are taught to follow them (as Tachibana 2017 does, arXiv 1710.08969, but with each
character's own time), and tell at generation how far the text is spoken. The decoder is also fed
what the encoder says of the character that is due.
"""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from pipeline.config.networks import TextToSemanticConfig
from pipeline.layers.rotary import rotary_tables, rotary_tables_at
from pipeline.layers.transformer import DecoderLayer, EncoderLayer, KeyValueCache, Memory
from pipeline.text_to_semantic.alphabet import SemanticAlphabet
from pipeline.text_to_semantic.layout import TextLayout, read_layout, starts_from

CONTEXT_ROLE, PROMPT_ROLE, FIRST_SPOKEN_ROLE = 0, 1, 2

MAX_CHARACTER_IDS = 25.0
"""Longest that one character may be predicted to last: a second."""


class Steps(Protocol):
    """Decodes rows, one id each a step; C neighbouring rows share one of B texts."""

    def step(self, semantic_ids: Tensor, position: int) -> tuple[Tensor, Tensor]:
        """Logits after one more id, and where the text was attended to.

        Args:
            semantic_ids: (B * C,) int64, the ids at `position`.
            position: how many ids were fed before; steps come in order.

        Returns:
            As `TextToSemantic.decode_step`.
        """

    def keep(self, sequences: Tensor, rows: Tensor) -> None:
        """Go on with some only.

        Args:
            sequences: (B',) int64, of the texts.
            rows: (B' * C,) int64, of the rows.
        """


class StepEngine(Protocol):
    """Decodes elsewhere than in torch; `pipeline.runtime.openvino` has one."""

    def steps(self, text: "EncodedText", n_rows: int) -> Steps:
        """Get ready to decode that many rows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EncodedText:
    """What the decoder needs of the text.

    Attributes:
        memories: one for each decoder layer, over P prompt ids and L text ids.
        states: (B, L, D); the encoder's, of the text.
        layout: of the L text ids.
        n_prompt: P.
        log_durations: (B, L) float32; predicted, log(1 + semantic ids), for timed ids.
    """

    memories: tuple[Memory, ...]
    states: Tensor
    layout: TextLayout
    n_prompt: int
    log_durations: Tensor

    def keep(self, rows: Tensor) -> "EncodedText":
        """Only the given rows (R,) int64 of the batch."""
        memories = tuple(
            Memory(keys=m.keys[rows], values=m.values[rows], seen=m.seen[rows])
            for m in self.memories
        )
        return EncodedText(
            memories=memories,
            states=self.states[rows],
            layout=self.layout.keep(rows),
            n_prompt=self.n_prompt,
            log_durations=self.log_durations[rows],
        )


class TextToSemantic(nn.Module):
    """Characters, with markers and an optional voice prompt, to logits of semantic ids.

    Args:
        config: sizes and alphabets.
        dropout: on every residual path, in training.

    Attributes:
        engine: what decodes in generation; `None`: torch does.
    """

    def __init__(self, config: TextToSemanticConfig, dropout: float = 0.1) -> None:
        super().__init__()
        self.config = config
        self.engine: StepEngine | None = None
        self.alphabet = SemanticAlphabet(config.n_semantic)
        self.head_dim = config.dim // config.n_heads
        self.text_embedding = nn.Embedding(config.n_text_ids, config.dim)
        self.prompt_embedding = nn.Embedding(config.n_semantic, config.dim)
        self.role_embedding = nn.Embedding(FIRST_SPOKEN_ROLE + config.n_pace_bins, config.dim)
        self.semantic_embedding = nn.Embedding(self.alphabet.n_fed, config.dim)
        shape = (config.dim, config.n_heads, config.feed_forward_dim, dropout)
        self.encoder = nn.ModuleList(EncoderLayer(*shape) for _ in range(config.n_encoder_layers))
        self.encoder_norm = nn.LayerNorm(config.dim)
        self.to_log_duration = nn.Linear(config.dim, 1)
        self.from_due = nn.Linear(config.dim, config.dim)
        self.decoder = nn.ModuleList(
            DecoderLayer(*shape, n_weights=config.n_guided_heads if i == config.guided_layer else 0)
            for i in range(config.n_decoder_layers)
        )
        self.decoder_norm = nn.LayerNorm(config.dim)
        self.to_logits = nn.Linear(config.dim, self.alphabet.n_said)
        self.due_to_logits = nn.Linear(config.dim, self.alphabet.n_said)
        self.dropout = nn.Dropout(dropout)
        self.apply(_initialise)

    def encode(
        self,
        text_ids: Tensor,
        valid: Tensor,
        prompts: Sequence[Tensor | None],
        durations: Tensor | None = None,
    ) -> EncodedText:
        """Read the text.

        Args:
            text_ids: (B, L) int64.
            valid: (B, L) bool; False is padding, on the right.
            prompts: for each row semantic ids (P,) int64 of the voice, or `None`.
            durations: (B, L) float32, semantic ids that each timed id shall last; `None`: those
                that the network predicts.

        Returns:
            Keys and values for every decoder layer.
        """
        layout = read_layout(text_ids, valid, self.config)
        # prompt and text read together: (B, P + L, D)
        states, seen = self._read(text_ids, valid, prompts, layout)
        n_prompt = states.shape[1] - text_ids.shape[1]
        # how long each character lasts, and from that when it starts: (B, L)
        log_durations = self.to_log_duration(states[:, n_prompt:])[..., 0].float()
        if durations is None:
            durations = _durations(log_durations)
        timed = dataclasses.replace(layout, starts=starts_from(durations, layout))
        # keys and values for the cross-attention of every decoder layer
        memories = self._remember(states, seen, timed, n_prompt)
        return EncodedText(
            memories=memories,
            states=states[:, n_prompt:],
            layout=timed,
            n_prompt=n_prompt,
            log_durations=log_durations,
        )

    def predict_durations(
        self, text_ids: Tensor, valid: Tensor, prompts: Sequence[Tensor | None]
    ) -> Tensor:
        """Semantic ids that each timed id will last, (B, L) float32; arguments as in `encode`."""
        layout = read_layout(text_ids, valid, self.config)
        states, _ = self._read(text_ids, valid, prompts, layout)
        return _durations(self.to_log_duration(states[:, -text_ids.shape[1] :])[..., 0].float())

    def text_states(self, text_ids: Tensor, valid: Tensor) -> Tensor:
        """What the encoder makes of texts without a voice prompt; arguments as in `encode`.

        Returns:
            (B, L, D).
        """
        layout = read_layout(text_ids, valid, self.config)
        return self._read(text_ids, valid, [None] * len(text_ids), layout)[0]

    def _read(
        self, text_ids: Tensor, valid: Tensor, prompts: Sequence[Tensor | None], layout: TextLayout
    ) -> tuple[Tensor, Tensor]:
        """States (B, P + L, D) of prompts and texts, and (B, P + L) bool: True: no padding."""
        # prompts end where the text begins: (B, P)
        prompt_ids, prompt_valid = pad_prompts(prompts, text_ids.device)
        # an id's role: context, prompt, or spoken at one of the paces
        roles = torch.where(layout.spoken, layout.pace_bins + FIRST_SPOKEN_ROLE, CONTEXT_ROLE)
        text = self.text_embedding(text_ids) + self.role_embedding(roles)
        prompt = self.prompt_embedding(prompt_ids) + self.role_embedding.weight[PROMPT_ROLE]
        # (B, P, D) and (B, L, D) → (B, P + L, D)
        states = self.dropout(torch.cat((prompt, text), dim=1))
        seen = torch.cat((prompt_valid, valid), dim=1)
        tables = rotary_tables(states.shape[1], self.head_dim, states.device)
        # every id sees all that is no padding
        for layer in self.encoder:
            states = layer(states, tables, seen[:, None, None])
        return self.encoder_norm(states), seen

    def _remember(
        self, states: Tensor, seen: Tensor, layout: TextLayout, n_prompt: int
    ) -> tuple[Memory, ...]:
        # the prompt's ids stand in time before the text: one semantic id each
        before = torch.arange(-n_prompt, 0, device=states.device).expand(len(states), -1)
        starts = torch.cat((before + layout.starts[:, :1], layout.starts), dim=1)
        # each row has times of its own: tables (B, 1, P + L, Dh / 2)
        cos, sin = rotary_tables_at(starts, self.head_dim)
        tables = (cos[:, None], sin[:, None])
        everything = seen[:, None, None]
        # guided heads see spoken characters only, the others all: (B, H, 1, P + L)
        spoken = torch.cat((torch.zeros_like(seen[:, :n_prompt]), layout.spoken), dim=1)
        heads = torch.arange(self.config.n_heads, device=states.device)[:, None, None]
        guided = torch.where(heads < self.config.n_guided_heads, spoken[:, None, None], everything)
        layers: list[Any] = list(self.decoder)
        return tuple(
            layer.cross_attention.remember(
                states, tables, guided if layer.n_weights else everything
            )
            for layer in layers
        )

    def decode(self, semantic_ids: Tensor, text: EncodedText) -> tuple[Tensor, Tensor]:
        """Logits at every position, for training.

        Args:
            semantic_ids: (B, S) int64 fed to the decoder: the start id, then what was said.
            text: from `encode`.

        Returns:
            Logits (B, S, n_said), and the guided heads' attention over the text,
            (B, heads, S, L) float32.
        """
        tables = rotary_tables(semantic_ids.shape[1], self.head_dim, semantic_ids.device)
        positions = torch.arange(semantic_ids.shape[1], device=semantic_ids.device)
        # each id goes in with the state of the character that is due: (B, S, D)
        due = self._due_states(text, positions)
        states = self.dropout(self.semantic_embedding(semantic_ids) + self.from_due(due))
        attention = None
        # only the guided layer gives weights: (B, guided heads, S, P + L)
        for layer, memory in zip(self.decoder, text.memories, strict=True):
            states, weights = layer(states, memory, tables)
            attention = weights if weights is not None else attention
        assert attention is not None, "one layer is guided"
        # without the attention to the prompt
        return self._logits(states, due), attention[..., text.n_prompt :]

    def decode_step(
        self,
        semantic_ids: Tensor,
        text: EncodedText,
        caches: Sequence[KeyValueCache],
        position: int,
    ) -> tuple[Tensor, Tensor]:
        """Logits after one more id, for generation.

        Args:
            semantic_ids: (B * C,) int64, the ids at `position`; C neighbouring rows share a text.
            text: B rows, from `encode`.
            caches: from `new_caches`, of B * C rows.
            position: how many ids were fed before.

        Returns:
            Logits (B * C, n_said) float32, and the guided heads' mean attention (B, C, L) float32.
        """
        place = torch.tensor([position], device=semantic_ids.device)
        tables = rotary_tables_at(place, self.head_dim)
        states, due = self.embed_step(semantic_ids, text, position)
        attention = None
        for layer, memory, cache in zip(self.decoder, text.memories, caches, strict=True):
            states, weights = layer(states, memory, tables, cache, position)
            attention = weights if weights is not None else attention
        assert attention is not None, "one layer is guided"
        # candidates stand in the time axis: (B, guided heads, C, P + L) → (B, C, P + L)
        mean = attention.mean(dim=1).reshape(text.layout.spoken.shape[0], -1, attention.shape[-1])
        return self._logits(states, due)[:, 0].float(), mean[..., text.n_prompt :]

    def embed_step(
        self, semantic_ids: Tensor, text: EncodedText, position: int
    ) -> tuple[Tensor, Tensor]:
        """What the decoder reads at one position, (B * C, 1, D), and the state of what is due."""
        due = self._due_states(text, torch.tensor([position], device=semantic_ids.device))
        due = due.repeat_interleave(len(semantic_ids) // len(due), dim=0)
        return self.semantic_embedding(semantic_ids[:, None]) + self.from_due(due), due

    def _due_states(self, text: EncodedText, positions: Tensor) -> Tensor:
        """What the encoder says of the character that is due at each position: (B, S, D).

        The attention is free to look elsewhere, but the text speaks to the decoder from the start
        of training: without this, the decoder learned to babble by the clock.
        """
        layout = text.layout
        # which characters have begun at each position: (B, S, L)
        begun = layout.starts[:, None] <= positions[:, None] + 0.5
        order = torch.arange(layout.starts.shape[1], device=positions.device)
        # the last one of them: (B, S)
        last = (order * (begun & layout.timed[:, None])).max(dim=-1).values
        return text.states.gather(1, last[..., None].expand(-1, -1, text.states.shape[-1]))

    def _logits(self, states: Tensor, due: Tensor) -> Tensor:
        """What the decoder says, plus what the character due says by itself: (..., n_said)."""
        logits: Tensor = self.to_logits(self.decoder_norm(states)) + self.due_to_logits(due)
        return logits

    def new_caches(self, n_rows: int, n_positions: int) -> list[KeyValueCache]:
        """Empty caches of all decoder layers, in the number type of the weights."""
        shape = (n_rows, self.config.n_heads, n_positions, self.head_dim)
        weight = self.to_logits.weight
        return [
            KeyValueCache(keys=weight.new_empty(shape), values=weight.new_empty(shape))
            for _ in self.decoder
        ]


def pad_prompts(prompts: Sequence[Tensor | None], device: torch.device) -> tuple[Tensor, Tensor]:
    """Put prompts in one batch, padded on the left so that each ends where the text begins.

    Args:
        prompts: (P,) int64 each, or `None`.
        device: where the batch shall lie.

    Returns:
        Ids (B, longest P) int64, and (B, longest P) bool: True where they are no padding.
    """
    longest = max((len(prompt) for prompt in prompts if prompt is not None), default=0)
    ids = torch.zeros(len(prompts), longest, dtype=torch.int64)
    valid = torch.zeros(len(prompts), longest, dtype=torch.bool)
    for row, prompt in enumerate(prompts):
        if prompt is not None and len(prompt):
            ids[row, -len(prompt) :] = prompt.cpu()
            valid[row, -len(prompt) :] = True
    return ids.to(device), valid.to(device)


def _durations(log_durations: Tensor) -> Tensor:
    return log_durations.expm1().clamp(0.0, MAX_CHARACTER_IDS)


def _initialise(module: nn.Module) -> None:
    if isinstance(module, nn.Linear):
        nn.init.xavier_uniform_(module.weight)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
    elif isinstance(module, nn.Embedding):
        nn.init.normal_(module.weight, std=module.embedding_dim**-0.5)
