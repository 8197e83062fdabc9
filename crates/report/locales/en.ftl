### English texts of the reports. German ones stand in de.ftl; a test keeps both in step.

## Verdicts

verdict-no-trace = no trace
verdict-attempted = attempted
verdict-vulnerable = vulnerable
verdict-exploited = exploited
verdict-compromised = compromised

meaning-no-trace = No attack in the logs that were read.
meaning-attempted = Attacked. No step is known to have succeeded.
meaning-vulnerable = A probe succeeded: the server was open to the attack. Nothing further was seen.
meaning-exploited = A step beyond the probe succeeded: attackers got through.
meaning-compromised = A webshell answered: attackers could run commands on the server.

confidence-low = low
confidence-medium = medium
confidence-high = high

outcome-filtered = filtered
outcome-refused = refused
outcome-unclear = unclear
outcome-succeeded = succeeded

vantage-front-end = front end
vantage-proxy = proxy
vantage-back-end = back end
vantage-http-err = HTTPERR

kind-iis = IIS
kind-http-err = HTTPERR
kind-http-proxy = HttpProxy

origin-built-in = built in
origin-user = your rule
origin-indicator = your indicator

level-informational = informational
level-low = low
level-medium = medium
level-high = high
level-critical = critical

stage-probe = Probe
stage-mailbox-access = Mailbox access
stage-powershell = PowerShell
stage-webshell = Webshell

unread-permission = no permission to open it
unread-io = reading failed
unread-damaged = archive or compressed stream is damaged
unread-truncated = compressed stream ends too early
unread-binary = bytes that no log has
unread-torn = torn lines
unread-line-too-long = a line longer than the limit
unread-no-fields = a web log without a #Fields line; --fields can tell the columns
unread-ratio-limit = unpacks to more bytes than the ratio limit allows
unread-size-limit = unpacks to more bytes than the size limit allows
unread-member-limit = the archive has more members than the limit allows
unread-too-deep = an archive within an archive within an archive
unread-unsupported = encrypted, or packed in an unknown way
unread-other = could not be read

## The first screen

title = Exchange web log hunt
read-summary = { $files ->
    [one] 1 log file
   *[other] { $files } log files
  }, { $size }, { $lines } lines, { $servers ->
    [one] 1 server
   *[other] { $servers } servers
  }
confidence = confidence { $level }
window-vulnerable = vulnerable
window-vulnerable-from = since { $from }
window-vulnerable-span = { $from } to { $to }
window-first-attack = first attack
window-first-success = first success
window-last-activity = last activity
window-before = before that
window-no-data-before = no data before { $time }
window-no-data = no data
window-without-fix = build without the fix
window-with-fix = build with the fix
window-build = { $name }, seen from { $from }
window-none = not seen
complete = Complete: everything that looked like a web log was read whole.
incomplete = Incomplete: { $count ->
    [one] one stretch of a log could not be read
   *[other] { $count } stretches of logs could not be read
  }; they may hide more.
no-servers = No web log was found: there is nothing that a verdict could rest on.
more-servers = and { $count ->
    [one] 1 further server
   *[other] { $count } further servers
  }: { $verdicts }
utc-note = All times are UTC.

## Sections

section-verdict = Verdict
section-servers = Servers
section-attacks = Attacks
section-timeline = Timeline
section-reconnaissance = Reconnaissance
section-indicators = Your indicators
section-normal = Seen and normal
section-correlations = Correlations
section-exposure = Exposure
section-coverage = Coverage
section-unread = Unread
section-set-aside = Set aside
section-unanswered = Rules that some logs could not answer
section-inputs = Input files
section-advice = What to do now
section-rules = Rules

judgement-reasons = Why
judgement-against = What speaks against it
judgement-cannot-show = What these logs cannot show
patch-level = Patch level

## Attacks

attacks-none = No attacks.
attacks-not-listed = { $count ->
    [one] 1 further attack was
   *[other] { $count } further attacks were
  } counted but not told apart.
