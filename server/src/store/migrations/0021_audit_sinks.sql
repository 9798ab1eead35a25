-- How far each audit sink has come. Of the whole server, not of a tenant: a sink takes the records of all in one order. One process
-- at a time works a sink; `fence` grows with every change of hands, and whoever comes with an older one changes nothing.
create table slipway.audit_sinks (
  sink text collate "C" not null primary key check (sink in ('file', 'stdout', 'webhook', 'splunk')),
  target text not null check (length(target) between 1 and 2000),
  holder text collate "C" check (length(holder) between 1 and 128),
  fence bigint not null default 0,
  leased_until timestamptz not null default '-infinity',
  -- Everything up to here has arrived.
  position bigint not null default 0 check (position >= 0),
  -- Up to here it was being sent when last heard of: sent again, it is the same piece.
  sending_to bigint check (sending_to > position),
  state text not null default 'working' check (state in ('working', 'failing', 'refused', 'disabled')),
  reason text check (length(reason) between 1 and 500),
  failures integer not null default 0 check (failures >= 0),
  failing_since timestamptz,
  next_try_at timestamptz,
  last_delivered_at timestamptz,
  delivered bigint not null default 0 check (delivered >= 0),
  shed bigint not null default 0 check (shed >= 0),
  check ((state = 'working') = (failures = 0))
);
grant select, insert, update on slipway.audit_sinks to slipway_directory;
