//! The health matrix in every state, at every size, and components that break, asked by the shipped client.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use insta::assert_snapshot;
use quarterdeck::domain::health::{Certificate, Check, Condition, HealthSnapshot, Kind, Part, Probe, Target, probe};
use quarterdeck::domain::service::{Service, Services};
use quarterdeck::domain::source::SourceState;
use quarterdeck::sandbox::{Fault, Sandbox, SandboxClock, Scenario};
use quarterdeck::sources::probe::{HealthFeed, HealthSource};
use quarterdeck::theme::{Depth, Glyphs, Theme};
use quarterdeck::world::News;
use quarterdeck::world::Scope;
use tokio::sync::{Notify, watch};

use crate::alerts::workloads;
use crate::stage::{SIZES, Stage, ago, now, text};

fn check(service: &str, component: &str, condition: Condition) -> Check {
    Check {
        condition,
        took: Some(TimeDelta::milliseconds(12)),
        checked_at: Some(ago(4)),
        ..Check::unasked(&service.into(), &component.into(), Kind::Http, format!("{service}.example:443").into())
    }
}

fn until(days: i64) -> Certificate {
    Certificate {
        from: ago(86_400),
        until: now() + TimeDelta::days(days),
        issuer: "An Authority".into(),
        chain_until: None,
        is_chain_seen: true,
        trouble: None,
    }
}

pub(crate) fn production() -> Vec<Check> {
    let part = |name: &str, condition: Condition, error: Option<&str>| Part {
        name: name.into(),
        condition,
        is_critical: Some(false),
        took_ms: Some(80),
        error: error.map(str::to_owned),
    };
    vec![
        Check {
            version: Some("2.14.0".to_owned()),
            certificate: Some(until(61)),
            ..check("checkout", "api", Condition::Healthy)
        },
        Check {
            condition: Condition::Unhealthy,
            reason: Some("It did not answer within 5 s.".to_owned()),
            took: None,
            ..check("payments", "api", Condition::Unhealthy)
        },
        Check { kind: Kind::Postgres, ..check("payments", "database", Condition::Healthy) },
        Check {
            version: Some("1.9".to_owned()),
            expected: Some("2.0".to_owned()),
            uptime_seconds: Some(86_400 * 3),
            parts: vec![
                part("redis", Condition::Unhealthy, Some("connection refused")),
                part("disk", Condition::Healthy, None),
            ],
            ..check("search", "api", Condition::Healthy)
        },
        Check {
            certificate: Some(until(5)),
            ..check("a-service-nobody-deployed-from-here", "front", Condition::Healthy)
        },
        Check { checked_at: None, took: None, ..check("mail", "smtp", Condition::Unknown) },
    ]
}

pub(crate) fn snapshot(environment: &str, checks: Vec<Check>) -> HealthSnapshot {
    HealthSnapshot { environment: environment.into(), checks }
}

pub(crate) fn services() -> Services {
    let probe = Probe {
        component: "api".into(),
        kind: Kind::Http,
        target: Target::Everywhere("https://a.example/".to_owned()),
        timeout: probe::TIMEOUT,
        version: None,
        is_critical: true,
        authorities: None,
    };
    let needing = |name: &str, needs: &[&str]| Service {
        name: name.into(),
        depends_on: needs.iter().map(|name| Arc::from(*name)).collect(),
        probes: vec![probe.clone()],
        ..Service::default()
    };
    Services::new(vec![needing("web", &["checkout"]), needing("checkout", &["payments"]), needing("payments", &[])])
}

fn seeing(snapshots: Vec<HealthSnapshot>) -> Stage {
    let mut stage = Stage::new();
    stage.declare(services());
    stage.see(workloads(), SourceState::Fresh);
    if snapshots.len() > 1 {
        stage.enter(Scope::All);
    }
    for one in snapshots {
        stage.tell(News::Health(Box::new(one)));
    }
    stage.press("6 tab tab");
    stage
}

#[test]
fn health_list() {
    let mut without = Stage::new();
    without.press("6 tab tab");
    assert_snapshot!("health_not_configured", without.bodies());
    assert_snapshot!("health_not_here", seeing(Vec::new()).bodies());
    assert_snapshot!("health_normal", seeing(vec![snapshot("production", production())]).bodies());
    let unasked = |one: Check| Check { checked_at: None, took: None, ..one };
    let loading = production().into_iter().map(unasked).collect();
    assert_snapshot!("health_loading", seeing(vec![snapshot("production", loading)]).bodies());
    let staging = vec![check("checkout", "api", Condition::Healthy), check("search", "api", Condition::Degraded)];
    let both = seeing(vec![snapshot("production", production()), snapshot("staging", staging)]);
    assert_snapshot!("health_matrix", both.bodies());
    let many = (0..2_000).map(|place| check(&format!("service-{place:04}"), "api", Condition::Healthy)).collect();
    let mut huge = seeing(vec![snapshot("production", many)]);
    huge.press("G");
    assert_snapshot!("health_huge", huge.bodies());
}

