import torch

from training.corpus.phones import N_PHONES, PHONES, UNKNOWN, frame_phones


def test_phones_are_unique() -> None:
    assert len(set(PHONES)) == N_PHONES


def test_a_frame_has_the_phone_at_its_centre_and_silence_follows() -> None:
    phones = (("hh", 0.1), ("ax", 0.2))
    labels = frame_phones(phones, 6, hop_s=0.05, centre_s=0.03)
    expected = ["hh", "hh", "ax", "ax", "pau", "pau"]
    assert [PHONES[label] for label in labels.tolist()] == expected


def test_names_outside_the_alphabet_and_unlabelled_speech_are_unknown() -> None:
    labels = frame_phones((("ax", 0.1), ("strange", 0.2)), 4, hop_s=0.05, centre_s=0.02)
    assert labels.tolist() == [PHONES.index("ax")] * 2 + [UNKNOWN] * 2
    assert bool((frame_phones((), 3, 0.01, 0.0) == UNKNOWN).all())
    assert frame_phones((), 3, 0.01, 0.0).dtype == torch.int64
