"""The tables of settings in deploy/README.md, made from the settings themselves: ``python -m tests.settings_table``."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from pydantic import BaseModel

import cloud.settings
import edge.settings

README = Path(__file__).resolve().parent.parent / "deploy" / "README.md"
PROGRAMS: dict[str, Any] = {"edge": edge.settings.Settings, "cloud": cloud.settings.Settings}


def models(settings: type[BaseModel]) -> list[type[BaseModel]]:
    """The settings and the tables inside them."""
    found = [settings]
    for field in settings.model_fields.values():
        found += [one for one in _classes(field.annotation) if one not in found]
    return found


def _classes(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [one for part in getattr(annotation, "__args__", ()) for one in _classes(part)]


def table(program: str) -> str:
    """One program's settings as a Markdown table."""
    lines = ["| setting | default | meaning |", "| --- | --- | --- |"]
    settings = PROGRAMS[program]
    for model in models(settings):
        prefix = "" if model is settings else f"{model.__name__.removesuffix('Settings').lower()}."
        for name, field in model.model_fields.items():
            value = "(required)" if field.is_required() else _shown(field.get_default(call_default_factory=True))
            meaning = re.sub(r"\s+", " ", field.description or "").replace("|", "\\|")
            lines.append(f"| `{prefix}{name}` | {value} | {meaning} |")
    return "\n".join(lines)


def _shown(value: Any) -> str:
    if value is None or value == "" or value == [] or value == {}:
        return "none"
    if isinstance(value, list):
        return "`" + ", ".join(str(dict(one)) if isinstance(one, BaseModel) else str(one) for one in value) + "`"
    return f"`{value}`"


def between(program: str) -> re.Pattern[str]:
    """Where a program's table stands in the README."""
    start, end = f"<!-- settings of {program} -->", f"<!-- end of settings of {program} -->"
    return re.compile(f"(?<={re.escape(start)}\n).*?(?=\n{re.escape(end)})", re.DOTALL)


def main() -> None:
    """Write the tables into the README."""
    text = README.read_text()
    for program in PROGRAMS:
        fresh = table(program)
        text, count = between(program).subn(lambda _, fresh=fresh: fresh, text)  # type: ignore[misc]
        assert count == 1, f"deploy/README.md has no place for the settings of {program}"
    README.write_text(text)


if __name__ == "__main__":
    main()
