//! `/rpc`: RPC over HTTP ([MS-RPCH]), `rpcproxy.dll`. It asks for a log-on whatever the verb.

use super::ask::Ask;
use crate::auth::Schemes;
use crate::http::Response;

pub(super) fn answer(ask: &mut Ask<'_>) -> Response {
    ask.unauthorised(Schemes::RPC).build()
}
