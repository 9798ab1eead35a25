-- The two lists that grow with every request are written by one statement a commit, whatever tenants it holds: no transaction around
-- it, and plans that a session keeps. Called by the server's login, which may do nothing in this schema but call; each function takes
-- on slipway_app and one tenant after the other, and row level security holds for what it writes. A group is [tenant, [line, …]], a line
-- its fields in the order below. An id that is there already is left as it is.
grant usage on schema slipway to public;

create function slipway.append_audit_records(groups jsonb) returns void language plpgsql as $$
declare
  own jsonb;
begin
  perform set_config('role', 'slipway_app', true);
  for own in select jsonb_array_elements(groups) loop
    perform set_config('slipway.tenant_id', own->>0, true);
    with written as (
      insert into slipway.audit_records (tenant_id, id, actor, action, target, outcome, code, request_id, release, at,
        cost_pico, client_ip, level, content)
      select own->>0, r->>0, r->>1, r->>2, r->>3, r->>4, r->>5, r->>6, r->>7, to_timestamp((r->>8)::float8 / 1000),
        (r->>9)::bigint, r->>10, r->>11, decode(r->>12, 'base64')
      from jsonb_array_elements(own->1) as r
      on conflict (tenant_id, id) do nothing
      returning tenant_id, id
    )
    insert into slipway.audit_pending (tenant_id, id) select tenant_id, id from written;
  end loop;
end
$$;

create function slipway.append_usage(groups jsonb) returns void language plpgsql as $$
declare
  own jsonb;
begin
  perform set_config('role', 'slipway_app', true);
  for own in select jsonb_array_elements(groups) loop
    perform set_config('slipway.tenant_id', own->>0, true);
    insert into slipway.usage_ledger (tenant_id, id, request_id, key_id, agent, provider, model, input_tokens,
      cached_read_tokens, cache_write_tokens, output_tokens, reasoning_tokens, source, outcome, at,
      cache_write_1h_tokens, cost_pico, price_version, routes_version, route, user_id)
    select own->>0, r->>0, r->>1, r->>2, r->>3, r->>4, r->>5, (r->>6)::bigint, (r->>7)::bigint, (r->>8)::bigint,
      (r->>9)::bigint, (r->>10)::bigint, r->>11, r->>12, to_timestamp((r->>13)::float8 / 1000),
      (r->>14)::bigint, (r->>15)::bigint, r->>16, r->>17, r->>18, r->>19
    from jsonb_array_elements(own->1) as r
    on conflict (tenant_id, id) do nothing;
  end loop;
end
$$;
