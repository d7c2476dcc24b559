"""Count rows and users that are left out, and write each with its reason into a file."""

import json
from collections import Counter
from typing import Final, TextIO

from training.evaluation.benchmark.public_data.values import Place, UserLeftOut

SENTENCES_SHOWN: Final = 5
"""Sentences about left-out rows in the report: enough to see what is wrong."""


class LeftOut:
    """The rows and users of one set that give no case; they stop nothing else."""

    def __init__(self, file: TextIO | None = None) -> None:
        self._file = file
        self.rows: Counter[str] = Counter()
        self.users: Counter[str] = Counter()
        self.pairs: Counter[str] = Counter()
        self.sentences: list[str] = []

    def row(self, place: Place | str, reason: str, detail: str) -> None:
        """One row of a file."""
        self.rows[reason] += 1
        self._write({"place": str(place)}, reason, detail, f"{place}: {detail}")

    def pair(self, place: Place | str, reason: str, detail: str) -> None:
        """One pair of readable rows, whose images cannot be used."""
        self.pairs[reason] += 1
        self._write({"place": str(place), "pair": True}, reason, detail, f"{place}: {detail}")

    def user(self, user: UserLeftOut) -> None:
        """One user."""
        self.users[user.reason] += 1
        self._write(
            {"user": user.user}, user.reason, user.detail, f"user {user.user}: {user.detail}"
        )

    def _write(self, what: dict[str, object], reason: str, detail: str, sentence: str) -> None:
        if len(self.sentences) < SENTENCES_SHOWN:
            self.sentences.append(sentence)
        if self._file is not None:
            line = what | {"reason": reason, "detail": detail}
            self._file.write(json.dumps(line, ensure_ascii=False) + "\n")
