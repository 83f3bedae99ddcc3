-- One sentence, one alert. What head office finds in a recording (source 'llm') joins the alert the clinic raised of the same
-- recording: the clinic's row stays as its events say, and the row of head office names the alert it is part of.

alter table alert_logs add column urgency integer;       -- 0 to 10, of words of danger; null: of other topics
alter table alert_logs add column part_of text;          -- the clinic's alert that says the same; null: stands alone
alter table alert_logs add column says jsonb not null default '{}';  -- a code and values, for words in the reader's language

update alert_logs set urgency = case when critical then 9 else 8 end where topic in ('red_flag', 'help');

create index alert_logs_note on alert_logs (site, note_id) where note_id is not null;
create index alert_logs_parts on alert_logs (site, part_of) where part_of is not null;

-- What people see and are told of: each alert once, with the most that is known of it, and who has taken it on. An
-- acknowledgement made here counts before the clinic has answered, and as long as its alert has not risen above it.
create view alerts_now as
select a.site, a.alert_id, a.version, a.source, a.person_id, a.topic, a.title, a.body, a.hint, a.dose_ids, a.device_id,
    a.note_id, a.audience, a.rung, a.tries, a.raised_ms, a.expires_ms, a.is_open, a.ended_ms, a.says,
    case when p.critical then 'critical' else a.severity end as severity,
    a.critical or coalesce(p.critical, false) as critical,
    greatest(a.urgency, p.urgency) as urgency,
    coalesce(p.found, '[]'::jsonb) as found,
    coalesce(a.acked_by, k.by_name) as acked_by,
    coalesce(a.acked_ms, k.at_ms) as acked_ms
from alert_logs a
left join notification_acknowledgements k on k.site = a.site and k.alert_id = a.alert_id and k.rung >= coalesce(a.rung, 0)
left join lateral (
    select bool_or(b.critical) as critical, max(b.urgency) as urgency,
        jsonb_agg(jsonb_build_object('title', b.title, 'urgency', b.urgency, 'says', b.says, 'note_id', b.note_id)
            order by b.urgency desc, b.raised_ms, b.alert_id) as found
    from alert_logs b where b.site = a.site and b.part_of = a.alert_id
) p on true
where a.part_of is null;
