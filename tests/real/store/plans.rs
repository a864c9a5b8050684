//! Lists of a large store are answered by an index, in both databases; and, when asked for, how long they take.
//!
//! `cargo test --release --test real store::plans -- --ignored --nocapture` prints the figures that `benches/README.md` tells of, and
//! holds every list to its budget and to its index with 100,000 of every fact and 1,000,000 lines of the audit.

use std::time::{Duration, Instant as Tick};

use chrono::TimeDelta;
use quarterdeck::domain::store::fact::{Key, Registered, Row, Table, Value};
use quarterdeck::domain::store::{AuditKind, AuditSearch};
use quarterdeck::domain::time::Instant;
use quarterdeck::sources::store::port::{ReadStore, WriteStore};
use quarterdeck::sources::store::{AUDIT, Store, statements};

use super::made::registry;
use super::place::{Kind, Place, author, now};

/// Statements' words that differ.
struct Words {
    is_sqlite: bool,
    micros: i64,
}

impl Words {
    /// The newest is of a moment ago, and each is ten seconds older than the next.
    fn at(&self, count: u32) -> String {
        if self.is_sqlite {
            format!("{} - ({count} - i) * 10000000", self.micros)
        } else {
            format!("now() - ({count} - i) * interval '10 seconds'")
        }
    }

    fn numbers(&self, count: u32) -> String {
        if self.is_sqlite {
            format!(
                "(with recursive n(i) as (select 1 union all select i + 1 from n where i < {count}) select i from n)"
            )
        } else {
            format!("generate_series(1, {count}) as n(i)")
        }
    }
}

/// Of whom there are a few, and of what there are thousands.
const ENVIRONMENT: &str = "case when i % 3 = 0 then 'staging' else 'production' end";

/// So many rows of a fact after the example of one: every key is another, names that are asked for have some rows each, and nine of ten
/// of what can be taken back were. The newest were written with the newest lines of the audit.
fn rows_like(fact: &Registered, example: &[Value], words: &Words, (count, lines): (u32, u32)) -> String {
    let table = fact.table;
    let is_asked = |name: &str| table.lists.iter().flat_map(|list| list.by).any(|by| *by == format!("{name} ="));
    let columns: Vec<&str> = table.columns.iter().chain(table.kind.stamps()).copied().collect();
    let value = |(place, name): (usize, &&str)| match (*name, &example[place]) {
        ("environment", _) => ENVIRONMENT.to_owned(),
        ("version", _) => "1".to_owned(),
        ("position", _) => format!("i + {}", lines - count),
        ("withdrawn_at", _) => format!("case when i % 10 = 0 then null else {} end", words.at(count)),
        // A timeline has ten lines.
        ("incident", _) if table.name == "incident_entry" => "i / 10".to_owned(),
        // The example has the number 1.
        (_, Value::Number(_)) => "i + 1".to_owned(),
        (_, Value::Time(Some(_))) => words.at(count),
        (_, Value::Time(None)) => "null".to_owned(),
        ("attempt", _) => "'a' || i".to_owned(),
        ("kind", Value::Text(Some(text))) => format!("'{text}'"),
        (name, Value::Text(Some(text))) if is_asked(name) => format!("'{text}' || (i % 5000)"),
        (_, Value::Text(Some(text))) if place < table.key => format!("'{text}' || i"),
        (_, Value::Text(Some(text))) => format!("'{text}'"),
        (_, Value::Text(None)) => "null".to_owned(),
    };
    let values: Vec<String> = columns.iter().enumerate().map(value).collect();
    let (names, from) = (columns.join(", "), words.numbers(count));
    format!("insert into quarterdeck.{} ({names}) select {} from {from};\n", table.name, values.join(", "))
}

