"""Where random numbers come from: every turn has a seed of its own, and every purpose in it."""

import hashlib

import torch

N_TURN_SEEDS = 2**31


def turn_seed(seed: int, turn_index: int) -> int:
    """The seed of one turn of a script: a function of nothing but the two numbers.

    All draws of a turn come from it, so that no other turn's words, voice or number of draws
    change what is drawn.

    Args:
        seed: of the script.
        turn_index: number of the turn, from 0.

    Returns:
        A number in [0, 2**31).
    """
    return _digest(f"{seed}:turn {turn_index}") % N_TURN_SEEDS


def next_seed(seed: int) -> int:
    """The seed of a turn's next take, if none is asked for: as many as one likes, each another."""
    return _digest(f"{seed}:redo") % N_TURN_SEEDS


def seeded_generator(seed: int, purpose: str) -> torch.Generator:
    """A generator on the CPU of its own for each purpose: the draws of one move no other's."""
    return torch.Generator().manual_seed(_digest(f"{seed}:{purpose}") >> 1)


def _digest(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")
