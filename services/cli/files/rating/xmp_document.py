"""Find and change properties of an XMP document; all bytes of other properties stay as they are.

XMP is RDF (ISO 16684-1): a property is an attribute or an element of an `rdf:Description`. The
parser is expat; its byte offsets say where a value stands, and only these bytes are replaced.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

RDF: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
MAX_BYTES: Final = 50_000_000
"""Some editors keep masks of a photograph in its sidecar."""
TEXT_BYTES: Final = 1_000_000
"""Text that the parser collects before it hands it over."""
_ATTRIBUTE: Final = re.compile(rb"([^\s=<>\"'/]+)\s*=\s*(\"[^\"]*\"|'[^']*')")
_TAG: Final = re.compile(rb"(?:[^>\"']+|\"[^\"]*\"|'[^']*')*>")
_DECLARATION: Final = re.compile(r"^\s*<\?xml[^>]*\?>")
_ENCODING: Final = re.compile(rb"^\s*<\?xml[^>]*encoding\s*=\s*[\"']([A-Za-z0-9._-]+)[\"']")
_NOT_XML: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_CONTAINERS: Final = frozenset({"Bag", "Seq", "Alt"})


class BadXmp(Exception):
    """The document cannot be changed safely; the text says why."""


class Name(NamedTuple):
    """The name of a property: its namespace and its local name."""

    namespace: str
    local: str


@dataclass
class Element:
    """One element with its place in the bytes."""

    name: Name
    start: int
    """First byte of the start tag."""
    inner: int
    """First byte after the start tag."""
    namespaces: Mapping[str, str]
    """Namespace of each prefix."""
    parent: "Element | None"
    attributes: Mapping[Name, str]
    children: list["Element"] = field(default_factory=list)
    text: str = ""
    end: int = 0
    """First byte of the end tag; equal to `inner` for an empty element."""
    after: int = 0
    """First byte after the end tag."""
    is_empty: bool = False


class Edit(NamedTuple):
    """Bytes to put in place of others."""

    start: int
    end: int
    content: bytes


class XmpDocument:
    """A parsed document and the changes to it. Raises `BadXmp` when it is no XMP."""

    def __init__(self, content: bytes) -> None:
        self._content = as_utf8(content)
        self._root = parse(self._content)
        rdf = next((e for e in _walk(self._root) if e.name == Name(RDF, "RDF")), None)
        if rdf is None:
            raise BadXmp("it has no rdf:RDF element")
        self._rdf = rdf
        self._descriptions = [e for e in rdf.children if e.name == Name(RDF, "Description")]
        self._edits: list[Edit] = []
        self._new: list[tuple[Name, str | tuple[str, ...]]] = []

    def value(self, name: Name) -> str | None:
        """The text of a simple property; None where it is absent."""
        for description in self._descriptions:
            if name in description.attributes:
                return description.attributes[name].strip()
        element = self._element(name)
        return None if element is None else element.text.strip()

    def values(self, name: Name) -> tuple[str, ...]:
        """The texts of a list property."""
        container = self._container(name)
        if container is None:
            value = self.value(name)
            return (value,) if value else ()
        return tuple(item.text.strip() for item in _items(container))

    def set_value(self, name: Name, value: str) -> None:
        """Set a simple property: in its place, or in a new description at the end."""
        for description in self._descriptions:
            if name in description.attributes:
                span = self._attribute_span(description, name)
                quote = self._content[span[0] : span[0] + 1].decode()
                text = escape(value, {'"': "&quot;", "'": "&apos;"})
                self._edits.append(Edit(*span, f"{quote}{text}{quote}".encode()))
                return
        element = self._element(name)
        if element is None:
            self._new.append((name, value))
        elif element.children:
            raise BadXmp(f"{name.local} is not a plain text")
        else:
            self._replace_content(element, escape(value))

    def set_values(
        self, name: Name, *, add: Iterable[str], remove: Collection[str] = frozenset()
    ) -> None:
        """Remove texts of a list property, and add those that it does not have."""
        container = self._container(name)
        if container is None:
            if self.value(name) is not None:
                raise BadXmp(f"{name.local} is not a list")
            if texts := tuple(dict.fromkeys(add)):
                self._new.append((name, texts))
            return
        wanted = tuple(dict.fromkeys(add))
        items = _items(container)
        kept = {item.text.strip() for item in items if item.text.strip() not in remove}
        for item in items:
            if item.text.strip() not in kept and item.text.strip() not in wanted:
                self._edits.append(Edit(self._before(item.start), item.after, b""))
        present = {item.text.strip() for item in items}
        added = [text for text in wanted if text not in present]
        if added:
            declares = container.namespaces.get("rdf") != RDF
            lines = "".join(_item(text, declares=declares) for text in added)
            self._replace_content(container, lines, keep=True)

    def to_bytes(self) -> bytes:
        """The document with all changes, in UTF-8."""
        edits = list(self._edits)
        if self._new:
            block = new_description(self._new, about=self._about)
            edits.append(self._content_edit(self._rdf, block, keep=True))
        content = self._content
        for edit in sorted(edits, reverse=True):
            content = content[: edit.start] + edit.content + content[edit.end :]
        parse(content)
        return content

    @property
    def _about(self) -> str:
        """All descriptions of a document are about the same resource."""
        about = Name(RDF, "about")
        return next((d.attributes[about] for d in self._descriptions if about in d.attributes), "")

    def _element(self, name: Name) -> Element | None:
        children = (child for d in self._descriptions for child in d.children)
        return next((child for child in children if child.name == name), None)

    def _container(self, name: Name) -> Element | None:
        element = self._element(name)
        children = element.children if element else []
        return next(
            (c for c in children if c.name.namespace == RDF and c.name.local in _CONTAINERS), None
        )

    def _replace_content(self, element: Element, text: str, *, keep: bool = False) -> None:
        self._edits.append(self._content_edit(element, text, keep=keep))

    def _content_edit(self, element: Element, text: str, *, keep: bool) -> Edit:
        """Replace the content of an element, or add to its end with `keep`."""
        if not element.is_empty:
            start = self._before(element.end) if keep else element.inner
            return Edit(start if keep else element.inner, start if keep else element.end,
                        text.encode())  # fmt: skip
        tag = self._content[element.start : element.inner].decode()
        qualified = re.split(r"[\s/>]", tag[1:], maxsplit=1)[0]
        opened = tag[:-2].rstrip() + ">"
        return Edit(element.start, element.inner, f"{opened}{text}\n</{qualified}>".encode())

    def _before(self, offset: int) -> int:
        """Where the white space before an offset starts."""
        while offset and self._content[offset - 1 : offset].isspace():
            offset -= 1
        return offset

    def _attribute_span(self, element: Element, name: Name) -> tuple[int, int]:
        for match in _ATTRIBUTE.finditer(self._content, element.start, element.inner):
            prefix, _, local = match[1].decode().rpartition(":")
            if local == name.local and element.namespaces.get(prefix) == name.namespace:
                return match.span(2)
        raise BadXmp(f"the attribute {name.local} cannot be located")


def as_utf8(content: bytes) -> bytes:
    """The document in UTF-8 without a byte order mark of another encoding. Raises `BadXmp`."""
    if len(content) > MAX_BYTES:
        raise BadXmp(f"it has {len(content):,} bytes, at most {MAX_BYTES:,}")
    if not content.strip():
        raise BadXmp("it is empty; remove it")
    marks = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
    declared = _ENCODING.match(content)
    encoding = marks.get(content[:2]) or (declared[1].decode() if declared else "utf-8")
    if encoding.lower() in ("utf-8", "utf8", "us-ascii", "ascii"):
        return content
    try:
        text = content.decode(encoding)
    except (LookupError, UnicodeDecodeError) as error:
        raise BadXmp(f"it is not valid text of the encoding {encoding}") from error
    return _DECLARATION.sub('<?xml version="1.0" encoding="UTF-8"?>', text, count=1).encode()


def parse(content: bytes) -> Element:
    """The root element. Raises `BadXmp` for malformed XML, and for a document type (entities)."""
    return _Parser(content).root()


def new_description(properties: Sequence[tuple[Name, str | tuple[str, ...]]], *, about: str) -> str:
    """An `rdf:Description` with these properties as elements."""
    prefixes = {
        namespace: PREFIXES.get(namespace, f"ns{number}")
        for number, namespace in enumerate(dict.fromkeys(name.namespace for name, _ in properties))
    }
    lines = [f"\n  <rdf:Description xmlns:rdf={quoteattr(RDF)} rdf:about={quoteattr(about)}"]
    lines += [f"\n    xmlns:{prefix}={quoteattr(uri)}" for uri, prefix in prefixes.items()]
    lines.append(">")
    for name, value in properties:
        qualified = f"{prefixes[name.namespace]}:{name.local}"
        inner = escape(value) if isinstance(value, str) else _bag(value)
        lines.append(f"\n   <{qualified}>{inner}</{qualified}>")
    return "".join([*lines, "\n  </rdf:Description>"])


PREFIXES: Final[dict[str, str]] = {
    "http://ns.adobe.com/xap/1.0/": "xmp",
    "http://purl.org/dc/elements/1.1/": "dc",
    "http://ns.adobe.com/lightroom/1.0/": "lr",
    "urn:preferstream:xmp:1#": "preferstream",
}
"""The usual prefix of each namespace that we write."""

EMPTY: Final = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="Preferstream">\n'
    f' <rdf:RDF xmlns:rdf="{RDF}">\n'
    " </rdf:RDF>\n"
    "</x:xmpmeta>\n"
).encode()
"""A new sidecar without properties."""


def _bag(texts: Iterable[str]) -> str:
    items = "".join(_item(text) for text in texts)
    return f"\n    <rdf:Bag>{items}\n    </rdf:Bag>\n   "


def _item(text: str, *, declares: bool = False) -> str:
    declaration = f' xmlns:rdf="{RDF}"' if declares else ""
    return f"\n     <rdf:li{declaration}>{escape(_NOT_XML.sub('', text))}</rdf:li>"


def _items(container: Element) -> list[Element]:
    return [child for child in container.children if child.name == Name(RDF, "li")]


def _walk(element: Element) -> Iterator[Element]:
    waiting = [element]
    while waiting:
        yield (current := waiting.pop())
        waiting += reversed(current.children)


class _Parser:
    """Builds the tree of elements with their byte offsets."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._stack: list[Element] = []
        self._root: Element | None = None
        self._prefixes: list[dict[str, str]] = [{"xml": "http://www.w3.org/XML/1998/namespace"}]
        self._declared: dict[str, str] = {}
        self._expat = expat.ParserCreate("utf-8", namespace_separator=" ")
        # Without it a text comes line by line, and to join a mask of 50 MB takes an hour.
        self._expat.buffer_text, self._expat.buffer_size = True, TEXT_BYTES
        self._expat.StartElementHandler = self._start
        self._expat.EndElementHandler = self._end
        self._expat.CharacterDataHandler = self._text
        self._expat.StartNamespaceDeclHandler = self._declare
        self._expat.StartDoctypeDeclHandler = self._refuse

    def root(self) -> Element:
        try:
            self._expat.Parse(self._content, True)
        except expat.ExpatError as error:
            raise BadXmp(f"it is not valid XML: {error}") from error
        assert self._root is not None
        return self._root

    def _declare(self, prefix: str | None, uri: str | None) -> None:
        self._declared[prefix or ""] = uri or ""

    def _refuse(self, *_: object) -> None:
        raise BadXmp("it declares a document type, which XMP never has")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        start = self._expat.CurrentByteIndex
        inner = self._tag_end(start)
        self._prefixes.append({**self._prefixes[-1], **self._declared})
        self._declared = {}
        parent = self._stack[-1] if self._stack else None
        element = Element(
            _name(name), start, inner, self._prefixes[-1], parent,
            {_name(key): value for key, value in attributes.items()},
        )  # fmt: skip
        element.is_empty = self._content[inner - 2 : inner] == b"/>"
        if parent is None:
            self._root = element
        else:
            parent.children.append(element)
        self._stack.append(element)

    def _end(self, _name: str) -> None:
        element = self._stack.pop()
        self._prefixes.pop()
        element.end = element.inner if element.is_empty else self._expat.CurrentByteIndex
        element.after = element.inner if element.is_empty else self._tag_end(element.end)

    def _text(self, text: str) -> None:
        if self._stack:
            self._stack[-1].text += text

    def _tag_end(self, start: int) -> int:
        """The first byte after the tag that starts here; `>` may stand in a quoted value."""
        match = _TAG.match(self._content, start)
        return match.end() if match else len(self._content)


def _name(text: str) -> Name:
    namespace, _, local = text.rpartition(" ")
    return Name(namespace, local)
