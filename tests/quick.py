"""What every test with a server would work out again is worked out once a process. Import this for its effect.

Each of some thousand tests builds the whole application, as the program does. What FastAPI makes of an endpoint depends on its
code, its defaults and what the route was given; so a route that was built before is laid out again, with the endpoint and
the dependencies of this application in it. A client's list of certificate authorities, which httpx reads from a file for
each client, is the same for all. Passwords are hashed as cheaply as argon2id can: `HASHER` is the product's, for tests of
passwords. And uvicorn looks every 5 ms whether it may end, not every 100.
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable
from dataclasses import replace
from types import FunctionType, MethodType, ModuleType
from typing import Any, Final, get_args

from fastapi import params, routing
from fastapi.dependencies import utils
from fastapi.dependencies.models import Dependant
from httpx._transports import default as transports
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from pydantic.fields import FieldInfo
from uvicorn import server

from shared import passwords

HASHER: Final = passwords._hasher
LOOK_S: Final = 0.005

_populate, _dependant = routing._populate_api_route_state, utils.get_dependant
_routes: dict[tuple[Any, ...], tuple[dict[str, Any], dict[str, Any]]] = {}
"""Path and endpoint -> what the route was given, and what came of it."""
_dependants: dict[tuple[Any, ...], Dependant] = {}


def _populate_once(route: Any, path: str, endpoint: Callable[..., Any], **given: Any) -> None:
    key = (path, *_all_of(endpoint)) if type(route) is routing.APIRoute and not given["dependencies"] else ()
    before, built = _routes.get(key, ({}, {}))
    if not key or before != given:
        _populate(route, path, endpoint, **given)
        if key:
            _routes[key] = given, dict(vars(route))
    else:
        vars(route).update(built, endpoint=endpoint)
        route.dependant = utils.get_dependant(path=route.path_format, call=endpoint, scope="function")


def _dependant_once(*, path: str, call: Callable[..., Any], **more: Any) -> Dependant:
    key = (path, *_all_of(call), repr(more))
    built = _dependants.get(key)
    if built is None:
        built = _dependants[key] = _dependant(path=path, call=call, **more)
        return built
    on = [one.dependency for one in _defaults(call) if isinstance(one, params.Depends)]
    if not on:  # what an annotation depends on is of the module, and the same for all
        return replace(built, call=call)
    if len(on) != len(built.dependencies):
        return _dependant(path=path, call=call, **more)
    fresh = [
        utils.get_dependant(
            path=path, call=one, name=before.name, own_oauth_scopes=before.own_oauth_scopes,
            parent_oauth_scopes=before.parent_oauth_scopes, use_cache=before.use_cache, scope=before.scope,
            concurrency=before.concurrency,
        )
        for one, before in zip(on, built.dependencies, strict=True) if one is not None
    ]  # fmt: skip
    return replace(built, call=call, dependencies=fresh)


def _all_of(call: Callable[..., Any]) -> tuple[Any, ...]:
    """All that tells one endpoint or dependency from another, but for what its closure holds."""
    if isinstance(call, FunctionType | MethodType) and not hasattr(call, "__wrapped__"):
        return (call.__code__, *map(_words_of, _defaults(call)))
    return (call,)


def _defaults(call: Any) -> list[Any]:
    return [*(getattr(call, "__defaults__", None) or ()), *(getattr(call, "__kwdefaults__", None) or {}).values()]


def _words_of(given: Any) -> str:
    """FastAPI's own `repr` leaves the limits of a number out."""
    if isinstance(given, params.Depends):
        return "depends"  # on what is looked at anew for each application
    if isinstance(given, FieldInfo):
        return f"{type(given).__name__} {FieldInfo.__repr__(given)} {sorted(getattr(given, '__dict__', {}).items())!r}"
    parts = get_args(given)
    return f"{given!r} {[_words_of(part) for part in parts]}" if parts else repr(given)


class _Impatient(ModuleType):
    """asyncio, for somebody who sleeps only to look again."""

    __getattr__ = staticmethod(functools.partial(getattr, asyncio))

    @staticmethod
    async def sleep(seconds: float) -> None:
        await asyncio.sleep(min(seconds, LOOK_S))


routing._populate_api_route_state = _populate_once
routing.get_dependant = utils.get_dependant = _dependant_once
transports.create_ssl_context = functools.cache(transports.create_ssl_context)  # type: ignore[attr-defined]
server.asyncio = _Impatient("asyncio")  # type: ignore[attr-defined]
passwords._hasher = PasswordHash((Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1),))
