-- Records are put in order where they lie. A record's place in its tenant's chain is SHA-256 of the chain before it and of its own
-- hash: as an aggregate, so that one statement walks a whole page. Its first input is where the page goes on from.
create function slipway.next_chain_hash(before bytea, record bytea) returns bytea
  language sql immutable strict parallel safe
  return sha256(before || record);
create aggregate slipway.chain_hash(bytea) (sfunc = slipway.next_chain_hash, stype = bytea);

-- What waits is taken up tenant by tenant, oldest first.
alter table slipway.audit_pending drop constraint audit_pending_pkey, add primary key (tenant_id, arrival);
