"""From a trained encoder to a tokenizer: cluster hidden states and judge the ids."""

import dataclasses
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from pipeline.config.networks import SemanticConfig
from pipeline.device import inference_dtype
from pipeline.tokenizers.semantic import SemanticTokenizer, build_encoder
from training.datasets import Corpus, Utterance
from training.semantic.data import SYNTHETIC, MelStore, mel_phones
from training.semantic.kmeans import kmeans
from training.semantic.metrics import phone_figures, speaker_figures

_MEL_PER_ID = 4
_ROWS_PER_BATCH = 12
_N_QUICK_ROUNDS = 8
_N_SPEAKERS_JUDGED = 30
_N_QUICK_UTTERANCES = 100


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """Recordings and their spectra."""

    corpus: Corpus
    store: MelStore

    def drawn(
        self, split: str, sources: Sequence[str], count: int, rng: torch.Generator
    ) -> list[Utterance]:
        """At most `count` utterances of a split, each at most once, in random order."""
        return _drawn(self.corpus.select(split, sources), count, rng)


def build_tokenizer(
    encoder: nn.Module, config: SemanticConfig, device: torch.device
) -> SemanticTokenizer:
    """A tokenizer on a copy of the encoder's first `config.layer` layers, not clustered yet."""
    copied = build_encoder(config, config.layer)
    kept = copied.state_dict().keys()
    trained = encoder.state_dict()
    copied.load_state_dict({name: trained[name] for name in kept})
    tokenizer = SemanticTokenizer(config, copied)
    tokenizer.compute_dtype = inference_dtype(device)
    return tokenizer.eval().requires_grad_(False).to(device)


def cluster(
    tokenizer: SemanticTokenizer,
    material: Material,
    n_points: int,
    n_rounds: int,
    rng: torch.Generator,
) -> None:
    """Set statistics and centroids of a tokenizer.

    Args:
        tokenizer: changed in place.
        material: its training utterances are read, half synthetic, half human where there are both.
        n_points: about how many ids' hidden states are clustered.
        n_rounds: rounds of k-means.
        rng: CPU generator.
    """
    chosen: list[Utterance] = []
    corpus = material.corpus
    pools = [
        material.drawn("train", sources, len(corpus.utterances), rng)
        for sources in (SYNTHETIC, ("human",))
    ]
    for pool in pools:
        seconds_left = n_points / sum(map(bool, pools)) / tokenizer.config.rate_hz
        for utterance in pool:
            if seconds_left <= 0:
                break
            chosen.append(utterance)
            seconds_left -= utterance.n_samples / corpus.sample_rate_hz
    points = torch.cat(_hidden_states(tokenizer, material.store, chosen))
    quantiser = tokenizer.quantiser
    quantiser.mean.copy_(points.mean(dim=0))
    quantiser.std.copy_(points.std(dim=0).clamp_min(1e-3))
    points = (points - quantiser.mean) / quantiser.std
    quantiser.centroids.copy_(kmeans(points, tokenizer.n_ids, n_rounds, rng))


def judge(
    tokenizer: SemanticTokenizer, material: Material, n_judged: int, rng: torch.Generator
) -> dict[str, float]:
    """Figures of the ids: phones on held-out synthetic speech, speakers on training speech.

    Args:
        tokenizer: clustered.
        material: recordings.
        n_judged: utterances of each kind.
        rng: CPU generator that draws them.
    """
    figures = _judge_phones(tokenizer, material, n_judged, rng)
    for kind, sources in (("synthetic", SYNTHETIC), ("human", ("human",))):
        pool = _of_few_speakers(material.corpus.select("train", sources), n_judged, rng)
        ids = _encode(tokenizer, material.store, pool)
        found = speaker_figures(ids, [u.speaker for u in pool], tokenizer.n_ids, rng)
        figures |= {f"{kind}_{name}": value for name, value in found.items()}
    return figures


def layer_figures(
    encoder: nn.Module,
    config: SemanticConfig,
    material: Material,
    n_points: int,
    rng: torch.Generator,
) -> dict[str, float]:
    """Phone purity and PNMI of a quick k-means at each of the last layers, to choose the layer by.

    Args:
        encoder: trained.
        config: its shape.
        material: recordings.
        n_points: ids' hidden states to cluster.
        rng: CPU generator.
    """
    device = next(encoder.parameters()).device
    figures: dict[str, float] = {}
    for layer in range(max(1, config.n_layers - 3), config.n_layers + 1):
        tokenizer = build_tokenizer(encoder, dataclasses.replace(config, layer=layer), device)
        cluster(tokenizer, material, n_points, _N_QUICK_ROUNDS, rng)
        found = _judge_phones(tokenizer, material, _N_QUICK_UTTERANCES, rng)
        figures |= {f"layer_{layer}_{name}": value for name, value in found.items()}
    return figures


def _judge_phones(
    tokenizer: SemanticTokenizer, material: Material, n_judged: int, rng: torch.Generator
) -> dict[str, float]:
    pool = material.drawn("dev", SYNTHETIC, n_judged, rng)
    if not pool:
        return {}
    ids = _encode(tokenizer, material.store, pool)
    phones = [_id_phones(u, len(row)) for u, row in zip(pool, ids, strict=True)]
    n_used = len(torch.unique(torch.cat(ids)))
    return phone_figures(torch.cat(ids), torch.cat(phones), tokenizer.n_ids) | {"ids_used": n_used}


def _drawn(pool: Sequence[Utterance], count: int, rng: torch.Generator) -> list[Utterance]:
    return [pool[i] for i in torch.randperm(len(pool), generator=rng)[:count].tolist()]


def _of_few_speakers(
    pool: Sequence[Utterance], count: int, rng: torch.Generator
) -> list[Utterance]:
    """About `count` utterances that are shared evenly by few speakers, to tell them apart by."""
    by_speaker: dict[str, list[Utterance]] = {}
    for utterance in _drawn(pool, len(pool), rng):
        by_speaker.setdefault(utterance.speaker, []).append(utterance)
    share = max(4, count // _N_SPEAKERS_JUDGED)
    groups = [group[:share] for group in by_speaker.values() if len(group) >= share]
    return [utterance for group in groups[:_N_SPEAKERS_JUDGED] for utterance in group]


def _encode(
    tokenizer: SemanticTokenizer, store: MelStore, utterances: Sequence[Utterance]
) -> list[Tensor]:
    return [tokenizer.quantiser(h).cpu() for h in _hidden_states(tokenizer, store, utterances)]


def _hidden_states(
    tokenizer: SemanticTokenizer, store: MelStore, utterances: Sequence[Utterance]
) -> list[Tensor]:
    """(S, D) float32 for each utterance; those of like length share a batch."""
    device = tokenizer.quantiser.mean.device
    order = sorted(range(len(utterances)), key=lambda row: utterances[row].n_samples)
    found: dict[int, Tensor] = {}
    for start in range(0, len(order), _ROWS_PER_BATCH):
        rows = order[start : start + _ROWS_PER_BATCH]
        mels = [store.mel(utterances[row]).to(device) for row in rows]
        found.update(zip(rows, tokenizer.hidden_states_of_mels(mels), strict=True))
    return [found[row] for row in range(len(utterances))]


def _id_phones(utterance: Utterance, n_ids: int) -> Tensor:
    """Phone (S,) int64 at the centre of every semantic id of 40 ms."""
    return mel_phones(utterance, _MEL_PER_ID * n_ids)[1::_MEL_PER_ID]
