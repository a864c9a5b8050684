//! The silences pane: who keeps notifications back, of what, until when and why, and how many alerts each hides now.

mod notice;
mod table;

use std::cmp::Reverse;
use std::sync::Arc;

use ratatui::layout::Rect;

use super::alerts::{OVER, UNDER};
use super::list::{List, Rows};
use super::view::{Reaction, RowWords, Selection};
use super::{GroupId, Opens, Pane};
use crate::domain::alert::{Alert, AlertSnapshot, Severity, Silence, SilenceState};
use crate::domain::subject::{SilenceRef, Subject};
use crate::domain::time::Instant;
use crate::ui::pen::Pen;
use crate::ui::root::HitMap;
use crate::ui::scene::Scene;
use crate::ui::state::RowKey;
use crate::ui::words::silences as said;
use crate::world::{Part, World};

/// The pane.
pub const PANE: Pane = Pane {
    id: "silences",
    command: "view.silences",
    group: GroupId::Alerts,
    title: said::TITLE,
    sentence: "show the silences",
    hints: &[
        ("open", "what it hides"),
        ("action.expire-silence", "end it"),
        ("filter", "filter"),
        ("problems_only", "only standing"),
        ("back", "back"),
        ("help", "help"),
    ],
    headline: None,
    opens: Opens::View(List::<Silences>::boxed),
};

/// A silence of an environment, and what it hides.
#[derive(Debug, Clone, PartialEq)]
struct Row {
    environment: Arc<str>,
    silence: Silence,
    /// How many alerts it hides now.
    hides: usize,
    /// The gravest of them.
    worst: Option<Severity>,
}

/// Every silence: what holds, what will, what is over.
#[derive(Debug)]
struct Silences;

impl Rows for Silences {
    type Row = Row;

    const PARTS: &'static [Part] = &[Part::Alerts];

    fn read(world: &World, _now: Instant) -> Vec<Row> {
        let mut rows = Vec::new();
        for snapshot in world.alerts.snapshots() {
            let hidden = snapshot.hidden();
            for silence in snapshot.silences.iter().flat_map(|all| all.iter()) {
                let (hides, worst) = hidden.get(&*silence.id).copied().unzip();
                let (environment, silence) = (snapshot.environment.clone(), silence.clone());
                rows.push(Row { environment, silence, hides: hides.unwrap_or(0), worst });
            }
        }
        rows.sort_by_cached_key(|row| (row.silence.order(), row.environment.clone(), row.silence.id.clone()));
        rows
    }

    fn key(row: &Row) -> RowKey {
        RowKey::new(&row.environment, &row.silence.id)
    }

    fn is_trouble(row: &Row) -> bool {
        row.silence.state != SilenceState::Expired
    }

    fn words(row: &Row) -> RowWords {
        let Silence { id, state, created_by, comment, .. } = &row.silence;
        RowWords {
            name: id.to_string(),
            state: state.word().to_owned(),
            more: format!("{} {created_by} {comment} {}", row.environment, row.silence.covers()),
        }
    }

    fn finds(row: &Row, text: &str, word: &str, known: &World) -> bool {
        let Some(name) = word.strip_prefix(OVER) else { return text.contains(word) };
        let mut of_it = known.alerts.snapshots().iter().filter(|snapshot| snapshot.environment == row.environment);
        of_it.any(|snapshot| is_over(&row.silence, name, snapshot))
    }

    fn selection(row: &Row, _world: &World) -> Selection {
        let silence = SilenceRef { environment: row.environment.clone(), id: row.silence.id.to_string() };
        Selection {
            name: format!("silence {}", row.silence.id),
            environment: Some(row.environment.clone()),
            subject: Some(Subject::Silence(silence)),
            ..Selection::default()
        }
    }

    /// The alerts it hides.
    fn enter(row: &Row, _world: &World) -> Reaction {
        if row.hides == 0 {
            return Reaction::Say("It hides nothing that fires now.".to_owned());
        }
        Reaction::Among { pane: super::alerts::ID, filter: format!("{UNDER}{}", row.silence.id) }
    }

    fn draw(list: &List<Self>, pen: &mut Pen<'_>, area: Rect, scene: &Scene<'_>) -> HitMap {
        table::draw(list, pen, area, scene)
    }
}

/// The alerts a silence hides now, the gravest first.
fn hidden<'a>(world: &'a World, row: &Row) -> Vec<&'a Arc<Alert>> {
    let of_it = world.alerts.snapshots().iter().filter(|snapshot| snapshot.environment == row.environment);
    let all = of_it.flat_map(|snapshot| snapshot.alerts.iter());
    let mut hidden: Vec<_> = all.filter(|alert| alert.silenced_by.contains(&row.silence.id)).collect();
    hidden.sort_by_key(|alert| (alert.severity, Reverse(alert.started_at)));
    hidden
}

/// Whether a silence is over the alert of this name or key, in small letters.
fn is_over(silence: &Silence, name: &str, snapshot: &AlertSnapshot) -> bool {
    let is_it = |alert: &&Arc<Alert>| alert.title().to_lowercase() == name || *alert.key == *name;
    snapshot.alerts.iter().filter(is_it).any(|alert| alert.silenced_by.contains(&silence.id))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::alert::testing::alert;
    use crate::domain::alert::{Matcher, Severity};
    use crate::domain::time::Instant;

    fn at(minutes: i64) -> Instant {
        chrono::DateTime::from_timestamp(1_800_000_000 + minutes * 60, 0).unwrap_or_default()
    }

    fn silence(id: &str, state: SilenceState, ends: i64) -> Silence {
        Silence {
            id: id.into(),
            matchers: vec![Matcher::equal("alertname", "Disk")],
            starts_at: at(ends - 60),
            ends_at: at(ends),
            created_by: "Sato".into(),
            comment: "a new disk".into(),
            state,
        }
    }

    #[test]
    fn a_silence_is_found_by_what_it_says_and_by_the_alert_it_is_over() {
        let mut one = alert(&[("alertname", "Disk"), ("severity", "critical")], at(0));
        one.silenced_by = vec!["a".into()];
        let other = alert(&[("alertname", "Cpu")], at(0));
        let key = one.key.to_string();
        let snapshot = AlertSnapshot {
            environment: "production".into(),
            alerts: [one, other].map(Arc::new).into(),
            ..AlertSnapshot::default()
        };
        let (over, beside) = (silence("a", SilenceState::Active, 5), silence("b", SilenceState::Active, 5));
        let row = |silence: &Silence| Row {
            environment: "production".into(),
            silence: silence.clone(),
            hides: 1,
            worst: None,
        };
        let RowWords { name, state, more } = Silences::words(&row(&over));
        let text = format!("{name} {state} {more}").to_lowercase();
        for word in ["sato", "new", "production", "active", "alertname=\"disk\""] {
            assert!(text.contains(word), "{word} in {text}");
        }
        assert!(!text.contains("lee"));
        for name in ["disk", &key] {
            assert!(is_over(&over, name, &snapshot) && !is_over(&beside, name, &snapshot), "{name}");
        }
        assert!(!is_over(&over, "cpu", &snapshot));
        assert_eq!(snapshot.hidden().get("a"), Some(&(1, Severity::Critical)));
    }
}
