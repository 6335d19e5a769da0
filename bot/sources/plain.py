"""From HTML to the words a reader sees: line breaks kept, marks gone, nothing that a database would choke on."""

import re

from selectolax.lexbor import LexborHTMLParser, LexborNode

LONGEST_ADDRESS = 2048
"""Characters of an address that is kept."""

_BLOCKS = frozenset(
    "address article aside blockquote dd div dl dt fieldset figcaption figure footer h1 h2 h3 h4 h5 h6 header hr li "
    "main nav ol p pre section table td th tr ul".split()
)
_SILENT = frozenset("head iframe math noscript object script style svg template textarea title".split())
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")
_MANY_SPACES = re.compile(r"[ \t\r\n\f]+")
_RAW_LINE_END = re.compile(r"[ \t]*[\r\n]+[ \t]*")
_MANY_EMPTY_LINES = re.compile(r"\n{3,}")
_TAG = re.compile(r"<[^<>]*>")

# Open elements that a parser may have to look through at each new one: its time grows with the square
# (5,000 take 0.1 s, 200,000 take minutes and hold the whole process). A channel's page has 156.
_DEEPEST = 5000


def clean(text: str) -> str:
    """The text without NUL and without halves of surrogate pairs (X cuts texts in the middle of an emoji)."""
    return _UNSTORABLE.sub("", text)


def too_deep(html: bytes) -> bool:
    """Whether parsing could take more than a moment."""
    tags = html.count(b"<")
    if tags <= _DEEPEST:
        return False
    return max(tags - 2 * html.count(b"</"), html.count(b"<div") - html.count(b"</div")) > _DEEPEST


def text_of(node: LexborNode, *, fold: bool = False) -> str:
    """The text below a node. A `<br>` is a line break, a block stands on lines of its own, lines have no spaces
    around them. A line end in the source is a space, except in `<pre>`. `fold`: many spaces are one, as in a browser.
    """
    out: list[str] = []
    stack: list[tuple[LexborNode | None, bool]] = [(node, False)]
    while stack:
        here, in_pre = stack.pop()
        if here is None:  # the end of a block
            _break_line(out)
        elif here.tag == "-text":
            out.append(_words(here.text_content or "", in_pre, fold))
        elif here.tag == "br":
            out.append("\n")
        elif here.tag not in _SILENT:
            in_pre = in_pre or here.tag == "pre"
            below: list[tuple[LexborNode | None, bool]] = [(one, in_pre) for one in here.iter(include_text=True)]
            if here.tag in _BLOCKS:
                _break_line(out)
                below.append((None, False))
            stack.extend(reversed(below))
    return tidy("".join(out))


def _break_line(out: list[str]) -> None:
    while out and not out[-1].strip(" "):
        out.pop()
    if out and not out[-1].endswith("\n"):
        out.append("\n")


def _words(raw: str, in_pre: bool, fold: bool) -> str:
    if in_pre and "\n" in raw:
        return raw
    if fold:
        return _MANY_SPACES.sub(" ", raw)
    if "\n" not in raw and "\r" not in raw:  # Telegram's own pages have none
        return raw
    return _RAW_LINE_END.sub(" ", raw)


def from_html(html: str) -> str:
    """The text of a piece of HTML from a stranger; scripts and styles say nothing, at most one line stays empty."""
    if too_deep(html.encode("utf-8", "replace")):
        return one_line(_TAG.sub(" ", html))
    body = LexborHTMLParser(html).body
    return _MANY_EMPTY_LINES.sub("\n\n", text_of(body, fold=True)) if body else ""


def tidy(text: str) -> str:
    """Without spaces around lines and without empty lines around the whole."""
    return clean("\n".join(line.strip() for line in text.split("\n")).strip())


def one_line(text: str) -> str:
    return clean(_MANY_SPACES.sub(" ", text)).strip()
