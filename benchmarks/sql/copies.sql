-- Tables as the ledgers' own, with their indexes, without triggers and row security.
create table events_copied (like events including all);
create table texts_copied (like texts including all);
