"""The semantic ids of text-to-semantic: clusters, turn change, stop, and the start it is fed."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SemanticAlphabet:
    """Special ids that follow the clusters.

    Args:
        n_semantic: number of clusters; their ids are 0 .. n_semantic - 1.
    """

    n_semantic: int

    @property
    def turn_change_id(self) -> int:
        """Said between two pieces of a sequence."""
        return self.n_semantic

    @property
    def stop_id(self) -> int:
        """Said after the last piece."""
        return self.n_semantic + 1

    @property
    def start_id(self) -> int:
        """Fed to the decoder first; never said."""
        return self.n_semantic + 2

    @property
    def n_said(self) -> int:
        """Ids the network can say."""
        return self.n_semantic + 2

    @property
    def n_fed(self) -> int:
        """Ids the decoder can be fed."""
        return self.n_semantic + 3
