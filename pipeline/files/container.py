"""One safetensors file of a named format: tensors, JSON values in its metadata, a checksum of both.

Nothing in such a file is ever run. Who reads its values still has to look whether they fit.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from pipeline.errors import AudioError, CheckpointError, ConfigError
from pipeline.files.checkpoint import save_tensors

MAX_FILE_BYTES = 4 * 2**30
"""Far more than the longest script fills."""

MAX_TEXT_CHARACTERS = 20_000_000
"""Most JSON in one file; safetensors reads no header above 100 MB."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileKind:
    """A format.

    Attributes:
        noun: what a file holds: "turn".
        number: of the format; it rises whenever files are written in another way.
        remake: what helps if a file cannot be read, for messages.
    """

    noun: str
    number: int
    remake: str

    @property
    def name(self) -> str:
        """As it stands in files: "colloquy turn 2"."""
        return f"colloquy {self.noun} {self.number}"


def save_sealed(path: Path, kind: FileKind, values: Any, tensors: Mapping[str, Tensor]) -> None:
    """Write one file, in one step.

    Args:
        path: its name.
        kind: what is written.
        values: made of what JSON knows.
        tensors: any axes, float32 or int64.

    Raises:
        AudioError: if the disk or folder refuses the file.
        ConfigError: if there is more text than such a file holds.
    """
    # a made-up voice may share its turn's memory, which the format refuses
    tensors = {name: tensor.clone() for name, tensor in tensors.items()}
    text = json.dumps(values)
    if len(text) > MAX_TEXT_CHARACTERS:
        raise ConfigError(
            f"{path} would hold {len(text)} characters of text, and at most {MAX_TEXT_CHARACTERS} "
            "can be read again; keep less beside the sound"
        )
    metadata = {"format": kind.name, "values": text, "checksum": seal(text, tensors)}
    try:
        save_tensors(path, tensors, metadata)
    except (OSError, SafetensorError) as error:
        raise AudioError(
            f"{path} cannot be written ({error}); free some space or choose another folder"
        ) from error


def load_sealed(path: Path, kind: FileKind) -> tuple[Any, dict[str, Tensor]]:
    """Read what `save_sealed` wrote.

    Args:
        path: the file; it may be anyone's.
        kind: what is expected in it.

    Returns:
        The JSON values, of any shape, and the tensors, each float32 or int64 of any shape.

    Raises:
        CheckpointError: if it is missing, damaged, absurdly large or of another kind; what works.
    """
    damaged = f"{path} is damaged or no {kind.noun}"
    try:
        if (n_bytes := path.stat().st_size) > MAX_FILE_BYTES:
            raise CheckpointError(
                f"{path} has {n_bytes} bytes, at most {MAX_FILE_BYTES} are read; {kind.remake}"
            )
        with safe_open(path, framework="pt") as file:
            metadata = dict(file.metadata() or {})
            _check_format(path, kind, metadata.get("format", ""))
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError, ValueError) as error:
        raise CheckpointError(f"{damaged} ({error}); {kind.remake}") from error
    strange = {tensor.dtype for tensor in tensors.values()} - {torch.float32, torch.int64}
    if strange:
        names = ", ".join(sorted(map(str, strange)))
        raise CheckpointError(f"{damaged} (it holds numbers of {names}); {kind.remake}")
    text = metadata.get("values", "")
    if metadata.get("checksum") != seal(text, tensors):
        raise CheckpointError(f"{path} is damaged: its checksum is another; {kind.remake}")
    try:
        return json.loads(text), tensors
    except (ValueError, RecursionError) as error:
        raise CheckpointError(f"{damaged} ({error}); {kind.remake}") from error


def seal(text: str, tensors: Mapping[str, Tensor]) -> str:
    """A checksum of a text and tensors; it finds damage, and proves nothing of who wrote them."""
    digest = hashlib.blake2b(text.encode(), digest_size=16)
    for name in sorted(tensors):
        values = tensors[name].detach().cpu().contiguous()
        digest.update(f"\n{name} {values.dtype} {tuple(values.shape)}\n".encode())
        digest.update(values.reshape(-1).numpy().view(np.uint8).data)
    return digest.hexdigest()


def group_tensors(tensors: Mapping[str, Tensor]) -> dict[str, dict[str, Tensor]]:
    """Tensors by all words of their names but the last, and then by the last: "turn 0", "codes"."""
    groups: dict[str, dict[str, Tensor]] = {}
    for name, tensor in tensors.items():
        group, _, last = name.rpartition(" ")
        groups.setdefault(group, {})[last] = tensor
    return groups


def require_tensor(
    tensors: Mapping[str, Tensor], name: str, dtype: torch.dtype, n_axes: int, where: str
) -> Tensor:
    """A tensor of a file, once it is known to have the dtype, the axes and at least one value.

    Raises:
        ConfigError: naming what it is in place of that.
    """
    if name not in tensors:
        raise ConfigError(f"{where}: {name} is missing")
    tensor = tensors[name]
    if tensor.dtype != dtype or tensor.ndim != n_axes or tensor.numel() == 0:
        raise ConfigError(
            f"{where}: {name} is {tensor.dtype} of shape {tuple(tensor.shape)}, not {dtype} with "
            f"{n_axes} axes"
        )
    return tensor


def _check_format(path: Path, kind: FileKind, found: str) -> None:
    if found == kind.name:
        return
    later = re.fullmatch(rf"colloquy {kind.noun} (\d{{1,6}})", found)
    if later and int(later[1]) > kind.number:
        raise CheckpointError(
            f"{path} is of the newer format {found!r}, and {kind.name!r} is read here; update the "
            "app, or save it with this one"
        )
    raise CheckpointError(f"{path} is no {kind.noun} file of format {kind.name!r}; {kind.remake}")
