### English texts of the reports. German ones stand in de.ftl; a test keeps both in step.

## Verdicts

verdict-no-trace = no trace
verdict-attempted = attempted
verdict-vulnerable = vulnerable
verdict-exploited = exploited
verdict-compromised = compromised
verdict-no-answer = no answer
verdict-nothing-read = nothing read

meaning-no-trace = No attack in the logs that were read.
meaning-attempted = Attacked. No step is known to have succeeded.
meaning-vulnerable = A probe succeeded: the server was open to the attack. Nothing further was seen.
meaning-exploited = A step beyond the probe succeeded: attackers got through.
meaning-no-answer = No request was read: nothing can be said.
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
stage-mailbox-list = Mailbox list
stage-legacy-dn = Mailbox DN
stage-sid = Mailbox SID
stage-mailbox-access = Mailbox access
stage-powershell = PowerShell
stage-ssrf = Request forgery
stage-write-file = File written
stage-token = Session cookie
stage-rule-change = Rule changed
stage-exploit = Exploit
stage-webshell = Webshell
stage-other = Other
stage-reconnaissance = Reconnaissance
stage-indicator = Indicator

aside-program = programs
aside-event-log = event logs
aside-pdf = PDF documents
aside-7z-archive = 7z archives
aside-rar-archive = RAR archives
aside-xz-archive = xz archives
aside-bzip2-archive = bzip2 archives
aside-cabinet-archive = cabinet archives
aside-outlook-data = Outlook data files
aside-registry-hive = registry hives
aside-sqlite-database = SQLite databases
aside-picture = pictures
aside-office-document = Office documents
aside-empty = empty files
aside-database = databases
aside-text = text files
aside-binary = other binary files
aside-link-in-an-archive = links in archives
aside-device-pipe-or-socket = devices, pipes and sockets
aside-symbolic-link-within-the-tree = symbolic links within the tree
aside-symbolic-link-out-of-the-tree = symbolic links out of the tree
aside-broken-symbolic-link = broken symbolic links
aside-exchange-log = Exchange logs
aside-ftp-log = FTP logs
aside-xml-or-html = XML or HTML files
aside-json-or-settings = JSON or settings files
aside-other = others

unread-permission = no permission to open it: run Imker as an administrator, or hunt through a copy
unread-io = reading failed: check the disk or the network share, or hunt through a copy
unread-damaged = the archive or compressed stream is damaged: fetch it anew from where it was made
unread-truncated = the archive or compressed stream ends too early: fetch it anew, the copy is not whole
unread-binary = bytes that no log has, as after a crash: see what stands there, or find an intact copy
unread-torn = rows cut or not fitting the columns: look at them, find an intact copy, or mend --fields
unread-line-too-long = a line far longer than a log has: see by hand what stands there
unread-no-fields = a web log without a #Fields line above its rows: name its columns with --fields
unread-ratio-limit = unpacks to more than --max-ratio allows: raise it if you trust the archive
unread-size-limit = unpacks to more than --max-unpacked allows: raise it if you trust the archive
unread-member-limit = more members than are opened: unpack the archive and hunt through the folder
unread-too-deep = an archive in an archive in an archive: unpack the outer one and hunt through the folder
unread-unsupported = encrypted, or packed in an unknown way: unpack it by other means and hunt through the folder
unread-other = could not be read: see by hand what it is

## The first screen

title = Exchange web log hunt
read-summary = { $files ->
    [one] 1 log file
   *[other] { $files } log files
  }, { $size }, { $lines ->
    [one] 1 line
   *[other] { $lines } lines
  }, { $servers ->
    [one] 1 server
   *[other] { $servers } servers
  }
confidence = confidence { $level }
window-vulnerable = proven vulnerable
window-vulnerable-from = since { $from }
window-vulnerable-span = { $from } to { $to }
window-first-attack = first attack
window-first-success = first success
window-last-activity = last activity
window-no-data-before = no data before
window-without-fix = build without the fix
window-with-fix = build with the fix
window-build = { $name }, seen from { $from }
window-none = not seen
complete = Complete: everything that looked like a web log was read whole.
incomplete = Incomplete: { $count ->
    [one] one stretch of a log could not be read; it may
   *[other] { $count } stretches of logs could not be read; they may
  } hide more.
incomplete-nothing-read = { $count ->
    [one] 1 stretch of logs could not be read: “Unread” tells why and what to do.
   *[other] { $count } stretches of logs could not be read: “Unread” tells why and what to do.
  }
nothing-read-help = No request was read from any web log, so there is no verdict. Give the folders inetpub\logs\LogFiles and Logging\HttpProxy of the server, or an archive of them; “Unread” and “Set aside” tell what was found instead.
nothing-in-span-help = Logs were read, but none of their requests lies in the stretch of time asked for, so there is no verdict. “Coverage” tells when the logs begin and end.
only-since = Only requests from { $from } on.
only-until = Only requests before { $to }.
only-between = Only requests from { $from } to { $to }.
indicators-seen = Your indicators were seen: { $names }
indicators-seen-html = { $count ->
    [one] 1 of your indicators was
   *[other] { $count } of your indicators were
  } seen.
