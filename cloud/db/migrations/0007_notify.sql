-- Telling people: how each is reached, what there is to tell, and what became of each message. Moments are ms since 1970
-- UTC in domain time. Site '*' stands for people of head office, who belong to no single site.

create table notification_channels (
    site text not null,
    channel_id text not null,
    owner_kind text not null check (owner_kind in ('caregiver', 'person', 'account', 'site')),
    owner_id text not null,               -- of the caregiver, person or account; for 'site' (a gateway) the site itself
    kind text not null check (kind in ('sms', 'whatsapp', 'email', 'telegram', 'webhook', 'push')),
    sealed bytea not null,                -- the address, encrypted; never shown again
    shown text not null,                  -- as much of it as may be shown, e.g. "+34 … 21"
    place integer not null default 1,     -- 1 is tried first; those of one place at the same time
    language text,                        -- null: the owner's, else the site's
    timezone text,                        -- of the quiet hours; null: the site's
    quiet_from text,                      -- "22:00"; null: none
    quiet_until text,
    created_ms bigint not null,
    verified_ms bigint,                   -- null: nothing but a code is sent to it
    code_hash text,
    code_until_ms bigint,
    code_tries integer not null default 0,
    code_sent_ms bigint,
    off_ms bigint,                        -- switched off: by its owner, or because its address is gone
    off_reason text not null default '',
    primary key (site, channel_id)
);
create index notification_channels_owner on notification_channels (site, owner_kind, owner_id) where off_ms is null;
create index notification_channels_id on notification_channels (channel_id);

-- One thing to tell. `key` makes twice once: "alert:<alert_id>:<step>", "notice:<key of the clinic>", ...
create table notification_events (
    site text not null,
    event_id text not null,
    key text not null,
    topic text not null,                  -- of cloud/notify/words.py
    severity text not null check (severity in ('info', 'warning', 'critical')),
    critical boolean not null default false,  -- goes through quiet hours
    alert_id text,                        -- of alert_logs; null: a notice of the queue
    alert_version bigint,
    audience text not null,               -- 'caregiver', 'clinic', 'office', 'person', 'again' (those told before)
    step integer,                         -- on the ladder of the alert
    person_id text,
    facts jsonb not null,                 -- what the words need
    raised_ms bigint not null,            -- when what it tells of happened
    expires_ms bigint not null,           -- from then on it is shown and not sent
    created_ms bigint not null,
    state text not null check (state in ('open', 'told', 'nobody', 'shown', 'ended')),
    reason text not null default '',
    primary key (site, event_id),
    unique (site, key)
);
create index notification_events_alert on notification_events (site, alert_id);
create index notification_events_created on notification_events (site, created_ms);

-- One event to one channel. Claimed and sent are kept apart: a claim that ran out without a word may have been sent, so
-- the next try says "again".
create table notification_deliveries (
    site text not null,
    delivery_id text not null,
    event_id text not null,
    channel_site text not null,           -- of the channel's row: the site, or '*'
    channel_id text not null,
    recipient text not null,              -- "caregiver:<id>", "account:<id>", "person:<id>", "visit:<id>"
    target bytea,                         -- encrypted, where the channel is a gateway; null once over
    language text not null,
    message_id text,                      -- the same for all that went out in one message
    state text not null check (state in
        ('waiting', 'claimed', 'sent', 'delivered', 'failed', 'expired', 'cancelled')),
    due_ms bigint not null,
    expires_ms bigint not null,
    tries integer not null default 0,
    repeat boolean not null default false,
    claimed_by text,
    claimed_until_ms bigint,
    sent_ms bigint,
    delivered_ms bigint,
    provider_id text,
    reason text not null default '',
    created_ms bigint not null,
    primary key (site, delivery_id),
    unique (site, event_id, channel_id, recipient)
);
create index notification_deliveries_due on notification_deliveries (due_ms) where state in ('waiting', 'claimed');
create index notification_deliveries_recipient on notification_deliveries (site, recipient, sent_ms);
create index notification_deliveries_message on notification_deliveries (site, message_id);

-- What a link in a message stands for. The link itself holds a random id and a signature, nothing else.
create table notification_links (
    site text not null,
    link_id text not null,                -- 128 random bits, hex
    purpose text not null check (purpose in ('acknowledge', 'receipt')),
    message_id text not null,
    recipient text not null,
    alert_ids text[] not null,
    language text not null,
    created_ms bigint not null,
    expires_ms bigint not null,
    used_ms bigint,
    primary key (site, link_id)
);
create index notification_links_id on notification_links (link_id);

-- A site that is not heard, as long as it is not. One row an outage.
create table notification_silences (
    site text not null,
    heard_ms bigint not null,             -- last heard before
    noticed_ms bigint not null,
    heard_again_ms bigint,
    primary key (site, heard_ms)
);

-- Who took an alert upon themselves by a link. The clinic is told by a command and answers with its own event; until then
-- nobody else is called.
create table notification_acknowledgements (
    site text not null,
    alert_id text not null,
    rung integer not null,                -- the alert's then; one that rises above it waits for somebody again
    recipient text not null,
    by_name text not null,
    at_ms bigint not null,
    primary key (site, alert_id)
);

-- Doses that came due while their site was not heard: planned here, told by nobody yet.
create table notification_unheard_doses (
    site text not null,
    heard_ms bigint not null,             -- of the silence
    dose_id text not null,
    person_id text not null,
    medication text not null,
    due_ms bigint not null,
    primary key (site, heard_ms, dose_id)
);