/// What stands over the matrix counts what stands under it, and an environment without a column is told of.
#[test]
fn of_many_environments_each_has_a_column_or_is_counted() {
    let names: Vec<String> = (1..=9).map(|place| format!("region-{place}")).collect();
    let environments: Vec<String> =
        names.iter().map(|name| format!("[environment.{name}]\ncontext = \"{name}\"")).collect();
    let environments = environments.join("\n");
    let mut stage = Stage::new();
    stage.configure(&environments);
    for name in &names {
        let checks = vec![check("payments", "api", Condition::Unhealthy), check("STATE", "api", Condition::Healthy)];
        stage.tell(News::Health(Box::new(snapshot(name, checks))));
    }
    stage.press("6 tab tab");
    for (columns, with_column) in [(80, 2), (120, 2), (200, 3)] {
        let drawn = text(&stage.body(columns, 14));
        let mut lines = drawn.lines();
        let (over, heads) = (lines.next().unwrap_or_default(), lines.next().unwrap_or_default());
        assert!(over.contains("1 unhealthy, 0 degraded, 0 unknown; 2 components"), "{drawn}");
        assert_eq!(heads.matches("region-").count(), with_column, "{drawn}");
        assert!(over.contains(&format!("no room for {} environments", 9 - with_column)), "{drawn}");
    }
}

#[test]
fn the_worst_is_told_first_with_what_it_impairs_and_leads_to_its_rollout() {
    let mut stage = seeing(vec![snapshot("production", production())]);
    let expected = [
        "unhealthy payments api",
        "unhealthy a-service-nobody-deployed-from-here front",
        "degraded search api",
        "unknown mail smtp",
        "healthy checkout api",
        "healthy payments database",
    ];
    assert_eq!(stage.states(), expected);
    assert!(text(&stage.body(120, 40)).contains("2 services need this one: checkout, web"));
    stage.press("d");
    assert_eq!(stage.front(), "rollout payments");
    stage.press("q");
    assert_eq!(stage.front(), "health", "back to where one came from");
    stage.press("/");
    stage.type_text("checkout");
    assert!(text(&stage.body(120, 40)).contains("impaired by payments (unhealthy)"));
    stage.type_text("nobody");
    assert!(text(&stage.body(120, 40)).contains("None of 6 components matches"));
    stage.press("esc");
    stage.press("ctrl-z");
    assert_eq!(stage.rows().len(), 5, "what is well and not impaired is left out");
    stage.press("0");
    let overview = text(&stage.body(120, 40));
    assert!(overview.contains("2 unhealthy, 1 degraded, 1 unknown"), "{overview}");
}

#[test]
fn answers_that_grow_old_are_not_known_any_more_and_never_green() {
    let mut stage = seeing(vec![snapshot("production", production())]);
    let later = now() + TimeDelta::minutes(4);
    stage.tell_at(News::Health(Box::new(snapshot("production", production()))), later);
    assert!(stage.states().iter().all(|line| line.starts_with("unknown ")), "{:?}", stage.states());
}

/// Texts nobody should have to expect, and somebody will send.
#[test]
fn hostile_answers_stay_in_their_cells() {
    let hostile = [
        "支払いサービス決済処理基盤本番環境",
        "\u{1b}[2J\u{1b}]0;owned\u{7}clear",
        "a\u{202e}gnp.exe",
        "tab\there\nnew",
    ];
    let all = hostile.iter().map(|name| Check {
        reason: Some((*name).to_owned()),
        version: Some((*name).to_owned()),
        ..check(name, name, Condition::Degraded)
    });
    let mut stage = seeing(vec![snapshot("production", all.collect())]);
    for (depth, glyphs) in [(Depth::None, Glyphs::ASCII), (Depth::Sixteen, Glyphs::UNICODE)] {
        stage.theme = Theme::embedded("midnight", depth);
        stage.glyphs = glyphs;
        for (columns, rows) in SIZES {
            for cell in stage.screen(columns, rows).content() {
                assert!(!cell.symbol().chars().any(char::is_control), "{:?} reached a cell", cell.symbol());
                assert!(!cell.symbol().contains('\u{202e}'));
            }
        }
    }
}

/// A simulated service whose endpoint is asked each time the test wants it.
struct Rig {
    sandbox: Sandbox,
    seen: watch::Receiver<HealthSnapshot>,
    retry: Arc<Notify>,
    _folder: tempfile::TempDir,
}

