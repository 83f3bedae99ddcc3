-- Medicine, devices, recordings and alerts of the chain, and who may see them. Moments are ms since 1970 UTC in domain time.
-- Rows with ordinal and version are made by readers from a site's events; the newest event stands. owner: who decides
-- about the row, 'site' (a clinic's program) or 'cloud' (head office, for devices that reach it directly).

alter table accounts drop constraint accounts_roles_check;
alter table accounts add constraint accounts_roles_check check (
    roles <@ array['office', 'office_admin', 'nurse', 'doctor', 'manager', 'caregiver'] and cardinality(roles) > 0
);

-- The seed's users: everybody who may sign in at head office, without what proves it.
create view users as select id, name, roles, sites, is_active, created_ms from accounts;
create view patients as
    select site, person_id, name, phone, email, age, gender, language, created_ms, erased from persons;

create table caregivers (
    site text not null,
    caregiver_id text not null,
    name text not null,
    language text,                        -- null: the patient's
    relation text not null default '',
    account_id text,                      -- of accounts, where they sign in
    created_ms bigint not null default 0,
    primary key (site, caregiver_id)
);
create index caregivers_account on caregivers (account_id) where account_id is not null;

create table patient_caregiver (
    site text not null,
    person_id text not null,
    caregiver_id text not null,
    place integer not null default 1,     -- 1 is told first
    primary key (site, person_id, caregiver_id)
);
create index patient_caregiver_of on patient_caregiver (site, caregiver_id);

-- Which patients a caregiver's account may see.
create view account_patients as
    select c.account_id, p.site, p.person_id from caregivers c
    join patient_caregiver p on p.site = c.site and p.caregiver_id = c.caregiver_id where c.account_id is not null;

create table patient_doctor (
    site text not null,
    person_id text not null,
    doctor_id text not null,
    since_ms bigint not null default 0,
    primary key (site, person_id, doctor_id)
);

create table medications (
    site text not null,
    medication_id text not null,
    name text not null,
    code text not null default '',        -- "system|code"
    form text not null default '',
    route text not null default '',
    unit text not null,
    created_ms bigint not null,
    primary key (site, medication_id)
);
create unique index medications_name on medications (site, lower(name), lower(form), lower(unit));

-- The plan as it stands. body: of shared.doses.plan. applied_*: what the site last said it follows.
create table medication_plans (
    site text not null,
    plan_id text not null,
    person_id text not null,
    revision integer not null,
    status text not null check (status in ('active', 'stopped')),
    owner text not null default 'site' check (owner in ('site', 'cloud')),
    body jsonb not null,
    command_id text,                      -- of the ApplyPlan or StopPlan that took it to the site
    reason text not null default '',
    created_by text not null default '',
    created_ms bigint not null default 0,
    changed_ms bigint not null default 0,
    expanded_until_ms bigint,             -- owner 'cloud': so far its doses are rows
    primary key (site, plan_id)
);
create index medication_plans_person on medication_plans (site, person_id);
create index medication_plans_id on medication_plans (plan_id);

create table medication_plan_items (
    site text not null,
    plan_id text not null,
    revision integer not null,
    item_id text not null,
    place integer not null,
    medication_id text,                   -- of the catalogue, where its name is there
    medication text not null,
    unit text not null,
    policy_class text not null,
    critical boolean not null,
    as_needed boolean not null,
    body jsonb not null,
    primary key (site, plan_id, revision, item_id)
);

-- The items of each revision follow from its body.
create function keep_plan_items() returns trigger language plpgsql as $$
begin
    insert into medication_plan_items (site, plan_id, revision, item_id, place, medication_id, medication, unit, policy_class,
        critical, as_needed, body)
    select new.site, new.plan_id, new.revision, coalesce(nullif(item->>'id', ''), 'item-' || place), place,
        (select m.medication_id from medications m where m.site = new.site and lower(m.name) = lower(item->>'medication')
            order by (m.unit = item->>'unit') desc, m.medication_id limit 1),
        item->>'medication', item->>'unit', coalesce(item->>'policy_class', 'STANDARD'),
        coalesce((item->>'critical')::boolean, false), coalesce((item->>'as_needed')::boolean, false), item
    from jsonb_array_elements(new.body->'items') with ordinality as listed(item, place)
    on conflict do nothing;
    return null;
end
$$;
create trigger medication_plans_items after insert or update of revision, body on medication_plans
    for each row execute function keep_plan_items();

-- What the site says of a plan: which revision it follows.
create table plan_states (
    site text not null,
    plan_id text not null,
    ordinal integer not null,
    version bigint not null,
    person_id text not null,
    revision integer not null,
    status text not null,
    body jsonb not null,
    reason text not null,
    at_ms bigint not null,
    primary key (site, plan_id)
);

-- Doses of which something is known. Those that are only planned at a site are expanded when they are asked for.
create table dose_occurrences (
    site text not null,
    dose_id text not null,
    ordinal integer not null default 0,
    version bigint not null default 0,
    owner text not null default 'site' check (owner in ('site', 'cloud')),
    person_id text not null,
    plan_id text not null default '',
    item_id text not null default '',
    step integer not null default 1,
    revision integer not null default 1,
    medication text not null,
    quantity double precision not null default 1,
    unit text not null default '',
    policy_class text not null default 'STANDARD',
    critical boolean not null default false,
    nominal_local text not null default '',
    tz text not null default 'UTC',
    due_ms bigint not null,
    window_open_ms bigint not null default 0,
    on_time_until_ms bigint not null default 0,
    miss_at_ms bigint not null default 0,
    status text not null,
    status_since_ms bigint not null default 0,
    announced_n integer not null default 0,
    taken_ms bigint,
    source text,
    reason text not null default '',
    device_id text,
    compartment integer,
    snoozed_until_ms bigint,
    next_action_ms bigint,                -- owner 'cloud': when the dose clock looks at it again
    last_said_ms bigint,
    caregiver_told boolean not null default false,
    primary key (site, dose_id)
);
create index dose_occurrences_person on dose_occurrences (site, person_id, due_ms);
create index dose_occurrences_plan on dose_occurrences (site, plan_id, due_ms);
create index dose_occurrences_next on dose_occurrences (next_action_ms) where next_action_ms is not null;

-- What was done or told about doses; never changed.
create table dose_event_logs (
    site text not null,
    event_id text not null,
    ordinal integer not null default 0,
    version bigint not null default 1,
    dose_id text,
    person_id text,
    item_id text,
    act text not null,
    source text not null,
    at_ms bigint not null,
    uncertainty_s integer not null default 0,
    quantity double precision,
    reason text not null default '',
    device_id text,
    boot_id text,
    device_seq bigint,
    note_id text,
    received_ms bigint not null,
    supersedes text,
    primary key (site, event_id)
);
create index dose_event_logs_dose on dose_event_logs (site, dose_id, at_ms);
create index dose_event_logs_person on dose_event_logs (site, person_id, at_ms);

create table holds (
    site text not null,
    hold_id text not null,
    ordinal integer not null default 0,
    version bigint not null default 0,
    person_id text not null,
    plan_id text,
    item_id text,
    from_ms bigint not null,
    until_ms bigint not null,
    reason text not null,
    ended_ms bigint,
    primary key (site, hold_id)
);
create index holds_person on holds (site, person_id);

create table meal_times (
    site text not null,
    person_id text not null,
    ordinal integer not null default 0,
    version bigint not null default 0,
    times jsonb not null,
    primary key (site, person_id)
);

create table stocks (
    site text not null,
    stock_id text not null,
    ordinal integer not null default 0,
    version bigint not null default 0,
    person_id text,
    plan_id text,
    item_id text,
    medication text not null,
    device_id text,
    compartment integer,
    units double precision not null,
    days_left double precision,
    primary key (site, stock_id)
);

create table devices (
    site text not null,
    device_id text not null,
    ordinal integer not null default 0,
    version bigint not null default 0,
    owner text not null default 'site' check (owner in ('site', 'cloud')),
    kind text not null,
    name text not null,
    person_id text,
    status text not null check (status in ('unclaimed', 'active', 'removed')),
    created_ms bigint not null,
    claimed_ms bigint,
    compartments jsonb not null default '{}',
    claim_hash text,                      -- owner 'cloud': SHA-256 of an open claim code
    claim_until_ms bigint,
    public_key_pem text,
    schedule_revision bigint,             -- of the schedule it fetched last, where it reaches head office
    primary key (site, device_id)
);
create index devices_id on devices (device_id);
create index devices_person on devices (site, person_id) where person_id is not null;
create unique index devices_claim on devices (claim_hash) where claim_hash is not null;

-- What devices said of themselves, thinned as they are told; the newest by (ordinal, version) is how a device is.
create table device_heartbeats (
    site text not null,
    device_id text not null,
    ordinal integer not null,
    version bigint not null,
    online boolean not null,
    heard_ms bigint not null,
    reported_ms bigint not null default 0,
    battery double precision,             -- percent
    wifi_dbm integer,
    firmware text,
    faults jsonb not null default '[]',
    boot_id text,
    primary key (site, device_id, ordinal, version)
);

create table device_events (
    site text not null,
    event_id text not null,
    ordinal integer not null default 0,
    version bigint not null default 1,
    device_id text not null,
    boot_id text not null,
    device_seq bigint not null,
    kind text not null,
    at_ms bigint not null,
    uncertainty_s integer not null default 0,
    dose_id text,
    quantity double precision,
    data jsonb,
    outcome text not null default 'accepted',
    status text,                          -- of the dose afterwards, where head office decided
    reason text,
    primary key (site, event_id)
);
create index device_events_device on device_events (site, device_id, at_ms);

-- How far head office has taken a device's numbers, by boot.
create table device_cursors (
    site text not null,
    device_id text not null,
    boot_id text not null,
    upto bigint not null,
    primary key (site, device_id, boot_id)
);

-- One spoken exchange: recordings and announcements of a person that follow one another within two minutes.
create table conversations (
    site text not null,
    conversation_id text not null,
    person_id text,
    device_id text,
    started_ms bigint not null,
    ended_ms bigint not null,
    turns integer not null,
    primary key (site, conversation_id)
);
create index conversations_person on conversations (site, person_id, started_ms);

-- A turn. role 'person': a recording; 'device': what was announced. Status and what follows are of cloud/llm.
create table interaction_logs (
    site text not null,
    interaction_id text not null,
    ordinal integer not null default 0,
    version bigint not null default 0,
    conversation_id text,
    role text not null default 'person' check (role in ('person', 'device')),
    person_id text,
    device_id text,
    recorded_ms bigint not null,
    sha256 text,
    bytes bigint,
    seconds double precision,
    media_type text not null default 'audio/wav',
    language text,
    purpose text not null default 'note',
    heard jsonb,
    dose_id text,
    boot_id text,
    device_seq bigint,
    uploaded boolean not null default false,
    status text not null default 'stored' check (status in ('stored', 'analysed', 'failed', 'rules_only', 'said')),
    transcript text not null default '',
    intent text not null default 'unknown',
    primary key (site, interaction_id)
);
create index interaction_logs_person on interaction_logs (site, person_id, recorded_ms);
create index interaction_logs_sha on interaction_logs (site, sha256);
create index interaction_logs_id on interaction_logs (interaction_id);

-- Alerts of the sites ('edge') and of head office's own ('llm', 'watchdog', 'cloud').
create table alert_logs (
    site text not null,
    alert_id text not null,
    ordinal integer not null default 0,
    version bigint not null default 1,
    source text not null check (source in ('edge', 'llm', 'watchdog', 'cloud')),
    person_id text,
    topic text not null,
    severity text not null,
    title text not null,
    body text not null default '',
    hint text not null default '',
    dose_ids text[] not null default '{}',
    device_id text,
    note_id text,
    audience text not null,
    critical boolean not null default false,
    rung integer not null default 3,
    tries integer not null default 1,
    raised_ms bigint not null,
    expires_ms bigint not null,
    acked_by text,
    acked_ms bigint,
    is_open boolean not null default true,
    ended_ms bigint,
    primary key (site, alert_id)
);
create index alert_logs_open on alert_logs (site, raised_ms) where is_open;
create index alert_logs_person on alert_logs (site, person_id, raised_ms);

-- One row a person and day or week of their own time zone. numbers: see cloud/care/summaries.py. texts: by language.
create table daily_patient_summaries (
    site text not null,
    person_id text not null,
    day date not null,
    version integer not null,             -- grows when late uploads change the numbers
    numbers jsonb not null,
    texts jsonb not null,
    source text not null default 'template' check (source in ('template', 'model')),
    generated_ms bigint not null,
    primary key (site, person_id, day)
);
create table weekly_patient_summaries (
    site text not null,
    person_id text not null,
    week date not null,                   -- its Monday
    version integer not null,
    numbers jsonb not null,
    texts jsonb not null,
    source text not null default 'template' check (source in ('template', 'model')),
    generated_ms bigint not null,
    primary key (site, person_id, week)
);

-- Days whose numbers may have changed: counted anew by cloud/care/summaries.py.
create table summaries_due (
    site text not null,
    person_id text not null,
    day date not null,
    primary key (site, person_id, day)
);

-- Sounds by their SHA-256. received: bytes on the disk, of `bytes` in all.
create table blobs (
    site text not null,
    sha256 text not null,
    bytes bigint not null,
    received bigint not null default 0,
    media_type text not null default 'application/octet-stream',
    created_ms bigint not null,
    complete_ms bigint,
    gone_ms bigint,                       -- deleted: past retention, or its person was erased
    primary key (site, sha256)
);
create index blobs_complete on blobs (complete_ms) where gone_ms is null;
