select count(*) from events_copied
