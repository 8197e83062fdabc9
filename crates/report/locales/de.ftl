### Deutsche Texte der Berichte; die englischen stehen in en.ftl, ein Test hält beide gleich.

## Urteile

verdict-no-trace = keine Spur
verdict-attempted = angegriffen
verdict-vulnerable = verwundbar
verdict-exploited = ausgenutzt
verdict-compromised = kompromittiert
verdict-no-answer = keine Antwort
verdict-nothing-read = nichts gelesen

meaning-no-trace = Kein Angriff in den gelesenen Protokollen.
meaning-attempted = Angegriffen. Von keinem Schritt ist bekannt, dass er Erfolg hatte.
meaning-vulnerable = Eine Probeanfrage war erfolgreich: Der Server war für den Angriff offen. Weiteres war nicht zu sehen.
meaning-exploited = Ein Schritt nach der Probeanfrage war erfolgreich: Angreifer kamen durch.
meaning-compromised = Eine Webshell antwortete: Angreifer konnten auf dem Server Befehle ausführen.
meaning-no-answer = Keine Anfrage wurde gelesen: Es lässt sich nichts sagen.

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

stage-probe = Probeanfrage
stage-mailbox-list = Postfachliste
stage-legacy-dn = Postfach-DN
stage-sid = Postfach-SID
stage-mailbox-access = Postfachzugriff
stage-powershell = PowerShell
stage-ssrf = Back-End-Anfrage
stage-write-file = Datei abgelegt
stage-token = Sitzungscookie
stage-rule-change = Regel geändert
stage-exploit = Ausnutzung
stage-webshell = Webshell
stage-other = Sonstiges
stage-reconnaissance = Ausspähung
stage-indicator = Indikator

aside-program = Programme
aside-event-log = Ereignisprotokolle
aside-pdf = PDF-Dokumente
aside-7z-archive = 7z-Archive
aside-rar-archive = RAR-Archive
aside-xz-archive = xz-Archive
aside-bzip2-archive = bzip2-Archive
aside-cabinet-archive = Cabinet-Archive
aside-outlook-data = Outlook-Datendateien
aside-registry-hive = Registry-Strukturen
aside-sqlite-database = SQLite-Datenbanken
aside-picture = Bilder
aside-office-document = Office-Dokumente
aside-empty = leere Dateien
aside-database = Datenbanken
aside-text = Textdateien
aside-binary = andere Binärdateien
aside-link-in-an-archive = Verweise in Archiven
aside-device-pipe-or-socket = Geräte, Pipes und Sockets
aside-symbolic-link-within-the-tree = symbolische Links innerhalb des Baums
aside-symbolic-link-out-of-the-tree = symbolische Links aus dem Baum hinaus
aside-broken-symbolic-link = tote symbolische Links
aside-exchange-log = Exchange-Protokolle
aside-ftp-log = FTP-Protokolle
aside-xml-or-html = XML- oder HTML-Dateien
aside-json-or-settings = JSON- oder Einstellungsdateien
aside-other = andere

unread-permission = keine Berechtigung zum Öffnen: Imker als Administrator starten oder eine Kopie prüfen
unread-io = Lesen fehlgeschlagen: Datenträger oder Netzfreigabe ansehen oder eine Kopie prüfen
unread-damaged = Archiv oder komprimierter Datenstrom ist beschädigt: vom Ursprung neu holen
unread-truncated = Archiv oder komprimierter Datenstrom endet zu früh: neu holen, die Kopie ist unvollständig
unread-binary = Bytes, die kein Protokoll hat, etwa nach Absturz: ansehen oder unversehrte Kopie suchen
unread-torn = abgeschnittene oder unpassende Zeilen: ansehen, andere Kopie suchen oder --fields ändern
unread-line-too-long = eine Zeile, viel länger als in Protokollen: von Hand ansehen, was dort steht
unread-no-fields = ein Webprotokoll ohne #Fields-Zeile über den Zeilen: Spalten mit --fields nennen
unread-ratio-limit = entpackt mehr, als --max-ratio erlaubt: erhöhen, wenn dem Archiv zu trauen ist
unread-size-limit = entpackt mehr, als --max-unpacked erlaubt: erhöhen, wenn dem Archiv zu trauen ist
unread-member-limit = mehr Einträge, als geöffnet werden: Archiv entpacken und den Ordner prüfen
unread-too-deep = ein Archiv im Archiv im Archiv: das äußere entpacken und den Ordner prüfen
unread-unsupported = verschlüsselt oder unbekannt gepackt: anderweitig entpacken und den Ordner prüfen
unread-other = nicht lesbar: von Hand ansehen, was es ist

## Der erste Bildschirm

title = Spurensuche in Exchange-Webprotokollen
read-summary = { $files ->
    [one] 1 Protokolldatei
   *[other] { $files } Protokolldateien
  }, { $size }, { $lines ->
    [one] 1 Zeile
   *[other] { $lines } Zeilen
  }, { $servers ->
    [one] 1 Server
   *[other] { $servers } Server
  }
confidence = Gewissheit { $level }
window-vulnerable = belegt verwundbar
window-vulnerable-from = seit { $from }
window-vulnerable-span = { $from } bis { $to }
window-first-attack = erster Angriff
window-first-success = erster Erfolg
window-last-activity = letzte Aktivität
window-no-data-before = keine Daten vor
window-without-fix = Build ohne Korrektur
window-with-fix = Build mit Korrektur
window-build = { $name }, gesehen ab { $from }
window-none = nicht gesehen
complete = Vollständig: Alles, was nach Webprotokoll aussah, wurde ganz gelesen.
incomplete = Unvollständig: { $count ->
    [one] 1 Protokollabschnitt nicht lesbar; er kann
   *[other] { $count } Protokollabschnitte nicht lesbar; sie können
  } mehr verbergen.
incomplete-nothing-read = { $count ->
    [one] 1 Abschnitt der Protokolle war nicht lesbar: „Ungelesen“ sagt, warum und was zu tun ist.
   *[other] { $count } Abschnitte der Protokolle waren nicht lesbar: „Ungelesen“ sagt, warum und was zu tun ist.
  }
nothing-read-help = Aus keinem Webprotokoll wurde eine Anfrage gelesen, also gibt es kein Urteil. Geben Sie die Ordner inetpub\logs\LogFiles und Logging\HttpProxy des Servers an oder ein Archiv davon; „Ungelesen“ und „Beiseitegelegt“ sagen, was stattdessen gefunden wurde.
nothing-in-span-help = Protokolle wurden gelesen, aber keine ihrer Anfragen liegt im angegebenen Zeitraum, also gibt es kein Urteil. „Abdeckung“ sagt, wann die Protokolle beginnen und enden.
only-since = Nur Anfragen ab { $from }.
only-until = Nur Anfragen vor { $to }.
only-between = Nur Anfragen von { $from } bis { $to }.
indicators-seen = Ihre Indikatoren wurden gesehen: { $names }
indicators-seen-html = { $count ->
    [one] 1 Ihrer Indikatoren wurde
   *[other] { $count } Ihrer Indikatoren wurden
  } gesehen.
