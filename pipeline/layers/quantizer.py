"""Residual vector quantisation: each level names what the levels before it left over."""

import torch
from torch import Tensor, nn


class ResidualQuantizer(nn.Module):
    """Q codebooks of V vectors; level q encodes the residual of levels before q.

    The codebooks are a buffer: they are learned by moving averages, not gradients.

    Args:
        n_levels: Q.
        n_codes: V.
        code_dim: width of a vector.
    """

    codebooks: Tensor

    def __init__(self, n_levels: int, n_codes: int, code_dim: int) -> None:
        super().__init__()
        self.register_buffer("codebooks", torch.zeros(n_levels, n_codes, code_dim))

    def encode(self, latents: Tensor) -> Tensor:
        """Name the nearest vector of each level in turn.

        Args:
            latents: (B, T, code_dim) float32.

        Returns:
            (B, Q, T) int64 in [0, V).
        """
        residual, levels = latents, []
        for codebook in self.codebooks:
            # (B, T) of this level; what it does not tell is left to the next
            codes = nearest_codes(residual, codebook)
            residual = residual - codebook[codes]
            levels.append(codes)
        return torch.stack(levels, dim=1)

    def decode(self, codes: Tensor) -> Tensor:
        """Sum the named vectors.

        Args:
            codes: (B, Q', T) int64 in [0, V), the first Q' <= Q levels.

        Returns:
            (B, T, code_dim) float32.
        """
        total = self.codebooks[0][codes[:, 0]]
        for level in range(1, codes.shape[1]):
            total = total + self.codebooks[level][codes[:, level]]
        return total


def nearest_codes(vectors: Tensor, codebook: Tensor) -> Tensor:
    """Index of the codebook vector at the least Euclidean distance.

    Args:
        vectors: (..., code_dim) float32.
        codebook: (V, code_dim) float32.

    Returns:
        (...) int64 in [0, V); the lowest index on a tie.
    """
    # |v - c|² is least where v·c - |c|² / 2 is greatest: (..., V)
    half_norms = 0.5 * (codebook * codebook).sum(-1)
    return (vectors @ codebook.t() - half_norms).argmax(-1)
