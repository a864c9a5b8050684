//! Incidents for tests.

use std::collections::BTreeMap;

use super::{Incident, Link, Phase, Severity, Source, State};
use crate::domain::time::{self, Instant};

/// So many seconds after the incident was created.
pub(crate) fn at(seconds: i64) -> Instant {
    time::from_seconds(1_800_000_000 + seconds)
}

/// An incident of this severity that nobody has answered.
pub(crate) fn incident(severity: Severity) -> Incident {
    Incident {
        number: 7,
        title: "Checkout is down".into(),
        severity,
        state: State::Triggered,
        phase: Phase::Detection,
        source: Source::Monitoring,
        environment: "production".into(),
        team: String::new(),
        impact: String::new(),
        impact_since: None,
        declared_by: "lee".into(),
        entered_by: "lee".into(),
        created_at: at(0),
        respond_by: at(0) + severity.respond_within(),
        acknowledged: None,
        resolved: None,
        merged: None,
        assignee: None,
        roles: BTreeMap::new(),
        links: vec![Link::service("checkout")],
        ticked: Vec::new(),
        similar_to: None,
        told_at: None,
        told: BTreeMap::new(),
        resolved_seconds: 0,
        version: 1,
    }
}
