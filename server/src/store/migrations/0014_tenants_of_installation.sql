-- Who runs the installation sees which tenants there are; nobody else does, because the environment's key alone is asked for it.
create policy directory on slipway.tenants for select to slipway_directory
  using (current_user = 'slipway_directory');
grant select (tenant_id, name, created_at) on slipway.tenants to slipway_directory;