attack-heading = Attack { $number }: { $chain }
attack-from = from { $client }
attack-origin-unknown = from an unknown address
attack-also = with { $clients }
attack-and-more = and { $count } more
attack-own-scanner = your own scanner: { $label }
attack-on = against { $servers }
attack-webshells = webshells
attack-bytes = { $size } sent to the attackers after the first success
attack-rate = up to { $count ->
    [one] 1 request
   *[other] { $count } requests
  } an hour after the first success
attack-rules = Rules that matched
attack-evidence = Evidence
evidence-place = line { $line }, byte { $offset }
cves = CVE
techniques = ATT&CK
servers = servers

column-stage = stage
column-outcome = outcome
column-requests = requests
column-first = first
column-last = last
column-first-success = first success
column-rule = rule
column-author = author
column-source = source
column-title = title
column-level = level
column-time = time
column-server = server
column-client = client
column-clients = clients
column-count = count
column-place = place
column-line = line as logged
column-status = status
column-vantage = log
column-kind = kind
column-log = log
column-files = files
column-size = size
column-lines = lines
column-directory = virtual directory
column-public-successful = public, answered
column-public-refused = public, refused
column-internal = internal
column-file = file
column-offset = byte
column-reason = reason
column-indicator = indicator
column-group = group
column-why = why
column-build = build
column-sha256 = SHA-256
column-modified = modified
column-span = from – to

rule-by = by { $author }
rule-author-unknown = author not named

## Further sections

reconnaissance-none = No scanners and no low-level matches.
reconnaissance-note = Known scanners and matches of low level: noted, not attacks.
indicators-none = None of your indicators was seen.
indicator-from = from { $source }
normal-note = Requests that look like those in advisories and are ordinary.
normal-none = None.
exposure-note = Requests from public addresses, by virtual directory.
exposure-none = Not counted: this needs every line to be read (--stats).
exposure-empty = No request reached a known virtual directory.
coverage-note = “No trace” holds only for the days and logs listed here.
coverage-none = No log covers anything.
coverage-empty = no events
coverage-gap = no events for { $duration }: { $from } to { $to }
coverage-days = { $count ->
    [one] 1 day without events
   *[other] { $count } days without events
  }: { $days }
coverage-overlap = { $first } and { $second } cover the same time, { $from } to { $to }
coverage-clock = the clock went back from { $from } to { $to }: { $place }
coverage-not-listed = { $count ->
    [one] 1 further entry
   *[other] { $count } further entries
  } not listed
coverage-files = { $count ->
    [one] 1 file
   *[other] { $count } files
  }
unread-none = Nothing: every web log was read whole.
unread-from = from byte { $offset }
unread-not-listed = { $count ->
    [one] 1 further stretch
   *[other] { $count } further stretches
  } not listed
set-aside-none = None.
set-aside-note = Files of other kinds below the given paths.
unanswered-note = These logs lack columns that the rules ask for: no match there means nothing.
unanswered-none = None.
unanswered-files = { $count ->
    [one] 1 { $kind } file
   *[other] { $count } { $kind } files
  }
rules-used = { $built-in } built-in rules, { $user } of yours, { $indicators } indicators; { $aside } rules for other log sources set aside
advice-none = Nothing to do.
paths = read
created = Written { $time } by Imker { $version }.

chart-timeline = Attacks over time: a mark for each stage of each attack, coloured by outcome
chart-stages = Stages of attack { $number } over time
chart-coverage = Time that the logs of each server cover, with gaps
chart-requests = { $count ->
    [one] 1 request
   *[other] { $count } requests
  }
chart-more = { $count ->
    [one] 1 further attack is
   *[other] { $count } further attacks are
  } not drawn
chart-legend-covered = covered
chart-legend-gap = no events

sarif-result = { $chain }, stage { $stage }, { $outcome }: request from { $client } to { $server }.
sarif-rule = Rule “{ $title }” by { $author } ({ $id }, { $source }).
sarif-unread = Not read: { $reason }.
sarif-unknown-client = an unknown address
