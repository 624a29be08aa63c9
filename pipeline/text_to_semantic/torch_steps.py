"""Stage 3 of 6, one step at a time: decoding by the network itself, its caches kept."""

from torch import Tensor

from pipeline.text_to_semantic.model import EncodedText, TextToSemantic


class TorchSteps:
    """`Steps` by the network itself.

    Args:
        network: in eval mode.
        text: B sequences.
        n_rows: B * C.
        n_positions: most steps there will be.
    """

    def __init__(
        self, network: TextToSemantic, text: EncodedText, n_rows: int, n_positions: int
    ) -> None:
        self._network, self._text = network, text
        self._caches = network.new_caches(n_rows, n_positions)

    def step(self, semantic_ids: Tensor, position: int) -> tuple[Tensor, Tensor]:
        """See `Steps`."""
        return self._network.decode_step(semantic_ids, self._text, self._caches, position)

    def keep(self, sequences: Tensor, rows: Tensor) -> None:
        """See `Steps`."""
        self._text = self._text.keep(sequences)
        for cache in self._caches:
            cache.keep(rows)
