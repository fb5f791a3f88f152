"""What the owner of a database might do to a ledger, past its triggers and its row security."""

from __future__ import annotations

WRITTEN_ANEW = """
do $$ declare last bytea := ''; e events; begin
    for e in select * from events where tenant = 'shanghai.a' order by sequence loop
        e.data := replace(e.data, '2021', '2022');
        last := event_hash(last, 'review', e.tenant, e.sequence, e.stream, e.version, e.name, e.schema_version,
                           e.recorded_at, e.data, e.metadata);
        update events set data = e.data, hash = last where tenant = e.tenant and sequence = e.sequence;
    end loop;
    update heads set hash = last where tenant = 'shanghai.a';
end $$
"""
"""All events of shanghai.a changed, and the whole chain of hashes computed anew."""
