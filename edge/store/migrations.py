"""The schema, as numbered steps forward. Each step is one transaction. All moments are ms since 1970 UTC."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

from edge.store.schema_book import M003
from edge.store.schema_care import M004, M005, M006

_M001 = """
create table meta(
  key text primary key,              -- epoch, site, created_ms, clean_stop ...
  value text not null
) strict, without rowid;

create table epochs(
  no integer primary key,            -- counts the lives of this store; the highest is the present one
  epoch text not null unique,        -- 16 hex digits
  started_ms integer not null
) strict;

create table boots(
  no integer primary key,            -- counts program starts
  boot text not null unique,         -- 16 hex digits
  epoch_no integer not null,
  started_ms integer not null,
  mono_ms integer not null
) strict;

create table numbers(
  name text primary key,             -- visit; doctor; site; token:<day>:<letter>
  value integer not null             -- the last number given
) strict, without rowid;

create table heads(
  one integer primary key check (one = 1),
  gseq integer not null,             -- the last numbers given in the present epoch: of the site, and of each lane
  lane0 integer not null,
  lane1 integer not null,
  lane2 integer not null
) strict;

create table events(
  place integer primary key,         -- epoch_no * 2^50 + lane * 2^48 + seq: a lane lies together, in order
  epoch_no integer not null,
  lane integer not null,
  seq integer not null,
  gseq integer not null,
  boot_no integer not null,
  at_ms integer not null,
  mono_ms integer not null,
  trust text not null,
  kind text not null,
  v integer not null,
  actor text not null,
  cause text not null,
  entity text not null,
  entity_id text not null,
  version integer not null,
  data text not null,                -- JSON: the entity after the change
  crc integer not null               -- CRC-32 of the canonical form
) strict;

create table acked(
  lane integer primary key,
  seq integer not null               -- the cloud's cursor in the present epoch, as it last told
) strict;

create table gaps(
  epoch_no integer not null,
  lane integer not null,
  first integer not null,
  last integer not null,
  reason text not null,
  at_ms integer not null,
  primary key(epoch_no, lane, first)
) strict, without rowid;

create table dead_letters(
  id integer primary key,
  epoch_no integer not null,
  lane integer not null,
  seq integer not null,
  kind text not null,
  body text not null,
  reason text not null,
  at_ms integer not null
) strict;

create table cursors(
  stream text primary key,           -- a board's or the mailbox's stream
  source text not null,              -- board:<id> or mailbox
  upto integer not null,
  at_ms integer not null
) strict, without rowid;

create table results(
  id integer primary key,
  command_id text not null unique,
  kind text not null,
  actor text not null,
  outcome text not null,             -- accepted, refused
  body text not null,                -- JSON: result, or {code, detail, hint}
  undo text,                         -- JSON: {before: [visits], after: {visit_id: version}, effects: [keys]}
  at_ms integer not null
) strict;

create index results_acts on results(id) where undo is not null;

create table effects(
  id integer primary key,
  key text not null unique,
  kind text not null,                -- print_slip, announce
  body text not null,                -- JSON
  cause text not null,
  created_ms integer not null,
  next_ms integer not null,          -- not before this
  expires_ms integer not null,
  state text not null,               -- open, started, done, repeated, not_done, unknown, cancelled
  attempts integer not null,
  reason text not null,
  started_ms integer,
  ended_ms integer
) strict;
create index effects_open on effects(kind, id) where state in ('open', 'started');

create table days(
  day text primary key,              -- ISO date in the site's zone
  opened_ms integer not null,
  closed_ms integer
) strict, without rowid;

create table services(
  letter text primary key,
  version integer not null,
  name text not null,
  is_open integer not null,
  policy text not null
) strict, without rowid;

create table doctors(
  number integer primary key,        -- small clinic number, counting up for ever
  id text not null unique,
  version integer not null,
  name text not null,
  specialization text not null,
  service text not null,
  room text not null,
  is_active integer not null,
  is_on_break integer not null
) strict;

create table visits(
  number integer primary key,        -- small clinic number, counting up for ever
  id text not null unique,
  version integer not null,
  token text not null,
  service text not null,
  day text not null,
  status text not null,
  urgency integer not null,
  is_emergency integer not null,
  category text not null,
  doctor_id text,
  room text,
  created_at integer not null,
  arrived_at integer not null,
  called_at integer,
  started_at integer,
  ended_at integer,
  recalls integer not null
) strict;
create unique index visits_token on visits(day, token);
create index visits_open on visits(service, status)
  where status in ('booked', 'waitlisted', 'waiting', 'called', 'in_consultation', 'parked');
create index visits_ended on visits(ended_at) where ended_at is not null;

create table queue_counts(           -- kept by the triggers below, so that a press costs the same in a long queue
  service text primary key,
  open integer not null,
  waiting integer not null
) strict, without rowid;
create trigger services_counted after insert on services begin
  insert or ignore into queue_counts values (new.letter, 0, 0);