/// A store that somebody has used for years: so many rows of every fact, and so many lines in its audit. They are put there past the
/// console, after the example of each fact, which is given too.
async fn filled(place: &Place, facts: u32, lines: u32) -> (Store, Vec<(&'static Registered, Vec<Value>)>) {
    let store = place.knowing(registry());
    let words = Words { is_sqlite: place.kind == Kind::Sqlite, micros: now().timestamp_micros() };
    let mut examples = Vec::new();
    let mut statements = String::new();
    for fact in registry() {
        let made = store.write(&author("mori"), &place.id(), &*(fact.example)(0, "text")).await.expect("written");
        let row = made.0.into_iter().find_map(|(_, row)| row).expect("its row").0;
        // Of an incident there are ten lines.
        let count = if fact.table.name == "incident_entry" { lines } else { facts };
        statements += &rows_like(fact, &row, &words, (count, lines));
        examples.push((fact, row));
    }
    // Nobody analyses the embedded store; PostgreSQL does it by itself.
    let (off, on) = if words.is_sqlite {
        ("drop trigger audit_append; drop trigger audit_head_follows; drop trigger audit_no_delete;", String::new())
    } else {
        let analysed: Vec<String> =
            registry().iter().map(|fact| format!("analyze quarterdeck.{};\n", fact.table.name)).collect();
        let analysed = analysed.concat();
        (
            "alter table quarterdeck.audit disable trigger user;",
            format!("alter table quarterdeck.audit enable trigger user; analyze quarterdeck.audit; {analysed}"),
        )
    };
    place
        .raw(&format!(
            "{off}
             delete from quarterdeck.audit;
             {statements}
             insert into quarterdeck.audit (position, chain, seq, prev, hash, at, recorded_at, written_by, kind, what, actor, \
               environment, about, words, haystack, line, attempt, facts) \
               select i, 'store/' || (i % 50), i / 50 + 1, '', 'h', {later}, {later}, 'quarterdeck', \
               case when i % 7 = 0 then 'security' else 'data' end, 'acknowledged', case when i % 11 = 0 then 'lee' else 'mori' end, \
               {ENVIRONMENT}, 'alert f' || i, 'HighErrorRate taken', 'acknowledged alert f' || i || ' mori', '{{}}', \
               'b' || i, 'acknowledgement' \
               from {from};
             {on}",
            later = words.at(lines),
            from = words.numbers(lines),
        ))
        .expect("rows");
    (store, examples)
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

/// What is asked of a fact with such values: its key, its lists, what is held of it, what changed of it since a position, and what a
/// write of it asks of the audit.
fn asked(table: &'static Table, values: &[Value], since: u64) -> Vec<(String, String, Vec<Value>)> {
    let of = |by: &&str| {
        let place = table.columns.iter().position(|name| by.split(' ').next() == Some(name)).expect("a column");
        match values[place].clone() {
            // What is looked for is a time, where the example has none yet.
            Value::Time(None) => Instant::default().into(),
            value => value,
        }
    };
    let named = |name: &str, (statement, values)| (name.to_owned(), statement, values);
    let key = Key { table, values: values[..table.key].to_vec(), is_last: false };
    let mut asked = vec![named("one", statements::one(&key))];
    for list in table.lists {
        let by = list.by.iter().map(of).chain([Value::from(100_u64)]).collect();
        asked.push(named(&list.by.join(" "), (statements::list(table, list), by)));
    }
    if let Some(held) = &table.held {
        let at = vec![Instant::default().into(), 100_u64.into()];
        asked.push(named("held", (statements::held(table, held.only), at)));
        asked.push(named("since", (statements::since(table), vec![since.into()])));
    }
    asked.push(named("tail", (statements::TAIL.to_owned(), vec![since.into()])));
    asked.push(named("attempt", (statements::WRITTEN.to_owned(), vec!["attempt".into()])));
    asked
}

/// How the database would answer each of them, and each search of the audit: the lines of its plan.
async fn plans(store: &Store, examples: &[(&'static Registered, Vec<Value>)]) -> Vec<(String, String)> {
    let since = store.standing().await.expect("an answer").position - 100;
    let mut all = Vec::new();
    for (fact, values) in examples {
        let of_it = asked(fact.table, values, since).into_iter();
        all.extend(of_it.map(|(name, statement, values)| (format!("{}: {name}", fact.table.name), statement, values)));
    }
    for (name, search) in searches() {
        let (statement, values) = store.search(&search);
        all.push((format!("audit: {name}"), statement, values));
    }
    let mut told = Vec::new();
    for (name, statement, values) in all {
        let rows = store.read(AUDIT, &format!("explain {statement}"), values).await.expect("a plan");
        let line = |row: &Row| (0..row.0.len()).map(|column| row.text(column)).collect::<Vec<_>>().join(" ");
        told.push((name, rows.iter().map(line).collect::<Vec<_>>().join("\n")));
    }
    told
}

/// Every list, and everything else that is asked for, is answered by an index.
async fn are_indexed(kind: Kind, store: &Store, examples: &[(&'static Registered, Vec<Value>)]) {
    let told = plans(store, examples).await;
    assert!(told.len() > 25, "{told:?}");
    for (name, plan) in told {
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
        // Which facts changed is counted by hand: at most so many lines are looked at.
        assert!(
            !plan.contains("USE TEMP B-TREE") || name.ends_with(": tail"),
            "{kind:?}, {name}: sorted by hand:\n{plan}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lists_are_answered_by_an_index() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let Some(place) = Place::new(kind) else { continue };
        let (store, examples) = filled(&place, 10_000, 40_000).await;
        are_indexed(kind, &store, &examples).await;
    }
}

/// The longest a list may take, as the median of eleven.
const LIST: Duration = Duration::from_millis(50);
/// The longest that may take which goes through a whole table.
const WHOLE: Duration = Duration::from_secs(5);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a million rows twice: minutes, and figures for the eye"]
async fn figures() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let Some(place) = Place::new(kind) else { continue };
        let (store, examples) = filled(&place, 100_000, 1_000_000).await;
        are_indexed(kind, &store, &examples).await;
        let mut slow = Vec::new();
        macro_rules! time {
            ($budget:expr, $what:expr, $asked:expr, $rows:expr) => {{
                let (mut took, mut rows) = (Vec::new(), 0_usize);
                for _ in 0..11 {
                    let began = Tick::now();
                    let answer = $asked.await.expect("an answer");
                    took.push(began.elapsed());
                    rows = $rows(&answer);
                }
                took.sort();
                println!("{kind:?} {:<50} {:>10.2?}, at most {:>10.2?}, {rows} rows", $what, took[5], took[10]);
                if took[5] > $budget {
                    slow.push(format!("{}: {:?}", $what, took[5]));
                }
            }};
        }
        for (fact, values) in &examples {
            let of = |by: &&str| {
                let name = by.split(' ').next().unwrap_or_default();
                let place = fact.table.columns.iter().position(|column| *column == name).expect("a column");
                match (&values[place], *by) {
                    (Value::Time(Some(_)), by) if by.ends_with('<') => now().into(),
                    (Value::Time(Some(_)), _) => (now() - TimeDelta::hours(1)).into(),
                    (Value::Text(Some(text)), _) if !["environment", "kind"].contains(&name) => {
                        format!("{text}7").into()
                    }
                    (value, _) => value.clone(),
                }
            };
            for list in fact.table.lists {
                let by: Vec<Value> = list.by.iter().map(of).collect();
                let what = format!("{}: {}", fact.table.name, list.by.join(" "));
                time!(LIST, &what, store.rows(fact.table, list, by.clone(), 100), Vec::len);
            }
        }
        let count =
            |all: &quarterdeck::domain::store::Changes| all.rows.iter().map(|(_, rows)| rows.len()).sum::<usize>();
        time!(LIST, "what changed since a little ago", store.changes(999_900), count);
        for (name, search) in searches() {
            time!(LIST, &format!("audit, {name}"), store.audit(&search), Vec::len);
        }
        // Once at its start, and a search that no index answers.
        time!(WHOLE, "what a console holds", store.changes(0), count);
        let words = AuditSearch { text: Some("f999999".into()), limit: 100, ..AuditSearch::default() };
        time!(WHOLE, "audit, a word over all of it", store.audit(&words), Vec::len);
        assert!(slow.is_empty(), "{kind:?}: {slow:#?}");
    }
}
