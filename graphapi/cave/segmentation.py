"""Root ids over time, from the chunkedgraph service; each method sends one request."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import numpy.typing as npt

from graphapi.cave.retries import MissingError
from graphapi.errors import CaveResponseError

if TYPE_CHECKING:
    from collections.abc import Callable, Sized

    from graphapi.ids import IdArray

Answer = TypeVar("Answer")
OneEach = TypeVar("OneEach", bound="Sized")


class Segmentation:
    """The segmentation of one datastack.

    Parameters
    ----------
    ask
        Function that sends a request with retries, given its description and the call.
    graph
        Function that returns the CAVE client's chunkedgraph client.
    server
        Address of the server, for messages.
    """

    def __init__(
        self, ask: Callable[[str, Callable[[], Any]], Any], graph: Callable[[], Any], server: str
    ) -> None:
        self._ask = ask
        self._graph = graph
        self._server = server

    def roots_of(self, supervoxel_ids: IdArray, timestamp: datetime) -> IdArray:
        """Return the root id of each supervoxel at a given time.

        Returns
        -------
        numpy.ndarray
            int64, same length as the input; 0 for supervoxels without a root.
        """
        answer = self._send(
            f"the roots of {len(supervoxel_ids)} supervoxels",
            lambda graph: graph.get_roots(supervoxel_ids, timestamp=timestamp),
        )
        return self._one_each(np.asarray(answer).astype(np.int64), supervoxel_ids)

    def is_current(self, root_ids: IdArray, timestamp: datetime) -> npt.NDArray[np.bool_]:
        """Return whether each id is a root at a given time; False for ids that never were.

        Returns
        -------
        numpy.ndarray
            bool, same length as the input.
        """
        answer = self._send(
            f"whether {len(root_ids)} ids are current",
            lambda graph: graph.is_latest_roots(root_ids, timestamp=timestamp),
        )
        return self._one_each(np.asarray(answer, dtype=bool), root_ids)

    def exist(self, node_ids: IdArray) -> npt.NDArray[np.bool_]:
        """Return whether each id is or was a node of the segmentation.

        Returns
        -------
        numpy.ndarray
            bool, same length as the input.
        """
        answer = self._send(
            f"whether {len(node_ids)} ids ever existed",
            lambda graph: graph.is_valid_nodes(node_ids, end_timestamp=datetime.now(UTC)),
        )
        return self._one_each(np.asarray(answer, dtype=bool), node_ids)

    def past_ids(self, root_ids: IdArray, past: datetime, future: datetime) -> dict[int, list[int]]:
        """Return the roots at `past` that hold parts of each root at `future`.

        Returns
        -------
        dict
            Root id -> sorted root ids; an id without ancestors maps to an empty list.
        """
        answer = self._send(
            f"the past ids of {len(root_ids)} roots",
            lambda graph: graph.get_past_ids(root_ids, past, future)["past_id_map"],
        )
        return {int(i): sorted({int(p) for p in answer.get(int(i), [])}) for i in root_ids}

    def supervoxels(self, root_id: int) -> IdArray:
        """Return the supervoxels of a root of any time; int64, sorted."""
        answer = self._send(
            f"the supervoxels of root {root_id}", lambda graph: graph.get_leaves(root_id)
        )
        return np.unique(np.asarray(answer).astype(np.int64))

    def _send(self, what: str, call: Callable[[Any], Any]) -> Any:
        try:
            return self._ask(what, lambda: call(self._graph()))
        except MissingError as error:
            raise CaveResponseError(
                f"{self._server} does not find {what} ({error.status}): {error}",
                hint="the datastack's segmentation may have moved; check its info record",
            ) from error

    def _one_each(self, answer: OneEach, asked: IdArray) -> OneEach:
        if len(answer) != len(asked):
            raise CaveResponseError(
                f"{self._server} returns {len(answer)} entries for {len(asked)} ids"
            )
        return answer
