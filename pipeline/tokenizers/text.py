"""Text ↔ ids: a SentencePiece character alphabet with byte fallback, speaker and pace markers.

Case is left out (text is lower-cased before encoding), so that little training data goes further;
captions keep what was typed. Lower-casing also keeps typed text from spelling a marker.
"""

import io
import math
import unicodedata
from collections.abc import Iterable, Sequence
from pathlib import Path

import sentencepiece

from pipeline.config.networks import TextTokenizerConfig
from pipeline.errors import CheckpointError, ConfigError

MODEL_NAME = "tokenizer.model"
MAX_PACE_RATIO = 2.0
"""The outermost pace bins stand for this many times the normal rate, and for its inverse."""


class TextTokenizer:
    """Characters, `[S1]`.. speaker markers and `[P1]`.. pace tokens as ids.

    Args:
        model: a serialised SentencePiece model made by `train_text_tokenizer`.

    Raises:
        CheckpointError: if the model cannot be read, or has no markers or pace tokens.
    """

    def __init__(self, model: bytes) -> None:
        self._processor = sentencepiece.SentencePieceProcessor()
        try:
            self._processor.LoadFromSerializedProto(model)
        except RuntimeError as error:
            raise CheckpointError("text tokenizer: this is not a SentencePiece model") from error
        self._speaker_ids = self._symbol_ids("S")
        self._pace_ids = self._symbol_ids("P")
        if not self._speaker_ids or not self._pace_ids:
            raise CheckpointError(
                "text tokenizer: the model has no speaker markers or no pace tokens"
            )

    @classmethod
    def load(cls, path: Path) -> "TextTokenizer":
        """Read a model from disk.

        Args:
            path: `tokenizer.model`, or the folder that holds it.

        Raises:
            CheckpointError: if the file is missing or is not such a model.
        """
        file = path / MODEL_NAME if path.is_dir() else path
        try:
            return cls(file.read_bytes())
        except OSError as error:
            raise CheckpointError(f"text tokenizer: cannot read {file}") from error
        except CheckpointError as error:
            raise CheckpointError(f"{error} ({file})") from error

    @property
    def n_ids(self) -> int:
        """Size of the alphabet."""
        return int(self._processor.get_piece_size())

    @property
    def pad_id(self) -> int:
        """Id that fills short sequences of a batch."""
        return int(self._processor.pad_id())

    @property
    def speakers(self) -> tuple[str, ...]:
        """The speakers that have a marker, "S1" first."""
        return tuple(self._speaker_ids)

    @property
    def n_pace_bins(self) -> int:
        """Number of pace tokens."""
        return len(self._pace_ids)

    def encode(self, text: str) -> list[int]:
        """Ids of plain text; a marker typed in it is read as characters.

        Args:
            text: any text; case is dropped.

        Returns:
            One id per character (several for one outside the alphabet), each in [0, n_ids).
        """
        plain = unicodedata.normalize("NFKC", text).lower()
        return [int(i) for i in self._processor.encode(plain)]

    def decode(self, ids: Sequence[int]) -> str:
        """Text of ids, markers and pace tokens included.

        Args:
            ids: each in [0, n_ids).
        """
        return str(self._processor.decode([int(i) for i in ids]))

    def speaker_id(self, speaker: str) -> int:
        """Id of a speaker's marker.

        Args:
            speaker: "S1", "S2", ...

        Raises:
            ConfigError: if the alphabet has no such marker.
        """
        if speaker not in self._speaker_ids:
            raise ConfigError(
                f"text tokenizer: no marker for {speaker!r}; it has {', '.join(self.speakers)}"
            )
        return self._speaker_ids[speaker]

    def pace_bin(self, pace: float) -> int:
        """Bin of a relative speaking rate, on a log scale with 1.0 in the middle.

        Args:
            pace: ratio to the normal rate, above 0; beyond [0.5, 2] counts as the outermost bin.

        Returns:
            In [0, n_pace_bins).

        Raises:
            ConfigError: if `pace` is not above 0.
        """
        if not pace > 0:
            raise ConfigError(f"text tokenizer: pace {pace} is not above 0")
        position = math.log(pace) / math.log(MAX_PACE_RATIO)
        last = self.n_pace_bins - 1
        return min(last, max(0, round((min(1.0, max(-1.0, position)) + 1) / 2 * last)))

    def pace_id(self, pace: float) -> int:
        """Id of the pace token for a relative speaking rate, as in `pace_bin`."""
        return self._pace_ids[f"P{self.pace_bin(pace) + 1}"]

    def _symbol_ids(self, letter: str) -> dict[str, int]:
        found: dict[str, int] = {}
        unknown = self._processor.unk_id()
        while (piece_id := self._processor.piece_to_id(f"[{letter}{len(found) + 1}]")) != unknown:
            found[f"{letter}{len(found) + 1}"] = int(piece_id)
        return found


def train_text_tokenizer(texts: Iterable[str], config: TextTokenizerConfig) -> bytes:
    """Make a model whose alphabet is the characters of `texts`, 256 bytes, markers and pace tokens.

    Args:
        texts: normalised sentences.
        config: size of the alphabet at most, and how many markers and pace tokens.

    Returns:
        The serialised SentencePiece model, the same for the same texts.

    Raises:
        ConfigError: if there is no text, or bytes and symbols do not fit the size.
    """
    symbols = [f"[S{n + 1}]" for n in range(config.n_speakers)]
    symbols += [f"[P{n + 1}]" for n in range(config.n_pace_bins)]
    model = io.BytesIO()
    try:
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(texts),
            model_writer=model,
            model_type="char",
            vocab_size=config.vocabulary_size,
            hard_vocab_limit=False,
            character_coverage=1.0,
            byte_fallback=True,
            normalization_rule_name="nfkc",
            add_dummy_prefix=False,
            user_defined_symbols=symbols,
            pad_id=0,
            unk_id=1,
            bos_id=2,
            eos_id=3,
            num_threads=1,
            minloglevel=2,
        )
    except RuntimeError as error:
        raise ConfigError(
            f"text tokenizer: cannot make {config.vocabulary_size} ids from these texts; "
            "give some text and room for 256 bytes, the characters and the symbols"
        ) from error
    return model.getvalue()
