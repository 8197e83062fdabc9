#![allow(clippy::unwrap_used)]

use super::testing::of;

#[test]
fn what_to_install() {
    let table = [
        (
            "logon 200 build=owa_version:15.1.2176.9",
            Some("install-minimum-and-move"),
        ),
        (
            "logon 200 build=owa_version:15.1.2507.6",
            Some("install-minimum-and-move"),
        ),
        (
            "logon 200 build=owa_version:15.1.2507.16",
            Some("install-newest-and-move-paid"),
        ),
        (
            "logon 200 build=owa_version:15.0.1497.44",
            Some("install-newest-and-move"),
        ),
        // The last update for everybody is there, then the last one of all.
        (
            "logon 200 build=owa_version:15.1.2507.61",
            Some("install-move-paid"),
        ),
        ("logon 200 build=owa_version:15.1.2507.75", Some("install-move")),
        // All updates may be there already.
        ("logon 200 build=logon_page:15.1.2507", Some("install-move")),
        (
            "logon 200 build=logon_page:15.2.1118",
            Some("install-newest-and-move-paid"),
        ),
        (
            "export_tool 200 build=export_tool:15.1.2507.6",
            Some("install-move"),
        ),
        ("logon 200 build=logon_page:15.2.2562", None),
        ("logon 200 build=owa_version:15.2.2562.17", Some("install-newest")),
        ("logon 200 build=owa_version:15.3.1.1", None),
    ];
    for (text, expected) in table {
        let assessment = of(text);
        let install = assessment.front_ends[0].install.as_ref();
        assert_eq!(install.map(|reason| &*reason.id), expected, "{text}");
    }
    let old = of("logon 200 build=owa_version:15.1.2176.9");
    let install = old.front_ends[0].install.as_ref().unwrap();
    assert_eq!(install.args["minimum"], "Exchange 2016 CU22 Nov22SU (KB5019758)");
    assert_eq!(
        install.args["chains"],
        "ProxyOracle, ProxyShell, ProxyToken, ProxyNotShell, OWASSRF"
    );
}
