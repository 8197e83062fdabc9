//! Exchange's HttpProxy log (`<Exchange>\Logging\HttpProxy\<protocol>\HttpProxy_YYYYMMDDHH-n.LOG`), with the
//! columns of Exchange 2016.

use super::iis::date;
use super::{Protocol, Request};

#[rustfmt::skip]
const COLUMNS: [&str; 76] = [
    "DateTime", "RequestId", "MajorVersion", "MinorVersion", "BuildVersion", "RevisionVersion",
    "ClientRequestId", "Protocol", "UrlHost", "UrlStem", "ProtocolAction", "AuthenticationType",
    "IsAuthenticated", "AuthenticatedUser", "Organization", "AnchorMailbox", "UserAgent", "ClientIpAddress",
    "ServerHostName", "HttpStatus", "BackEndStatus", "ErrorCode", "Method", "ProxyAction", "TargetServer",
    "TargetServerVersion", "RoutingType", "RoutingHint", "BackEndCookie", "ServerLocatorHost",
    "ServerLocatorLatency", "RequestBytes", "ResponseBytes", "TargetOutstandingRequests",
    "AuthModulePerfContext", "HttpPipelineLatency", "CalculateTargetBackEndLatency", "GlsLatencyBreakup",
    "TotalGlsLatency", "AccountForestLatencyBreakup", "TotalAccountForestLatency",
    "ResourceForestLatencyBreakup", "TotalResourceForestLatency", "ADLatency", "SharedCacheLatencyBreakup",
    "TotalSharedCacheLatency", "ActivityContextLifeTime", "ModuleToHandlerSwitchingLatency",
    "ClientReqStreamLatency", "BackendReqInitLatency", "BackendReqStreamLatency", "BackendProcessingLatency",
    "BackendRespInitLatency", "BackendRespStreamLatency", "ClientRespStreamLatency",
    "KerberosAuthHeaderLatency", "HandlerCompletionLatency", "RequestHandlerLatency",
    "HandlerToModuleSwitchingLatency", "ProxyTime", "CoreLatency", "RoutingLatency", "HttpProxyOverhead",
    "TotalRequestTime", "RouteRefresherLatency", "UrlQuery", "BackEndGenericInfo", "GenericInfo",
    "GenericErrors", "EdgeTraceId", "DatabaseGuid", "UserADObjectGuid", "PartitionEndpointLookupLatency",
    "RoutingStatus", "BackendConnectLatency", "RoutingDetails",
];

/// A build, as in `15.1.2176.9`.
pub type Build = [u16; 4];

/// The server and the back end that answered.
#[derive(Debug)]
pub struct Proxied<'a> {
    /// `EX01`
    pub server: &'a str,
    pub build: Build,
    /// `ex02.example.org` and its status; `None` where the front end answered itself.
    pub target: Option<(&'a str, u16)>,
    pub milliseconds: u16,
    pub bytes_sent: u32,
}

/// The folder below `HttpProxy`, and the value of the column `Protocol`.
pub fn folder(protocol: Protocol) -> Option<&'static str> {
    Some(match protocol {
        Protocol::Autodiscover => "Autodiscover",
        Protocol::Eas => "Eas",
        Protocol::Ecp => "Ecp",
        Protocol::Ews => "Ews",
        Protocol::Mapi => "Mapi",
        Protocol::Oab => "Oab",
        Protocol::Owa => "Owa",
        Protocol::PowerShell => "PowerShell",
        Protocol::RpcHttp => "RpcHttp",
        Protocol::None => return None,
    })
}

/// Appends the head of a file; some begin with the names of the columns as a plain row.
pub fn append_head(second: i64, [major, minor, build, revision]: Build, plain: bool, out: &mut Vec<u8>) {
    let columns = COLUMNS.join(",");
    if plain {
        out.extend_from_slice(columns.as_bytes());
        out.extend_from_slice(b"\r\n");
    }
    let head = format!(
        "#Software: Microsoft Exchange Server\r\n#Version: {major:02}.{minor:02}.{build:04}.{revision:03}\r\n\
         #Log-type: HttpProxy Logs\r\n#Date: {}\r\n#Fields: {columns}\r\n",
        date(second, "%Y-%m-%dT%H:%M:%S.000Z")
    );
    out.extend_from_slice(head.as_bytes());
}