see-advice = Was jetzt zu tun ist: siehe Ende.
more-servers = und { $count ->
    [one] 1 weiterer Server
   *[other] { $count } weitere Server
  }: { $verdicts }
more-elsewhere = { $count } weitere: im JSON- und im HTML-Bericht.
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

overall = Für alle Server
judgement-reasons = Warum
judgement-against = Was dagegen spricht
judgement-cannot-show = Was diese Protokolle nicht zeigen können
patch-level = Patchstand

## Angriffe

attacks-none = Keine Angriffe.
attacks-legend = ● gelungen · ◐ unklar · ○ abgewiesen oder gefiltert
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
column-first-request = erste Anfrage
column-last-request = letzte Anfrage
column-first-success = erster Erfolg
column-rule = Regel
column-author = Autor
column-source = Quelle
column-level = Schwere
column-time = Zeit
column-server = Server
column-clients = Clients
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
column-sha256 = SHA-256
column-modified = geändert

rule-by = von { $author }
rule-author-unknown = Autor nicht genannt

## Weitere Abschnitte

reconnaissance-note = Bekannte Scanner und Treffer niedriger Stufe: vermerkt, keine Angriffe.
correlations-not-listed = { $count ->
    [one] 1 weitere Gruppe von Anfragen wurde
   *[other] { $count } weitere Gruppen von Anfragen wurden
  } ausgelassen, um den Speicher zu begrenzen.
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
unread-none-read = Kein Lesen schlug fehl, es wurde aber auch keine Anfrage gelesen.
unread-from = ab Byte { $offset }
unread-not-listed = { $count ->
    [one] 1 weiterer Abschnitt
   *[other] { $count } weitere Abschnitte
  } nicht aufgeführt
inputs-not-listed = { $count ->
    [one] 1 weitere Datei
   *[other] { $count } weitere Dateien
  } nicht aufgeführt
set-aside-note = Dateien anderer Art unter den angegebenen Pfaden.
unanswered-note = Diesen Protokollen fehlen Spalten, nach denen die Regeln fragen: Kein Treffer heißt dort nichts.
unanswered-files = { $count ->
    [one] 1 { $kind }-Datei
   *[other] { $count } { $kind }-Dateien
  }
rules-used = { $built-in } mitgelieferte Regeln, { $user } eigene, { $indicators ->
    [one] 1 Indikator
   *[other] { $indicators } Indikatoren
  }; { $aside ->
    [one] 1 Regel
   *[other] { $aside } Regeln
  } für andere Protokollquellen beiseitegelegt
rules-refused = { $count ->
    [one] 1 Ihrer Regeln
   *[other] { $count } Ihrer Regeln
  } unbrauchbar; die Standardfehlerausgabe nennt sie.
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
chart-more-logs = { $count ->
    [one] 1 weiteres Protokoll ist
   *[other] { $count } weitere Protokolle sind
  } nicht gezeichnet; siehe die Tabelle
chart-legend-covered = abgedeckt
chart-legend-gap = keine Ereignisse

sarif-result = { $chain }, Stufe { $stage }, { $outcome }: Anfrage von { $client } an { $server }.
sarif-rule = Regel „{ $title }“ von { $author } ({ $id }, { $source }).
sarif-unread = Nicht gelesen: { $reason }.
sarif-unknown-client = einer unbekannten Adresse

## Aussagen: warum das Urteil so lautet

reason-no-logs = Kein Protokoll von { $server } war lesbar: Über diesen Server lässt sich nichts sagen.
reason-no-request = Keine Anfrage an { $server } liegt im angegebenen Zeitraum.
reason-no-attack = Keine Anfrage an { $server } sieht nach einem Angriff aus.
reason-only-reconnaissance = Nur Scanner und Treffer niedriger Stufe waren zu sehen ({ $count ->
    [one] 1 Anfrage
   *[other] { $count } Anfragen
  }).
reason-own-checks-only = Nur Ihr eigener Scanner fragte bei { $server } an ({ $count ->
    [one] 1 Anfrage
   *[other] { $count } Anfragen
  }).
reason-none-succeeded = Auf { $server } war kein Schritt erfolgreich: { $refused ->
    [one] 1 Anfrage
   *[other] { $refused } Anfragen
  } abgewiesen, { $filtered } gefiltert, bevor Exchange antwortete.
reason-unclear = { $count ->
    [one] Bei 1 Anfrage
   *[other] Bei { $count } Anfragen
  } an { $server } verrät das Protokoll den Ausgang nicht.
reason-probe-succeeded = { $chain }: { $count ->
    [one] Eine Probeanfrage
   *[other] { $count } Probeanfragen
  } an { $server } { $count ->
    [one] war
   *[other] waren
  } erfolgreich, zuerst { $time }.
reason-own-check-succeeded = Ihr eigener Scanner kam bei { $server } durch ({ $count ->
    [one] 1 Anfrage
   *[other] { $count } Anfragen
  }), zuerst { $time }.
reason-mailbox-access-succeeded = { $chain }: Postfächer von { $server } wurden ohne Kennwort erreicht ({ $count ->
    [one] 1 Anfrage
   *[other] { $count } Anfragen
  }), zuerst { $time }.
reason-powershell-succeeded = { $chain }: Die Remote-PowerShell von Exchange wurde auf { $server } erreicht ({ $count ->
    [one] 1 Anfrage
   *[other] { $count } Anfragen
  }), zuerst { $time }.
reason-step-succeeded = { $chain }, Stufe { $stage }: { $count ->
    [one] Eine Anfrage an { $server } war
   *[other] { $count } Anfragen an { $server } waren
  } erfolgreich, zuerst { $time }.
reason-webshell-answered = Ein Skript, das nicht zu Exchange gehört, antwortete auf { $server }: { $path }
reason-more-webshells = { $count ->
    [one] 1 weiteres solches Skript antwortete
   *[other] { $count } weitere solche Skripte antworteten
  } auf { $server }.
reason-webshell-after-exploit = Das Skript auf { $server } antwortete, nachdem ein Angriff durchgekommen war.
reason-several-stages = { $count } Stufen eines Angriffs auf { $server } waren erfolgreich und passen zusammen.
reason-logs-agree = { $count ->
    [one] 1 erfolgreiche Anfrage an { $server } steht
   *[other] { $count } erfolgreiche Anfragen an { $server } stehen
  } in mehr als einer Art von Protokoll.
reason-build-open = Auf { $server } lief ein Build ohne die Korrektur für { $cve }: { $build }.
reason-more-servers = { $count ->
    [one] 1 weiterer Server hat
   *[other] { $count } weitere Server haben
  } dasselbe Urteil.

