import torch

from pipeline.config.networks import TextToSemanticConfig
from pipeline.text_to_semantic.layout import read_layout
from training.text_to_semantic.data import Batch
from training.text_to_semantic.losses import guidance_cost


def test_the_diagonal_costs_nothing_and_the_wrong_piece_everything() -> None:
    config = TextToSemanticConfig()
    opening = [config.first_speaker_id, config.first_pace_id]
    text_ids = torch.tensor([[*opening, *[60] * 10, *opening, *[60] * 10]])
    layout = read_layout(text_ids, torch.ones_like(text_ids, dtype=torch.bool), config)
    durations = layout.spoken.float()
    said = torch.zeros(1, 20, dtype=torch.int64)
    batch = Batch(
        text_ids=text_ids,
        text_valid=torch.ones_like(text_ids, dtype=torch.bool),
        prompts=(None,),
        fed_ids=said,
        said_ids=said,
        said_valid=torch.ones(1, 20, dtype=torch.bool),
        frame_pieces=torch.arange(20)[None] // 10,
        durations=durations,
        clock=durations,
    )
    attention = torch.zeros(1, 1, 20, 24)
    spoken = layout.spoken[0].nonzero()[:, 0]
    attention[0, 0, torch.arange(20), spoken] = 1.0
    assert float(guidance_cost(attention, layout, batch, 1.0)) < 1e-6
    assert float(guidance_cost(attention.roll(12, dims=3), layout, batch, 1.0)) == 1.0
    assert 0.0 < float(guidance_cost(attention.roll(1, dims=2), layout, batch, 1.0)) < 0.6
