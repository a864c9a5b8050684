//! The shipped binary at other times than ours, by Debian's libfaketime: who is on call over both changes of the clock, and an incident that
//! is worked on for a week.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::processes::Machine;
use crate::support::process::{Finished, skip};

const FILE: &str = r#"
[[person]]
handle = "ada"
name = "Ada"
zone = "EST"
reach = [{ channel = "sms:+15550001", after = "0s" }]

[[person]]
handle = "ben"
name = "Ben"
zone = "JST"
reach = [{ channel = "sms:+15550002", after = "0s" }]

[[person]]
handle = "cy"
name = "Cy"
zone = "UTC"
reach = [{ channel = "sms:+15550003", after = "0s" }]

[[person]]
handle = "dee"
name = "Dee"
zone = "UTC"
reach = [{ channel = "sms:+15550004", after = "0s" }]

[[team]]
name = "shop"
zone = "JST"
members = ["ada", "ben", "cy", "dee"]
owners = ["ada"]

[[schedule]]
name = "shop"
zone = "EST"
team = "shop"
[[schedule.layer]]
role = "primary"
every = "1 week"
anchor = "2026-10-19T09:00"
people = ["ada", "ben"]
[[schedule.layer]]
role = "night"
every = "1 day"
anchor = "2026-10-30T01:30"
people = ["cy", "dee"]

[[policy]]
team = "shop"
severity = "sev1"
level = [
  { after = "0m", page = ["schedule:shop/primary"] },
  { after = "15m", page = ["person:cy"] },
  { after = "30m", page = ["person:dee"] },
]
exhausted = "2h"

[[policy]]
team = "shop"
severity = "sev3"
level = [{ after = "0m", page = ["schedule:shop/primary"] }]
"#;

/// Where the library is; `None` where it is not installed.
fn library() -> Option<PathBuf> {
    let folders = std::fs::read_dir("/usr/lib").ok()?.flatten();
    folders.map(|folder| folder.path().join("faketime/libfaketime.so.1")).find(|path| path.exists())
}

/// A machine whose clock shows what it is told.
struct Clocked {
    machine: Machine,
    library: PathBuf,
}

impl Clocked {
    fn new() -> Option<Self> {
        let Some(library) = library() else {
            skip("the binary at other times", "libfaketime is not installed");
            return None;
        };
        let machine = Machine::new("");
        std::fs::write(machine.folder().join("people.toml"), FILE).expect("a file");
        Some(Self { machine, library })
    }

    /// Runs it as somebody at a time of UTC, as `2026-11-01 05:30:00`.
    fn at(&self, time: &str, user: &str, arguments: &[&str]) -> Finished {
        self.machine.run_at((&self.library, time), user, arguments)
    }

    fn import(&self, time: &str) {
        let file: PathBuf = self.machine.folder().join("people.toml");
        let path: &Path = &file;
        self.at(time, "ada", &["people", "import", path.to_str().expect("a path")]).good("import");
    }

    fn json(&self, time: &str, arguments: &[&str]) -> Value {
        let arguments = [arguments, &["--output", "json"]].concat();
        let said = self.at(time, "ada", &arguments).good("JSON");
        serde_json::from_str(&said).unwrap_or_else(|error| panic!("{error}: {said}"))
    }

    /// Who has a role, and until when.
    fn on_call(&self, time: &str, role: &str) -> (String, String) {
        let now = self.json(time, &["oncall", "now", "shop"]);
        let holder = now.as_array().expect("a list").iter().find(|one| one["role"] == role).expect("the role").clone();
        let text = |key: &str| holder[key].as_str().unwrap_or("nobody").to_owned();
        (text("person"), text("until"))
    }
}

