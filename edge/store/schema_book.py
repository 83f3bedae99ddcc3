"""Step 3 of the schema: people, the appointment book, and visits that begin before anybody has arrived."""

from __future__ import annotations

HERE = "status in ('waiting', 'called', 'in_consultation', 'parked')"
"""People who are in the house: the condition of the index visits_open."""
TO_COME = "status in ('booked', 'waitlisted')"
"""People who are to come: the condition of the index visits_booked."""

M003 = f"""
create table visits_new(
  number integer primary key,        -- small clinic number, counting up for ever
  id text not null unique,
  version integer not null,
  token text,                        -- null until somebody arrives
  service text not null,
  day text not null,
  status text not null,
  urgency integer not null,
  is_emergency integer not null,
  category text not null,
  doctor_id text,
  room text,
  created_at integer not null,       -- booked or arrived, whichever was first
  arrived_at integer,
  called_at integer,
  started_at integer,
  ended_at integer,
  recalls integer not null,
  person_id text,
  slot_id text,
  slot_no integer,                   -- number in that doctor's day, given once
  holds_place integer not null default 0,
  over_capacity integer not null default 0,
  due_at integer,                    -- when it is booked for
  delay_min integer not null default 0,
  paid_at integer,
  timer_at integer,                  -- when the clock acts on it; what it then does follows from the status
  reason text not null default '',
  claimed_urgency integer,
  doctor_chosen integer not null default 0,
  skips integer not null default 0,
  pin text,                          -- JSON: a place given by hand
  language text,
  promised_low_s integer,
  promised_high_s integer
) strict;
insert into visits_new(number, id, version, token, service, day, status, urgency, is_emergency, category, doctor_id, room,
  created_at, arrived_at, called_at, started_at, ended_at, recalls)
  select number, id, version, token, service, day, status, urgency, is_emergency, category, doctor_id, room,
  created_at, arrived_at, called_at, started_at, ended_at, recalls from visits;
drop table visits;
alter table visits_new rename to visits;
create unique index visits_token on visits(day, token) where token is not null;
create index visits_open on visits(service, status) where {HERE};
create index visits_booked on visits(doctor_id, due_at) where {TO_COME};
create index visits_slot on visits(slot_id) where slot_id is not null;
create index visits_person on visits(person_id, day) where person_id is not null;
create index visits_timer on visits(timer_at) where timer_at is not null;
create index visits_day on visits(day);
create index visits_ended on visits(ended_at) where ended_at is not null;

update queue_counts set open = (select count(*) from visits where visits.service = queue_counts.service and {HERE}),
  waiting = (select count(*) from visits where visits.service = queue_counts.service and status = 'waiting');
create trigger visits_counted after insert on visits when new.{HERE} begin
  update queue_counts set open = open + 1, waiting = waiting + (new.status = 'waiting') where service = new.service;
end;
create trigger visits_recounted after update of status, service on visits
  when old.status <> new.status or old.service <> new.service begin
  update queue_counts set open = open - (old.{HERE}), waiting = waiting - (old.status = 'waiting')
    where service = old.service;
  update queue_counts set open = open + (new.{HERE}), waiting = waiting + (new.status = 'waiting')
    where service = new.service;
end;

alter table visit_intervals add column doctor_id text;
alter table visit_intervals add column device text not null default '';
alter table visit_intervals add column kind text not null default '';  -- of the event that began it

alter table services add column policy_options text not null default '{{}}';
alter table doctors add column code text;
alter table doctors add column policy text;
alter table doctors add column policy_options text not null default '{{}}';
alter table doctors add column created_at integer not null default 0;
create unique index doctors_code on doctors(code) where code is not null;

create table queue_states(
  queue text primary key,            -- service:<letter> or doctor:<id>: whose policy it is
  streak integer not null            -- normal visits called in a row since the last of priority
) strict, without rowid;

create table persons(
  id text primary key,
  version integer not null,
  name text not null,
  folded text not null,              -- the name as names are compared
  phone text not null,
  email text not null,
  age integer,
  gender text,
  language text,
  notify integer not null,           -- agreed to messages on the phone
  created_at integer not null,
  erased integer not null
) strict;
create index persons_name on persons(folded, phone);
create index persons_phone on persons(phone) where phone <> '';

create table slots(
  id text primary key,
  version integer not null,
  doctor_id text not null,
  day text not null,
  start_at integer not null,
  end_at integer not null check (end_at > start_at),
  max_capacity integer not null,
  status text not null,              -- ACTIVE, CANCELLED; delayed is delay_min > 0
  own_delay_min integer not null,    -- as it was set
  delay_min integer not null,        -- with what slots before it leave
  lent integer not null,             -- places head office may give away
  created_at integer not null,
  places_taken integer not null default 0,
  extra_taken integer not null default 0,
  check (places_taken + lent <= max_capacity)
) strict, without rowid;
create index slots_day on slots(doctor_id, day, start_at);
create index slots_of_day on slots(day, start_at);
create trigger visits_placed after insert on visits when new.slot_id is not null begin
  update slots set places_taken = places_taken + new.holds_place, extra_taken = extra_taken + new.over_capacity
    where id = new.slot_id;
end;
create trigger visits_replaced after update of slot_id, holds_place, over_capacity on visits
  when old.slot_id is not new.slot_id or old.holds_place <> new.holds_place or old.over_capacity <> new.over_capacity
begin
  update slots set places_taken = places_taken - old.holds_place, extra_taken = extra_taken - old.over_capacity
    where id = old.slot_id;
  update slots set places_taken = places_taken + new.holds_place, extra_taken = extra_taken + new.over_capacity
    where id = new.slot_id;
end;

create table consultations(
  visit integer not null,            -- visits.number
  version integer not null,          -- of the visit when it ended
  doctor_id text not null,
  started_ms integer not null,
  ended_ms integer not null,
  primary key(visit, version)
) strict, without rowid;
create index consultations_doctor on consultations(doctor_id, ended_ms);
create table doctor_times(
  doctor_id text primary key,
  n integer not null,                -- consultations it was learned from
  mean_s real not null,
  sd_log real not null
) strict, without rowid;

create table broadcasts(
  id text primary key,
  version integer not null,
  doctor_id text not null,
  day text not null,
  message text not null,
  priority text not null,
  delay_min integer not null,
  sent_at integer not null,
  ended_at integer
) strict, without rowid;
create index broadcasts_open on broadcasts(doctor_id) where ended_at is null;

create table service_accounts(
  id text primary key,
  name text not null,
  roles text not null,               -- words with spaces between; empty: may look, not act
  key_hash text not null unique,
  created_ms integer not null,
  is_active integer not null
) strict, without rowid;

create table rules(
  name text primary key,             -- a setting that rules look at; written at each start
  value text not null                -- JSON
) strict, without rowid;
"""
