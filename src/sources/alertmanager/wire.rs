//! The JSON of Alertmanager's API v2, decoded alert by alert: what cannot be read is counted, and costs nothing else.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

use chrono::TimeDelta;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::domain::alert::{Alert, Hold, Matcher, Operator, Silence, SilenceState, identity};
use crate::domain::service::Services;
use crate::domain::text::clean;
use crate::domain::time::{self, Instant};
use crate::sources::texts::{Kept, Pairs, Text};

/// What is needed to make an [`Alert`] of what the wire says.
pub(super) struct Reading<'a> {
    /// The environment.
    pub(super) environment: &'a Arc<str>,
    /// The services that are declared.
    pub(super) services: &'a Services,
    /// How far the server's clock is ahead of ours.
    pub(super) ahead: TimeDelta,
}

/// A decoded list, and what of it could not be read.
#[derive(Debug)]
pub(super) struct Decoded<T> {
    /// What could be read.
    pub(super) items: Vec<T>,
    /// How many could not be read.
    pub(super) unreadable: usize,
    /// Why the first of them could not.
    pub(super) reason: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireAlert<'a> {
    #[serde(default, borrow)]
    labels: Pairs<'a>,
    #[serde(default, borrow)]
    annotations: Pairs<'a>,
    #[serde(default, borrow)]
    receivers: Vec<WireReceiver<'a>>,
    #[serde(default, borrow)]
    fingerprint: Text<'a>,
    #[serde(borrow)]
    starts_at: Text<'a>,
    #[serde(default, borrow)]
    updated_at: Option<Text<'a>>,
    #[serde(default, borrow, rename = "generatorURL")]
    generator: Option<Text<'a>>,
    #[serde(default, borrow)]
    status: WireStatus<'a>,
}

#[derive(Deserialize)]
struct WireReceiver<'a> {
    #[serde(borrow)]
    name: Text<'a>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct WireStatus<'a> {
    #[serde(borrow)]
    state: Text<'a>,
    #[serde(borrow)]
    silenced_by: Option<Vec<Text<'a>>>,
    #[serde(borrow)]
    inhibited_by: Option<Vec<Text<'a>>>,
    #[serde(borrow)]
    muted_by: Option<Vec<Text<'a>>>,
}

/// The list before: most of the next one is as it was, and is not decoded again.
#[derive(Default)]
pub(super) struct Before {
    kept: Kept,
    /// How far the server's clock was ahead.
    ahead: TimeDelta,
    /// Its alerts, each by a hash of its text that nobody outside can foresee.
    alerts: HashMap<u64, Arc<Alert>>,
    hasher: RandomState,
}

/// Decodes the answer of `/alerts`, beside the one before from the same server.
///
/// # Errors
/// When it is no list: what it is instead.
pub(super) fn alerts(body: &[u8], reading: &Reading<'_>, before: &mut Before) -> Result<Decoded<Arc<Alert>>, String> {
    if before.ahead != reading.ahead {
        before.alerts.clear();
        before.ahead = reading.ahead;
    }
    let mut seen = HashMap::with_capacity(before.alerts.len());
    let decoded = list(body, |raw| {
        let text = before.hasher.hash_one(raw);
        let alert = match before.alerts.get(&text) {
            Some(known) => known.clone(),
            None => Arc::new(alert(serde_json::from_str(raw)?, reading, &mut before.kept)?),
        };
        seen.insert(text, alert.clone());
        Ok(alert)
    })?;
    before.alerts = seen;
    before.kept.tidy();
    Ok(decoded)
}

/// Why one part of a list cannot be read.
struct Unreadable(String);

impl From<serde_json::Error> for Unreadable {
    fn from(error: serde_json::Error) -> Self {
        Self(error.to_string())
    }
}

impl From<chrono::ParseError> for Unreadable {
    fn from(error: chrono::ParseError) -> Self {
        Self(format!("a time: {error}"))
    }
}

fn list<'a, T>(body: &'a [u8], mut read: impl FnMut(&'a str) -> Result<T, Unreadable>) -> Result<Decoded<T>, String> {
    if body.trim_ascii_start().starts_with(b"<") {
        return Err("a web page".to_owned());
    }
    let parts: Vec<&RawValue> = serde_json::from_slice(body)
        .map_err(|error| if error.is_eof() { "the answer ends in the middle".to_owned() } else { error.to_string() })?;
    let mut decoded = Decoded { items: Vec::with_capacity(parts.len()), unreadable: 0, reason: None };
    for part in parts {
        match read(part.get()) {
            Ok(item) => decoded.items.push(item),
            Err(Unreadable(why)) => {
                decoded.unreadable += 1;
                decoded.reason.get_or_insert_with(|| clean(&why).into_owned());
            }
        }
    }
    Ok(decoded)
}

