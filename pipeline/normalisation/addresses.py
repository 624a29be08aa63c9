"""Addresses and file names as they are read out: "mia.holt@example.com", "config.yaml", "/help".

A full stop without a blank after it belongs to an address if what ends there is one: an ending of
domains or of files, or a sign such as "@", "www." or "https://" before it.
"""

import re

_SURE_ENDINGS = (
    "com org net edu gov mil int info biz io ai co uk de fr es nl se dk fi pl ch cz ru cn jp kr "
    "br ca au nz eu tv app dev xyz online shop site tech cloud blog page fm gg ly news store "
    "world"
)
_OTHER_ENDINGS = "[a-z]{2,24}"
_FILE_ENDINGS = (
    "7z aac avi bak bat bmp cfg conf cpp cs csv css db dll doc docx env epub exe flac gif gz "
    "htm html ini ipynb java jpeg jpg js json jsx lock log lua md mkv mov mp3 mp4 mpeg odt ogg "
    "opus pdf php png ppt pptx psd py rar rb rs rtf sh sql srt svg tar tex tiff toml ts tsv tsx "
    "txt vtt wasm wav webm webp xls xlsx xml yaml yml zip"
)
_SAID_ENDING_LIST = (
    "com org net edu gov mil info biz app dev online shop site tech cloud blog page news store "
    "world doc conf bak bat log lock java json lua tar yaml toml zip env opus flac gif jpeg "
    "mpeg co int"
)
_SAID_ENDINGS = frozenset(_SAID_ENDING_LIST.split())
_SIGNS = {
    ".": "dot", "@": "at", "_": "underscore", "-": "dash", "/": "slash", "\\": "backslash",
    ":": "colon", "?": "question mark", "=": "equals", "&": "and", "#": "hash", "+": "plus",
    "~": "tilde", "%": "percent", ",": "comma", ";": "semicolon", "!": "exclamation mark",
}  # fmt: skip
_PATH = r"(?:[/?#](?:[\w./?=&#%+~:@!,;-]*[\w/=])?)?"
_HOST = r"(?:[A-Za-z0-9](?:[\w-]*\w)?\.)+"
_ENDING = rf"(?:{_SURE_ENDINGS.replace(' ', '|')})"
_FILE_ENDING = _FILE_ENDINGS.replace(" ", "|")
_PATTERNS = (
    rf"[\w.+%-]*\w@{_HOST}{_OTHER_ENDINGS}\b",
    rf"(?:https?://|ftp://|www\.)(?:[\w-]+\.)*[\w-]+(?::\d+)?{_PATH}",
    rf"{_HOST}{_ENDING}\b(?!\.\w)(?::\d+)?{_PATH}",
    rf"{_HOST}[a-z]{{2,24}}/(?:[\w./?=&#%+~:-]*[\w/])?",
    rf"(?:[A-Za-z]:\\|\.{{0,2}}/|~/)?(?:[\w.-]+[/\\])*[\w.-]*\w\.(?:{_FILE_ENDING})\b(?!\.\w)",
    r"(?<!\w)(?:~|\.{1,2})?/(?:[\w.-]+/)+[\w.-]*\w",
    r"(?<!\w)[A-Za-z]:\\(?:[\w.-]+\\)*[\w.-]*\w",
    r"localhost(?::\d+)?" + _PATH,
)
_ADDRESS = re.compile(
    "(?<![\\w@.])(?:" + "|".join(f"(?:{pattern})" for pattern in _PATTERNS) + ")", re.IGNORECASE
)
_NOT_AN_ADDRESS = re.compile(r"[\d.,]+|[A-Z]\.(?:[A-Z]\.)*\w", re.IGNORECASE)
_MARKS = re.compile(r"[./@:\\]\w|#")
_PLAIN_DOT = re.compile(
    r"(?<![\w.])\.(?=(?:net|com|org|js|py|txt|pdf|env|exe|gitignore|io)\b)", re.IGNORECASE
)
_HANDLE = re.compile(r"(?<![\w@])@(\w+(?:[._]\w+)*)")
_HASHTAG = re.compile(r"(?<![\w&])#(?=[A-Za-z_])(\w+)")


def spell_addresses(text: str) -> str:
    """Write addresses of mail and web, paths and names of files as words.

    Args:
        text: ASCII besides signs.

    Returns:
        The text with "dot", "at" and "slash" in addresses; no full stop is left inside one.
    """
    if not _MARKS.search(text):
        return text
    text = _ADDRESS.sub(_address, text)
    text = _PLAIN_DOT.sub(" dot ", text)
    text = _HANDLE.sub(lambda m: "at " + _words(m[1]), text)
    text = re.sub(r"\b([CFA])#(?!\w)", r"\1 sharp", text)
    return _HASHTAG.sub(
        lambda m: "hashtag " + _words(_split_words(m[1])).replace("underscore ", ""), text
    )


def _address(match: re.Match[str]) -> str:
    address = match[0]
    if _NOT_AN_ADDRESS.fullmatch(address):
        return address
    address = re.sub(r"^(?:https?://|ftp://)?(?:www\.)?", "", address, flags=re.IGNORECASE)
    return _words(address.rstrip("/") if re.search(r"\w", address) else address)


def _words(address: str) -> str:
    """Signs by their names; what is no word, such as "txt", letter by letter."""
    parts = re.findall(r"[A-Za-z]+|\d+|\W|_", address)
    words = []
    for place, part in enumerate(parts):
        ending = place > 0 and parts[place - 1] == "."
        last = place + 1 == len(parts) or parts[place + 1] in "/?:.#"
        if len(part) == 1 and part.isalpha():
            words.append("~" + part.upper())
        elif part in _SIGNS:
            words.append(_SIGNS[part])
        elif ending and last and part.isalpha() and _is_spelled(part):
            words.append("~" + part.upper())
        else:
            words.append(part)
    return " ".join(words)


def _is_spelled(ending: str) -> bool:
    endings = (_SURE_ENDINGS + " " + _FILE_ENDINGS).split()
    return ending.lower() in endings and ending.lower() not in _SAID_ENDINGS


def _split_words(tag: str) -> str:
    """The words of a tag such as "ThrowbackThursday"."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", tag)
