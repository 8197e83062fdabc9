#![allow(clippy::expect_used, clippy::unwrap_used, clippy::disallowed_methods)]

mod docs;
mod examples;
mod masking;
mod reading;
mod round_trip;

use super::{Place, Secrets, document};
use crate::Kind;
use examples::{example, place};

#[test]
fn one_document_for_each_kind() {
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_snapshot_path("golden");
    settings.bind(|| {
        for kind in Kind::ALL {
            let recorded = example(*kind);
            assert_eq!(recorded.event.kind(), *kind);
            let mut document = document(&recorded, Some(&place()), Secrets::Kept).unwrap();
            document["observer"]["version"] = "[version]".into();
            insta::assert_json_snapshot!(kind.action(), document);
        }
    });
}

/// The values that ECS 8.17 allows, and which types go with which categories.
#[test]
fn categories_and_types_are_those_of_ecs() {
    let types = |category: &str| -> &[&str] {
        match category {
            "authentication" => &["start", "end", "info"],
            "file" => &["access", "change", "creation", "deletion", "info"],
            "host" => &["access", "change", "end", "info", "start"],
            "intrusion_detection" => &["allowed", "denied", "info"],
            "network" => &[
                "access",
                "allowed",
                "connection",
                "denied",
                "end",
                "info",
                "protocol",
                "start",
            ],
            "process" => &["access", "change", "end", "info", "start"],
            "web" => &["access", "error", "info"],
            other => panic!("category {other}"),
        }
    };
    for kind in Kind::ALL {
        let document = document(&example(*kind), None, Secrets::Masked).unwrap();
        let event = &document["event"];
        assert!(
            matches!(event["kind"].as_str(), Some("event" | "alert")),
            "{event}"
        );
        assert!(
            matches!(
                event["outcome"].as_str(),
                None | Some("success" | "failure" | "unknown")
            ),
            "{event}"
        );
        let allowed: Vec<&str> = event["category"]
            .as_array()
            .unwrap()
            .iter()
            .flat_map(|c| types(c.as_str().unwrap()))
            .copied()
            .collect();
        for event_type in event["type"].as_array().unwrap() {
            assert!(
                allowed.contains(&event_type.as_str().unwrap()),
                "{kind:?}: {event}"
            );
        }
    }
}

#[test]
fn a_place_is_read_back() {
    let recorded = example(Kind::WebRequest);
    let line = super::to_json(&recorded, Some(&place()), Secrets::Kept).unwrap();
    assert_eq!(super::from_json(line.as_bytes()).unwrap().place, Some(place()));
    let line = super::to_json(&recorded, Some(&Place::default()), Secrets::Kept).unwrap();
    assert_eq!(super::from_json(line.as_bytes()).unwrap().place, None);
}