see-advice = What to do now: see the end.
more-servers = and { $count ->
    [one] 1 further server
   *[other] { $count } further servers
  }: { $verdicts }
more-elsewhere = { $count } more: in the JSON and the HTML report.
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

overall = For all servers
judgement-reasons = Why
judgement-against = What speaks against it
judgement-cannot-show = What these logs cannot show
patch-level = Patch level

## Attacks

attacks-none = No attacks.
attacks-legend = ● succeeded · ◐ unclear · ○ refused or filtered
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
column-first-request = first request
column-last-request = last request
column-first-success = first success
column-rule = rule
column-author = author
column-source = source
column-level = level
column-time = time
column-server = server
column-clients = clients
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
column-sha256 = SHA-256
column-modified = modified

rule-by = by { $author }
rule-author-unknown = author not named

## Further sections

reconnaissance-note = Known scanners and matches of low level: noted, not attacks.
correlations-not-listed = { $count ->
    [one] 1 further group of requests was
   *[other] { $count } further groups of requests were
  } left out to bound memory.
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
unread-none-read = No reading failed, but no request was read either.
unread-from = from byte { $offset }
unread-not-listed = { $count ->
    [one] 1 further stretch
   *[other] { $count } further stretches
  } not listed
inputs-not-listed = { $count ->
    [one] 1 further file
   *[other] { $count } further files
  } not listed
set-aside-note = Files of other kinds below the given paths.
unanswered-note = These logs lack columns that the rules ask for: no match there means nothing.
unanswered-files = { $count ->
    [one] 1 { $kind } file
   *[other] { $count } { $kind } files
  }
rules-used = { $built-in } built-in rules, { $user } of yours, { $indicators ->
    [one] 1 indicator
   *[other] { $indicators } indicators
  }; { $aside ->
    [one] 1 rule
   *[other] { $aside } rules
  } for other log sources set aside
rules-refused = { $count ->
    [one] 1 of your rules
   *[other] { $count } of your rules
  } cannot be used; standard error names them.
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
chart-more-logs = { $count ->
    [one] 1 further log is
   *[other] { $count } further logs are
  } not drawn; see the table
chart-legend-covered = covered
chart-legend-gap = no events

sarif-result = { $chain }, stage { $stage }, { $outcome }: request from { $client } to { $server }.
sarif-rule = Rule “{ $title }” by { $author } ({ $id }, { $source }).
sarif-unread = Not read: { $reason }.
sarif-unknown-client = an unknown address

## Statements: why a verdict was given

reason-no-logs = No log of { $server } could be read: nothing can be said about it.
reason-no-request = No request to { $server } lies in the stretch of time asked for.
reason-no-attack = No request to { $server } looks like an attack.
reason-only-reconnaissance = Only scanners and matches of low level were seen ({ $count ->
    [one] 1 request
   *[other] { $count } requests
  }).
reason-own-checks-only = Only your own scanner asked { $server } ({ $count ->
    [one] 1 request
   *[other] { $count } requests
  }).
reason-none-succeeded = No step succeeded on { $server }: { $refused ->
    [one] 1 request
   *[other] { $refused } requests
  } refused, { $filtered } filtered before Exchange answered.
reason-unclear = { $count ->
    [one] 1 request to { $server } has
   *[other] { $count } requests to { $server } have
  } an outcome that the log does not tell.
reason-probe-succeeded = { $chain }: { $count ->
    [one] a probe
   *[other] { $count } probes
  } of { $server } succeeded, first { $time }.
reason-own-check-succeeded = Your own scanner got through to { $server } ({ $count ->
    [one] 1 request
   *[other] { $count } requests
  }), first { $time }.
reason-mailbox-access-succeeded = { $chain }: mailboxes of { $server } were reached without a password ({ $count ->
    [one] 1 request
   *[other] { $count } requests
  }), first { $time }.
reason-powershell-succeeded = { $chain }: Exchange’s remote PowerShell was reached on { $server } ({ $count ->
    [one] 1 request
   *[other] { $count } requests
  }), first { $time }.
reason-step-succeeded = { $chain }, stage { $stage }: { $count ->
    [one] a request
   *[other] { $count } requests
  } to { $server } succeeded, first { $time }.
reason-webshell-answered = A script that Exchange does not ship answered on { $server }: { $path }
reason-more-webshells = { $count ->
    [one] 1 further such script
   *[other] { $count } further such scripts
  } answered on { $server }.
reason-webshell-after-exploit = The script on { $server } answered after an attack had got through.
reason-several-stages = { $count } stages of an attack on { $server } succeeded and fit together.
reason-logs-agree = { $count ->
    [one] 1 successful request to { $server } stands
   *[other] { $count } successful requests to { $server } stand
  } in more than one kind of log.
reason-build-open = { $server } ran a build without the fix for { $cve }: { $build }.
reason-more-servers = { $count ->
    [one] 1 further server has
   *[other] { $count } further servers have
  } the same verdict.

## Statements: what speaks against it

