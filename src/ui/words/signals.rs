//! The words of the signals pane.

/// The pane.
pub const TITLE: &str = "Signals";

/// How many services are how, from the worst.
pub fn tally(counts: [usize; 3], shown: usize, total: usize) -> String {
    let [critical, warning, unknown] = counts;
    let services = if total == 1 { "service" } else { "services" };
    let of =
        if shown == total { format!("{total} {services}") } else { format!("{shown} of {total} {services} shown") };
    format!("{critical} critical, {warning} warning, {unknown} unknown; {of}")
}

/// Only what is not known to be well.
pub const PROBLEMS_ONLY: &str = "only what is not known to be well";

/// No environment has a Prometheus.
pub const NOT_CONFIGURED: &str = "No Prometheus is configured: how services do for their users is not known. Give an environment one: prometheus = { url = \"https://prometheus.example\" }, or pages of metrics: scrape = [{ url = \"http://cart:8080/metrics\", service = \"cart\" }]. See quarterdeck config init.";

/// Nothing was read yet.
pub const LOADING: &str = "Reading signals.";

/// Nothing was ever read.
pub const NEVER_READ: &str = "Signals were never read; how services do is not known:";

/// The source answers, and has no series of any service.
pub fn nothing(environment: &str) -> String {
    format!("No service of {environment} has a series that the queries ask for. That says nothing of how they do.")
}

/// Rows there are, but none passes the filter.
pub fn nothing_matches(total: usize) -> String {
    format!("None of {total} services matches. Press esc to clear the filter.")
}

/// How much is known of the source of the line under the cursor.
pub fn measured(origin: &str, age: &str) -> String {
    format!("measured by {origin} {age} ago")
}

/// Who measured what has a star.
pub const DIRECT_HERE: &str = "direct (*)";

/// The name of a signal that was measured another way than its neighbours.
pub fn direct(name: &str) -> String {
    format!("{name} *")
}

/// When it was released last.
pub fn released(age: &str) -> String {
    format!("released {age} ago")
}

/// How many alerts fire about it.
pub fn alerts(count: usize) -> String {
    if count == 1 { "1 alert about it: A".to_owned() } else { format!("{count} alerts about it: A") }
}

/// No workload is of this service.
pub const NO_WORKLOAD: &str = "no workload that is shown is of it";

/// A threshold.
pub fn above(value: &str) -> String {
    format!("> {value}")
}

/// Heads of columns.
pub mod column {
    /// The worst state of its signals.
    pub const STATE: &str = "STATE";
    /// The service.
    pub const SERVICE: &str = "SERVICE";
    /// Requests per second.
    pub const REQUESTS: &str = "REQ/S";
    /// Share of errors.
    pub const ERRORS: &str = "ERRORS";
    /// Latencies.
    pub const P50: &str = "P50";
    /// Latencies.
    pub const P95: &str = "P95";
    /// Latencies.
    pub const P99: &str = "P99";
    /// Saturation: processor time.
    pub const CPU: &str = "CPU";
    /// Saturation: memory.
    pub const MEMORY: &str = "MEM";
    /// When it was released.
    pub const RELEASED: &str = "RELEASED";
    /// The share of errors over the last hour.
    pub const HOUR: &str = "ERRORS, LAST HOUR";
}
