-- 0035_merged_conversations.sql: who was led to a conversation that goes into another is led on, and found without reading all of an account's
create index conversation_merged on conversation (merged_into) where merged_into is not null;

-- Chains that stand are followed to their end, once. Bounded, should any go in a circle.
with recursive led as (
  select tenant_id, id, merged_into as last, 1 as steps from conversation where merged_into is not null
  union all
  select l.tenant_id, l.id, c.merged_into, l.steps + 1
  from led l join conversation c on c.tenant_id = l.tenant_id and c.id = l.last
  where c.merged_into is not null and l.steps < 100)
update conversation c set merged_into = e.last
from (select distinct on (tenant_id, id) tenant_id, id, last, steps from led order by tenant_id, id, steps desc) as e
where c.tenant_id = e.tenant_id and c.id = e.id and e.steps between 2 and 99;
