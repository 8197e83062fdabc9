//! `/mapi`: MAPI over HTTP ([MS-OXCMAPIHTTP]), `emsmdb` for mailboxes and `nspi` for the address book.

use super::ask::Ask;
use crate::auth::Schemes;
use crate::http::Response;

pub(super) fn answer(ask: &mut Ask<'_>) -> Response {
    let is_call = ask.method() == b"POST";
    let mut reply = ask.unauthorised(Schemes::MAPI);
    if is_call {
        // Who failed, its status, and the reason in Base64: `Unauthorized`. (haproxy/haproxy issue 1828.)
        reply.failure_context = Some("FrontEnd;401;VW5hdXRob3JpemVk;;;;");
    }
    reply.build()
}
