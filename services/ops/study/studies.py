"""Keep the blind tests of this process in memory: few, by token, for a limited time."""

from collections import OrderedDict
from datetime import datetime, timedelta
from typing import Final

from services.ops.study.study import Study

MAX_STUDIES: Final = 20
"""Tests in memory, each of at most 60 small pictures: 100 MB at most, mostly below 10."""
KEPT_FOR: Final = timedelta(hours=12)


class Studies:
    """Tests by token, the latest used last."""

    def __init__(self, *, size: int = MAX_STUDIES) -> None:
        self._size = size
        self._by_token: OrderedDict[str, Study] = OrderedDict()

    def add(self, study: Study, *, now: datetime) -> list[Study]:
        """Keep a test; returns those that it replaces, whose users should be erased."""
        ended = [kept for kept in self._by_token.values() if now - kept.started_at > KEPT_FOR]
        for kept in ended:
            del self._by_token[kept.token]
        self._by_token[study.token] = study
        while len(self._by_token) > self._size:
            _, oldest = self._by_token.popitem(last=False)
            ended.append(oldest)
        return ended

    def get(self, token: str) -> Study | None:
        study = self._by_token.get(token)
        if study is not None:
            self._by_token.move_to_end(token)
        return study

    def remove(self, token: str) -> Study | None:
        return self._by_token.pop(token, None)