against-build-fixed = { $server } ran a build with the fix for { $cve }: { $build }.
against-one-log = Only one kind of log of { $server } tells of the success.
against-webshell-alone = No earlier step of an attack on { $server } was seen: the script may be someone’s own.
against-back-end-status = { $count ->
    [one] For 1 request to { $server } the back end told
   *[other] For { $count } requests to { $server } the back end told
  } the proxy of a failure.
against-back-end-only = { $count ->
    [one] 1 request stands
   *[other] { $count } requests stand
  } only in the back-end log of { $server }.
against-nothing-followed = Nothing beyond the probe was seen on { $server }.
against-own-check-only = Only your own scanner got through to { $server }.
against-unclear = { $count ->
    [one] 1 request to { $server } may
   *[other] { $count } requests to { $server } may
  } have succeeded: the log does not tell.

## Statements: what the logs cannot show

cannot-show-incomplete = Not every log could be read whole; see “Unread”.
cannot-show-before = Anything on { $server } before { $time }, when its logs begin.
cannot-show-gaps = { $count ->
    [one] 1 stretch of time
   *[other] { $count } stretches of time
  } for which { $server } has no log; see “Coverage”.
cannot-show-front-end = Requests from outside to { $server }: the log of its front end (W3SVC1) is missing.
cannot-show-back-end = What reached Exchange inside { $server }: the log of its back end (W3SVC2) is missing.
cannot-show-proxy = How { $server } passed requests on, and its build: the HttpProxy log is missing.
cannot-show-origin = Who sent the requests that stand only in the back-end log of { $server }.
cannot-show-bodies = What requests and answers contained: web logs hold no bodies.
cannot-show-exports = Whether mailboxes were exported or settings changed: that stands in the event log “MSExchange Management”.
cannot-show-shipped-files = Whether a file that Exchange ships was tampered with.
cannot-show-own-check-by-user-agent = Whether requests with your scanner’s user agent were yours: anyone can send it.

## Statements: what to do now

advice-isolate = Take { $servers } off the network now; do not switch off.
advice-preserve = Preserve evidence of { $servers } before anything is changed: memory, disks, and all logs.
advice-mend-unread = See to what is listed under “Unread”, as told there, and hunt again: it may hide attacks.
advice-note-awareness = Write down who became aware of the breach and when: the 72 hours of Article 33 GDPR may run from then.
advice-remove-webshells = Secure, then remove the webshells: { $paths }
advice-look-for-webshells = Look for further webshells on the disks of { $servers }: aspnet_client, owa\auth, ecp\auth, ProgramData.
advice-check-exports = Look through the event log “MSExchange Management” for New-MailboxExportRequest and New-ExchangeCertificate with a path that ends in .aspx.
advice-check-roles = Check who holds the role “Mailbox Import Export”, and look for new mailboxes, inbox rules and transport agents.
advice-patch = Close { $cves }: install { $kbs } or, better, the newest cumulative and security update.
advice-check-patch = Check that every server has the newest cumulative and security update.
advice-reinstall = Set up { $servers } anew instead of cleaning: a webshell runs with the rights of the system.
advice-reset-credentials = Reset the passwords of all accounts that were used on the servers, service and administrator accounts first.
advice-rotate-keys = Renew what the servers could read: certificates, the machine keys of IIS, and the krbtgt password twice.
advice-restrict-access = Let { $servers } be reached only by VPN until the update is in.
advice-read-unclear = Read the evidence of the { $count ->
    [one] 1 request
   *[other] { $count } requests
  } whose outcome is unclear, together with the logs of the servers behind.
advice-check-own-success = Your own scanner got through to { $servers }: patch as if a stranger had.
advice-extend-logs = Keep web logs longer, and away from the server: what is older than the logs cannot be answered.

## Statements: why traffic is ordinary

normal-mapi-nspi = Outlook asks /mapi/nspi/ for the address book. Only such a path inside a request for autodiscover.json is an attack.
normal-autodiscover-json = Outlook for mobile devices and Teams ask autodiscover.json for their server: Protocol= and a mail address, no further path.
normal-powershell = Administrators and Exchange itself use /powershell with a logon.
normal-health-probe = Exchange’s own monitoring asks its services with HealthMailbox accounts.
normal-proxylogon = Status 241 for /owa/proxylogon.owa and /ecp/proxylogon.ecp is Exchange’s own answer between front end and back end.
normal-other = The rule “{ $rule }” knows this traffic as ordinary.

## Evaluation of honeypots

pot-title = Honeypot evaluation
pot-span = { $from } to { $to }, { $sensors ->
    [one] 1 sensor
   *[other] { $sensors } sensors
  }, { $hosts ->
    [one] 1 simulated host
   *[other] { $hosts } simulated hosts
  }
pot-no-events = No events
pot-none = None.
pot-sources = sources
pot-attackers = attackers
pot-connections = connections
pot-requests = requests
pot-suspicious = suspicious requests
pot-stages = stages reached
pot-credentials = attempts to log on
pot-uploads = files sent
pot-commands = commands
pot-events = events
pot-received = received
pot-sent = sent

