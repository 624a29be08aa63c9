"""How codebooks are learned: k-means to start, moving averages after, dead codes revived.

As in SoundStream (arXiv 2107.03312, section 3.3). Codebooks follow the latents without gradients;
the latents are drawn to the codebooks by the commitment loss.
"""

import torch
from torch import Tensor, nn

from pipeline.layers.quantizer import ResidualQuantizer, nearest_codes

_KMEANS_ROUNDS = 10


class CodebookLearner(nn.Module):
    """Quantises latents in training and keeps what the codebooks learn from.

    Its buffers are saved with the run. Until `start`, it can only collect latents.

    Args:
        quantizer: the codebooks taught.
        n_collected: latents kept for k-means.
        decay: of the moving averages.
        dead_below: a code used less than this share of its fair part is dead.
        revive_every: updates between revivals.
    """

    counts: Tensor
    sums: Tensor
    reservoir: Tensor
    n_seen: Tensor
    n_updates: Tensor

    def __init__(
        self,
        quantizer: ResidualQuantizer,
        n_collected: int = 8192,
        decay: float = 0.99,
        dead_below: float = 0.05,
        revive_every: int = 25,
    ) -> None:
        super().__init__()
        Q, V, code_dim = quantizer.codebooks.shape
        # in a list: not a submodule, else weights would be saved twice
        self._codebooks = [quantizer]
        self.decay, self.dead_below, self.revive_every = decay, dead_below, revive_every
        self.register_buffer("counts", torch.zeros(Q, V))
        self.register_buffer("sums", torch.zeros(Q, V, code_dim))
        self.register_buffer("reservoir", torch.zeros(n_collected, code_dim))
        self.register_buffer("n_seen", torch.zeros((), dtype=torch.int64))
        self.register_buffer("n_updates", torch.zeros((), dtype=torch.int64))

    @property
    def started(self) -> bool:
        """Whether k-means has been run."""
        return int(self.n_updates) > 0

    @torch.no_grad()
    def collect(self, latents: Tensor) -> None:
        """Keep the newest latents, (B, T, code_dim) float32, for `start`."""
        # a ring: the newest overwrite the oldest
        vectors = latents.reshape(-1, latents.shape[-1])[: len(self.reservoir)]
        places = (int(self.n_seen) + torch.arange(len(vectors), device=vectors.device)) % len(
            self.reservoir
        )
        self.reservoir[places] = vectors
        self.n_seen += len(vectors)

    @torch.no_grad()
    def start(self, rng: torch.Generator) -> None:
        """Set every level by k-means on what the levels before leave of the collected latents."""
        residual = self.reservoir[: min(int(self.n_seen), len(self.reservoir))]
        Q, V, _ = self.sums.shape
        for level in range(Q):
            # (n, code_dim) → (V, code_dim)
            codebook = _kmeans(residual, V, rng)
            codes = nearest_codes(residual, codebook)
            self._codebooks[0].codebooks[level] = codebook
            self.counts[level] = torch.bincount(codes, minlength=V).float().clamp(min=1.0)
            # the start weighs as much as 8 latents for each code
            self.counts[level] *= 8.0 / self.counts[level].mean()
            self.sums[level] = codebook * self.counts[level][:, None]
            residual = residual - codebook[codes]
        self.n_updates.fill_(1)

    def quantise(
        self, latents: Tensor, n_levels_kept: Tensor, rng: torch.Generator, update: bool = True
    ) -> tuple[Tensor, Tensor]:
        """Replace latents by the sum of their codes, with gradients passed straight through.

        Args:
            latents: (B, T, code_dim) float32.
            n_levels_kept: (B,) int64 in [1, Q]: quantiser dropout, the finer levels are dropped.
            rng: CPU generator that chooses what revives dead codes.
            update: whether the codebooks move towards these latents.

        Returns:
            (B, T, code_dim) float32, and the commitment loss, 0-d float32: the mean squared
            distance of residuals to their codes over the levels kept, as a share of the mean
            squared latent.
        """
        residual, total = latents.detach(), torch.zeros_like(latents)
        commitment = latents.new_zeros(())
        codebooks = self._codebooks[0].codebooks
        for level in range(len(codebooks)):
            # (B, T) codes of what the levels before left over, and their vectors
            codes = nearest_codes(residual, codebooks[level])
            chosen = codebooks[level][codes]
            if update:
                self._update(level, residual, codes, rng)
            # rows that drop this level add neither vector nor loss: (B, 1, 1)
            kept = (n_levels_kept > level).to(latents.dtype)[:, None, None]
            distance = (latents - total - chosen).square() * kept
            commitment = commitment + distance.mean() / len(codebooks)
            total = total + chosen * kept
            residual = residual - chosen
        if update:
            self.n_updates += 1
        scale = latents.detach().square().mean().clamp(min=1e-6)
        # straight through: forward the codes, backward the latents
        return latents + (total - latents).detach(), commitment / scale

    @torch.no_grad()
    def _update(self, level: int, residual: Tensor, codes: Tensor, rng: torch.Generator) -> None:
        vectors, ids = residual.reshape(-1, residual.shape[-1]), codes.reshape(-1)
        counts, sums = self.counts[level], self.sums[level]
        weight = 1.0 - self.decay
        # moving averages of how often a code is chosen, and of the sum of what it is chosen for
        counts.mul_(self.decay).index_add_(0, ids, torch.full_like(ids, weight, dtype=counts.dtype))
        sums.mul_(self.decay).index_add_(0, ids, vectors * weight)
        if int(self.n_updates) % self.revive_every == 0:
            # dead codes start again at random vectors of this batch
            fair = len(ids) / len(counts)
            dead = (counts < self.dead_below * fair).nonzero().squeeze(1)[: len(vectors) // 4]
            picks = torch.randperm(len(vectors), generator=rng)[: len(dead)].to(dead.device)
            counts[dead] = 0.5 * fair
            sums[dead] = vectors[picks] * 0.5 * fair
        self._codebooks[0].codebooks[level] = sums / counts.clamp(min=1e-6)[:, None]


def _kmeans(vectors: Tensor, n_clusters: int, rng: torch.Generator) -> Tensor:
    picks = torch.randperm(len(vectors), generator=rng)
    # first centres are vectors at random, some twice if there are too few
    picks = picks.repeat(-(-n_clusters // len(picks)))[:n_clusters].to(vectors.device)
    centres = vectors[picks].clone()
    for _ in range(_KMEANS_ROUNDS):
        # assign, then move each centre to the mean of its own
        codes = nearest_codes(vectors, centres)
        counts = torch.bincount(codes, minlength=n_clusters).to(vectors.dtype)
        sums = torch.zeros_like(centres).index_add_(0, codes, vectors)
        used = counts > 0
        centres[used] = sums[used] / counts[used][:, None]
    return centres
