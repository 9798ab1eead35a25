-- What a call cost. Null: nobody knows the price, which is not the same as nothing. In millionths of a micro-dollar (pico-dollars),
-- in which the cost of every call is a whole number, so that sums are exact.

alter table slipway.usage_ledger
  add column cache_write_1h_tokens bigint not null default 0 check (cache_write_1h_tokens >= 0),
  add column cost_pico bigint check (cost_pico >= 0),
  add column currency text not null default 'USD' check (currency ~ '^[A-Z]{3}$'),
  add column price_version text check (length(price_version) between 1 and 200),
  add check (cache_write_1h_tokens <= cache_write_tokens),
  drop constraint usage_ledger_source_check,
  -- `drained`: the provider's figures, read after the client had left. `cache`: an answer that asked no provider.
  add constraint usage_ledger_source_check check (source in ('provider', 'drained', 'estimated', 'none', 'cache'));
