//! Which silences are on the screen, and what each of them hides. Changed by `update` alone.

use std::cmp::Reverse;
use std::sync::Arc;

use super::model::Model;
use crate::domain::alert::{Alert, AlertSnapshot, Silence, SilenceState};
use crate::ui::lines::{Line, Lines};
use crate::ui::silences::{SilenceLine, SilencesScene};
use crate::ui::state::View;

/// What a filter for the silences over an alert begins with: its name, or its key.
pub(super) const OVER: &str = "alert:";
/// What a filter of alerts for those under a silence begins with: its id.
pub(super) const UNDER: &str = "silence:";

/// Whether a filter of alerts asks for those under one silence, and for nothing else.
pub(super) fn is_under(text: &str) -> bool {
    text.starts_with(UNDER) && text.split_whitespace().count() == 1
}

impl Model {
    /// Makes the lines of the silences pane anew; the cursor stays on its silence, or rests on the first.
    pub fn refilter_silences(&mut self) {
        let before = self.silences.place(self.ui.silences.cursor.as_ref()).unwrap_or(0);
        let chosen = &self.ui.silences;
        let words = chosen.words();
        let mut list = Lines::default();
        for snapshot in self.world.alerts.snapshots() {
            let hidden = snapshot.hidden();
            for silence in snapshot.silences.iter().flat_map(|all| all.iter()) {
                list.total += 1;
                list.tally[rank(silence.state)] += 1;
                let is_wanted = !chosen.is_problems_only || silence.state != SilenceState::Expired;
                if is_wanted && words.iter().all(|word| finds(word, snapshot, silence)) {
                    let (hides, worst) = hidden.get(&*silence.id).copied().unzip();
                    let hides = hides.unwrap_or(0);
                    let (environment, silence) = (snapshot.environment.clone(), silence.clone());
                    list.shown.push(SilenceLine { environment, silence, hides, worst });
                }
            }
        }
        list.shown.sort_by_cached_key(|line: &SilenceLine| (line.silence.order(), line.place()));
        self.silences = list;
        self.ui.silences.settle(&self.silences, before);
    }

    /// The silence under the cursor of the silences pane.
    pub fn silence_line(&self) -> Option<&SilenceLine> {
        self.silences.find(self.ui.silences.cursor.as_ref())
    }

    /// The alerts the silence under the cursor hides now, the gravest first.
    pub(super) fn silenced(&self) -> Vec<&Arc<Alert>> {
        let Some(line) = self.silence_line() else { return Vec::new() };
        let of_it = self.world.alerts.snapshots().iter().filter(|snapshot| snapshot.environment == line.environment);
        let all = of_it.flat_map(|snapshot| snapshot.alerts.iter());
        let mut hidden: Vec<_> = all.filter(|alert| alert.silenced_by.contains(&line.silence.id)).collect();
        hidden.sort_by_key(|alert| (alert.severity, Reverse(alert.started_at)));
        hidden
    }

    pub(super) fn silences_scene(&self) -> SilencesScene<'_> {
        SilencesScene {
            lines: &self.silences,
            cursor: self.silences.place(self.ui.silences.cursor.as_ref()),
            // Read by this pane alone.
            hidden: if self.ui.view == View::Silences { self.silenced() } else { Vec::new() },
        }
    }
}

const fn rank(state: SilenceState) -> usize {
    match state {
        SilenceState::Active => 0,
        SilenceState::Pending => 1,
        SilenceState::Expired => 2,
    }
}

/// Whether one word of a filter, in small letters, finds a silence.
fn finds(word: &str, snapshot: &AlertSnapshot, silence: &Silence) -> bool {
    if let Some(name) = word.strip_prefix(OVER) {
        let is_it = |alert: &&Arc<Alert>| alert.title().to_lowercase() == name || *alert.key == *name;
        return snapshot.alerts.iter().filter(is_it).any(|alert| alert.silenced_by.contains(&silence.id));
    }
    let words = [&*silence.id, &snapshot.environment, silence.state.word(), &silence.created_by, &silence.comment];
    format!("{} {}", words.join(" "), silence.covers()).to_lowercase().contains(word)
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
        for word in ["sato", "new", "production", "active", "alertname=\"disk\""] {
            assert!(finds(word, &snapshot, &over), "{word}");
        }
        for word in ["alert:disk".to_owned(), format!("alert:{key}")] {
            assert!(finds(&word, &snapshot, &over) && !finds(&word, &snapshot, &beside), "{word}");
        }
        assert!(!finds("alert:cpu", &snapshot, &over) && !finds("lee", &snapshot, &over));
        assert_eq!(snapshot.hidden().get("a"), Some(&(1, Severity::Critical)));
    }
}
