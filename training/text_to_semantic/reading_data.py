"""Teaches the encoder of text-to-semantic what each character of a text sounds like."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.rnn import pad_sequence

from pipeline.errors import ConfigError
from pipeline.text_to_semantic.model import TextToSemantic
from pipeline.tokenizers.text import TextTokenizer
from training.corpus.phones import UNKNOWN
from training.text_to_semantic.readings import Reading


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingBatch:
    """Texts as one turn each.

    Attributes:
        text_ids: (B, L) int64: speaker marker, pace token, text. valid: (B, L) bool.
        sounds: (B, L) int64 in [0, n_sounds), or `UNKNOWN`.
    """

    text_ids: Tensor
    valid: Tensor
    sounds: Tensor

    def to(self, device: torch.device) -> "ReadingBatch":
        """The same on a device."""
        return ReadingBatch(
            text_ids=self.text_ids.to(device),
            valid=self.valid.to(device),
            sounds=self.sounds.to(device),
        )


def number_sounds(readings: Sequence[Reading], min_count: int) -> dict[str, int]:
    """Number the sounds, the commonest first; those rarer than `min_count` get no number."""
    counts = Counter(sound for reading in readings for sound in reading.sounds)
    common = [sound for sound, count in counts.most_common() if count >= min_count]
    return {sound: number for number, sound in enumerate(common)}


class ReadingSource:
    """Draws batches of readings of about equal length.

    Args:
        readings: at least one.
        tokenizer: one id for each character; readings that it encodes otherwise are left out.
        numbers: of the sounds, from `number_sounds`.
        n_characters: of a batch, about.

    Raises:
        ConfigError: if no reading is left.
    """

    def __init__(
        self,
        readings: Sequence[Reading],
        tokenizer: TextTokenizer,
        numbers: dict[str, int],
        n_characters: int,
    ) -> None:
        self.tokenizer, self.n_characters = tokenizer, n_characters
        self._markers = [tokenizer.speaker_id(name) for name in tokenizer.speakers]
        rows = []
        for reading in sorted(readings, key=lambda one: len(one.text)):
            text_ids = tokenizer.encode(reading.text)
            if len(text_ids) == len(reading.sounds):
                labels = [numbers.get(sound, UNKNOWN) for sound in reading.sounds]
                rows.append((_short(text_ids), _short(labels)))
        if not rows:
            raise ConfigError(
                f"of {len(readings)} readings the text tokenizer encodes none with one id for each "
                "character; make the readings again with the alphabet of this run"
            )
        self._rows = rows

    def __len__(self) -> int:
        return len(self._rows)

    def draw(self, rng: torch.Generator) -> ReadingBatch:
        """One batch; markers and paces are drawn at random."""
        centre = int(torch.randint(len(self._rows), (1,), generator=rng))
        n_rows = min(len(self._rows), max(1, self.n_characters // len(self._rows[centre][0])))
        first = min(max(0, centre - n_rows // 2), len(self._rows) - n_rows)
        texts, labels = [], []
        for text_ids, sounds in self._rows[first : first + n_rows]:
            opening = torch.tensor([self._draw_marker(rng), self._draw_pace(rng)])
            texts.append(torch.cat((opening, text_ids.long())))
            labels.append(torch.cat((torch.full((2,), UNKNOWN), sounds.long())))
        return ReadingBatch(
            text_ids=pad_sequence(texts, batch_first=True, padding_value=self.tokenizer.pad_id),
            valid=pad_sequence([torch.ones_like(t) for t in texts], batch_first=True).bool(),
            sounds=pad_sequence(labels, batch_first=True, padding_value=UNKNOWN),
        )

    def _draw_marker(self, rng: torch.Generator) -> int:
        return self._markers[int(torch.randint(len(self._markers), (1,), generator=rng))]

    def _draw_pace(self, rng: torch.Generator) -> int:
        pace = float(torch.empty(1).uniform_(-1.0, 1.0, generator=rng).exp2())
        return self.tokenizer.pace_id(pace)


def _short(values: Sequence[int]) -> Tensor:
    return torch.tensor(values, dtype=torch.int16)


class ReadingLesson(nn.Module):
    """Asks an encoder what each character sounds like.

    Args:
        readings: what is learned from; the first `n_dev` are held out.
        tokenizer: as in `ReadingSource`.
        dim: width of the encoder's states.
        min_count: sounds that occur less often are not asked for.
        n_characters: of a batch, about.
    """

    def __init__(
        self,
        readings: Sequence[Reading],
        tokenizer: TextTokenizer,
        dim: int,
        *,
        min_count: int,
        n_characters: int,
        n_dev: int = 200,
    ) -> None:
        super().__init__()
        numbers = number_sounds(readings, min_count)
        n_dev = min(n_dev, len(readings) // 10)
        self.train_source, self.dev_source = (
            ReadingSource(some, tokenizer, numbers, n_characters)
            for some in (readings[n_dev:], readings[:n_dev] or readings)
        )
        self.to_sounds = nn.Linear(dim, len(numbers))

    def forward(self, network: TextToSemantic, batch: ReadingBatch) -> tuple[Tensor, Tensor]:
        """Cross-entropy of the sounds and the share that is right, both 0-d float32."""
        states = network.text_states(batch.text_ids, batch.valid)
        asked = batch.sounds != UNKNOWN
        logits, wanted = self.to_sounds(states[asked]).float(), batch.sounds[asked]
        right = (logits.argmax(dim=-1) == wanted).float().mean()
        return F.cross_entropy(logits, wanted), right