pot-finding-own-domain = { $count ->
    [one] 1 attempt to log on names an account
   *[other] { $count } attempts to log on name accounts
  } of your own domains: reset these passwords, they are known to attackers.
pot-finding-through = { $count ->
    [one] 1 source
   *[other] { $count } sources
  } got through at least one stage of an attack, as on a real server of that build.
pot-finding-refused = { $count ->
    [one] 1 source
   *[other] { $count } sources
  } attempted an attack in vain.
pot-finding-no-events = There are no events in this span: it says nothing about attacks. See the gaps.
pot-finding-none = Nobody attempted a known attack.
pot-finding-none-seen = Nobody attempted a known attack in what was seen and read.
pot-finding-new-stages = { $count ->
    [one] 1 stage of an attack was
   *[other] { $count } stages of attacks were
  } reached that had not been last time.
pot-finding-incomplete = Not everything was seen or read: see the gaps.

pot-compared-evaluation = Compared with the evaluation that was handed over: { $from } to { $to }.
pot-compared-span = Compared with the span of the same length before: { $from } to { $to }.
pot-compared-incomplete = The earlier span is not complete: some of this may not be new.
pot-not-compared = Not compared: no events before this span, and no earlier evaluation was handed over.
pot-nothing-new = Nothing that was not there before.
pot-new-sensors = { $count ->
    [one] 1 new sensor
   *[other] { $count } new sensors
  }
pot-new-sources = { $count ->
    [one] 1 new source
   *[other] { $count } new sources
  }
pot-new-stages = { $count ->
    [one] 1 new stage
   *[other] { $count } new stages
  }
pot-new-rules = { $count ->
    [one] 1 rule that matched nothing before
   *[other] { $count } rules that matched nothing before
  }
pot-new-user-agents = { $count ->
    [one] 1 new user agent
   *[other] { $count } new user agents
  }
pot-new-ja4 = { $count ->
    [one] 1 new JA4
   *[other] { $count } new JA4
  }
pot-new-ja3 = { $count ->
    [one] 1 new JA3
   *[other] { $count } new JA3
  }
pot-new-uploads = { $count ->
    [one] 1 new file
   *[other] { $count } new files
  }

pot-score-note = Score: 10 attempted to log on, 30 matched a rule, 50 attempted a first stage, 60 a further one, 80 succeeded in a first stage, 100 in a further one, or sent a file or a command. Stages in brackets were refused.
pot-no-places = Not looked up: no database of places was named.
pot-country-unknown = unknown
pot-place-counts = { $sources ->
    [one] 1 source
   *[other] { $sources } sources
  }, { $attackers ->
    [one] 1 attacker
   *[other] { $attackers } attackers
  }, { $requests ->
    [one] 1 request
   *[other] { $requests } requests
  }
pot-of-sources = { $count ->
    [one] 1 source
   *[other] { $count } sources
  }
pot-no-stages = No stage of an attack was reached.
pot-stages-note = Counted once for each session of a source.
pot-stage-counts = succeeded { $succeeded }, refused { $refused }, { $sources ->
    [one] 1 source
   *[other] { $sources } sources
  }
pot-ordinary = ordinary
pot-reset = own domain: reset the password
pot-masked-note = Passwords are masked: length and, of more than three characters, the first. Those of your own domains are not shown at all.
pot-without-secret = { $count ->
    [one] 1 attempt has
   *[other] { $count } attempts have
  } no secret in these events: none was sent, or it was masked when they were written.
pot-upload-cut = not kept whole
pot-more = { $count } more: in the JSON report.
pot-not-listed = { $count } further entries, { $sum } in sum, are not listed.

pot-gaps-none = Nothing is known to be missing.
pot-gap = { $sensor }: { $count } lost from { $from } to { $to }: { $reason }.
pot-gap-full = the store was full, connections were closed unanswered
pot-gap-evicted = events were dropped to make room before every output had them
pot-gap-damaged = stored events were damaged
pot-gap-too-many = limits on connections were reached, connections were closed unanswered
pot-gap-other = another reason
pot-stopped = { $sensor }: stopped from { $from } to { $to }.
pot-stopped-since = { $sensor }: stopped since { $from }.
pot-missing = { $sensor }: { $count ->
    [one] 1 event is
   *[other] { $count } events are
  } missing between those that were read.
pot-killed = { $sensor }: started { $count ->
    [one] once
   *[other] { $count } times
  } without having stopped in order.
pot-bad-line = { $count ->
    [one] { $file }, line { $line }: no event: { $reason }.
   *[other] { $file }: { $count } lines are no events; the first is line { $line }: { $reason }.
  }
pot-unread = { $file }: not read, or not to its end: { $reason }.
pot-bad-lines-more = { $count ->
    [one] 1 further line is no event.
   *[other] { $count } further lines are no events.
  }
pot-gaps-more = { $count ->
    [one] 1 further gap.
   *[other] { $count } further gaps.
  }
pot-duplicates = { $count ->
    [one] 1 event was
   *[other] { $count } events were
  } read more than once (same sensor and number) and counted once. Two sensors must not bear the same name.
