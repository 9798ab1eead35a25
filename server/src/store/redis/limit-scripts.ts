import { hash } from "node:crypto";
import type { RedisScript } from "./client.ts";

/*
 * What limits of several replicas are kept by, each script one round trip and one atomic step by the server's own clock. All keys of
 * a tenant carry its hash tag, so that they lie on one node of a cluster; a lease names the other keys that it holds from.
 *
 *   …:leases  sorted set  lease id → when it runs out, in ms
 *   …:held    hash        lease id → JSON [[key, field, amount], …], what it gives back
 *   …:seqs    hash        process → number of the last batch that was taken from it
 *   …:b:…     hash        a bucket: rl, rt (requests: level, time in µs), tl, tt (tokens), n (places)
 *   …:m:…     hash        money of one window, in nano-dollars: s (spent), r (reserved), c (when the ledger was asked, in ms), and
 *                         x:<ms> (spent at that time, while s was not known)
 */

const COMMON = `
local function whole(number) return string.format("%.0f", number) end
local function clock()
  local now = redis.call("TIME")
  return now[1] * 1000000 + now[2]
end
local function give(leases, held, id)
  local holds = redis.call("HGET", held, id)
  redis.call("ZREM", leases, id)
  if not holds then return end
  redis.call("HDEL", held, id)
  for _, hold in ipairs(cjson.decode(holds)) do
    -- A window that is over, or that Redis has lost, has nothing to get back.
    if redis.call("HEXISTS", hold[1], hold[2]) == 1 then redis.call("HINCRBY", hold[1], hold[2], whole(-hold[3])) end
  end
end
local function drained(level, at, limit, now)
  level, at = tonumber(level), tonumber(at)
  if not level or not at then return 0 end
  return math.max(0, level - math.max(0, now - at) * limit / 60000000)
end
`;

/**
 * KEYS: leases, held, then one for each limit. ARGV: lease id, its life in ms, the money and the places that it holds as JSON (empty: none), then six for
 * each limit: "b", requests a minute, tokens a minute, places, 1 when the call counts, its tokens; or "m", the cap, the amount,
 * when the window's key may go (ms), what the ledger knows (-1: not asked yet) of calls that were booked before (ms).
 * Answers status (0 taken, 1 refused, 2 the ledger must be asked first), number of the limit that refused (from 0), which bound of
 * it (1 requests, 2 tokens, 3 places, 4 money), ms to wait, then two for each limit: levels of its buckets rounded up, or spent and
 * reserved, as texts.
 */
const RESERVE = `${COMMON}
local now = clock()
for _, id in ipairs(redis.call("ZRANGEBYSCORE", KEYS[1], "-inf", whole(now / 1000), "LIMIT", 0, 100)) do
  give(KEYS[1], KEYS[2], id)
end
local refused, bound, wait, unknown = -1, 0, 0, false
local state = {}
for n = 3, #KEYS do
  local key, at = KEYS[n], 5 + (n - 3) * 6
  local a, b = tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2])
  if ARGV[at] == "m" then
    local got = redis.call("HMGET", key, "s", "r")
    local spent, reserved = tonumber(got[1]), tonumber(got[2] or 0)
    local base = tonumber(ARGV[at + 4])
    if not spent then
      if base < 0 then unknown = true else
        spent = base
        local asked = tonumber(ARGV[at + 5])
        local fields = redis.call("HGETALL", key)
        for f = 1, #fields, 2 do
          local booked = string.match(fields[f], "^x:(%d+)$")
          if booked then
            -- What was booked before is in the ledger's sum.
            if tonumber(booked) >= asked then spent = spent + tonumber(fields[f + 1]) end
            redis.call("HDEL", key, fields[f])
          end
        end
        redis.call("HSET", key, "s", whole(spent), "c", ARGV[at + 5])
        redis.call("PEXPIREAT", key, ARGV[at + 3])
      end
    end
    state[n] = { spent or 0, reserved }
    if refused < 0 and (spent or 0) + reserved + b > a then refused, bound, wait = n - 3, 4, 0 end
  else
    local places, counts, tokens = tonumber(ARGV[at + 3]), ARGV[at + 4] == "1", tonumber(ARGV[at + 5])
    local got = redis.call("HMGET", key, "rl", "rt", "tl", "tt", "n")
    local requests, used = drained(got[1], got[2], a, now), drained(got[3], got[4], b, now)
    state[n] = { requests, used }
    if refused < 0 and counts and places > 0 and tonumber(got[5] or 0) + 1 > places then refused, bound, wait = n - 3, 3, 1000 end
    if refused < 0 and counts and a > 0 and requests + 1 > a then
      refused, bound, wait = n - 3, 1, math.ceil((requests + 1 - a) * 60000 / a)
    end
    if refused < 0 and b > 0 and used + tokens > b then
      refused, bound, wait = n - 3, 2, math.ceil((used + tokens - b) * 60000 / b)
    end
  end
end
local status = 0
if unknown then status = 2 elseif refused >= 0 then status = 1 end
if status == 0 then
  for n = 3, #KEYS do
    local key, at = KEYS[n], 5 + (n - 3) * 6
    if ARGV[at] == "m" then
      redis.call("HSET", key, "s", whole(state[n][1]), "r", whole(state[n][2] + tonumber(ARGV[at + 2])))
      redis.call("PEXPIREAT", key, ARGV[at + 3])
      state[n][2] = state[n][2] + tonumber(ARGV[at + 2])
    else
      local counts, tokens = ARGV[at + 4] == "1", tonumber(ARGV[at + 5])
      if counts then
        state[n][1] = state[n][1] + 1
        if tonumber(ARGV[at + 3]) > 0 then redis.call("HINCRBY", key, "n", 1) end
        redis.call("HSET", key, "rl", string.format("%.6f", state[n][1]), "rt", whole(now))
      end
      if tokens ~= 0 then
        state[n][2] = state[n][2] + tokens
        redis.call("HSET", key, "tl", string.format("%.6f", state[n][2]), "tt", whole(now))
      end
      redis.call("PEXPIRE", key, 7200000)
    end
  end
  for n, id in ipairs({ ARGV[1], ARGV[1] .. ":n" }) do
    if ARGV[n + 2] ~= "" then
      redis.call("ZADD", KEYS[1], whole(now / 1000 + tonumber(ARGV[2])), id)
      redis.call("HSET", KEYS[2], id, ARGV[n + 2])
    end
  end
end
local answer = { status, refused, bound, wait }
for n = 3, #KEYS do
  answer[#answer + 1] = whole(math.ceil(state[n][1]))
  answer[#answer + 1] = whole(math.ceil(state[n][2]))
end
return answer
`;

