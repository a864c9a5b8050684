//! How often an alert came back. Alertmanager keeps no history: this is what the console itself has seen.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::TimeDelta;

use super::Alert;
use crate::domain::time::Instant;

/// How long a return counts.
const WINDOW: TimeDelta = TimeDelta::hours(1);
/// The most returns remembered of one alert.
const MOST: usize = 60;

#[derive(Debug, Clone)]
struct Past {
    started_at: Instant,
    seen_at: Instant,
    is_there: bool,
    returns: Vec<Instant>,
}

/// What was seen of every alert within the last hour.
#[derive(Debug, Clone, Default)]
pub struct History {
    known: HashMap<Arc<str>, Past>,
}

impl History {
    /// Takes a complete list in and writes into each alert how often it came back.
    ///
    /// It came back when it was gone in between, or when it began anew between two looks.
    pub fn observe(&mut self, alerts: &mut [Arc<Alert>], now: Instant) {
        for past in self.known.values_mut() {
            past.is_there = false;
        }
        for alert in alerts.iter_mut() {
            let past = self.known.entry(alert.key.clone()).or_insert_with(|| Past {
                started_at: alert.started_at,
                seen_at: now,
                is_there: true,
                returns: Vec::new(),
            });
            // Replicas may differ by a moment in when it began.
            if (alert.started_at - past.started_at).abs() > TimeDelta::seconds(1) {
                if alert.started_at > past.started_at && past.returns.len() < MOST {
                    past.returns.push(now);
                }
                past.started_at = alert.started_at;
            }
            past.returns.retain(|at| now - *at < WINDOW);
            (past.is_there, past.seen_at) = (true, now);
            let flaps = u32::try_from(past.returns.len()).unwrap_or(u32::MAX);
            if alert.flaps != flaps {
                Arc::make_mut(alert).flaps = flaps;
            }
        }
        self.known.retain(|_, past| past.is_there || now - past.seen_at < WINDOW);
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::alert;
    use super::*;

    #[test]
    fn an_alert_that_begins_anew_has_come_back_and_old_returns_are_forgotten() {
        let now = chrono::DateTime::from_timestamp(1_800_000_000, 0).unwrap_or_default();
        let mut history = History::default();
        let mut look = |started: i64, at: i64, is_there: bool| {
            let mut one = alert(&[("alertname", "A")], now);
            one.started_at = now + TimeDelta::seconds(started);
            let mut alerts = if is_there { vec![Arc::new(one)] } else { Vec::new() };
            history.observe(&mut alerts, now + TimeDelta::seconds(at));
            alerts.first().map_or(0, |alert| alert.flaps)
        };
        assert_eq!(look(0, 10, true), 0);
        assert_eq!(look(0, 20, true), 0, "it goes on");
        assert_eq!(look(0, 30, false), 0);
        assert_eq!(look(40, 45, true), 1);
        assert_eq!(look(60, 65, true), 2, "it began anew between two looks");
        assert_eq!(look(60, 3_600 + 66, true), 0, "an hour later it has been quiet");
    }

    #[test]
    fn what_is_long_gone_is_forgotten() {
        let now = Instant::default();
        let mut history = History::default();
        let mut alerts: Vec<Arc<Alert>> =
            (0..100).map(|place| Arc::new(alert(&[("n", &place.to_string())], now))).collect();
        history.observe(&mut alerts, now);
        history.observe(&mut [], now + TimeDelta::hours(2));
        assert!(history.known.is_empty());
    }
}