pot-duplicates-unchecked = { $count ->
    [one] 1 event
   *[other] { $count } events
  } could not be checked for having been read before: its record has too many holes.
pot-conflicting = Two sensors have one name, or one began anew: events with numbers that were read already differ from those, and were not counted. Evaluate them apart, and give each sensor a name of its own.
pot-silent = { $sensor }: no event in the span, though there are others.
pot-missing-other = { $count ->
    [one] 1 event is
   *[other] { $count } events are
  } missing in records of sensors that are not listed.
pot-outside = { $count ->
    [one] 1 event lies
   *[other] { $count } events lie
  } outside the span.
pot-stages-more = { $count ->
    [one] 1 stage reached is
   *[other] { $count } stages reached are
  } beyond the limit of different stages.
pot-not-exact = There were more sources than are kept while counting: rare ones were dropped, and counts of returning ones are too low.

pot-chart-activity = Requests over time
pot-chart-sources = Requests by source
pot-chart-countries = Sources by country
pot-chart-stages-reached = Stages reached
pot-chart-stages = { $count ->
    [one] 1 stage reached
   *[other] { $count } stages reached
  }
pot-legend-requests = requests in { $step }
pot-legend-stages = stages of attacks reached
pot-legend-through = got through, or sent files or commands
pot-legend-refused = attacked in vain
pot-legend-other = others
pot-legend-succeeded = succeeded
pot-legend-in-vain = refused

section-pot-new = New since last time
section-pot-activity = Activity
section-pot-sources = Sources
section-pot-countries = Countries and networks
section-pot-stages = Stages
section-pot-tools = Tools
section-pot-user-agents = User agents
section-pot-ja4 = JA4
section-pot-ja3 = JA3
section-pot-workstations = NTLM workstations
section-pot-credentials = Credentials
section-pot-passwords = Passwords, masked
section-pot-sent = What was sent
section-pot-commands = Commands
section-pot-uploads = Files
section-pot-paths = Paths
section-pot-rules = Rules that matched
section-pot-hosts = Sensors and hosts
section-pot-gaps = Gaps

column-pot-score = score
column-pot-address = address
column-pot-place = place
column-pot-days = days
column-pot-network = network
column-pot-organisation = organisation
column-pot-sources = sources
column-pot-account = account
column-pot-attempts = attempts
column-pot-passwords = passwords
column-pot-scheme = sent as
column-pot-count = count
column-pot-value = value
column-pot-sensor = sensor
column-pot-host = host
column-pot-persona = persona

## Why a build does not tell whether it has a fix

because-no-list = no list of fixed builds for this CVE
because-no-product = { $build } is a build of no known Exchange Server
because-also-needs = the build alone does not tell: { $what }
because-some-builds = some builds that begin with { $parts } have the fix and some have not
because-no-cumulative-update = no cumulative update of { $product } has builds such as { $build }
because-newer-than-tables = { $build } is newer than every build of { $product } that the tables know; --update-table takes newer ones
because-sources-disagree = sources name { $first } and { $last } as the first build with the fix
because-unverified = that { $build } has the fix rests on one source that could not be checked
because-own-month-only = the March 2021 update for old cumulative updates brings the fixes of its own month only
because-own-month-only-kb = the March 2021 update for old cumulative updates brings the fixes of its own month only; whether { $kb } was installed before it does not show in the build
because-not-assessed = no source tells whether { $product } is affected

needs-extended-protection-must-be-turned-on = Extended Protection must be turned on
needs-the-active-directory-schema-must-be-extended-prepareschema = the Active Directory schema must be extended (PrepareSchema)
needs-serialized-data-signing-must-be-on = Serialized Data Signing must be on
needs-the-fix-is-in-the-iis-token-cache-module-or-in-its-removal-not-in-an-exchange-build = the fix is in the IIS Token Cache module or in its removal, not in an Exchange build
needs-the-dedicated-hybrid-app-must-be-configured = the dedicated hybrid app must be configured
needs-download-domains-must-be-configured = Download Domains must be configured
needs-active-directory-must-be-prepared-preparealldomains = Active Directory must be prepared (PrepareAllDomains)

## Builds

builds-no-product = a build of no known Exchange Server
builds-updates-unknown = { $name }; three parts do not tell which updates are installed
builds-unlisted = { $name }, unlisted build
builds-released = Released { $date }
builds-released-ago = Released { $date }, { $age } before { $day }
builds-years = { $count ->
    [one] 1 year
   *[other] { $count } years
  }
builds-months = { $count ->
    [one] 1 month
   *[other] { $count } months
  }
builds-days = { $count ->
    [one] 1 day
   *[other] { $count } days
  }
builds-supported = Microsoft supports this product; no end is announced.
builds-supported-until = Microsoft supports this product until { $date }.
builds-support-ended = Microsoft's support ended on { $date }.
builds-paid-until = Those who pay get updates for { $for } until { $date }.
builds-paid-ended = Paid updates, for { $for } only, ended on { $date }.
builds-superseded = This cumulative update gets no more updates; the last was { $release }, { $date }.

