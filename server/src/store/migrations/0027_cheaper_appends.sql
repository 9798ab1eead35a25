-- What grows with every request is written without asking for each line whether it is there: that costs a quarter of the insert, and only a
-- commit whose answer was lost is ever sent twice. Then, and then alone, the lines that are there already are left out, and ids that come twice.
create function slipway.absent_lines(kept regclass, groups jsonb) returns jsonb language plpgsql as $$
declare
  own jsonb;
  lines jsonb;
  rest jsonb := '[]';
begin
  for own in select jsonb_array_elements(groups) loop
    perform set_config('slipway.tenant_id', own->>0, true);
    execute format('select coalesce(jsonb_agg(line order by at), ''[]'') from (
        select distinct on (r->>0) r as line, at from jsonb_array_elements($2) with ordinality as all_lines (r, at)
        where not exists (select from %s k where k.tenant_id = $1 and k.id = r->>0)
        order by r->>0, at
      ) as absent', kept) into lines using own->>0, own->1;
    rest := rest || jsonb_build_array(jsonb_build_array(own->0, lines));
  end loop;
  return rest;
end
$$;

create or replace function slipway.append_audit_records(groups jsonb) returns void language plpgsql as $$
declare
  own jsonb;
  tries int := 0;
begin
  perform set_config('role', 'slipway_app', true);
  loop
    begin
      for own in select jsonb_array_elements(groups) loop
        perform set_config('slipway.tenant_id', own->>0, true);
        with written as (
          insert into slipway.audit_records (tenant_id, id, actor, action, target, outcome, code, request_id, release, at,
            cost_pico, client_ip, level, content)
          select own->>0, r->>0, r->>1, r->>2, r->>3, r->>4, r->>5, r->>6, r->>7, to_timestamp((r->>8)::float8 / 1000),
            (r->>9)::bigint, r->>10, r->>11, decode(r->>12, 'base64')
          from jsonb_array_elements(own->1) as r
          returning tenant_id, id
        )
        insert into slipway.audit_pending (tenant_id, id) select tenant_id, id from written;
      end loop;
      return;
    -- Two who write the same lines at once wait for each other, or one for both when their order differs.
    exception when unique_violation or deadlock_detected then
      tries := tries + 1;
      if tries > 5 then raise; end if;
      groups := slipway.absent_lines('slipway.audit_records', groups);
    end;
  end loop;
end
$$;

create or replace function slipway.append_usage(groups jsonb) returns void language plpgsql as $$
declare
  own jsonb;
  tries int := 0;
begin
  perform set_config('role', 'slipway_app', true);
  loop
    begin
      for own in select jsonb_array_elements(groups) loop
        perform set_config('slipway.tenant_id', own->>0, true);
        insert into slipway.usage_ledger (tenant_id, id, request_id, key_id, agent, provider, model, input_tokens,
          cached_read_tokens, cache_write_tokens, output_tokens, reasoning_tokens, source, outcome, at,
          cache_write_1h_tokens, cost_pico, price_version, routes_version, route, user_id)
        select own->>0, r->>0, r->>1, r->>2, r->>3, r->>4, r->>5, (r->>6)::bigint, (r->>7)::bigint, (r->>8)::bigint,
          (r->>9)::bigint, (r->>10)::bigint, r->>11, r->>12, to_timestamp((r->>13)::float8 / 1000),
          (r->>14)::bigint, (r->>15)::bigint, r->>16, r->>17, r->>18, r->>19
        from jsonb_array_elements(own->1) as r;
      end loop;
      return;
    exception when unique_violation or deadlock_detected then
      tries := tries + 1;
      if tries > 5 then raise; end if;
      groups := slipway.absent_lines('slipway.usage_ledger', groups);
    end;
  end loop;
end
$$;

-- A record has one place because the statement that gives it takes it off the list of those that wait, and two that do so at once meet at
-- (tenant_id, seq). This key served no query.
alter table slipway.audit_chain drop constraint audit_chain_tenant_id_id_key;

-- One step of the chain as PL/pgSQL: as a function in SQL its plan was started anew for each record.
create or replace function slipway.next_chain_hash(before bytea, record bytea) returns bytea
  language plpgsql immutable strict parallel safe as $$
begin
  return sha256(before || record);
end
$$;