impl Rig {
    #[expect(clippy::disallowed_methods, reason = "the sandbox and the source run in real time here")]
    async fn new(knows_authority: bool) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let service = quarterdeck::sandbox::Service::new("api", 2);
        let scenario = Scenario::empty("shop").with("shop", service);
        let sandbox = Sandbox::start(scenario, SandboxClock::starting(chrono::Utc::now(), 1)).await.expect("a sandbox");
        let folder = tempfile::tempdir().expect("a folder");
        let authority = folder.path().join("authority");
        std::fs::write(&authority, sandbox.certificate()).expect("room");
        let probe = Probe {
            component: "api".into(),
            kind: Kind::Http,
            target: Target::Everywhere(format!("{}/shop/api", sandbox.health())),
            timeout: TimeDelta::milliseconds(1_500),
            version: None,
            is_critical: true,
            authorities: knows_authority.then_some(authority),
        };
        let services = Services::new(vec![Service { name: "shop".into(), probes: vec![probe], ..Service::default() }]);
        let feed = HealthFeed::asked(&"production".into(), &services).expect("it asks something");
        let (snapshots, seen) = watch::channel(HealthSnapshot::default());
        let retry = Arc::new(Notify::new());
        let source = HealthSource { feed, clock: Arc::new(chrono::Utc::now), retry: retry.clone(), snapshots };
        tokio::spawn(source.run());
        Self { sandbox, seen, retry, _folder: folder }
    }

    /// The first answer that is as it should be.
    #[expect(clippy::disallowed_methods, reason = "the source runs in real time here")]
    async fn until(&mut self, what: &str, is_it: impl Fn(Condition, &str, &Check) -> bool) -> Check {
        let found = tokio::time::timeout(Duration::from_secs(90), async {
            loop {
                self.retry.notify_waiters();
                let newest = self.seen.borrow_and_update().checks.first().cloned();
                if let Some(check) = newest {
                    let (condition, reason) = check.now(chrono::Utc::now());
                    if is_it(condition, reason.as_deref().unwrap_or_default(), &check) {
                        return check;
                    }
                }
                let _ = tokio::time::timeout(Duration::from_millis(100), self.seen.changed()).await;
            }
        });
        found.await.map_err(|_| format!("never {what}: {:?}", self.seen.borrow())).expect("in time")
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_component_that_breaks_says_how_and_heals() {
    let mut rig = Rig::new(true).await;
    let well = rig.until("healthy", |condition, _, _| condition == Condition::Healthy).await;
    assert!(well.version.is_some() && well.parts.len() == 3 && well.took.is_some(), "{well:?}");
    let certificate = well.certificate.expect("it is asked over TLS");
    assert_eq!(certificate.trouble, None, "its authority is known");
    for (fault, path, condition, words) in [
        (Fault::Hang, "/health/", Condition::Unhealthy, "did not answer within 1500 ms"),
        (Fault::Status(503), "/health/", Condition::Unhealthy, "answers 503"),
        (Fault::Status(500), "/health/", Condition::Unhealthy, "answers 500"),
        (Fault::Status(404), "/health/", Condition::Unknown, "is the path right"),
        (Fault::Html, "/health/", Condition::Unknown, "a web page"),
        (Fault::Down, "/", Condition::Unhealthy, "127.0.0.1"),
        (Fault::ExpiredCertificate, "/", Condition::Unhealthy, "expired on 2021-01-01"),
        (Fault::WrongCertificate, "/", Condition::Unhealthy, "certificate"),
    ] {
        rig.sandbox.faults().set(path, fault);
        rig.until(words, |found, reason, _| found == condition && reason.contains(words)).await;
        rig.sandbox.faults().heal();
        rig.until("healthy again", |condition, _, _| condition == Condition::Healthy).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_of_nobody_known_is_told_not_only_refused() {
    let mut rig = Rig::new(false).await;
    let found = rig.until("untrusted", |_, _, check| check.certificate.is_some()).await;
    let words =
        "Its certificate is of an authority that is not trusted here: set ca_file, or have it send its whole chain.";
    let at = found.checked_at.expect("it was asked");
    assert_eq!(found.now(at), (Condition::Unhealthy, Some(words.to_owned())));
    let certificate = found.certificate.expect("looked at");
    assert_eq!((&*certificate.issuer, certificate.trouble.as_deref()), ("rcgen self signed cert", Some(words)));
    assert!(certificate.days_left(at) > 3_650, "its time is told all the same");
    let said = (found.version.as_deref(), found.parts.len(), found.took.is_some());
    assert_eq!(said, (None, 0, true), "what it says is not listened to");
    let asked = rig.sandbox.requests().into_iter().filter(|seen| seen.path.starts_with("/health/")).count();
    assert_eq!(asked, 0, "nothing is asked of whom nobody knows");
}
