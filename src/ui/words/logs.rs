//! The words of the logs pane.

use crate::domain::log::Level;

/// Which log it is.
pub fn of(workload: &str, pod: Option<&str>, container: Option<&str>, is_previous: bool) -> String {
    let mut words = workload.to_owned();
    if let Some(pod) = pod {
        words = format!("pod {pod} of {words}");
    }
    if let Some(container) = container {
        words = format!("{words}, container {container}");
    }
    if is_previous { format!("{words}, the instance before") } else { words }
}

/// From which level on lines are shown.
pub fn from_level(least: Level) -> String {
    if least == Level::Trace { "every level".to_owned() } else { format!("{} and graver", least.word()) }
}

/// How many lines there are.
pub fn shown(visible: usize, kept: usize, dropped: u64) -> String {
    let dropped = if dropped > 0 { format!(", {dropped} older ones dropped") } else { String::new() };
    if visible == kept { format!("{kept} lines{dropped}") } else { format!("{visible} of {kept} lines{dropped}") }
}

/// How many containers are followed.
pub fn following(following: usize, all: usize) -> String {
    if (following, all) == (1, 1) {
        "1 container".to_owned()
    } else if following == all {
        format!("{all} containers")
    } else {
        format!("{following} of {all} containers followed")
    }
}

/// Where the cursor stays.
pub const AT_END: &str = "following";
/// Where the cursor stays.
pub const HELD: &str = "held: f follows";
/// Nothing was read yet.
pub const LOADING: &str = "Asking the pods for their logs.";
/// Nothing was written.
pub const SILENT: &str = "The containers have written nothing yet.";
/// The level hides everything.
pub fn hidden(kept: usize) -> String {
    format!("All {kept} lines are less grave than that. Press v for another level.")
}
/// The field.
pub const SEARCH: &str = "find";
