-- What the peers have left behind.
select (select count(*) from errands_events) as eventsourcing, (select count(*) from plain_events) as sqlalchemy
