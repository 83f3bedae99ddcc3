-- One recording, one alert, whatever each side heard in it: "help" at the clinic and "chest pain" at head office are one. What
-- was found says its topic, and `told_topic` is what people are told of: the topic of whichever is more urgent.

create or replace view alerts_now as
select a.site, a.alert_id, a.version, a.source, a.person_id, a.topic, a.title, a.body, a.hint, a.dose_ids, a.device_id,
    a.note_id, a.audience, a.rung, a.tries, a.raised_ms, a.expires_ms, a.is_open, a.ended_ms, a.says,
    case when p.critical then 'critical' else a.severity end as severity,
    a.critical or coalesce(p.critical, false) as critical,
    greatest(a.urgency, p.urgency) as urgency,
    coalesce(p.found, '[]'::jsonb) as found,
    coalesce(a.acked_by, k.by_name) as acked_by,
    coalesce(a.acked_ms, k.at_ms) as acked_ms,
    case when p.urgency > a.urgency then p.topic else a.topic end as told_topic
from alert_logs a
left join notification_acknowledgements k on k.site = a.site and k.alert_id = a.alert_id and k.rung >= coalesce(a.rung, 0)
left join lateral (
    select bool_or(b.critical) as critical, max(b.urgency) as urgency,
        (array_agg(b.topic order by b.urgency desc, b.raised_ms, b.alert_id))[1] as topic,
        jsonb_agg(jsonb_build_object('topic', b.topic, 'title', b.title, 'urgency', b.urgency, 'says', b.says,
            'note_id', b.note_id) order by b.urgency desc, b.raised_ms, b.alert_id) as found
    from alert_logs b where b.site = a.site and b.part_of = a.alert_id
) p on true
where a.part_of is null;
