"""Draws batches for text-to-semantic: single turns with a context turn, and windows of turns."""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from pipeline.config.networks import TextToSemanticConfig
from pipeline.errors import DialogueError
from pipeline.normalisation.normalise import normalise_text
from pipeline.text_to_semantic.alphabet import SemanticAlphabet
from pipeline.text_to_semantic.layout import NO_PIECE
from pipeline.tokenizers.text import TextTokenizer
from training.datasets import TokenCorpus, TokenisedUtterance
from training.text_to_semantic.alignment import character_seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchConfig:
    """How batches are drawn.

    Attributes:
        n_frames: semantic ids in a batch, about; so short turns come in larger batches.
        window_share: share of batches that are windows of several turns.
        window_frames: longest window, about.
        max_turns: most turns of a window; at least 2.
        max_utterance_frames: longer utterances are left out.
        context_probability: of a single turn to have a context turn before it.
        prompt_probability: of an example to have a voice prompt, if its speaker has more to give.
        corrupted_share: of the ids fed to the decoder, replaced by random ones. It teaches the
            decoder to trust the text more than its own past, which at generation has flaws too.
            The share differs from row to row, from none to twice this.
        blind_share: of the rows, those in which every id is replaced.
        duration_jitter, time_jitter: spread, in log, of what each duration and all durations of a
            row are wrong by when the decoder is told them.
    """

    n_frames: int = 640
    window_share: float = 0.15
    window_frames: int = 375
    max_turns: int = 6
    max_utterance_frames: int = 375
    context_probability: float = 0.5
    prompt_probability: float = 0.5
    corrupted_share: float = 0.3
    blind_share: float = 0.2
    duration_jitter: float = 0.2
    time_jitter: float = 0.04


@dataclass(frozen=True, slots=True, kw_only=True)
class SpokenText:
    """An utterance ready to be learned: its text's ids, its pace and its semantic ids.

    Attributes:
        text_ids: (L,) int64 of the text alone.
        semantic_ids: (S,) int64.
        durations: (1 + L,) float32; semantic ids before the text, and those of each character.
            Their sum is S + 1: what ends the piece counts for the last character.
        pace: usual duration of the text over this one's, in [0.5, 2].
        speaker: as in the corpus.
    """

    text_ids: Tensor
    semantic_ids: Tensor
    durations: Tensor
    pace: float
    speaker: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """One batch for `TextToSemantic`.

    Attributes:
        text_ids: (B, L) int64. text_valid: (B, L) bool, False is padding.
        prompts: for each row (P,) int64 or `None`.
        fed_ids: (B, S) int64 into the decoder.
        said_ids: (B, S) int64 wanted from it.
        said_valid: (B, S) bool, False is padding.
        frame_pieces: (B, S) int64; the piece that a position belongs to, or `NO_PIECE`.
        durations: (B, L) float32; semantic ids that each timed text id lasts, 0 for the others.
        clock: (B, L) float32; the same, disturbed: what the decoder is told.
    """

    text_ids: Tensor
    text_valid: Tensor
    prompts: tuple[Tensor | None, ...]
    fed_ids: Tensor
    said_ids: Tensor
    said_valid: Tensor
    frame_pieces: Tensor
    durations: Tensor
    clock: Tensor

    def to(self, device: torch.device) -> "Batch":
        """The same with its tensors on a device; prompts follow inside the network."""
        names = (field.name for field in dataclasses.fields(self) if field.name != "prompts")
        moved = {name: getattr(self, name).to(device) for name in names}
        return dataclasses.replace(self, **moved)


def encode_texts(
    utterances: Sequence[TokenisedUtterance], tokenizer: TextTokenizer
) -> list[Tensor]:
    """Normalised texts as ids (L,) int64, one for each utterance; equal texts share one tensor."""
    ids_of_text: dict[str, Tensor] = {}
    for text in {utterance.text for utterance in utterances}:
        ids = tokenizer.encode(normalise_text(text))
        ids_of_text[text] = torch.tensor(ids, dtype=torch.int64)
    return [ids_of_text[utterance.text] for utterance in utterances]


