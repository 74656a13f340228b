/** Compare-and-set scripts of the coordinator's index. */

/** KEYS: placement, peers. ARGV: version, map, bucket, peers, bucket, peers… Unless an equal or newer version is there, with its peers. */
export const PUBLISH_PLACEMENT = `
local known = redis.call('HGET', KEYS[1], 'version')
if known and (tonumber(known) > tonumber(ARGV[1]) or (tonumber(known) == tonumber(ARGV[1]) and redis.call('EXISTS', KEYS[2]) == 1)) then return 0 end
redis.call('HSET', KEYS[1], 'version', ARGV[1], 'map', ARGV[2])
redis.call('DEL', KEYS[2])
for i = 3, #ARGV, 2 do redis.call('HSET', KEYS[2], ARGV[i], ARGV[i + 1]) end
return 1
`;

/**
 * KEYS: generation, balances… ARGV: generation, namespace, seconds to live, then rev and value for each balance.
 * A value is: namespace LF rev LF JSON. Only under the present generation, and only upwards in rev.
 */
export const CACHE_BALANCES = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
for i = 2, #KEYS do
  local rev, value = ARGV[2 * i], ARGV[2 * i + 1]
  local known = redis.call('GET', KEYS[i])
  local namespace, held = nil, nil
  if known then namespace, held = string.match(known, '^([^\\n]*)\\n(%d+)\\n') end
  if namespace ~= ARGV[2] or tonumber(held) < tonumber(rev) then
    redis.call('SET', KEYS[i], value, 'EX', ARGV[3])
  end
end
return 1
`;

/** KEYS: pending. ARGV: field and value of each entry. What is there stays: it is of an earlier attempt. */
export const WRITE_PENDING = `
for i = 1, #ARGV, 2 do redis.call('HSETNX', KEYS[1], ARGV[i], ARGV[i + 1]) end
return 1
`;

/** KEYS: pending. ARGV: field, coordinator and time of creation of each attempt. An entry is a JSON list; see entry-codec.ts. */
export const FORGET_ATTEMPTS = `
for i = 1, #ARGV, 3 do
  local value = redis.call('HGET', KEYS[1], ARGV[i])
  local known, entry = pcall(cjson.decode, value or '')
  if known and type(entry) == 'table' and entry[4] == ARGV[i + 1] and entry[7] == tonumber(ARGV[i + 2]) then
    redis.call('HDEL', KEYS[1], ARGV[i])
  end
end
return 1
`;

/**
 * KEYS: pending, the order of ended ones, what keys of ended ones begin with. ARGV: ms to live, how many are kept. A Redis that is full
 * refuses a script only at its first write, and only if that one needs memory: so SET comes before what gives memory back.
 */
const KEEP_ENDED = `
local pending, order, ended = KEYS[1], KEYS[2], KEYS[3]
local ms, kept = ARGV[1], tonumber(ARGV[2])
local fresh = {}
local function keep(field, value)
  if redis.call('SET', ended .. field, value, 'PX', ms, 'NX') then
    fresh[#fresh + 1] = field
  else
    redis.call('SET', ended .. field, value, 'PX', ms)
  end
end
local function trim(written)
  for i = 1, #fresh, 1000 do redis.call('RPUSH', order, unpack(fresh, i, math.min(i + 999, #fresh))) end
  redis.call('PEXPIRE', order, ms)
  local over = math.min(redis.call('LLEN', order) - kept, 2 * written)
  if over <= 0 then return end
  for _, field in ipairs(redis.call('LPOP', order, over)) do redis.call('DEL', ended .. field) end
end
`;

/** ARGV further: field and value of each entry. */
export const WRITE_ENDED = `${KEEP_ENDED}
for i = 3, #ARGV, 2 do keep(ARGV[i], ARGV[i + 1]) end
trim((#ARGV - 2) / 2)
return 1
`;

/**
 * ARGV further: field, the value that was found before (empty: none) and the new one (empty: none is kept) of each entry. Returns the
 * fields that have changed since, which are left alone.
 */
export const REPLACE_ENDED = `${KEEP_ENDED}
local changed, done = {}, {}
for i = 3, #ARGV, 3 do
  local field, value = ARGV[i], ARGV[i + 2]
  local found = redis.call('GET', ended .. field) or redis.call('HGET', pending, field) or ''
  if found == ARGV[i + 1] then
    if value ~= '' then keep(field, value) end
    done[#done + 1] = field
  else
    changed[#changed + 1] = field
  end
end
for _, field in ipairs(done) do redis.call('HDEL', pending, field) end
trim((#ARGV - 2) / 3)
return changed
`;
