//! The signals pane: how each service does for its users, worst first, with its last hour and when it was released.

mod list;
mod more;
mod notice;

pub use list::draw;

use crate::domain::signal::{Judged, State, Trace};
use crate::domain::time::Instant;
use crate::theme::Role;
use crate::ui::pen::Pen;
use crate::ui::widgets::spark;

/// The role of a state's word.
const fn role_of(state: State) -> Role {
    match state {
        State::Critical => Role::Error,
        State::Warning => Role::Warning,
        State::Unknown => Role::VerdictUnknown,
        State::Ok => Role::Ok,
        State::NoThreshold => Role::Text,
    }
}

/// The word of a state, short enough for a column.
const fn word_of(state: State) -> &'static str {
    match state {
        State::NoThreshold => "-",
        _ => state.word(),
    }
}

/// The last hour of a signal, as high as its threshold at least, so that little does not look like much.
fn hour(pen: &Pen<'_>, signal: &Judged, columns: u16, released: &[Instant]) -> String {
    let Some(trace) = &signal.trace else { return String::new() };
    #[expect(clippy::cast_possible_truncation, reason = "the height of a line of a few cells")]
    let threshold = signal.threshold.map_or(0.0, |threshold| threshold as f32);
    let top = trace.top().unwrap_or(0.0).max(threshold);
    spark::line(pen.glyphs, &trace.values, usize::from(columns), top, &marks(trace, released))
}

fn marks(trace: &Trace, released: &[Instant]) -> Vec<usize> {
    released.iter().filter_map(|at| trace.place(*at)).collect()
}