builds-verdict-open = { $count ->
    [one] 1 CVE of the known chains is open: { $chains }.
   *[other] { $count } CVEs of the known chains are open: { $chains }.
  }
builds-verdict-unknown = No CVE of the known chains is certainly open, but of { $count } it cannot be told: { $chains }.
builds-verdict-no-build = The tables know neither this build nor its cumulative update.
builds-verdict-no-product = The tables know no Exchange Server with such builds.
builds-verdict-fixed = Every CVE of the known chains is fixed.

builds-chains = Known chains of attacks
builds-others = Other CVEs and advisories
builds-install = What to install
builds-fixed = fixed
builds-open = open
builds-unknown = unknown
builds-counts = { $fixed } fixed, { $open } open, { $unknown } unknown.

builds-fixed-own = at or above { $build }, the first build of this cumulative update with the fix
builds-fixed-newer = newer than { $build }, the first build of the newest cumulative update that needed the fix
builds-fixed-never = the product is not affected, or came with the fix
builds-open-own = below { $build }, the first build of this cumulative update with the fix
builds-open-newer = this cumulative update never got the fix; the newest one that did has it from { $build } on

builds-minimum-own = At once, the least that closes ProxyShell: { $release }.
builds-minimum-newer = At once, the least that closes ProxyShell: { $release }. This cumulative update never got the fixes.
builds-closes-all = At once, the least that closes every known chain that is open ({ $chains }): { $release }.
builds-may-be-there = It may be there already.
builds-move-on = { $product } is out of support: move on to { $release }.
builds-newest = The newest: { $release }.
builds-newest-paid = Only for those who pay for Extended Security Updates (ESU): { $release }.
builds-newest-until-then = Until then: { $release }, the last that everybody gets.
builds-unverified = One source, which could not be checked, names a newer one: { $release }. Look whether it is out.
builds-is-newest = The newest update of this product is installed.

builds-column-build = Build
builds-column-release = Release
builds-column-date = Date
builds-column-kb = KB
builds-column-note = Note
builds-column-first-to-fix = First to fix
builds-note-newest = newest
builds-note-paid = paid (ESU)
builds-note-unverified = one source only

