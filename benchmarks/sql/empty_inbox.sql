-- An inbox and its effects as on the first day.
truncate received, applied, heard;
