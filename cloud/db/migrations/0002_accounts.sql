-- Head office: who may sign in, what they may see, and what they did; and the codes that let a clinic in.
-- Sign-in moments (failures, sessions, tokens) are real time; audit and claim codes are domain time. Ms since 1970.

create table accounts (
    id text primary key,
    name text not null,
    password text not null,               -- argon2id
    roles text[] not null check (roles <@ array['office', 'office_admin'] and cardinality(roles) > 0),
    sites text[],                         -- null: all
    is_active boolean not null default true,
    created_ms bigint not null
);
create unique index accounts_name on accounts (lower(name));

-- Wrong passwords since the last right one, by name as typed in small letters; also for names nobody has, so that a
-- lock-out tells nothing. Rows older than window and lock are deleted as others come.
create table sign_in_failures (
    name text primary key,
    failures_ms bigint[] not null,        -- the last 5
    last_ms bigint not null
);
create index sign_in_failures_last on sign_in_failures (last_ms);

-- A sign-in. Ending it ends its cookie, its access tokens and its refresh tokens.
create table office_sessions (
    id text primary key,
    account text not null references accounts (id),
    cookie_hash text unique,              -- null: a program's session, by bearer token
    created_ms bigint not null,
    expires_ms bigint not null,
    ended_ms bigint,
    end_reason text
);
create index office_sessions_account on office_sessions (account) where ended_ms is null;

-- Every refresh token of a session, used ones too: one that comes twice was copied.
create table office_refresh_tokens (
    hash text primary key,
    session text not null references office_sessions (id) on delete cascade,
    used_ms bigint
);
create index office_refresh_tokens_session on office_refresh_tokens (session);

create table claim_codes (
    code_hash text primary key,           -- HMAC under the server's key
    site text not null,
    created_by text not null,
    created_ms bigint not null,
    expires_ms bigint not null,
    used_ms bigint,
    used_epoch text
);
create index claim_codes_site on claim_codes (site);

-- Every certificate given to a site's store. The keys of those not yet expired verify its tokens over HTTPS (a renewal
-- whose answer was lost leaves the edge with the former key); all serials of a revoked store go on the revocation list.
create table certificates (
    site text not null,
    epoch text not null,
    serial text not null,                 -- hex
    public_key_pem text not null,
    issued_s bigint not null,             -- real time, seconds, as in the certificate
    expires_s bigint not null,
    primary key (site, epoch, serial)
);

-- Who saw or changed what. Append-only: the triggers refuse everything else.
create table audit (
    id bigint generated always as identity primary key,
    at_ms bigint not null,
    actor text not null,                  -- "cloud:<account id>", "site:<site>.<epoch>", "program", "nobody"
    act text not null,
    site text,
    address text not null default '',
    detail jsonb not null
);
create index audit_site on audit (site, id);

create function audit_is_append_only() returns trigger language plpgsql as $$
begin
    raise exception 'the audit is append-only';
end
$$;
create trigger audit_append_only before update or delete on audit for each row execute function audit_is_append_only();
create trigger audit_no_truncate before truncate on audit for each statement execute function audit_is_append_only();
