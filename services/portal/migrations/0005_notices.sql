-- Notices and who wishes which are the application's alone, like the rest of a person's desk.
grant select, insert, update, delete on desk.notice_wishes, desk.notices to portal_app;
