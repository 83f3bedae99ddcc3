"""The cloud's settings: from a TOML file, `.env` and the environment (`OUTPOST_CLOUD_*`), the later before the former.

Only `cloud.main` reads them and hands out values.
"""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from dotenv import dotenv_values
from psycopg.conninfo import make_conninfo
from pydantic import AfterValidator, Field, StringConstraints
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from cloud.accounts.authority import RESERVED

PREFIX = "OUTPOST_CLOUD_"


def _address(value: str) -> str:
    """host:port, or nothing."""
    if value:
        host, colon, port = value.rpartition(":")
        if not colon or not host or not port.isdigit() or not 0 < int(port) < 65536:
            raise ValueError('write "host:port"')
    return value


def _worker(value: str) -> str:
    """A name that is not one of the authority's own files."""
    if value in RESERVED:
        raise ValueError("this is the name of the authority's own files; choose another")
    return value


POSITION_TTL: Final = "POSITION_TTL"
CORS_ORIGIN: Final = "CORS_ORIGIN"
GROQ_API_KEY: Final = "GROQ_API_KEY"
DATABASE: Final = {
    "DATABASE_NAME": ("dbname", "opd_tokens"), "DATABASE_USER": ("user", "postgres"), "DATABASE_PASSWORD": ("password", None),
    "DATABASE_HOST": ("host", "localhost"), "DATABASE_PORT": ("port", "5432"),
}  # fmt: skip
"""Variables as the documents of the seeds name them -> part of the database's address, and what it is when not given."""
NOT_USED: Final = frozenset({
    "REDIS_HOST", "REDIS_PORT", "REDIS_DB", "REDIS_URL", "REDIS_CLUSTER_MODE", "REDIS_POOL_SIZE",
})  # fmt: skip
"""Variables of the documents that are accepted and do nothing here: there is no Redis."""


class _SeedNames(PydanticBaseSettingsSource):
    """Variables of the environment and of .env by the names the documents of the seeds use; our own names win."""

    def get_field_value(self, field: Any, field_name: str) -> tuple[Any, str, bool]:
        """Not used: `__call__` answers all fields at once."""
        return None, field_name, False

    def __call__(self) -> dict[str, Any]:
        """The fields that are named so."""
        given = {name: value for name, value in {**dotenv_values(".env"), **os.environ}.items() if value}
        found: dict[str, Any] = {}
        if POSITION_TTL in given:
            found["position_ttl_s"] = given[POSITION_TTL]
        if CORS_ORIGIN in given:
            found["cors_origins"] = [part.strip() for part in given[CORS_ORIGIN].split(",") if part.strip()]
        if GROQ_API_KEY in given:
            found["groq_api_key"] = given[GROQ_API_KEY]
        if "DATABASE_URL" in given:
            found["database_url"] = given["DATABASE_URL"]
        elif DATABASE.keys() & given.keys():
            parts = {part: given.get(name, otherwise) for name, (part, otherwise) in DATABASE.items()}
            found["database_url"] = make_conninfo("", **{part: value for part, value in parts.items() if value})
        return found


def _model(value: str) -> str:
    """groq:NAME or server:NAME."""
    provider, colon, name = value.partition(":")
    if provider not in ("groq", "server") or not colon or not name:
        raise ValueError('write "groq:NAME" or "server:NAME"')
    return value


Address = Annotated[str, AfterValidator(_address)]
ModelName = Annotated[str, StringConstraints(max_length=200), AfterValidator(_model)]
BaseUrl = Annotated[str, Field(pattern=r"^(https?://[^\s/]+(/\S*)?)?$")]
Origin = Annotated[str, StringConstraints(min_length=1, max_length=200)]


