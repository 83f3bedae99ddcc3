-- What models were asked and what came of it. Moments are ms since 1970 UTC in domain time; money is in millionths of a US
-- dollar. Site '*' stands for the whole chain. Nothing here holds a key of a provider, and no text that was sent.

-- One thing to be worked out. job_key is SHA-256 of (subject, pipeline, prompt version, schema version, run): the same work
-- asked twice is one row, and its result is written once. The queue itself is procrastinate's.
create table llm_jobs (
    site text not null,
    job_key text not null,
    pipeline text not null,               -- note, visit, embed, summary
    subject_id text not null,             -- of the note, visit or summary
    run integer not null default 1,       -- greater: analysed again
    state text not null check (state in ('queued', 'running', 'done', 'fallback', 'dead')),
    attempts integer not null default 0,  -- begun so often; more than once: a worker was lost
    created_ms bigint not null,
    started_ms bigint,
    ended_ms bigint,
    primary key (site, job_key)
);
create index llm_jobs_subject on llm_jobs (site, pipeline, subject_id);
create index llm_jobs_open on llm_jobs (state, created_ms) where state in ('queued', 'running');

-- Every call of a model, also those that failed.
create table llm_requests (
    site text not null,
    request_id text not null,
    job_key text,
    pipeline text not null,
    stage text not null check (stage in ('transcribe', 'extract', 'word', 'embed')),
    subject_id text not null,
    provider text not null,
    model text not null,
    prompt_version text not null,
    prompt_hash text not null,            -- SHA-256 of the fixed part of the prompt
    retry integer not null,               -- 0: first; 1: asked again with what was wrong
    outcome text not null,                -- ok, or the kind of failure
    http_status integer,
    finish_reason text,
    validation_error text not null default '',  -- where in the schema, never what was said
    tokens_in integer not null default 0,
    tokens_out integer not null default 0,
    audio_s real not null default 0,
    ms integer not null,                  -- real time on our side
    queue_ms integer,                     -- as the provider says it
    cost_micros bigint not null default 0,
    at_ms bigint not null,
    primary key (site, request_id)
);
create index llm_requests_at on llm_requests (at_ms desc);
create index llm_requests_subject on llm_requests (site, subject_id);

-- What came out, by version: analysed again makes the next one and leaves the others.
create table llm_results (
    site text not null,
    pipeline text not null,
    subject_id text not null,
    version integer not null,
    job_key text not null,
    person_id text,
    source text not null check (source in ('model', 'rules')),
    model text,                           -- null: rules
    prompt_version text not null,
    schema_version text not null,
    reason text not null default '',      -- why rules only: no_key, budget, rate_limited, ...
    language text,
    transcript text not null default '',  -- of a note; '' once its person is erased
    transcript_model text,
    intent text not null default 'unknown',
    urgency integer not null check (urgency between 0 and 10),
    raised_by_model integer not null default 0,
    review boolean not null default false,
    needs_human boolean not null default false,
    items jsonb not null default '[]',    -- [{kind, value, quote, start_s, end_s}]
    ungrounded integer not null default 0,-- things a model said that nobody had said; dropped
    created_ms bigint not null,
    primary key (site, pipeline, subject_id, version),
    unique (site, job_key)
);
create index llm_results_person on llm_results (site, person_id, created_ms);

create index interaction_logs_stored on interaction_logs (recorded_ms) where status = 'stored' and role = 'person';

create table symptom_logs (
    site text not null,
    symptom_id text not null,
    note_id text not null,
    version integer not null,             -- of the result
    person_id text not null,
    symptom text not null,
    body_part text,
    severity text not null,               -- mild, moderate, severe, unknown
    onset text not null,                  -- now, today, days, weeks, unknown
    quote text not null,
    start_s real,
    end_s real,
    source text not null,                 -- model, rules
    noted_ms bigint not null,
    primary key (site, symptom_id)
);
create index symptom_logs_person on symptom_logs (site, person_id, noted_ms);
create index symptom_logs_note on symptom_logs (site, note_id, version);

create table medication_question_logs (
    site text not null,
    question_id text not null,
    note_id text not null,
    version integer not null,
    person_id text not null,
    topic text not null,                  -- when, how_much, what_for, missed, how_to_take, stop, interaction, other
    medication text,
    quote text not null,
    start_s real,
    end_s real,
    answer text not null,
    answered_from text not null check (answered_from in ('plan', 'vetted', 'clinic')),
    sources jsonb not null default '[]',  -- of the answer: ids of plan items and vetted texts
    language text not null,
    asked_ms bigint not null,
    primary key (site, question_id)
);
create index medication_question_logs_person on medication_question_logs (site, person_id, asked_ms);
create index medication_question_logs_note on medication_question_logs (site, note_id, version);

-- One vector a note and model, of length 1. One patient has at most some thousand notes, all of which are compared.
create table embeddings (
    site text not null,
    note_id text not null,
    model text not null,
    person_id text not null,
    version integer not null,             -- of the result whose transcript this is
    dimensions integer not null,
    vector real[] not null,
    created_ms bigint not null,
    primary key (site, note_id, model)
);
create index embeddings_person on embeddings (site, person_id, model);

-- What stands out in a patient's numbers; worded by a model where its words held, else from a template.
create table health_insights (
    site text not null,
    insight_id text not null,
    person_id text not null,
    period text not null check (period in ('day', 'week')),
    starts_on date not null,
    kind text not null,                   -- adherence_low, adherence_fell, missed_critical, unknown_doses, symptom_repeated
    version integer not null,
    severity text not null check (severity in ('info', 'warning', 'critical')),
    numbers jsonb not null,
    text text not null,
    language text not null,
    source text not null check (source in ('model', 'template')),
    created_ms bigint not null,
    primary key (site, insight_id),
    unique (site, person_id, period, starts_on, kind, version)
);

create table health_reports (
    site text not null,
    report_id text not null,
    person_id text not null,
    from_day date not null,
    until_day date not null,              -- the last day, included
    version integer not null,
    numbers jsonb not null,
    text text not null,
    language text not null,
    source text not null check (source in ('model', 'template')),
    created_ms bigint not null,
    primary key (site, report_id),
    unique (site, person_id, from_day, until_day, version)
);

-- Models as they were found: one that the provider no longer has is left out until somebody revives it.
create table llm_models (
    site text not null,                   -- '*'
    provider text not null,
    model text not null,
    dead_since_ms bigint,
    dead_reason text not null default '',
    primary key (site, provider, model)
);

-- What a provider's headers said is left; for every process, for limits are the organisation's.
create table llm_limits (
    site text not null,                   -- '*'
    provider text not null,
    model text not null,
    requests_left integer,
    requests_reset_ms bigint,             -- real time, ms since 1970
    tokens_left integer,
    tokens_reset_ms bigint,
    blocked_until_ms bigint not null default 0,
    primary key (site, provider, model)
);

create table llm_budgets (
    site text not null,                   -- '*': of the whole organisation
    day date not null,                    -- UTC
    spent_micros bigint not null default 0,
    refused integer not null default 0,   -- calls not made because it was used up
    primary key (site, day)
);

-- Distances by pgvector where the server has it; elsewhere the same numbers are worked out from the arrays.
do $$ begin
    create extension if not exists vector;
exception
    when undefined_file or insufficient_privilege or feature_not_supported then
        raise notice 'pgvector is not there: search compares arrays';
end $$;