## Aussagen: was dagegen spricht

against-build-fixed = Auf { $server } lief ein Build mit der Korrektur für { $cve }: { $build }.
against-one-log = Nur eine Art von Protokoll von { $server } berichtet vom Erfolg.
against-webshell-alone = Kein früherer Schritt eines Angriffs auf { $server } war zu sehen: Das Skript kann von Ihnen selbst stammen.
against-back-end-status = { $count ->
    [one] Bei 1 Anfrage
   *[other] Bei { $count } Anfragen
  } an { $server } meldete das Back-End dem Proxy einen Fehlschlag.
against-back-end-only = { $count ->
    [one] 1 Anfrage steht
   *[other] { $count } Anfragen stehen
  } nur im Back-End-Protokoll von { $server }.
against-nothing-followed = Nach der Probeanfrage war auf { $server } nichts Weiteres zu sehen.
against-own-check-only = Nur Ihr eigener Scanner kam bei { $server } durch.
against-unclear = { $count ->
    [one] 1 Anfrage an { $server } kann
   *[other] { $count } Anfragen an { $server } können
  } erfolgreich gewesen sein: Das Protokoll verrät es nicht.

## Aussagen: was die Protokolle nicht zeigen können

cannot-show-incomplete = Nicht jedes Protokoll war ganz lesbar; siehe „Ungelesen“.
cannot-show-before = Was auf { $server } vor { $time } geschah: Erst dann beginnen die Protokolle.
cannot-show-gaps = { $count ->
    [one] 1 Zeitraum
   *[other] { $count } Zeiträume
  }, für die { $server } kein Protokoll hat; siehe „Abdeckung“.
cannot-show-front-end = Anfragen von außen an { $server }: Das Protokoll des Front-Ends (W3SVC1) fehlt.
cannot-show-back-end = Was Exchange in { $server } erreichte: Das Protokoll des Back-Ends (W3SVC2) fehlt.
cannot-show-proxy = Wie { $server } Anfragen weitergab, und das Build: Das HttpProxy-Protokoll fehlt.
cannot-show-origin = Wer die Anfragen sandte, die nur im Back-End-Protokoll von { $server } stehen.
cannot-show-bodies = Was Anfragen und Antworten enthielten: Webprotokolle halten keine Inhalte fest.
cannot-show-exports = Ob Postfächer exportiert oder Einstellungen geändert wurden: Das steht im Ereignisprotokoll „MSExchange Management“.
cannot-show-shipped-files = Ob eine Datei verändert wurde, die zu Exchange gehört.
cannot-show-own-check-by-user-agent = Ob Anfragen mit dem User-Agent Ihres Scanners von Ihnen kamen: Jeder kann ihn senden.

## Aussagen: was jetzt zu tun ist

advice-isolate = { $servers } jetzt vom Netz nehmen; nicht ausschalten.
advice-preserve = Beweise von { $servers } sichern, bevor etwas geändert wird: Arbeitsspeicher, Datenträger und alle Protokolle.
advice-mend-unread = Beheben, was unter „Ungelesen“ steht, wie dort gesagt, und erneut prüfen: Es kann Angriffe verbergen.
advice-note-awareness = Festhalten, wer wann von der Verletzung erfuhr: Ab dann können die 72 Stunden nach Artikel 33 DSGVO laufen.
advice-remove-webshells = Webshells sichern, dann entfernen: { $paths }
advice-look-for-webshells = Auf den Datenträgern von { $servers } nach weiteren Webshells suchen: aspnet_client, owa\auth, ecp\auth, ProgramData.
advice-check-exports = Im Ereignisprotokoll „MSExchange Management“ nach New-MailboxExportRequest und New-ExchangeCertificate mit einem Pfad suchen, der auf .aspx endet.
advice-check-roles = Prüfen, wer die Rolle „Mailbox Import Export“ hat, und nach neuen Postfächern, Posteingangsregeln und Transport-Agents suchen.
advice-patch = { $cves } schließen: { $kbs } einspielen oder, besser, das neueste kumulative Update samt Sicherheitsupdate.
advice-check-patch = Prüfen, ob jeder Server das neueste kumulative Update samt Sicherheitsupdate hat.
advice-reinstall = { $servers } neu aufsetzen statt zu bereinigen: Eine Webshell läuft mit den Rechten des Systems.
advice-reset-credentials = Kennwörter aller Konten zurücksetzen, die auf den Servern benutzt wurden, Dienst- und Administratorkonten zuerst.
advice-rotate-keys = Erneuern, was die Server lesen konnten: Zertifikate, die Maschinenschlüssel des IIS und, zweimal, das Kennwort von krbtgt.
advice-restrict-access = { $servers } nur über VPN erreichbar machen, bis das Update eingespielt ist.
advice-read-unclear = Die Belege { $count ->
    [one] der einen Anfrage
   *[other] der { $count } Anfragen
  } mit unklarem Ausgang lesen, zusammen mit den Protokollen der Server dahinter.
advice-check-own-success = Ihr eigener Scanner kam bei { $servers } durch: patchen, als wäre es ein Fremder gewesen.
advice-extend-logs = Webprotokolle länger und getrennt vom Server aufbewahren: Was älter ist als die Protokolle, bleibt ohne Antwort.

## Aussagen: warum Anfragen gewöhnlich sind

normal-mapi-nspi = Outlook fragt /mapi/nspi/ nach dem Adressbuch. Ein Angriff ist ein solcher Pfad nur innerhalb einer Anfrage an autodiscover.json.
normal-autodiscover-json = Outlook für Mobilgeräte und Teams fragen autodiscover.json nach ihrem Server: Protocol= und eine Mailadresse, kein weiterer Pfad.
normal-powershell = Administratoren und Exchange selbst benutzen /powershell mit Anmeldung.
normal-health-probe = Die Überwachung von Exchange fragt die eigenen Dienste mit HealthMailbox-Konten ab.
normal-proxylogon = Status 241 für /owa/proxylogon.owa und /ecp/proxylogon.ecp ist Exchanges eigene Antwort zwischen Front-End und Back-End.
normal-other = Die Regel „{ $rule }“ kennt diese Anfragen als gewöhnlich.

## Auswertung von Honeypots

pot-title = Auswertung der Honeypots
pot-span = { $from } bis { $to }, { $sensors ->
    [one] 1 Sensor
   *[other] { $sensors } Sensoren
  }, { $hosts ->
    [one] 1 simulierter Rechner
   *[other] { $hosts } simulierte Rechner
  }
pot-no-events = Keine Ereignisse
pot-none = Keine.
pot-sources = Quellen
pot-attackers = Angreifer
pot-connections = Verbindungen
pot-requests = Anfragen
pot-suspicious = verdächtige Anfragen
pot-stages = erreichte Stufen
pot-credentials = Anmeldeversuche
pot-uploads = gesendete Dateien
pot-commands = Befehle
pot-events = Ereignisse
pot-received = empfangen
pot-sent = gesendet

