-- Items of kept answers, each by itself: no index serves arrays under row level security, so a request that named an item read every answer
-- that its tenant had. Triggers write and remove them in the statement that keeps or removes the answer, for a server of the release before
-- as well while it still runs. Which items an answer has it says itself (`item_ids`), so no second index finds them by it.
create table slipway.kept_answer_items (
  tenant_id text collate "C" not null,
  -- A vendor's own items have the vendor's ids, of any length: one that is too long for a key cannot be named.
  item_id text collate "C" not null check (octet_length(item_id) <= 1024),
  answer_id text collate "C" not null,
  -- The tenant comes second: of one that it knows nothing of, the planner believes that it has one row, and reads all of them instead.
  primary key (item_id, tenant_id, answer_id)
);

create function slipway.add_kept_answer_items() returns trigger language plpgsql as $$
begin
  insert into slipway.kept_answer_items (tenant_id, item_id, answer_id)
  select distinct new.tenant_id, item_id, new.id
  from unnest(new.item_ids) as item_id
  where octet_length(item_id) <= 1024;
  return null;
end
$$;
create trigger add_kept_answer_items after insert on slipway.kept_answers
  for each row when (new.item_ids <> '{}') execute function slipway.add_kept_answer_items();

create function slipway.remove_kept_answer_items() returns trigger language plpgsql as $$
begin
  delete from slipway.kept_answer_items
  where tenant_id = old.tenant_id and item_id = any (old.item_ids) and answer_id = old.id;
  return null;
end
$$;
create trigger remove_kept_answer_items after delete on slipway.kept_answers
  for each row when (old.item_ids <> '{}') execute function slipway.remove_kept_answer_items();

-- Row level security holds for the owner too, who would see no answer.
alter table slipway.kept_answers no force row level security;
insert into slipway.kept_answer_items (tenant_id, item_id, answer_id)
select distinct tenant_id, item_id, id
from slipway.kept_answers, unnest(item_ids) as item_id
where octet_length(item_id) <= 1024
order by item_id;
alter table slipway.kept_answers force row level security;
drop index slipway.kept_answers_by_item;

alter table slipway.kept_answer_items enable row level security;
alter table slipway.kept_answer_items force row level security;
create policy own_tenant on slipway.kept_answer_items to slipway_app
  using (tenant_id = current_setting('slipway.tenant_id', true));
grant select, insert, delete on slipway.kept_answer_items to slipway_app;

-- What expires is found by an index that only who asks for it by its collation gets: it is smaller than the key, so the planner took it for
-- look-ups by key as well, and read all of a tenant that it knew nothing of.
drop index slipway.kept_answers_by_end;
create index kept_answers_by_end on slipway.kept_answers (tenant_id collate "POSIX", expires_at);
drop index slipway.idempotency_records_by_expiry;
create index idempotency_records_by_expiry on slipway.idempotency_records (tenant_id collate "POSIX", expires_at);
