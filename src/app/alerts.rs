//! Which alerts are on the screen: those the operator looks for.

use std::sync::Arc;

use nucleo_matcher::pattern::{CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};

use crate::domain::alert::group::{self, Group};
use crate::domain::alert::{Alert, State};
use crate::domain::service::UNMAPPED;
use crate::panes::alerts::UNDER;
use crate::ui::alerts::{AlertLine, AlertsState};

/// The lines of the pane: a group is one until it is unfolded.
pub(super) fn lines(groups: &[Group], chosen: &AlertsState) -> Vec<AlertLine> {
    let mut search = Search::new(&chosen.filter.text);
    let mut lines = Vec::with_capacity(groups.len());
    for group in groups {
        let is_wanted =
            |alert: &&Arc<Alert>| (!chosen.is_firing_only || alert.state() == State::Firing) && search.finds(alert);
        let members: Vec<Arc<Alert>> = group.members.iter().filter(is_wanted).cloned().collect();
        let Some(first) = members.first() else { continue };
        if members.len() == 1 {
            lines.push(AlertLine::alone(first.clone()));
            continue;
        }
        let is_unfolded = chosen.unfolded.contains(&group::key(first));
        let group = Group { members };
        let head = AlertLine::head(&group, is_unfolded);
        lines.extend(head);
        if is_unfolded {
            lines.extend(group.members.into_iter().map(AlertLine::member));
        }
    }
    lines
}

/// A search: every word is found fuzzily in what names an alert, or as it is in anything else the alert says.
struct Search {
    words: Vec<(Pattern, String)>,
    matcher: Matcher,
    buffer: Vec<char>,
}

impl Search {
    fn new(filter: &str) -> Self {
        let word = |word: &str| {
            let pattern = Pattern::parse(word, CaseMatching::Smart, Normalization::Smart);
            (pattern, word.trim_start_matches('\'').to_lowercase())
        };
        Self {
            words: filter.split_whitespace().map(word).collect(),
            matcher: Matcher::new(Config::DEFAULT),
            buffer: Vec::new(),
        }
    }

    fn finds(&mut self, alert: &Alert) -> bool {
        if self.words.is_empty() {
            return true;
        }
        let service = alert.service.as_deref().unwrap_or(UNMAPPED);
        let by = alert.acknowledged.as_ref().map_or("", |word| &word.by);
        let names =
            [alert.title(), service, alert.severity.word(), alert.state().word(), &alert.environment, by].join(" ");
        let mut rest = alert.summary().to_lowercase();
        for (name, value) in alert.labels.iter() {
            rest.push_str(&format!(" {name}={value}").to_lowercase());
        }
        let Self { words, matcher, buffer } = self;
        let is_under = |id: &str| alert.silenced_by.iter().any(|silence| silence.to_lowercase() == id);
        words.iter().all(|(pattern, word)| {
            if let Some(id) = word.strip_prefix(UNDER) {
                return is_under(id);
            }
            rest.contains(word.as_str()) || pattern.score(Utf32Str::new(&names, buffer), matcher).is_some()
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::domain::alert::group::grouped;
    use crate::domain::alert::testing::alert;
    use crate::domain::time::Instant;
    use crate::ui::state::Field;

    fn at() -> Instant {
        chrono::DateTime::from_timestamp(1_800_000_000, 0).unwrap_or_default()
    }

    fn shown(alerts: &[Group], filter: &str, unfolded: &BTreeSet<group::Key>) -> Vec<String> {
        let chosen =
            AlertsState { filter: Field::holding(filter), unfolded: unfolded.clone(), ..AlertsState::default() };
        lines(alerts, &chosen).iter().map(|line| format!("{} x{}", line.alert.title(), line.members)).collect()
    }

    #[test]
    fn a_group_is_one_line_until_it_is_unfolded() {
        let crash = |pod: &str| alert(&[("alertname", "Crash"), ("pod", pod), ("service", "cart")], at());
        let all = vec![crash("a"), crash("b"), alert(&[("alertname", "Disk")], at())];
        let alerts = grouped(all.into_iter().map(Arc::new).collect::<Vec<_>>());
        assert_eq!(shown(&alerts, "", &BTreeSet::new()), ["Crash x2", "Disk x1"]);
        let unfolded = BTreeSet::from([("production".into(), "Crash".into(), Some("cart".into()))]);
        assert_eq!(shown(&alerts, "", &unfolded).len(), 4);
        assert_eq!(shown(&alerts, "crash b", &BTreeSet::new()), ["Crash x1"], "the filter looks into groups");
    }
}
