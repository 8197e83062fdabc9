//! Static files, at paths that name the build.
//!
//! All of them are drawn and written by us. So the favicon cannot have the hash that scanners know of the product's
//! (1768726119, MurmurHash3 as Shodan has it): only a copy of that icon has it. The fonts that the page names are not
//! there.

use std::borrow::Cow;

use super::ask::Ask;
use super::errors;
use super::logon;
use super::reply::Reply;
use crate::http::Response;

const FILES: [(&str, &str, &[u8]); 5] = [
    (
        "favicon.ico",
        "image/x-icon",
        include_bytes!("pages/resources/favicon.ico"),
    ),
    (
        "olk_logo_white.png",
        "image/png",
        include_bytes!("pages/resources/olk_logo_white.png"),
    ),
    (
        "olk_logo_white_cropped.png",
        "image/png",
        include_bytes!("pages/resources/olk_logo_white_cropped.png"),
    ),
    (
        "sign_in_arrow.png",
        "image/png",
        include_bytes!("pages/resources/sign_in_arrow.png"),
    ),
    ("logon.css", "text/css", logon::CSS.as_bytes()),
];

/// `below` is a path below `/owa/auth/`, in lower case: `15.1.2176/themes/resources/favicon.ico`. The directory has the
/// first three parts of the build; one with four is not there.
pub(super) fn of_owa(ask: &Ask<'_>, below: &str) -> Response {
    let Some((version, rest)) = below.split_once('/') else {
        return errors::not_found(ask);
    };
    if version != ask.persona().build_path() && version != "current" {
        return errors::not_found(ask);
    }
    match rest {
        "" | "themes" | "themes/" | "themes/resources" | "themes/resources/" | "scripts" | "scripts/" => {
            errors::forbidden(ask)
        }
        _ => match rest.strip_prefix("themes/resources/") {
            Some(name) => file(ask, name),
            None => errors::not_found(ask),
        },
    }
}

fn file(ask: &Ask<'_>, name: &str) -> Response {
    let Some((_, content_type, bytes)) = FILES.iter().find(|(known, ..)| *known == name) else {
        return errors::not_found(ask);
    };
    if !ask.reads() {
        return errors::method_not_allowed(ask);
    }
    let (modified, etag) = (&ask.site.modified, &ask.site.etag);
    let matches = ask
        .request
        .header("If-None-Match")
        .is_some_and(|tag| tag == etag.as_bytes());
    let mut reply = Reply::iis(ask, if matches { 304 } else { 200 });
    if !matches {
        reply = reply.body(content_type, *bytes);
    }
    reply.cache_control = Some("public,max-age=2592000");
    reply.entity = vec![
        (Cow::Borrowed("Last-Modified"), Cow::Owned(modified.clone())),
        (Cow::Borrowed("Accept-Ranges"), Cow::Borrowed("bytes")),
        (Cow::Borrowed("ETag"), Cow::Owned(etag.clone())),
    ];
    reply.build()
}

/// The manifest of the export tool, which names the build in full, under `current` and under the build.
///
/// That each security update raises the version in it is an assumption.
pub(super) fn export_tool(ask: &Ask<'_>, version: &str, file: &str) -> Response {
    let build = ask.persona().build_short();
    let known = (version == "current" || version == build)
        && file == "microsoft.exchange.ediscovery.exporttool.application";
    if !known {
        return errors::not_found(ask);
    }
    let manifest = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\r\n\
         <asmv1:assembly manifestVersion=\"1.0\" xmlns=\"urn:schemas-microsoft-com:asm.v2\" \
         xmlns:asmv1=\"urn:schemas-microsoft-com:asm.v1\" xmlns:asmv2=\"urn:schemas-microsoft-com:asm.v2\">\r\n  \
         <assemblyIdentity name=\"microsoft.exchange.ediscovery.exporttool.application\" version=\"{build}\" \
         publicKeyToken=\"b1d1a6c45aa418ce\" language=\"neutral\" processorArchitecture=\"msil\" \
         xmlns=\"urn:schemas-microsoft-com:asm.v1\" />\r\n  \
         <deployment install=\"false\" mapFileExtensions=\"true\" trustURLParameters=\"true\" />\r\n  \
         <dependency>\r\n    <dependentAssembly dependencyType=\"install\" \
         codebase=\"microsoft.exchange.ediscovery.exporttool.exe.manifest\">\r\n      \
         <assemblyIdentity name=\"microsoft.exchange.ediscovery.exporttool.exe\" version=\"{build}\" \
         publicKeyToken=\"b1d1a6c45aa418ce\" language=\"neutral\" processorArchitecture=\"msil\" type=\"win32\" />\r\n    \
         </dependentAssembly>\r\n  </dependency>\r\n</asmv1:assembly>\r\n"
    );
    Reply::front(ask, 200)
        .body("application/x-ms-application", manifest.into_bytes())
        .build()
}
