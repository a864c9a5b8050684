//! Advice from a real Prometheus whose history holds a bad release, a good one, and one whose errors vanished.

use std::collections::BTreeSet;
use std::fmt::Write;

use chrono::{DateTime, TimeDelta, Utc};
use quarterdeck::domain::advice::{Advice, Released, Verdict, judge};
use quarterdeck::domain::rollout::{Kind, Sides, WorkloadRef};
use quarterdeck::sources::prometheus::SignalFeed;

use super::{address, client};
use crate::support::process::skip;
use crate::support::prometheus::{Server, why_not};

/// Samples of a counter each 15 s between two times, growing by so much a second before and after a change.
fn counter(
    text: &mut String,
    series: &str,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    change: DateTime<Utc>,
    rates: [f64; 2],
) {
    let (mut at, mut value) = (from.timestamp(), 1_000.0);
    while at <= to.timestamp() {
        writeln!(text, "{series} {value} {at}").expect("text");
        value += 15.0 * if at < change.timestamp() { rates[0] } else { rates[1] };
        at += 15;
    }
}

/// Twenty requests a second of each service, half an hour ago as a week ago, and since then as it is told.
fn history(now: DateTime<Utc>, change: DateTime<Utc>) -> String {
    let mut text = String::new();
    let week = now - TimeDelta::days(7);
    for (service, since) in [("bad", Some(4.0)), ("good", Some(0.02)), ("gone", None), ("quiet", Some(0.0))] {
        let share = if service == "quiet" { 0.001 } else { 1.0 };
        for (code, before, after) in [(200, 19.98, since.map(|failed| 20.0 - failed)), (500, 0.02, since)] {
            let series = format!("http_requests_total{{service=\"{service}\",code=\"{code}\"}}");
            let end = if after.is_some() { now } else { change };
            let rates = [before * share, after.unwrap_or_default() * share];
            counter(&mut text, &series, week - TimeDelta::hours(1), week, now, [before * share, 0.0]);
            counter(&mut text, &series, change - TimeDelta::hours(1), end, change, rates);
        }
        for (bound, part) in [("0.1", 0.9), ("0.25", 0.99), ("+Inf", 1.0)] {
            let series = format!("http_request_duration_seconds_bucket{{service=\"{service}\",le=\"{bound}\"}}");
            let pace = 20.0 * part * share;
            counter(&mut text, &series, week - TimeDelta::hours(1), week, now, [pace, 0.0]);
            counter(&mut text, &series, change - TimeDelta::hours(1), now, change, [pace, pace]);
        }
    }
    // Of a tenth of the traffic of `canary` a new pod answers one request in seven wrongly: 1.5 % of all.
    for (pod, before, after) in
        [("canary-5c-old", [19.98, 0.02], [17.98, 0.02]), ("canary-6d-new", [0.0; 2], [1.72, 0.28])]
    {
        for (place, code) in ["200", "500"].into_iter().enumerate() {
            let series = format!("http_requests_total{{service=\"canary\",code=\"{code}\",pod=\"{pod}\"}}");
            let from = if before[0] > 0.0 { change - TimeDelta::hours(1) } else { change };
            counter(&mut text, &series, from, now, change, [before[place], after[place]]);
        }
        for bound in ["0.1", "+Inf"] {
            let series =
                format!("http_request_duration_seconds_bucket{{service=\"canary\",le=\"{bound}\",pod=\"{pod}\"}}");
            let from = if before[0] > 0.0 { change - TimeDelta::hours(1) } else { change };
            counter(&mut text, &series, from, now, change, [before.iter().sum(), after.iter().sum()]);
        }
    }
    text.push_str("# EOF\n");
    text
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bad_release_is_advised_against_and_no_other() {
    if let Some(why) = why_not() {
        skip("a real Prometheus", why);
        return;
    }
    let now = Utc::now();
    let began = now - TimeDelta::minutes(30);
    let server = Server::start(&history(now, began), "", &[]);
    let mut queries = address(server.port).queries;
    queries.retain(|query| &*query.name != "broken");
    let feed = SignalFeed {
        environment: "production".into(),
        prometheus: Some(client(server.port)),
        scrapes: std::sync::Arc::default(),
        queries: queries.into(),
        codes: quarterdeck::domain::signal::CodeLabels::default(),
        declared: std::sync::Arc::default(),
    };
    let released = |service: &str| Released {
        workload: WorkloadRef {
            environment: "production".into(),
            namespace: "shop".into(),
            kind: Kind::Deployment,
            name: service.into(),
        },
        service: service.into(),
        began,
        sides: None,
    };
    let found = feed.compare(["bad", "good", "gone", "quiet"].map(released).into(), now).await;
    let advice: Vec<Advice> = found.iter().map(|one| judge(one, &|_| BTreeSet::new())).collect();
    let said: Vec<(Verdict, &str)> = advice.iter().map(|one| (one.verdict, &*one.sentence)).collect();
    let [bad, good, gone, quiet] = said.as_slice() else { panic!("{said:?}") };
    assert_eq!(bad.0, Verdict::Advised, "{said:?}");
    assert!(bad.1.starts_with("ROLLBACK ADVISED because errors 20 % above 5.0 % (0.10 % before"), "{}", bad.1);
    assert_eq!(good.0, Verdict::NotAdvised, "{}", good.1);
    let [since, before, week] = found[1].windows.as_ref().expect("it was read");
    for window in [since, before, week] {
        let count = window.requests.clone().expect("requests");
        assert!((count - 36_000.0).abs() < 400.0, "half an hour of 20/s are 36,000, not {count}");
    }
    assert_eq!(gone.0, Verdict::Unknown, "{}", gone.1);
    assert!(gone.1.contains("nothing was counted; there were"), "{}", gone.1);
    assert_eq!(quiet.0, Verdict::Unknown, "{}", quiet.1);
    assert!(quiet.1.contains("at least 100 are needed"), "{}", quiet.1);

    // The same release, told apart by its pods: what is thinned among all of them is plain beside the old ones.
    let whole = feed.compare(vec![released("canary")], now).await;
    assert_eq!(judge(&whole[0], &|_| BTreeSet::new()).verdict, Verdict::NotAdvised, "1.5 % of all fail");
    let named = |pod: &str| [pod.into()].into();
    let apart = |new: &str, old: &str| Released {
        sides: Some(Sides { new: named(new), old: named(old) }.into()),
        ..released("canary")
    };
    let found = feed.compare(vec![apart("canary-6d-new", "canary-5c-old"), apart("a", "b")], now).await;
    let advice: Vec<Advice> = found.iter().map(|one| judge(one, &|_| BTreeSet::new())).collect();
    let told = "ROLLBACK ADVISED because errors of the new pods 14 % above 5.0 % (0.11 % of the old pods beside them).";
    assert_eq!(advice[0].sentence, told);
    assert_eq!(advice[1].verdict, Verdict::NotAdvised, "series that name no such pods tell nothing apart");

    drop(server);
    let silent = feed.compare(vec![released("bad")], now).await;
    assert_eq!(judge(&silent[0], &|_| BTreeSet::new()).verdict, Verdict::Unknown, "a dead source advises nothing");
}
