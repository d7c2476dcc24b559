"""Read the rules file (TOML), name the line of each error, and follow its changes."""

import json
import logging
import re
import time
import tomllib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, Protocol

from pydantic import ValidationError

from services.assessor.rules.policy import NO_RULES, Policy, TenantRules
from shared.events import RulesPolicy
from shared.settings import InvalidSettings

log = logging.getLogger(__name__)
DIGEST_CHARACTERS: Final = 16
MAX_BYTES: Final = 1_000_000
LOOK_SECONDS: Final = 2.0
"""The file is looked at for changes at most this often, when a request arrives."""
_HEADER: Final = re.compile(r"^\s*\[{1,2}\s*(?P<name>[^\[\]]+?)\s*\]{1,2}\s*(#.*)?$")


class InvalidRules(InvalidSettings):
    """The rules file cannot be used; the text names file, line, field and remedy."""


@dataclass(frozen=True)
class RulesFile:
    """A valid rules file."""

    policy: Policy
    digest: str
    """Hash of its bytes, in hexadecimal digits."""

    def of_tenant(self, tenant: str) -> TenantRules:
        """The rules of a tenant; none without a section of its own."""
        return self.policy.tenants.get(tenant, NO_RULES)

    def shown(self, tenant: str) -> RulesPolicy | None:
        """How a feed names the rules of its tenant; None where it has none."""
        names = self.of_tenant(tenant).names
        if not names:
            return None
        return RulesPolicy(version=self.policy.version, digest=self.digest, active=names)


EMPTY: Final = RulesFile(Policy(), digest="none")
"""No rule at all: the state without a rules file."""


class Rules(Protocol):
    """The rules that hold now."""

    def current(self) -> RulesFile: ...


class FixedRules:
    """Rules that never change."""

    def __init__(self, rules: RulesFile = EMPTY) -> None:
        self._rules = rules

    def current(self) -> RulesFile:
        return self._rules


class FollowedRules:
    """The rules of a file; a changed file counts within seconds.

    A changed file with an error is logged and the rules before it stay. Raises `InvalidRules` when
    the first content is invalid.
    """

    def __init__(self, path: Path, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._path = path
        self._monotonic = monotonic
        self._stamp = _stamp(path)
        self._rules = read_rules(path)
        self._looked_at = monotonic()

    def current(self) -> RulesFile:
        now = self._monotonic()
        if now - self._looked_at >= LOOK_SECONDS:
            self._looked_at = now
            stamp = _stamp(self._path)
            if stamp != self._stamp:
                self._stamp = stamp
                self._read_again()
        return self._rules

    def _read_again(self) -> None:
        try:
            self._rules = read_rules(self._path)
        except InvalidRules as error:
            log.error("the rules before the change stay active: %s", error)
        else:
            log.info("new rules from %s, digest %s", self._path, self._rules.digest)


def open_rules(path: Path | None) -> Rules:
    """The rules of the setting; none without a file. Raises `InvalidRules`."""
    return FixedRules() if path is None else FollowedRules(path)


def read_rules(path: Path) -> RulesFile:
    """The rules of a file. Raises `InvalidRules` with one line for each error."""
    try:
        # One byte more than the limit: a device or a wrong file is not read to its end.
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise InvalidRules(
            f"{path}: the rules file cannot be read ({error.strerror or error}); correct"
            " PREFERSTREAM_RULES_FILE, or unset it for no rules"
        ) from error
    if len(content) > MAX_BYTES:
        raise InvalidRules(f"{path}: the rules file is larger than {MAX_BYTES:,} bytes")
    return parse_rules(content, name=str(path))


def parse_rules(content: bytes, *, name: str) -> RulesFile:
    """The rules of a file's bytes. Raises `InvalidRules`; `name` stands in its messages."""
    try:
        text = content.decode("utf-8-sig")
        payload = tomllib.loads(text)
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise InvalidRules(
            f"{name}: not valid TOML: {error}; correct it there, and check the file with"
            " `preferstream rules check`"
        ) from error
    try:
        # As JSON, where arrays are tuples and times are texts, as in events.
        policy = Policy.model_validate_json(json.dumps(payload, default=_as_json))
    except (ValidationError, ValueError) as error:
        raise InvalidRules("\n".join(_lines(error, text, name))) from error
    return RulesFile(policy, sha256(content).hexdigest()[:DIGEST_CHARACTERS])


def _as_json(value: object) -> str:
    if isinstance(value, datetime | date):
        return value.isoformat()
    raise ValueError(f"{value!r} is no value of a rule; use a text, a number or a truth value")


def _lines(error: Exception, text: str, name: str) -> Iterator[str]:
    """One line for each error: file, line, field, problem."""
    if not isinstance(error, ValidationError):
        yield f"{name}: {error}"
        return
    for problem in error.errors(include_url=False):
        location = problem["loc"]
        field = "".join(
            f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in location
        ).lstrip(".")
        line = line_of(text, location)
        where = f"{name}, line {line}" if line else name
        message = str(problem["msg"]).removeprefix("Value error, ")
        if problem["type"] == "extra_forbidden":
            message = "no such field; correct its name or remove it"
        yield f"{where}: {field or 'the file'}: {message}"


def line_of(text: str, location: Sequence[Any]) -> int | None:
    """The line, from 1, of a field in a TOML text; of its table where the field has no own line.

    None where the table has no header of its own, as in an inline table.
    """
    lines = text.splitlines()
    headers = [(-1, (), False), *_headers(lines)]
    ends = [*(number for number, _, _ in headers[1:]), len(lines)]
    best = (0, 0)
    counts: dict[tuple[str, ...], int] = {}
    for (number, parts, is_array), end in zip(headers, ends, strict=True):
        counts[parts] = counts.get(parts, -1) + 1
        table = (*parts, counts[parts]) if is_array else parts
        if tuple(location[: len(table)]) != table:
            continue
        line = number + 1
        if rest := location[len(table) :]:
            key = re.compile(rf"^\s*[\"']?{re.escape(str(rest[0]))}[\"']?\s*[=.]")
            line = next((n + 1 for n in range(number + 1, end) if key.match(lines[n])), line)
        best = max(best, (len(table), line))
    return best[1] or None


def _headers(lines: Sequence[str]) -> Iterator[tuple[int, tuple[str, ...], bool]]:
    """Index, name and kind (whether it is an array's) of each table's header."""
    for number, line in enumerate(lines):
        if match := _HEADER.match(line):
            yield number, _parts(match["name"]), line.lstrip().startswith("[[")


def _parts(header: str) -> tuple[str, ...]:
    """The parts of a table's name, without quotes: `tenants."my shop".pins`."""
    parts = re.findall(r"\"([^\"]*)\"|'([^']*)'|([^.\s]+)", header)
    return tuple(next(filter(None, groups), "") for groups in parts)


def _stamp(path: Path) -> tuple[int, int, int] | None:
    """What changes with the content: also where a mounted volume switches a link."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino
