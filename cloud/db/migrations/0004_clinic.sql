-- The whole visit, people, bookable time and messages; where those who wait stand; the keys of tracking links; and what
-- head office has asked clinics to book. Events of before 0004 lack the new fields: they read as null, 0, '' or false.

alter table visits
    alter token drop not null,            -- drawn at arrival, so a booking has none
    add person_id text,
    add slot_id text,
    add slot_no bigint,                   -- its number in that doctor's day, given once
    add holds_place boolean not null default false,
    add over_capacity boolean not null default false,
    add due_ms bigint,                    -- what it is booked for
    add delay_min integer not null default 0,
    add paid_ms bigint,
    add timer_ms bigint,
    add reason text not null default '',
    add claimed_urgency integer,
    add doctor_chosen boolean not null default false,
    add skips integer not null default 0,
    add pin jsonb,
    add language text,
    add promised_low_s bigint,            -- what it was told at arrival
    add promised_high_s bigint,
    add waited_ms bigint;                 -- from joining the queue to the first call, worked out from visit_log
create index visits_of_person on visits (site, person_id) where person_id is not null;

-- What every event about a visit said of its state: how long it waited, and which doctors it has been with.
create table visit_log (
    site text not null,
    visit_id text not null,
    ordinal integer not null,
    version bigint not null,
    kind text not null,
    status text not null,
    doctor_id text,
    at_ms bigint not null,
    primary key (site, visit_id, ordinal, version)
);

alter table services add policy_options jsonb not null default '{}';
alter table doctors
    add code text,                        -- null: made from the number
    add policy text,                      -- null: the service's
    add policy_options jsonb not null default '{}',
    add created_ms bigint not null default 0;
create index doctors_by_id on doctors (doctor_id);

create table persons (
    site text not null,
    person_id text not null,
    ordinal integer not null,
    version bigint not null,
    name text not null,                   -- '' once erased, as everything personal
    phone text not null,
    email text not null,
    age integer,
    gender text,
    language text,
    notify boolean not null,
    created_ms bigint not null,
    erased boolean not null,
    primary key (site, person_id)
);

create table slots (
    site text not null,
    slot_id text not null,
    ordinal integer not null,
    version bigint not null,
    doctor_id text not null,
    day text not null,
    start_ms bigint not null,
    end_ms bigint not null,
    max_capacity integer not null,
    status text not null,
    own_delay_min integer not null,
    delay_min integer not null,
    lent integer not null,
    created_ms bigint not null,
    primary key (site, slot_id)
);
create index slots_of_day on slots (site, day);
create index slots_by_id on slots (slot_id);

create table broadcasts (
    site text not null,
    broadcast_id text not null,
    ordinal integer not null,
    version bigint not null,
    doctor_id text not null,
    day text not null,
    message text not null,
    priority text not null,
    delay_min integer not null,
    sent_ms bigint not null,
    ended_ms bigint,
    primary key (site, broadcast_id)
);
create index broadcasts_open on broadcasts (site, doctor_id) where ended_ms is null;

-- Persons of whom the site ever said that they are erased. For ever, whatever an older store may say later.
create table erasures (
    site text not null,
    person_id text not null,
    primary key (site, person_id)
);

-- Erasing looks for what was kept of a person.
create index events_of_person on events (site, entity_id) where entity = 'person';

-- Read again from the first event, for newer clinics may have sent the new fields already.
delete from visits;
delete from services;
delete from doctors;
delete from reader_cursors where reader in ('visits', 'places');
delete from reader_failures where reader in ('visits', 'places');

alter table tiles
    add booked_today integer not null default 0,       -- booked for the open day and not here yet
    add arrived_today integer not null default 0,
    add early_today integer not null default 0,
    add wait_mean_s integer,                           -- from joining the queue to the call
    add promised_today integer not null default 0,     -- promises that can be judged
    add kept_today integer not null default 0;         -- of those, the ones whose wait was within the range

-- Of the current store, as last said. complete_ms: when it last said that nothing about the queue is unsent, by the
-- cloud's clock; complete_upto: how far lane 1 was kept then, so that it counts once readers have come so far.
-- standing: [[small number, place, shortest, likely, longest wait in minutes], ...], the site's own reckoning.
alter table site_state
    add complete_ms bigint,
    add complete_upto bigint,
    add timezone text not null default '',
    add standing jsonb,
    add standing_ms bigint;

-- Public keys that tracking links are checked with, of all of a site's stores.
create table tracking_keys (
    site text not null,
    epoch text not null,
    public text not null,
    first_ms bigint not null,
    primary key (site, epoch, public)
);

-- Bookings head office has asked for. What became of one: the visit of that id, else the state of its command.
create table booking_requests (
    site text not null,
    visit_id text not null,
    command_id text not null,
    actor text not null,
    digest text not null,                 -- of the request, for its Idempotency-Key
    requested_ms bigint not null,
    primary key (site, visit_id),
    unique (site, command_id)
);
create index booking_requests_by_id on booking_requests (visit_id);
create index booking_requests_by_command on booking_requests (command_id);
