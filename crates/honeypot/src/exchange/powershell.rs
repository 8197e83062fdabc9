//! `/PowerShell`: Exchange Management Shell over WS-Management.
//!
//! Assumption: all of IIS's authentication methods are off at the front end by default (Microsoft, "Default settings for
//! Exchange virtual directories"), so that a 401 offers none; no published capture shows the exact headers. TLS is not
//! required there.

use super::ask::Ask;
use crate::auth::Schemes;
use crate::http::Response;

pub(super) fn answer(ask: &mut Ask<'_>) -> Response {
    ask.unauthorised(Schemes::POWERSHELL).build()
}
