"""What a person may set for one clinic. Read by `edge.main` only, which hands the values out.

Sources, the first that names a field wins: the command line, the environment (``OUTPOST_EDGE_<FIELD>``, lists and
tables as JSON), ``.env`` in the working folder, the TOML file given with ``--config``. A field nobody knows is an error
in the file, and is told once at start for the environment and ``.env``, which hold other programs' variables too.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dotenv import dotenv_values
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints
from pydantic_settings import (
    BaseSettings,
    DotEnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

PREFIX = "OUTPOST_EDGE_"
Letter = Annotated[str, StringConstraints(pattern=r"^[A-Z]$")]
Text = Annotated[str, StringConstraints(min_length=1, max_length=120)]
HostPort = Annotated[str, StringConstraints(pattern=r"^([A-Za-z0-9.-]+|\[[0-9a-fA-F:]+\]):\d{1,5}$")]


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ValueError(f"{name!r} is no time zone; write one like Europe/Madrid") from error
    return name


class Table(BaseModel):
    """A table inside the settings: frozen, and nothing unknown in it."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class BoardSettings(Table):
    """One button board."""

    id: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,38}$")]
    """Its name in events and messages, unique in the clinic."""
    port: Text
    """Serial device, e.g. /dev/ttyUSB0; a stable name under /dev/serial/by-id/ survives re-plugging."""
    buttons: dict[str, Letter] = Field(default_factory=lambda: {"1": "A"})
    """Which service a button draws a token for: button number (1 to 255) to letter. The usual board has one, for A."""


class PrinterSettings(Table):
    """The ticket printer."""

    port: Text
    """Serial device or tcp://host:port."""
    columns: Annotated[int, Field(ge=24, le=64)] = 48
    """Characters in a line of normal text; 48 is what an 80 mm printer has, 32 a 58 mm one."""
    answers: bool = True
    """Whether its line back is connected. If not, it is believed to have printed what it took, and no paper is not seen."""


class DispenserSettings(Table):
    """A device for medicine on a line of its own."""

    id: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,38}$")]
    """The line's name in messages, unique in the clinic; which device is behind it, the device proves by its key."""
    port: Text
    """Serial device, e.g. /dev/ttyACM0, or tcp://host:port."""


class ServiceSettings(Table):
    """A service that a new clinic has from the beginning."""

    letter: Letter
    """Starts its tokens."""
    name: Text
    """What people read."""


class _OwnLines(DotEnvSettingsSource):
    """The lines of .env that are ours; others belong to other programs."""

    def __call__(self) -> dict[str, Any]:
        return {name: value for name, value in super().__call__().items() if name in self.settings_cls.model_fields}


SEED_NAMES: Final = {
    "DEBUG": "debug", "SECRET_KEY": "secret_key", "CORS_ORIGIN": "cors_origins",
    "DEFAULT_CONSULTATION_TIME": "default_consultation_min", "MAX_EARLY_ARRIVAL": "max_early_arrival_min",
}  # fmt: skip
"""Variables as the documents of the seeds name them -> the setting each is. Our own names win."""
NOT_USED: Final = frozenset({
    "REDIS_HOST", "REDIS_PORT", "REDIS_DB", "REDIS_URL", "REDIS_CLUSTER_MODE", "REDIS_POOL_SIZE",
})  # fmt: skip
"""Variables of the documents that are accepted and do nothing here: there is no Redis."""


class _SeedNames(PydanticBaseSettingsSource):
    """Variables of the environment and of .env by the names the documents of the seeds use."""

    def get_field_value(self, field: Any, field_name: str) -> tuple[Any, str, bool]:
        """Not used: `__call__` answers all fields at once."""
        return None, field_name, False

    def __call__(self) -> dict[str, Any]:
        """The fields that are named so."""
        given = {**dotenv_values(".env"), **os.environ}
        found: dict[str, Any] = {field: given[name] for name, field in SEED_NAMES.items() if given.get(name)}
        if "cors_origins" in found:
            found["cors_origins"] = [part.strip() for part in found["cors_origins"].split(",") if part.strip()]
        return found


