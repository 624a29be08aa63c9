"""JSON values as frozen dataclasses."""

import dataclasses
import json
from collections.abc import Mapping
from typing import Any, Literal

import pytest
import torch

from pipeline.config.limits import MixConfig
from pipeline.config.sizes import DialogueConfig, tiny
from pipeline.errors import ConfigError
from pipeline.files.schema import config_from_dict, config_to_dict


def test_dict_form_of_a_config_is_plain_json() -> None:
    values = config_to_dict(tiny())
    assert json.loads(json.dumps(values)) == values
    assert values.keys() == {field.name for field in dataclasses.fields(DialogueConfig)}


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Record:
    pairs: tuple[tuple[int, float], ...]
    word: Literal["a", "b"] = "a"
    gap_s: float | None = None
    inside: MixConfig | None = None
    names: Mapping[str, int]
    rest: Any = None
    ready: torch.Tensor


def _record(**change: Any) -> _Record:
    values = {
        "pairs": [[1, 2]], "word": "b", "gap_s": None, "inside": None, "names": {}, "rest": [1]
    }  # fmt: skip
    return config_from_dict(_Record, {**values, **change}, "here", ready=torch.ones(1))


def test_lists_words_and_names_are_read_as_what_they_are() -> None:
    inside = {**config_to_dict(MixConfig()), "fade_s": 0.5}
    record = _record(inside=inside, gap_s=0.5, names={"x": 3})
    assert (record.pairs, record.word, record.gap_s) == (((1, 2),), "b", 0.5)
    assert record.inside == MixConfig(fade_s=0.5)
    assert (record.names, record.rest) == ({"x": 3}, [1])
    assert record.ready.equal(torch.ones(1))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"pairs": 3}, "here: pairs: expected a list, read 3"),
        ({"pairs": [[1]]}, r"here: pairs 0: expected 2 values, read \[1\]"),
        ({"pairs": [[1, 2], [1, "x"]]}, "here: pairs 1 1: expected float, read 'x'"),
        ({"pairs": [[1, float("nan")]]}, "expected a finite number, read nan"),
        ({"pairs": [[1, 10**400]]}, "expected a finite number, read a huge number"),
        ({"word": "c"}, r"expected one of \('a', 'b'\), read 'c'"),
        ({"word": ["a"]}, "expected one of"),
        ({"gap_s": "0"}, "gap_s: expected float, read '0'"),
        ({"inside": {}}, "here: inside: unknown keys"),
        ({"names": []}, r"here: names: expected an object, read \[\]"),
        ({"names": {"x": None}}, "here: names x: expected int, read None"),
        ({"ready": 1}, "unknown keys"),
    ],
)
def test_values_of_another_form_are_named(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        _record(**change)
