"""A fake simulator: record each run, and fail if a file `fail` exists."""

import sys
from pathlib import Path

folder, arguments = Path(sys.argv[1]), sys.argv[2:]
(folder / "arguments.txt").write_text(" ".join(arguments))
with (folder.parent / "runs.txt").open("a") as runs:
    runs.write("run\n")
sys.exit(3 if (folder.parent / "fail").exists() else 0)
