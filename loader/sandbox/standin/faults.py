"""Faults on request: what real servers and networks do to a client.

Each fault is a field of `Faults` that holds a `Rule`, or None for never. `Faults.counts` counts
how often each fault was injected.
"""

from __future__ import annotations

import random
import threading
from collections import Counter
from dataclasses import dataclass, field

from graphapi.errors import InputError


@dataclass(frozen=True)
class Rule:
    """When a fault strikes.

    Attributes
    ----------
    probability
        Probability for each request that the fault may strike.
    count
        Strike at most this often; None for no limit.
    after
        Let this many such requests pass first.
    path
        Strike only requests whose path contains this.
    seconds
        Length of a `hang`, or the wait that `rate_limit_with_wait` asks for.
    """

    probability: float = 1.0
    count: int | None = 1
    after: int = 0
    path: str = ""
    seconds: float = 1.0

    def __post_init__(self) -> None:
        if not 0 <= self.probability <= 1:
            raise InputError(f"probability: {self.probability} is not between 0 and 1")


@dataclass
class Faults:
    """The faults to inject.

    Without arguments, the only fault is one of every real server: rows come in a different
    order each time.

    Attributes
    ----------
    seed
        Random seed of all faults, and of the order of rows.
    shuffle
        Send rows in random order; False for the order of the file.
    limit_warning
        Send a `Warning` header if an answer may be truncated, as the real server does.
    wrapped_error
        A materialization query fails: 500 with a message.
    wrapped_rate_limit
        A materialization query is refused: a 500 that means 429.
    rate_limit, rate_limit_with_wait
        A true 429, without and with `Retry-After: <seconds>`.
    unavailable
        503, without a useful body; use `count` and `after` for bursts.
    drop
        The connection closes instead of an answer.
    cut
        The connection closes in the middle of an answer.
    hang
        No answer for `seconds`, then the normal answer.
    wrong_count
        A count is one too small.
    expire
        The queried version expires before the answer, permanently.
    unauthorized, forbidden, terms
        401 for a bad token; 403 for a missing permission; 403 for terms of service that were
        not accepted.
    root_change
        After an answer of the chunkedgraph, one root in it is permanently replaced by a new
        one.
    counts
        How often each fault was injected. `row_limit` counts answers truncated at the
        server's limit, and `shuffle` answers sent in another order.
    """

    seed: int = 0
    shuffle: bool = True
    limit_warning: bool = True
    wrapped_error: Rule | None = None
    wrapped_rate_limit: Rule | None = None
    rate_limit: Rule | None = None
    rate_limit_with_wait: Rule | None = None
    unavailable: Rule | None = None
    drop: Rule | None = None
    cut: Rule | None = None
    hang: Rule | None = None
    wrong_count: Rule | None = None
    expire: Rule | None = None
    unauthorized: Rule | None = None
    forbidden: Rule | None = None
    terms: Rule | None = None
    root_change: Rule | None = None
    counts: Counter[str] = field(default_factory=Counter, init=False)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)  # noqa: S311 - no secret hangs on it
        self._lock = threading.Lock()
        self._met: Counter[str] = Counter()

    def strikes(self, name: str, path: str) -> bool:
        """Decide whether a fault strikes a request, and count it.

        Parameters
        ----------
        name
            Name of the fault.
        path
            Path of the request.
        """
        rule: Rule | None = getattr(self, name)
        if rule is None or rule.path not in path:
            return False
        with self._lock:
            self._met[name] += 1
            if self._met[name] <= rule.after:
                return False
            if rule.count is not None and self.counts[name] >= rule.count:
                return False
            if self._random.random() >= rule.probability:
                return False
            self.counts[name] += 1
        return True

    def note(self, name: str) -> None:
        """Count an event that no rule caused."""
        with self._lock:
            self.counts[name] += 1

    def row_order(self) -> int | None:
        """Return a seed for the order of an answer's rows; None to keep their order."""
        if not self.shuffle:
            return None
        with self._lock:
            self.counts["shuffle"] += 1
            return self._random.getrandbits(31)