#[test]
fn a_weekly_shift_ends_at_nine_by_the_clock_over_both_changes() {
    let Some(clocked) = Clocked::new() else { return };
    clocked.import("2026-10-20 12:00:00");
    for (time, person, until) in [
        // To winter time on the first of November: a shift of 169 hours.
        ("2026-10-31 12:00:00", "ben", "2026-11-02T14:00:00Z"),
        ("2026-11-02 13:59:00", "ben", "2026-11-02T14:00:00Z"),
        ("2026-11-02 14:00:30", "ada", "2026-11-09T14:00:00Z"),
        // To summer time on the fourteenth of March: a shift of 167 hours.
        ("2027-03-13 12:00:00", "ada", "2027-03-15T13:00:00Z"),
        ("2027-03-15 12:59:00", "ada", "2027-03-15T13:00:00Z"),
        ("2027-03-15 13:00:30", "ben", "2027-03-22T13:00:00Z"),
    ] {
        assert_eq!(clocked.on_call(time, "primary"), (person.to_owned(), until.to_owned()), "{time}");
    }
}

#[test]
fn a_time_that_the_clock_shows_twice_begins_a_shift_once() {
    let Some(clocked) = Clocked::new() else { return };
    clocked.import("2026-10-30 12:00:00");
    for (time, person, until) in [
        ("2026-11-01 05:29:00", "dee", "2026-11-01T05:30:00Z"),
        ("2026-11-01 05:31:00", "cy", "2026-11-02T06:30:00Z"),
        // The clock shows 01:30 again: nobody changes.
        ("2026-11-01 06:31:00", "cy", "2026-11-02T06:30:00Z"),
        ("2026-11-02 06:31:00", "dee", "2026-11-03T06:30:00Z"),
    ] {
        assert_eq!(clocked.on_call(time, "night"), (person.to_owned(), until.to_owned()), "{time}");
    }
}

#[test]
fn what_is_said_over_a_shift_ends_when_it_says_over_the_change() {
    let Some(clocked) = Clocked::new() else { return };
    clocked.import("2026-10-30 12:00:00");
    // From the evening before the change to 02:00 of the night, which the clock shows an hour later than a day has hours.
    let take = ["oncall", "take", "shop", "--role", "primary", "--until", "2026-11-01T02:00", "--as", "cy"];
    clocked.at("2026-10-31 23:00:00", "cy", &take).good("take");
    assert_eq!(clocked.on_call("2026-11-01 06:59:00", "primary").0, "cy");
    assert_eq!(clocked.on_call("2026-11-01 07:00:30", "primary").0, "ben");
    let past = ["oncall", "override", "shop", "--role", "primary", "--person", "dee", "--from", "2026-10-31T09:00"];
    let past = clocked.at("2026-11-01 08:00:00", "cy", &[&past[..], &["--until", "2026-11-02T09:00"]].concat());
    assert!(past.code == Some(3) && past.stderr.contains("not rewritten"), "{}", past.stderr);
    let shifts = clocked.json("2026-11-01 08:00:00", &["oncall", "schedule", "shop", "--from", "2026-10-31T18:00"]);
    let first = &shifts["shifts"][0];
    assert_eq!((&first["person"], &first["source"]), (&"ben".into(), &"rotation".into()), "{first}");
}