def read_spoken_texts(
    corpus: TokenCorpus,
    utterances: Sequence[TokenisedUtterance],
    texts: Sequence[Tensor],
    config: TextToSemanticConfig,
) -> list[SpokenText]:
    """Prepare the utterances that have a text, shortest first.

    Args:
        corpus: holds their semantic ids.
        utterances: what to prepare.
        texts: their ids, from `encode_texts`.
        config: holds the corpus's usual durations, from `measure_durations`.
    """
    spoken = []
    for utterance, text_ids in zip(utterances, texts, strict=True):
        if len(text_ids) and utterance.n_semantic:
            durations = character_ids(utterance, len(text_ids))
            usual = config.edge_frames + config.frames_per_character * len(text_ids)
            spoken.append(
                SpokenText(
                    text_ids=text_ids,
                    semantic_ids=corpus.semantic_ids(utterance),
                    durations=durations,
                    pace=min(2.0, max(0.5, usual / utterance.n_semantic)),
                    speaker=utterance.speaker,
                )
            )
    return sorted(spoken, key=lambda one: len(one.semantic_ids))


def character_ids(utterance: TokenisedUtterance, n_characters: int) -> Tensor:
    """How many semantic ids the silence before the text and each character take.

    From the phones' times where they are known; else in equal parts.

    Args:
        utterance: its text, phones and number of ids.
        n_characters: of the text as the network reads it.

    Returns:
        (1 + n_characters,) float32 with the sum n_semantic + 1.
    """
    text = normalise_text(utterance.text)
    if utterance.phones and len(text) == n_characters:
        shares = torch.from_numpy(character_seconds(text, utterance.phones)).float()
    else:
        shares = torch.ones(1 + n_characters)
    return shares * ((utterance.n_semantic + 1) / shares.sum())


def measure_durations(
    utterances: Sequence[TokenisedUtterance], texts: Sequence[Tensor]
) -> tuple[float, float]:
    """Semantic ids of an utterance besides its characters, and those for each character.

    Pace 1.0 is defined by them. Without the first, every short utterance would count as slow,
    because the silence around it weighs more.

    Args:
        utterances: those without a text are left out.
        texts: their ids, from `encode_texts`.

    Returns:
        The constant and the slope of a straight line through all utterances.

    Raises:
        DialogueError: if no utterance has a text.
    """
    pairs = [
        (len(text_ids), utterance.n_semantic)
        for utterance, text_ids in zip(utterances, texts, strict=True)
        if len(text_ids)
    ]
    if not pairs:
        raise DialogueError(
            "no utterance of the corpus has a text, and text-to-semantic learns from texts; "
            "give a manifest with transcripts"
        )
    n_characters, n_frames = torch.tensor(pairs, dtype=torch.float64).unbind(dim=1)
    spread = n_characters - n_characters.mean()
    slope = (spread * n_frames).sum() / (spread * spread).sum().clamp(min=1.0)
    edge_frames = float((n_frames.mean() - slope * n_characters.mean()).clamp(min=0.0))
    return edge_frames, float(((n_frames - edge_frames) / n_characters).median().clamp(min=0.1))


