"""Write the public contract as JSON Schemas and an AsyncAPI document, or check that it is current.

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
    """What each file of the contract should hold, by its path beside this module."""
    files: dict[str, Any] = {
        "asyncapi.json": document(),
        **{f"schemas/{topic.name}.json": schema_of(topic) for topic in TOPICS},
    }
    return {
        path: json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
        for path, value in sorted(files.items())
    }


def write(folder: Path = FOLDER) -> None:
    """Write every file anew and remove schemas of topics that are no more."""
    wanted = contents()
    for name in stale(folder):
        path = folder / name
        text = wanted.get(name)
        if text is None:
            path.unlink()
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")


def stale(folder: Path = FOLDER) -> list[str]:
    """The files that are missing, differ from what the code says, or belong to no topic."""
    wanted = contents()
    there = {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in (*folder.glob("*.json"), *folder.glob("schemas/*.json"))
    }
    return sorted(
        name
        for name in wanted.keys() | there.keys()
        if name not in wanted or there.get(name) != wanted[name].encode()
    )


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m shared.events.documents.write", description=__doc__
    )
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--write", action="store_true", help="write the files anew")
    what.add_argument("--check", action="store_true", help="name the files that are stale")
    if parser.parse_args(arguments).write:
        write()
        return 0
    names = stale()
    for name in names:
        print(f"{name} is stale; run `make contract`", file=sys.stderr)
    return 1 if names else 0


if __name__ == "__main__":
    raise SystemExit(main())
