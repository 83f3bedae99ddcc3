-- What readers make of events. Every row can be made again from the events: empty a table and its reader's cursors.
-- (ordinal, version) of the newest event seen decides which row stands; no foreign keys between projections.

create table reader_cursors (
    reader text not null,
    site text not null,
    epoch text not null,
    lane smallint not null,
    upto bigint not null,
    primary key (reader, site, epoch, lane)
);

-- Events a reader could not apply. The reader went on; people are shown these.
create table reader_failures (
    reader text not null,
    site text not null,
    epoch text not null,
    lane smallint not null,
    seq bigint not null,
    kind text not null,
    reason text not null,
    failed_ms bigint not null,
    primary key (reader, site, epoch, lane, seq)
);
create index reader_failures_site on reader_failures (site);

create table days (
    site text not null,
    day text not null,                    -- "2026-11-20"
    ordinal integer not null,
    version bigint not null,
    gseq bigint not null,                 -- of the event: the greatest (ordinal, gseq) is the open day
    opened_ms bigint not null,
    primary key (site, day)
);

create table visits (
    site text not null,
    visit_id text not null,
    ordinal integer not null,
    version bigint not null,
    number bigint not null,
    token text not null,
    service text not null,
    day text not null,
    status text not null,
    urgency integer not null,
    is_emergency boolean not null,
    category text not null,
    doctor_id text,
    room text,
    created_ms bigint not null,
    arrived_ms bigint,
    called_ms bigint,
    started_ms bigint,
    ended_ms bigint,
    recalls integer not null,
    primary key (site, visit_id)
);
create index visits_of_day on visits (site, day, status);

create table services (
    site text not null,
    service_id text not null,
    ordinal integer not null,
    version bigint not null,
    letter text not null,
    name text not null,
    is_open boolean not null,
    policy text not null,
    primary key (site, service_id)
);

create table doctors (
    site text not null,
    doctor_id text not null,
    ordinal integer not null,
    version bigint not null,
    number bigint not null,
    name text not null,
    specialization text not null,
    service text,
    room text not null,
    is_active boolean not null,
    is_on_break boolean not null,
    primary key (site, doctor_id)
);

create table site_alerts (
    site text not null,
    alert_id text not null,
    ordinal integer not null,
    version bigint not null,
    topic text not null,
    title text not null,
    hint text not null,
    is_open boolean not null,
    at_ms bigint not null,
    primary key (site, alert_id)
);
create index site_alerts_open on site_alerts (site) where is_open;

-- How a command of the cloud ended at the site; the mailbox's state follows it.
create table command_outcomes (
    site text not null,
    command_id text not null,
    ordinal integer not null,
    version bigint not null,
    outcome text not null check (outcome in ('applied', 'failed', 'expired')),
    detail text not null,
    at_ms bigint not null,
    primary key (site, command_id)
);

-- One row a site, counted anew from the rows above whenever they change; never +1.
create table tiles (
    site text primary key,
    day text,
    waiting integer not null,
    longest_since_ms bigint,
    called integer not null,
    in_consultation integer not null,
    issued_today integer not null,
    completed_today integer not null,
    no_show_today integer not null,
    last_call jsonb,                      -- {"token", "room", "at_ms"}
    doctors_active integer not null,
    alerts_open integer not null
);