# Scan: sentences of assessments (crates/posture/src/reasons.rs)
host-blocked = Something refuses every request (status { $answers }) before it is known what stands behind it.
host-cut = Connections were cut in place of an answer ({ $checks }): what stands behind a filter cannot be told.
host-broken = Something answers, but not so that it could be understood: { $fault }.
host-check-succeeded = A check succeeded: { $chains }.
host-with-exchange-online = Its name leads to Exchange Online, which Microsoft patches; it was not asked.
host-exchange-online = Build { $build } is Exchange Online, which Microsoft patches.
host-filtered = Something before Exchange stops the check for { $chains }.
host-fixed = Build { $build } has the fixes for all known chains.
host-guarded = Exchange refuses the check for { $chains }; the build does not tell more.
host-incomplete = Nothing bad was found, but not everything could be asked: { $fault }.
host-not-asked = This machine did not get to ask: { $fault }.
host-not-exchange = What answers is no Exchange server.
host-not-http = What answers is no Exchange server: { $fault }.
host-not-told = It cannot be told what answers here: { $fault }.
host-open-by-build = By build { $build }, open to { $chains }.
host-unknown = The build does not tell of { $chains }.
host-unknown-no-build = The build is not known, which would tell of { $chains }.
host-unpatched = Guarded here, unpatched: build { $build } lacks fixes for { $chains }.
host-unpatched-filtered = Unpatched: build { $build } lacks fixes for { $chains }; something before Exchange stops checks, and may let another form pass.
host-unreachable = Nothing answered: { $fault }.
host-unanswered = Whether it is Exchange cannot be told, for some requests were not answered: { $checks }.
host-untold = Whether it is Exchange cannot be told from its answers (status { $answers }).
host-untold-address = Nothing bad was found, but whether Exchange answers at { $address } cannot be told.
check-bare-refusal = The check was refused (status { $status }), but not recognisably by Exchange.
check-broken-owa = The check led to the error page, but so does OWA itself here: OWA is broken.
check-fault = The check was not answered: { $fault }.
check-redirect = The check was led elsewhere, which tells nothing: { $location }
check-refused = Exchange refused the check (status { $status }).
check-status = The answer to the check tells nothing (status { $status }).
check-stopped = Something before Exchange stopped the check (status { $status }).
cve-check-mapi = The check succeeded: MAPI's back end answered without a log-on.
cve-check-owa = The check succeeded: OWA's back end was reached without a log-on.
cve-check-proxylogon = The check succeeded: the front end takes its back end from the cookie.
cve-contradiction = The check succeeded although build { $build } has the fix: one of the two is wrong, or the update was not installed completely.
cve-mitigated = URL Rewrite aborts such requests, as Microsoft's mitigation does. That can be bypassed, and says nothing on OWASSRF.
cve-behind-filtered = What comes before it, { $cve }, is stopped before Exchange.
cve-behind-fixed = Unpatched, but what comes before it, { $cve }, is fixed.
cve-behind-guarded = What comes before it, { $cve }, is refused here.
cve-filtered-unpatched = Unpatched (build { $build }); something before Exchange stopped the check, and may let another form pass.
cve-fixed = Build { $build } has the fix.
cve-fixed-three-parts = Every build that begins with { $build } has the fix.
cve-guarded-unpatched = Guarded here, unpatched: the check was refused, but build { $build } lacks the fix.
cve-no-build = The build is not known, and no check tells.
cve-open-by-build = By build: { $build } lacks the fix.
install-minimum = Install { $minimum } at once, at least, which closes { $chains }; better the newest, { $release }.
install-minimum-and-move = Install { $minimum } at once, at least, which closes { $chains }; then move to { $release }: { $product } is out of support.
install-move = { $product } is out of support: move to { $release }.
install-move-paid = { $product } is out of support: move to { $release }; until then, with paid Extended Security Updates (ESU): { $paid }.
install-newest = Install { $release }.
install-newest-and-move = Install { $newest }; then move to { $release }: { $product } is out of support.
install-newest-and-move-paid = Install { $newest } or, with paid Extended Security Updates (ESU), { $paid }; then move to { $release }: { $product } is out of support.
finding-paid-support = { $product } gets updates for paying customers only, until { $date }.
cve-unknown = It cannot be told: { $because }.
finding-addresses-leaked = Redirects give away addresses from within: { $addresses }.
finding-basic = Basic authentication is offered, so that passwords can be tried: { $directories }.
finding-basic-without-tls = Basic authentication is offered without TLS, which gives passwords away: { $directories }.
finding-certificate-expired = The certificate for { $subject } expired on { $date }.
finding-certificate-expires = The certificate for { $subject } expires on { $date }.
finding-certificate-name = The certificate for { $subject } does not name { $host }.
finding-certificate-not-yet = The certificate for { $subject } is valid only from { $date } on.
finding-certificate-self-signed = The certificate for { $subject } is signed by itself.
finding-disclosures-disagree = The server discloses different builds ({ $builds }); the one that lacks most decides.
finding-ecp = The admin center (/ecp/) can be reached from the internet (status { $status }).
finding-incomplete = Not everything could be asked: { $fault }.
finding-incomplete-address = Not everything could be asked of { $address }: { $fault }.
finding-names-leaked = Answers give away names from within: { $names }.
finding-old-tls = Outdated versions of TLS are spoken: { $versions }.
finding-out-of-support = { $product } has been out of support since { $date }.
finding-powershell = The PowerShell directory can be reached from the internet (status { $status }).
finding-several-builds = { $count } front ends have different builds: { $builds }.
finding-smtp-without-tls = SMTP (port 25) offers no STARTTLS.
finding-submission-without-tls = Mail submission (port 587) offers no STARTTLS.
finding-unanswered = Requests without an answer: { $checks }.

# Scan: why something was not answered
fault-no-address = this name has no address
fault-lookup-failed = the name could not be looked up
fault-refused = the connection was refused
fault-unreachable = the network or the host cannot be reached
fault-connect-timeout = no connection in time
fault-tls = the TLS handshake failed
fault-tls-timeout = no TLS session in time
fault-reset = the connection was reset
fault-closed = the connection was closed without a whole answer
fault-timeout = no answer in time
fault-too-slow = the answer came too slowly
fault-not-http = it does not speak HTTP
fault-bad-head = the head of the answer does not follow HTTP/1
fault-head-too-large = the head of the answer is too large
fault-bad-body = the body cannot be decoded
fault-excluded = none of its addresses may be asked
fault-exchange-online = it lies with Exchange Online
fault-no-room = no room for another connection
fault-interrupted = the scan was interrupted
fault-other = something else failed

