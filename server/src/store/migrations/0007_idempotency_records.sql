-- Requests that must take effect once. The key and the request are kept as keyed hashes, the answer encrypted under the tenant's
-- data key. A record whose lease is over belongs to a server that is gone; one that has expired is as good as none.
create table slipway.idempotency_records (
  tenant_id text collate "C" not null,
  key_hash bytea not null check (octet_length(key_hash) = 32),
  fingerprint bytea not null check (octet_length(fingerprint) = 32),
  owner text collate "C" not null check (length(owner) between 1 and 128),
  status text not null default 'running' check (status in ('running', 'done')),
  -- Null of a done one: the answer was too large to keep.
  answer bytea,
  leased_until timestamptz not null,
  expires_at timestamptz not null,
  created_at timestamptz not null default now(),
  primary key (tenant_id, key_hash),
  foreign key (tenant_id) references slipway.tenants (tenant_id),
  check (status = 'done' or answer is null)
);
create index idempotency_records_by_expiry on slipway.idempotency_records (tenant_id, expires_at);
alter table slipway.idempotency_records enable row level security;
alter table slipway.idempotency_records force row level security;
create policy own_tenant on slipway.idempotency_records to slipway_app
  using (tenant_id = current_setting('slipway.tenant_id', true));
grant select, insert, update, delete on slipway.idempotency_records to slipway_app;