/**
 * KEYS: leases, held, seqs. ARGV: process, number of the batch, the batch as JSON: ["g", lease] gives a lease back, ["s", key, amount, ms]
 * spends what was booked then, ["u", key, requests, limit, tokens, limit] counts what was let in without Redis, ["t", key, tokens, limit] corrects tokens, ["r", lease, life in ms, what it holds] makes a lease live on, and anew when it
 * had run out. A batch that was taken before is not taken again. Answers what was spent before each "s" and after it, as texts.
 */
const SETTLE = `${COMMON}
local last = tonumber(redis.call("HGET", KEYS[3], ARGV[1]) or 0)
if tonumber(ARGV[2]) <= last then return {} end
redis.call("HSET", KEYS[3], ARGV[1], ARGV[2])
redis.call("PEXPIRE", KEYS[3], 86400000)
local now = clock()
local answer = {}
for _, op in ipairs(cjson.decode(ARGV[3])) do
  local kind, name = op[1], op[2]
  if kind == "g" then give(KEYS[1], KEYS[2], name)
  elseif kind == "s" then
    local got = redis.call("HMGET", name, "s", "c")
    local before, amount = tonumber(got[1] or 0), op[3]
    if not got[1] then
      -- Redis has lost what was spent. Whoever reserves next asks the ledger, which may not know this yet.
      redis.call("HINCRBY", name, "x:" .. whole(op[4]), whole(amount))
      redis.call("PEXPIRE", name, 86400000)
      amount = 0
    elseif op[4] < tonumber(got[2]) then
      amount = 0
    else
      redis.call("HINCRBY", name, "s", whole(amount))
    end
    answer[#answer + 1] = whole(before)
    answer[#answer + 1] = whole(before + amount)
  elseif kind == "u" then
    local got = redis.call("HMGET", name, "rl", "rt", "tl", "tt")
    local requests = drained(got[1], got[2], op[4], now) + op[3]
    local tokens = drained(got[3], got[4], op[6], now) + op[5]
    redis.call("HSET", name, "rl", string.format("%.6f", requests), "rt", whole(now))
    redis.call("HSET", name, "tl", string.format("%.6f", tokens), "tt", whole(now))
    redis.call("PEXPIRE", name, 7200000)
  elseif kind == "t" then
    local got = redis.call("HMGET", name, "tl", "tt")
    local level = math.max(0, drained(got[1], got[2], op[4], now) + op[3])
    redis.call("HSET", name, "tl", string.format("%.6f", level), "tt", whole(now))
    redis.call("PEXPIRE", name, 7200000)
  elseif kind == "r" then
    if redis.call("HEXISTS", KEYS[2], name) == 0 then
      -- Also where Redis has lost what was spent: what still runs counts before the ledger is asked, and is given back later.
      for _, hold in ipairs(cjson.decode(op[4])) do
        redis.call("HINCRBY", hold[1], hold[2], whole(hold[3]))
        if redis.call("PTTL", hold[1]) < 0 then redis.call("PEXPIRE", hold[1], 86400000) end
      end
      redis.call("HSET", KEYS[2], name, op[4])
    end
    redis.call("ZADD", KEYS[1], whole(now / 1000 + op[3]), name)
  end
end
return answer
`;

const script = (text: string): RedisScript => ({ text, sha: hash("sha1", text) });

export const RESERVE_SCRIPT = script(RESERVE);
export const SETTLE_SCRIPT = script(SETTLE);
