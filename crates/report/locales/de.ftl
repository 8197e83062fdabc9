### Deutsche Texte der Berichte; die englischen stehen in en.ftl, ein Test hält beide gleich.

## Urteile

verdict-no-trace = keine Spur
verdict-attempted = angegriffen
verdict-vulnerable = verwundbar
verdict-exploited = ausgenutzt
verdict-compromised = kompromittiert

meaning-no-trace = Kein Angriff in den gelesenen Protokollen.
meaning-attempted = Angegriffen. Von keinem Schritt ist bekannt, dass er gelang.
meaning-vulnerable = Eine Probe gelang: Der Server war für den Angriff offen. Weiteres war nicht zu sehen.
meaning-exploited = Ein Schritt nach der Probe gelang: Angreifer kamen durch.
meaning-compromised = Eine Webshell antwortete: Angreifer konnten auf dem Server Befehle ausführen.

confidence-low = gering
confidence-medium = mittel
confidence-high = hoch

outcome-filtered = gefiltert
outcome-refused = abgewiesen
outcome-unclear = unklar
outcome-succeeded = gelungen

vantage-front-end = Front-End
vantage-proxy = Proxy
vantage-back-end = Back-End
vantage-http-err = HTTPERR

kind-iis = IIS
kind-http-err = HTTPERR
kind-http-proxy = HttpProxy

origin-built-in = mitgeliefert
origin-user = Ihre Regel
origin-indicator = Ihr Indikator

level-informational = Hinweis
level-low = niedrig
level-medium = mittel
level-high = hoch
level-critical = kritisch

stage-probe = Probe
stage-mailbox-access = Postfachzugriff
stage-powershell = PowerShell
stage-webshell = Webshell

unread-permission = keine Berechtigung zum Öffnen
unread-io = Lesen fehlgeschlagen
unread-damaged = Archiv oder komprimierter Datenstrom ist beschädigt
unread-truncated = komprimierter Datenstrom endet zu früh
unread-binary = Bytes, die kein Protokoll enthält
unread-torn = zerrissene Zeilen
unread-line-too-long = eine Zeile über der Höchstlänge
unread-no-fields = ein Webprotokoll ohne #Fields-Zeile; --fields kann die Spalten nennen
unread-ratio-limit = entpackt sich auf mehr Bytes, als das erlaubte Verhältnis zulässt
unread-size-limit = entpackt sich auf mehr Bytes, als die Obergrenze zulässt
unread-member-limit = das Archiv hat mehr Einträge, als die Obergrenze zulässt
unread-too-deep = ein Archiv in einem Archiv in einem Archiv
unread-unsupported = verschlüsselt oder auf unbekannte Weise gepackt
unread-other = nicht lesbar

## Der erste Bildschirm

title = Spurensuche in Exchange-Webprotokollen
read-summary = { $files ->
    [one] 1 Protokolldatei
   *[other] { $files } Protokolldateien
  }, { $size }, { $lines } Zeilen, { $servers ->
    [one] 1 Server
   *[other] { $servers } Server
  }
confidence = Sicherheit { $level }
window-vulnerable = verwundbar
window-vulnerable-from = seit { $from }
window-vulnerable-span = { $from } bis { $to }
window-first-attack = erster Angriff
window-first-success = erster Erfolg
window-last-activity = letzte Aktivität
window-before = davor
window-no-data-before = keine Daten vor { $time }
window-no-data = keine Daten
window-without-fix = Build ohne Korrektur
window-with-fix = Build mit Korrektur
window-build = { $name }, gesehen ab { $from }
window-none = nicht gesehen
complete = Vollständig: Alles, was nach Webprotokoll aussah, wurde ganz gelesen.
incomplete = Unvollständig: { $count ->
    [one] ein Protokollabschnitt war nicht lesbar
   *[other] { $count } Protokollabschnitte waren nicht lesbar
  } und kann mehr verbergen.
no-servers = Kein Webprotokoll gefunden: Es gibt nichts, worauf ein Urteil beruhen könnte.
more-servers = und { $count ->
    [one] 1 weiterer Server
   *[other] { $count } weitere Server
  }: { $verdicts }
utc-note = Alle Zeiten in UTC.

## Abschnitte

section-verdict = Urteil
section-servers = Server
section-attacks = Angriffe
section-timeline = Zeitlicher Verlauf
section-reconnaissance = Ausspähung
section-indicators = Ihre Indikatoren
section-normal = Gesehen und normal
section-correlations = Korrelationen
section-exposure = Erreichbarkeit
section-coverage = Abdeckung
section-unread = Ungelesen
section-set-aside = Beiseitegelegt
section-unanswered = Regeln, auf die manche Protokolle keine Antwort geben
section-inputs = Eingabedateien
section-advice = Was jetzt zu tun ist
section-rules = Regeln

judgement-reasons = Warum
judgement-against = Was dagegen spricht
judgement-cannot-show = Was diese Protokolle nicht zeigen können
patch-level = Patchstand

## Angriffe

attacks-none = Keine Angriffe.
attacks-not-listed = { $count ->
    [one] 1 weiterer Angriff wurde
   *[other] { $count } weitere Angriffe wurden
  } gezählt, aber nicht einzeln erfasst.
