//! The rules of the simulated Prometheus, with what is pending or fires by each, in the JSON of the API.

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};

use super::written;
use crate::sandbox::alertmanager::rules::{Active, Rule};

/// The answer to `/rules`.
pub(super) fn groups(rules: &[Rule], now: DateTime<Utc>) -> Value {
    let rule = |rule: &Rule| {
        let alerts: Vec<Value> = rule.active.iter().map(|active| alert(rule, active, now)).collect();
        let states = alerts.iter().filter_map(|alert| alert["state"].as_str());
        // The furthest any of its alerts is: `inactive`, `pending`, `firing`.
        let state = states.fold("inactive", |state, one| if state == "firing" { state } else { one });
        json!({
            "state": state, "name": rule.name, "query": rule.expression, "duration": rule.held_for.num_seconds(), "keepFiringFor": 0,
            "labels": {}, "annotations": {}, "alerts": alerts, "health": "ok", "evaluationTime": 0.0004,
            "lastEvaluation": stamp(now), "type": "alerting",
        })
    };
    let rules: Vec<Value> = rules.iter().map(rule).collect();
    json!({"groups": [{"name": "shop", "file": "rules.yml", "rules": rules, "interval": 15, "limit": 0, "lastEvaluation": stamp(now)}]})
}

fn alert(rule: &Rule, active: &Active, now: DateTime<Utc>) -> Value {
    let state = if active.since + rule.held_for <= now { "firing" } else { "pending" };
    json!({
        "labels": active.labels, "annotations": active.annotations, "state": state, "activeAt": stamp(active.since),
        "value": written(active.value),
    })
}

fn stamp(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Nanos, true)
}