class BatchSource:
    """Draws batches from utterances; everything random comes from the generator of each call.

    Args:
        spoken: shortest first, from `read_spoken_texts`.
        tokenizer: gives the ids of markers and pace tokens.
        network_config: sizes and alphabets.
        config: how batches are drawn.

    Raises:
        DialogueError: if no utterance is short enough.
    """

    def __init__(
        self,
        spoken: Sequence[SpokenText],
        tokenizer: TextTokenizer,
        network_config: TextToSemanticConfig,
        config: BatchConfig,
    ) -> None:
        longest = config.max_utterance_frames
        self.spoken = [one for one in spoken if len(one.semantic_ids) <= longest]
        if not self.spoken:
            raise DialogueError(f"no utterance with a text is at most {longest} semantic ids long")
        self.tokenizer = tokenizer
        self.network_config = network_config
        self.config = config
        self._end_frames = torch.tensor([len(one.semantic_ids) for one in self.spoken]).cumsum(0)
        self._of_speaker = _by_speaker(self.spoken)

    def draw(self, rng: torch.Generator) -> Batch:
        """One batch: rows of about equal length, all single turns or all windows."""
        if len(self.spoken) > 1 and _chance(self.config.window_share, rng):
            rows = self._draw_windows(rng)
            contexts: list[SpokenText | None] = [None] * len(rows)
        else:
            rows = [[one] for one in self._draw_alike(rng)]
            contexts = [
                self._any(rng) if _chance(self.config.context_probability, rng) else None
                for _ in rows
            ]
        prompts = tuple(self._draw_prompt(row[0], rng) for row in rows)
        texts = [
            self.text_ids(row, context, rng) for row, context in zip(rows, contexts, strict=True)
        ]
        return self._assemble(texts, rows, prompts, rng)

    def text_ids(
        self, pieces: Sequence[SpokenText], context: SpokenText | None, rng: torch.Generator
    ) -> tuple[Tensor, Tensor]:
        """The encoder's ids (L,), and how many semantic ids (L,) each lasts.

        They are: context turn, then marker, pace and text of each piece.
        """
        order = torch.randperm(self.network_config.n_speakers, generator=rng).tolist()
        markers = [self.tokenizer.speaker_id(f"S{index + 1}") for index in order]
        turns = ([(context, False)] if context else []) + [(piece, True) for piece in pieces]
        parts: list[Tensor] = []
        durations: list[Tensor] = []
        for turn, (one, is_spoken) in enumerate(turns):
            opening = [markers[turn % 2]]
            durations.append(torch.zeros(1))
            if is_spoken:
                opening.append(self.tokenizer.pace_id(one.pace))
                durations.append(one.durations)
            else:
                durations.append(torch.zeros(len(one.text_ids)))
            parts += [torch.tensor(opening), one.text_ids]
        return torch.cat(parts), torch.cat(durations)

    def _draw_alike(self, rng: torch.Generator) -> list[SpokenText]:
        """Utterances of neighbouring length around one drawn in proportion to its length."""
        frame = int(torch.randint(int(self._end_frames[-1]), (1,), generator=rng))
        centre = int(torch.searchsorted(self._end_frames, frame, right=True))
        n_rows = max(1, self.config.n_frames // len(self.spoken[centre].semantic_ids))
        n_near = min(len(self.spoken), 4 * n_rows)
        first = min(max(0, centre - n_near // 2), len(self.spoken) - n_near)
        chosen = torch.randperm(n_near, generator=rng)[:n_rows].tolist()
        return [self.spoken[first + offset] for offset in chosen]

    def _draw_windows(self, rng: torch.Generator) -> list[list[SpokenText]]:
        share = 0.4 + 0.6 * float(torch.rand(1, generator=rng))
        goal = int(share * self.config.window_frames)
        return [self._draw_window(goal, rng) for _ in range(max(1, self.config.n_frames // goal))]

    def _draw_window(self, goal: int, rng: torch.Generator) -> list[SpokenText]:
        pieces = [self._any(rng), self._any(rng)]
        while len(pieces) < self.config.max_turns:
            another = self._any(rng)
            if sum(len(one.semantic_ids) for one in (*pieces, another)) > goal:
                break
            pieces.append(another)
        while sum(len(one.semantic_ids) for one in pieces) > 2 * goal and len(pieces) > 1:
            pieces.pop()
        return pieces

    def _draw_prompt(self, one: SpokenText, rng: torch.Generator) -> Tensor | None:
        others = self._of_speaker[one.speaker]
        if len(others) < 2 or not _chance(self.config.prompt_probability, rng):
            return None
        other = others[int(torch.randint(len(others), (1,), generator=rng))]
        if other is one:
            return None
        ids = other.semantic_ids
        n_ids = min(len(ids), self.network_config.max_prompt_ids)
        start = int(torch.randint(len(ids) - n_ids + 1, (1,), generator=rng))
        return ids[start : start + n_ids]

    def _any(self, rng: torch.Generator) -> SpokenText:
        return self.spoken[int(torch.randint(len(self.spoken), (1,), generator=rng))]

    def _assemble(
        self,
        texts: Sequence[tuple[Tensor, Tensor]],
        rows: Sequence[Sequence[SpokenText]],
        prompts: tuple[Tensor | None, ...],
        rng: torch.Generator,
    ) -> Batch:
        alphabet = SemanticAlphabet(self.network_config.n_semantic)
        targets = [_target([one.semantic_ids for one in row], alphabet) for row in rows]
        text_ids, text_valid = _pad([ids for ids, _ in texts], self.tokenizer.pad_id)
        durations, _ = _pad([lasting for _, lasting in texts], 0)
        said_ids, said_valid = _pad([said for said, _ in targets], alphabet.stop_id)
        pieces, _ = _pad([piece for _, piece in targets], NO_PIECE)
        start = torch.full_like(said_ids[:, :1], alphabet.start_id)
        fed_ids = torch.cat((start, said_ids[:, :-1]), dim=1)
        shares = 2 * self.config.corrupted_share * torch.rand(len(rows), 1, generator=rng)
        blind = torch.rand(len(rows), 1, generator=rng) < self.config.blind_share
        corrupted = torch.rand(fed_ids.shape, generator=rng) < torch.where(blind, 1.0, shares)
        random_ids = torch.randint(alphabet.n_semantic, fed_ids.shape, generator=rng)
        corrupted &= fed_ids < alphabet.n_semantic
        return Batch(
            text_ids=text_ids,
            text_valid=text_valid,
            prompts=prompts,
            fed_ids=torch.where(corrupted, random_ids, fed_ids),
            said_ids=said_ids,
            said_valid=said_valid,
            frame_pieces=pieces,
            durations=durations,
            clock=self._disturbed(durations, rng),
        )

    def _disturbed(self, durations: Tensor, rng: torch.Generator) -> Tensor:
        """Durations as wrong as predicted ones may be: each one, and a whole row's tempo."""
        each = torch.randn(durations.shape, generator=rng) * self.config.duration_jitter
        whole = torch.randn(len(durations), 1, generator=rng) * self.config.time_jitter
        return durations * (each + whole).exp()


def _target(pieces: Sequence[Tensor], alphabet: SemanticAlphabet) -> tuple[Tensor, Tensor]:
    """Ids with what ends each piece, and the piece of each position."""
    said, owners = [], []
    for index, ids in enumerate(pieces):
        ending = alphabet.stop_id if index == len(pieces) - 1 else alphabet.turn_change_id
        said.append(torch.cat((ids, torch.tensor([ending]))))
        owners.append(torch.full((len(ids) + 1,), index))
    return torch.cat(said), torch.cat(owners)


def _pad(rows: Sequence[Tensor], filler: int) -> tuple[Tensor, Tensor]:
    """One batch (B, longest) of rows, and (B, longest) bool: True where there is a row."""
    longest = max(len(row) for row in rows)
    batch = rows[0].new_full((len(rows), longest), filler)
    valid = torch.zeros(len(rows), longest, dtype=torch.bool)
    for index, row in enumerate(rows):
        batch[index, : len(row)] = row
        valid[index, : len(row)] = True
    return batch, valid


def _by_speaker(spoken: Sequence[SpokenText]) -> Mapping[str, list[SpokenText]]:
    groups: dict[str, list[SpokenText]] = {}
    for one in spoken:
        groups.setdefault(one.speaker, []).append(one)
    return groups


def _chance(probability: float, rng: torch.Generator) -> bool:
    return float(torch.rand(1, generator=rng)) < probability
