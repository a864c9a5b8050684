//! The words of the pane of restore tests.

use crate::domain::backup::{Coverage, Level, MTBF, MTTR, RestoreTest, Verification, size};
use crate::domain::time;

/// The pane.
pub const TITLE: &str = "Restore tests";

/// Its headline, where there is room for ten letters.
pub const SHORT: &str = "Restores";

/// Only what is not proven.
pub const PROBLEMS_ONLY: &str = "only what is not proven in time";

/// No restore was ever verified.
pub const NEVER: &str = "never";

/// Nobody measured it.
pub const UNPROVEN: &str = "unproven";

/// Nobody knows.
pub const UNKNOWN: &str = "unknown";

/// Nobody tried one.
pub const NEVER_TRIED: &str = "No restore was ever tried. Verify it now (declare verify in [backup.NAME]), or have a script end in quarterdeck record restore-test.";

/// The heads of what a loss would cost.
pub const LOSS: &str = "LOSE";
/// How much of the newest data.
pub const WOULD_BE_LOST: &str = "WOULD BE LOST";
/// How long.
pub const WOULD_TAKE: &str = "WOULD TAKE";

/// The heads of the columns.
pub mod column {
    /// How the last verified restore stands.
    pub const STATE: &str = "STATE";
    /// The set.
    pub const SET: &str = "SET";
    /// Its tier.
    pub const TIER: &str = "TIER";
    /// What has been proven, from 0 to 5.
    pub const LEVEL: &str = "PROVEN";
    /// When a restore was last verified.
    pub const VERIFIED: &str = "VERIFIED";
    /// How long that took.
    pub const TOOK: &str = "TOOK";
    /// How long it may take.
    pub const RTO: &str = "RTO";
    /// Bytes a second.
    pub const RATE: &str = "RATE";
    /// The last that was tried.
    pub const TRIED: &str = "LAST TRIED";
    /// Why it is not as promised.
    pub const REASON: &str = "REASON";
}

/// A level with its number: `4 reached its target`.
pub fn level(level: Level) -> String {
    format!("{} {}", level as u8, level.word())
}

/// How many are shown.
pub fn shown(shown: usize, total: usize) -> String {
    let all = if total == 1 { "1 set".to_owned() } else { format!("{total} sets") };
    if shown == total { all } else { format!("{shown} of {all} shown") }
}

/// How many were never verified, or too long ago; late; in time.
pub fn headline([unproven, late, proven]: [usize; 3]) -> String {
    let counts = [(unproven, "unproven"), (late, "late"), (proven, "proven in time")];
    let some = counts.iter().filter(|(count, _)| *count > 0);
    some.map(|(count, word)| format!("{count} {word}")).collect::<Vec<_>>().join(", ")
}

/// The restore that was tried last.
pub fn tried(is_ok: bool, age: &str) -> String {
    if is_ok { format!("ok {age} ago") } else { format!("FAILED {age} ago") }
}

/// Why what is proven is not enough.
pub fn reason(row: &Coverage) -> String {
    if let Some(took) = row.rto_measured.filter(|took| *took > row.rto) {
        return format!("It took {}, and may take {}.", time::length(took), time::length(row.rto));
    }
    match (row.verification, &row.last_test) {
        (Verification::Ok, _) => String::new(),
        (_, Some(test)) if !test.is_ok => "The last restore that was tried failed.".to_owned(),
        (_, Some(test)) if !test.is_verified() => {
            "The last restore started, and does not say that it reached what was asked for.".to_owned()
        }
        (Verification::Never, _) => "No restore was ever verified.".to_owned(),
        (Verification::Late | Verification::Missed, _) => "A restore is to be verified every week.".to_owned(),
    }
}

/// What was promised of a set, and what was measured.
pub fn objectives(row: &Coverage) -> Vec<String> {
    let tier = row.declared.tier.map(|tier| format!("tier {}", tier.word()));
    let measured = row.rto_measured.map_or_else(|| UNPROVEN.to_owned(), time::length);
    let age = row.data_age.map_or_else(|| UNKNOWN.to_owned(), time::length);
    let mut facts = vec![row.set.to_string()];
    facts.extend(tier);
    facts.push(format!("RPO {} (data is {age} old)", time::length(row.rpo)));
    facts.push(format!("RTO {} (measured: {measured})", time::length(row.rto)));
    facts.push(format!("aims: MTTR {}, MTBF {}", time::length(MTTR), time::length(MTBF)));
    facts
}

/// What a restore that was tried said.
pub fn test(test: &RestoreTest, age: &str) -> Vec<String> {
    let mut facts = vec![format!("last tried {age} ago: {}", level(test.level()))];
    facts.extend(test.target.as_ref().map(|target| format!("target {target}")));
    facts.extend(test.reached.as_ref().map(|reached| format!("reached {reached}")));
    facts.extend(test.took.map(|took| format!("took {}", time::length(took))));
    facts.extend(test.bytes.map(size));
    facts.extend(test.rate().map(|rate| format!("{}/s", size(rate))));
    facts
}
