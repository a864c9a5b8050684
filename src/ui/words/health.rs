//! The words of the health matrix.

use chrono::TimeDelta;

/// The pane.
pub const TITLE: &str = "Health";

/// How many components are how where they are worst, from the worst.
pub fn tally(counts: [usize; 3], shown: usize, total: usize) -> String {
    let [unhealthy, degraded, unknown] = counts;
    let all = if total == 1 { "1 component".to_owned() } else { format!("{total} components") };
    let of = if shown == total { all } else { format!("{shown} of {all} shown") };
    format!("{unhealthy} unhealthy, {degraded} degraded, {unknown} unknown; {of}")
}

/// How many environments have no room for a column.
pub fn without_column(count: usize) -> String {
    match count {
        1 => "no room for 1 environment".to_owned(),
        count => format!("no room for {count} environments"),
    }
}

/// Only what is not known to be well.
pub const PROBLEMS_ONLY: &str = "only what is not known to be well";

/// Nothing is to be asked.
pub const NOT_CONFIGURED: &str = "No component is asked whether it is well. Write how: [service.checkout.health] api = { at = \"https://shop.{environment}.example/health\" }, or kind = \"tcp\", \"tls\", \"postgres\", \"redis\". See quarterdeck config init.";

/// It is asked for other environments only.
pub const NOT_HERE: &str = "No component is asked in what is shown; s shows other environments.";

/// Rows there are, but none passes the filter.
pub fn nothing_matches(total: usize) -> String {
    format!("None of {total} components matches. Press esc to clear the filter.")
}

/// How long an answer took.
pub fn took(took: TimeDelta) -> String {
    let milliseconds = took.num_milliseconds();
    match milliseconds {
        0 => "<1ms".to_owned(),
        1..1_000 => format!("{milliseconds}ms"),
        _ => format!("{}.{}s", milliseconds / 1_000, milliseconds % 1_000 / 100),
    }
}

/// The version, and the one it should be.
pub fn version(version: Option<&str>, expected: Option<&str>) -> Option<String> {
    match (version, expected) {
        (Some(version), Some(expected)) => Some(format!("version {version}, {expected} expected")),
        (Some(version), None) => Some(format!("version {version}")),
        (None, Some(expected)) => Some(format!("version not said, {expected} expected")),
        (None, None) => None,
    }
}

/// From how many days on the exact number helps nobody.
const LONG: i64 = 3_653;

/// Days until a certificate ends, in a column.
pub fn days(days: i64) -> String {
    if days >= LONG { ">10y".to_owned() } else { format!("{days}d") }
}

/// Until when a certificate holds.
pub fn certificate(days: i64, issuer: &str) -> String {
    let issuer = if issuer.is_empty() { String::new() } else { format!(" (by {issuer})") };
    match days {
        ..0 => format!("certificate expired{issuer}"),
        0 => format!("certificate ends today{issuer}"),
        1 => format!("certificate 1 day{issuer}"),
        LONG.. => format!("certificate over 10 years{issuer}"),
        _ => format!("certificate {days} days{issuer}"),
    }
}

/// Nothing is known of a certificate, and why.
pub fn certificate_missing(why: &str) -> String {
    format!("certificate not known: {why}")
}

/// Of a certificate only its own time is known.
pub const CHAIN_UNSEEN: &str = "not known what it hangs on";

/// Since when it runs.
pub fn up(age: &str) -> String {
    format!("up {age}")
}

/// When it was asked last.
pub fn asked(age: &str) -> String {
    format!("asked {age} ago")
}

/// What its service needs and is not well.
pub fn impaired_by(names: &str) -> String {
    format!("impaired by {names}")
}

/// Services that need this one.
pub fn needed_by(names: &[std::sync::Arc<str>]) -> String {
    let shown = names.iter().take(6).map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let more = if names.len() > 6 { format!(" and {} more", names.len() - 6) } else { String::new() };
    match names.len() {
        1 => format!("1 service needs this one: {shown}"),
        count => format!("{count} services need this one: {shown}{more}"),
    }
}

/// It is not asked there.
pub const NOT_ASKED: &str = "-";

/// Heads of columns.
pub mod column {
    /// The worst of its cells.
    pub const STATE: &str = "STATE";
    /// The service.
    pub const SERVICE: &str = "SERVICE";
    /// The component.
    pub const COMPONENT: &str = "COMPONENT";
    /// How long the answer took.
    pub const TOOK: &str = "TOOK";
    /// The version.
    pub const VERSION: &str = "VERSION";
    /// Days until the certificate ends.
    pub const CERTIFICATE: &str = "CERT";
    /// Why it is so.
    pub const REASON: &str = "REASON";
}
