import pytest
import torch

from training.semantic.kmeans import kmeans, nearest


def test_every_separate_blob_gets_a_centroid_at_its_middle(rng: torch.Generator) -> None:
    middles = torch.tensor([[0.0, 0.0], [100.0, 0.0], [0.0, 100.0]])
    points = torch.cat([m + torch.randn(200, 2, generator=rng) for m in middles])
    found = min(
        (kmeans(points, 3, 10, torch.Generator().manual_seed(seed)) for seed in range(5)),
        key=lambda centroids: float(
            (points - centroids[nearest(points, centroids)]).square().sum()
        ),
    )
    distances = torch.cdist(middles, found).min(dim=1).values
    assert float(distances.max()) < 1.0


def test_the_same_seed_gives_the_same_centroids() -> None:
    points = torch.randn(500, 4, generator=torch.Generator().manual_seed(1))
    runs = [kmeans(points, 8, 5, torch.Generator().manual_seed(2)) for _ in range(2)]
    assert torch.equal(*runs)


def test_clusters_that_die_are_revived_at_a_point(rng: torch.Generator) -> None:
    points = torch.tensor([[0.0]] * 50 + [[1.0], [2.0]])
    centroids = kmeans(points, 3, 1, rng)
    assert torch.isfinite(centroids).all()
    assert float(torch.cdist(centroids, points).min(dim=1).values.max()) < 1.0


def test_rounds_bring_centroids_closer(rng: torch.Generator) -> None:
    points = torch.randn(2_000, 8, generator=rng)
    errors = []
    for n_rounds in (0, 10):
        centroids = kmeans(points, 16, n_rounds, torch.Generator().manual_seed(0))
        errors.append(float((points - centroids[nearest(points, centroids)]).square().mean()))
    assert errors[1] < errors[0]


def test_too_few_points_are_refused(rng: torch.Generator) -> None:
    with pytest.raises(ValueError, match="3 points cannot make 4 clusters"):
        kmeans(torch.zeros(3, 2), 4, 1, rng)
