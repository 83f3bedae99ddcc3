"""FastAPI works out the parameters of its endpoints once a process instead of once an application.

Every test that needs a server builds the whole application, as the program does, and a third of a test's time went into
the same few hundred pydantic schemas. What a parameter is depends on its name, its annotation and its default alone: our
annotations name things of modules, so their text is enough to tell them apart. Dependencies are never shared.
Import this for its effect.
"""

from __future__ import annotations

from typing import Any, get_args

from fastapi import params
from fastapi.dependencies import utils

_work_out = utils.analyze_param
_known: dict[tuple[str, bool, str, str], utils.ParamDetails] = {}


def _analyze_once(
    *, param_name: str, annotation: Any, value: Any, path_param_names: set[str], **more: Any
) -> utils.ParamDetails:
    given = {"param_name": param_name, "annotation": annotation, "value": value, "path_param_names": path_param_names}
    if any(isinstance(part, params.Depends) for part in (value, *get_args(annotation)[1:])) or more:
        return _work_out(**given, **more)
    key = (param_name, param_name in path_param_names, repr(annotation), repr(value))
    if key not in _known:
        _known[key] = _work_out(**given)
    return _known[key]


utils.analyze_param = _analyze_once
