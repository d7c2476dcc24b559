"""Write `docs/tree.md`: every tracked file with one sentence about it.

`python infra/tree.py --write` writes the page; `--check` fails when the page is out of date.
The sentence comes from the file itself: its docstring, its heading or its first comment.
"""

import argparse
import ast
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "tree.md"
INTRODUCTION = """# Every file

`python infra/tree.py --write` writes this page from the first sentence of each file. A test keeps
it current.

"""
COMMENTED = {".yml", ".yaml", ".env"}
WITHOUT_A_LINE = {"__init__.py", "py.typed", ".gitkeep"}
"""An `__init__.py` describes its folder, on the folder's own line."""
SENTENCES = {
    ".ci/run": "What continuous integration runs: `make test`.",
    ".env.example": "Every setting, with its default and its reason.",
    ".gitignore": "What stays out of the repository.",
    "LICENSE": "Apache-2.0.",
    "Makefile": "`make demo`, `make test` and the other words.",
    "README.md": "This page.",
    "pyproject.toml": "What the distribution is, needs and checks.",
    ".dockerignore": "Only what the images copy gets to the builder.",
    "infra/constraints.txt": "The versions that were run together.",
    "infra/demo-pictures.txt": "Packages that are installed for the pictures in them, with hashes.",
    "infra/helm/preferstream/values.schema.json": "What those values may be.",
}
FOLDED = {
    "infra/decisions": "Half-page records of what was decided otherwise, and why.",
    "infra/grafana/boards": "The boards as Grafana reads them, written by `boards.py`.",
    "infra/helm/preferstream/templates": "The chart's resources.",
    "shared/events/schemas": "JSON Schema of every event and the AsyncAPI document, generated.",
    "shared/nano": "preferthinker-nano: weights, tokenizer, processor and model card.",
    "tests": "Unit, contract, integration, training and end-to-end tests.",
    "training/configs": "Settings of SFT and GRPO runs, and how `accelerate` launches them.",
    "training/curves": "Measured curves of training runs.",
}


def sentence(path: Path) -> str:
    """The first sentence of a file about itself."""
    name = path.relative_to(ROOT).as_posix()
    if name in SENTENCES:
        return SENTENCES[name]
    if path.suffix == ".py":
        docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
        return (docstring or "").split("\n")[0]
    if path.suffix == ".md":
        return next(
            (line.lstrip("# ") for line in path.read_text(encoding="utf-8").splitlines() if line),
            "",
        )
    if path.suffix == ".html":
        return "The page's template."
    if path.suffix in COMMENTED or path.name.endswith("Dockerfile"):
        return _first_comment(path)
    return ""


def _first_comment(path: Path) -> str:
    """The comment that a file begins with, up to its first full stop."""
    comment: list[str] = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            break
        comment.append(line.lstrip("# "))
    text, stop, _ = " ".join(comment).partition(". ")
    return text + "." if stop else text


def tree() -> str:
    """The tree as a Markdown code block; folders that hold data are one line."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.split("\n")  # fmt: skip
    files = sorted(Path(name) for name in set(listed) if name and (ROOT / name).exists())
    lines: list[str] = []
    open_folders: tuple[str, ...] = ()
    for file in sorted(files, key=lambda f: (len(f.parts) == 1, f.parts)):
        folder = next((f for f in FOLDED if file.is_relative_to(f)), None)
        if folder:
            file = Path(folder) / "..."
        parents = file.parts[:-1]
        common = sum(1 for a, b in zip(parents, open_folders, strict=False) if a == b)
        if folder and open_folders == parents:
            continue
        for depth in range(common, len(parents)):
            label = "  " * depth + parents[depth] + "/"
            lines.append(_line(label, _folder_sentence(parents[: depth + 1])))
        open_folders = parents
        if folder or file.name in WITHOUT_A_LINE:
            continue
        lines.append(_line("  " * len(parents) + file.name, sentence(ROOT / file)))
    return "```text\n" + "\n".join(lines) + "\n```"


def _folder_sentence(parts: tuple[str, ...]) -> str:
    """What a folder holds: from the table above, else from its `__init__.py`."""
    package = ROOT.joinpath(*parts) / "__init__.py"
    listed = FOLDED.get("/".join(parts))
    return listed or (sentence(package) if package.exists() else "")


def _line(label: str, text: str) -> str:
    return f"{label:<42} {text}".rstrip()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    group = parser.add_mutually_exclusive_group(required=True)
    group.add_argument("--write", action="store_true")
    group.add_argument("--check", action="store_true")
    arguments = parser.parse_args()
    current = PAGE.read_text(encoding="utf-8") if PAGE.exists() else ""
    expected = f"{INTRODUCTION}{tree()}\n"
    if arguments.write:
        PAGE.write_text(expected, encoding="utf-8")
    elif current != expected:
        print("docs/tree.md is out of date: run `python infra/tree.py --write`")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
