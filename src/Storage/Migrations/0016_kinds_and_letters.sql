-- 0016_kinds_and_letters.sql: the previous version goes on making channels during an upgrade (0014), and letters with accents of their own are words' letters (0011)
-- What does not know account.kind leaves it out.
create function account_kind_is_its_connectors() returns trigger language plpgsql as $f$
begin
  new.kind := (select c.kind from connector c where c.tenant_id = new.tenant_id and c.id = new.connector_id);
  return new;
end $f$;
create trigger account_kind_is_its_connectors before insert on account for each row when (new.kind is null) execute function account_kind_is_its_connectors();

-- "á" may be written as one character or as two, an "a" and its accent: some systems' files and keyboards do the latter. The parser of words ends a word at the second.
create or replace function knowledge_words(configuration text, said text) returns tsvector language sql stable parallel safe as $f$
  select knowledge_plain(to_tsvector(('pg_catalog.' || configuration)::regconfig, normalize(said, nfc))::text)::tsvector
$f$;
create or replace function knowledge_index(configuration text, said text) returns tsvector language sql stable parallel safe as $f$
  select knowledge_words(configuration, said) || coalesce(
    (select knowledge_words(configuration, string_agg(knowledge_plain(word), ' '))
     from regexp_split_to_table(lower(normalize(said, nfc)), '\s+') as word where knowledge_plain(word) <> word),
    ''::tsvector)
$f$;
update knowledge_passage p
set search = setweight(knowledge_index(p.configuration, p.headings || ' ' || d.title), 'A') || knowledge_index(p.configuration, p.text)
from knowledge_document d
where d.tenant_id = p.tenant_id and d.id = p.document_id and not (p.text is nfc normalized and p.headings is nfc normalized and d.title is nfc normalized);
