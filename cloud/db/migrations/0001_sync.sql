-- What the edges have sent, and what waits to be sent to them. Every unique key holds the site, so that the tables can
-- be distributed by it. Moments are milliseconds since 1970 UTC in domain time, given by the program: SQL reads no clock.

create table sites (
    site text primary key,
    name text not null,
    created_ms bigint not null
);

-- One row for each life of a site's store. At most one is current.
create table epochs (
    site text not null,
    epoch text not null,
    ordinal integer not null,             -- order among the site's epochs, from 1, given by the cloud
    state text not null check (state in ('current', 'replaced', 'fenced', 'revoked')),
    serial text,                          -- of the certificate issued last, in hex
    public_key_pem text,
    boot text,                            -- the boot that said HELLO last
    session text,                         -- the session it opened
    first_ms bigint not null,
    primary key (site, epoch),
    unique (site, ordinal)
);
create unique index epochs_one_current on epochs (site) where state = 'current';

-- offset_ms + mono_ms of an event = the moment it happened by the cloud's clock.
create table boots (
    site text not null,
    boot text not null,
    offset_ms bigint not null,
    primary key (site, boot)
);

create table events (
    site text not null,
    epoch text not null,
    lane smallint not null,
    seq bigint not null,
    gseq bigint not null,
    boot text not null,
    at_ms bigint not null,
    mono_ms bigint not null,
    trust text not null,
    kind text not null,
    v integer not null,
    actor text not null,
    cause text not null,
    entity text not null,
    entity_id text not null,
    version bigint not null,
    data jsonb not null,
    crc bigint not null,
    primary key (site, epoch, lane, seq)
);

-- The same events with the best moment known: an untrusted clock is corrected by its boot's offset.
create view events_dated as
    select e.*, case when e.trust = 'u' then coalesce(e.mono_ms + b.offset_ms, e.at_ms) else e.at_ms end as dated_ms
    from events e left join boots b on b.site = e.site and b.boot = e.boot;

-- Ranges that will never come: dropped, thinned, poison, or no longer held.
create table gaps (
    site text not null,
    epoch text not null,
    lane smallint not null,
    first bigint not null,
    last bigint not null,
    reason text not null,
    received_ms bigint not null,
    primary key (site, epoch, lane, first)
);

-- received: every number kept or passed by a gap. upto: the end of its first range, 0 when that does not begin at 1.
-- Readers never read beyond upto.
create table cursors (
    site text not null,
    epoch text not null,
    lane smallint not null,
    upto bigint not null,
    received int8multirange not null,
    primary key (site, epoch, lane)
);

-- Frames of stores that were replaced, fenced or revoked: kept, shown, never mixed with the rest.
create table late_events (
    like events,
    why text not null,
    received_ms bigint not null,
    primary key (site, epoch, lane, seq, crc)
);

create table late_cursors (
    site text not null,
    epoch text not null,
    boot text not null,
    lane smallint not null,
    received int8multirange not null,
    primary key (site, epoch, boot, lane)
);

-- Single events that PostgreSQL would not take, as the bytes that came (JSON).
create table dead_letters (
    site text not null,
    epoch text not null,
    lane smallint not null,
    seq bigint not null,
    reason text not null,
    body bytea not null,
    received_ms bigint not null,
    primary key (site, epoch, lane, seq)
);

-- Something about a site's link that a person at head office must know. Open while ended_ms is null.
create table alarms (
    site text not null,
    kind text not null,                   -- 'fenced', 'clash', 'poison', 'not_held'
    epoch text not null,
    detail text not null,
    raised_ms bigint not null,
    ended_ms bigint,
    primary key (site, kind, epoch)
);

-- State, not history: what the last HELLO or beat of the current epoch said.
create table site_state (
    site text primary key,
    epoch text not null,
    heard_ms bigint not null,             -- cloud domain time
    path text not null check (path in ('mqtt', 'https')),
    unsent bigint[] not null,
    status text not null,
    boot text not null,
    version text not null,
    clock_now_ms bigint not null,
    clock_mono_ms bigint not null,
    clock_trust text not null
);

-- The log of commands for a site. head: last number given; upto: last number the site has said it took.
create table mailboxes (
    site text primary key,
    stream text not null,
    head bigint not null default 0,
    upto bigint not null default 0
);

create table mailbox (
    site text not null,
    stream text not null,
    number bigint not null,
    command_id text not null,
    kind text not null,
    actor text not null,
    body jsonb not null,
    expires_ms bigint,
    state text not null check (state in ('published', 'received', 'applied', 'failed', 'expired')),
    detail text not null default '',
    published_ms bigint not null,
    received_ms bigint,
    settled_ms bigint,
    primary key (site, stream, number),
    unique (site, command_id)
);
create index mailbox_open on mailbox (site, number) where state in ('published', 'received');