# Scan: outputs
navigation = Sections of this page
scan-title = Exchange servers, seen from outside
scan-from-internet = asked from the internet
scan-from-internal = asked from within the network
scan-checks-quick = quick checks
scan-checks-full = all checks
scan-authorised = authorised by { $who }
scan-contact = contact { $who }
scan-build = Build
scan-build-unknown = build unknown
scan-front-end = Front end
scan-certificate = Certificate
scan-until = until { $date }
scan-fixed-in = Fixed in { $build }.
scan-no-answer = none
scan-tls-spoken = speaks { $versions }
scan-tls-refused = refuses { $versions }
scan-no-starttls = no STARTTLS
scan-incomplete = The scan is not complete: not every target was asked.
scan-verdict-not-exchange = no Exchange
scan-verdict-not-affected = not affected
scan-verdict-fixed = fixed
scan-verdict-guarded = guarded
scan-verdict-unreachable = unreachable
scan-verdict-filtered = filtered
scan-verdict-unknown = unknown
scan-verdict-unpatched = unpatched
scan-verdict-vulnerable = vulnerable
scan-meaning-not-exchange = What answers is no Exchange server.
scan-meaning-not-affected = The mail lies with Exchange Online.
scan-meaning-fixed = Every CVE of the known chains is fixed.
scan-meaning-guarded = The check was refused; the build does not tell.
scan-meaning-unreachable = Nothing answered.
scan-meaning-filtered = Something before Exchange stops the checks.
scan-meaning-unknown = It cannot be told.
scan-meaning-unpatched = Fixes are missing; what is open is guarded here.
scan-meaning-vulnerable = A check succeeded, or fixes are missing and nothing guards.
scan-cve-fixed = fixed
scan-cve-guarded = guarded
scan-cve-filtered = filtered
scan-cve-unknown = unknown
scan-cve-vulnerable = vulnerable
scan-why-excluded = excluded
scan-why-foreign-host = outside the mail domain, not confirmed
scan-why-special-range = its address is of a kind that was to be skipped
section-scan-summary = Summary
section-scan-products = Products
section-scan-releases = Builds
section-scan-networks = Networks with open hosts
section-scan-cves = CVEs of the known chains
section-scan-findings = What else deserves attention
section-scan-exposure = What answers
section-scan-services = TLS and mail services
section-scan-not-asked = Not asked
column-scan-verdict = verdict
column-scan-target = target
column-scan-release = release
column-scan-build = build
column-scan-front-end = front end
column-scan-reason = reason
column-scan-hosts = hosts
column-scan-open = open
todo-close = Take the server off the internet, or let only a VPN reach it, until it is updated: whoever asks gets in.
todo-update = Install the newest cumulative update of a supported version and the newest security update for it.
todo-hunt = Updates throw nobody out who is already in. Hunt for traces in the server's logs: imker hunt.
todo-build = Ask the server itself for its build: Get-Command ExSetup.exe | ForEach-Object FileVersionInfo; then imker builds lookup.
todo-filtered = Ask again from within the network (--vantage internal): a filter says nothing about the server behind it.
todo-unreachable = See whether name, port and network are right, and whether the server is meant to be reached from here.
todo-unknown = Ask again with --checks full, or from within the network.
todo-fixed = Nothing urgent. Keep installing the updates as they come.
todo-not-affected = Nothing: Microsoft updates Exchange Online. A hybrid server of your own is to be asked by itself.
todo-not-exchange = Nothing. If Exchange should be here, look at name and port.
todo-full = Only the quick checks were made: --checks full asks for everything.
scan-took = { $count ->
    [one] 1 host
   *[other] { $count } hosts
  } in { $time }.
scan-further-newest = { $count ->
    [one] 1 other CVE is not fixed: { $newest }.
   *[other] { $count } other CVEs are not fixed, the newest { $newest }.
  }
scan-further-untold = { $count ->
    [one] 1 is not told by the build.
   *[other] { $count } are not told by the build.
  }
scan-further-lists = imker builds lookup { $build } lists them.
scan-see-details = More with --details, everything with --format json.
scan-ntlm = NTLM names
scan-times = ({ $count } times)
scan-age-months = { $count ->
    [one] 1 month old
   *[other] { $count } months old
  }
scan-age-years = { $count } years old
scan-further-open = { $count ->
    [one] 1 other CVE is
   *[other] { $count } other CVEs are
  } not fixed:
scan-further-unknown = { $count ->
    [one] 1 other CVE is not told by the build:
   *[other] { $count } other CVEs are not told by the build:
  }
column-scan-product = product
column-scan-network = network
column-scan-chain = chain
column-scan-untold = untold
section-scan-patches = Patch levels
section-scan-hosts = Hosts, the worst first
section-scan-notes = What was asked, and what it shows
scan-none = None.
scan-no-builds = No server told its build.
scan-patches-note = Builds of the worst front ends, the newest first. Builds of three parts tell the cumulative update only.
scan-chart-verdicts = Hosts by verdict
scan-chart-patches = Hosts by build
scan-state-nobody = Nobody was asked: nothing is known of any host.
scan-state-good = No host is open to the known chains.
scan-note-requests = Only requests without log-on, content or effect were sent, as docs/scan.md shows them byte for byte; the checks use an address under .invalid.
scan-note-build = Vulnerable by build means that the build lacks a fix, not that anyone got in. A check that was refused says nothing about who got in before.
scan-note-quick = Only the quick checks were made: ProxyLogon and ProxyNotShell are told by the build alone.
scan-note-law = Ask servers of others only with their permission or a mandate of your own: the law of both countries applies. This page names weak servers; keep it accordingly.
scan-unchanged = unchanged
scan-change-worse = worse
scan-change-new = new
scan-change-untold = can no longer be told
scan-change-gone = gone
scan-change-better = better
scan-change-build-changed = build changed
scan-change-certificate-changed = certificate changed
scan-more = { $count } more: in the JSON.
scan-hosts-beyond = The { $shown } worst hosts; { $count } more are in the JSON.
scan-state-open = { $count ->
    [one] 1 host is
   *[other] { $count } hosts are
  } open to a known chain, by a check or by build.
scan-state-untold = { $count ->
    [one] 1 host
   *[other] { $count } hosts
  } could not be told: unreachable, filtered or unknown.
