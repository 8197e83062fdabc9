//! Message ids of the closed lists.

use imker_detect::{Confidence, LogKind, Outcome, Vantage, Verdict};
use imker_hunt::UnreadReason;
use imker_sigma::{Level, Origin};

use crate::model::HuntReport;

pub(crate) const fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::NoTrace => "verdict-no-trace",
        Verdict::Attempted => "verdict-attempted",
        Verdict::Vulnerable => "verdict-vulnerable",
        Verdict::Exploited => "verdict-exploited",
        Verdict::Compromised => "verdict-compromised",
    }
}

/// A verdict, or that there is none because no event was read.
pub(crate) const fn answer(verdict: Verdict, answered: bool) -> &'static str {
    if answered {
        self::verdict(verdict)
    } else {
        "verdict-no-answer"
    }
}

pub(crate) const fn meaning(verdict: Verdict, answered: bool) -> &'static str {
    if answered {
        verdict_meaning(verdict)
    } else {
        "meaning-no-answer"
    }
}

/// What to do where nothing was read.
pub(crate) const fn nothing_read_help(report: &HuntReport) -> &'static str {
    if report.outside > 0 {
        "nothing-in-span-help"
    } else {
        "nothing-read-help"
    }
}

const fn verdict_meaning(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::NoTrace => "meaning-no-trace",
        Verdict::Attempted => "meaning-attempted",
        Verdict::Vulnerable => "meaning-vulnerable",
        Verdict::Exploited => "meaning-exploited",
        Verdict::Compromised => "meaning-compromised",
    }
}

pub(crate) const fn confidence(confidence: Confidence) -> &'static str {
    match confidence {
        Confidence::Low => "confidence-low",
        Confidence::Medium => "confidence-medium",
        Confidence::High => "confidence-high",
    }
}

pub(crate) const fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Filtered => "outcome-filtered",
        Outcome::Refused => "outcome-refused",
        Outcome::Unclear => "outcome-unclear",
        Outcome::Succeeded => "outcome-succeeded",
    }
}

/// The value of an outcome in machine-readable outputs.
pub(crate) const fn outcome_value(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Filtered => "filtered",
        Outcome::Refused => "refused",
        Outcome::Unclear => "unclear",
        Outcome::Succeeded => "succeeded",
    }
}

pub(crate) const fn vantage(vantage: Vantage) -> &'static str {
    match vantage {
        Vantage::FrontEnd => "vantage-front-end",
        Vantage::Proxy => "vantage-proxy",
        Vantage::BackEnd => "vantage-back-end",
        Vantage::HttpErr => "vantage-http-err",
    }
}

/// The value of a vantage in machine-readable outputs.
pub(crate) const fn vantage_value(vantage: Vantage) -> &'static str {
    match vantage {
        Vantage::FrontEnd => "front_end",
        Vantage::Proxy => "proxy",
        Vantage::BackEnd => "back_end",
        Vantage::HttpErr => "http_err",
    }
}

pub(crate) const fn kind(kind: LogKind) -> &'static str {
    match kind {
        LogKind::Iis => "kind-iis",
        LogKind::HttpErr => "kind-http-err",
        LogKind::HttpProxy => "kind-http-proxy",
    }
}

pub(crate) const fn origin(origin: Origin) -> &'static str {
    match origin {
        Origin::BuiltIn => "origin-built-in",
        Origin::User => "origin-user",
        Origin::Indicator => "origin-indicator",
    }
}

pub(crate) const fn level(level: Level) -> &'static str {
    match level {
        Level::Informational => "level-informational",
        Level::Low => "level-low",
        Level::Medium => "level-medium",
        Level::High => "level-high",
        Level::Critical => "level-critical",
    }
}

pub(crate) const fn unread(reason: UnreadReason) -> &'static str {
    match reason {
        UnreadReason::Permission => "unread-permission",
        UnreadReason::Io => "unread-io",
        UnreadReason::Damaged => "unread-damaged",
        UnreadReason::Truncated => "unread-truncated",
        UnreadReason::Binary => "unread-binary",
        UnreadReason::Torn => "unread-torn",
        UnreadReason::LineTooLong => "unread-line-too-long",
        UnreadReason::NoFields => "unread-no-fields",
        UnreadReason::RatioLimit => "unread-ratio-limit",
        UnreadReason::SizeLimit => "unread-size-limit",
        UnreadReason::MemberLimit => "unread-member-limit",
        UnreadReason::TooDeep => "unread-too-deep",
        UnreadReason::Unsupported => "unread-unsupported",
        // The enumeration is open: a reason that this list does not know is still told.
        _ => "unread-other",
    }
}
