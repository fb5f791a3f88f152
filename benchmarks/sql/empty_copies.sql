truncate events_copied, texts_copied
