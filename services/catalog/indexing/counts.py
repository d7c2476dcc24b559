"""Count the images of each tenant by their state, while they are published and indexed."""

from collections import Counter, defaultdict
from typing import Literal

from services.catalog.plan import needs_indexing
from shared.domain.ids import catalog_point_id
from shared.domain.images.image_key import ImageKey
from shared.store.catalog.images import StoredImage
from shared.store.catalog.status import TenantProgress

State = tuple[Literal["indexed", "outdated", "waiting", "failed"], str]
"""The state of an image, with the reason of a failure."""


def state_of(image: StoredImage | None, *, model_version: str) -> State | None:
    """The state of an image; None if it is not stored."""
    if image is None:
        return None
    if image.status == "failed" and image.failure is not None:
        return ("failed", image.failure.reason)
    if image.index is None:
        return ("waiting", "")
    is_outdated = needs_indexing(image, model_version=model_version)
    return ("outdated" if is_outdated else "indexed", "")


class Counts:
    """The counts of one collection: from a walk over the store, and the changes since then."""

    def __init__(self) -> None:
        self._by_tenant: dict[str, Counter[State]] = defaultdict(Counter)
        self._walk: dict[str, Counter[State]] | None = None
        """The counts of a walk in progress."""
        self._walked_to: str | None = None
        """Images with lower points are in the counts of the walk."""

    def start_walk(self) -> None:
        """Count from 0; the present counts stay until the end of the walk."""
        self._walk, self._walked_to = defaultdict(Counter), ""

    def walked(self, states: list[tuple[ImageKey, State]], *, following: str | None) -> None:
        """Add a page of the walk; `following` is the first point of the next one."""
        assert self._walk is not None
        for key, state in states:
            self._walk[key.tenant][state] += 1
        self._walked_to = following
        if following is None:
            self._by_tenant, self._walk = self._walk, None

    def changed(self, key: ImageKey, before: State | None, after: State | None) -> None:
        """Count a change of one image; None is an image that is not stored."""
        if before == after:
            return
        all_counts = [self._by_tenant]
        if self._walk is not None and str(catalog_point_id(key)) < (self._walked_to or ""):
            all_counts.append(self._walk)
        for counts in all_counts:
            of_tenant = counts[key.tenant]
            if before is not None:
                of_tenant[before] -= 1
            if after is not None:
                of_tenant[after] += 1

    @property
    def by_state(self) -> dict[str, int]:
        """The images of all tenants by state."""
        sums = dict.fromkeys(("indexed", "outdated", "waiting", "failed"), 0)
        for counts in self._by_tenant.values():
            for (state, _), count in counts.items():
                sums[state] += max(count, 0)
        return sums

    @property
    def by_tenant(self) -> dict[str, TenantProgress]:
        """The progress of each tenant with images; outdated images are indexed ones."""
        progress = {
            tenant: TenantProgress(
                indexed=max(counts["indexed", ""], 0) + max(counts["outdated", ""], 0),
                waiting=max(counts["waiting", ""], 0),
                failed={
                    reason: count
                    for (state, reason), count in sorted(counts.items())
                    if state == "failed" and count > 0
                },
            )
            for tenant, counts in sorted(self._by_tenant.items())
        }
        return {tenant: counts for tenant, counts in progress.items() if counts.total}
