"""What speaking was found to cost on this machine, kept in the user's cache folder."""

import json
import os
from collections.abc import Mapping
from pathlib import Path

from pipeline.files.atomic import write_text
from pipeline.synthesis.cost import COST_VERSION, CostModel, cost_from_dict, cost_to_dict


def user_cost_file(environment: Mapping[str, str] | None = None) -> Path:
    """Where measured costs are kept: in the XDG cache folder.

    Args:
        environment: read instead of the process's own.
    """
    values = os.environ if environment is None else environment
    cache_home = values.get("XDG_CACHE_HOME", "")
    root = Path(cache_home) if Path(cache_home).is_absolute() else Path.home() / ".cache"
    return root / "colloquy" / "cost.json"


def cost_key(conditions: Mapping[str, str], n_threads: int) -> str:
    """What a measurement holds for: weights, engine, device, threads, version of the model."""
    weights, engine, device = (conditions[name] for name in ("weights", "engine", "device"))
    return f"weights {weights[:16]}, {engine} on {device}, {n_threads} threads, v{COST_VERSION}"


class CostFile:
    """Cost models by what they hold for; only a cache: what cannot be read is measured again.

    Args:
        path: of the file; made when something is kept.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def find(self, key: str) -> CostModel | None:
        """The model kept for a key; `None` if there is none that can be read."""
        try:
            return cost_from_dict(self._read()[key])
        except (KeyError, ValueError):
            return None

    def keep(self, key: str, model: CostModel) -> bool:
        """Keep a model, in one step; whether that was possible."""
        values = {**self._read(), key: cost_to_dict(model)}
        try:
            write_text(self.path, json.dumps(values, indent=2) + "\n")
        except OSError:
            return False
        return True

    def _read(self) -> dict[str, dict[str, object]]:
        try:
            values = json.loads(self.path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return values if isinstance(values, dict) else {}
