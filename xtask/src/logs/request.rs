use crate::corpus::prng::Guid;

/// Which of Exchange's front-end protocols a request belongs to; names its HttpProxy folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub enum Protocol {
    Autodiscover,
    Eas,
    Ecp,
    Ews,
    Mapi,
    Oab,
    Owa,
    PowerShell,
    RpcHttp,
    /// Served by IIS itself: HttpProxy does not log it, no back end sees it.
    #[default]
    None,
}

/// One web request, from which each log writes its own view.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// Unix time in seconds.
    pub second: i64,
    pub protocol: Protocol,
    pub method: &'static str,
    pub stem: String,
    /// As received, without what Exchange appends in the log.
    pub query: String,
    pub id: Guid,
    pub port: u16,
    /// `EXAMPLE\name`; empty without logon.
    pub user: String,
    pub client: String,
    /// With blanks as `+`, as IIS logs it.
    pub agent: String,
    pub referer: String,
    pub status: u16,
    pub substatus: u16,
    pub win32: u32,
    /// Milliseconds.
    pub taken: u32,
}

impl Request {
    /// Makes it an empty `GET / 200` on port 443 at `second`, keeping its buffers.
    pub fn reset(&mut self, second: i64, id: Guid) {
        for text in [
            &mut self.stem,
            &mut self.query,
            &mut self.user,
            &mut self.client,
            &mut self.agent,
            &mut self.referer,
        ] {
            text.clear();
        }
        self.second = second;
        self.id = id;
        self.protocol = Protocol::None;
        self.method = "GET";
        self.port = 443;
        self.status = 200;
        self.substatus = 0;
        self.win32 = 0;
        self.taken = 0;
    }
}
