local http = require "http"
local shortport = require "shortport"
local stdnse = require "stdnse"
local string = require "string"
local vulns = require "vulns"

description = [[
Asks a web server, without logging on, whether it is a Microsoft Exchange Server that is open to ProxyShell
(CVE-2021-34473): a request for Autodiscover whose address repeats in its query is forwarded to a back end that was
never meant to be reached.

Two GET requests are sent at most, the very ones of <code>imker scan</code> (checks <code>ps_owa</code> and
<code>ps_nspi</code>). They carry no credentials, no body, and an address under <code>.invalid</code>; neither changes
anything on the server. Answers are judged as <code>imker scan</code> judges them:

* a redirect to <code>/owa/auth/errorfe.aspx</code>, or the page of Exchange's MAPI/HTTP endpoint: vulnerable;
* 400 or 401 with Exchange's own headers: guarded, by an update or a mitigation;
* 404, or the connection is reset: filtered by something before Exchange, or no Exchange;
* anything else: unknown.

A guarded server may be open to other flaws; its build tells (see <code>imker scan</code>).
]]

---
-- @usage nmap -p 443 --script http-exchange-proxyshell <target>
-- @usage nmap -p 443 --script http-exchange-proxyshell --script-args vulns.showall <target>
--
-- @args vulns.showall  Report every server that answers: guarded, filtered and unknown ones, too.
-- @args http-exchange-proxyshell.quick  Ask for <code>ps_owa</code> alone.
--
-- @output
-- PORT    STATE SERVICE
-- 443/tcp open  https
-- | http-exchange-proxyshell:
-- |   VULNERABLE:
-- |   Microsoft Exchange Server and ProxyShell
-- |     State: VULNERABLE
-- |     IDs:  CVE:CVE-2021-34473
-- |     Disclosure date: 2021-07-13
-- |     Check results:
-- |       ps_owa: vulnerable, 302 to /owa/auth/errorfe.aspx
-- |     References:
-- |       https://cve.mitre.org/cgi-bin/cvename.cgi?name=CVE-2021-34473
-- |_      https://msrc.microsoft.com/update-guide/vulnerability/CVE-2021-34473
--
-- @xmloutput
-- <table key="CVE-2021-34473">
--   <elem key="title">Microsoft Exchange Server and ProxyShell</elem>
--   <elem key="state">VULNERABLE</elem>
-- </table>

author = "The Imker project"
license = "MIT OR Apache-2.0"
categories = {"safe", "vuln"}

portrule = shortport.http

-- Both as in imker's crates/posture/src/check.rs.
local QUERY = "/autodiscover/autodiscover.json?@imker.invalid%s?&Email=autodiscover/autodiscover.json%%3F@imker.invalid"
local PS_OWA = QUERY:format("/owa/")
local PS_NSPI = QUERY:format("/mapi/nspi/")

-- Headers that Exchange itself adds, as published scans of servers show them.
local OF_EXCHANGE = {"x-feserver", "x-calculatedbetarget", "x-owa-version", "x-beserver", "x-diaginfo"}

local function is_of_exchange(response)
  for _, name in ipairs(OF_EXCHANGE) do
    if response.header[name] then return true end
  end
  return false
end

-- The path of a Location, without host and query, in lower case.
local function redirected_to(response)
  local location = (response.header["location"] or ""):lower()
  return (location:gsub("^https?://[^/]*", ""):gsub("[?#].*$", ""))
end

-- What one answer says: "vulnerable", "guarded", "filtered" or "unknown"; and the answer in short.
local function judge(response)
  local status = response.status
  if not status then
    -- Of a reset connection and of silence nmap's library tells no more than that nothing came.
    return "filtered", "no answer"
  end
  if status == 302 then
    local path = redirected_to(response)
    if path == "/owa/auth/errorfe.aspx" then
      return "vulnerable", "302 to /owa/auth/errorfe.aspx"
    end
    return "unknown", "302 to elsewhere"
  end
  if status == 200 and (response.body or ""):find("Exchange MAPI/HTTP Connectivity Endpoint", 1, true) then
    return "vulnerable", "200 with the page of Exchange's MAPI/HTTP endpoint"
  end
  if status == 400 or status == 401 then
    local word = is_of_exchange(response) and "guarded" or "unknown"
    return word, ("%d %s Exchange's headers"):format(status, word == "guarded" and "with" or "without")
  end
  if status == 404 then
    return "filtered", "404"
  end
  return "unknown", tostring(status)
end

action = function(host, port)
  local checks = {{"ps_owa", PS_OWA}}
  if not stdnse.get_script_args(SCRIPT_NAME .. ".quick") then
    checks[2] = {"ps_nspi", PS_NSPI}
  end
  local options = {redirect_ok = false, no_cache = true, max_body_size = 65536, truncated_ok = true}
  local results, found = stdnse.output_table(), {}
  local lines = {}
  for _, check in ipairs(checks) do
    local word, short = judge(http.get(host, port, check[2], options))
    results[check[1]] = ("%s, %s"):format(word, short)
    lines[#lines + 1] = ("%s: %s"):format(check[1], results[check[1]])
    found[word] = true
    -- What is vulnerable stays so, and what is filtered would be filtered again.
    if found.vulnerable or found.filtered then break end
  end

  local state = vulns.STATE.NOT_VULN
  if found.vulnerable then
    state = vulns.STATE.VULN
  elseif found.filtered or found.unknown then
    -- The library would put "VULNERABLE" above what it could not test.
    return stdnse.get_script_args("vulns.showall") and results or nil
  end
  return vulns.Report:new(SCRIPT_NAME, host, port):make_output({
    title = "Microsoft Exchange Server and ProxyShell",
    state = state,
    IDS = {CVE = "CVE-2021-34473"},
    dates = {disclosure = {year = "2021", month = "07", day = "13"}},
    check_results = lines,
    references = {"https://msrc.microsoft.com/update-guide/vulnerability/CVE-2021-34473"},
  })
end