pot-finding-own-domain = { $count ->
    [one] 1 Anmeldeversuch nennt ein Konto
   *[other] { $count } Anmeldeversuche nennen Konten
  } Ihrer eigenen Domänen: Setzen Sie diese Kennwörter zurück, Angreifer kennen sie.
pot-finding-through = { $count ->
    [one] 1 Quelle kam
   *[other] { $count } Quellen kamen
  } durch mindestens eine Stufe eines Angriffs, wie auf einem echten Server dieses Builds.
pot-finding-refused = { $count ->
    [one] 1 Quelle griff
   *[other] { $count } Quellen griffen
  } vergeblich an.
pot-finding-no-events = In dieser Zeitspanne gibt es keine Ereignisse: Über Angriffe sagt sie nichts. Siehe die Lücken.
pot-finding-none = Niemand versuchte einen bekannten Angriff.
pot-finding-none-seen = In dem, was gesehen und gelesen wurde, versuchte niemand einen bekannten Angriff.
pot-finding-new-stages = { $count ->
    [one] 1 Stufe eines Angriffs wurde
   *[other] { $count } Stufen von Angriffen wurden
  } erreicht, die letztes Mal nicht erreicht wurden.
pot-finding-incomplete = Nicht alles wurde gesehen oder gelesen: siehe Lücken.

pot-compared-evaluation = Verglichen mit der übergebenen Auswertung: { $from } bis { $to }.
pot-compared-span = Verglichen mit der gleich langen Zeitspanne davor: { $from } bis { $to }.
pot-compared-incomplete = Die frühere Zeitspanne ist nicht vollständig: Manches davon ist vielleicht nicht neu.
pot-not-compared = Nicht verglichen: Vor dieser Zeitspanne gibt es keine Ereignisse, und keine frühere Auswertung wurde übergeben.
pot-nothing-new = Nichts, was nicht schon da war.
pot-new-sensors = { $count ->
    [one] 1 neuer Sensor
   *[other] { $count } neue Sensoren
  }
pot-new-sources = { $count ->
    [one] 1 neue Quelle
   *[other] { $count } neue Quellen
  }
pot-new-stages = { $count ->
    [one] 1 neue Stufe
   *[other] { $count } neue Stufen
  }
pot-new-rules = { $count ->
    [one] 1 Regel, die vorher nicht zutraf
   *[other] { $count } Regeln, die vorher nicht zutrafen
  }
pot-new-user-agents = { $count ->
    [one] 1 neuer User-Agent
   *[other] { $count } neue User-Agents
  }
pot-new-ja4 = { $count ->
    [one] 1 neuer JA4-Wert
   *[other] { $count } neue JA4-Werte
  }
pot-new-ja3 = { $count ->
    [one] 1 neuer JA3-Wert
   *[other] { $count } neue JA3-Werte
  }
pot-new-uploads = { $count ->
    [one] 1 neue Datei
   *[other] { $count } neue Dateien
  }

pot-score-note = Punkte: 10 Anmeldung versucht, 30 Regel traf zu, 50 erste Stufe versucht, 60 eine weitere, 80 erste Stufe gelungen, 100 eine weitere, oder Datei oder Befehl gesendet. Stufen in Klammern wurden abgewiesen.
pot-no-places = Nicht nachgeschlagen: Keine Ortsdatenbank wurde genannt.
pot-country-unknown = unbekannt
pot-place-counts = { $sources ->
    [one] 1 Quelle
   *[other] { $sources } Quellen
  }, { $attackers } Angreifer, { $requests ->
    [one] 1 Anfrage
   *[other] { $requests } Anfragen
  }
pot-of-sources = { $count ->
    [one] 1 Quelle
   *[other] { $count } Quellen
  }
pot-no-stages = Keine Stufe eines Angriffs wurde erreicht.
pot-stages-note = Je Sitzung einer Quelle einmal gezählt.
pot-stage-counts = gelungen { $succeeded }, abgewiesen { $refused }, { $sources ->
    [one] 1 Quelle
   *[other] { $sources } Quellen
  }
pot-ordinary = gewöhnlich
pot-reset = eigene Domäne: Kennwort zurücksetzen
pot-masked-note = Kennwörter sind verdeckt: Länge und, bei mehr als drei Zeichen, das erste. Die Ihrer eigenen Domänen werden gar nicht gezeigt.
pot-without-secret = { $count ->
    [one] 1 Versuch hat
   *[other] { $count } Versuche haben
  } in diesen Ereignissen kein Geheimnis: Es wurde keines gesendet, oder es war beim Schreiben verdeckt.
pot-upload-cut = nicht ganz aufbewahrt
pot-more = { $count } weitere: im JSON-Bericht.
pot-not-listed = { $count } weitere Einträge, zusammen { $sum }, sind nicht aufgeführt.

pot-gaps-none = Soweit bekannt, fehlt nichts.
pot-gap = { $sensor }: { $count } verloren von { $from } bis { $to }: { $reason }.
pot-gap-full = der Speicher war voll, Verbindungen wurden ohne Antwort geschlossen
pot-gap-evicted = Ereignisse mussten weichen, bevor jede Ausgabe sie hatte
pot-gap-damaged = gespeicherte Ereignisse waren beschädigt
pot-gap-too-many = Grenzen für Verbindungen waren erreicht, Verbindungen wurden ohne Antwort geschlossen
pot-gap-other = ein anderer Grund
pot-stopped = { $sensor }: angehalten von { $from } bis { $to }.
pot-stopped-since = { $sensor }: angehalten seit { $from }.
pot-missing = { $sensor }: { $count ->
    [one] 1 Ereignis fehlt
   *[other] { $count } Ereignisse fehlen
  } zwischen den gelesenen.
pot-killed = { $sensor }: { $count }-mal gestartet, ohne vorher geordnet angehalten zu haben.
pot-bad-line = { $count ->
    [one] { $file }, Zeile { $line }: kein Ereignis: { $reason }.
   *[other] { $file }: { $count } Zeilen sind keine Ereignisse; die erste ist Zeile { $line }: { $reason }.
  }
pot-unread = { $file }: nicht oder nicht bis zum Ende gelesen: { $reason }.
pot-bad-lines-more = { $count ->
    [one] 1 weitere Zeile ist kein Ereignis.
   *[other] { $count } weitere Zeilen sind keine Ereignisse.
  }
pot-gaps-more = { $count ->
    [one] 1 weitere Lücke.
   *[other] { $count } weitere Lücken.
  }
pot-duplicates = { $count ->
    [one] 1 Ereignis wurde
   *[other] { $count } Ereignisse wurden
  } mehrmals gelesen (gleicher Sensor, gleiche Nummer) und einmal gezählt. Zwei Sensoren dürfen nicht gleich heißen.
