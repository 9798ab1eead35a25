-- What an audit record tells beside who did what: what it cost, from where, and, when its level asks for it, what was said
-- (redacted, then encrypted under the tenant's data key).
alter table slipway.audit_records
  add column cost_pico bigint check (cost_pico >= 0),
  add column client_ip text check (length(client_ip) between 1 and 64),
  add column level text not null default 'metadata' check (level in ('metadata', 'request', 'full')),
  add column content bytea;

-- Records that no sequencer has taken up yet. A row a record, because a number that writers draw is not the order in which
-- they commit: whoever followed such a number would pass over the slower ones.
create table slipway.audit_pending (
  tenant_id text collate "C" not null,
  id text collate "C" not null,
  arrival bigint generated always as identity,
  primary key (tenant_id, id)
);
create index audit_pending_in_order on slipway.audit_pending (arrival);
alter table slipway.audit_pending enable row level security;
alter table slipway.audit_pending force row level security;
create policy own_tenant on slipway.audit_pending to slipway_app
  using (tenant_id = current_setting('slipway.tenant_id', true));
create policy directory on slipway.audit_pending for select to slipway_directory
  using (current_user = 'slipway_directory');
grant select, insert, delete on slipway.audit_pending to slipway_app;
grant select (tenant_id, id, arrival) on slipway.audit_pending to slipway_directory;
insert into slipway.audit_pending (tenant_id, id) select tenant_id, id from slipway.audit_records order by at, id;

-- The order of the records: without gaps for each tenant (seq) and for all together (position). Both are unique, so of two
-- sequencers that go on from the same end only one commits; what a reader of positions has passed is therefore never filled in.
create table slipway.audit_chain (
  tenant_id text collate "C" not null,
  seq bigint not null check (seq >= 1),
  position bigint not null check (position >= 1),
  id text collate "C" not null,
  record_hash bytea not null check (octet_length(record_hash) = 32),
  chain_hash bytea not null check (octet_length(chain_hash) = 32),
  sequenced_at timestamptz not null default now(),
  primary key (tenant_id, seq),
  unique (tenant_id, id),
  unique (position)
);
alter table slipway.audit_chain enable row level security;
alter table slipway.audit_chain force row level security;
create policy own_tenant on slipway.audit_chain to slipway_app
  using (tenant_id = current_setting('slipway.tenant_id', true));
create policy directory on slipway.audit_chain for select to slipway_directory
  using (current_user = 'slipway_directory');
grant select, insert on slipway.audit_chain to slipway_app;
grant select (tenant_id, seq, position) on slipway.audit_chain to slipway_directory;

-- Signed states of a tenant's log: the first `size` records have this Merkle tree root and end with this chain hash. `peaks` are
-- the roots of the tree's whole subtrees, largest first, from which it is grown on. Kept when the records are not.
create table slipway.audit_checkpoints (
  tenant_id text collate "C" not null,
  size bigint not null check (size >= 1),
  position bigint not null check (position >= 1),
  root bytea not null check (octet_length(root) = 32),
  chain_hash bytea not null check (octet_length(chain_hash) = 32),
  peaks bytea not null check (octet_length(peaks) % 32 = 0),
  note text not null check (length(note) between 1 and 4096),
  at timestamptz not null default now(),
  primary key (tenant_id, size)
);
alter table slipway.audit_checkpoints enable row level security;
alter table slipway.audit_checkpoints force row level security;
create policy own_tenant on slipway.audit_checkpoints to slipway_app
  using (tenant_id = current_setting('slipway.tenant_id', true));
create policy directory on slipway.audit_checkpoints for select to slipway_directory
  using (current_user = 'slipway_directory');
grant select, insert on slipway.audit_checkpoints to slipway_app;
grant select (tenant_id, size, position, at) on slipway.audit_checkpoints to slipway_directory;

-- Whose turn it is to put records in order. It saves the others the work; that two never write the same place is the keys' part.
create table slipway.audit_sequencer (
  only_row boolean not null default true primary key check (only_row),
  holder text not null default '',
  leased_until timestamptz not null default '-infinity'
);
insert into slipway.audit_sequencer default values;
grant select, update (holder, leased_until) on slipway.audit_sequencer to slipway_directory;

-- Retention. The server's role may remove records, but the database itself keeps every one for a week, whatever the server asks.
grant delete on slipway.audit_records, slipway.audit_chain to slipway_app;
create policy kept_for_a_week on slipway.audit_records as restrictive for delete to slipway_app
  using (written_at < now() - interval '7 days');
create policy kept_for_a_week on slipway.audit_chain as restrictive for delete to slipway_app
  using (sequenced_at < now() - interval '7 days');
