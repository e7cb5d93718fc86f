"""Faults on request: what real servers and networks do to a client, when and how often asked for.

Every fault is a field of `Faults` that holds a `Rule`, or None for never. `Faults.counts` tells
how often each was injected.
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
        Of each request that it may strike.
    count
        At most so often; None for no end.
    after
        How many such requests are left alone first.
    path
        Only requests whose path contains this.
    seconds
        How long, for `hang`, and the wait asked for, for `rate_limit_with_wait`.
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
    """What goes wrong.

    Without arguments, the only thing is the one that every real server does: rows come in no
    order, another one each time.

    Attributes
    ----------
    seed
        Of all chances, and of the order of rows.
    shuffle
        Send rows in no order; False for the order of the file.
    limit_warning
        Say in a `Warning` header that an answer may have been cut, as the real server does.
    wrapped_error
        A materialization query fails: 500 with a message.
    wrapped_rate_limit
        A materialization query is refused: 500 that means 429.
    rate_limit, rate_limit_with_wait
        A true 429, without and with `Retry-After: <seconds>`.
    unavailable
        503, without a body of any use; bursts by `count` and `after`.
    drop
        The connection is closed in place of an answer.
    cut
        The connection is closed in the middle of an answer.
    hang
        No answer for `seconds`; then the request is answered.
    wrong_count
        A count is one too small.
    expire
        The version that a query is about expires, before the answer and for good.
    unauthorized, forbidden, terms
        401 as for a bad token; 403 as without permission; 403 as without accepted terms of
        service.
    root_change
        After an answer of the chunkedgraph, one root in it is replaced by a new one, for good.
    counts
        How often each was injected. `row_limit` counts answers cut at the server's limit, and
        `shuffle` answers sent in another order.
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
        """Decide whether a fault strikes a request that it may strike, and count it.

        Parameters
        ----------
        name
            Of the fault.
        path
            Of the request.
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
        """Count something that happened without a rule."""
        with self._lock:
            self.counts[name] += 1

    def row_order(self) -> int | None:
        """Return a seed for the order of an answer's rows; None to leave them in order."""
        if not self.shuffle:
            return None
        with self._lock:
            self.counts["shuffle"] += 1
            return self._random.getrandbits(31)
