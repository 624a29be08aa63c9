"""What the page keeps of a visitor on the server: a private folder, and the dialogue in it.

A workspace is known by a token that nobody can guess; the visitor's browser keeps it, so that a
page that is opened again goes on where it was. Folders of visitors who left, or who have not been
seen for long, are removed with all that was uploaded into them.
"""

import json
import logging
import re
import secrets
import shutil
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Collection
from pathlib import Path

from app.projects.project import Project
from app.projects.recordings import Recordings
from pipeline.datatypes.dialogue import Dialogue
from pipeline.dialogue_editing.dialogue_file import load_dialogue, save_dialogue
from pipeline.errors import DialogueError

logger = logging.getLogger(__name__)

MOST_IN_MEMORY = 4
"""Projects held in memory; the others are read from their folders when they are needed."""

KEPT_FOLDERS = 4
"""What was handed out lately may still be played or downloaded."""

LOOK_AGAIN_S = 3600.0
"""How often folders of earlier processes are looked for."""

DIALOGUE_NAME = "dialogue.safetensors"

BEFORE_NAME = "before.safetensors"
"""The version that the latest one took the place of."""

_TOKEN = re.compile(r"[0-9a-f]{40}")


class Workspace:
    """One visitor's folder; of its locks, `lock` may be held while files are read or written.

    Args:
        token: names it; a secret between the visitor and the server.
        folder: holds the visitor's files; made when something is kept.
        adopt: makes a dialogue that was read redoable again.

    Attributes:
        handed_out: number of the project's latest version to its files, which pages link to.
        recordings: that were uploaded.
    """

    def __init__(
        self, token: str, folder: Path, adopt: Callable[[Dialogue], Dialogue], store: "Workspaces"
    ) -> None:
        self.token, self.folder = token, folder
        self.lock = threading.RLock()
        self.handed_out: dict[str, tuple[Path, ...]] = {}
        self.recordings = Recordings()
        self._quick_lock = threading.Lock()
        self._adopt, self._store = adopt, store
        self._uploads: set[Path] = set()
        self._folders: dict[str, deque[Path]] = {}

    @property
    def project(self) -> Project | None:
        """The dialogue made last; `None` before the first one.

        Raises:
            DialogueError: if its file is damaged or does not fit the weights.
        """
        with self.lock:
            held = self._store.held(self.token)
            if held is None and (self.folder / DIALOGUE_NAME).is_file():
                held = self._read(DIALOGUE_NAME)
                self._store.hold(self.token, held)
            return held

    def keep(self, project: Project) -> None:
        """Make a project the one worked on, on disk, too; the one before it is kept beside it."""
        with self.lock:
            self.folder.mkdir(parents=True, exist_ok=True)
            metadata = {"number": project.number, "text": project.text}
            metadata["form"] = json.dumps(project.form)
            path, aside = self.folder / DIALOGUE_NAME, self.folder / f"{BEFORE_NAME}.part"
            if path.is_file():
                _name_too(path, aside)
            save_dialogue(path, project.dialogue, project.takes, metadata)
            if aside.is_file():
                aside.replace(self.folder / BEFORE_NAME)
            self._store.hold(self.token, project)

    def expect(self, number: str) -> Project:
        """The project a page shows.

        Args:
            number: of the version it shows.

        Raises:
            DialogueError: if there is none, or another page has changed it.
        """
        project = self.project
        if project is None:
            raise DialogueError("there is no dialogue yet; generate one first")
        if project.number != number:
            raise DialogueError(
                "the dialogue has changed meanwhile, perhaps in another tab of yours; try again, "
                "or reload this page to see it"
            )
        return project

    def go_back(self, number: str) -> tuple[Project, Project]:
        """Make the version before the latest one the one worked on; a second time undoes that.

        Args:
            number: of the version a page shows.

        Returns:
            The version left, and the one worked on now.

        Raises:
            DialogueError: if there is none before it, or another page has changed it.
        """
        with self.lock:
            left = self.expect(number)
            if not (self.folder / BEFORE_NAME).is_file():
                raise DialogueError("there is no version before this one")
            before = self._read(BEFORE_NAME)
            self.keep(before)
            return left, before

    def new_folder(self, purpose: str) -> Path:
        """An empty folder for files to hand out, of an unguessable name.

        Args:
            purpose: what they are; of folders for one purpose, the `KEPT_FOLDERS` latest are kept.
        """
        folder = self.folder / secrets.token_hex(20)
        folder.mkdir(parents=True)
        with self._quick_lock:
            folders = self._folders.setdefault(purpose, deque())
            folders.append(folder)
            over = [folders.popleft() for _ in range(len(folders) - KEPT_FOLDERS)]
        for each in over:
            shutil.rmtree(each, ignore_errors=True)
        return folder

    def note_upload(self, path: str | Path) -> None:
        """Remember an uploaded file, to be removed with the workspace."""
        with self._quick_lock:
            self._uploads.add(Path(path))

    @property
    def uploads(self) -> frozenset[Path]:
        """Files that were uploaded into it."""
        with self._quick_lock:
            return frozenset(self._uploads)

    def remove(self, shared: Collection[Path] = ()) -> None:
        """Delete all there is of it.

        Args:
            shared: uploads that are others' too: equal files of two visitors are stored once.
        """
        with self.lock:
            for path in self.uploads.difference(shared):
                path.unlink(missing_ok=True)
            shutil.rmtree(self.folder, ignore_errors=True)

    def _read(self, name: str) -> Project:
        stored = load_dialogue(self.folder / name)
        return Project(
            number=stored.metadata["number"],
            text=stored.metadata["text"],
            dialogue=self._adopt(stored.dialogue),
            takes={turn: tuple(takes) for turn, takes in stored.takes.items()},
            form=json.loads(stored.metadata["form"]),
        )


