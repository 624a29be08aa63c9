import torch

from pipeline.layers.quantizer import ResidualQuantizer, nearest_codes


def _quantizer(n_levels: int = 4, n_codes: int = 16, code_dim: int = 6) -> ResidualQuantizer:
    quantizer = ResidualQuantizer(n_levels, n_codes, code_dim)
    rng = torch.Generator().manual_seed(1)
    for level in range(n_levels):
        scale = 0.5**level
        quantizer.codebooks[level] = scale * torch.randn(n_codes, code_dim, generator=rng)
        # With zero as a code, no level can make things worse.
        quantizer.codebooks[level, 0] = 0.0
    return quantizer


def test_nearest_codes_are_those_of_an_exhaustive_search(rng: torch.Generator) -> None:
    vectors = torch.randn(3, 40, 5, generator=rng)
    codebook = torch.randn(17, 5, generator=rng)
    expected = torch.cdist(vectors, codebook.expand(3, -1, -1)).argmin(-1)
    assert torch.equal(nearest_codes(vectors, codebook), expected)


def test_every_codebook_vector_is_nearest_to_itself(rng: torch.Generator) -> None:
    codebook = torch.randn(32, 8, generator=rng)
    assert torch.equal(nearest_codes(codebook, codebook), torch.arange(32))


def test_each_level_brings_the_sum_closer(rng: torch.Generator) -> None:
    quantizer = _quantizer()
    latents = torch.randn(2, 30, 6, generator=rng)
    codes = quantizer.encode(latents)
    errors = [
        float((latents - quantizer.decode(codes[:, :n_levels])).square().mean())
        for n_levels in range(1, 5)
    ]
    assert errors == sorted(errors, reverse=True)
    assert errors[-1] < errors[0]


def test_codes_have_a_level_axis_between_batch_and_time(rng: torch.Generator) -> None:
    codes = _quantizer().encode(torch.randn(2, 30, 6, generator=rng))
    assert codes.shape == (2, 4, 30)
    assert codes.dtype == torch.int64