class Settings(BaseSettings):
    """All settings of the edge."""

    model_config = SettingsConfigDict(
        frozen=True, extra="forbid", env_prefix=PREFIX, env_file=".env", env_file_encoding="utf-8",
        use_attribute_docstrings=True, validate_default=True,
    )  # fmt: skip

    data: Path = Path("outpost-data")
    """Folder of everything this clinic keeps: database, keys, certificates, clips. One process owns it at a time."""
    host: str = "127.0.0.1"
    """Address the pages are served at. The default is this machine only; 0.0.0.0 serves the clinic's network."""
    port: Annotated[int, Field(ge=0, le=65535)] = 8000
    """TCP port of the pages; 0 takes any free one. 8000 is what the documents of the seeds use."""
    public_url: Annotated[str, StringConstraints(pattern=r"^(https?://[^\s/]+/?)?$")] = ""
    """How phones in the clinic's network reach these pages, e.g. http://clinic.local:8000; for the codes on slips of a
    clinic on its own. Empty: host and port as above."""
    secure_cookies: bool = False
    """Whether browsers reach this clinic over HTTPS (a proxy in front), so that cookies are marked Secure."""

    site_name: Text = "Outpost clinic"
    """The clinic's name on screens and slips."""
    timezone: Annotated[str, AfterValidator(_zone)] = "UTC"
    """Time zone of the clinic, e.g. Asia/Kolkata: decides when a service-day begins and what times people read."""
    languages: Annotated[list[Literal["en", "hi", "es", "ar"]], Field(min_length=1, max_length=4)] = ["en"]
    """Languages of screens and slips; the first is the clinic's own, and that of a slip."""
    voice_languages: Annotated[list[Literal["en", "hi", "es", "ar"]], Field(max_length=4)] = []
    """Languages a call is spoken in, in this order; each makes it longer. Empty: the first of languages."""
    ticker: Annotated[str, StringConstraints(max_length=200)] = ""
    """A line of text that runs along the bottom of the display; empty for none."""
    services: Annotated[list[ServiceSettings], Field(max_length=26)] = [ServiceSettings(letter="A", name="General")]
    """Services a *new* clinic begins with; a clinic that has services keeps its own, whatever stands here."""

    names_on_screens: bool = False
    """Whether paired screens may show the names of patients beside their numbers. Off: numbers only."""
    double_booking: Literal["day", "doctor_day"] = "day"
    """Which second visit of a person is refused: any on the same day, or one with the same doctor on the same day."""
    grace_min: Annotated[int, Field(ge=1, le=240)] = 15
    """Minutes after the booked time, or after the last call of somebody who was called again, until it counts as not come."""
    max_early_arrival_min: Annotated[int, Field(ge=0, le=240)] = 30
    """Minutes before the booked time from which somebody who checks in joins the queue; earlier, they join by then."""
    default_consultation_min: Annotated[int, Field(ge=1, le=240)] = 15
    """Minutes a consultation takes before a doctor's own times are known; also decides the places of an hour."""
    auto_no_show: bool = True
    """Whether people who do not come are marked so by themselves, grace_min after their time. One step takes it back."""

    boards: Annotated[list[BoardSettings], Field(max_length=16)] = []
    """Button boards; none by default, the kiosk page works without."""
    printer: PrinterSettings | None = None
    """The ticket printer; without one the number is on the screen only."""
    speaker: str = ""
    """Where calls are spoken: tcp://host:port, "command:aplay -q -" (a program that takes a WAV), or empty for nowhere."""

    dispensers: Annotated[list[DispenserSettings], Field(max_length=64)] = []
    """Devices for medicine on serial lines. Others come by HTTP, or by device_broker, and need no setting."""
    device_broker: HostPort | Literal[""] = ""
    """host:port of a broker in the clinic on which devices for medicine speak; they sign what they say. Empty: none."""
    recordings_days: Annotated[int, Field(ge=1, le=365)] = 14
    """Days for which what people said is kept here after head office has it; without head office, at all."""

    cloud_url: str = ""
    """Head office, e.g. https://chain.example; empty for a clinic on its own. http:// only to this very machine."""
    claim_code: str = Field(default="", repr=False)
    """Code from head office that buys this clinic its certificate at first start; not needed afterwards."""
    mqtt: HostPort | Literal[""] = ""
    """host:port of the broker, where it differs from what head office said; empty uses that."""
    hello_wait_s: Annotated[float, Field(gt=0)] = 10
    """Real seconds MQTT has to answer before HTTPS is taken: longer than a slow line needs, shorter than people's patience."""
    backoff_max_s: Annotated[float, Field(gt=0)] = 30
    """Longest pause, in real seconds, between two tries to reach head office."""

    clock_trust: Literal["kernel", "system", "person"] = "system"
    """Who vouches for the time: kernel (network time is synchronised), system (take it as it is), person (asked at the
    desk). Until it is trusted no new service-day opens. system suits a machine with a battery clock."""

    open_on_loopback: bool = False
    """Opens the API without sign-in to whoever asks from this very machine, as a manager: to try the examples of the
    documents. Every answer then carries x-outpost-open. Never for a clinic with real patients."""
    cors_origins: Annotated[list[Text], Field(max_length=50)] = []
    """Other sites whose pages may use the API with a Bearer token, e.g. https://app.example; "*" means any. Cookies are
    never honoured for them. Empty: pages of this server only."""
    secret_key: str = Field(default="", repr=False)
    """Secret that access tokens are signed with; empty: one is made at first start and kept in the data folder."""
    debug: bool = False
    """Adds tracebacks to the log, never to an answer. Off: what the error is and where it came up, in one line."""
    session_idle_s: Annotated[int, Field(ge=60)] = 4 * 3600
    """Real seconds without an act after which staff must sign in again: longer than a consultation, shorter than a night."""
    live_per_address: Annotated[int, Field(ge=1)] = 20
    """Live connections one network address may hold: a shelf of screens behind one address, not a runaway page."""
    live_max: Annotated[int, Field(ge=1)] = 1_000
    """Live connections in all; each takes about 60 KB."""
    live_messages_per_s: Annotated[int, Field(ge=1)] = 10
    """Messages a second that one connection of Socket.IO or `/api/v1/ws/queue` may send."""
    subscriptions_per_account: Annotated[int, Field(ge=1)] = 10
    """Subscriptions of one account on `/api/v1/ws/queue`."""
    sign_in_per_minute: Annotated[float, Field(gt=0)] = 10
    """Sign-ins, refreshes and pairings a minute from one address, after a burst of 20."""
    public_per_minute: Annotated[float, Field(gt=0)] = 300
    """Requests without a credential a minute from one address, after a burst of 100; pages and their parts count."""
    metrics_key: str = Field(default="", repr=False)
    """Bearer key that may read /metrics from another machine; empty: this machine only."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """How much is written to stderr."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The order of the sources; see above."""
        own = (init_settings, env_settings, _OwnLines(settings_cls), TomlConfigSettingsSource(settings_cls))
        return (*own, _SeedNames(settings_cls))


