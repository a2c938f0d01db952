-- A number of HTTP requests, each with a body of its own, and the times between the first and the last.
--
-- wrk ... -s load.lua URL -- METHOD CONTENT_TYPE STATUS COUNT PAUSE BODIES PREFIX
--   STATUS  what every answer has to have
--   PAUSE   milliseconds that a connection waits before each request, from half to one and a half of it
--   BODIES  a file with a line for each request, or "-"
--   PREFIX  "-", or what stands before each line; then a line is a refresh token, and the one in the answer comes next
--
-- After COUNT answers wrk is stopped, and BODIES holds what is left. The last line it prints is a JSON object.

local ffi = require("ffi")
ffi.cdef [[
   struct moment { long seconds, nanoseconds; };
   int clock_gettime(int clock, struct moment *moment);
   int getpid(void);
   int kill(int process, int number);
]]
local MONOTONIC, INTERRUPT = 1, 2

local moment = ffi.new("struct moment")
local function now()
   ffi.C.clock_gettime(MONOTONIC, moment)
   return tonumber(moment.seconds) + tonumber(moment.nanoseconds) / 1e9
end

local threads = {}
local bodies, first, last = {}, 1, 0
local wanted, count, pause, source, chained, prefix
begun, ended, answered, refused, refusal = 0, 0, 0, 0, ""

function setup(thread)
   table.insert(threads, thread)
end

function init(args)
   wrk.method = args[1]
   if args[2] ~= "-" then wrk.headers["Content-Type"] = args[2] end
   wanted, count, pause = tonumber(args[3]), tonumber(args[4]), tonumber(args[5])
   chained = args[7] ~= "-"
   prefix = chained and args[7] or ""
   source = args[6]
   if source == "-" then return end
   for line in io.lines(source) do
      last = last + 1
      bodies[last] = line
   end
end

function delay()
   return pause == 0 and 0 or math.random(pause / 2, pause * 3 / 2)
end

function request()
   if begun == 0 then begun = now() end
   if last == 0 then return wrk.format() end
   local body = bodies[first]
   -- Past the count, until wrk has stopped: what is left is for the next run.
   if not body or ended > 0 then return wrk.format("GET", "/livez") end
   bodies[first] = nil
   first = first + 1
   return wrk.format(nil, nil, nil, prefix .. body)
end

local function keep_what_is_left()
   local file = assert(io.open(source, "w"))
   for index = first, last do file:write(bodies[index], "\n") end
   file:close()
end

function response(status, headers, body)
   answered = answered + 1
   if answered > count then return end
   if status ~= wanted then
      refused = refused + 1
      refusal = status .. " " .. body
   elseif chained then
      last = last + 1
      bodies[last] = body:match('"refresh_token"%s*:%s*"([^"]+)"')
   end
   if answered == count then
      ended = now()
      if last > 0 then keep_what_is_left() end
      ffi.C.kill(ffi.C.getpid(), INTERRUPT)
   end
end

if tonumber(os.getenv("WRK_PAUSE") or "0") == 0 then delay = nil end

function done(summary, latency, requests)
   local thread = threads[1]
   local errors = summary.errors
   print(string.format(
      '{"seconds": %.6f, "answered": %d, "refused": %d, "refusal": "%s", "broken": %d, "p50": %.6f, "p99": %.6f}',
      thread:get("ended") - thread:get("begun"), thread:get("answered"), thread:get("refused"), thread:get("refusal"):gsub('[%c"\\]', " "):sub(1, 300),
      errors.connect + errors.read + errors.write + errors.timeout,
      latency:percentile(50) / 1e6, latency:percentile(99) / 1e6
   ))
end
