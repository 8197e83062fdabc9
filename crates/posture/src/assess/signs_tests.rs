use super::testing::of;

#[test]
fn whether_it_is_exchange() {
    let table: &[(&str, &str)] = &[
        // nginx that answers every path alike.
        (
            "ps_owa 404 | ps_nspi 404 | logon 404",
            "not_exchange host-not-exchange",
        ),
        (
            "ps_owa 200 | ps_nspi 200 | logon 200",
            "not_exchange host-not-exchange",
        ),
        (
            "ps_owa 400 | ps_nspi 400 | logon 404",
            "not_exchange host-not-exchange",
        ),
        (
            "logon 404 | ntlm 401 WWW-Authenticate=NTLM",
            "unknown host-untold",
        ),
        // A log-on before everything, or another host: Exchange may stand behind it.
        (
            "ps_owa 302 Location=/my.policy | logon 302 Location=/my.policy",
            "unknown host-untold",
        ),
        ("ps_owa 404 | logon 503", "unknown host-untold"),
        ("ps_owa 404 | logon !timeout", "unknown host-unanswered"),
        // A filter stops the checks, and the rest lands elsewhere.
        ("ps_owa !reset | ps_nspi !reset | logon 404", "filtered host-cut"),
        ("ps_owa !closed | ps_nspi 404 | logon 200", "filtered host-cut"),
        (
            "ps_owa !timeout | ps_nspi !reset | logon 404",
            "unknown host-unanswered",
        ),
        (
            "ps_owa 404 | logon 404 | owa !too_slow",
            "unknown host-unanswered",
        ),
        (
            "ps_owa !reset | logon 404 | owa 302 Location=/my.policy",
            "unknown host-untold",
        ),
        // Another host's logon page, or error page.
        (
            "root 302 Location=https://mail2.example.org/owa/auth/logon.aspx | logon 404",
            "unknown host-untold",
        ),
        (
            "ps_owa 302 Location=https://mail2.example.org/owa/auth/errorfe.aspx?httpCode=500 | logon 404",
            "unknown host-untold",
        ),
        (
            "owa 302 Location=https://198.20.0.1/owa/auth/logon.aspx | logon 404",
            "unknown host-untold",
        ),
        // From HTTP to HTTPS, which repeats the path.
        (
            "ps_owa 301 Location=https://mail.example.org/autodiscover/ | logon 301 Location=https://mail.example.org/owa/auth/logon.aspx",
            "unknown host-untold",
        ),
        ("ps_owa 403 | ps_nspi 403 | logon 403", "filtered host-blocked"),
        (
            "ps_owa !reset | ps_nspi !reset | logon 403",
            "filtered host-blocked",
        ),
        (
            "ps_owa 401 WWW-Authenticate=NTLM | logon 401 WWW-Authenticate=NTLM",
            "filtered host-blocked",
        ),
        ("ps_owa !refused", "unreachable host-unreachable"),
        (
            "ps_owa !connect_timeout\n logon !refused",
            "unreachable host-unreachable",
        ),
        (
            "ps_owa !timeout | ps_nspi !closed",
            "unreachable host-unreachable",
        ),
        ("ps_owa !not_http", "not_exchange host-not-http"),
        ("ps_owa !tls", "unknown host-broken"),
        ("ps_owa !bad_head", "unknown host-broken"),
        ("ps_owa !bad_head\n ps_owa !not_http", "unknown host-broken"),
        ("ps_owa !head_too_large", "unknown host-broken"),
        ("ps_owa !no_room", "unknown host-not-asked"),
        // Something answered, or failed here.
        ("ps_owa !too_slow", "unknown host-not-told"),
        ("ps_owa !other", "unknown host-not-told"),
        ("", "unknown host-not-told"),
        // Signs of Exchange.
        ("logon 200 mark=logon_page", "unknown host-unknown-no-build"),
        (
            "logon 404 | root 403 X-FEServer=EX01",
            "unknown host-unknown-no-build",
        ),
        (
            "owa 302 Location=/owa/auth/logon.aspx?url=x",
            "unknown host-unknown-no-build",
        ),
        (
            "owa 302 Location=https://MAIL.example.org:444/owa/auth/logon.aspx?url=x",
            "unknown host-unknown-no-build",
        ),
        (
            "owa 302 Location=https://10.0.0.7/owa/auth/logon.aspx?url=x",
            "unknown host-unknown-no-build",
        ),
        (
            "owa 302 Location=https://[fd00::7]/owa/auth/logon.aspx?url=x",
            "unknown host-unknown-no-build",
        ),
        (
            "root 200 | owa 302 Location=/owa/auth/errorFE.aspx?httpCode=500",
            "unknown host-unknown-no-build",
        ),
        (
            "logon 200 build=owa_version:15.20.8137.12 X-FEServer=AM0PR01",
            "not_affected host-exchange-online",
        ),
        (
            "logon 200 build=owa_version:15.2.2562.53 X-FEServer=EX01",
            "fixed host-fixed",
        ),
    ];
    for (text, expected) in table {
        let assessment = of(text);
        assert_eq!(
            format!("{} {}", assessment.verdict.name(), assessment.reason.id),
            *expected,
            "{text}"
        );
    }
}
