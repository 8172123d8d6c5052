-- One step of the completion-anchored log of an account (window_log.py has the rule and its reason).
--
-- KEYS: places (seat -> its end), line (seat -> number), alive (seat -> until when), limits of those
--       in line (seat -> one for each rate), pause
-- ARGV: verb, seat, now or '', lease, seat's seconds, a seat of the caller's that must be held,
--       three more, then limit and window of each rate

local places, line, alive, limits, pause = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local verb, seat, now = ARGV[1], ARGV[2], tonumber(ARGV[3])
local lease, seat_seconds = tonumber(ARGV[4]), tonumber(ARGV[5])

if not now then
  local time = redis.call('TIME')
  now = tonumber(time[1]) + tonumber(time[2]) / 1e6
end

local rates, longest = {}, 0
for at = 10, #ARGV, 2 do
  local rate = { limit = tonumber(ARGV[at]), seconds = tonumber(ARGV[at + 1]) }
  rates[#rates + 1] = rate
  longest = math.max(longest, rate.seconds)
end

-- PEXPIRE takes whole milliseconds, written out; a server may ask for a pause of any length.
local function milliseconds(seconds)
  return string.format('%d', math.min(math.ceil(seconds * 1000), 1e12))
end

-- Lua writes 14 digits by itself: that would round a time of day to a tenth of a millisecond.
local function text(number)
  return string.format('%.6f', number)
end

local function leave(who)
  redis.call('ZREM', line, who)
  redis.call('ZREM', alive, who)
  redis.call('HDEL', limits, who)
end

local function bury_the_dead()
  for _, dead in ipairs(redis.call('ZRANGEBYSCORE', alive, '-inf', text(now))) do
    leave(dead)
  end
end

local function stand_in_line()
  if not redis.call('ZSCORE', line, seat) then
    local last = redis.call('ZREVRANGE', line, 0, 0, 'WITHSCORES')
    redis.call('ZADD', line, tonumber(last[2] or 0) + 1, seat)
    local own = {}
    for at, rate in ipairs(rates) do
      own[at] = rate.limit
    end
    redis.call('HSET', limits, seat, table.concat(own, ' '))
  end
  redis.call('ZADD', alive, text(now + seat_seconds), seat)
end

-- The limits, under each of the rates, of those who stand before.
local function ahead_of_it()
  local rank, ahead = redis.call('ZRANK', line, seat), {}
  if rank > 0 then
    for _, other in ipairs(redis.call('ZRANGE', line, 0, rank - 1)) do
      local theirs = {}
      for limit in string.gmatch(redis.call('HGET', limits, other) or '', '%d+') do
        theirs[#theirs + 1] = tonumber(limit)
      end
      ahead[#ahead + 1] = theirs
    end
  end
  return ahead
end

local function soonest(at, rate, ahead)
  local since = '(' .. text(now - rate.seconds)
  local held = redis.call('ZCOUNT', places, since, '+inf')
  local taken, equals = held, 0
  for _, theirs in ipairs(ahead) do
    local limit = theirs[at] or rate.limit
    if taken < limit then
      taken = taken + 1
    end
    if limit >= rate.limit then
      equals = equals + 1
    end
  end
  if taken < rate.limit then
    return 0
  end
  if held == 0 then
    return rate.seconds
  end
  -- By then those with less than the whole limit may still have none.
  local surplus = held + equals + 1 - rate.limit
  local skip = math.min(math.max(surplus, 1), held) - 1
  local last = redis.call('ZRANGEBYSCORE', places, since, '+inf', 'WITHSCORES', 'LIMIT', skip, 1)
  return math.max(math.min(tonumber(last[2]), now) + rate.seconds - now, 1e-6)
end

local function hold_back(seconds)
  local until_ = math.max(now + seconds, tonumber(redis.call('GET', pause) or 0))
  if until_ > now then
    redis.call('SET', pause, text(until_), 'PX', milliseconds(until_ - now))
  end
end

-- Without a place that the caller knows to count, more may be lost: nothing is granted until nothing
-- of that counts any more.
local function find_lost_places()
  if ARGV[6] ~= '' and not redis.call('ZSCORE', places, ARGV[6]) then
    hold_back(longest + lease)
    return 1
  end
  return 0
end

local function ask()
  redis.call('ZREMRANGEBYSCORE', places, '-inf', text(now - longest - lease))
  local held_until = tonumber(redis.call('ZSCORE', places, seat) or nil)
  if held_until and held_until > now then
    -- It was granted, and nobody heard of it; or this is that request, late. It was held since.
    redis.call('ZADD', places, text(now + lease), seat)
    leave(seat)
    return '0'
  end
  bury_the_dead()
  stand_in_line()
  local ahead = ahead_of_it()
  local wait = math.max(0, tonumber(redis.call('GET', pause) or 0) - now)
  for at, rate in ipairs(rates) do
    wait = math.max(wait, soonest(at, rate, ahead))
  end
  if wait == 0 then
    redis.call('ZADD', places, text(now + lease), seat)
    leave(seat)
    return '0'
  end
  return text(math.max(wait, 1e-6))
end

-- Places for requests of somebody else that the server counts and this log does not hold.
local function count_others(sent, limit, remaining, seconds)
  local missing = 0
  for _, rate in ipairs(rates) do
    if rate.seconds == seconds then
      local held = redis.call('ZCOUNT', places, '(' .. text(sent - seconds), '+inf')
      missing = math.max(missing, math.max(rate.limit, limit) - remaining - held)
    end
  end
  for number = 1, missing do
    redis.call('ZADD', places, text(now), 'others-' .. seat .. '-' .. number)
  end
end

local function answered()
  local held_until = tonumber(redis.call('ZSCORE', places, seat) or nil)
  -- Rounded up: no end may lie before its answer. One that is not known any more counts all the same.
  redis.call('ZADD', places, text(math.min(held_until or now + lease, now + 1e-6)), seat)
  if held_until and ARGV[7] ~= '' then
    count_others(held_until - lease, tonumber(ARGV[7]), tonumber(ARGV[8]), tonumber(ARGV[9]))
  end
end

-- Never shortens what another caller, with a longer lease, has asked for.
local function keep(key, seconds)
  if redis.call('PTTL', key) < seconds * 1000 then
    redis.call('PEXPIRE', key, milliseconds(seconds))
  end
end

local lost = find_lost_places()
local result = ''
if verb == 'ask' then
  result = ask()
elseif verb == 'answered' then
  answered()
elseif verb == 'unused' then
  redis.call('ZREM', places, seat)
elseif verb == 'leave' then
  leave(seat)
elseif verb == 'pause' then
  hold_back(tonumber(ARGV[7]))
end

keep(places, longest + lease + 60)
for _, key in ipairs({ line, alive, limits }) do
  keep(key, seat_seconds + 60)
end
return { result, lost }