fn alert(wire: WireAlert<'_>, reading: &Reading<'_>, kept: &mut Kept) -> Result<Alert, Unreadable> {
    let time = |text: &str| Ok::<_, Unreadable>(text.parse::<Instant>().map(time::within)? - reading.ahead);
    let started_at = time(&wire.starts_at.0)?;
    let heard_at = wire.updated_at.map(|text| time(&text.0)).transpose()?.unwrap_or(started_at);
    let labels = kept.labels(&wire.labels);
    let fingerprint: Arc<str> = clean(&wire.fingerprint.0).into();
    let has_no_own = fingerprint.is_empty() || identity::is_of_a_pair(&labels);
    let key = if has_no_own { identity::key(&labels) } else { fingerprint.clone() };
    let status = &wire.status;
    let is_any = |texts: &Option<Vec<Text<'_>>>| texts.as_ref().is_some_and(|texts| !texts.is_empty());
    let hold = match &*status.state.0 {
        _ if is_any(&status.silenced_by) || is_any(&status.muted_by) => Hold::Silenced,
        _ if is_any(&status.inhibited_by) => Hold::Inhibited,
        // By what, it does not say; it is not notified.
        "suppressed" => Hold::Silenced,
        "unprocessed" => Hold::Unprocessed,
        _ => Hold::None,
    };
    Ok(Alert {
        fingerprint,
        raw: wire.labels.raw(),
        hold,
        heard_at,
        annotations: kept.labels(&wire.annotations),
        source: wire.generator.map(|text| kept.text(&text.0)).filter(|text| !text.is_empty()),
        silenced_by: kept.texts(status.silenced_by.as_deref()),
        inhibited_by: kept.texts(status.inhibited_by.as_deref()),
        muted_by: kept.texts(status.muted_by.as_deref()),
        receivers: wire.receivers.iter().map(|receiver| kept.text(&receiver.name.0)).collect(),
        ..Alert::of(reading.environment, reading.services, key, labels, started_at)
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireSilence {
    id: String,
    #[serde(default)]
    matchers: Vec<WireMatcher>,
    #[serde(deserialize_with = "time::clamped")]
    starts_at: Instant,
    #[serde(deserialize_with = "time::clamped")]
    ends_at: Instant,
    #[serde(default)]
    created_by: String,
    #[serde(default)]
    comment: String,
    status: WireSilenceStatus,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireMatcher {
    name: String,
    value: String,
    #[serde(default)]
    is_regex: bool,
    #[serde(default = "yes")]
    is_equal: bool,
}

#[derive(Deserialize)]
struct WireSilenceStatus {
    state: SilenceState,
}

const fn yes() -> bool {
    true
}

/// Decodes the answer of `/silences`.
///
/// # Errors
/// When it is no list: what it is instead.
pub(super) fn silences(body: &[u8], ahead: TimeDelta) -> Result<Decoded<Silence>, String> {
    list(body, |raw| Ok(of_wire(serde_json::from_str(raw)?, ahead)))
}

/// Decodes the answer of `/silence/ID`.
///
/// # Errors
/// When it is none.
pub(super) fn silence(body: &[u8], ahead: TimeDelta) -> Result<Silence, String> {
    serde_json::from_slice(body).map(|wire| of_wire(wire, ahead)).map_err(|error| error.to_string())
}

fn of_wire(wire: WireSilence, ahead: TimeDelta) -> Silence {
    let text = |raw: &str| Arc::from(clean(raw));
    // As it is: changing its end sends them back.
    let matcher = |one: WireMatcher| Matcher {
        name: one.name,
        operator: Operator::of(one.is_regex, one.is_equal),
        value: one.value,
    };
    Silence {
        id: text(&wire.id),
        matchers: wire.matchers.into_iter().map(matcher).collect(),
        starts_at: wire.starts_at - ahead,
        ends_at: wire.ends_at - ahead,
        created_by: text(&wire.created_by),
        comment: text(&wire.comment),
        state: wire.status.state,
    }
}

/// What `/status` says of an Alertmanager.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Standing {
    /// When it started.
    pub(super) started_at: Option<Instant>,
    /// `ready`, `settling`, `disabled`.
    pub(super) cluster: String,
    /// How many members its cluster has, itself included, as it sees it.
    pub(super) peers: usize,
    /// Its version.
    pub(super) version: String,
}

/// Decodes the answer of `/status`; its configuration, which may hold secrets, is not looked at.
///
/// # Errors
/// When it is none.
pub(super) fn standing(body: &[u8], ahead: TimeDelta) -> Result<Standing, String> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Wire {
        #[serde(default)]
        cluster: Option<Cluster>,
        #[serde(default)]
        version_info: Option<Version>,
        #[serde(default, deserialize_with = "time::clamped_or_none")]
        uptime: Option<Instant>,
    }
    #[derive(Deserialize)]
    struct Cluster {
        #[serde(default)]
        status: String,
        #[serde(default)]
        peers: Option<Vec<serde::de::IgnoredAny>>,
    }
    #[derive(Deserialize)]
    struct Version {
        #[serde(default)]
        version: String,
    }
    let wire: Wire = serde_json::from_slice(body).map_err(|error| error.to_string())?;
    let (cluster, peers) = wire
        .cluster
        .map_or((String::new(), 0), |one| (clean(&one.status).into_owned(), one.peers.map_or(0, |all| all.len())));
    Ok(Standing {
        // It is a time, whatever its name.
        started_at: wire.uptime.map(|at| at - ahead),
        cluster,
        peers,
        version: wire.version_info.map(|info| clean(&info.version).into_owned()).unwrap_or_default(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::alert::Severity;

    /// As 0.25.0 sends it.
    const OLD: &str = r#"[{"annotations":{"summary":"too many \u001b[31merrors"},"endsAt":"2026-11-25T03:10:00.000Z","fingerprint":"8bb5d2f0d4cb3f0c","receivers":[{"name":"pager"}],
        "startsAt":"2026-11-25T03:00:00.123Z","status":{"inhibitedBy":[],"silencedBy":[],"state":"active"},"updatedAt":"2026-11-25T03:05:00.000Z","labels":{"severity":"critical","alertname":"ErrorRate","service":"payments"}}]"#;

    fn read(body: &str, ahead: i64) -> Result<Decoded<Arc<Alert>>, String> {
        let environment = "production".into();
        let services = Services::default();
        let reading = Reading { environment: &environment, services: &services, ahead: time::seconds(ahead) };
        alerts(body.as_bytes(), &reading, &mut Before::default())
    }

    #[test]
    fn what_is_as_it_was_is_not_decoded_again_and_what_changed_is() {
        let environment = "production".into();
        let services = Services::default();
        let mut before = Before::default();
        let mut read = |body: &str, ahead: i64| {
            let reading = Reading { environment: &environment, services: &services, ahead: time::seconds(ahead) };
            alerts(body.as_bytes(), &reading, &mut before).expect("a list").items
        };
        let two = |updated: &str| {
            let other = OLD.replace("ErrorRate", "Other").replace("03:05:00", updated);
            format!("[{},{}]", OLD.trim_matches(['[', ']']), other.trim_matches(['[', ']']))
        };
        let (first, second) = (read(&two("03:05:00"), 0), read(&two("03:06:00"), 0));
        assert!(Arc::ptr_eq(&first[0], &second[0]));
        assert_eq!((second[1].heard_at - first[1].heard_at, &*second[1].name), (TimeDelta::minutes(1), "Other"));
        assert!(Arc::ptr_eq(&first[1].labels[0].1, &second[1].labels[0].1), "its texts are kept");
        let shifted = read(&two("03:06:00"), 60);
        assert_eq!(first[0].started_at - shifted[0].started_at, TimeDelta::minutes(1), "another clock, other times");
        drop((first, second, shifted));
        read("[]", 0);
        assert_eq!(before.alerts.len(), 0, "what is over is forgotten");
    }

    #[test]
    fn an_alert_of_an_old_version_is_read_whole_and_cleaned() {
        let decoded = read(OLD, 0).expect("a list");
        let alert = &decoded.items[0];
        assert_eq!(
            (alert.title(), alert.severity, alert.summary()),
            ("ErrorRate", Severity::Critical, "too many [31merrors")
        );
        assert_eq!(alert.labels.first().map(|(name, _)| &**name), Some("alertname"), "in the order of the names");
        assert_eq!((&*alert.key, &*alert.fingerprint), ("8bb5d2f0d4cb3f0c", "8bb5d2f0d4cb3f0c"));
        assert_eq!(
            (alert.service.as_deref(), alert.source.clone(), alert.receivers.len()),
            (Some("payments"), None, 1)
        );
    }

    #[test]
    fn matchers_come_from_the_value_alertmanager_has_and_the_cleaned_one_is_drawn() {
        let long = "x".repeat(5_000);
        for raw in ["first\nsecond", "col1\tcol2", "on\u{200d}call", &long] {
            let json = serde_json::to_string(raw).expect("a text");
            let one = &read(&OLD.replace("\"payments\"", &json), 0).expect("a list").items[0];
            let matchers = crate::domain::alert::in_common(std::slice::from_ref(one), &[]);
            assert!(matchers.contains(&Matcher::equal("service", raw)), "{matchers:?}");
            assert_eq!(one.label("service").map(|value| &**value), Some(&*clean(raw)));
        }
        assert_eq!(read(OLD, 0).expect("a list").items[0].raw, None, "kept twice only where it differs");
        let body = r#"[{"id":"1","status":{"state":"active"},"comment":"","createdBy":"","endsAt":"2026-11-25T05:00:00Z","startsAt":"2026-11-25T03:00:00Z",
            "matchers":[{"name":"what","value":"col1\tcol2","isRegex":false}]}]"#;
        let silence = &silences(body.as_bytes(), TimeDelta::zero()).expect("a list").items[0];
        assert_eq!(silence.matchers, [Matcher::equal("what", "col1\tcol2")], "to be sent back as it is");
        assert_eq!(silence.covers(), "what=\"col1 col2\"");
    }

    #[test]
    fn clocks_hours_apart_do_not_make_wrong_ages() {
        let shifted = read(OLD, 7_200).expect("a list");
        assert_eq!(shifted.items[0].started_at.to_rfc3339(), "2026-11-25T01:00:00.123+00:00");
    }

    #[test]
    fn an_alert_without_labels_is_an_alert_and_one_without_a_time_is_counted() {
        let body = r#"[{"startsAt":"2026-11-25T03:00:00Z","status":{"state":"suppressed","mutedBy":["nights"]}}, {"labels":null,"startsAt":"2026-11-25T03:00:00Z"},
            {"labels":{"alertname":"A"}}, {"labels":{"alertname":7},"startsAt":"2026-11-25T03:00:00Z"}, 3]"#;
        let decoded = read(body, 0).expect("a list");
        assert_eq!((decoded.items.len(), decoded.unreadable), (2, 3));
        assert!(decoded.reason.as_deref().is_some_and(|why| why.contains("startsAt")), "{:?}", decoded.reason);
        assert_eq!((decoded.items[0].title(), decoded.items[0].hold), ("(no alertname)", Hold::Silenced));
        assert_eq!(&*decoded.items[1].key, "cbf29ce484222325", "the fingerprint of no labels");
    }

    #[test]
    fn what_is_no_list_is_an_error_never_an_empty_one() {
        let error = |body: &str| read(body, 0).err();
        assert_eq!(error("<html>Log in</html>").as_deref(), Some("a web page"));
        assert_eq!(error(&OLD[..OLD.len() / 2]).as_deref(), Some("the answer ends in the middle"));
        assert!(error("{}").is_some() && error("").is_some() && error("null").is_some());
    }

    #[test]
    fn a_pair_of_prometheus_servers_sends_one_alert() {
        let body = OLD.replace("\"service\"", "\"prometheus_replica\":\"a\",\"service\"");
        let one = &read(&body, 0).expect("a list").items[0];
        let body = OLD.replace("\"service\"", "\"prometheus_replica\":\"b\",\"service\"").replace("8bb5", "0000");
        let other = &read(&body, 0).expect("a list").items[0];
        assert_eq!(one.key, other.key);
    }

    #[test]
    fn silences_and_status_are_read() {
        let body = br#"[{"id":"1-2","status":{"state":"active"},"updatedAt":"2026-11-25T03:00:00Z","comment":"disk","createdBy":"mori","endsAt":"2026-11-25T05:00:00Z","startsAt":"2026-11-25T03:00:00Z",
            "matchers":[{"name":"a","value":"b","isRegex":false},{"name":"c","value":"d","isRegex":true,"isEqual":false}]}]"#;
        let silence = &silences(body, TimeDelta::zero()).expect("a list").items[0];
        assert_eq!((silence.covers().as_str(), &*silence.created_by), (r#"a="b" c!~"d""#, "mori"));
        let body = br#"{"cluster":{"name":"x","peers":[{"address":"a","name":"x"},{"address":"b","name":"y"}],"status":"ready"},"config":{"original":"secret"},"uptime":"2026-11-25T02:00:00Z","versionInfo":{"version":"0.25.0"}}"#;
        let standing = standing(body, TimeDelta::zero()).expect("a status");
        assert_eq!((standing.cluster.as_str(), standing.peers, standing.version.as_str()), ("ready", 2, "0.25.0"));
    }

    proptest::proptest! {
        #[test]
        fn no_body_whatever_breaks_it(body in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..400)) {
            let _ = read(&String::from_utf8_lossy(&body), 0);
        }

        #[test]
        fn a_sample_with_a_hole_never_breaks_it(from in 0..OLD.len(), length in 0..40_usize) {
            let mut bytes = OLD.as_bytes().to_vec();
            let until = (from + length).min(bytes.len());
            bytes.drain(from..until);
            let _ = read(&String::from_utf8_lossy(&bytes), 0);
        }
    }
}
