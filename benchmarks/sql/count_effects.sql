select count(*) from heard