#[test]
fn an_incident_is_worked_on_for_a_week() {
    let Some(clocked) = Clocked::new() else { return };
    clocked.import("2026-10-30 12:00:00");
    let declare = ["incident", "declare", "--title", "Checkout down", "--severity", "sev1", "--team", "shop"];
    // Twenty minutes before New York's clock shows half past one for the first time.
    clocked.at("2026-11-01 05:10:00", "kim", &declare).good("declare");
    let listed = clocked.json("2026-11-01 05:26:00", &["incident", "list"]);
    let one = &listed[0];
    assert_eq!(one["clock"]["state"], "overdue");
    assert!(one["respond_by"].as_str().is_some_and(|by| by.starts_with("2026-11-01T05:25")), "{one}");
    let levels = one["escalation"]["levels"].as_array().expect("levels").clone();
    let at = |place: usize| levels[place]["at"].as_str().expect("a time").chars().take(16).collect::<String>();
    assert_eq!(
        [at(0), at(1), at(2)],
        ["2026-11-01T05:10", "2026-11-01T05:25", "2026-11-01T05:40"],
        "hours of a real clock"
    );
    assert_eq!(levels[0]["people"], serde_json::json!(["ben"]));
    assert_eq!(levels[2]["authority"], "emergency-release");

    // Level 2 is due since a minute: who escalates now calls level 3.
    let escalated = clocked.at("2026-11-01 05:26:10", "kim", &["incident", "escalate", "1"]).good("escalate");
    assert!(escalated.contains("level 3: dee"), "{escalated}");
    clocked.at("2026-11-01 05:27:00", "kim", &["incident", "add-responder", "1", "ada"]).good("add");
    clocked.at("2026-11-01 05:28:00", "ada", &["incident", "ack", "1"]).good("own page");
    let still = clocked.json("2026-11-01 05:28:10", &["incident", "list"]);
    assert_eq!((&still[0]["state"], &still[0]["acknowledged_by"]), (&"triggered".into(), &Value::Null));
    clocked.at("2026-11-01 05:30:00", "ben", &["incident", "ack", "1"]).good("ack");
    let acknowledged = clocked.json("2026-11-01 05:30:10", &["incident", "list"]);
    let clock = &acknowledged[0]["clock"];
    // Parts of a second passed while it was written.
    let by = clock["by_seconds"].as_i64().expect("a number");
    assert!(clock["state"] == "missed" && (299..=301).contains(&by), "{clock}");
    assert_eq!(acknowledged[0]["escalation"]["queued"], serde_json::json!([]), "nothing waits to be sent");
    assert_eq!(acknowledged[0]["escalation"]["state"], "stopped");

    let late = clocked.at("2026-11-01 05:31:00", "cy", &["incident", "ack", "1"]);
    assert!(late.code == Some(3) && late.stderr.contains("ben acknowledged it at 2026-11-01 05:30"), "{}", late.stderr);
    clocked.at("2026-11-01 06:10:00", "ben", &["incident", "severity", "1", "sev3"]).good("milder");
    clocked.at("2026-11-02 15:00:00", "ben", &["incident", "reassign", "1", "cy"]).good("reassign");
    clocked.at("2026-11-03 09:00:00", "cy", &["incident", "note", "1", "found it", "--at", "10m"]).good("note");
    clocked.at("2026-11-04 09:00:00", "cy", &["incident", "snooze", "1", "--for", "2d"]).good("snooze");
    let snoozed = clocked.json("2026-11-04 10:00:00", &["incident", "list"]);
    assert_eq!(snoozed[0]["escalation"]["state"], "snoozed");
    clocked.at("2026-11-07 09:00:00", "cy", &["incident", "resolve", "1"]).good("resolve");
    clocked.at("2026-11-07 10:00:00", "cy", &["incident", "reopen", "1"]).good("reopen");
    clocked.at("2026-11-08 05:10:00", "cy", &["incident", "resolve", "1"]).good("resolve");

    let report = clocked.json("2026-11-08 06:00:00", &["incident", "report", "1"]);
    // A week by the clock of New York has an hour more: 168 hours here, less the one in which it was resolved.
    assert_eq!(report["time_to_resolve_seconds"].as_i64().map(|seconds| (seconds + 5) / 60), Some(167 * 60));
    let kinds: Vec<&str> =
        report["timeline"].as_array().expect("a list").iter().filter_map(|event| event["kind"].as_str()).collect();
    let expected = [
        "declared",
        "escalated",
        "responder_added",
        "page_acknowledged",
        "acknowledged",
        "severity",
        "reassigned",
        "note",
        "snoozed",
        "resolved",
        "reopened",
        "resolved",
    ];
    assert_eq!(kinds, expected);
    assert_eq!(clocked.at("2026-11-08 06:00:00", "cy", &["audit", "verify"]).code, Some(0));
}
