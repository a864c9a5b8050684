//! The words of the pane of incidents.

use crate::domain::incident::{Incident, Severity, Storm, StormGroup};

/// The pane.
pub const TITLE: &str = "Incidents";

/// How many are open, how many of them are grave, and what of all is shown.
pub fn tally([grave, open]: [usize; 2], shown: usize, total: usize) -> String {
    let of = if shown == total { String::new() } else { format!("; {shown} of {total} shown") };
    format!("{open} open, {grave} of them SEV1 or SEV2{of}")
}

/// Only those that are open.
pub const OPEN_ONLY: &str = "only what is open";

/// Nobody is woken by an incident yet.
pub const NOT_PAGING: &str = "Nothing pages yet: an incident is on every screen, and wakes nobody.";

/// There is no store.
pub const NOT_CONFIGURED: &str = "There is no store here: incidents stand in one. See [store] of the configuration.";

/// Nothing was read yet.
pub const LOADING: &str = "Reading the incidents from the store.";

/// Nothing was ever read.
pub const NEVER_READ: &str = "The store was never read; whether an incident is open is not known:";

/// None is open.
pub fn nothing(_: &str) -> String {
    "No incident is open. Declare one: quarterdeck incident declare, or :declare.".to_owned()
}

/// Incidents there are, but none passes the filter.
pub fn nothing_matches(total: usize) -> String {
    format!("None of {total} incidents matches. Press esc to clear the filter.")
}

/// The clock still runs.
pub fn left(left: &str) -> String {
    format!("{left} left")
}

/// Nobody has answered in time.
pub fn overdue(age: &str) -> String {
    format!("OVERDUE {age}")
}

/// It was answered in time.
pub fn met(by: &str) -> String {
    format!("met by {by}")
}

/// It was answered late.
pub fn missed(by: &str) -> String {
    format!("MISSED by {by}")
}

/// Nobody.
pub const NOBODY: &str = "nobody";

/// Who has a role.
pub fn role(role: &str, who: &str) -> String {
    format!("{role} {who}")
}

/// What of the checklist of the phase is open.
pub fn open_items(phase: &str, items: &str) -> String {
    format!("{phase}: open {items}")
}

/// When somebody who waits is to be told again.
pub fn tell_in(who: &str, left: &str) -> String {
    format!("tell {who} in {left}")
}

/// Somebody who waits is to be told.
pub fn tell_overdue(who: &str, age: &str) -> String {
    format!("TELL {}: {age} overdue", who.to_uppercase())
}

/// An incident of before that looked like it.
pub fn similar(number: u64) -> String {
    format!("similar to incident {number}")
}

/// Who did something about it in the last minutes.
pub fn lately(people: &[String]) -> String {
    format!("lately on it: {}", people.join(", "))
}

/// What is open about something, the gravest first; `None` where nothing is.
pub fn about(open: &[&Incident]) -> Option<String> {
    let first = open.first()?;
    let more = match open.len() {
        1 => String::new(),
        count => format!(" and {} more", count - 1),
    };
    let number = first.number;
    Some(format!("incident {number} {} {}: {}{more}", first.severity.name(), first.state.word(), first.title))
}

/// So many alerts at once, by groups, the most first.
pub fn storm(storm: &Storm) -> String {
    const TOLD: usize = 3;
    let group = |one: &StormGroup| {
        let service = one.service.as_deref().map(|service| format!(" of {service}")).unwrap_or_default();
        format!("{} {}{service}", one.count, one.alert)
    };
    let told: Vec<String> = storm.groups.iter().take(TOLD).map(group).collect();
    let count = if storm.groups.len() == 1 { "1 group".to_owned() } else { format!("{} groups", storm.groups.len()) };
    format!("STORM: {} alerts in {count}: {}. One incident is for all of them.", storm.alerts, told.join(", "))
}

/// What the headline says.
pub fn headline(grave: usize, open: usize) -> String {
    match (grave, open) {
        (_, 0) => "no incident is open".to_owned(),
        (0, 1) => "1 incident is open".to_owned(),
        (0, open) => format!("{open} incidents are open"),
        (grave, open) => format!("{open} open, {grave} SEV1 or SEV2"),
    }
}

/// Heads of columns.
pub mod column {
    /// Its number.
    pub const NUMBER: &str = "INCIDENT";
    /// How grave.
    pub const SEVERITY: &str = "SEV";
    /// Where it stands.
    pub const STATE: &str = "STATE";
    /// The clock of the response.
    pub const CLOCK: &str = "CLOCK";
    /// How old.
    pub const AGE: &str = "AGE";
    /// Whose it is.
    pub const ON_IT: &str = "ON IT";
    /// Who commands.
    pub const COMMANDER: &str = "COMMANDER";
    /// Its services.
    pub const SERVICES: &str = "SERVICES";
    /// What is wrong.
    pub const TITLE: &str = "WHAT";
}

/// The gravest of those that are SEV1 or SEV2, in the header: `SEV1 #12 +2`.
pub fn standing(severity: Severity, number: u64, is_acknowledged: bool, more: usize) -> String {
    let more = if more == 0 { String::new() } else { format!(" +{more}") };
    let on_it = if is_acknowledged { " acknowledged" } else { "" };
    format!("{} #{number}{more}{on_it}", severity.name())
}