end;
create trigger visits_counted after insert on visits begin
  update queue_counts set
    open = open + (new.status in ('booked', 'waitlisted', 'waiting', 'called', 'in_consultation', 'parked')),
    waiting = waiting + (new.status = 'waiting')
  where service = new.service;
end;
create trigger visits_recounted after update of status on visits when old.status <> new.status begin
  update queue_counts set
    open = open + (new.status in ('booked', 'waitlisted', 'waiting', 'called', 'in_consultation', 'parked'))
                - (old.status in ('booked', 'waitlisted', 'waiting', 'called', 'in_consultation', 'parked')),
    waiting = waiting + (new.status = 'waiting') - (old.status = 'waiting')
  where service = new.service;
end;

create table visit_intervals(
  visit integer not null,            -- visits.number
  version integer not null,
  status text not null,
  from_ms integer not null,
  actor text not null,
  cause text not null,
  reason text not null,
  undone integer not null default 0, -- 1: this interval was taken back; statistics skip it
  primary key(visit, version)
) strict, without rowid;

create table alerts(
  id text primary key,
  version integer not null,
  topic text not null,
  title text not null,
  hint text not null,
  open integer not null,
  since_ms integer not null
) strict, without rowid;
create index alerts_topic on alerts(topic, since_ms);
create index alerts_open on alerts(since_ms) where open;
"""

_M002 = """
create table staff(
  id text primary key,               -- UUID
  username text not null unique,     -- folded
  name text not null,
  roles text not null,               -- words with spaces between: reception nurse doctor manager
  doctor_id text,                    -- the doctor this account is
  password_hash text not null,       -- argon2id
  password_version integer not null, -- counts up with each new password
  is_active integer not null
) strict, without rowid;

create table sign_in_failures(
  username text not null,            -- folded; whether or not anybody has that name
  at_ms integer not null
) strict;
create index sign_in_failures_name on sign_in_failures(username, at_ms);

create table sessions(
  id text primary key,
  staff_id text not null,
  secret_hash text not null unique,  -- of the cookie, or of the refresh token that is valid now
  is_cookie integer not null,
  seen_ms integer not null,          -- last use, to the minute
  ends_ms integer not null
) strict, without rowid;
create index sessions_staff on sessions(staff_id, seen_ms);

create table spent_secrets(
  secret_hash text primary key,      -- a refresh token that was used; again means it was copied
  session_id text not null
) strict, without rowid;
create index spent_secrets_session on spent_secrets(session_id);
create trigger sessions_ended after delete on sessions begin
  delete from spent_secrets where session_id = old.id;
end;

create table pairing_codes(
  code_hash text primary key,        -- HMAC under the site's key
  screen text not null,              -- display, kiosk
  ends_ms integer not null
) strict, without rowid;

create table screens(
  id text primary key,               -- UUID
  kind text not null,                -- display, kiosk
  secret_hash text not null unique,
  paired_ms integer not null,
  ends_ms integer not null
) strict, without rowid;
"""
"""Staff, their sessions, screens. Moments here are real wall time, not domain time: see edge/domain/accounts.py."""


def _script(text: str) -> Callable[[sqlite3.Connection], None]:
    def run(conn: sqlite3.Connection) -> None:
        statement = ""
        for line in text.splitlines(keepends=True):
            statement += line
            if sqlite3.complete_statement(statement):
                conn.execute(statement)
                statement = ""

    return run


MIGRATIONS: list[tuple[str, Callable[[sqlite3.Connection], None]]] = [
    ("m001_clinic", _script(_M001)),
    ("m002_accounts", _script(_M002)),
    ("m003_book", _script(M003)),
    ("m004_care", _script(M004)),
    ("m005_device_stock", _script(M005)),
    ("m006_alert_says", _script(M006)),
]
"""(name, step). Append only; a step that shipped is never changed."""


def migrate(conn: sqlite3.Connection) -> int:
    """Apply what is missing; returns how many steps ran. Each is one transaction together with its record.

    sqlite-utils keeps the record (table `_sqlite_migrations`). It is imported only when a step is missing, so that an
    ordinary start does not pay for it.
    """
    if _applied(conn) == {name for name, _ in MIGRATIONS}:
        return 0
    import sqlite_utils
    from sqlite_utils import Migrations

    steps = Migrations("edge")
    for name, step in MIGRATIONS:
        steps(name=name)(_on_database(step))
    database = sqlite_utils.Database(conn)
    missing = len(steps.pending(database))
    steps.apply(database)
    return missing


def _on_database(step: Callable[[sqlite3.Connection], None]) -> Callable[[object], None]:
    def run(database: object) -> None:
        step(database.conn)  # type: ignore[attr-defined]

    return run


def _applied(conn: sqlite3.Connection) -> set[str]:
    if not conn.execute("select 1 from sqlite_master where name = '_sqlite_migrations'").fetchone():
        return set()
    return {name for (name,) in conn.execute("select name from _sqlite_migrations where migration_set = 'edge'")}
