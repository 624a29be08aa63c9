"""From raw material to `assets/`: every stage in order; run again, it goes on where it stopped."""

import argparse
import logging
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

from training import built_in_voices, model_card, text_tokenizer, tokens
from training.codec import decoder_tuning
from training.codec import train as codec
from training.config import StageOptions
from training.corpus import build as corpus
from training.options import parse_stage_options, set_thread_environment
from training.semantic import train as semantic
from training.soundstorm import calibrate
from training.soundstorm import train as soundstorm
from training.speaker import train as speaker
from training.text_to_semantic import readings
from training.text_to_semantic import train as text_to_semantic

logger = logging.getLogger(__name__)

STAGES: dict[str, Callable[[StageOptions], None]] = {
    "corpus": corpus.run,
    "text_tokenizer": text_tokenizer.run,
    "codec": codec.run,
    "semantic": semantic.run,
    "tokens": tokens.run,
    "readings": readings.run,
    "text_to_semantic": text_to_semantic.run,
    "soundstorm": soundstorm.run,
    "reaches": calibrate.run,
    "decoder": decoder_tuning.run,
    "speaker": speaker.run,
    "voices": built_in_voices.run,
    "model_card": model_card.run,
}
NETWORKS = ("text_tokenizer", "codec", "semantic", "text_to_semantic", "soundstorm", "speaker")


def run(options: StageOptions, assets: Path) -> None:
    """Run all stages, then put weights and voices into `assets`.

    Args:
        options: with `minutes` bounding each training.
        assets: receives `models/<size>/` and `voices/`.
    """
    for name, stage in STAGES.items():
        logger.info("stage %s", name)
        stage(options)
    publish(options.out / "models", assets, options.size)


def publish(models: Path, assets: Path, size: str) -> None:
    """Copy exported networks and voices to where the app looks for them.

    Args:
        models: the run's exports.
        assets: receives `models/<size>/` and `voices/`.
        size: name of the size.
    """
    for name in NETWORKS:
        shutil.copytree(models / name, assets / "models" / size / name, dirs_exist_ok=True)
    for name in ("README.md", "curves.png"):
        shutil.copyfile(models / name, assets / "models" / size / name)
    shutil.copytree(models / "voices", assets / "voices", dirs_exist_ok=True)
    logger.info("published %s to %s", size, assets)


def main(argv: list[str] | None = None) -> None:
    """`python -m training.recipe --size small --data DIR --out DIR [--assets DIR]`."""
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--assets", type=Path, default=Path("assets"))
    own, rest = parser.parse_known_args(argv)
    run(parse_stage_options(rest, f"{__doc__} Also: --assets DIR (default: assets)."), own.assets)


if __name__ == "__main__":
    set_thread_environment()
    main(sys.argv[1:])
