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
