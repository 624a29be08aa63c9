"""The command line that every stage of the recipe shares."""

import argparse
import logging
import os
from pathlib import Path

from training.config import StageOptions


def parse_stage_options(argv: list[str] | None, description: str) -> StageOptions:
    """Read `--size --data --out --minutes --device` and set up logging.

    Args:
        argv: arguments without the program's name; `None` reads the process's own.
        description: what the stage does, for `--help`.
    """
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--size", choices=("tiny", "small", "base"), required=True)
    parser.add_argument("--data", type=Path, required=True, help="raw material: speech/ and text/")
    parser.add_argument("--out", type=Path, required=True, help="folder of the run")
    parser.add_argument(
        "--minutes",
        type=float,
        default=0.0,
        help="bound on this stage's training, all sittings together",
    )
    parser.add_argument("--device", default="auto")
    values = parser.parse_args(argv)
    logging.basicConfig(
        level=logging.INFO,
        format="%(asctime)s %(name)s %(message)s",
        datefmt="%H:%M:%S",
        force=True,
    )
    return StageOptions(
        size=values.size,
        data=values.data,
        out=values.out,
        minutes=values.minutes,
        device=values.device,
    )


def set_thread_environment() -> None:
    """Make OpenMP threads sleep at barriers, unless the user has chosen; before torch loads."""
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
