truncate heard
