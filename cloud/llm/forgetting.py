"""What is kept of somebody's words goes when they are erased; how many calls were made and what they cost stays."""

from __future__ import annotations

from cloud.db.pool import Connection

_OF_ONE = "{table} t using erasures e where t.site = e.site and t.person_id = e.person_id"


async def forget(conn: Connection) -> int:
    """Take away what models and rules made of the words of erased people; returns how many rows. Twice is once."""
    gone = 0
    for table in ("symptom_logs", "medication_question_logs", "embeddings", "health_insights", "health_reports"):
        gone += (await conn.execute("delete from " + _OF_ONE.format(table=table))).rowcount
    blanked = await conn.execute(
        "update llm_results r set transcript = '', items = '[]' from erasures e where r.site = e.site"
        " and r.person_id = e.person_id and (r.transcript <> '' or r.items <> '[]')"
    )
    return gone + blanked.rowcount
