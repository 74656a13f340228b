/**
 * The lock table's scripts. A lock is one key: JSON {m: mode, t: token as text, o: {owner: expiry ms}}, expiring with its last
 * owner; exclusive ones are also members of a sorted set scored by expiry, so that payments look for them with one
 * command. Time is Redis's own: the Transaction Managers' clocks may differ.
 * KEYS: the locks in the order of the ids, then the sorted set. Every script is atomic over all its keys.
 */
const PRELUDE = `
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local exclusive = KEYS[#KEYS]
local function load(key)
  local text = redis.call('GET', key)
  if not text then return nil end
  local lock = cjson.decode(text)
  local live = 0
  for owner, expires in pairs(lock.o) do
    if expires <= now then lock.o[owner] = nil else live = live + 1 end
  end
  if live == 0 then return nil end
  return lock
end
local function save(key, id, lock)
  local last = 0
  for _, expires in pairs(lock.o) do if expires > last then last = expires end end
  if last == 0 then
    redis.call('DEL', key)
    redis.call('ZREM', exclusive, id)
    return
  end
  local at = string.format('%.0f', last)
  redis.call('SET', key, cjson.encode(lock), 'PXAT', at)
  if lock.m == 'exclusive' then redis.call('ZADD', exclusive, at, id) else redis.call('ZREM', exclusive, id) end
  local latest = redis.call('ZREVRANGE', exclusive, 0, 0, 'WITHSCORES')[2]
  if latest then redis.call('PEXPIREAT', exclusive, latest) end
end
`;

/** ARGV: mode, owner, time-out ms, ids…  → 0, or {position of the first id that is held, its JSON, now}. */
export const ACQUIRE = `${PRELUDE}
local mode, owner, timeout = ARGV[1], ARGV[2], tonumber(ARGV[3])
local locks = {}
for i = 1, #KEYS - 1 do
  local lock = load(KEYS[i])
  if lock then
    for other in pairs(lock.o) do
      if other ~= owner and (mode == 'exclusive' or lock.m == 'exclusive') then
        return {i, cjson.encode(lock), string.format('%.0f', now)}
      end
    end
  end
  locks[i] = lock
end
redis.call('ZREMRANGEBYSCORE', exclusive, '-inf', string.format('%.0f', now))
for i = 1, #KEYS - 1 do
  local lock = locks[i]
  if not lock or lock.m ~= mode then lock = {m = mode, t = '', o = {}} end
  lock.o[owner] = now + timeout
  save(KEYS[i], ARGV[3 + i], lock)
end
return 0
`;

/** ARGV: owner, time-out ms, ids…  → positions of the ids that are lost. */
export const REFRESH = `${PRELUDE}
local lost = {}
for i = 1, #KEYS - 1 do
  local lock = load(KEYS[i])
  if lock and lock.o[ARGV[1]] then
    lock.o[ARGV[1]] = now + tonumber(ARGV[2])
    save(KEYS[i], ARGV[2 + i], lock)
  else
    lost[#lost + 1] = i
  end
end
return lost
`;

/**
 * ARGV: owner, channel, ids…  → positions of the ids that were not held; tells the channel about the others. A key that was evicted
 * leaves its member of the sorted set behind, which would keep payments waiting.
 */
export const RELEASE = `${PRELUDE}
local notHeld, released = {}, {}
for i = 1, #KEYS - 1 do
  local lock = load(KEYS[i])
  if lock and lock.o[ARGV[1]] then
    lock.o[ARGV[1]] = nil
    save(KEYS[i], ARGV[2 + i], lock)
    released[#released + 1] = ARGV[2 + i]
  else
    if not lock and redis.call('ZREM', exclusive, ARGV[2 + i]) == 1 then released[#released + 1] = ARGV[2 + i] end
    notHeld[#notHeld + 1] = i
  end
end
if #released > 0 then redis.call('PUBLISH', ARGV[2], cjson.encode(released)) end
return notHeld
`;

/** ARGV: id, owner, token, ms for which the bucket holds it. Only while the owner holds it here. */
export const RECORD_TOKEN = `${PRELUDE}
local lock = load(KEYS[1])
if lock and lock.m == 'exclusive' and lock.o[ARGV[2]] then
  lock.t = ARGV[3]
  lock.o[ARGV[2]] = math.max(lock.o[ARGV[2]], now + tonumber(ARGV[4]))
  save(KEYS[1], ARGV[1], lock)
end
return 1
`;

/** KEYS: the queues of the ids. ARGV: owner, ms (0: leaves). A queue is a sorted set: owner by until when he is taken to wait. */
export const NOTE_WAITING = `
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local owner, ms = ARGV[1], tonumber(ARGV[2])
for i = 1, #KEYS do
  redis.call('ZREMRANGEBYSCORE', KEYS[i], '-inf', string.format('%.0f', now))
  if ms > 0 then
    redis.call('ZADD', KEYS[i], string.format('%.0f', now + ms), owner)
    redis.call('PEXPIRE', KEYS[i], string.format('%.0f', math.max(ms, redis.call('PTTL', KEYS[i]))))
  else
    redis.call('ZREM', KEYS[i], owner)
  end
end
return 1
`;

/** KEYS: a queue. */
export const COUNT_WAITING = `
local clock = redis.call('TIME')
return redis.call('ZCOUNT', KEYS[1], string.format('(%.0f', clock[1] * 1000 + math.floor(clock[2] / 1000)), '+inf')
`;

/** ARGV: per lock id, owner, token, remaining ms. The bucket decides; only a newer token here says more. */
export const REPUBLISH = `${PRELUDE}
for i = 1, #KEYS - 1 do
  local at = (i - 1) * 4
  local known = load(KEYS[i])
  local token = known and known.t ~= '' and tonumber(known.t) or -1
  if token <= tonumber(ARGV[at + 3]) then
    save(KEYS[i], ARGV[at + 1], {m = 'exclusive', t = ARGV[at + 3], o = {[ARGV[at + 2]] = now + tonumber(ARGV[at + 4])}})
  end
end
return 1
`;
