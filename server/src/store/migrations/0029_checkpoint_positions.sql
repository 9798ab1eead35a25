-- Every sink asks twice a second for the newest position, which after retention is one of a checkpoint; checkpoints are never removed.
create index audit_checkpoints_by_position on slipway.audit_checkpoints (position);
