import pytest

from pipeline.normalisation.abbreviations import expand_abbreviations


@pytest.mark.parametrize(
    ("text", "expanded"),
    [
        ("eggs, etc. Then he left.", "eggs, et cetera. Then he left."),
        ("eggs, etc. and milk", "eggs, et cetera and milk"),
        ("Acme Inc. They pay.", "Acme Incorporated. They pay."),
        ("Acme Inc. shares", "Acme Incorporated shares"),
        ("5 p.m. We go", "5 pm. We go"),
        ("5 p.m. Friday", "5 p.m. Friday"),
        ("Dr. Day of Elm Dr.", "Doctor Day of Elm Drive."),
        ("St. Ann on Ann St.", "Saint Ann on Ann Street."),
        ("9 Elm St. Apt. 5", "9 Elm Street Apartment  5"),
        ("No. I was alone.", "No. I was alone."),
        ("Vol. II, pp. 3-5", "Volume  II, pages  3-5"),
        ("Salem, Mass. was", "Salem, Massachusetts was"),
        ("w/ milk, w/o ice", "with  milk, without ice"),
        ("M&Ms in 5 ms", "M&Ms in 5 ms"),
    ],
)
def test_abbreviations_are_written_out_and_end_sentences_where_they_do(
    text: str, expanded: str
) -> None:
    assert expand_abbreviations(text) == expanded
