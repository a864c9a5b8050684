//! The signals pane: how each service does for its users, worst first, with its last hour and when it was released.

mod more;
mod notice;
mod table;

use ratatui::layout::Rect;

use super::list::{List, Rows};
use super::view::{RowWords, Selection};
use super::{GroupId, Opens, Pane};
use crate::domain::signal::board::{boards, worst_first};
use crate::domain::signal::{Board, Judged, SignalSnapshot, State, Trace};
use crate::domain::time::Instant;
use crate::theme::Role;
use crate::ui::pen::Pen;
use crate::ui::root::HitMap;
use crate::ui::scene::Scene;
use crate::ui::state::RowKey;
use crate::ui::widgets::spark;
use crate::ui::words::signals as said;
use crate::world::{Part, World};

/// The pane.
pub const PANE: Pane = Pane {
    id: "signals",
    command: "view.signals",
    group: GroupId::Services,
    title: said::TITLE,
    sentence: "show how services do",
    hints: super::hints::OF_SERVICES,
    headline: None,
    opens: Opens::View(List::<Services>::boxed),
};

/// Every service of which a signal is known, worst first.
#[derive(Debug)]
struct Services;

impl Rows for Services {
    type Row = Board;

    const PARTS: &'static [Part] = &[Part::Signals];

    fn read(world: &World, now: Instant) -> Vec<Board> {
        let snapshots = world.shown().filter_map(|sight| world.signals.of(sight.name()));
        let mut rows: Vec<Board> = snapshots.flat_map(|snapshot| boards(snapshot, &world.services, now)).collect();
        let released = world.released_services(now);
        for row in &mut rows {
            let place = (row.environment.clone(), row.service.clone());
            row.released = released.get(&place).cloned().unwrap_or_default();
        }
        worst_first(&mut rows);
        rows
    }

    fn key(row: &Board) -> RowKey {
        RowKey::new(&row.environment, &row.service)
    }

    fn is_trouble(row: &Board) -> bool {
        !matches!(row.state, State::Ok | State::NoThreshold)
    }

    fn words(row: &Board) -> RowWords {
        RowWords {
            name: row.service.to_string(),
            state: row.state.word().to_owned(),
            more: row.environment.to_string(),
        }
    }

    fn selection(row: &Board, _world: &World) -> Selection {
        Selection {
            name: row.service.to_string(),
            environment: Some(row.environment.clone()),
            service: Some(row.service.clone()),
            ..Selection::default()
        }
    }

    fn draw(list: &List<Self>, pen: &mut Pen<'_>, area: Rect, scene: &Scene<'_>) -> HitMap {
        table::draw(list, pen, area, scene)
    }
}

/// The newest of each environment that has a source of signals.
fn snapshots<'a>(scene: &Scene<'a>) -> Vec<&'a SignalSnapshot> {
    scene.world.shown().filter_map(|sight| scene.world.signals.of(sight.name())).collect()
}

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
