grant select, insert, update, delete on desk.notice_wishes, desk.notices to portal_app;
