//! `docs/events.md` is written from the catalogue and its examples, so that it cannot say otherwise.

use std::fmt::Write as _;
use std::path::Path;

use serde_json::Value;

use super::examples::{example, place};
use crate::Kind;
use crate::ecs::{Secrets, VERSION, document};

const INTRODUCTION: &str = "\
# Events

What a honeypot records, kind by kind. This page is written from the catalogue in `crates/event`; a test fails where it
says otherwise (`IMKER_WRITE_DOCS=1 cargo test -p imker-event docs` writes it anew).

Every event is one JSON object in the [Elastic Common Schema](https://www.elastic.co/docs/reference/ecs) (ECS ECS_VERSION),
one a line in files. What ECS has a name for stands under that name; the whole event, exactly, stands under `imker`, so that
nothing is lost on the way and `imker` reads its own lines again. `event.id` (sensor and sequence number) is the same however
often an event is sent. In Elasticsearch, map `imker` with `\"enabled\": false` (or as `flattened`): it is there to be read
back, not to be searched. Bytes that need not be text are Base64. Whatever a client sent is hostile: escape it before you show it.

Secrets (passwords, tokens, NTLM responses) stand in local files only. What leaves the machine is masked unless the sink is told
otherwise: the secret of `credentials`, the message of `ntlm-authenticate`, `Authorization` and `Proxy-Authorization` in
heads, and whatever is named like a password or token: headers, cookies, parameters of queries and forms, members of JSON,
elements and attributes of XML and WBXML, parts of `multipart/form-data`. A body that was masked loses its hash, in an
`upload` that is the whole body as well, unless that is a script. Such a document has the tag `masked`.

A web request is an `alert` where it matches a rule that does not know ordinary traffic, otherwise an `event` of the
category `web`; a stage that was refused has the type `denied`. The table shows what the examples below it have.
";

#[test]
fn the_page_says_what_the_catalogue_says() {
    let page = page();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/events.md");
    if std::env::var_os("IMKER_WRITE_DOCS").is_some() {
        std::fs::write(&path, &page).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written.replace("\r\n", "\n") == page,
        "docs/events.md is not up to date; write it anew: IMKER_WRITE_DOCS=1 cargo test -p imker-event docs"
    );
}

fn page() -> String {
    let mut page = INTRODUCTION.replace("ECS_VERSION", VERSION);
    page.push_str("\n| `event.action` | what it says | `event.kind` | `event.category` | `event.type` |\n|---|---|---|---|---|\n");
    for kind in Kind::ALL {
        let document = document(&example(*kind), None, Secrets::Kept).unwrap();
        let event = &document["event"];
        let (action, meaning) = (kind.action(), kind.meaning());
        let (of_kind, category, of_type) = (
            text(&event["kind"]),
            text(&event["category"]),
            text(&event["type"]),
        );
        writeln!(
            page,
            "| [`{action}`](#{action}) | {meaning} | {of_kind} | {category} | {of_type} |"
        )
        .unwrap();
    }
    for kind in Kind::ALL {
        let mut document = document(&example(*kind), Some(&place()), Secrets::Kept).unwrap();
        document["observer"]["version"] = "0.1.0".into();
        let json = serde_json::to_string_pretty(&document).unwrap();
        write!(
            page,
            "\n## {}\n\n{}\n\n```json\n{json}\n```\n",
            kind.action(),
            kind.meaning()
        )
        .unwrap();
    }
    page
}

fn text(value: &Value) -> String {
    match value {
        Value::Array(values) => values.iter().map(text).collect::<Vec<_>>().join(", "),
        value => value.as_str().unwrap_or_default().to_owned(),
    }
}
