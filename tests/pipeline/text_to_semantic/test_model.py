import pytest
import torch

from pipeline.config.sizes import tiny
from pipeline.text_to_semantic.model import EncodedText, TextToSemantic, pad_prompts

CONFIG = tiny().text_to_semantic
TEXT = [CONFIG.first_speaker_id, 60, 61, CONFIG.first_speaker_id + 1, CONFIG.first_pace_id + 4]


@pytest.fixture
def network() -> TextToSemantic:
    torch.manual_seed(0)
    return TextToSemantic(CONFIG).eval()


def _encode(network: TextToSemantic, prompts: list[torch.Tensor | None]) -> EncodedText:
    text_ids = torch.tensor([[*TEXT, 70, 71, 72, 73], [*TEXT, 74, 75, 0, 0]])[: len(prompts)]
    return network.encode(text_ids, text_ids != 0, prompts)


def test_cached_and_plain_decoding_agree(network: TextToSemantic, rng: torch.Generator) -> None:
    fed = torch.randint(CONFIG.n_semantic, (4, 6), generator=rng)
    with torch.no_grad():
        text = _encode(network, [torch.arange(3), None])
        logits, attention = network.decode(fed, text.keep(torch.tensor([0, 0, 1, 1])))
        caches = network.new_caches(4, 6)
        for position in range(6):
            stepped, followed = network.decode_step(fed[:, position], text, caches, position)
            torch.testing.assert_close(stepped, logits[:, position], atol=1e-5, rtol=1e-4)
            expected = attention[:, :, position].mean(dim=1)
            torch.testing.assert_close(followed.flatten(0, 1), expected, atol=1e-5, rtol=1e-4)


def test_a_later_id_does_not_change_earlier_logits(network: TextToSemantic) -> None:
    with torch.no_grad():
        text = _encode(network, [None])
        plain, _ = network.decode(torch.tensor([[1, 2, 3, 4]]), text)
        changed, _ = network.decode(torch.tensor([[1, 2, 3, 9]]), text)
    torch.testing.assert_close(changed[:, :3], plain[:, :3])
    assert not torch.allclose(changed[:, 3], plain[:, 3])


def test_a_row_does_not_depend_on_the_rows_beside_it(network: TextToSemantic) -> None:
    fed = torch.tensor([[1, 2, 3]])
    with torch.no_grad():
        both = _encode(network, [None, torch.arange(5)])
        together, _ = network.decode(fed.expand(2, 3), both)
        alone, _ = network.decode(fed, _encode(network, [None]))
    torch.testing.assert_close(together[:1], alone, atol=1e-5, rtol=1e-4)


def test_a_prompt_is_heard(network: TextToSemantic) -> None:
    fed = torch.tensor([[1, 2, 3]])
    with torch.no_grad():
        plain, _ = network.decode(fed, _encode(network, [None]))
        prompted, _ = network.decode(fed, _encode(network, [torch.tensor([3, 4])]))
        other, _ = network.decode(fed, _encode(network, [torch.tensor([5, 4])]))
    assert not torch.allclose(prompted, plain)
    assert not torch.allclose(prompted, other)


def test_guided_heads_see_only_what_is_to_be_spoken(network: TextToSemantic) -> None:
    with torch.no_grad():
        text = _encode(network, [torch.arange(3), None])
        _, attention = network.decode(torch.tensor([[1, 2], [3, 4]]), text)
    assert attention.shape == (2, CONFIG.n_guided_heads, 2, 9)
    outside = ~text.layout.spoken[:, None, None].expand_as(attention)
    assert not attention[outside].any()
    torch.testing.assert_close(attention.sum(dim=-1), torch.ones(attention.shape[:3]))


def test_prompts_end_where_the_text_begins() -> None:
    ids, valid = pad_prompts([torch.tensor([7]), None, torch.tensor([5, 6])], torch.device("cpu"))
    assert ids.tolist() == [[0, 7], [0, 0], [5, 6]]
    assert valid.tolist() == [[False, True], [False, False], [True, True]]
