"""K-means by Lloyd's algorithm, seeded, with dead clusters revived."""

import torch
from torch import Tensor

_CHUNK = 16_384


def kmeans(points: Tensor, n_clusters: int, n_rounds: int, rng: torch.Generator) -> Tensor:
    """Cluster points.

    A cluster that loses all its points restarts at a point drawn at random.

    Args:
        points: (P, D) float32, at least `n_clusters` of them.
        n_clusters: K.
        n_rounds: rounds of assignment and averaging.
        rng: CPU generator for the starting points and the revivals.

    Returns:
        Centroids (K, D) float32.

    Raises:
        ValueError: if there are fewer points than clusters.
    """
    if len(points) < n_clusters:
        raise ValueError(f"{len(points)} points cannot make {n_clusters} clusters")
    first = torch.randperm(len(points), generator=rng)[:n_clusters].to(points.device)
    centroids = points[first]
    for _ in range(n_rounds):
        ids = nearest(points, centroids)
        counts = torch.bincount(ids, minlength=n_clusters)
        sums = torch.zeros_like(centroids).index_add_(0, ids, points)
        centroids = sums / counts.clamp_min(1).unsqueeze(1)
        empty = (counts == 0).nonzero().squeeze(1)
        drawn = torch.randint(len(points), (len(empty),), generator=rng).to(points.device)
        centroids[empty] = points[drawn]
    return centroids


def nearest(points: Tensor, centroids: Tensor) -> Tensor:
    """Index (P,) int64 of the centroid (K, D) nearest to each point (P, D)."""
    half_squares = 0.5 * centroids.square().sum(dim=1)
    chunks = torch.split(points, _CHUNK)
    return torch.cat([(chunk @ centroids.T - half_squares).argmax(dim=1) for chunk in chunks])
