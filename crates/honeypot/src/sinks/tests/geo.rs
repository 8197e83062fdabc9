use std::path::Path;

use imker_event::ecs::Place;
use serde_json::json;

use super::mmdb::database;
use crate::sinks::{GeoIp, GeoSettings};

/// Databases with made-up records.
pub(crate) fn settings(folder: &Path) -> GeoSettings {
    let write = |name: &str, database: Vec<u8>| {
        let path = folder.join(name);
        std::fs::write(&path, database).unwrap();
        Some(path)
    };
    let city = json!({
        "city": {"names": {"en": "Example City"}}, "country": {"iso_code": "XA", "names": {"en": "Example Land"}},
        "location": {"latitude": 50.5, "longitude": -8.25},
    });
    let country = json!({"country": {"iso_code": "XB", "names": {"en": "Other Land"}}});
    let network =
        json!({"autonomous_system_number": 64_496, "autonomous_system_organization": "Example Network"});
    GeoSettings {
        city: write(
            "city.mmdb",
            database("GeoLite2-City", &[("198.51.100.0/24", city)]),
        ),
        country: write(
            "country.mmdb",
            database("GeoLite2-Country", &[("203.0.113.0/25", country)]),
        ),
        asn: write(
            "asn.mmdb",
            database(
                "GeoLite2-ASN",
                &[("198.51.100.128/25", network.clone()), ("2001:db8::/32", network)],
            ),
        ),
    }
}

#[test]
fn each_database_says_what_it_knows() {
    let folder = tempfile::tempdir().unwrap();
    let geo = GeoIp::open(&settings(folder.path())).unwrap();
    let place = |address: &str| geo.place(address.parse().unwrap());
    let city = Place {
        country_code: Some("XA".into()),
        country: Some("Example Land".into()),
        city: Some("Example City".into()),
        location: Some((50.5, -8.25)),
        ..Place::default()
    };
    let network = Place {
        as_number: Some(64_496),
        as_organisation: Some("Example Network".into()),
        ..Place::default()
    };
    assert_eq!(place("198.51.100.7"), Some(city.clone()));
    assert_eq!(
        place("::ffff:198.51.100.7"),
        Some(city.clone()),
        "as a socket for both versions shows it"
    );
    let both = Place {
        as_number: network.as_number,
        as_organisation: network.as_organisation.clone(),
        ..city
    };
    assert_eq!(place("198.51.100.200"), Some(both));
    assert_eq!(place("2001:db8::7"), Some(network));
    assert_eq!(place("203.0.113.7").unwrap().country_code.as_deref(), Some("XB"));
    assert_eq!(
        [place("203.0.113.200"), place("192.0.2.1"), place("::1")],
        [None, None, None]
    );
}

#[test]
fn a_file_that_is_no_database_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.mmdb");
    for content in [None, Some("no database")] {
        if let Some(content) = content {
            std::fs::write(&path, content).unwrap();
        }
        let settings = GeoSettings {
            asn: Some(path.clone()),
            ..GeoSettings::default()
        };
        let error = GeoIp::open(&settings).unwrap_err().to_string();
        assert!(
            error.contains("x.mmdb: cannot be used as a GeoIP database"),
            "{error}"
        );
    }
}
