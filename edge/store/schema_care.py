"""Steps 4 to 6 of the schema: plans, doses as rows, devices, notes, alerts of care. Moments are ms since 1970 UTC."""

from __future__ import annotations

M004 = """
create table care_plans(
  id text primary key,
  version integer not null,
  person_id text not null,
  revision integer not null,
  status text not null,              -- active, stopped
  body text not null,                -- JSON: shared/doses/plan.py
  planned_until integer not null,    -- doses are rows up to here
  changed_at integer not null
) strict, without rowid;
create index care_plans_person on care_plans(person_id);
create index care_plans_planned on care_plans(planned_until) where status = 'active';

create table meal_times(
  person_id text primary key,
  version integer not null,
  times text not null                -- JSON: FHIR code -> "HH:MM"
) strict, without rowid;

create table holds(
  id text primary key,
  version integer not null,
  person_id text not null,
  plan_id text,
  item_id text,
  from_at integer not null,
  until_at integer not null,
  reason text not null,
  ended_at integer
) strict, without rowid;
create index holds_person on holds(person_id) where ended_at is null;

create table doses(
  id text primary key,               -- hash of plan, item, step and the time on the person's clock
  version integer not null,          -- 0 while nothing has happened: no fact says anything of it yet
  person_id text not null,
  plan_id text not null,
  item_id text not null,
  step integer not null,
  revision integer not null,
  medication text not null,
  quantity real not null,
  unit text not null,
  policy_class text not null,
  critical integer not null,
  nominal_local text not null,
  tz text not null,
  due_at integer not null,
  window_open integer not null,
  on_time_until integer not null,
  miss_at integer not null,
  status text not null,              -- shared/doses/states.py
  status_since integer not null,
  announced_n integer not null,      -- how often somebody was told for certain
  taken_at integer,
  source text,
  reason text not null,
  device_id text,
  compartment integer,
  snoozed_until integer,
  asked_n integer not null,          -- how often an announcement was asked for
  last_said_at integer,
  group_id text,                     -- the last announcement it was part of: one press answers all of one
  caregiver_told integer not null,
  pre_noticed integer not null,
  pre_notice_min integer,
  next_action_at integer             -- when the clock looks at it; null: never again
) strict, without rowid;
create index doses_next on doses(next_action_at) where next_action_at is not null;
create index doses_person on doses(person_id, due_at);
create index doses_item on doses(plan_id, item_id, due_at);

create table dose_events(            -- append-only
  id text primary key,
  dose_id text,
  person_id text not null,
  plan_id text,
  item_id text not null,
  act text not null,                 -- taken, skipped, snoozed, announced, not_announced, taken_again, corrected
  source text not null,
  at integer not null,
  uncertainty_s integer not null,
  quantity real,
  reason text not null,
  device_id text,
  boot_id text,
  device_seq integer,
  note_id text,
  received_at integer not null,
  supersedes text
) strict, without rowid;
create index dose_events_item on dose_events(item_id, at);
create index dose_events_dose on dose_events(dose_id);
create index dose_events_person on dose_events(person_id, at);

create table devices(
  id text primary key,
  version integer not null,
  device_kind text not null,
  name text not null,
  person_id text,
  status text not null,              -- unclaimed, active, removed
  created_at integer not null,
  claimed_at integer,
  compartments text not null,        -- JSON: compartment -> units, as the device last said
  claim_hash text,
  claim_until integer,
  public_key_pem text,
  timezone text                      -- where it last said it is; plans of tz_policy "device" follow it
) strict, without rowid;
create index devices_person on devices(person_id) where person_id is not null;
create unique index devices_claim on devices(claim_hash) where claim_hash is not null;

create table device_states(          -- level: how each is now
  device_id text primary key,
  version integer not null,          -- of the last fact
  online integer not null,
  heard_at integer not null,
  boot_id text not null,
  battery integer,
  wifi_dbm integer,
  firmware text,
  faults text not null,              -- JSON list
  reported_at integer not null       -- when a fact was last made of it
) strict, without rowid;
create index device_states_online on device_states(heard_at) where online;

create table device_log(
  device_id text not null,
  boot_id text not null,
  device_seq integer not null,
  event text not null,
  at integer not null,
  uncertainty_s integer not null,
  dose_id text,
  quantity real,
  data text,                         -- JSON
  primary key(device_id, boot_id, device_seq)
) strict, without rowid;
create index device_log_at on device_log(at);

create table notes(
  id text primary key,
  version integer not null,
  person_id text,
  device_id text,
  recorded_at integer not null,
  sha256 text not null,
  bytes integer not null,
  seconds real not null,
  media_type text not null,
  language text not null,
  purpose text not null,
  heard text,                        -- JSON
  dose_id text,
  boot_id text,
  device_seq integer,
  uploaded integer not null
) strict, without rowid;
create index notes_person on notes(person_id, recorded_at);
create index notes_at on notes(recorded_at);
create index notes_waiting on notes(recorded_at) where uploaded = 0;
create index notes_sound on notes(sha256);

create table care_alerts(
  id text primary key,
  version integer not null,
  person_id text,
  topic text not null,
  severity text not null,
  title text not null,
  body text not null,
  hint text not null,
  dose_ids text not null,            -- JSON list
  device_id text,
  note_id text,
  rung integer not null,
  audience text not null,
  critical integer not null,
  tries integer not null,
  raised_at integer not null,
  expires_at integer not null,
  acked_by text,
  acked_at integer,
  open integer not null,
  next_action_at integer             -- when the next rung is due; null: none
) strict, without rowid;
create index care_alerts_open on care_alerts(person_id, topic) where open;
create index care_alerts_next on care_alerts(next_action_at) where next_action_at is not null;
create index care_alerts_at on care_alerts(raised_at);

create table stocks(
  id text primary key,               -- <plan>/<item>
  version integer not null,
  person_id text not null,
  plan_id text not null,
  item_id text not null,
  medication text not null,
  device_id text,
  compartment integer,
  units real not null,
  days_left real
) strict, without rowid;
create index stocks_person on stocks(person_id);
"""

M005 = """
alter table device_states add column stock text not null default '{}';  -- JSON: units by compartment, as it said last
"""

M006 = """
alter table care_alerts add column says text not null default '{}';  -- JSON: what the title says, as a code and values
"""
