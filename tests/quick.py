"""What every test with a server would work out again is worked out once a process. Import this for its effect.

Each of some thousand tests builds the whole application, as the program does. What FastAPI makes of an endpoint's
parameters depends on their names, annotations and defaults alone; our annotations name things of modules, so their text
is enough to tell them apart. Dependencies are never shared. And a client's list of certificate authorities, which httpx
reads from a file for each client, is the same for all.
"""

from __future__ import annotations

import functools
import inspect
from types import CodeType, FunctionType
from typing import Any, get_args

from fastapi import params
from fastapi.dependencies import utils
from httpx._transports import default as transports
from pydantic.fields import FieldInfo

_analyze, _signature = utils.analyze_param, utils.get_typed_signature
_details: dict[tuple[str, bool, str, str], utils.ParamDetails] = {}
_annotations: dict[CodeType, dict[str, Any]] = {}


def _analyze_once(
    *, param_name: str, annotation: Any, value: Any, path_param_names: set[str], **more: Any
) -> utils.ParamDetails:
    given = {"param_name": param_name, "annotation": annotation, "value": value, "path_param_names": path_param_names}
    if any(isinstance(part, params.Depends) for part in (value, *get_args(annotation)[1:])) or more:
        return _analyze(**given, **more)
    key = (param_name, param_name in path_param_names, _words_of(annotation), _words_of(value))
    if key not in _details:
        _details[key] = _analyze(**given)
    return _details[key]


def _words_of(given: Any) -> str:
    """All that tells one annotation or default from another; FastAPI's own `repr` leaves the limits of a number out."""
    if isinstance(given, FieldInfo):
        return f"{type(given).__name__} {FieldInfo.__repr__(given)} {sorted(getattr(given, '__dict__', {}).items())!r}"
    parts = get_args(given)
    return f"{given!r} {[_words_of(part) for part in parts]}" if parts else repr(given)


def _signature_once(call: Any) -> inspect.Signature:
    code = getattr(inspect.unwrap(call), "__code__", None)
    if not isinstance(call, FunctionType) or code is None or hasattr(call, "__signature__"):
        return _signature(call)
    if code not in _annotations:
        _annotations[code] = {one.name: one.annotation for one in _signature(call).parameters.values()}
    found = inspect.signature(call).parameters.values()
    return inspect.Signature([one.replace(annotation=_annotations[code][one.name]) for one in found])


utils.analyze_param, utils.get_typed_signature = _analyze_once, _signature_once
transports.create_ssl_context = functools.cache(transports.create_ssl_context)  # type: ignore[attr-defined]
