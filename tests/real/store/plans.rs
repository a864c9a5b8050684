//! Lists of a large store are answered by an index, in both databases; and, when asked for, how long they take.
//!
//! `cargo test --release --test real store::plans -- --ignored --nocapture` prints the figures that `benches/README.md` tells of.

use std::time::{Duration, Instant as Tick};

use chrono::TimeDelta;
use quarterdeck::domain::store::{AuditKind, AuditSearch};
use quarterdeck::sources::store::Store;
use quarterdeck::sources::store::port::{ReadStore, WriteStore};

use super::place::{Kind, Place, alert, author, now};

/// A store that somebody has used for years: so many words, and so many lines in its audit. Its rows are put there past the console.
async fn filled(place: &Place, words: u32, lines: u32) -> Store {
    let store = place.console();
    store.note_events(&author("mori"), &place.id(), &[]).await.expect("the tables are there");
    let is_sqlite = place.kind == Kind::Sqlite;
    let micros = now().timestamp_micros();
    // The newest is of a moment ago, and each is ten seconds older than the next.
    let at = |count: u32| {
        if is_sqlite {
            format!("{micros} - ({count} - i) * 10000000")
        } else {
            format!("now() - ({count} - i) * interval '10 seconds'")
        }
    };
    let numbers = |count: u32| {
        if is_sqlite {
            format!(
                "(with recursive n(i) as (select 1 union all select i + 1 from n where i < {count}) select i from n)"
            )
        } else {
            format!("generate_series(1, {count}) as n(i)")
        }
    };
    // Nobody analyses the embedded store; PostgreSQL does it by itself.
    let (off, on) = if is_sqlite {
        ("drop trigger audit_append; drop trigger audit_head_follows;", "")
    } else {
        (
            "alter table quarterdeck.audit disable trigger user;",
            "alter table quarterdeck.audit enable trigger user; analyze quarterdeck.audit; \
             analyze quarterdeck.acknowledgement; analyze quarterdeck.note; analyze quarterdeck.annotation;",
        )
    };
    let (then, later) = (at(words), at(lines));
    let environment = "case when i % 3 = 0 then 'staging' else 'production' end";
    place
        .raw(&format!(
            "{off}
             insert into quarterdeck.acknowledgement (environment, fingerprint, alert, firing_since, by_name, at, until, note, \
               withdrawn_by, withdrawn_at, version, attempt, position) \
               select {environment}, 'f' || i, 'HighErrorRate', null, 'mori', {then}, null, 'looking at it', \
               case when i % 10 = 0 then null else 'mori' end, case when i % 10 = 0 then null else {then} end, 1, 'a' || i, i \
               from {words_from};
             insert into quarterdeck.note (id, environment, kind, name, text, by_name, at, edited_by, edited_at, withdrawn_by, \
               withdrawn_at, version, attempt, position) \
               select 'n' || i, {environment}, 'alert', 'f' || (i % 5000), 'the provider is slow, since noon', 'mori', {then}, \
               null, null, null, null, 1, 'b' || i, i from {words_from};
             insert into quarterdeck.annotation (id, environment, kind, name, change, at, recorded_at, words, by_name, position) \
               select 'm' || i, {environment}, 'workload', 'shop/deployment/w' || (i % 200), 'deploy', {then}, {then}, 'v2', 'mori', i \
               from {words_from};
             insert into quarterdeck.audit (position, chain, seq, prev, hash, at, recorded_at, written_by, kind, what, actor, \
               environment, about, words, haystack, line) \
               select i, 'store/' || (i % 50), i / 50 + 1, '', 'h', {later}, {later}, 'quarterdeck', \
               case when i % 7 = 0 then 'security' else 'data' end, 'acknowledged', case when i % 11 = 0 then 'lee' else 'mori' end, \
               {environment}, 'alert f' || i, 'HighErrorRate taken', 'acknowledged alert f' || i || ' mori', '{{}}' \
               from {lines_from};
             {on}",
            words_from = numbers(words),
            lines_from = numbers(lines),
        ))
        .expect("rows");
    store
}

