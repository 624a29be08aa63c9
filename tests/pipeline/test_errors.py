import inspect

from pipeline import errors
from pipeline.errors import DialogueError, ScriptError


def test_every_error_of_the_pipeline_can_be_caught_as_one_kind() -> None:
    kinds = [kind for _, kind in inspect.getmembers(errors, inspect.isclass)]
    assert len(kinds) > 5
    assert all(issubclass(kind, DialogueError) for kind in kinds)


def test_a_script_error_names_its_line() -> None:
    error = ScriptError("nobody speaks here", line=7)
    assert error.line == 7
    assert str(error) == "line 7: nobody speaks here"


def test_a_script_error_without_a_line_is_just_its_message() -> None:
    error = ScriptError("the script is empty")
    assert error.line is None
    assert str(error) == "the script is empty"
