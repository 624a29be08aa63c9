import dataclasses
from pathlib import Path

import pytest

from app.settings import ServiceConfig, service_config_from
from pipeline.config.limits import LimitsConfig
from pipeline.errors import ConfigError


def test_without_settings_there_are_the_defaults() -> None:
    config = service_config_from({}, [])
    assert config == ServiceConfig()
    assert config.max_script_characters == LimitsConfig().max_script_characters
    assert config.max_recording_s == LimitsConfig().max_recording_s
    assert (config.api_key, config.mcp, config.port) == ("", False, None)


EXAMPLES = {
    "host": ("0.0.0.0", "0.0.0.0"),
    "port": ("8080", 8080),
    "root_path": ("/colloquy", "/colloquy"),
    "model": ("tiny", "tiny"),
    "device": ("cpu", "cpu"),
    "queue_length": ("3", 3),
    "runs_at_once": ("2", 2),
    "max_script_characters": ("500", 500),
    "max_recording_s": ("30.5", 30.5),
    "max_upload_mb": ("7", 7),
    "max_body_mb": ("8", 8),
    "keep_after_leaving_s": ("60", 60.0),
    "keep_results_s": ("3600", 3600.0),
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_setting_has_a_variable_and_a_flag_which_wins(name: str) -> None:
    text, value = EXAMPLES[name]
    variable, flag = f"COLLOQUY_{name.upper()}", "--" + name.replace("_", "-")
    assert getattr(service_config_from({variable: text}, []), name) == value
    assert getattr(service_config_from({variable: "1"}, [flag, text]), name) == value
    assert service_config_from({variable: " "}, []) == ServiceConfig()


def test_the_examples_are_all_settings() -> None:
    names = {setting.name for setting in dataclasses.fields(ServiceConfig)}
    assert names == {*EXAMPLES, "mcp", "api_key"}


def test_the_variables_of_gradio_count_where_ours_are_not_set() -> None:
    gradio = {"GRADIO_SERVER_NAME": "::", "GRADIO_SERVER_PORT": "81", "GRADIO_ROOT_PATH": "/x"}
    config = service_config_from(gradio, [])
    assert (config.host, config.port, config.root_path) == ("::", 81, "/x")
    assert service_config_from({**gradio, "COLLOQUY_PORT": "82"}, []).port == 82


@pytest.mark.parametrize(
    ("words", "flags", "expected"),
    [
        ("yes", [], True),
        ("OFF", [], False),
        ("no", ["--mcp"], True),
        ("1", ["--no-mcp"], False),
    ],
)
def test_a_yes_or_no_is_read_from_both(words: str, flags: list[str], expected: bool) -> None:
    assert service_config_from({"COLLOQUY_MCP": words}, flags).mcp is expected


@pytest.mark.parametrize(
    ("environment", "arguments", "message"),
    [
        ({"COLLOQUY_QUEUE_LENGTH": "many"}, [], "COLLOQUY_QUEUE_LENGTH must be a whole number"),
        ({"COLLOQUY_QUEUE_LENGTH": "1.5"}, [], "from 0 to 10000, read '1.5'"),
        ({"GRADIO_SERVER_PORT": "99999"}, [], "GRADIO_SERVER_PORT must be .* 65535"),
        ({"COLLOQUY_MCP": "perhaps"}, [], "COLLOQUY_MCP must be yes or no, read 'perhaps'"),
        ({}, ["--runs-at-once", "0"], "--runs-at-once must be a whole number from 1 to 64"),
        ({}, ["--max-recording-s", "nan"], "--max-recording-s must be a number from 1 to 60"),
        ({}, ["--max-script-characters", "100001"], "from 1 to 100000"),
        ({}, ["--nonsense"], "nonsense; --help shows the flags"),
        ({}, ["--queue"], "--queue; --help shows"),
        ({"COLLOQUY_API_KEY": "two words"}, [], "COLLOQUY_API_KEY: an API key is one word"),
        ({}, ["--api-key-file", "/no/such"], "cannot be read from /no/such: No such file"),
    ],
)
def test_what_cannot_be_understood_is_named(
    environment: dict[str, str], arguments: list[str], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        service_config_from(environment, arguments)


def test_a_key_comes_from_a_variable_or_a_file_and_is_not_shown(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text("secret-1\nnot this\n", encoding="utf-8")
    assert service_config_from({"COLLOQUY_API_KEY": "secret-2"}, []).api_key == "secret-2"
    assert service_config_from({"COLLOQUY_API_KEY_FILE": str(file)}, []).api_key == "secret-1"
    both = {"COLLOQUY_API_KEY": "secret-2"}
    config = service_config_from(both, ["--api-key-file", str(file)])
    assert config.api_key == "secret-1"
    assert "secret" not in repr(config)


@pytest.mark.parametrize("content", [b"", b"\n", b"\xff\xfe"])
def test_a_key_file_without_a_key_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes(content)
    with pytest.raises(ConfigError, match="key"):
        service_config_from({}, ["--api-key-file", str(tmp_path / "key")])


def test_help_names_every_flag(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        service_config_from({}, ["--help"])
    shown = capsys.readouterr().out
    for name in [*EXAMPLES, "no_mcp", "api_key_file"]:
        assert "--" + name.replace("_", "-") in shown
