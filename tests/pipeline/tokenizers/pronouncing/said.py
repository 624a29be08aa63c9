"""Tables of sentences for the tests of homographs, and how a word in one is said."""

from pipeline.tokenizers.phones import spoken_words


def table(text: str) -> list[tuple[str, ...]]:
    """Rows of a table with bars.

    Args:
        text: a row a line, empty lines between.

    Returns:
        The cells of each row.
    """
    rows = (line.split("|") for line in text.splitlines() if line)
    return [tuple(cell.strip() for cell in row) for row in rows]


def said(sentence: str, word: str) -> str:
    """Phones of the first place of a word in a sentence.

    Args:
        sentence: a whole sentence.
        word: lower case.

    Returns:
        Its phones.
    """
    return next(found.phones for found in spoken_words(sentence) if found.text.lower() == word)
