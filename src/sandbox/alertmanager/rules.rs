//! The simulated rules: worked out from what is in the cluster each time somebody asks. The simulated Prometheus tells all of them,
//! the simulated Alertmanager those that fire.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;

use super::super::scenario::AGE;
use super::super::world::{World, read_stamp};
use super::Alert;
use crate::domain::time;

/// How long a crash lasts before its rule fires.
const FOR: TimeDelta = TimeDelta::seconds(4);
/// How often the rules are evaluated, as the alerts tell.
const EVALUATED: TimeDelta = TimeDelta::seconds(15);
/// What the simulated Prometheus adds to what it sends.
const EXTERNAL: (&str, &str) = ("cluster", "simulated");

/// A rule of the simulated Prometheus with what it makes active.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::sandbox) struct Rule {
    /// Its name.
    pub(in crate::sandbox) name: &'static str,
    /// Its expression.
    pub(in crate::sandbox) expression: &'static str,
    /// How long the expression has to hold.
    pub(in crate::sandbox) held_for: TimeDelta,
    /// What is pending or fires by it.
    pub(in crate::sandbox) active: Vec<Active>,
}

/// What is pending or fires.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::sandbox) struct Active {
    pub(in crate::sandbox) labels: BTreeMap<String, String>,
    pub(in crate::sandbox) annotations: BTreeMap<String, String>,
    /// Since when the expression holds.
    pub(in crate::sandbox) since: DateTime<Utc>,
    /// Its value.
    pub(in crate::sandbox) value: f64,
}

/// Everything that fires in a namespace, as it is sent.
pub(super) fn alerts(world: &World, namespace: &str, now: DateTime<Utc>) -> Vec<Alert> {
    let heard = time::from_seconds(now.timestamp() / EVALUATED.num_seconds() * EVALUATED.num_seconds());
    let mut sent = Vec::new();
    for rule in rules(world, namespace, now) {
        let firing = rule.active.into_iter().filter(|active| active.since + rule.held_for <= now);
        sent.extend(firing.map(|Active { mut labels, annotations, since, .. }| {
            labels.entry(EXTERNAL.0.to_owned()).or_insert_with(|| EXTERNAL.1.to_owned());
            let starts_at = since + rule.held_for;
            let (ends_at, updated_at) = (heard + EVALUATED * 4, heard.max(starts_at));
            Alert { labels, annotations, starts_at, ends_at, updated_at }
        }));
    }
    sent
}

/// Every rule of a namespace with what is active by it.
pub(in crate::sandbox) fn rules(world: &World, namespace: &str, now: DateTime<Utc>) -> Vec<Rule> {
    // When the simulation began: what is as old then does not begin anew whenever somebody asks.
    let nodes = world.list("nodes", "").filter_map(|(_, node)| read_stamp(node.pointer("/metadata/creationTimestamp")));
    let began = nodes.min().map_or(now, |made| made + AGE);
    let watchdog = active(
        &[("alertname", "Watchdog"), ("severity", "none"), ("namespace", namespace)],
        &[("summary", "Fires always: proof that alerts find their way.")],
        began - TimeDelta::days(3),
        1.0,
    );
    let mut found = vec![
        Rule { name: "Watchdog", expression: "vector(1)", held_for: TimeDelta::zero(), active: vec![watchdog] },
        Rule {
            name: "HighErrorRate",
            expression: "sum by (service) (rate(http_requests_total{code=~\"5..\"}[5m])) / sum by (service) (rate(http_requests_total[5m])) > 0.05",
            held_for: FOR,
            active: error_rates(world, namespace),
        },
    ];
    if world.list("deployments", namespace).any(|(key, _)| key.name == "gateway") {
        found.extend(standing(namespace, began));
    }
    found
}

/// A service whose new pods crash answers with errors.
fn error_rates(world: &World, namespace: &str) -> Vec<Active> {
    let mut crashing: BTreeMap<String, (u32, DateTime<Utc>)> = BTreeMap::new();
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
    let one = |(app, (count, began)): (String, (u32, DateTime<Utc>))| {
        let share = 4 + 3 * count;
        active(
            &[
                ("alertname", "HighErrorRate"),
                ("severity", "critical"),
                ("namespace", namespace),
                ("service", &app),
                ("team", "shop"),
            ],
            &[
                ("summary", &format!("{share} % of the requests of {app} fail")),
                (
                    "description",
                    &format!(
                        "More than 5 % of the answers of {app} in {namespace} are 5xx. Released a moment ago? Roll it back."
                    ),
                ),
                ("runbook_url", &format!("https://runbooks.example/{app}/error-rate")),
            ],
            began,
            f64::from(share) / 100.0,
        )
    };
    crashing.into_iter().map(one).collect()
}

/// What a shop always has: something known, something small in many places, something that is about to be more.
fn standing(namespace: &str, began: DateTime<Utc>) -> Vec<Rule> {
    let certificate = active(
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
        13.0,
    );
    let skew = ["node-a", "node-b", "node-c"].into_iter().zip([40, 57, 74]).map(|(node, minutes)| {
        active(
            &[("alertname", "NodeClockSkew"), ("severity", "info"), ("instance", node)],
            &[("summary", &format!("The clock of {node} is 60 ms off"))],
            began - time::minutes(minutes),
            0.06,
        )
    });
    let disk = active(
        &[("alertname", "DiskFillsUp"), ("severity", "warning"), ("namespace", namespace), ("instance", "node-b")],
        &[("summary", "82 % of /var on node-b is used")],
        began - TimeDelta::minutes(25),
        0.824,
    );
    let rule = |name, expression, hours, active| Rule { name, expression, held_for: time::hours(hours), active };
    vec![
        rule("CertificateExpiresSoon", "(probe_ssl_earliest_cert_expiry - time()) / 86400 < 14", 0, vec![certificate]),
        rule("NodeClockSkew", "abs(node_timex_offset_seconds) > 0.05", 0, skew.collect()),
        rule("DiskFillsUp", "1 - node_filesystem_avail_bytes / node_filesystem_size_bytes > 0.8", 24, vec![disk]),
    ]
}

fn active(labels: &[(&str, &str)], annotations: &[(&str, &str)], since: DateTime<Utc>, value: f64) -> Active {
    let texts =
        |pairs: &[(&str, &str)]| pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Active { labels: texts(labels), annotations: texts(annotations), since, value }
}
