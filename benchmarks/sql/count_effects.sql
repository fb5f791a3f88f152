select count(*) from heard;
