"""The folder beside an output where a long script's finished turns wait until all are there."""

import hashlib
import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pipeline.datatypes.dialogue import SpokenTurn
from pipeline.datatypes.voice import Voice
from pipeline.dialogue_editing.turn_file import load_turn, save_turn
from pipeline.errors import DialogueError
from pipeline.files.atomic import write_text
from pipeline.voices.casting import WantedVoice

WORK_FORMAT = "colloquy work 1"
MANIFEST_NAME = "manifest.json"


def work_folder_path(wav: Path) -> Path:
    """Where the turns of an output wait: "talk.wav.partial"."""
    return wav.with_name(f"{wav.name}.partial")


def fingerprint_voices(voices: Mapping[str, WantedVoice], built_in: Mapping[str, Voice]) -> str:
    """One word for who speaks with which voice: what was asked for, and what fills the gaps.

    Args:
        voices: as they are given to the pipeline.
        built_in: the voices that have a name, which speakers left out get.

    Raises:
        DialogueError: if a file cannot be read.
    """
    digest = hashlib.sha256()
    for name, voice in [*sorted(voices.items()), *built_in.items()]:
        digest.update(f"{name}: ".encode())
        if isinstance(voice, str) and voice in built_in:
            voice = built_in[voice]
        if isinstance(voice, Voice):
            for part in (voice.semantic_ids, voice.codes):
                digest.update(part.numpy().tobytes())
            digest.update(f"{voice.level_db} {voice.codec_id}".encode())
        elif voice is not None and Path(voice).is_file():
            digest.update(Path(voice).read_bytes())
        else:
            digest.update(repr(voice).encode())
    return digest.hexdigest()


class WorkFolder:
    """Finished turns of one request, each in a file of its own.

    Args:
        path: the folder; made by `begin`.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def refuse_unfinished(self) -> None:
        """Refuse to begin where an unfinished run lies.

        Raises:
            DialogueError: saying what is in the folder, and both ways out.
        """
        if self.path.exists():
            raise DialogueError(
                f"{self.path} holds {self._contents()} of an unfinished run; go on with it by "
                "--resume, or delete that folder to begin anew"
            )

    def begin(self, fingerprint: Mapping[str, str], n_turns: int) -> None:
        """Make the folder, empty, for a request.

        Args:
            fingerprint: what the sound depends on, by the names a person knows it by.
            n_turns: in the script.

        Raises:
            DialogueError: if it is there already.
        """
        self.refuse_unfinished()
        manifest = {"format": WORK_FORMAT, "n_turns": n_turns, "fingerprint": dict(fingerprint)}
        try:
            write_text(self.path / MANIFEST_NAME, json.dumps(manifest, indent=2) + "\n")
        except OSError:
            self.remove()
            raise

    def resume(self, fingerprint: Mapping[str, str]) -> int:
        """Check that the folder is of this very request.

        Args:
            fingerprint: as given to `begin`.

        Returns:
            How many turns are finished.

        Raises:
            DialogueError: if it is of another request, naming what differs, or has no manifest.
        """
        made_with = self._manifest()["fingerprint"]
        names = [*fingerprint, *(name for name in made_with if name not in fingerprint)]
        differing = [name for name in names if made_with.get(name) != fingerprint.get(name)]
        if differing:
            raise DialogueError(
                f"the run in {self.path} differs from this one in its {_listed(differing)}; give "
                "what it was begun with, or delete that folder to begin anew"
            )
        return self.n_finished()

    def n_finished(self) -> int:
        """Turns that are there, up to the first that is not."""
        number = 0
        while self._turn_path(number).is_file():
            number += 1
        return number

    def keep(self, spoken: SpokenTurn) -> None:
        """Write a finished turn, in one step.

        Raises:
            AudioError: if the disk or folder refuses the file.
        """
        save_turn(self._turn_path(spoken.index), spoken)

    def turns(self, n_turns: int) -> Iterator[SpokenTurn]:
        """The first turns, read one by one.

        Raises:
            CheckpointError: naming a file that is damaged, and what works.
        """
        for number in range(n_turns):
            yield load_turn(self._turn_path(number))

    def close(self) -> str:
        """After a run that was stopped: what is kept; a folder without a turn is removed.

        Returns:
            What is there and how to go on; empty if nothing is kept.
        """
        if not self.n_finished():
            self.remove()
            return ""
        return f"{self._contents()} are kept in {self.path}, go on with --resume"

    def remove(self) -> None:
        """Delete the folder."""
        shutil.rmtree(self.path, ignore_errors=True)

    def _turn_path(self, number: int) -> Path:
        return self.path / f"turn-{number:05d}.safetensors"

    def _contents(self) -> str:
        try:
            return f"{self.n_finished()} of {self._manifest()['n_turns']} turns"
        except DialogueError:
            return f"{self.n_finished()} turns"

    def _manifest(self) -> dict[str, Any]:
        path = self.path / MANIFEST_NAME
        try:
            manifest = json.loads(path.read_text(encoding="utf-8"))
            known = manifest["format"] == WORK_FORMAT and isinstance(manifest["n_turns"], int)
            if known and isinstance(manifest["fingerprint"], dict):
                return dict(manifest)
            reason = f"not of format {WORK_FORMAT!r}"
        except (OSError, ValueError, KeyError, TypeError) as error:
            reason = str(error)
        raise DialogueError(
            f"{path} cannot be read ({reason}), so its run cannot be gone on with; delete "
            f"{self.path} to begin anew"
        )


def _listed(names: Sequence[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
