-- One step of the completion-anchored log of an account (window_log.py has the rule and its reason).
--
-- KEYS: places (seat -> its end), line (seat -> number), alive (seat -> until when), pause, grants
-- ARGV: verb, seat, now or '', lease, seat's seconds, how many grants the caller knows of, two more,
--       then limit and window of each rate

local places, line, alive, pause, grants = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local verb, seat, now = ARGV[1], ARGV[2], tonumber(ARGV[3])
local lease, seat_seconds = tonumber(ARGV[4]), tonumber(ARGV[5])

if not now then
  local time = redis.call('TIME')
  now = tonumber(time[1]) + tonumber(time[2]) / 1e6
end

local rates, longest, lost = {}, 0, 0
for at = 9, #ARGV, 2 do
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

local function leave()
  redis.call('ZREM', line, seat)
  redis.call('ZREM', alive, seat)
end

local function bury_the_dead()
  for _, dead in ipairs(redis.call('ZRANGEBYSCORE', alive, '-inf', text(now))) do
    redis.call('ZREM', line, dead)
    redis.call('ZREM', alive, dead)
  end
end

local function stand_in_line()
  if not redis.call('ZSCORE', line, seat) then
    local last = redis.call('ZREVRANGE', line, 0, 0, 'WITHSCORES')
    redis.call('ZADD', line, tonumber(last[2] or 0) + 1, seat)
  end
  redis.call('ZADD', alive, text(now + seat_seconds), seat)
  return redis.call('ZRANK', line, seat)
end

local function soonest(rate, ahead)
  local since = '(' .. text(now - rate.seconds)
  local held = redis.call('ZCOUNT', places, since, '+inf')
  local surplus = held + ahead + 1 - rate.limit
  if surplus <= 0 then
    return 0
  end
  if held == 0 then
    return rate.seconds
  end
  local skip = math.min(surplus, held) - 1
  local last = redis.call('ZRANGEBYSCORE', places, since, '+inf', 'WITHSCORES', 'LIMIT', skip, 1)
  return math.max(math.min(tonumber(last[2]), now) + rate.seconds - now, 1e-6)
end

local function hold_back(seconds)
  local until_ = math.max(now + seconds, tonumber(redis.call('GET', pause) or 0))
  if until_ > now then
    redis.call('SET', pause, text(until_), 'PX', milliseconds(until_ - now))
  end
end

-- A server that came back without all that it was told of holds back until nothing of that counts.
local function find_lost_grants()
  local known = tonumber(ARGV[6])
  if tonumber(redis.call('GET', grants) or 0) < known then
    redis.call('SET', grants, string.format('%d', known))
    hold_back(longest + lease)
    lost = 1
  end
end

local function ask()
  find_lost_grants()
  -- A grant whose answer was lost on its way back was never used.
  redis.call('ZREM', places, seat)
  redis.call('ZREMRANGEBYSCORE', places, '-inf', text(now - longest - lease))
  bury_the_dead()
  local ahead = stand_in_line()
  local wait = math.max(0, tonumber(redis.call('GET', pause) or 0) - now)
  for _, rate in ipairs(rates) do
    wait = math.max(wait, soonest(rate, ahead))
  end
  if wait == 0 then
    redis.call('ZADD', places, text(now + lease), seat)
    redis.call('INCR', grants)
    leave()
    return '0'
  end
  return text(math.max(wait, 1e-6))
end

-- Places for requests of somebody else that the server counts and this log does not hold.
local function count_others(sent, remaining, seconds)
  local missing = 0
  for _, rate in ipairs(rates) do
    if rate.seconds == seconds then
      local held = redis.call('ZCOUNT', places, '(' .. text(sent - seconds), '+inf')
      missing = math.max(missing, rate.limit - remaining - held)
    end
  end
  for number = 1, missing do
    redis.call('ZADD', places, text(now), 'others-' .. seat .. '-' .. number)
  end
end

local function answered()
  local until_ = tonumber(redis.call('ZSCORE', places, seat) or nil)
  if not until_ then
    return
  end
  -- Rounded up: no end may lie before its answer.
  redis.call('ZADD', places, text(math.min(until_, now + 1e-6)), seat)
  if ARGV[7] ~= '' then
    count_others(until_ - lease, tonumber(ARGV[7]), tonumber(ARGV[8]))
  end
end

local result = ''
if verb == 'ask' then
  result = ask()
elseif verb == 'answered' then
  answered()
elseif verb == 'unused' then
  redis.call('ZREM', places, seat)
elseif verb == 'leave' then
  leave()
elseif verb == 'pause' then
  hold_back(tonumber(ARGV[7]))
end

redis.call('PEXPIRE', places, milliseconds(longest + lease + 60))
redis.call('PEXPIRE', grants, milliseconds(longest + lease + 60))
redis.call('PEXPIRE', line, milliseconds(seat_seconds + 60))
redis.call('PEXPIRE', alive, milliseconds(seat_seconds + 60))
return { result, tonumber(redis.call('GET', grants) or 0), lost }
