"""Write the public contract as JSON Schemas and an AsyncAPI document, or check the files.

python -m shared.events.documents.write --write | --check
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from shared.events.documents.asyncapi import document
from shared.events.documents.json_schemas import schema_of
from shared.events.topics import TOPICS

FOLDER: Final = Path(__file__).parents[1]


def contents() -> dict[str, str]:
    """The expected text of each file of the contract, by path below `shared/events`."""
    files: dict[str, Any] = {
        "asyncapi.json": document(),
        **{f"schemas/{topic.name}.json": schema_of(topic) for topic in TOPICS},
    }
    return {
        path: json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
        for path, value in sorted(files.items())
    }


def write(folder: Path = FOLDER) -> None:
    """Write every file, and remove the schemas of topics that no longer exist."""
    expected = contents()
    for name in stale(folder):
        path = folder / name
        text = expected.get(name)
        if text is None:
            path.unlink()
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")


def stale(folder: Path = FOLDER) -> list[str]:
    """The files that are missing, differ from the code, or belong to no topic."""
    expected = contents()
    present = {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in (*folder.glob("*.json"), *folder.glob("schemas/*.json"))
    }
    return sorted(
        name
        for name in expected.keys() | present.keys()
        if name not in expected or present.get(name) != expected[name].encode()
    )


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m shared.events.documents.write", description=__doc__
    )
    mode = parser.add_mutually_exclusive_group(required=True)
    mode.add_argument("--write", action="store_true", help="write the files")
    mode.add_argument("--check", action="store_true", help="list the files that are out of date")
    if parser.parse_args(arguments).write:
        write()
        return 0
    names = stale()
    for name in names:
        print(f"{name} is out of date; run `make contract`", file=sys.stderr)
    return 1 if names else 0


if __name__ == "__main__":
    raise SystemExit(main())