class Workspaces:
    """All workspaces; safe to use from several threads.

    Args:
        root: the folder of all, asked for when one is opened.
        adopt: makes a dialogue that was read redoable again.
        keep_after_leaving_s: how long one is kept whose visitor closed the page.
        keep_s: how long one is kept whose visitor does nothing.
        now: a clock, in seconds.
    """

    def __init__(
        self,
        root: Callable[[], Path],
        adopt: Callable[[Dialogue], Dialogue],
        keep_after_leaving_s: float = 900.0,
        keep_s: float = 86_400.0,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._root, self._adopt, self._now = root, adopt, now
        self._keep_after_leaving_s, self._keep_s = keep_after_leaving_s, keep_s
        self._lock = threading.RLock()
        self._look_again_at = now()
        self._open: dict[str, Workspace] = {}
        self._remove_at: dict[str, float] = {}
        self._projects: OrderedDict[str, Project] = OrderedDict()

    def open(self, token: object = None) -> Workspace:
        """The workspace of a token, or a new one where it names none that is there.

        Args:
            token: what a browser kept; anything may come in here.
        """
        self.sweep()
        known = token if isinstance(token, str) and _TOKEN.fullmatch(token) else ""
        with self._lock:
            if known not in self._open:
                there = known and (self._root() / known / DIALOGUE_NAME).is_file()
                known = known if there else secrets.token_hex(20)
                folder = self._root() / known
                self._open[known] = Workspace(known, folder, self._adopt, self)
            self._remove_at[known] = self._now() + self._keep_s
            return self._open[known]

    def leave(self, token: str) -> None:
        """The visitor closed the page; they may come back for a while."""
        with self._lock:
            if token in self._open:
                self._remove_at[token] = self._now() + self._keep_after_leaving_s

    def sweep(self) -> int:
        """Remove the workspaces whose time is over.

        Returns:
            How many these were.
        """
        with self._lock:
            over = [token for token, at in self._remove_at.items() if at <= self._now()]
            removed = [self._open.pop(token) for token in over]
            for token in over:
                del self._remove_at[token]
                self._projects.pop(token, None)
            orphans = self._orphans()
            others = list(self._open.values()) if removed else []
        shared = {path for each in others for path in each.uploads}
        for workspace in removed:
            workspace.remove(shared)
        for folder in orphans:
            shutil.rmtree(folder, ignore_errors=True)
        if removed:
            logger.info("removed the files of %d visitors", len(removed))
        return len(removed)

    def _orphans(self) -> list[Path]:
        """Folders that an earlier process left and nobody came back to; looked for now and then."""
        if self._now() < self._look_again_at or not self._root().is_dir():
            return []
        self._look_again_at = self._now() + LOOK_AGAIN_S
        oldest = time.time() - self._keep_s
        return [
            folder
            for folder in self._root().iterdir()
            if _TOKEN.fullmatch(folder.name)
            and folder.name not in self._open
            and folder.stat().st_mtime < oldest
        ]

    def held(self, token: str) -> Project | None:
        """The project of a workspace, if it is in memory."""
        with self._lock:
            if token in self._projects:
                self._projects.move_to_end(token)
            return self._projects.get(token)

    def hold(self, token: str, project: Project) -> None:
        """Hold a project in memory, in place of the one not used longest."""
        with self._lock:
            self._projects[token] = project
            self._projects.move_to_end(token)
            while len(self._projects) > MOST_IN_MEMORY:
                self._projects.popitem(last=False)


def _name_too(path: Path, other: Path) -> None:
    """Give a file that is only ever replaced, never written into, a second name."""
    other.unlink(missing_ok=True)
    try:
        other.hardlink_to(path)
    except OSError:  # not every file system has links
        shutil.copyfile(path, other)
