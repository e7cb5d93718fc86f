"""What a request asks: its parameters, from the address or from a JSON body."""

from __future__ import annotations

import difflib
import json
import math
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from graphapi.errors import InputError
from graphapi.graph.criteria import NeuronCriteria
from graphapi.graph.written import WHOLE, condition

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from graphapi.connectome import Connectome

#: Parameters that every question takes: the form of the answer, and the rows to show.
FORMS = ("format", "csv_safe", "limit", "offset", "sort", "columns")
#: A part of a selection: up to the next semicolon outside double quotes.
_PARTS = re.compile(r'((?:[^";]|"[^"]*")*)(;|$)')


class Given:
    """The parameters of one request.

    Parameters
    ----------
    values
        Texts from the address, or values of a JSON body, by name.
    takes
        Names that the question takes; others are refused.
    set_named
        Function that returns the root ids of a saved set.
    forms
        Names of the parameters that say in what form the answer is given.

    Raises
    ------
    InputError
        A name is not one of `takes` or `forms`.
    """

    def __init__(
        self,
        values: Mapping[str, object],
        takes: Iterable[str],
        set_named: Callable[[str], list[str]],
        forms: Sequence[str] = FORMS,
    ) -> None:
        known = [*takes, *forms]
        for name in values:
            if name not in known:
                near = difflib.get_close_matches(name, known, n=1)
                meant = f"did you mean {near[0]}? " if near else ""
                raise InputError(
                    f"there is no parameter {name[:60]!r} here",
                    hint=f"{meant}it takes {', '.join(known)}",
                )
        self._values = dict(values)
        self._set_named = set_named

    def has(self, name: str) -> bool:
        """Return whether a parameter is there, and is not empty."""
        return self._values.get(name) not in (None, "", [])

    def text(self, name: str, default: str | None = None) -> str:
        """Return a text.

        Raises
        ------
        InputError
            It is not a text, or is missing and has no default.
        """
        value = self._values.get(name)
        if value is None or value == "":
            if default is None:
                raise InputError(f"{name} is missing", hint=f"add {name}=...")
            return default
        if not isinstance(value, str):
            raise InputError(f"{name}: {_shown(value)} is not a text")
        return value

    def texts(self, name: str) -> list[str]:
        """Return a list of texts; empty if it is missing. In an address they are repeated."""
        value = self._values.get(name)
        if value is None or value == "":
            return []
        values = value if isinstance(value, list) else [value]
        texts = [one for one in values if isinstance(one, str)]
        if len(texts) < len(values):
            raise InputError(f"{name}: {_shown(value)} is not a list of texts")
        return texts

    def choice(self, name: str, options: Sequence[str], default: str) -> str:
        """Return one of some texts."""
        value = self.text(name, default)
        if value not in options:
            raise InputError(f"{name}: {value[:60]!r}", hint=f"one of {', '.join(options)}")
        return value

    def whole(self, name: str, default: int, *, least: int = 0, most: int = 2**53) -> int:
        """Return a whole number within bounds."""
        value = self._values.get(name)
        if value is None or value == "":
            return default
        if isinstance(value, str) and WHOLE.fullmatch(value):
            value = int(value)
        if not isinstance(value, int) or isinstance(value, bool):
            raise InputError(f"{name}: {_shown(value)} is not a whole number")
        if not least <= value <= most:
            raise InputError(f"{name}: {value} is not between {least:,} and {most:,}")
        return value

    def number(self, name: str, default: float, *, least: float, most: float) -> float:
        """Return a number within bounds."""
        value = self._values.get(name)
        if value is None or value == "":
            return default
        try:
            found = float(value) if isinstance(value, (str, int, float)) else math.nan
        except (ValueError, OverflowError):
            found = math.nan
        if not least <= found <= most:
            raise InputError(f"{name}: {_shown(value)} is not between {least} and {most}")
        return found

    def flag(self, name: str) -> bool:
        """Return a yes or no: 1, 0, true or false."""
        value = self._values.get(name)
        if value is None or value == "":
            return False
        said = str(value).lower()
        if said not in ("1", "0", "true", "false"):
            raise InputError(f"{name}: {_shown(value)}", hint="1 or 0")
        return said in ("1", "true")

    def mapping(self, name: str) -> dict[str, Any]:
        """Return an object; in an address it is written as JSON."""
        value = self._values.get(name)
        if value is None or value == "":
            return {}
        if isinstance(value, str):
            value = _parsed(value, name)
        if not isinstance(value, dict):
            raise InputError(f"{name}: {_shown(value)} is not a JSON object")
        return value

    def neurons(self, connectome: Connectome, name: str = "neurons") -> Chosen:
        """Return the neurons that a parameter selects.

        It is root ids (a list, or a text with commas or spaces), `@name` for a saved set, or
        conditions with semicolons: `cell_class=ER;side=left`. Ids or a set before conditions
        are those of them that meet the conditions. With `regex`, values in conditions are
        regular expressions.

        Raises
        ------
        InputError
            It is missing, or cannot be read.
        """
        value = self._values.get(name)
        if value is None or value in ("", []):
            raise InputError(
                f"{name} is missing",
                hint=f"{name}=root ids, or conditions such as cell_class=ER;side=left, or @set",
            )
        if isinstance(value, list):
            if not all(isinstance(one, str) for one in value):
                raise InputError(
                    f"{name}: ids are texts in JSON, not numbers, which many programs round",
                    hint='write ["576460752773799604"]',
                )
            return Chosen(value)
        if not isinstance(value, str):
            raise InputError(f"{name}: {_shown(value)} does not name neurons")
        parts = split_conditions(value, name)
        where = [part for part in parts if re.search(r"[=<>]", part) and part[0] != "@"]
        ids = [one for part in parts if part not in where for one in self._ids(part)]
        if not where:
            return Chosen(ids)
        fields, regex = conditions(where, name), self.flag("regex")
        criteria = NeuronCriteria.of(fields, regex=regex, connectome=connectome)
        if len(where) == len(parts):
            return Chosen(criteria, tuple(where), fields, regex)
        named, meeting = connectome.get_neurons(ids)["root_id"], set(criteria.get_roots().tolist())
        return Chosen([str(root) for root in named.tolist() if root in meeting])

    def _ids(self, part: str) -> list[str]:
        """Read root ids, or the name of a saved set."""
        if part.startswith("@"):
            return self._set_named(part[1:].strip())
        return [one for one in re.split(r"[\s,]+", part) if one]

    def neurons_or_all(self, connectome: Connectome, name: str) -> Chosen | None:
        """Return the neurons that a parameter selects; None, for all, if it is missing."""
        return self.neurons(connectome, name) if self.has(name) else None


