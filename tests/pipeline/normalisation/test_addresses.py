import random
import string

import pytest

from pipeline.normalisation.addresses import spell_addresses


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        ("mail jo.b@my-site.co.uk now", "mail jo dot ~B at my dash site dot co dot ~UK now"),
        ("see https://www.example.org/help.", "see example dot org slash help."),
        ("Node.js and setup.py", "Node dot ~JS and setup dot ~PY"),
        ("in /etc/hosts", "in slash etc slash hosts"),
        ("use .NET or C#", "use  dot NET or C sharp"),
        ("#NewYear @jo_b", "hashtag New Year at jo underscore ~B"),
    ],
)
def test_addresses_are_read_out(text: str, spoken: str) -> None:
    assert spell_addresses(text) == spoken


@pytest.mark.parametrize(
    "text",
    ["I left.It rained", "e.g. this", "U.S. flag", "3.5 or 2.0.1", "Wait...what", "1/2 and he/she"],
)
def test_other_full_stops_and_slashes_stay(text: str) -> None:
    assert spell_addresses(text) == text


def test_no_full_stop_is_left_in_an_address() -> None:
    rng = random.Random(4)
    for _ in range(100):
        name, host = ("".join(rng.choices(string.ascii_lowercase, k=5)) for _ in range(2))
        for address in (f"{name}.x@{host}.com", f"https://{host}.dev/{name}", f"{host}.{name}.org"):
            assert "." not in spell_addresses(address)
