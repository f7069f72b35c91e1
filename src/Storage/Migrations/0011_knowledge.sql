-- 0011_knowledge.sql: a tenant's own documents, cut into passages that a question's words find
create table knowledge_document (
  tenant_id uuid not null references tenant on delete cascade,
  id uuid not null,
  collection text not null,
  title text not null,
  language text not null,
  configuration text not null,
  format text not null,
  content text not null,
  content_hash bytea not null,
  passages int not null,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (tenant_id, id),
  -- The same file uploaded twice is one document.
  unique (tenant_id, collection, title));

-- What the document says of itself is repeated where it decides a search. The configuration is text: a regconfig column would stand in the way of pg_upgrade.
create table knowledge_passage (
  tenant_id uuid not null,
  document_id uuid not null,
  position int not null,
  collection text not null,
  configuration text not null,
  headings text not null,
  text text not null,
  search tsvector not null,
  primary key (tenant_id, document_id, position),
  foreign key (tenant_id, document_id) references knowledge_document on delete cascade);
create index knowledge_passage_by_word on knowledge_passage using gin (search);

-- Letters without their accents: who writes from a phone leaves them out. Postgres' own unaccent is an extension that not every server has.
create function knowledge_plain(said text) returns text language sql immutable parallel safe as $f$
  select translate(said,
    'áàâãäåāăąéèêëēęěíìîïīįóòôõöøōőúùûüūůűųýÿñńňçćčśšşșžźżğłľđďťţțř',
    'aaaaaaaaaeeeeeeeiiiiiioooooooouuuuuuuuyynnncccsssszzzgllddtttr')
$f$;

-- The words of a question, reduced to stems. Their accents go after the stemming, whose rules need them.
create function knowledge_words(configuration text, said text) returns tsvector language sql stable parallel safe as $f$
  select knowledge_plain(to_tsvector(('pg_catalog.' || configuration)::regconfig, said)::text)::tsvector
$f$;

-- The words of a document: also those with accents as they are stemmed when somebody writes them without.
create function knowledge_index(configuration text, said text) returns tsvector language sql stable parallel safe as $f$
  select knowledge_words(configuration, said) || coalesce(
    (select knowledge_words(configuration, string_agg(knowledge_plain(word), ' ')) from regexp_split_to_table(lower(said), '\s+') as word where knowledge_plain(word) <> word),
    ''::tsvector)
$f$;

-- A query for any of the words. Each is quoted: a word may be a path or an address.
create function knowledge_any_of(words text[]) returns tsquery language sql immutable parallel safe as $f$
  select string_agg('''' || replace(replace(word, '\', '\\'), '''', '''''') || '''', ' | ')::tsquery from unnest(words) as word
$f$;

do $$
declare
  t text;
begin
  foreach t in array array['knowledge_document', 'knowledge_passage']
  loop
    execute format('alter table %I enable row level security', t);
    execute format('create policy tenant_sees_own on %I to channels_tenant using (tenant_id = current_tenant()) with check (tenant_id = current_tenant())', t);
  end loop;
end $$;
grant select, insert, update, delete on knowledge_document to channels_tenant;
grant select, insert, delete on knowledge_passage to channels_tenant;