pot-duplicates-unchecked = Bei { $count ->
    [one] 1 Ereignis
   *[other] { $count } Ereignissen
  } ließ sich nicht prüfen, ob es schon gelesen war: Die Aufzeichnung hat zu viele Lücken.
pot-conflicting = Zwei Sensoren heißen gleich, oder einer begann von vorn: Ereignisse mit schon gelesenen Nummern sind andere als jene und wurden nicht gezählt. Werten Sie sie getrennt aus, und geben Sie jedem Sensor einen eigenen Namen.
pot-silent = { $sensor }: kein Ereignis in der Zeitspanne, aber andere.
pot-missing-other = In Aufzeichnungen nicht genannter Sensoren { $count ->
    [one] fehlt 1 Ereignis
   *[other] fehlen { $count } Ereignisse
  }.
pot-outside = { $count ->
    [one] 1 Ereignis liegt
   *[other] { $count } Ereignisse liegen
  } außerhalb der Zeitspanne.
pot-stages-more = { $count ->
    [one] 1 erreichte Stufe liegt
   *[other] { $count } erreichte Stufen liegen
  } über der Grenze für verschiedene Stufen.
pot-not-exact = Es gab mehr Quellen, als beim Zählen aufbewahrt werden: Seltene sind entfallen, und wiederkehrende sind zu niedrig gezählt.

pot-chart-activity = Anfragen im Verlauf der Zeit
pot-chart-sources = Anfragen nach Quelle
pot-chart-countries = Quellen nach Land
pot-chart-stages-reached = Erreichte Stufen
pot-chart-stages = { $count ->
    [one] 1 Stufe erreicht
   *[other] { $count } Stufen erreicht
  }
pot-legend-requests = Anfragen in { $step }
pot-legend-stages = Stufen von Angriffen erreicht
pot-legend-through = durchgekommen, oder Dateien oder Befehle gesendet
pot-legend-refused = vergeblich angegriffen
pot-legend-other = andere
pot-legend-succeeded = gelungen
pot-legend-in-vain = abgewiesen

section-pot-new = Neu seit dem letzten Mal
section-pot-activity = Aktivität
section-pot-sources = Quellen
section-pot-countries = Länder und Netze
section-pot-stages = Stufen
section-pot-tools = Werkzeuge
section-pot-user-agents = User-Agents
section-pot-ja4 = JA4
section-pot-ja3 = JA3
section-pot-workstations = NTLM-Arbeitsstationen
section-pot-credentials = Anmeldedaten
section-pot-passwords = Kennwörter, verdeckt
section-pot-sent = Was gesendet wurde
section-pot-commands = Befehle
section-pot-uploads = Dateien
section-pot-paths = Pfade
section-pot-rules = Regeln, die zutrafen
section-pot-hosts = Sensoren und Rechner
section-pot-gaps = Lücken

column-pot-score = Punkte
column-pot-address = Adresse
column-pot-place = Ort
column-pot-days = Tage
column-pot-network = Netz
column-pot-organisation = Organisation
column-pot-sources = Quellen
column-pot-account = Konto
column-pot-attempts = Versuche
column-pot-passwords = Kennwörter
column-pot-scheme = gesendet als
column-pot-count = Anzahl
column-pot-value = Wert
column-pot-sensor = Sensor
column-pot-host = Rechner
column-pot-persona = Persona

## Warum ein Build nicht verrät, ob er eine Korrektur enthält

because-no-list = zu dieser CVE gibt es keine Liste korrigierter Builds
because-no-product = { $build } gehört zu keinem bekannten Exchange Server
because-also-needs = der Build allein verrät es nicht: { $what }
because-some-builds = manche Builds, die mit { $parts } beginnen, enthalten die Korrektur, andere nicht
because-no-cumulative-update = kein kumulatives Update von { $product } hat Builds wie { $build }
because-newer-than-tables = { $build } ist neuer als jeder Build von { $product }, den die Tabellen kennen; --update-table übernimmt neuere
because-sources-disagree = Quellen nennen { $first } und { $last } als ersten Build mit der Korrektur
because-unverified = dass { $build } die Korrektur enthält, steht nur in einer Quelle, die sich nicht prüfen ließ
because-own-month-only = das Update vom März 2021 für alte kumulative Updates enthält nur die Korrekturen dieses Monats
because-own-month-only-kb = das Update vom März 2021 für alte kumulative Updates enthält nur die Korrekturen dieses Monats; ob vorher { $kb } installiert war, zeigt der Build nicht
because-not-assessed = keine Quelle sagt, ob { $product } betroffen ist

needs-extended-protection-must-be-turned-on = Extended Protection (erweiterter Schutz) muss eingeschaltet sein
needs-the-active-directory-schema-must-be-extended-prepareschema = das Active-Directory-Schema muss erweitert sein (PrepareSchema)
needs-serialized-data-signing-must-be-on = Serialized Data Signing muss eingeschaltet sein
needs-the-fix-is-in-the-iis-token-cache-module-or-in-its-removal-not-in-an-exchange-build = die Korrektur liegt im Token-Cache-Modul von IIS oder darin, es zu entfernen, nicht in einem Build von Exchange
needs-the-dedicated-hybrid-app-must-be-configured = die dedizierte Hybrid-App muss eingerichtet sein
needs-download-domains-must-be-configured = Download Domains müssen eingerichtet sein
needs-active-directory-must-be-prepared-preparealldomains = Active Directory muss vorbereitet sein (PrepareAllDomains)

## Builds

builds-no-product = ein Build keines bekannten Exchange Servers
builds-updates-unknown = { $name }; drei Teile verraten nicht, welche Updates installiert sind
builds-unlisted = { $name }, nicht verzeichneter Build
builds-released = Veröffentlicht am { $date }
builds-released-ago = Veröffentlicht am { $date }, { $age } vor dem { $day }
builds-years = { $count ->
    [one] 1 Jahr
   *[other] { $count } Jahre
  }
builds-months = { $count ->
    [one] 1 Monat
   *[other] { $count } Monate
  }
builds-days = { $count ->
    [one] 1 Tag
   *[other] { $count } Tage
  }
builds-supported = Microsoft unterstützt dieses Produkt; ein Ende ist nicht angekündigt.
builds-supported-until = Microsoft unterstützt dieses Produkt bis { $date }.
builds-support-ended = Microsofts Unterstützung endete am { $date }.
builds-paid-until = Wer bezahlt, erhält Updates für { $for } bis { $date }.
builds-paid-ended = Bezahlte Updates, nur für { $for }, endeten am { $date }.
builds-superseded = Dieses kumulative Update erhält keine Updates mehr; das letzte war { $release }, { $date }.

