/** Compare-and-set scripts of the coordinator's index. */

/** KEYS: placement, peers. ARGV: version, map, bucket, peers, bucket, peers… Unless an equal or newer version is there. */
export const PUBLISH_PLACEMENT = `
local known = redis.call('HGET', KEYS[1], 'version')
if known and tonumber(known) >= tonumber(ARGV[1]) then return 0 end
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
 * KEYS: the window to write, then where an entry is looked for in this order, the pending hash last. ARGV: ms to live, then field, the value
 * that was found before (empty: none) and the new one. Returns the fields that have changed since, which are left alone.
 */
export const REPLACE_ENDED = `
local changed = {}
for i = 2, #ARGV, 3 do
  local found = ''
  for k = 2, #KEYS do
    local value = redis.call('HGET', KEYS[k], ARGV[i])
    if value then
      found = value
      break
    end
  end
  if found == ARGV[i + 1] then
    redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 2])
    redis.call('HDEL', KEYS[#KEYS], ARGV[i])
  else
    changed[#changed + 1] = ARGV[i]
  end
end
redis.call('PEXPIRE', KEYS[1], ARGV[1])
return changed
`;
