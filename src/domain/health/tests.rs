use std::sync::Arc;

use chrono::TimeDelta;

use super::probe::{Probe, TIMEOUT, probes};
use super::*;
use crate::domain::service::{Service, Services};
use crate::domain::time::Instant;

fn at(seconds: i64) -> Instant {
    chrono::DateTime::from_timestamp(1_800_000_000 + seconds, 0).unwrap_or_default()
}

fn check(service: &str, condition: Condition) -> Check {
    let unasked = Check::unasked(&service.into(), &"api".into(), Kind::Http, "a.example:443".into());
    Check { condition, checked_at: Some(at(0)), ..unasked }
}

fn said(check: &Check, seconds: i64) -> (Condition, String) {
    let (condition, reason) = check.now(at(seconds));
    (condition, reason.unwrap_or_default())
}

#[test]
fn what_was_not_asked_lately_is_not_known() {
    let unasked = Check { checked_at: None, ..check("a", Condition::Healthy) };
    assert_eq!(said(&unasked, 0), (Condition::Unknown, "It was not asked yet.".to_owned()));
    let healthy = check("a", Condition::Healthy);
    assert_eq!(said(&healthy, 90), (Condition::Healthy, String::new()));
    assert_eq!(said(&healthy, 91), (Condition::Unknown, "It was last asked 1m ago.".to_owned()));
    assert_eq!(said(&check("a", Condition::Unhealthy), 91).0, Condition::Unknown, "nor is it unhealthy now");
}

#[test]
fn another_version_than_the_expected_one_is_not_well() {
    let runs = |version: Option<&str>, expected: &str| {
        let one = Check {
            version: version.map(str::to_owned),
            expected: Some(expected.to_owned()),
            ..check("a", Condition::Healthy)
        };
        said(&one, 0).0
    };
    assert_eq!(runs(Some("v1.4.2"), "1.4"), Condition::Healthy);
    assert_eq!(runs(Some("1.4"), "v1.4"), Condition::Healthy);
    assert_eq!(runs(Some("1.42"), "1.4"), Condition::Degraded);
    assert_eq!(runs(Some("1.3"), "1.4"), Condition::Degraded);
    assert_eq!(runs(None, "1.4"), Condition::Unknown, "what does not say it is not known to be it");
}

#[test]
fn a_certificate_is_warned_of_before_its_end() {
    let day = 86_400;
    let held = |days: i64, chain: Option<i64>, trouble: Option<&str>| {
        let certificate = Certificate {
            from: at(-day),
            until: at(days * day),
            issuer: "An Authority".into(),
            chain_until: chain.map(|days| at(days * day)),
            is_chain_seen: true,
            trouble: trouble.map(str::to_owned),
        };
        said(&Check { certificate: Some(certificate), ..check("a", Condition::Healthy) }, 0)
    };
    assert_eq!(held(30, None, None).0, Condition::Healthy);
    assert_eq!(held(29, None, None), (Condition::Degraded, "Its certificate expires in 29 days.".to_owned()));
    assert_eq!(held(7, None, None).0, Condition::Degraded);
    assert_eq!(
        held(6, None, None),
        (Condition::Unhealthy, "Its certificate expires in 6 days: renew it now.".to_owned())
    );
    assert_eq!(held(0, None, None), (Condition::Unhealthy, "Its certificate expired on 2027-01-15.".to_owned()));
    let chain = "A certificate of its chain expires in 9 days.";
    assert_eq!(held(90, Some(9), None), (Condition::Degraded, chain.to_owned()));
    assert_eq!(held(90, None, Some("It is not for a.example.")).0, Condition::Unhealthy);
    let over = "A certificate of its chain expired on 2027-01-15.";
    assert_eq!(held(90, Some(0), None), (Condition::Unhealthy, over.to_owned()));
    let early = Certificate {
        from: at(60),
        until: at(90 * day),
        issuer: "".into(),
        chain_until: None,
        is_chain_seen: true,
        trouble: None,
    };
    assert_eq!(early.now(at(0)).map(|(condition, _)| condition), Some(Condition::Unhealthy), "its time has not begun");
}

