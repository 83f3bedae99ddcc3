-- Who of the clinic has looked at a recording that asked for a person: the newest analysis they saw, which takes its badge away.
-- An analysis after that which asks again has its badge again.
create table note_looks (
    site text not null,
    note_id text not null,
    version integer not null,             -- of the result that was seen; 0: there was none
    by_name text not null,
    at_ms bigint not null,
    primary key (site, note_id)
);

-- A recording as it was understood: by a model where one has answered (what rules say later takes nothing of that away), and
-- whether a person should look: a model asked for it, nobody could write it down, it failed, or a model raised it by more than
-- 3 steps (review).
create view note_readings as
select i.site, i.interaction_id as note_id, i.person_id, coalesce(r.version, 0) as version, r.source, r.model, r.urgency,
    coalesce(r.raised_by_model, 0) as raised_by_model, coalesce(r.items, '[]'::jsonb) as items,
    coalesce(r.needs_human, false) or i.status = 'failed' as needs_human, coalesce(r.review, false) as review,
    l.by_name as looked_by, l.at_ms as looked_ms,
    (coalesce(r.needs_human, false) or coalesce(r.review, false) or i.status = 'failed') and l.note_id is null as to_look_at
from interaction_logs i
left join lateral (
    select r.* from llm_results r where r.site = i.site and r.pipeline = 'note' and r.subject_id = i.interaction_id
    order by (r.source = 'model') desc, r.version desc limit 1
) r on true
left join note_looks l on l.site = i.site and l.note_id = i.interaction_id and l.version >= coalesce(r.version, 0)
where i.role = 'person';