builds-verdict-open = { $count ->
    [one] 1 CVE der bekannten Angriffsketten ist offen: { $chains }.
   *[other] { $count } CVEs der bekannten Angriffsketten sind offen: { $chains }.
  }
builds-verdict-unknown = Keine CVE der bekannten Angriffsketten ist sicher offen, bei { $count } lässt es sich aber nicht sagen: { $chains }.
builds-verdict-no-build = Die Tabellen kennen weder diesen Build noch sein kumulatives Update.
builds-verdict-no-product = Die Tabellen kennen keinen Exchange Server mit solchen Builds.
builds-verdict-fixed = Alle CVEs der bekannten Angriffsketten sind behoben.

builds-chains = Bekannte Angriffsketten
builds-others = Andere CVEs und Hinweise
builds-install = Was zu installieren ist
builds-fixed = behoben
builds-open = offen
builds-unknown = unbekannt
builds-counts = { $fixed } behoben, { $open } offen, { $unknown } unbekannt.

builds-fixed-own = nicht älter als { $build }, der erste Build dieses kumulativen Updates mit der Korrektur
builds-fixed-newer = neuer als { $build }, der erste Build des neuesten kumulativen Updates, das die Korrektur brauchte
builds-fixed-never = das Produkt ist nicht betroffen oder kam schon mit der Korrektur
builds-open-own = älter als { $build }, der erste Build dieses kumulativen Updates mit der Korrektur
builds-open-newer = dieses kumulative Update hat die Korrektur nie erhalten; das neueste, das sie erhielt, enthält sie ab { $build }

builds-minimum-own = Sofort, das Mindeste, was ProxyShell schließt: { $release }.
builds-minimum-newer = Sofort, das Mindeste, was ProxyShell schließt: { $release }. Dieses kumulative Update hat die Korrekturen nie erhalten.
builds-closes-all = Sofort, das Mindeste, was jede offene bekannte Kette schließt ({ $chains }): { $release }.
builds-may-be-there = Vielleicht ist es schon installiert.
builds-move-on = { $product } wird nicht mehr unterstützt: umsteigen auf { $release }.
builds-newest = Das Neueste: { $release }.
builds-newest-paid = Nur für zahlende Kunden (Extended Security Updates, ESU): { $release }.
builds-newest-until-then = Bis dahin: { $release }, das Letzte, das alle erhalten.
builds-unverified = Eine Quelle, die sich nicht prüfen ließ, nennt etwas Neueres: { $release }. Nachsehen, ob es erschienen ist.
builds-is-newest = Das neueste Update dieses Produkts ist installiert.

builds-column-build = Build
builds-column-release = Ausgabe
builds-column-date = Datum
builds-column-kb = KB
builds-column-note = Hinweis
builds-column-first-to-fix = Zuerst behoben
builds-note-newest = neueste
builds-note-paid = bezahlt (ESU)
builds-note-unverified = nur eine Quelle

# Scan: sentences of assessments (crates/posture/src/reasons.rs)
host-blocked = Etwas weist jede Anfrage ab (Status { $answers }), bevor sich zeigt, was dahinter steht.
host-cut = Statt einer Antwort kam der Abbruch der Verbindung ({ $checks }): Was hinter einem Filter steht, lässt sich nicht sagen.
host-broken = Etwas antwortet, aber nicht so, dass es zu verstehen wäre: { $fault }.
host-check-succeeded = Eine Prüfung war erfolgreich: { $chains }.
host-with-exchange-online = Der Name führt zu Exchange Online, das Microsoft selbst aktualisiert; dort wurde nicht gefragt.
host-exchange-online = Build { $build } ist Exchange Online, das Microsoft selbst aktualisiert.
host-filtered = Etwas vor Exchange hält die Prüfung auf { $chains } auf.
host-fixed = Build { $build } enthält die Korrekturen für alle bekannten Angriffsketten.
host-guarded = Exchange weist die Prüfung auf { $chains } ab; mehr sagt der Build nicht.
host-incomplete = Schlimmes wurde nicht gefunden, doch nicht alles ließ sich fragen: { $fault }.
host-not-asked = Dieser Rechner kam nicht dazu zu fragen: { $fault }.
host-not-exchange = Was antwortet, ist kein Exchange-Server.
host-not-http = Was antwortet, ist kein Exchange-Server: { $fault }.
host-not-told = Was hier antwortet, lässt sich nicht sagen: { $fault }.
host-open-by-build = Nach Build { $build } offen für { $chains }.
host-unknown = Der Build sagt nichts über { $chains }.
host-unknown-no-build = Der Build, der über { $chains } Auskunft gäbe, ist nicht bekannt.
host-unpatched = Hier abgewehrt, aber nicht aktualisiert: Build { $build } fehlen Korrekturen für { $chains }.
host-unpatched-filtered = Nicht aktualisiert: Build { $build } fehlen Korrekturen für { $chains }; etwas vor Exchange hält Prüfungen auf und lässt eine andere Form vielleicht durch.
host-unreachable = Nichts hat geantwortet: { $fault }.
host-unanswered = Ob es Exchange ist, lässt sich nicht sagen, denn einige Anfragen blieben ohne Antwort: { $checks }.
host-untold = Ob es Exchange ist, lassen die Antworten nicht erkennen (Status { $answers }).
host-untold-address = Schlimmes wurde nicht gefunden, doch ob unter { $address } Exchange antwortet, lässt sich nicht sagen.
check-bare-refusal = Die Prüfung wurde abgewiesen (Status { $status }), aber nicht erkennbar von Exchange.
check-broken-owa = Die Prüfung führte zur Fehlerseite, doch dahin führt hier auch OWA selbst: OWA ist gestört.
check-fault = Die Prüfung wurde nicht beantwortet: { $fault }.
check-redirect = Die Prüfung wurde anderswohin geleitet, was nichts sagt: { $location }
check-refused = Exchange hat die Prüfung abgewiesen (Status { $status }).
check-status = Die Antwort auf die Prüfung sagt nichts (Status { $status }).
check-stopped = Etwas vor Exchange hat die Prüfung aufgehalten (Status { $status }).
cve-check-mapi = Die Prüfung war erfolgreich: MAPIs Back-End antwortete ohne Anmeldung.
cve-check-owa = Die Prüfung war erfolgreich: OWAs Back-End war ohne Anmeldung zu erreichen.
cve-check-proxylogon = Die Prüfung war erfolgreich: das Front-End entnimmt sein Back-End dem Cookie.
cve-contradiction = Die Prüfung war erfolgreich, obwohl Build { $build } die Korrektur enthält: Eines von beiden ist falsch, oder das Update ist nicht vollständig installiert.
cve-mitigated = URL Rewrite bricht solche Anfragen ab, wie es Microsofts Abhilfe tut. Das lässt sich umgehen und sagt nichts über OWASSRF.
cve-behind-filtered = Was davor steht, { $cve }, wird vor Exchange aufgehalten.
cve-behind-fixed = Nicht aktualisiert, doch was davor steht, { $cve }, ist behoben.
cve-behind-guarded = Was davor steht, { $cve }, wird hier abgewiesen.
cve-filtered-unpatched = Nicht aktualisiert (Build { $build }); etwas vor Exchange hat die Prüfung aufgehalten und lässt eine andere Form vielleicht durch.
cve-fixed = Build { $build } enthält die Korrektur.
cve-fixed-three-parts = Jeder Build, der mit { $build } beginnt, enthält die Korrektur.
cve-guarded-unpatched = Hier abgewehrt, aber nicht aktualisiert: Die Prüfung wurde abgewiesen, doch Build { $build } fehlt die Korrektur.
cve-no-build = Der Build ist nicht bekannt, und keine Prüfung gibt Auskunft.
cve-open-by-build = Nach dem Build: { $build } fehlt die Korrektur.
install-minimum = Installieren Sie sofort mindestens { $minimum }, das { $chains } schließt; besser das neueste, { $release }.
install-minimum-and-move = Installieren Sie sofort mindestens { $minimum }, das { $chains } schließt; steigen Sie dann auf { $release } um: { $product } wird nicht mehr unterstützt.
install-move = { $product } wird nicht mehr unterstützt: Steigen Sie auf { $release } um.
install-move-paid = { $product } wird nicht mehr unterstützt: Steigen Sie auf { $release } um; bis dahin, mit bezahlten Extended Security Updates (ESU): { $paid }.
install-newest = Installieren Sie { $release }.
install-newest-and-move = Installieren Sie { $newest }; steigen Sie dann auf { $release } um: { $product } wird nicht mehr unterstützt.
install-newest-and-move-paid = Installieren Sie { $newest } oder, mit bezahlten Extended Security Updates (ESU), { $paid }; steigen Sie dann auf { $release } um: { $product } wird nicht mehr unterstützt.
finding-paid-support = { $product } erhält nur für zahlende Kunden Updates, bis { $date }.
cve-unknown = Es lässt sich nicht sagen: { $because }.
finding-addresses-leaked = Weiterleitungen verraten innere Adressen: { $addresses }.
finding-basic = Basic-Authentifizierung wird angeboten, sodass sich Kennwörter durchprobieren lassen: { $directories }.
finding-basic-without-tls = Basic-Authentifizierung wird ohne TLS angeboten, was Kennwörter preisgibt: { $directories }.
finding-certificate-expired = Das Zertifikat für { $subject } ist am { $date } abgelaufen.
finding-certificate-expires = Das Zertifikat für { $subject } läuft am { $date } ab.
finding-certificate-name = Das Zertifikat für { $subject } nennt { $host } nicht.
finding-certificate-not-yet = Das Zertifikat für { $subject } gilt erst ab { $date }.
finding-certificate-self-signed = Das Zertifikat für { $subject } ist selbst signiert.
finding-disclosures-disagree = Der Server nennt verschiedene Builds ({ $builds }); es entscheidet der, dem am meisten fehlt.
finding-ecp = Das Admin Center (/ecp/) ist aus dem Internet zu erreichen (Status { $status }).
finding-incomplete = Nicht alles ließ sich fragen: { $fault }.
finding-incomplete-address = Nicht alles ließ sich fragen, bei { $address }: { $fault }.
finding-names-leaked = Antworten verraten innere Namen: { $names }.
finding-old-tls = Veraltete TLS-Versionen werden gesprochen: { $versions }.
finding-out-of-support = { $product } wird seit { $date } nicht mehr unterstützt.
finding-powershell = Das PowerShell-Verzeichnis ist aus dem Internet zu erreichen (Status { $status }).
finding-several-builds = { $count } Front-Ends haben verschiedene Builds: { $builds }.
finding-smtp-without-tls = SMTP (Port 25) bietet kein STARTTLS an.
finding-submission-without-tls = Die Mail-Einlieferung (Port 587) bietet kein STARTTLS an.
finding-unanswered = Anfragen ohne Antwort: { $checks }.