class Settings(BaseSettings):
    """Everything that may be set; each is explained by the line below it."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_file=".env", extra="ignore", frozen=True, use_attribute_docstrings=True
    )

    database_url: Annotated[str, Field(min_length=1)]
    """Where PostgreSQL (15 or newer) is: "postgresql://user:password@host/outpost". `DATABASE_URL`, or `DATABASE_NAME`,
    `_USER`, `_PASSWORD`, `_HOST` and `_PORT`, are taken where this is not given."""
    host: str = "127.0.0.1"
    """The address to listen on; "0.0.0.0" for all, and then put HTTPS in front."""
    port: Annotated[int, Field(ge=0, lt=65536)] = 8800
    """The port to listen on; 0 takes a free one and logs it."""
    data: Path = Path("outpost-cloud")
    """Folder of the certificate authority and the server's key. Keep a copy: clinics trust only this authority."""
    mqtt: Address = ""
    """The broker the workers connect to, "host:port"; empty: no broker, clinics sync over HTTPS."""
    mqtt_public: Address = ""
    """The broker as clinics reach it, told to them when they claim; empty: the same as `mqtt`."""
    broker_files: Path | None = None
    """Folder that `broker-files` wrote: a revocation puts crl.pem there and signals the process in mosquitto.pid."""
    worker: Annotated[str, Field(pattern=r"^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$"), AfterValidator(_worker)] = "ingest-1"
    """This process's name at the broker; each process needs its own, named to `broker-files` too."""
    silent_after_s: Annotated[float, Field(gt=0)] = 10.0
    """Real seconds without a beat after which a site's tile says silent. Beats come every 2 seconds."""
    position_ttl_s: Annotated[float, Field(gt=0)] = 300.0
    """Real seconds after which what is known of a clinic's queue counts as stale on tracking links (`POSITION_TTL`)."""
    live_per_address: Annotated[int, Field(ge=1)] = 20
    """Connections to `/api/v1/ws/queue` from one address."""
    subscriptions_per_account: Annotated[int, Field(ge=1)] = 10
    """Subscriptions of one account on `/api/v1/ws/queue`."""
    live_messages_per_s: Annotated[int, Field(ge=1)] = 10
    """Messages a second that one connection to `/api/v1/ws/queue` may send."""
    cors_origins: Annotated[list[Origin], Field(max_length=50)] = []
    """Other sites whose pages may use the API with a Bearer token, e.g. https://app.example (`CORS_ORIGIN`, with commas); "*"
    means any. Cookies are never honoured for them. Empty: pages of this server only."""
    public_url: Annotated[str, Field(pattern=r"^(https?://[^\s/]+/?)?$")] = ""
    """How phones reach this server, e.g. https://chain.example, for links in messages. Empty: host and port as above."""
    notify_private_addresses: bool = False
    """Whether messages may go to webhooks and mail servers inside private networks and on this machine, also by plain
    http://. Only where everybody who may enter a channel is trusted: such an address is asked by this server itself."""
    notify_contact: Annotated[str, Field(pattern=r"^(mailto:|https://)\S+$")] = "mailto:outpost@localhost.localdomain"
    """Whom a push service of a browser can write to about messages of this server: "mailto:…" or "https://…"."""
    notify_silent_after_s: Annotated[float, Field(ge=30)] = 900.0
    """Seconds without a word of a clinic after which those whose patients have medicines due are told that it is not heard."""
    sounds_keep_days: Annotated[int, Field(ge=1, le=3660)] = 180
    """Days a recording's sound stays at head office; what was understood of it stays."""
    https: bool = False
    """People reach this server over HTTPS (a proxy does it): cookies are then for HTTPS only."""
    trusted_proxy: str = ""
    """Address of the proxy whose X-Forwarded-For is believed; empty: nobody's."""
    pool_size: Annotated[int, Field(ge=4, le=100)] = 12
    """Connections to PostgreSQL at most, beside six that only listen and three of the job queue."""
    groq_api_key: str = Field(default="", repr=False)
    """Key for Groq's models (`GROQ_API_KEY`). Without it, and without `llm_base_url`, notes are read by rules alone."""
    groq_base_url: BaseUrl = ""
    """Another address of Groq's API, e.g. a gateway; empty: Groq's own."""
    llm_base_url: BaseUrl = ""
    """One's own server with OpenAI's paths (vLLM, Ollama), e.g. http://gpu.example:8000/v1, for `server:` models."""
    llm_api_key: str = Field(default="", repr=False)
    """Key for that server; empty: it asks for none."""
    llm_models: Annotated[list[ModelName], Field(max_length=10)] = [
        "groq:openai/gpt-oss-120b",
        "groq:openai/gpt-oss-20b",
    ]
    """Models that read notes, in the order they are asked: `groq:NAME` or `server:NAME`. When none answers, rules do."""
    llm_speech_models: Annotated[list[ModelName], Field(max_length=10)] = ["groq:whisper-large-v3-turbo"]
    """Models that write speech down, in the order they are asked."""
    llm_embedding_model: ModelName | Literal[""] = ""
    """Model for vectors, with which a patient's notes are searched by meaning (`server:NAME`); empty: by words."""
    llm_prices: Annotated[
        dict[ModelName, Annotated[list[float], Field(min_length=1, max_length=3)]], Field(max_length=20)
    ] = {}
    """US dollars a model costs: [per million tokens in, per million out, per hour of sound]; over the list that comes along."""
    llm_budget_usd: Annotated[float, Field(ge=0, le=100_000)] = 5.0
    """US dollars a day (UTC) that models may cost the whole chain; when they are spent, rules read notes until the next day."""
    llm_timeout_s: Annotated[float, Field(gt=0, le=120)] = 15.0
    """Seconds a model may take to answer before the next is asked."""
    llm_workers: Annotated[int, Field(ge=0, le=64)] = 4
    """Jobs of models at a time in this process; 0: none, and `python -m cloud work` does them elsewhere."""
    metrics_key: str = Field(default="", repr=False)
    """Bearer key that may read /metrics from another machine; empty: this machine only."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """What the log holds."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment stands over .env, both over what was given (the TOML file), and all over the seeds' names."""
        return env_settings, dotenv_settings, init_settings, _SeedNames(settings_cls)


class BadSettings(ValueError):
    """A person must change a setting; the message says which."""


def load(config: Path | None = None) -> Settings:
    """Read the settings. Raises BadSettings for a file or a key in it, ValidationError for a value."""
    values: dict[str, Any] = {}
    if config is not None:
        try:
            values = tomllib.loads(config.read_text(encoding="utf-8"))
        except (OSError, tomllib.TOMLDecodeError) as error:
            raise BadSettings(f"{config} cannot be read: {error}") from error
        unknown = sorted(set(values) - set(Settings.model_fields))
        if unknown:
            raise BadSettings(f"{config} sets {', '.join(unknown)}, which this program does not know")
    return Settings(**values)


def unknown_variables() -> list[str]:
    """Variables of the environment that look like ours and are none: misspelt, or from another version."""
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    return sorted(name for name in os.environ if name.upper().startswith(PREFIX) and name.upper() not in known)


def unused_variables() -> list[str]:
    """Variables that the documents of the seeds name and that do nothing here."""
    return sorted(NOT_USED & {*dotenv_values(".env"), *os.environ})
