//! The alert that always fires: when it is absent, the way from Prometheus to here is broken, and no alerts is not healthy.

use std::sync::Arc;

use super::Alert;
use crate::domain::time::Instant;

/// What is known of the always-firing alert of an environment.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Watchdog {
    /// Nobody asked for one.
    #[default]
    NotAsked,
    /// Nothing was read yet.
    Unknown,
    /// It fires.
    Heard(Instant),
    /// WATCHDOG MISSING: the list was read and it is not in it. Its name.
    Missing(Arc<str>),
}

impl Watchdog {
    /// Takes the alert of that name out of a complete list: it is a proof of life, not something to do.
    pub fn of(name: Option<&Arc<str>>, alerts: &mut Vec<Arc<Alert>>) -> Self {
        let Some(name) = name else { return Self::NotAsked };
        let heard = alerts.iter().filter(|alert| alert.name == *name).map(|alert| alert.heard_at).max();
        alerts.retain(|alert| alert.name != *name);
        heard.map_or_else(|| Self::Missing(name.clone()), Self::Heard)
    }

    /// Whether it should be there and is not.
    pub const fn is_missing(&self) -> bool {
        matches!(self, Self::Missing(_))
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::alert;
    use super::*;

    #[test]
    fn a_list_without_its_watchdog_is_not_healthy() {
        let now = Instant::default();
        let name: Arc<str> = "Watchdog".into();
        let mut alerts: Vec<Arc<Alert>> =
            ["Watchdog", "A"].map(|name| Arc::new(alert(&[("alertname", name)], now))).into();
        assert_eq!(Watchdog::of(Some(&name), &mut alerts), Watchdog::Heard(now));
        assert_eq!(alerts.len(), 1, "it is no row");
        assert_eq!(Watchdog::of(Some(&name), &mut alerts), Watchdog::Missing(name.clone()));
        assert_eq!(Watchdog::of(None, &mut alerts), Watchdog::NotAsked);
    }
}