# Scan: why something was not answered
fault-no-address = zu diesem Namen gibt es keine Adresse
fault-lookup-failed = der Name ließ sich nicht auflösen
fault-refused = die Verbindung wurde abgelehnt
fault-unreachable = Netz oder Rechner sind nicht zu erreichen
fault-connect-timeout = keine Verbindung in der vorgesehenen Zeit
fault-tls = der TLS-Verbindungsaufbau schlug fehl
fault-tls-timeout = keine TLS-Sitzung in der vorgesehenen Zeit
fault-reset = die Verbindung wurde zurückgesetzt
fault-closed = die Verbindung wurde ohne vollständige Antwort geschlossen
fault-timeout = keine Antwort in der vorgesehenen Zeit
fault-too-slow = die Antwort kam zu langsam
fault-not-http = es spricht kein HTTP
fault-bad-head = der Kopf der Antwort folgt nicht HTTP/1
fault-head-too-large = der Kopf der Antwort ist zu groß
fault-bad-body = der Inhalt lässt sich nicht dekodieren
fault-excluded = keine seiner Adressen darf gefragt werden
fault-exchange-online = der Name führt zu Exchange Online
fault-no-room = kein Platz für eine weitere Verbindung
fault-interrupted = der Scan wurde unterbrochen
fault-other = etwas anderes schlug fehl