/// Every search of the audit the console and its command line make.
fn searches() -> Vec<(&'static str, AuditSearch)> {
    let some = || AuditSearch { limit: 100, ..AuditSearch::default() };
    vec![
        ("the newest", some()),
        ("an environment's", AuditSearch { environment: Some("production".into()), ..some() }),
        ("somebody's", AuditSearch { actor: Some("lee".into()), ..some() }),
        ("of a kind", AuditSearch { kind: Some(AuditKind::Security), ..some() }),
        ("of the last hour", AuditSearch { since: Some(now() - TimeDelta::hours(1)), limit: 500, ..some() }),
        ("a chain's", AuditSearch { chain: Some("store/7".into()), ..some() }),
        ("before a place", AuditSearch { before: Some(5_000), ..some() }),
    ]
}

async fn plans(store: &Store) -> Vec<(String, String)> {
    let lists = store.explain_lists(&alert("f7"), now()).await.expect("plans");
    let mut told: Vec<(String, String)> =
        lists.iter().enumerate().map(|(place, lines)| (format!("list {place}"), lines.join("\n"))).collect();
    for (name, search) in searches() {
        told.push((format!("audit: {name}"), store.explain(&search).await.expect("a plan").join("\n")));
    }
    told
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lists_are_answered_by_an_index() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let Some(place) = Place::new(kind) else { continue };
        let store = filled(&place, 10_000, 40_000).await;
        for (name, plan) in plans(&store).await {
            let (is_indexed, is_scan) = match kind {
                // The newest lines are the end of the table itself, which is in the order of their positions.
                Kind::Sqlite if name == "audit: the newest" => (plan.contains("SCAN audit"), false),
                // SQLite says SCAN of a walk along an index too, and names the index then.
                Kind::Sqlite => {
                    let scans = plan.lines().any(|line| line.contains("SCAN") && !line.contains("INDEX"));
                    (plan.contains("INDEX") || plan.contains("PRIMARY KEY"), scans)
                }
                _ => (plan.contains("Index"), plan.contains("Seq Scan")),
            };
            assert!(is_indexed && !is_scan, "{kind:?}, {name}:\n{plan}");
            assert!(!plan.contains("USE TEMP B-TREE"), "{kind:?}, {name}: sorted by hand:\n{plan}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a million rows twice: figures for the eye, and no test"]
async fn figures() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let Some(place) = Place::new(kind) else { continue };
        let store = filled(&place, 100_000, 1_000_000).await;
        let tell = |what: &str, mut took: Vec<Duration>, rows: usize| {
            took.sort();
            let milliseconds = |at: usize| took[at].as_secs_f64() * 1e3;
            println!(
                "{kind:?} {what:<40} {:8.2} ms, at most {:8.2} ms, {rows} rows",
                milliseconds(5),
                milliseconds(10)
            );
        };
        macro_rules! time {
            ($what:expr, $asked:expr, $rows:expr) => {{
                let (mut took, mut rows) = (Vec::new(), 0);
                for _ in 0..11 {
                    let began = Tick::now();
                    let answer = $asked.await.expect("an answer");
                    took.push(began.elapsed());
                    rows = $rows(&answer);
                }
                tell($what, took, rows);
            }};
        }
        time!("acknowledgements of an environment", store.acknowledgements("production", 100), Vec::len);
        time!("notes on an alert", store.notes(&alert("f7"), 100), Vec::len);
        time!("one acknowledgement", store.acknowledgement("production", "f7"), |one: &Option<_>| usize::from(
            one.is_some()
        ));
        time!(
            "what a console holds, at its start",
            store.changes(0),
            |all: &quarterdeck::sources::store::port::Changes| { all.acknowledgements.len() + all.notes.len() }
        );
        time!(
            "what changed since a little ago",
            store.changes(999_900),
            |all: &quarterdeck::sources::store::port::Changes| { all.acknowledgements.len() + all.notes.len() }
        );
        for (name, search) in searches() {
            time!(&format!("audit, {name}"), store.audit(&search), Vec::len);
        }
        let words = AuditSearch { text: Some("f999999".into()), limit: 100, ..AuditSearch::default() };
        time!("audit, a word over all of it", store.audit(&words), Vec::len);
    }
}
