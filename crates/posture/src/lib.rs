//! What was observed of an Exchange server from outside ([`Observation`]), and what follows from it.
//!
//! An observation is what a server answered, as data: it can be stored, read again years later and judged anew with
//! newer tables. Nothing here asks anybody.

mod assess;
mod assessment;
mod check;
mod observation;
pub mod reasons;

pub use assess::{OWN_HEADERS, Vantage, assess};
pub use assessment::{
    Assessment, CveFinding, CveVerdict, Directory, Finding, FixStatus, FrontEnd, Level, Reason, Verdict,
};
pub use check::{Check, Checks};
pub use observation::{
    Answer, Certificate, Disclosure, Fault, FaultKind, Header, Mark, NtlmNames, Observation, Place, Response,
    SeenBuild, Service, SmtpVisit, Tls, TlsVersion, TlsVersions, Visit,
};
