//! `/EWS`: Exchange Web Services. Anonymous and Windows authentication are on, so that the service itself refuses.

use super::ask::Ask;
use crate::auth::Schemes;
use crate::http::Response;

pub(super) fn answer(ask: &mut Ask<'_>) -> Response {
    ask.unauthorised_by_service(Schemes::EWS, |mut reply| {
        reply.mark("X-WSSecurity-Enabled", "True");
        reply.mark("X-WSSecurity-For", "None");
        reply.mark("X-OAuth-Enabled", "True");
        reply
    })
}