def load(config: Path | None = None, **given: Any) -> Settings:
    """Read the settings. `given` are what the command line names; None values are left out.

    Raises pydantic.ValidationError for a value that does not fit, FileNotFoundError when `config` is not there.
    """
    if config is not None and not config.is_file():
        raise FileNotFoundError(config)

    class Sourced(Settings):
        model_config = SettingsConfigDict(toml_file=config)

    values = {name: value for name, value in given.items() if value is not None}
    return Settings.model_construct(**dict(Sourced(**values)))


def unknown_variables(environment: Mapping[str, str] | None = None) -> list[str]:
    """OUTPOST_EDGE_* variables, of the environment and of .env, that no field reads: most likely misspelt."""
    found = {*dotenv_values(".env"), *os.environ} if environment is None else set(environment)
    known = {f"{PREFIX}{name}".upper() for name in Settings.model_fields}
    return sorted(name for name in found if name.upper().startswith(PREFIX) and name.upper() not in known)


def unused_variables() -> list[str]:
    """Variables of the documents that are set and do nothing here."""
    return sorted(NOT_USED & {*dotenv_values(".env"), *os.environ})


def describe(settings: Settings) -> str:
    """The settings in use as TOML with what each means; secrets only as set or not."""
    lines = []
    for name, field in Settings.model_fields.items():
        lines += [f"# {line}" for line in (field.description or "").splitlines()]
        value = getattr(settings, name)
        if not field.repr:
            value = "(set)" if value else ""
        lines += [f"# {name} is not set" if value is None else f"{name} = {_toml(value)}", ""]
    return "\n".join(lines)


def _toml(value: Any) -> str:
    if isinstance(value, BaseModel):
        value = dict(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{name} = {_toml(v)}" for name, v in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(_toml(v) for v in value) + "]"
    if isinstance(value, int | float):
        return str(value)
    return '"' + str(value).replace("\\", "\\\\").replace('"', '\\"') + '"'
