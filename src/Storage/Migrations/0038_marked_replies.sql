-- 0038_marked_replies.sql: the few replies of a conversation that may have been sent twice are found without reading what else was said in it
-- An own message that nobody knows is looked for among those of a week: it may be the first copy of one of them.
create index transcript_marked on transcript (conversation_id, tenant_id, id) where possibly_duplicate;
