-- Sends the requests of a file, one after the other, again and again.
-- Each line of the file: method, target, If-None-Match and body, with tabs between them; the last
-- two may be empty. The second argument is the status that the answers must have.

local requests = {}
local last = 0
local threads = {}
unexpected = 0

function setup(thread)
  threads[#threads + 1] = thread
end

function init(args)
  for line in io.lines(args[1]) do
    local method, target, tag, body = line:match("^([^\t]*)\t([^\t]*)\t([^\t]*)\t(.*)$")
    local headers = {}
    if tag ~= "" then
      headers["If-None-Match"] = tag
    end
    if body == "" then
      body = nil
    else
      headers["Content-Type"] = "application/json"
    end
    requests[#requests + 1] = wrk.format(method, target, headers, body)
  end
  -- wrk itself counts statuses from 400 on. A look at each answer costs it time, so it is taken
  -- only where another success, a whole list, would be mistaken for the 304.
  if args[2] == "304" then
    response = function(status)
      if status ~= 304 then
        unexpected = unexpected + 1
      end
    end
  end
end

function request()
  last = last % #requests + 1
  return requests[last]
end

function done(summary, latency)
  local errors = summary.errors
  local wrong = errors.status + errors.connect + errors.read + errors.write + errors.timeout
  for _, thread in ipairs(threads) do
    wrong = wrong + thread:get("unexpected")
  end
  io.write(string.format(
    'RESULT {"requests": %d, "rate": %f, "p50_ms": %f, "p99_ms": %f, "wrong": %d}\n',
    summary.requests, summary.requests / summary.duration * 1e6,
    latency:percentile(50) / 1000, latency:percentile(99) / 1000, wrong))
end
