-- Answers that clients go on from by their id, so that they need not repeat a conversation (OpenAI's Responses API).
create table slipway.kept_answers (
  tenant_id text collate "C" not null,
  id text collate "C" not null check (length(id) between 1 and 128),
  -- The answer that this one went on from. No reference: an answer may be deleted while others go on from it.
  previous_id text collate "C" check (length(previous_id) between 1 and 128),
  -- The ids of what the answer is made of, by which a later request may name a part of it.
  item_ids text[] not null,
  -- What was asked and what was answered, encrypted under the tenant's key.
  content bytea not null,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  primary key (tenant_id, id),
  foreign key (tenant_id) references slipway.tenants (tenant_id)
);
create index kept_answers_by_item on slipway.kept_answers using gin (item_ids);
create index kept_answers_by_end on slipway.kept_answers (tenant_id, expires_at);
alter table slipway.kept_answers enable row level security;
alter table slipway.kept_answers force row level security;
create policy own_tenant on slipway.kept_answers to slipway_app
  using (tenant_id = current_setting('slipway.tenant_id', true));
grant select, insert, delete on slipway.kept_answers to slipway_app;