# Scan: outputs
navigation = Abschnitte dieser Seite
scan-title = Exchange-Server, von außen gesehen
scan-from-internet = aus dem Internet gefragt
scan-from-internal = aus dem inneren Netz gefragt
scan-checks-quick = schnelle Prüfungen
scan-checks-full = alle Prüfungen
scan-authorised = erlaubt von { $who }
scan-contact = Kontakt { $who }
scan-build = Build
scan-build-unknown = Build unbekannt
scan-front-end = Front-End
scan-certificate = Zertifikat
scan-until = bis { $date }
scan-fixed-in = Behoben in { $build }.
scan-no-answer = keine Antwort
scan-tls-spoken = spricht { $versions }
scan-tls-refused = lehnt { $versions } ab
scan-no-starttls = kein STARTTLS
scan-incomplete = Der Scan ist nicht vollständig: Nicht jedes Ziel wurde gefragt.
scan-verdict-not-exchange = kein Exchange
scan-verdict-not-affected = nicht betroffen
scan-verdict-fixed = behoben
scan-verdict-guarded = abgewehrt
scan-verdict-unreachable = unerreichbar
scan-verdict-filtered = gefiltert
scan-verdict-unknown = unbekannt
scan-verdict-unpatched = ungepatcht
scan-verdict-vulnerable = verwundbar
scan-meaning-not-exchange = Was antwortet, ist kein Exchange-Server.
scan-meaning-not-affected = Die Post liegt bei Exchange Online.
scan-meaning-fixed = Jede CVE der bekannten Angriffsketten ist behoben.
scan-meaning-guarded = Die Prüfung wurde abgewiesen; der Build sagt nichts.
scan-meaning-unreachable = Nichts hat geantwortet.
scan-meaning-filtered = Etwas vor Exchange hält die Prüfungen auf.
scan-meaning-unknown = Es lässt sich nicht sagen.
scan-meaning-unpatched = Hier abgewehrt, aber ungepatcht: Korrekturen fehlen.
scan-meaning-vulnerable = Eine Prüfung war erfolgreich, oder Korrekturen fehlen und nichts wehrt ab.
scan-cve-fixed = behoben
scan-cve-guarded = abgewehrt
scan-cve-filtered = gefiltert
scan-cve-unknown = unbekannt
scan-cve-vulnerable = verwundbar
scan-why-excluded = ausgeschlossen
scan-why-foreign-host = außerhalb der Mail-Domain, nicht bestätigt
scan-why-special-range = seine Adresse ist von einer Art, die übergangen werden sollte
section-scan-summary = Zusammenfassung
section-scan-products = Produkte
section-scan-releases = Builds
section-scan-networks = Netze mit offenen Hosts
section-scan-cves = CVEs der bekannten Angriffsketten
section-scan-findings = Was sonst Beachtung verdient
section-scan-exposure = Was antwortet
section-scan-services = TLS und Maildienste
section-scan-not-asked = Nicht gefragt
column-scan-verdict = Urteil
column-scan-target = Ziel
column-scan-release = Version
column-scan-build = Build
column-scan-front-end = Front-End
column-scan-reason = Grund
column-scan-hosts = Hosts
column-scan-open = offen
todo-close = Trennen Sie den Server vom Internet, oder machen Sie ihn nur über ein VPN erreichbar, bis er aktualisiert ist: Wer fragt, kommt hinein.
todo-update = Installieren Sie das neueste kumulative Update einer unterstützten Version und das neueste Sicherheitsupdate dazu.
todo-hunt = Updates werfen niemanden hinaus, der schon drin ist. Suchen Sie in den Protokollen des Servers nach Spuren: imker hunt.
todo-build = Fragen Sie den Server selbst nach seinem Build: Get-Command ExSetup.exe | ForEach-Object FileVersionInfo; dann imker builds lookup.
todo-filtered = Fragen Sie noch einmal aus dem inneren Netz (--vantage internal): Ein Filter sagt nichts über den Server dahinter.
todo-unreachable = Prüfen Sie, ob Name, Port und Netz stimmen und ob der Server von hier erreichbar sein soll.
todo-unknown = Fragen Sie noch einmal mit --checks full oder aus dem inneren Netz.
todo-fixed = Nichts Dringendes. Installieren Sie weiterhin die Updates, sobald sie erscheinen.
todo-not-affected = Nichts: Um Exchange Online kümmert sich Microsoft. Einen eigenen Hybrid-Server prüfen Sie gesondert.
todo-not-exchange = Nichts. Wenn hier Exchange sein soll, prüfen Sie Name und Port.
todo-full = Nur die schnellen Prüfungen wurden gemacht: --checks full fragt nach allem.
scan-took = { $count ->
    [one] 1 Host
   *[other] { $count } Hosts
  } in { $time }.
scan-further-newest = { $count ->
    [one] 1 weitere CVE ist nicht behoben: { $newest }.
   *[other] { $count } weitere CVEs sind nicht behoben, die neuesten: { $newest }.
  }
scan-further-untold = { $count ->
    [one] Bei 1 sagt der Build nichts.
   *[other] Bei { $count } sagt der Build nichts.
  }
scan-further-lists = imker builds lookup { $build } führt sie auf.
scan-see-details = Mehr mit --details, alles mit --format json.
scan-ntlm = NTLM-Namen
scan-times = ({ $count }-mal)
scan-age-months = { $count ->
    [one] 1 Monat alt
   *[other] { $count } Monate alt
  }
scan-age-years = { $count } Jahre alt
scan-further-open = { $count ->
    [one] 1 weitere CVE ist
   *[other] { $count } weitere CVEs sind
  } nicht behoben:
scan-further-unknown = { $count ->
    [one] Über 1 weitere CVE sagt der Build nichts:
   *[other] Über { $count } weitere CVEs sagt der Build nichts:
  }
column-scan-product = Produkt
column-scan-network = Netz
column-scan-chain = Angriffskette
column-scan-untold = ungeklärt
section-scan-patches = Stand der Updates
section-scan-hosts = Hosts, die schlimmsten zuerst
section-scan-notes = Was gefragt wurde und was es zeigt
scan-none = Keine.
scan-no-builds = Kein Server hat seinen Build genannt.
scan-patches-note = Builds der jeweils schlimmsten Front-Ends, die neuesten zuerst. Builds aus drei Teilen nennen nur das kumulative Update.
scan-chart-verdicts = Hosts nach Urteil
scan-chart-patches = Hosts nach Build
scan-state-nobody = Niemand wurde gefragt: Über keinen Host ist etwas bekannt.
scan-state-good = Kein Host ist für die bekannten Angriffsketten offen.
scan-note-requests = Gesendet wurden nur Anfragen ohne Anmeldung, Inhalt und Wirkung, wie sie docs/scan.md Byte für Byte zeigt; die Prüfungen verwenden eine Adresse unter .invalid.
scan-note-build = Verwundbar nach dem Build heißt, dass dem Build eine Korrektur fehlt, nicht, dass jemand eingedrungen ist. Eine abgewiesene Prüfung sagt nichts darüber, wer vorher eingedrungen ist.
scan-note-quick = Nur die schnellen Prüfungen wurden gemacht: Über ProxyLogon und ProxyNotShell gibt allein der Build Auskunft.
scan-note-law = Fragen Sie fremde Server nur mit Erlaubnis oder eigenem Auftrag: Es gilt das Recht beider Länder. Diese Seite nennt schwache Server; bewahren Sie sie entsprechend auf.
scan-unchanged = unverändert
scan-change-worse = schlechter
scan-change-new = neu
scan-change-untold = nicht mehr zu erkennen
scan-change-gone = verschwunden
scan-change-better = besser
scan-change-build-changed = Build geändert
scan-change-certificate-changed = Zertifikat geändert
scan-more = { $count } weitere: im JSON.
scan-hosts-beyond = Die { $shown } schlimmsten Hosts; { $count } weitere stehen im JSON.
scan-state-open = { $count ->
    [one] 1 Host ist
   *[other] { $count } Hosts sind
  } für eine bekannte Angriffskette offen, nach einer Prüfung oder nach dem Build.
scan-state-untold = { $count ->
    [one] 1 Host ließ
   *[other] { $count } Hosts ließen
  } sich nicht beurteilen: unerreichbar, gefiltert oder unbekannt.
