//! Incidents and people by the shipped binary, on SQLite and on a shared PostgreSQL, with no cluster anywhere.

use serde_json::Value;

use super::place::{Kind, Place};
use super::processes::Machine;

/// A week in one incident, from three consoles.
fn worked_through(mori: &Machine, lee: &Machine, kim: &Machine) {
    let declare = [
        "incident",
        "declare",
        "--title",
        "Checkout down \u{1b}[2J",
        "--severity",
        "sev1",
        "--service",
        "checkout",
        "--source",
        "user-report",
    ];
    let declared: Value = serde_json::from_str(&kim.run_as("kim", &declare).good("declare")).expect("JSON");
    assert_eq!(
        (&declared["number"], &declared["source"], &declared["state"]),
        (&1.into(), &"user-report".into(), &"triggered".into())
    );
    assert_eq!(declared["clock"]["state"], "running");
    let left = declared["clock"]["remaining_seconds"].as_i64().expect("a number");
    assert!((880..=900).contains(&left), "{left}");

    mori.run_as("mori", &["incident", "ack", "1"]).good("ack");
    let late = lee.run_as("lee", &["incident", "ack", "1"]);
    assert_eq!((late.code, late.stdout.as_str()), (Some(3), ""), "{}", late.stderr);
    assert!(late.stderr.contains("mori acknowledged it at"), "{}", late.stderr);

    lee.run_as("lee", &["incident", "assign", "1", "kim"]).good("assign");
    mori.run_as("root", &["incident", "assign", "1", "mori", "--role", "commander", "--as", "mori"]).good("command");
    let held = lee.run_as("lee", &["incident", "assign", "1", "lee", "--role", "commander"]);
    assert!(held.code == Some(3) && held.stderr.contains("--take-over"), "{}", held.stderr);
    lee.run_as("lee", &["incident", "severity", "1", "sev2"]).good("severity");
    lee.run_as("lee", &["incident", "note", "1", "it began earlier", "--at", "10m"]).good("note");
    lee.run_as("lee", &["incident", "tick", "1", "severity"]).good("tick");
    lee.run_as("lee", &["incident", "link", "1", "alert/HighErrorRate"]).good("link");
    lee.run_as("lee", &["incident", "resolve", "1"]).good("resolve");
    lee.run_as("lee", &["incident", "reopen", "1"]).good("reopen");
    lee.run_as("lee", &["incident", "resolve", "1"]).good("resolve");
    let absorbed = kim.run_as("kim", &["incident", "ack", "1"]);
    assert!(absorbed.code == Some(3) && absorbed.stderr.contains("resolved by lee"), "{}", absorbed.stderr);

    let again = ["incident", "declare", "--title", "Checkout down", "--severity", "sev3", "--service", "checkout"];
    let again: Value = serde_json::from_str(&kim.run_as("kim", &again).good("declare")).expect("JSON");
    assert_eq!((&again["number"], &again["similar_to"]), (&2.into(), &1.into()));

    let open = mori.run_as("mori", &["incident", "list", "--output", "json"]).good("list");
    let open: Vec<Value> = serde_json::from_str(&open).expect("JSON");
    assert_eq!((open.len(), &open[0]["number"]), (1, &2.into()));
    let all = mori.run_as("mori", &["incident", "list", "--all", "--output", "json"]).good("list");
    let all: Vec<Value> = serde_json::from_str(&all).expect("JSON");
    let first = &all[1];
    let keys = [
        "number",
        "title",
        "severity",
        "state",
        "services",
        "created_at",
        "respond_by",
        "acknowledged_by",
        "assignee",
        "commander",
        "clock",
    ];
    assert!(keys.iter().all(|key| first.get(key).is_some()), "{first}");
    assert_eq!(
        (&first["acknowledged_by"], &first["assignee"], &first["commander"]),
        (&"mori".into(), &"kim".into(), &"mori".into())
    );
    assert_eq!((&first["severity"], &first["clock"]["state"]), (&"sev2".into(), &"met".into()));
    assert!(!first["title"].as_str().expect("a title").contains('\u{1b}'));

    let report: Value =
        serde_json::from_str(&mori.run_as("mori", &["incident", "report", "1", "--output", "json"]).good("report"))
            .expect("JSON");
    let timeline = report["timeline"].as_array().expect("a list");
    let at: Vec<&str> = timeline.iter().map(|event| event["at"].as_str().expect("a time")).collect();
    assert!(at.is_sorted(), "{at:?}");
    let kinds: Vec<&str> = timeline.iter().map(|event| event["kind"].as_str().expect("a kind")).collect();
    let expected = [
        "note",
        "declared",
        "acknowledged",
        "assigned",
        "role",
        "severity",
        "ticked",
        "alert_linked",
        "resolved",
        "reopened",
        "resolved",
    ];
    assert_eq!(kinds, expected);
    let role = &timeline[4];
    assert_eq!(
        (&role["actor"], &role["on_behalf_of"], &role["recorded_by"]),
        (&"mori".into(), &"mori".into(), &"root".into())
    );
    let markdown = mori.run_as("mori", &["incident", "report", "1", "--blameless"]).good("report");
    assert!(
        markdown.starts_with("# Incident 1") && markdown.contains("MET by") && !markdown.contains("mori"),
        "{markdown}"
    );

    let status = mori.run_as("mori", &["status", "--output", "json"]);
    let status: Value = serde_json::from_str(&status.stdout).expect("JSON");
    assert_eq!((status["incidents"].as_array().map(Vec::len), &status["incidents"][0]["number"]), (Some(1), &2.into()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_incident_is_worked_through_on_one_machine() {
    let machine = Machine::new("");
    worked_through(&machine, &machine, &machine);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_incident_is_worked_through_on_three_machines() {
    let Some(place) = Place::new(Kind::Postgres) else { return };
    worked_through(&Machine::of(&place), &Machine::of(&place), &Machine::of(&place));
}

#[test]
fn who_may_not_write_into_the_store_changes_nothing() {
    let machine = Machine::new("");
    let declare = ["incident", "declare", "--title", "Down", "--severity", "1"];
    machine.run_as("kim", &declare).good("declare");
    let read_only = machine.run_as("kim", &["--read-only", "incident", "ack", "1"]);
    assert!(read_only.code == Some(3) && read_only.stderr.contains("--read-only"), "{}", read_only.stderr);
    std::fs::write(machine.folder().join("config.toml"), "[store]\nwrite = false\n").expect("a file");
    let forbidden = machine.run_as("kim", &declare);
    assert!(forbidden.code == Some(3) && forbidden.stderr.contains("write = false in [store]"), "{}", forbidden.stderr);
    let listed = machine.run_as("kim", &["incident", "list"]).good("list");
    assert_eq!(listed.lines().count(), 2, "reading goes on: {listed}");
}

#[test]
fn what_makes_no_sense_is_said_and_nothing_is_written() {
    let machine = Machine::new("");
    machine.run_as("kim", &["incident", "declare", "--title", "Down", "--severity", "1"]).good("declare");
    let long = "x".repeat(64 * 1024);
    for (arguments, code, words) in [
        (vec!["incident", "ack", "9"], 2, "There is no incident 9"),
        (vec!["incident", "severity", "1", "sev9"], 2, "Use one of sev1"),
        (vec!["incident", "declare", "--title", " ", "--severity", "1"], 3, "title is empty"),
        (vec!["incident", "declare", "--title", "x", "--severity", "1", "--source", "rumour"], 2, "user-report"),
        (
            vec!["incident", "declare", "--title", "x", "--severity", "1", "--since", "1960-01-01T00:00:00Z"],
            3,
            "before 1970",
        ),
        (vec!["incident", "note", "1", "x", "--at", "2101-01-01T00:00:00Z"], 3, "has not come yet"),
        (vec!["incident", "note", "1", "x", "--at", "yesterday"], 2, "is no time"),
        (vec!["incident", "note", "1", &long], 2, "bytes long"),
        (vec!["incident", "merge", "1", "1"], 3, "into itself"),
        (vec!["incident", "merge", "1", "7"], 2, "There is no incident 7"),
        (vec!["incident", "tick", "1", "pray"], 3, "root-cause"),
        (vec!["incident", "link", "1", "checkout"], 3, "service/NAME"),
        (vec!["incident", "reopen", "1"], 3, "is open"),
        (vec!["incident", "unmerge", "1"], 3, "is not merged"),
        (vec!["incident", "report", "9"], 2, "There is no incident 9"),
    ] {
        let said = machine.run_as("kim", &arguments);
        assert_eq!(said.code, Some(code), "{:?}: {}", &arguments[..3], said.stderr);
        assert!(said.stderr.contains(words), "{:?}: {}", &arguments[..3], said.stderr);
    }
    let report: Value =
        serde_json::from_str(&machine.run_as("kim", &["incident", "report", "1", "--output", "json"]).good("report"))
            .expect("JSON");
    assert_eq!(report["timeline"].as_array().map(Vec::len), Some(1), "{report}");
}

const PEOPLE: &str = r#"
[[person]]
handle = "mori"
name = "Mori Aya"
zone = "Asia/Tokyo"
reach = [{ channel = "sms:+81300000000", after = "0s" }]

[[person]]
handle = "lee"
name = "Lee"
zone = "Europe/Berlin"
reach = [{ channel = "email:lee@example.com", after = "5m" }]

[[team]]
name = "shop"
zone = "Asia/Tokyo"
business_hours = "09:00-18:00 Mon-Fri"
members = ["mori", "lee"]
owners = ["mori"]
"#;

#[test]
fn people_are_imported_by_their_owners_and_exported_as_they_are() {
    let machine = Machine::new("");
    let file = machine.folder().join("people.toml");
    let path = file.to_str().expect("a path");
    let import = |user: &str, text: &str, more: &[&str]| {
        std::fs::write(&file, text).expect("a file");
        machine.run_as(user, &[&["people", "import", path], more].concat())
    };
    let first = import("kim", PEOPLE, &[]);
    assert!(first.stderr.contains("NOTHING CAN WAKE lee") && !first.stderr.contains("WAKE mori"), "{}", first.stderr);
    assert!(first.good("import").contains("people changed: mori, lee"));
    let again: Value =
        serde_json::from_str(&import("kim", PEOPLE, &["--output", "json"]).good("import")).expect("JSON");
    assert_eq!((&again["people_changed"], &again["unchanged"]), (&serde_json::json!([]), &3.into()));

    let wrong = import("mori", &PEOPLE.replace("handle = \"lee\"", "handle = \"mori\""), &[]);
    assert!(
        wrong.code == Some(2) && wrong.stderr.contains("people.toml:9: person.handle: Two people"),
        "{}",
        wrong.stderr
    );
    let other = PEOPLE.replace("09:00-18:00", "10:00-19:00");
    let refused = import("kim", &other, &[]);
    assert!(refused.code == Some(3) && refused.stderr.contains("changed by its owners, mori"), "{}", refused.stderr);
    import("kim", &other, &["--as", "mori"]).good("import");
    let security = machine.run_as("kim", &["audit", "list", "--kind", "security", "--output", "json"]).good("audit");
    let security: Vec<Value> = serde_json::from_str(&security).expect("JSON");
    let what: Vec<&str> = security.iter().map(|line| line["what"].as_str().expect("a text")).collect();
    assert_eq!(what, ["people imported for another", "people import refused"]);
    assert!(
        machine.run_as("kim", &["audit", "list", "--kind", "configuration"]).good("audit").contains("people imported")
    );

    let exported = machine.run_as("kim", &["people", "export", "-"]).good("export");
    let back: Value =
        serde_json::from_str(&import("kim", &exported, &["--output", "json"]).good("import")).expect("JSON");
    assert_eq!(back["unchanged"], 3, "{exported}");

    machine.run_as("kim", &["incident", "declare", "--title", "Down", "--severity", "1"]).good("declare");
    machine.run_as("lee", &["incident", "assign", "1", "lee", "--role", "commander"]).good("command");
    let left = other
        .replace("[\"mori\", \"lee\"]", "[\"mori\"]")
        .replace("Europe/Berlin\"\n", "Europe/Berlin\"\nleft = true\n");
    let left = import("mori", &left, &[]);
    assert!(left.stderr.contains("lee has left and is commander of incident 1"), "{}", left.stderr);
    left.good("import");
    let warned = machine.run_as("kim", &["incident", "severity", "1", "2"]);
    assert!(warned.code == Some(0) && warned.stderr.contains("lee has left"), "{}", warned.stderr);
}
