"""Stop calls to something that keeps failing: one circuit breaker per key, in bounded memory."""

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from enum import Enum


class State(Enum):
    """The state of one circuit."""

    CLOSED = "closed"
    """Calls are made."""
    OPEN = "open"
    """Calls fail at once."""
    HALF_OPEN = "half-open"
    """One trial call decides; all others fail at once."""


@dataclass(frozen=True)
class Refusal:
    """Why a call is not made."""

    failures: int
    """Failures in a row."""
    retry_seconds: float
    """Seconds until the next trial call; 0 while a trial call runs."""


@dataclass(eq=False)
class Permit:
    """Permission for one call, whose result is then reported to the breaker."""

    key: Hashable
    is_trial: bool


@dataclass(eq=False)
class _Circuit:
    failures: int = 0
    evidence: set[Hashable] = field(default_factory=set)
    """Sources of the failures that are counted once each, while the circuit is closed."""
    opened_until: float | None = None
    trial: Permit | None = None


class CircuitBreaker:
    """Circuits by key; only keys with failures are stored, at most `max_keys` of them.

    Args:
        failures: failures in a row, without a success between them, that open a circuit.
        open_seconds: seconds from the opening to the trial call.
        max_keys: circuits that are stored; the one that failed least recently is dropped first.
    """

    def __init__(
        self,
        *,
        failures: int,
        open_seconds: float,
        max_keys: int,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._threshold = failures
        self._open_seconds = open_seconds
        self._max_keys = max_keys
        self._now = now
        self._circuits: OrderedDict[Hashable, _Circuit] = OrderedDict()

    def __len__(self) -> int:
        return len(self._circuits)

    def state(self, key: Hashable) -> State:
        """The state of the key's circuit now."""
        circuit = self._circuits.get(key)
        if circuit is None or circuit.opened_until is None:
            return State.CLOSED
        if circuit.trial is not None or self._now() >= circuit.opened_until:
            return State.HALF_OPEN
        return State.OPEN

    @property
    def open_circuits(self) -> int:
        """Circuits for which a call would fail at once now."""
        return sum(self.refusal(key) is not None for key in self._circuits)

    def refusal(self, key: Hashable) -> Refusal | None:
        """Why a call to the key would fail at once now, or None; takes no trial call."""
        circuit = self._circuits.get(key)
        if circuit is None or circuit.opened_until is None:
            return None
        left = circuit.opened_until - self._now()
        if left <= 0 and circuit.trial is None:
            return None
        return Refusal(circuit.failures, max(left, 0.0))

    def admit(self, key: Hashable) -> Permit | Refusal:
        """Permission for one call; the caller then reports `succeeded`, `failed` or `abandoned`."""
        refusal = self.refusal(key)
        if refusal is not None:
            return refusal
        circuit = self._circuits.get(key)
        if circuit is None or circuit.opened_until is None:
            return Permit(key, is_trial=False)
        circuit.trial = Permit(key, is_trial=True)
        return circuit.trial

    def succeeded(self, permit: Permit) -> None:
        """The call worked: the circuit closes, whenever the call was started."""
        self._circuits.pop(permit.key, None)

    def failed(self, permit: Permit, *, evidence: Hashable | None = None) -> bool:
        """The call failed; returns whether this opens the circuit.

        Failures with the same `evidence` count once while the circuit is closed.
        """
        circuit = self._circuits.setdefault(permit.key, _Circuit())
        self._circuits.move_to_end(permit.key)
        while len(self._circuits) > self._max_keys:
            self._circuits.popitem(last=False)
        if circuit.opened_until is not None:
            circuit.failures += 1
            if circuit.trial is permit:
                circuit.trial = None
                circuit.opened_until = self._now() + self._open_seconds
                return True
            # A call from before the opening: the trial call decides, not this one.
            return False
        if evidence is not None and evidence in circuit.evidence:
            return False
        circuit.evidence.add(evidence)
        circuit.failures += 1
        if circuit.failures < self._threshold:
            return False
        circuit.evidence.clear()
        circuit.opened_until = self._now() + self._open_seconds
        return True

    def abandoned(self, permit: Permit) -> None:
        """The call ended without a result, for example because its caller was cancelled."""
        circuit = self._circuits.get(permit.key)
        if circuit is not None and circuit.trial is permit:
            circuit.trial = None