@dataclass(frozen=True)
class Chosen:
    """Neurons that a request names.

    Attributes
    ----------
    value
        What `graphapi` takes: root ids, or criteria.
    where, fields
        The conditions as written and as read; empty for ids.
    regex
        Whether the values are regular expressions.
    """

    value: list[str] | NeuronCriteria
    where: tuple[str, ...] = ()
    fields: dict[str, Any] = field(default_factory=dict)
    regex: bool = False

    @property
    def ids(self) -> list[str]:
        """The root ids as written; empty for conditions."""
        return [] if self.where or not isinstance(self.value, list) else self.value


def split_conditions(text: str, name: str) -> list[str]:
    """Split conditions at semicolons outside double quotes."""
    found: list[str] = []
    place, more = 0, True
    while more:
        part = _PARTS.match(text, place)
        if part is None:
            raise InputError(f"{name}: a double quote is not closed")
        place, more = part.end(), part[2] == ";"
        if part[1].strip():
            found.append(part[1].strip())
    return found


def conditions(where: Iterable[str], name: str) -> dict[str, Any]:
    """Read conditions, by field."""
    found: dict[str, Any] = {}
    for text in where:
        about, wanted = condition(text, f"{name}: ")
        if about in found:
            raise InputError(f"{name}: {about} is there twice", hint="list values as a,b")
        found[about] = wanted
    return found


def read_body(body: bytes) -> dict[str, Any]:
    """Read a JSON body.

    Raises
    ------
    InputError
        It is not a JSON object.
    """
    if not body:
        return {}
    found = _parsed(body, "the request's body")
    if not isinstance(found, dict):
        raise InputError("the request's body is not a JSON object", hint='{"neurons": [...]}')
    return found


def _parsed(text: str | bytes, name: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{name} is not JSON") from error


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:60]}..."