attack-heading = Angriff { $number }: { $chain }
attack-from = von { $client }
attack-origin-unknown = von unbekannter Adresse
attack-also = mit { $clients }
attack-and-more = und { $count } weitere
attack-own-scanner = Ihr eigener Scanner: { $label }
attack-on = gegen { $servers }
attack-webshells = Webshells
attack-bytes = { $size } nach dem ersten Erfolg an die Angreifer gesendet
attack-rate = bis zu { $count ->
    [one] 1 Anfrage
   *[other] { $count } Anfragen
  } je Stunde nach dem ersten Erfolg
attack-rules = Regeln, die zutrafen
attack-evidence = Belege
evidence-place = Zeile { $line }, Byte { $offset }
cves = CVE
techniques = ATT&CK
servers = Server

column-stage = Stufe
column-outcome = Ausgang
column-requests = Anfragen
column-first = erste
column-last = letzte
column-first-success = erster Erfolg
column-rule = Regel
column-author = Autor
column-source = Quelle
column-title = Titel
column-level = Stufe
column-time = Zeit
column-server = Server
column-client = Client
column-clients = Clients
column-count = Anzahl
column-place = Stelle
column-line = Zeile im Protokoll
column-status = Status
column-vantage = Protokoll
column-kind = Art
column-log = Protokoll
column-files = Dateien
column-size = Größe
column-lines = Zeilen
column-directory = virtuelles Verzeichnis
column-public-successful = öffentlich, beantwortet
column-public-refused = öffentlich, abgewiesen
column-internal = intern
column-file = Datei
column-offset = Byte
column-reason = Grund
column-indicator = Indikator
column-group = Gruppe
column-why = warum
column-build = Build
column-sha256 = SHA-256
column-modified = geändert
column-span = von – bis

rule-by = von { $author }
rule-author-unknown = Autor nicht genannt

## Weitere Abschnitte

reconnaissance-none = Keine Scanner und keine Treffer niedriger Stufe.
reconnaissance-note = Bekannte Scanner und Treffer niedriger Stufe: vermerkt, keine Angriffe.
indicators-none = Keiner Ihrer Indikatoren wurde gesehen.
indicator-from = aus { $source }
normal-note = Anfragen, die denen in Warnmeldungen ähneln und doch gewöhnlich sind.
normal-none = Keine.
exposure-note = Anfragen von öffentlichen Adressen je virtuellem Verzeichnis.
exposure-none = Nicht gezählt: Dafür muss jede Zeile gelesen werden (--stats).
exposure-empty = Keine Anfrage erreichte ein bekanntes virtuelles Verzeichnis.
coverage-note = „Keine Spur“ gilt nur für die hier genannten Tage und Protokolle.
coverage-none = Kein Protokoll deckt etwas ab.
coverage-empty = keine Ereignisse
coverage-gap = keine Ereignisse für { $duration }: { $from } bis { $to }
coverage-days = { $count ->
    [one] 1 Tag ohne Ereignisse
   *[other] { $count } Tage ohne Ereignisse
  }: { $days }
coverage-overlap = { $first } und { $second } decken dieselbe Zeit ab, { $from } bis { $to }
coverage-clock = die Uhr ging zurück von { $from } auf { $to }: { $place }
coverage-not-listed = { $count ->
    [one] 1 weiterer Eintrag
   *[other] { $count } weitere Einträge
  } nicht aufgeführt
coverage-files = { $count ->
    [one] 1 Datei
   *[other] { $count } Dateien
  }
unread-none = Nichts: Jedes Webprotokoll wurde ganz gelesen.
unread-from = ab Byte { $offset }
unread-not-listed = { $count ->
    [one] 1 weiterer Abschnitt
   *[other] { $count } weitere Abschnitte
  } nicht aufgeführt
set-aside-none = Keine.
set-aside-note = Dateien anderer Art unter den angegebenen Pfaden.
unanswered-note = Diesen Protokollen fehlen Spalten, nach denen die Regeln fragen: Kein Treffer heißt dort nichts.
unanswered-none = Keine.
unanswered-files = { $count ->
    [one] 1 { $kind }-Datei
   *[other] { $count } { $kind }-Dateien
  }
rules-used = { $built-in } mitgelieferte Regeln, { $user } eigene, { $indicators } Indikatoren; { $aside } Regeln für andere Protokollquellen beiseitegelegt
advice-none = Nichts zu tun.
paths = gelesen
created = Geschrieben { $time } von Imker { $version }.

chart-timeline = Angriffe im Zeitverlauf: ein Strich je Stufe jedes Angriffs, gefärbt nach Ausgang
chart-stages = Stufen von Angriff { $number } im Zeitverlauf
chart-coverage = Zeit, die die Protokolle jedes Servers abdecken, mit Lücken
chart-requests = { $count ->
    [one] 1 Anfrage
   *[other] { $count } Anfragen
  }
chart-more = { $count ->
    [one] 1 weiterer Angriff ist
   *[other] { $count } weitere Angriffe sind
  } nicht gezeichnet
chart-legend-covered = abgedeckt
chart-legend-gap = keine Ereignisse

sarif-result = { $chain }, Stufe { $stage }, { $outcome }: Anfrage von { $client } an { $server }.
sarif-rule = Regel „{ $title }“ von { $author } ({ $id }, { $source }).
sarif-unread = Nicht gelesen: { $reason }.
sarif-unknown-client = einer unbekannten Adresse
