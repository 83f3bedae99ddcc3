"""An OpenAPI document held against the server it describes: schemathesis asks every operation, as bounded and repeatable
as a table of examples. Answers must be below 500, of a status the document names, and of the type and shape it gives.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.config import SchemathesisConfig
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

CHECKS: Final = [
    schemathesis.checks.not_a_server_error, status_code_conformance, content_type_conformance,
    response_headers_conformance, response_schema_conformance,
]  # fmt: skip
"""Not `positive_data_acceptance`: what fits the shape may still be refused, for the state it meets or because a strict
body takes no 3232.0 for a whole number (reference/dependencies.md, pitfall 14)."""
METHODS: Final = ("get", "head", "post", "put", "patch", "delete")
TIMEOUT_S: Final = 60.0
EXPLORE: Final = bool(os.environ.get("OUTPOST_EXPLORE"))
"""Ask ten times as much, and what nobody has asked yet; a minute of `make test` is better spent than on the same again."""


class Things(NamedTuple):
    """Ids of what exists, by name: for path parameters, and for fields of bodies."""

    path: Mapping[str, str]
    body: Mapping[str, str]


class Asked(NamedTuple):
    """What was found. operations: how many were asked.  statuses: which were answered, by "METHOD /path"."""

    operations: int
    failures: list[str]
    statuses: dict[str, set[int]]


def ask(
    document: dict[str, Any],
    base_url: str,
    headers: Callable[[], Mapping[str, str]],
    there: Callable[[], Things],
    examples: int,
    leave_out: frozenset[str] = frozenset(),
) -> Asked:
    """Ask every operation `examples` times with what fits and what does not; a third of it about things that exist.

    headers: who asks, made anew for each operation, as some end the session.  there: what exists, made for each too.
    leave_out: "METHOD /path" that nobody should ask here. Blocking: run it beside the server's loop.
    """
    schema = schemathesis.openapi.from_dict(
        document, config=SchemathesisConfig.from_dict({"cache": {"enabled": False}})
    )
    failures: list[str] = []
    statuses: dict[str, set[int]] = {}
    with requests.Session() as session:
        for found in schema.get_all_operations():
            operation = found.ok()
            label = operation.label
            if label in leave_out:
                continue
            who = dict(headers())
            things = there() if operation.path_parameters or operation.body else Things({}, {})
            named = {p.name: things.path[p.name] for p in operation.path_parameters if p.name in things.path}
            rounds = [(operation.as_strategy(GenerationMode.POSITIVE), True)]
            if operation.body or operation.query or operation.headers:  # a path alone is never of a wrong shape
                rounds.append((operation.as_strategy(GenerationMode.NEGATIVE), False))
            if named or operation.body:
                existing = operation.as_strategy(GenerationMode.POSITIVE, path_parameters=named or None)
                rounds.append((existing.map(lambda case, things=things: _about(case, things.body)), True))
            answered = statuses.setdefault(label, set())

            def answer_of(case: Any, who: dict[str, str] = who, answered: set[int] = answered) -> None:
                answer = case.call(base_url=base_url, session=session, headers=who, timeout=TIMEOUT_S)
                answered.add(answer.status_code)
                case.validate_response(answer, checks=CHECKS)

            for cases, is_there in rounds:
                found_wrong = _failures(answer_of, cases, examples // len(rounds), is_there)
                failures += [f"{label}: {failure}" for failure in found_wrong]
    return Asked(len(statuses), failures, statuses)


def operations(document: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """Every operation of a document by "METHOD /path"."""
    return [
        (f"{method.upper()} {path}", operation)
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if method in METHODS
    ]


def _about(case: Any, things: Mapping[str, str]) -> Any:
    """The same request about things that exist."""
    if isinstance(case.body, dict):
        case.body |= {name: things[name] for name in case.body if name in things}
    return case


def _failures(look: Callable[[Any], None], cases: Any, times: int, is_there: bool) -> list[Any]:
    """What was wrong with the answers. is_there: whether there must be a case; some shapes nothing can be at odds with."""

    @settings(
        max_examples=times * (10 if EXPLORE else 1), derandomize=not EXPLORE, database=None, deadline=None,
        phases=(Phase.generate,), suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(case=cases)
    def one(case: Any) -> None:
        look(case)

    try:
        one()
    except FailureGroup as group:
        return list(group.exceptions)
    except Unsatisfiable as error:
        return [error] if is_there else []
    except Exception as error:
        return [f"{type(error).__name__}: {error}"]
    return []
