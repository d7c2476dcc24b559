"""A simulated bandit with known truth: users differ, and the logging policy is stochastic."""

from dataclasses import dataclass

import numpy as np

from training.statistics.offpolicy.decisions import Decisions
from training.statistics.offpolicy.reward_model import cross_fitted

ACTIONS = 4


@dataclass(frozen=True)
class World:
    """Click rates by action and context, and the two policies."""

    rates: np.ndarray  # (contexts, actions)
    logging: np.ndarray
    target: np.ndarray

    @property
    def truth(self) -> float:
        """Value of the target policy; all contexts are equally frequent."""
        return float((self.rates * self.target).sum(axis=1).mean())


def world(seed: int, *, contexts: int = 6) -> World:
    rng = np.random.default_rng([seed, 1])
    rates = rng.uniform(0.05, 0.6, (contexts, ACTIONS))
    logging = rng.dirichlet(np.full(ACTIONS, 2.0), contexts) * 0.8 + 0.2 / ACTIONS
    target = np.eye(ACTIONS)[rates.argmax(axis=1)]
    return World(rates, logging, target)


def log(w: World, seed: int, *, users: int = 120, model: bool = True) -> Decisions:
    """What one period of logging holds; active users are more positive, so clusters matter."""
    rng = np.random.default_rng([seed, 2])
    visits = 1 + rng.poisson(6, users)
    clusters = np.repeat(np.arange(users), visits)
    mood = rng.choice([0.6, 1.4], users)[clusters]
    contexts = rng.integers(len(w.rates), size=clusters.size)
    draws = rng.random(clusters.size)[:, None]
    actions = (draws > w.logging[contexts].cumsum(axis=1)).sum(axis=1).clip(max=ACTIONS - 1)
    rewards = (rng.random(clusters.size) < w.rates[contexts, actions] * mood).astype(float)
    chosen = w.target[contexts].argmax(axis=1)
    predicted = expected = None
    if model:
        predicted, expected = cross_fitted(
            _features(contexts, actions), rewards, clusters, _features(contexts, chosen)
        )
    return Decisions(
        rewards, w.logging[contexts, actions], w.target[contexts, actions], clusters, predicted,
        expected,
    )  # fmt: skip


def _features(contexts: np.ndarray, actions: np.ndarray) -> np.ndarray:
    """Deliberately a poor model: it knows the action and nothing of the context."""
    return np.eye(ACTIONS)[actions]