#[test]
fn bodies_of_health_endpoints_are_read_in_their_shapes() {
    let ours = body::read(
        br#"{"status":"degraded","version":"2.14.0","uptime":86400.5,"checks":{
            "database":{"status":"healthy","responseTime":12.4},
            "redis":{"status":"unhealthy","critical":false,"error":"refused\u001b[31m"},
            "external":{"responseTime":80}}}"#,
    );
    assert_eq!((ours.condition, ours.version.as_deref()), (Some(Condition::Degraded), Some("2.14.0")));
    assert_eq!(ours.uptime_seconds, Some(86_400));
    let parts: Vec<(&str, Condition, Option<bool>, Option<u64>)> =
        ours.parts.iter().map(|part| (&*part.name, part.condition, part.is_critical, part.took_ms)).collect();
    assert_eq!(
        parts,
        [
            ("redis", Condition::Unhealthy, Some(false), None),
            ("external", Condition::Unknown, None, Some(80)),
            ("database", Condition::Healthy, None, Some(12)),
        ],
        "a part without a status is not known, not unhealthy"
    );
    assert!(ours.parts[0].error.as_deref().is_some_and(|error| !error.contains('\u{1b}')));
    let spring = body::read(br#"{"status":"UP","components":{"db":{"status":"UP"},"disk":{"status":"DOWN"}}}"#);
    assert_eq!((spring.condition, spring.parts.len()), (Some(Condition::Healthy), 2));
    let json = body::read(br#"{"status":"pass","checks":{"redis:time":[{"status":"fail","output":"late"}]}}"#);
    assert_eq!(json.parts[0].condition, Condition::Unhealthy);
    assert_eq!(body::read(b"OK\n").condition, Some(Condition::Healthy));
    assert_eq!(body::read(b"<html>").condition, None);
    assert_eq!(body::read(br#"{"status":"sideways"}"#).strange.as_deref(), Some("sideways"));
    assert_eq!(body::read(b"[1,2]"), body::Said::default());
}

/// Each body as an endpoint answers it with 200, and how the component is by it.
#[test]
fn a_body_that_says_no_is_not_well_in_whatever_shape_it_says_it() {
    use Condition::{Degraded, Healthy, Unhealthy, Unknown};
    for (text, expected) in [
        // By hand.
        (r#"{"healthy":false}"#, Unhealthy),
        (r#"{"healthy":true}"#, Healthy),
        (r#"{"ok":false}"#, Unhealthy),
        (r#"{"OK":0}"#, Unhealthy),
        (r#"{"success":false,"message":"no database"}"#, Unhealthy),
        (r#"{"success":true,"data":{"status":"DOWN"}}"#, Unhealthy),
        (r#"{"isHealthy":"false"}"#, Unhealthy),
        (r#"{"Status":"Unhealthy"}"#, Unhealthy),
        (r#"{"STATUS":"OK"}"#, Healthy),
        (r#"{"status":"ok","healthy":false}"#, Unhealthy),
        (r#"{"status":503}"#, Unhealthy),
        (r#"{"code":500,"msg":"no database"}"#, Unhealthy),
        (r#"{"errors":["no database"]}"#, Unhealthy),
        (r#"{"errors":2}"#, Unhealthy),
        (r#"{"error":"no database"}"#, Unhealthy),
        (r#"{"status":"ok","errors":["late"]}"#, Degraded),
        (r#"{"errors":0}"#, Healthy),
        (r#"{"errors":[]}"#, Healthy),
        (r#"{"errors":null}"#, Healthy),
        (r#"{"errors":{"db":null}}"#, Healthy),
        (r#"{"status":"ok","error":"","errors":{}}"#, Healthy),
        ("false", Unhealthy),
        ("\"DOWN\"", Unhealthy),
        ("\u{feff}{\"status\":\"DOWN\"}", Unhealthy),
        // Spring Boot, of now and of then.
        (r#"{"status":"OUT_OF_SERVICE","components":{"db":{"status":"UP"}}}"#, Unhealthy),
        (r#"{"status":{"code":"DOWN","description":""}}"#, Unhealthy),
        (r#"{"status":"UNKNOWN"}"#, Unknown),
        // ASP.NET's HealthReport.
        (r#"{"Status":"Healthy","Entries":{"sql":{"Status":"Unhealthy","Description":"refused"}}}"#, Degraded),
        (r#"{"status":"Degraded","results":{"sql":{"status":"Degraded"}}}"#, Degraded),
        // MicroProfile, of now and of then.
        (r#"{"status":"DOWN","checks":[{"name":"db","status":"DOWN","data":{}}]}"#, Unhealthy),
        (r#"{"outcome":"DOWN","checks":[{"name":"db","state":"DOWN"}]}"#, Unhealthy),
        // Go: etherlabs, hellofresh, alexliesenfeld, and healthz?verbose.
        (r#"{"status":"Service Unavailable","errors":{"db":"refused"}}"#, Unhealthy),
        (r#"{"status":"Partially Available","failures":{"redis":"refused"}}"#, Degraded),
        (r#"{"status":"down","details":{"db":{"status":"down","error":"refused"}}}"#, Unhealthy),
        ("[+]ping ok\n[-]etcd failed: reason withheld\nhealthz check failed", Degraded),
        ("[+]ping ok\n[+]etcd ok\nhealthz check passed", Healthy),
        // terminus.
        (r#"{"status":"ok","info":{"db":{"status":"up"}},"error":{},"details":{"db":{"status":"up"}}}"#, Healthy),
        (
            r#"{"status":"error","info":{},"error":{"db":{"status":"down"}},"details":{"db":{"status":"down"}}}"#,
            Unhealthy,
        ),
        // django-health-check, Dropwizard, FastAPI, Laravel, gRPC, Kong.
        (r#"{"Cache backend: default":"working","DatabaseBackend":"unavailable: refused"}"#, Degraded),
        (r#"{"Cache backend: default":"working","DatabaseBackend":"working"}"#, Healthy),
        (r#"{"deadlocks":{"healthy":true},"database":{"healthy":false,"message":"refused"}}"#, Degraded),
        (r#"{"database":{"status":"down"},"redis":{"status":"up"}}"#, Degraded),
        (r#"{"checkResults":[{"name":"disk","status":"failed","notificationMessage":"full"}]}"#, Degraded),
        (r#"{"status":"NOT_SERVING"}"#, Unhealthy),
        (r#"{"database":{"reachable":false},"server":{"total_requests":3}}"#, Degraded),
        (r#"[{"name":"db","status":"down"}]"#, Degraded),
        (r#"{"health":{"db":"down","redis":"ok"}}"#, Degraded),
        // In words.
        ("Unhealthy: no database", Unhealthy),
        ("not ready", Unhealthy),
        ("status: DOWN", Unhealthy),
        ("OK - 3 workers", Healthy),
        ("pong", Healthy),
        ("no problems found", Healthy),
        // What looks like a verdict and is not understood.
        (r#"{"status":"sideways"}"#, Unknown),
        (r#"{"status":null}"#, Unknown),
        (r#"{"status":7}"#, Unknown),
        (r#"{"status":0}"#, Unknown),
        (r#"{"healthy":"perhaps"}"#, Unknown),
        (r#"{"database":true,"redis":false}"#, Unknown),
        ("{'status': 'DOWN'}", Unknown),
        // What is no verdict, or none against it.
        (r#"{"status":"ok","state":"leader"}"#, Healthy),
        (r#"{"status":"ok","log_level":"error"}"#, Healthy),
        (r#"{"name":"cart","version":"1.4"}"#, Healthy),
        ("{}", Healthy),
    ] {
        let said = body::read(text.as_bytes());
        let whole = match (said.condition, &said.strange) {
            (Some(condition), _) => condition,
            (None, Some(_)) => Unknown,
            (None, None) => Healthy,
        };
        let one = Check { condition: whole, parts: said.parts.clone(), ..check("a", whole) };
        assert_eq!(one.now(at(0)).0, expected, "{text}: {said:?}");
    }
    let named = body::read(br#"{"errors":[{"message":"no\u001b[31m database"}]}"#);
    assert_eq!(named.error.as_deref(), Some("no[31m database"), "the first error, cleaned");
}

#[test]
fn of_many_parts_and_of_many_instances_the_worst_are_kept() {
    let said = body::read(
        br#"{"status":"pass","checks":{"cpu":[{"status":"pass"},{"status":"fail","output":"hot"},{"status":"warn"}],
            "disk":[{"status":"warn","output":"a"},{"status":"warn","output":"b"}],"none":[]}}"#,
    );
    let parts: Vec<(&str, Condition, Option<&str>)> =
        said.parts.iter().map(|part| (&*part.name, part.condition, part.error.as_deref())).collect();
    let expected = [
        ("cpu", Condition::Unhealthy, Some("hot")),
        ("disk", Condition::Degraded, Some("a")),
        ("none", Condition::Unknown, None),
    ];
    assert_eq!(parts, expected);
    let well = (0..80).map(|place| format!(r#""a{place}":{{"status":"pass"}}"#)).collect::<Vec<_>>().join(",");
    let many = body::read(format!(r#"{{"status":"pass","checks":{{{well},"z":{{"status":"fail"}}}}}}"#).as_bytes());
    assert_eq!((many.parts.len(), &*many.parts[0].name), (50, "z"), "what is well gives way");
}

#[test]
fn a_part_that_is_bad_degrades_what_says_it_is_well() {
    let part = Part {
        name: "redis".into(),
        condition: Condition::Unhealthy,
        is_critical: Some(false),
        took_ms: None,
        error: Some("refused.".to_owned()),
    };
    let one = Check { parts: vec![part], ..check("a", Condition::Healthy) };
    assert_eq!(said(&one, 0), (Condition::Degraded, "redis is unhealthy: refused.".to_owned()));
    let silent =
        Part { name: "x".into(), condition: Condition::Unknown, is_critical: None, took_ms: None, error: None };
    let one = Check { parts: vec![silent], ..check("a", Condition::Healthy) };
    assert_eq!(said(&one, 0).0, Condition::Unknown, "never green");
}

fn needing(name: &str, needs: &[&str]) -> Service {
    let probe = Probe {
        component: "api".into(),
        kind: Kind::Http,
        target: Target::Everywhere(format!("https://{name}.{{environment}}.example/health")),
        timeout: TIMEOUT,
        version: None,
        is_critical: true,
        authorities: None,
    };
    Service {
        name: name.into(),
        depends_on: needs.iter().map(|name| Arc::from(*name)).collect(),
        probes: vec![probe],
        ..Service::default()
    }
}

#[test]
fn what_a_service_needs_impairs_it_through_everything() {
    let services = Services::new(vec![
        needing("web", &["checkout"]),
        needing("checkout", &["payments", "redis"]),
        needing("payments", &["checkout"]),
        needing("other", &[]),
    ]);
    let all = [
        ("web", Condition::Healthy),
        ("checkout", Condition::Healthy),
        ("payments", Condition::Unhealthy),
        ("other", Condition::Degraded),
    ];
    let checks = all.into_iter().map(|(name, condition)| check(name, condition)).collect();
    let snapshot = HealthSnapshot { environment: "production".into(), checks };
    let lines = lines(&[&snapshot], &services, at(0));
    let told: Vec<String> = lines
        .iter()
        .map(|line| {
            let by: Vec<&str> = line.cells[0].impaired_by.iter().map(|(name, _)| &**name).collect();
            format!("{} {} {by:?}", line.service, line.condition().word())
        })
        .collect();
    assert_eq!(
        told,
        [
            "payments unhealthy []",
            "other degraded []",
            r#"web healthy ["payments"]"#,
            r#"checkout healthy ["payments"]"#,
        ],
        "a ring of needs ends, and nobody is impaired by itself"
    );
    let mut optional = snapshot.clone();
    optional.checks[2].is_critical = false;
    let known = matrix::services(&optional, at(0));
    assert_eq!(known.get("payments"), Some(&Condition::Degraded), "the service can do without it");
    assert_eq!(matrix::services(&optional, at(0) + TimeDelta::hours(1)).get("payments"), Some(&Condition::Unknown));
}

#[test]
fn a_probe_is_where_its_service_is() {
    let mut named = needing("web", &[]);
    named.environments = vec!["staging".into()];
    let mut own = needing("pay", &[]);
    own.probes[0].target = Target::In([(Arc::from("production"), "pay.example:443".to_owned())].into());
    let services = Services::new(vec![named, own]);
    let addresses = |environment: &str| -> Vec<String> {
        probes(&services, environment).into_iter().map(|(_, _, address)| address).collect()
    };
    assert_eq!(addresses("production"), ["pay.example:443"]);
    assert_eq!(addresses("staging"), ["https://web.staging.example/health"]);
}
