-- Of a comparison that names no column the planner believes that it lets one row in 200 through, so it took what the directory may see for
-- little: for a page of what waits, or of what follows a place, it read and sorted the whole table, and the whole chain to find its tenants'
-- ends. Nothing is believed of a `coalesce`; what it lets through is the same.
alter policy directory on slipway.sessions using (coalesce(current_user = 'slipway_directory', false));
alter policy directory on slipway.audit_pending using (coalesce(current_user = 'slipway_directory', false));
alter policy directory on slipway.audit_chain using (coalesce(current_user = 'slipway_directory', false));
alter policy directory on slipway.audit_checkpoints using (coalesce(current_user = 'slipway_directory', false));
