"""Keep the collections and aliases of one folder, one shard of the engine for each collection."""

import json
import shutil
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

from shared.files.atomic_write import atomic_write
from shared.store.edge.disk_search import collection_folder
from shared.store.edge.errors import EngineError
from shared.store.edge.shard import Shard

IDLE_SECONDS: Final = 2.0
"""A flush takes 50 to 500 ms, so it waits for a pause of this length."""
LONGEST_DELAY_SECONDS: Final = 300.0
"""Without a pause, a flush waits no longer. Its only use is to keep the log and the next start
short, since each write is on the disk already."""
POSTPONED_SECONDS: Final = 30.0
"""Pause after a maintenance that failed, on a full disk for example."""
DELETED_FOR_SECONDS: Final = 3600.0
"""How long deleted points may stay in the files. An erasure does not wait: it calls `purge`."""
UNINDEXED_POINTS: Final = 2_000
"""New points of a collection with an index after which the index is brought up to date."""
INDEX_DELAY_SECONDS: Final = 30.0
"""Without a pause, so many new points wait no longer: a search compares them number by number."""


class Collections:
    """The shards of a folder, by the name of their collection. Raises as `Shard` does."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._index = folder / "collections.json"
        index = self._read_index()
        self.aliases: dict[str, str] = dict(index["aliases"])
        self.configs: dict[str, Mapping[str, Any]] = dict(index["collections"])
        """What the client gave when it created each collection."""
        for leftover in folder.iterdir():  # of a creation or removal that was interrupted
            if leftover.is_dir() and leftover not in map(self._path, self.configs):
                shutil.rmtree(leftover)
        self._shards = {name: Shard(self._path(name)) for name in self.configs}
        self._due: dict[str, float] = {}
        """When each collection was first written to since its last maintenance."""
        self._unindexed = {
            name: self._counted_unindexed(name)
            for name, config in self.configs.items()
            if _has_index(config)
        }
        """Of collections with an index: points with new vectors since it was brought up to date."""
        self._postponed_until = 0.0

    def shard(self, name: str) -> Shard:
        """The shard of a collection or alias; raises `ValueError` for an unknown name."""
        shard = self._shards.get(self.aliases.get(name, name))
        if shard is None:
            raise ValueError(f"Collection {name} not found")
        return shard

    def __contains__(self, name: str) -> bool:
        return self.aliases.get(name, name) in self._shards

    def create(self, name: str, config: Mapping[str, Any]) -> None:
        if name in self:
            raise ValueError(f"Collection {name} already exists")
        self._shards[name] = Shard.create(self._path(name), config)
        if _has_index(config):
            self._unindexed[name] = 0
        self._write_index(self.configs | {name: config}, self.aliases)

    def drop(self, name: str) -> bool:
        shard = self._shards.pop(name, None)
        if shard is None:
            return False
        remaining = {alias: target for alias, target in self.aliases.items() if target != name}
        self._write_index({n: c for n, c in self.configs.items() if n != name}, remaining)
        self._due.pop(name, None)
        self._unindexed.pop(name, None)
        shard.engine.close()
        shutil.rmtree(self._path(name))
        return True

    def change_aliases(self, changes: Sequence[tuple[str, str, str]]) -> None:
        """Apply all changes or none: ("create", alias, collection), ("rename", old, new) or
        ("delete", alias, "")."""
        aliases = dict(self.aliases)
        for kind, alias, target in changes:
            if kind == "create":
                if target not in self._shards:
                    raise ValueError(f"Collection {target} not found")
                if alias in self._shards:
                    raise ValueError(f"The alias {alias} is the name of a collection")
                aliases[alias] = target
            elif alias not in aliases:
                raise ValueError(f"Alias {alias} does not exist")
            else:
                collection = aliases.pop(alias)
                if kind == "rename":
                    aliases[target] = collection
        self._write_index(self.configs, aliases)

    def written(self, name: str, *, vectors: int = 0) -> None:
        """Note a write with new vectors of so many points, so that maintenance follows."""
        name = self.aliases.get(name, name)
        self._due.setdefault(name, time.monotonic())
        if name in self._unindexed:
            self._unindexed[name] += vectors

    def maintenance_in(self) -> float | None:
        """Seconds that the next maintenance may wait for a pause; None if nothing is due.

        0 means that it waits for no pause.
        """
        ages = [time.time() - since for _, since in self._deletions()]
        if self._due:
            now = time.monotonic()
            wait = 0.0 if any(self._is_late(name, now) for name in self._due) else IDLE_SECONDS
        elif ages:
            wait = DELETED_FOR_SECONDS - max(ages)
        else:
            return None
        return max(wait, self._postponed_until - time.monotonic(), 0.0)

    def postpone(self) -> None:
        """Wait before the next maintenance."""
        self._postponed_until = time.monotonic() + POSTPONED_SECONDS

    def maintain(self) -> None:
        """Maintain one collection: flush, index, remove deleted points.

        The first one is one that may wait no longer, and then the one that waits longest.
        """
        if not self._due:
            oldest, _ = min(self._deletions(), key=lambda item: item[1])
            self._shards[oldest].purge()
            return
        now = time.monotonic()
        name = min(self._due, key=lambda due: (not self._is_late(due, now), self._due[due]))
        if self._needs_index(name):
            self._shards[name].optimize()
            self._unindexed[name] = 0
        else:
            self._shards[name].flush()
        del self._due[name]

    def _deletions(self) -> list[tuple[str, float]]:
        return [
            (name, shard.deletions_since)
            for name, shard in self._shards.items()
            if shard.deletions_since is not None
        ]

    def close(self) -> None:
        """Close all shards; raises the first error after the others are closed."""
        with ExitStack() as stack:
            for shard in self._shards.values():
                stack.callback(shard.close)

    def _is_late(self, name: str, now: float) -> bool:
        """Whether the maintenance of a collection that was written to waits for no pause."""
        longest = INDEX_DELAY_SECONDS if self._needs_index(name) else LONGEST_DELAY_SECONDS
        return now - self._due[name] > longest

    def _needs_index(self, name: str) -> bool:
        return self._unindexed.get(name, 0) > UNINDEXED_POINTS

    def _counted_unindexed(self, name: str) -> int:
        """An estimate when the folder opens: a point without some of its vectors counts in part."""
        vectors = len(self.configs[name]["vectors"])
        return self._shards[name].unindexed_points(vectors=vectors)

    def _path(self, name: str) -> Path:
        return collection_folder(self._folder, name)

    def _read_index(self) -> dict[str, Any]:
        if not self._index.exists():
            return {"collections": {}, "aliases": {}}
        try:
            index: dict[str, Any] = json.loads(self._index.read_bytes())
            return {"collections": index["collections"], "aliases": index["aliases"]}
        except (ValueError, KeyError, TypeError) as error:
            raise EngineError(
                f"the list of collections {self._index} cannot be read: {error!r}. Restore the"
                " folder from a backup, or move it away to start with an empty store"
            ) from error

    def _write_index(
        self, configs: Mapping[str, Mapping[str, Any]], aliases: Mapping[str, str]
    ) -> None:
        atomic_write(self._index, json.dumps({"collections": configs, "aliases": aliases}))
        self.configs, self.aliases = dict(configs), dict(aliases)


def _has_index(config: Mapping[str, Any]) -> bool:
    return bool(config.get("quantization_config") or config.get("hnsw_config"))
