"""Check names and folders: no banned variable name, no folder with too many entries.

`python infra/check_layout.py` prints one line a finding and fails when there is one. The rules are
the project's own: a variable is named after what it holds, and a folder fits on one screen.
"""

import ast
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BANNED = frozenset({"told", "found", "asked", "said", "heard"})
"""Names that say how a value came, not what it is; use `payload`, `rows`, `errors`, `prompts`."""
MOST_ENTRIES = 16
"""Files and folders directly in one folder of code, without `__init__.py` and pages of text."""
CODE = ("services", "shared", "training", "tests", "infra")
ONE_KIND = ("infra/decisions",)
"""Folders that hold one kind of numbered file and have an index of their own."""
NOT_COUNTED = frozenset({"__init__.py", "py.typed"})


def banned_names(source: str) -> Iterator[tuple[int, str]]:
    """Line and name of each banned variable, parameter, function or attribute that is defined."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Name(id=name, ctx=ast.Store()) | ast.arg(arg=name) | ast.alias(asname=name):
                pass
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                pass
            case ast.Attribute(attr=name, ctx=ast.Store()) | ast.keyword(arg=name):
                pass
            case ast.ExceptHandler(name=name) | ast.MatchAs(name=name) | ast.MatchStar(name=name):
                pass
            case _:
                continue
        if name is not None and name.strip("_") in BANNED:
            yield getattr(node, "lineno", 0), name


def wide_folders(files: list[str]) -> Iterator[tuple[str, int]]:
    """Folder and number of entries of each folder of code that has too many of them."""
    entries: Counter[str] = Counter()
    for folder, _ in {
        ("/".join(parts[:depth]), parts[depth])
        for parts in (Path(name).parts for name in files)
        if parts[0] in CODE and parts[-1] not in NOT_COUNTED and not parts[-1].endswith(".md")
        for depth in range(1, len(parts))
    }:
        entries[folder] += 1
    for folder, count in sorted(entries.items()):
        if count > MOST_ENTRIES and not folder.startswith(ONE_KIND):
            yield folder, count


def main() -> int:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.splitlines()  # fmt: skip
    files = sorted(name for name in set(listed) if (ROOT / name).is_file())
    findings = [
        f"{name}:{line}: a variable is called {word}; name what it holds"
        for name in files
        if name.endswith(".py")
        for line, word in banned_names((ROOT / name).read_text(encoding="utf-8"))
    ]
    findings += [
        f"{folder}: {count} entries, at most {MOST_ENTRIES}; split the folder by what its files do"
        for folder, count in wide_folders(files)
    ]
    print("\n".join(findings) or "names and folders are as agreed")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
