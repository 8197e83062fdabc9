//! `/Microsoft-Server-ActiveSync` ([MS-ASHTTP]): Basic alone is offered.

use super::ask::Ask;
use crate::auth::Schemes;
use crate::http::Response;

pub(super) fn answer(ask: &mut Ask<'_>) -> Response {
    ask.unauthorised(Schemes::ACTIVE_SYNC).build()
}
