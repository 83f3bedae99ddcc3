"""What once travelled decodes for ever. The files in `golden/` are never changed; see make_golden.py."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from shared import api, frames
from shared.codec import crc_of, decode_frame
from shared.commands import body_of, command_of
from shared.events import KINDS, Event
from tests.contract.make_golden import BOOT, EPOCH, FOLDER, SITE, shape, wanted

FILES = sorted(FOLDER.glob("*.json"))


def _of(kind: str) -> list[Any]:
    return [pytest.param(path, id=path.stem) for path in FILES if path.name.startswith(f"{kind}_")]


def _read(path: Path) -> Any:
    return json.loads(path.read_text())


@pytest.mark.parametrize("name", [name for name, _ in wanted()])
def test_everything_that_travels_today_has_a_golden_file_of_its_present_form(name: str) -> None:
    today = dict(wanted())[name]
    kept = [path for path in FILES if path.stem.partition(".")[0] == name]
    assert any(shape(name, _read(path)) == shape(name, today) for path in kept), (
        f"{name} has no golden file of this form: run python -m tests.contract.make_golden and keep the old ones"
    )


@pytest.mark.parametrize("path", _of("event"))
def test_a_frame_kept_from_earlier_still_gives_its_event(path: Path) -> None:
    golden = _read(path)
    event = Event(**golden["event"])
    frame = decode_frame(base64.b64decode(golden["frame"]))
    assert frame.events == [event]
    assert (frame.site, frame.epoch, frame.boot, frame.lane) == (SITE, EPOCH, BOOT, golden["lane"])
    assert (frame.first, frame.last, frame.gaps) == (event.seq, event.seq, [])


@pytest.mark.parametrize("path", _of("event"))
def test_the_crc_of_an_event_is_what_it_was(path: Path) -> None:
    golden = _read(path)
    assert crc_of(Event(**golden["event"])) == golden["crc"]


@pytest.mark.parametrize("path", _of("event"))
def test_an_event_kind_stays_in_its_lane_and_with_its_entity(path: Path) -> None:
    golden = _read(path)
    kind = KINDS[golden["event"]["kind"]]
    assert (int(kind.lane), kind.entity) == (golden["lane"], golden["event"]["entity"])
    assert kind.fields >= set(golden["event"]["data"]), "a field that once travelled may not be taken away"


@pytest.mark.parametrize("path", _of("command"))
def test_a_command_kept_from_earlier_is_still_understood(path: Path) -> None:
    numbered = api.Numbered.model_validate(_read(path))
    command = command_of(numbered.kind, numbered.command_id, numbered.actor, numbered.body)
    assert (command.command_id, command.actor, body_of(command)) == (numbered.command_id, numbered.actor, numbered.body)


@pytest.mark.parametrize("path", _of("body"))
def test_a_body_kept_from_earlier_is_still_read_whole(path: Path) -> None:
    name = path.stem.partition(".")[0].removeprefix("body_")
    golden = _read(path)
    read = getattr(api, name).model_validate(golden).model_dump(mode="json")
    assert {field: read[field] for field in golden} == golden


@pytest.mark.parametrize("path", _of("serial"))
def test_a_serial_message_kept_from_earlier_is_still_read_from_its_bytes(path: Path) -> None:
    golden = _read(path)
    (message,) = frames.FrameDecoder().feed(bytes.fromhex(golden["bytes"]))
    assert {field: getattr(message, field) for field in golden["fields"]} == golden["fields"]
    assert type(message).__name__ == path.stem.partition(".")[0].removeprefix("serial_")
