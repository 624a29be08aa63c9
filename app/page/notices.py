"""Errors as notices on the page; their words are shown as they are, never as markup."""

import contextlib
import html
import re
from collections.abc import Iterator
from pathlib import Path

import gradio as gr

from app.page.markup import sentence
from pipeline.errors import DialogueError


def without_paths(message: str, folder: Path) -> str:
    """A message that names files, but not where the server keeps them.

    Args:
        message: perhaps with paths of files in the folder, or of files in folders of it.
        folder: of a workspace, or of all uploads.
    """
    return re.sub(rf"{re.escape(str(folder))}/(?:[0-9a-f]{{40,64}}/)*", "", message)


def not_done(message: str, title: str = "Not done") -> gr.Error:
    """A notice that stays until it is closed.

    Args:
        message: what was wrong, and what would work.
        title: what did not happen.
    """
    words = html.escape(sentence(message), quote=False)  # programs read them, too
    return gr.Error(words, None, title=title, print_exception=False)


@contextlib.contextmanager
def telling(title: str = "Not done") -> Iterator[None]:
    """What people cause in here becomes a notice; around functions, too.

    Args:
        title: what did not happen.
    """
    try:
        yield
    except DialogueError as error:
        raise not_done(str(error), title) from error
