-- Requests that named themselves (Idempotency-Key): asked again, they get the answer they got. Secrets are not kept in it.
create table repeats (
    account_id text not null,
    key text not null,
    digest text not null,                 -- of what was asked, and where
    answer jsonb,                         -- null: begun, and what became of it is not known (yet)
    at_ms bigint not null,
    primary key (account_id, key)
);
create index repeats_at on repeats (at_ms);
