-- The list of patients counts recordings that ask for a person at every look: only those nobody has seen are gone through.
alter table llm_results add column seen boolean not null default false;  -- somebody has looked at this analysis, or at a later one

update llm_results r set seen = true from note_looks l
where r.pipeline = 'note' and l.site = r.site and l.note_id = r.subject_id and r.version <= l.version;

create index llm_results_open on llm_results (site, person_id, subject_id)
    where pipeline = 'note' and (needs_human or review) and not seen;
create index interaction_logs_failed on interaction_logs (site, person_id) where status = 'failed';
