//! What every Alertmanager, real or simulated, does for the console: reading, filtering, inhibiting, the life of a silence, the
//! shapes of its refusals.

use chrono::{TimeDelta, Utc};
use http::Method;
use quarterdeck::domain::alert::{Alert, Hold, Matcher, Operator, Severity, SilenceState, identity, matchers};
use quarterdeck::domain::source::SourceState;
use quarterdeck::sources::error::Trouble;
use quarterdeck::sources::observe::ObserveAlerts;
use quarterdeck::sources::operate::{OperateAlerts, WantedSilence};
use serde_json::json;

use super::{Place, UP};
use crate::support::process::until;

/// All of it, one after the other: each part leaves the alerts as they were.
pub(super) async fn holds(place: &Place) {
    let label = |name: &str, severity: &str, service: &str, odd: &str| json!({"labels": {"alertname": name, "severity": severity, "service": service, "odd": odd, "contract": "yes", "namespace": "shop"}, "annotations": {"summary": "one\u{1b}[31m line"}});
    place
        .fire(&json!([
            label("ErrorRate", "critical", "api", ""),
            label("ErrorRate", "warning", "cart", ""),
            label("Latency", "warning", "cart", "a\"b\\c, {x}"),
            label("Disk", "info", "倉庫", "日本"),
        ]))
        .await;
    reads(place).await;
    filters(place).await;
    lives(place).await;
    changes(place).await;
    begins_later(place).await;
    refuses(place).await;
    speaks_in_four_shapes(place).await;
}

fn ours(more: &str) -> Vec<Matcher> {
    matchers(&format!("contract=\"yes\" {more}")).expect("matchers")
}

async fn found(place: &Place, more: &str) -> Vec<Alert> {
    let mut alerts = place.eyes.matching(&ours(more)).await.expect("an answer");
    alerts.sort_by(|one, other| (&one.name, one.severity).cmp(&(&other.name, other.severity)));
    alerts
}

async fn services(place: &Place, more: &str) -> Vec<String> {
    let label = |alert: &Alert| {
        let of =
            |name: &str| alert.labels.iter().find(|(known, _)| &**known == name).map(|(_, value)| value.to_string());
        format!("{}/{}", alert.name, of("service").unwrap_or_default())
    };
    let mut found: Vec<String> = found(place, more).await.iter().map(label).collect();
    found.sort();
    found
}

async fn reads(place: &Place) {
    // A real one hears of an alert that inhibits others a moment after it has taken it.
    let alerts = until("four alerts, one of them inhibited", UP, async || {
        let alerts = found(place, "").await;
        (alerts.len() == 4 && alerts.iter().any(|alert| alert.hold == Hold::Inhibited)).then_some(alerts)
    })
    .await;
    for alert in &alerts {
        let pairs = alert.labels.iter().map(|(name, value)| (&**name, &**value));
        assert_eq!(identity::fingerprint(pairs), *alert.fingerprint, "ours is theirs: {:?}", alert.labels);
        assert_eq!(alert.summary(), "one[31m line", "what comes from outside is cleaned");
        assert!((Utc::now() - alert.started_at).abs() < TimeDelta::seconds(60), "{}", alert.started_at);
    }
    let [disk, latency] = [&alerts[0], &alerts[3]];
    assert_eq!((disk.title(), disk.severity, disk.hold), ("Disk", Severity::of(Some("info")), Hold::None));
    assert_eq!((latency.title(), latency.hold), ("Latency", Hold::None));
    // The warning of the same name is inhibited by the critical one, and says by which.
    let of = |severity: &str| {
        let wanted = Severity::of(Some(severity));
        alerts.iter().find(|alert| alert.title() == "ErrorRate" && alert.severity == wanted).expect("it fires")
    };
    let (cause, hidden) = (of("critical"), of("warning"));
    assert_eq!((cause.hold, hidden.hold), (Hold::None, Hold::Inhibited));
    assert_eq!(hidden.inhibited_by, std::slice::from_ref(&cause.fingerprint));

    let is_whole = |health: &quarterdeck::domain::source::SourceHealth| health.state == SourceState::Fresh;
    let snapshot = place.polled(|snapshot| !snapshot.health.is_empty() && snapshot.health.iter().all(is_whole)).await;
    assert_eq!(snapshot.health.len(), place.urls.len());
    let polled = snapshot.alerts.iter().filter(|alert| alert.labels.iter().any(|(name, _)| &**name == "contract"));
    assert_eq!(polled.count(), 4, "members that hold the same show it once: {snapshot:?}");
}

