-- What our commands have left behind: one of each for every command, a view's row and a deadline for every errand.
select (select count(*) from events) as events,
       (select count(*) from commands) as keys,
       (select count(*) from outbox) as told,
       (select count(*) from errands) as rows,
       (select count(*) from deadlines) as deadlines