/// Appends the row of `request`.
pub fn append_row(request: &Request, proxied: &Proxied<'_>, out: &mut Vec<u8>) {
    let [major, minor, build, revision] = proxied.build.map(|part| part.to_string());
    for (index, column) in COLUMNS.into_iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        let value = match column {
            "DateTime" => date(
                request.second,
                &format!("%Y-%m-%dT%H:%M:%S.{:03}Z", proxied.milliseconds),
            ),
            "RequestId" => request.id.to_string(),
            "MajorVersion" => major.clone(),
            "MinorVersion" => minor.clone(),
            "BuildVersion" => build.clone(),
            "RevisionVersion" => revision.clone(),
            "Protocol" => folder(request.protocol).unwrap_or_default().to_owned(),
            "UrlHost" => "mail.example.org".to_owned(),
            "UrlStem" => request.stem.clone(),
            "AuthenticationType" if !request.user.is_empty() => authentication(request.protocol).to_owned(),
            "IsAuthenticated" => if request.user.is_empty() { "False" } else { "True" }.to_owned(),
            "AuthenticatedUser" => request.user.clone(),
            "AnchorMailbox" if !request.user.is_empty() => format!("Sid~{}", request.user),
            "UserAgent" => request.agent.replace('+', " "),
            "ClientIpAddress" => request.client.clone(),
            "ServerHostName" => proxied.server.to_owned(),
            "HttpStatus" => request.status.to_string(),
            "BackEndStatus" => proxied
                .target
                .map(|(_, status)| status.to_string())
                .unwrap_or_default(),
            "Method" => request.method.to_owned(),
            "ProxyAction" if proxied.target.is_some() => "Proxy".to_owned(),
            "TargetServer" => proxied
                .target
                .map(|(name, _)| name.to_owned())
                .unwrap_or_default(),
            "TargetServerVersion" if proxied.target.is_some() => format!("15.01.{build}.000"),
            "RoutingType" if proxied.target.is_some() => "IntraForest".to_owned(),
            "ResponseBytes" => proxied.bytes_sent.to_string(),
            "TotalRequestTime" => request.taken.to_string(),
            "UrlQuery" if !request.query.is_empty() => format!("?{}", request.query),
            "GenericErrors" if request.status >= 500 => "StatusCode=InternalServerError;".to_owned(),
            _ => continue,
        };
        append_value(&value, out);
    }
    out.extend_from_slice(b"\r\n");
}

fn authentication(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Owa | Protocol::Ecp => "FBA",
        Protocol::Eas => "Basic",
        _ => "Negotiate",
    }
}

fn append_value(value: &str, out: &mut Vec<u8>) {
    if value.contains([',', '"']) {
        out.push(b'"');
        out.extend_from_slice(value.replace('"', "\"\"").as_bytes());
        out.push(b'"');
    } else {
        out.extend_from_slice(value.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corpus::prng::Guid;

    #[test]
    fn a_row_has_every_column_and_quotes_what_needs_it() {
        let mut request = Request::default();
        request.reset(1_628_737_445, Guid::default());
        request.protocol = Protocol::Owa;
        request.stem.push_str("/owa/");
        request.agent.push_str("Mozilla/5.0+(KHTML,+like+Gecko)");
        let proxied = Proxied {
            server: "EX01",
            build: [15, 1, 2176, 9],
            target: None,
            milliseconds: 7,
            bytes_sent: 512,
        };
        let mut out = Vec::new();
        append_row(&request, &proxied, &mut out);
        let row = String::from_utf8(out).unwrap_or_default();
        assert!(row.starts_with("2021-08-12T03:04:05.007Z,00000000-"), "{row}");
        assert!(row.contains(",\"Mozilla/5.0 (KHTML, like Gecko)\","), "{row}");
        // One comma stands between quotes.
        assert_eq!(row.matches(',').count(), COLUMNS.len());
    }
}
