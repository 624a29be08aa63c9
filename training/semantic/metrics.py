"""How good semantic ids are: they should tell the phone and not the speaker."""

from collections.abc import Mapping, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from training.corpus.phones import N_PHONES, UNKNOWN


def phone_figures(ids: Tensor, phones: Tensor, n_clusters: int) -> dict[str, float]:
    """Phone purity and phone-normalised mutual information (HuBERT, arXiv 2106.07447).

    Args:
        ids: (P,) int64 in [0, n_clusters).
        phones: (P,) int64 classes; `UNKNOWN` ones are left out.
        n_clusters: K.

    Returns:
        "phone_purity": share of frames whose phone is their id's most frequent one; "pnmi": share
        of the phone's entropy that the id removes; both in [0, 1], and 0 without known phones.
    """
    known = phones != UNKNOWN
    if not bool(known.any()):
        return {"phone_purity": 0.0, "pnmi": 0.0}
    joint = torch.bincount(ids[known] * N_PHONES + phones[known], minlength=n_clusters * N_PHONES)
    share = joint.reshape(n_clusters, N_PHONES).to(torch.float64) / joint.sum()
    phone_entropy = _entropy(share.sum(dim=0))
    information = phone_entropy + _entropy(share.sum(dim=1)) - _entropy(share.flatten())
    return {
        "phone_purity": float(share.max(dim=1).values.sum()),
        "pnmi": float(information / phone_entropy.clamp_min(1e-12)),
    }


def _entropy(share: Tensor) -> Tensor:
    entropies: Tensor = torch.special.entr(share)
    return entropies.sum()


def speaker_figures(
    ids: Sequence[Tensor], speakers: Sequence[str], n_clusters: int, rng: torch.Generator
) -> dict[str, float]:
    """How well a linear classifier names the speaker from which ids an utterance uses how often.

    Half of each speaker's utterances train it and the other half test it.

    Args:
        ids: for each utterance (S,) int64.
        speakers: for each utterance, who speaks; who has fewer than four is left out.
        n_clusters: K.
        rng: CPU generator that splits the utterances.

    Returns:
        "speaker_accuracy" in [0, 1] (lower is better), "speaker_chance" (the largest speaker's
        share) and "n_speakers"; all 0 with fewer than two speakers.
    """
    counts: Mapping[str, int] = {name: list(speakers).count(name) for name in set(speakers)}
    names = sorted(name for name, count in counts.items() if count >= 4)
    if len(names) < 2:
        return {"speaker_accuracy": 0.0, "speaker_chance": 0.0, "n_speakers": 0.0}
    histograms, targets = [], []
    for utterance_ids, speaker in zip(ids, speakers, strict=True):
        if speaker in names:
            histogram = torch.bincount(utterance_ids, minlength=n_clusters).to(torch.float32)
            histograms.append((histogram / histogram.sum()).sqrt())
            targets.append(names.index(speaker))
    features, classes = torch.stack(histograms), torch.tensor(targets)
    tested = _half_of_each(classes, rng)
    weights = _fit_logistic(features[~tested], classes[~tested], len(names))
    guesses = (_with_one(features[tested]) @ weights).argmax(dim=1)
    return {
        "speaker_accuracy": float((guesses == classes[tested]).float().mean()),
        "speaker_chance": float(torch.bincount(classes[tested]).max() / tested.sum()),
        "n_speakers": float(len(names)),
    }


def _half_of_each(classes: Tensor, rng: torch.Generator) -> Tensor:
    tested = torch.zeros(len(classes), dtype=torch.bool)
    for number in torch.unique(classes):
        rows = (classes == number).nonzero().squeeze(1)
        tested[rows[torch.randperm(len(rows), generator=rng)[: len(rows) // 2]]] = True
    return tested


def _with_one(features: Tensor) -> Tensor:
    return F.pad(features, (0, 1), value=1.0)


def _fit_logistic(features: Tensor, classes: Tensor, n_classes: int) -> Tensor:
    inputs = _with_one(features)
    weights = torch.zeros(inputs.shape[1], n_classes, requires_grad=True)
    optimiser = torch.optim.Adam([weights], lr=0.1)
    with torch.enable_grad():
        for _ in range(200):
            loss = F.cross_entropy(inputs @ weights, classes) + 1e-4 * weights.square().sum()
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
    return weights.detach()