async fn filters(place: &Place) {
    for (more, expected) in [
        ("service=\"cart\"", vec!["ErrorRate/cart", "Latency/cart"]),
        ("service!=\"cart\"", vec!["Disk/倉庫", "ErrorRate/api"]),
        ("service=~\"ca.*|倉庫\"", vec!["Disk/倉庫", "ErrorRate/cart", "Latency/cart"]),
        // Anchored at both ends.
        ("service=~\"car\"", vec![]),
        ("service!~\"c.+\"", vec!["Disk/倉庫", "ErrorRate/api"]),
        // What is not there is an empty text.
        ("nowhere=\"\"", vec!["Disk/倉庫", "ErrorRate/api", "ErrorRate/cart", "Latency/cart"]),
        ("nowhere!=\"x\" severity=\"critical\"", vec!["ErrorRate/api"]),
        ("nowhere=~\".+\"", vec![]),
        (r#"odd="a\"b\\c, {x}""#, vec!["Latency/cart"]),
        ("odd=\"日本\"", vec!["Disk/倉庫"]),
    ] {
        assert_eq!(services(place, more).await, expected, "{more}");
    }
}

fn wanted(id: Option<&str>, covers: Vec<Matcher>, minutes: i64) -> WantedSilence {
    WantedSilence {
        id: id.map(ToOwned::to_owned),
        matchers: covers,
        starts_at: Utc::now(),
        ends_at: Utc::now() + TimeDelta::minutes(minutes),
        created_by: "mori".to_owned(),
        comment: "the disk is being replaced \"now\" 日本 [quarterdeck 01J]".to_owned(),
    }
}

/// Waits until every member has a silence in a state with about so many minutes left.
async fn everywhere(place: &Place, id: &str, state: SilenceState, minutes: i64) {
    let what = format!("{id} {state:?} at every member");
    until(&what, UP, async || {
        let members = place.eyes.replicated(id).await.expect("they are asked");
        assert_eq!(members.len(), place.urls.len());
        let is_so = |silence: &quarterdeck::domain::alert::Silence| {
            let left = silence.ends_at - Utc::now();
            silence.state == state && (left - TimeDelta::minutes(minutes)).abs() < TimeDelta::seconds(90)
        };
        members.iter().all(|member| matches!(&member.silence, Ok(Some(silence)) if is_so(silence))).then_some(())
    })
    .await;
}

/// Made, seen everywhere, made longer and shorter without another id, ended twice.
async fn lives(place: &Place) {
    let covers = ours(r#"odd="a\"b\\c, {x}""#);
    let first = wanted(None, covers.clone(), 120);
    let id = place.hands.put(&first).await.expect("it is made");
    everywhere(place, &id, SilenceState::Active, 120).await;
    let members = place.eyes.replicated(&id).await.expect("they are asked");
    let Ok(Some(silence)) = &members[0].silence else { panic!("{members:?}") };
    assert_eq!((&*silence.created_by, &*silence.comment), ("mori", first.comment.as_str()));
    let sorted = |mut all: Vec<Matcher>| {
        all.sort_by(|one, other| one.name.cmp(&other.name));
        all
    };
    assert_eq!(sorted(silence.matchers.clone()), sorted(covers.clone()), "what was sent is what it covers");

    let hidden = found(place, "alertname=\"Latency\"").await;
    assert_eq!((hidden[0].hold, hidden[0].silenced_by.clone()), (Hold::Silenced, vec![silence.id.clone()]));
    assert_eq!(found(place, "alertname=\"Disk\"").await[0].hold, Hold::None, "others go on");
    let snapshot = place.polled(|snapshot| snapshot.silences.as_ref().is_some_and(|all| !all.is_empty())).await;
    assert!(snapshot.silences.iter().flat_map(|all| all.iter()).any(|one| *one.id == *id), "{snapshot:?}");

    for minutes in [240, 30] {
        // One that has begun keeps its beginning; another beginning would be another silence.
        let longer = WantedSilence { starts_at: silence.starts_at, ..wanted(Some(&id), covers.clone(), minutes) };
        let again = place.hands.put(&longer).await.expect("it is changed");
        assert_eq!(again, id, "the same matchers are the same silence");
        everywhere(place, &id, SilenceState::Active, minutes).await;
    }
    let later = silence.starts_at + TimeDelta::seconds(2);
    until("two seconds after its beginning", UP, async || (Utc::now() > later).then_some(())).await;
    let anew = place.hands.put(&wanted(Some(&id), covers.clone(), 30)).await.expect("it is replaced");
    assert_ne!(anew, id, "another beginning is another silence");
    for id in [anew.as_str(), anew.as_str(), id.as_str()] {
        place.hands.expire(id).await.expect("it is ended, and ending it again is no error");
        everywhere(place, id, SilenceState::Expired, 0).await;
    }
    assert_eq!(found(place, "alertname=\"Latency\"").await[0].hold, Hold::None);
}

/// Other matchers are another silence, and the first is over; so is one brought back after its end.
async fn changes(place: &Place) {
    let id = place.hands.put(&wanted(None, ours("service=\"cart\""), 60)).await.expect("it is made");
    let other = place.hands.put(&wanted(Some(&id), ours("service=\"api\""), 60)).await.expect("it is replaced");
    assert_ne!(other, id);
    everywhere(place, &id, SilenceState::Expired, 0).await;
    everywhere(place, &other, SilenceState::Active, 60).await;
    place.hands.expire(&other).await.expect("it is ended");
    let back = place.hands.put(&wanted(Some(&other), ours("service=\"api\""), 60)).await.expect("it comes back");
    assert_ne!(back, other, "what is over does not begin again");
    place.hands.expire(&back).await.expect("it is ended");
    everywhere(place, &back, SilenceState::Expired, 0).await;
}

/// One that begins later hides nothing yet; ended before it begins it is over.
async fn begins_later(place: &Place) {
    let mut later = wanted(None, ours("alertname=\"Disk\""), 120);
    later.starts_at = Utc::now() + TimeDelta::hours(1);
    let id = place.hands.put(&later).await.expect("it is made");
    everywhere(place, &id, SilenceState::Pending, 120).await;
    assert_eq!(found(place, "alertname=\"Disk\"").await[0].hold, Hold::None);
    place.hands.expire(&id).await.expect("it is ended");
    everywhere(place, &id, SilenceState::Expired, 0).await;
}

/// What no server takes, each with the server's own words in the sentence.
async fn refuses(place: &Place) {
    let all = |value: &str, operator| vec![Matcher { name: "contract".into(), operator, value: value.into() }];
    let mut backwards = wanted(None, ours(""), 60);
    backwards.starts_at = backwards.ends_at + TimeDelta::minutes(1);
    let mut past = wanted(None, ours(""), -30);
    past.starts_at = past.ends_at - TimeDelta::minutes(30);
    for (what, silence, code) in [
        ("nothing to cover", wanted(None, Vec::new(), 60), "422"),
        ("everything", wanted(None, all(".*", Operator::Like), 60), "400"),
        ("the empty text", wanted(None, all("", Operator::Equal), 60), "400"),
        ("no expression", wanted(None, all("(", Operator::Like), 60), "400"),
        ("an end before the begin", backwards, "400"),
        ("an end in the past", past, "400"),
    ] {
        let error = place.hands.put(&silence).await.expect_err(what);
        assert_eq!(error.trouble, Trouble::Rejected, "{what}: {error}");
        assert!(error.sentence.contains(code), "{what}: {error}");
    }
    let error = place.eyes.matching(&all("(", Operator::Like)).await.expect_err("no expression");
    assert_eq!(error.trouble, Trouble::Rejected, "{error}");

    let unknown = "9e8d7c6b-0000-4000-8000-000000000000";
    let error = place.hands.put(&wanted(Some(unknown), ours(""), 60)).await.expect_err("nobody has it");
    assert_eq!(error.trouble, Trouble::NotFound, "{error}");
    let error = place.hands.expire(unknown).await.expect_err("nobody has it");
    // 0.25 says 500.
    assert!(matches!(error.trouble, Trouble::NotFound | Trouble::Server), "{error}");
    for member in place.eyes.replicated(unknown).await.expect("they are asked") {
        assert!(matches!(member.silence, Ok(None)), "{member:?}");
    }
}

/// The raw answers that the client reads: a JSON text, a code with a message, and nothing.
async fn speaks_in_four_shapes(place: &Place) {
    let at = |path: &str| format!("{}/api/v2{path}", place.urls[0]);
    let (code, body) = place.send(Method::GET, at("/alerts?filter=a%3D~%28"), None).await;
    assert!(code == 400 && serde_json::from_str::<String>(&body).is_ok(), "a JSON text: {code} {body}");
    let incomplete = json!({"matchers": [{"name": "a", "value": "b", "isRegex": false}], "createdBy": "mori", "startsAt": Utc::now(), "endsAt": Utc::now()});
    for (method, path, body, code) in [
        (Method::POST, "/silences", Some(incomplete), 422),
        (Method::GET, "/nowhere", None, 404),
        (Method::PUT, "/silences", Some(json!({})), 405),
        (Method::POST, "/silences", Some(json!([1])), 400),
    ] {
        let (answered, body) = place.send(method, at(path), body).await;
        let said: serde_json::Value = serde_json::from_str(&body).unwrap_or_default();
        assert_eq!(answered, code, "{path}: {body}");
        assert!(said["code"].is_u64() && said["message"].is_string(), "a code and a message: {path}: {body}");
    }
    let (code, body) = place.send(Method::GET, at("/silence/9e8d7c6b-0000-4000-8000-000000000000"), None).await;
    assert_eq!((code, body.trim()), (404, ""), "nothing");
}
