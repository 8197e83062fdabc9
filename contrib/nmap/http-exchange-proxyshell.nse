local http = require "http"
local shortport = require "shortport"
local stdnse = require "stdnse"
local string = require "string"
local table = require "table"
local vulns = require "vulns"

description = [[
Asks a web server, without logging on, whether it is a Microsoft Exchange Server that is open to ProxyShell
(CVE-2021-34473): a request for Autodiscover whose address repeats in its query is forwarded to a back end that was
never meant to be reached.

Two GET requests are sent, the very ones of <code>imker scan</code> (checks <code>ps_owa</code> and
<code>ps_nspi</code>); the second only where the first does not succeed. They carry no credentials, no body, and an
address under <code>.invalid</code>; neither changes anything on the server. Each answer is judged as
<code>imker scan</code> judges it:

* <code>ps_owa</code> whose answer names <code>OwaADUserNotFoundException</code>, or leads to
  <code>/owa/auth/errorfe.aspx</code> with a <code>httpCode</code>: vulnerable. A broken OWA leads to the same page by
  itself: where the exception is not named, <code>/owa/</code> and its logon page are asked, too, and if either leads
  there, it is unknown;
* <code>ps_nspi</code>, 200 with the page of Exchange's MAPI/HTTP endpoint: vulnerable;
* 400 or 401 with headers that Exchange alone sends: guarded, by an update or a mitigation;
* 404: filtered by something before Exchange, or no Exchange;
* anything else: unknown.

Of both, vulnerable outweighs guarded, that unknown, and that filtered. Two answers differ. nmap's library does not tell
a connection that was reset from one on which nothing came: <code>imker scan</code> takes the first for a filter, here
both are unknown. And another server's error page counts here, and not there.

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

local ERROR_PAGE = "/owa/auth/errorfe.aspx"
-- What OWA's back end says of a caller that has no mailbox.
local NO_SUCH_USER = "OwaADUserNotFoundException"
-- Of MAPI's back end.
local MAPI_PAGE = "Exchange MAPI/HTTP Connectivity Endpoint"

-- Headers that Exchange alone sends, as in imker's crates/posture/src/assess/signs.rs.
local OF_EXCHANGE = {
  "X-FEServer",
  "X-OWA-Version",
  "X-CalculatedBETarget",
  "X-BEServer",
  "X-DiagInfo",
  "X-CasErrorCode",
  "X-OWA-Error",
  "X-OWA-HttpHandler",
  "MS-Server-ActiveSync",
  "X-ServerApplication",
  "X-BEResource",
  "X-SOAP-Enabled",
  "X-WSSecurity-Enabled",
  "X-WSSecurity-For",
  "X-OAuth-Enabled",
}

local OPTIONS = {redirect_ok = false, no_cache = true, max_body_size = 131072, truncated_ok = true}

-- An answer of which the whole head arrived, or nil.
local function ask(host, port, path)
  local response = http.get(host, port, path, OPTIONS)
  if response.status then return response end
  local incomplete = response.incomplete
  if incomplete and incomplete.status and #incomplete.rawheader > 0 then return incomplete end
end

-- Where a redirect leads: the path, and the parameters of the query, all in lower case; nil where it is none.
local function location_of(response)
  local location = response.header["location"]
  if not location or response.status < 300 or response.status > 399 then return nil end
  local path, query = location:lower():match("^%s*([^?#]*)%??([^#]*)")
  local scheme, rest = path:match("^(.-)//(.*)$")
  if scheme and (scheme == "" or scheme:sub(-1) == ":") then
    path = rest:match("/.*$") or ""
  end
  local parameters = {}
  for pair in query:gmatch("[^&]+") do
    parameters[pair:match("^[^=]*")] = true
  end
  return path, parameters
end

local function has_own_headers(response)
  for _, name in ipairs(OF_EXCHANGE) do
    if response.header[name:lower()] then return true end
  end
  return false
end

local function has_no_such_user(response)
  local header = response.header
  local text = {header["location"] or "", header["x-owa-error"] or "", response.body or ""}
  return table.concat(text, "\n"):find(NO_SUCH_USER, 1, true) ~= nil
end

-- Whether OWA itself, or its logon page, leads to the error page.
local function owa_is_broken(host, port)
  for _, path in ipairs({"/owa/", "/owa/auth/logon.aspx"}) do
    local response = ask(host, port, path)
    if response and location_of(response) == ERROR_PAGE then return true end
  end
  return false
end

-- What the answer to a check says: "vulnerable", "guarded", "filtered" or "unknown"; and the answer in short.
local function judge(host, port, check)
  local response = ask(host, port, check.path)
  if not response then return "unknown", "no answer" end
  local status = response.status
  local path, parameters = location_of(response)
  if check.name == "ps_owa" then
    if has_no_such_user(response) then
      return "vulnerable", ("%d that names %s"):format(status, NO_SUCH_USER)
    end
    if status == 302 and path == ERROR_PAGE and parameters.httpcode then
      if owa_is_broken(host, port) then
        return "unknown", "302 to the error page, to which OWA itself leads as well"
      end
      return "vulnerable", "302 to " .. ERROR_PAGE
    end
  elseif status == 200 and (response.body or ""):find(MAPI_PAGE, 1, true) then
    return "vulnerable", "200 with the page of Exchange's MAPI/HTTP endpoint"
  end
  if status == 400 or status == 401 then
    if has_own_headers(response) then return "guarded", status .. " with Exchange's headers" end
    return "unknown", status .. " without Exchange's headers"
  end
  if status == 404 then return "filtered", "404" end
  if path then return "unknown", status .. " to elsewhere" end
  return "unknown", tostring(status)
end

-- From the one that outweighs all others.
local WEIGHT = {"vulnerable", "guarded", "unknown", "filtered"}

action = function(host, port)
  local checks = {{name = "ps_owa", path = PS_OWA}}
  if not stdnse.get_script_args(SCRIPT_NAME .. ".quick") then
    checks[2] = {name = "ps_nspi", path = PS_NSPI}
  end
  local results, found, lines = stdnse.output_table(), {}, {}
  for _, check in ipairs(checks) do
    local word, short = judge(host, port, check)
    results[check.name] = ("%s, %s"):format(word, short)
    lines[#lines + 1] = ("%s: %s"):format(check.name, results[check.name])
    found[word] = true
    if found.vulnerable then break end
  end
  for _, word in ipairs(WEIGHT) do
    if found[word] then
      results.verdict = word
      break
    end
  end

  local state = vulns.STATE.NOT_VULN
  if results.verdict == "vulnerable" then
    state = vulns.STATE.VULN
  elseif results.verdict ~= "guarded" then
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
