//! The alerts of the simulated rules: worked out from what is in the cluster each time somebody asks.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;

use super::super::scenario::AGE;
use super::super::world::{World, read_stamp};
use super::Alert;

/// How long a crash lasts before its rule fires.
const FOR: TimeDelta = TimeDelta::seconds(4);
/// How often the rules are evaluated, as the alerts tell.
const EVALUATED: TimeDelta = TimeDelta::seconds(15);

/// Everything that fires in a namespace.
pub(super) fn alerts(world: &World, namespace: &str, now: DateTime<Utc>) -> Vec<Alert> {
    let heard =
        DateTime::from_timestamp(now.timestamp() / EVALUATED.num_seconds() * EVALUATED.num_seconds(), 0).unwrap_or(now);
    // When the simulation began: what is as old then does not begin anew whenever somebody asks.
    let nodes = world.list("nodes", "").filter_map(|(_, node)| read_stamp(node.pointer("/metadata/creationTimestamp")));
    let began = nodes.min().map_or(now, |made| made + AGE);
    let mut found = vec![make(
        &[("alertname", "Watchdog"), ("severity", "none"), ("namespace", namespace)],
        &[("summary", "Fires always: proof that alerts find their way.")],
        began - TimeDelta::days(3),
        heard,
    )];
    found.extend(error_rates(world, namespace, now, heard));
    if world.list("deployments", namespace).any(|(key, _)| key.name == "gateway") {
        found.extend(standing(namespace, began, heard));
    }
    found
}

/// A service whose new pods crash answers with errors.
fn error_rates(world: &World, namespace: &str, now: DateTime<Utc>, heard: DateTime<Utc>) -> Vec<Alert> {
    let mut crashing: BTreeMap<String, (usize, DateTime<Utc>)> = BTreeMap::new();
    for (_, pod) in world.list("pods", namespace) {
        let app = pod.pointer("/metadata/labels/app").and_then(Value::as_str);
        let is_crashing =
            pod.pointer("/status/containerStatuses").and_then(Value::as_array).is_some_and(|containers| {
                containers.iter().any(|one| one["restartCount"].as_u64().unwrap_or(0) > 0 && one["ready"] == false)
            });
        let began = read_stamp(pod.pointer("/metadata/creationTimestamp"));
        if let (Some(app), true, Some(began)) = (app, is_crashing, began) {
            let known = crashing.entry(app.to_owned()).or_insert((0, began));
            *known = (known.0 + 1, known.1.min(began));
        }
    }
    let alert = |(app, (count, began)): (String, (usize, DateTime<Utc>))| {
        let starts_at = began + FOR;
        let share = 4 + 3 * count;
        (starts_at <= now).then(|| {
            make(
                &[("alertname", "HighErrorRate"), ("severity", "critical"), ("namespace", namespace), ("service", &app), ("team", "shop")],
                &[
                    ("summary", &format!("{share} % of the requests of {app} fail")),
                    ("description", &format!("More than 5 % of the answers of {app} in {namespace} are 5xx. Released a moment ago? Roll it back.")),
                    ("runbook_url", &format!("https://runbooks.example/{app}/error-rate")),
                ],
                starts_at,
                heard,
            )
        })
    };
    crashing.into_iter().filter_map(alert).collect()
}

/// What a shop always has: something known, something small in many places.
fn standing(namespace: &str, began: DateTime<Utc>, heard: DateTime<Utc>) -> Vec<Alert> {
    let mut found = vec![make(
        &[
            ("alertname", "CertificateExpiresSoon"),
            ("severity", "warning"),
            ("namespace", namespace),
            ("service", "gateway"),
        ],
        &[
            ("summary", "The certificate of shop.example expires in 13 days"),
            ("runbook_url", "https://runbooks.example/certificates"),
        ],
        began - TimeDelta::hours(5),
        heard,
    )];
    for (place, node) in ["node-a", "node-b", "node-c"].into_iter().enumerate() {
        let minutes = i64::try_from(place).unwrap_or(0) * 17 + 40;
        found.push(make(
            &[("alertname", "NodeClockSkew"), ("severity", "info"), ("instance", node)],
            &[("summary", &format!("The clock of {node} is 60 ms off"))],
            began - TimeDelta::minutes(minutes),
            heard,
        ));
    }
    found
}

fn make(
    labels: &[(&str, &str)],
    annotations: &[(&str, &str)],
    starts_at: DateTime<Utc>,
    heard: DateTime<Utc>,
) -> Alert {
    let texts =
        |pairs: &[(&str, &str)]| pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Alert {
        labels: texts(labels),
        annotations: texts(annotations),
        starts_at,
        ends_at: heard + EVALUATED * 4,
        updated_at: heard.max(starts_at),
    }
}
