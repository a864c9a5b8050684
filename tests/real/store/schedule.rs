//! The shipped binary's maintenance schedule: what it lists, what it plans, who is told where two move one occurrence.

use std::io::Write;
use std::process::{Command, Stdio};

use serde_json::Value;

use super::place::{Kind, Place};
use super::processes::Machine;
use crate::support::process::skip;

fn json(machine: &Machine, arguments: &[&str]) -> Value {
    let arguments: Vec<&str> = ["maintenance"].iter().chain(arguments).chain(&["--output", "json"]).copied().collect();
    let said = machine.run(&arguments).good("maintenance");
    serde_json::from_str(&said).unwrap_or_else(|error| panic!("{error}: {said}"))
}

/// Sixty days of the requirements' figures.
const SIXTY_DAYS: [&str; 5] = ["list", "--from", "2026-11-23", "--until", "2027-01-22"];

fn windows(document: &Value) -> &Vec<Value> {
    document["windows"].as_array().expect("windows")
}

#[test]
fn the_shipped_schedule_is_listed_without_any_configuration() {
    let machine = Machine::new("");
    let listed = json(&machine, &SIXTY_DAYS);
    let windows = windows(&listed);
    let keys: Vec<&str> = windows[0].as_object().expect("a window").keys().map(String::as_str).collect();
    assert_eq!(keys.len(), 6);
    for key in ["name", "start", "end", "state", "activities", "overlaps"] {
        assert!(keys.contains(&key), "{key} in {keys:?}");
    }
    let overlaps = windows.iter().flat_map(|window| window["overlaps"].as_array().expect("overlaps"));
    let relations: Vec<&str> = overlaps.filter_map(|met| met["relation"].as_str()).collect();
    let count = |relation: &str| relations.iter().filter(|one| **one == relation).count();
    assert_eq!((count("inside"), count("contains"), count("crosses")), (12, 12, 0));
    let table = machine.run(&["maintenance", "list"]).good("list");
    assert!(table.contains("absorbed by monthly") && table.contains("Next: "), "{table}");
    let status = machine.run(&["status", "--output", "json"]);
    let document: Value = serde_json::from_str(&status.stdout).expect("JSON");
    let names: Vec<&Value> =
        document["maintenance"]["windows"].as_array().expect("windows").iter().map(|one| &one["name"]).collect();
    for name in ["daily", "weekly", "monthly", "quarterly"] {
        assert!(names.contains(&&name.into()), "{name} in {names:?}");
    }
}

#[test]
fn a_window_is_planned_moved_called_off_begun_and_ended() {
    let machine = Machine::new("");
    let added = json(&machine, &["add", "--name", "reindex", "--cron", "30 2 1 1 *", "--for", "4h", "--downtime"]);
    let next: Vec<&str> = added["next"].as_array().expect("next").iter().filter_map(Value::as_str).collect();
    assert!(next.len() == 3 && next[0].ends_with("-01-01T02:30:00Z"), "{added}");
    let seconds = added["excluded_seconds"].as_i64().expect("seconds");
    assert!([0, 7_200].contains(&seconds) && added["excluded_why"].is_string(), "{added}");
    let to = next[1].replace("T02:30", "T05:00");
    let moved = json(&machine, &["move", "reindex", "--occurrence", next[1], "--to", &to, "--reason", "freight day"]);
    assert_eq!((&windows(&moved)[0]["start"], &windows(&moved)[0]["state"]), (&to.as_str().into(), &"planned".into()));
    let cancelled = json(&machine, &["cancel", "reindex", "--occurrence", &to]);
    assert_eq!(windows(&cancelled)[0]["state"], "cancelled", "it is found by where it was moved");
    let begun = json(&machine, &["start", "daily"]);
    assert_eq!(windows(&begun)[0]["state"], "running");
    let again = machine.run(&["maintenance", "start", "daily"]);
    assert!(again.code == Some(3) && again.stderr.contains("already"), "{}", again.stderr);
    assert_eq!(windows(&json(&machine, &["finish", "daily"]))[0]["state"], "done");
    let ticked = json(&machine, &["tick", "logs", "--note", "all well"]);
    assert_eq!((&ticked["note"], &ticked["overdue"]), (&"all well".into(), &false.into()));
    let audit = machine.run(&["audit", "list"]).good("audit list");
    for words in ["window planned", "moved to", "freight day", "called off", "begun", "ended", "task ticked"] {
        assert!(audit.contains(words), "{words}:\n{audit}");
    }
    assert_eq!(machine.run(&["audit", "verify"]).code, Some(0));
}

#[test]
fn what_makes_no_sense_is_refused_with_what_to_do_and_nothing_is_lost() {
    let machine = Machine::new("");
    json(&machine, &["add", "--name", "reindex", "--cron", "30 2 * * SUN#2", "--for", "1h"]);
    let before = json(&machine, &SIXTY_DAYS);
    let add = ["add", "--name", "reindex"];
    for (arguments, words) in [
        (&["--cron", "0 0 30 2 *", "--for", "1h"][..], "never comes"),
        (&["--at", "2027-02-30T02:00", "--for", "1h"], "no 30 February in 2027"),
        (&["--cron", "0 0 1-7 * SUN", "--for", "1h"], "SUN#1"),
        (&["--cron", "0 0 * * *", "--for", "0m"], "1 minute to 30 days"),
        (&["--cron", "0 0 * * *", "--for", "400d"], "1 minute to 30 days"),
        (&["--at", "2027-02-20T02:00", "--until", "2027-02-20T01:00"], "ends before it begins"),
        (&["--cron", "0 0 * * *", "--for", "1h", "--zone", "Mars/Olympus"], "Europe/Berlin"),
        (&["--cron", "0 0 * * *", "--for", "25h"], "runs into"),
    ] {
        let arguments: Vec<&str> = ["maintenance"].iter().chain(&add).chain(arguments).copied().collect();
        let refused = machine.run(&arguments);
        assert!(matches!(refused.code, Some(2 | 3)), "{arguments:?}: {:?}", refused.code);
        assert!(refused.stderr.contains(words), "{arguments:?}: {}", refused.stderr);
    }
    for (arguments, words) in [
        (&["list", "--from", "2027-01-02", "--until", "2027-01-01"][..], "ends before it begins"),
        (
            &["move", "daily", "--occurrence", "2027-01-01T03:00:00Z", "--to", "2027-01-01T05:00:00Z"],
            "no occurrence at",
        ),
        (&["cancel", "nightly", "--occurrence", "2027-01-01T03:00:00Z"], "no window \"nightly\""),
        (&["--read-only", "tick", "logs"], "--read-only"),
        (&["tick", "gardening"], "dr-test"),
    ] {
        let arguments: Vec<&str> = ["maintenance"].iter().chain(arguments).copied().collect();
        let refused = machine.run(&arguments);
        assert!(matches!(refused.code, Some(2 | 3)), "{arguments:?}: {:?}", refused.code);
        assert!(refused.stderr.contains(words), "{arguments:?}: {}", refused.stderr);
    }
    assert_eq!(json(&machine, &SIXTY_DAYS), before);
    let said =
        machine.run(&["maintenance", "add", "--name", "est", "--cron", "0 2 * * MON", "--for", "1h", "--zone", "EST"]);
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    assert!(said.stderr.contains("EST is taken as America/New_York"), "{}", said.stderr);
    assert!(said.stdout.contains("02:00 America/New_York"), "{}", said.stdout);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_who_move_one_occurrence_at_once_one_is_told_who_was_first() {
    let Some(place) = Place::new(Kind::Postgres) else { return };
    let (one, two) = (Machine::of(&place), Machine::of(&place));
    json(&one, &["list"]);
    for day in 2..6 {
        let occurrence = format!("2099-01-0{day}T02:00:00Z");
        let to = |hour: u32| format!("2099-01-0{day}T{hour:02}:00:00Z");
        let start = |machine: &Machine, to: &str| {
            machine.start(&["maintenance", "move", "daily", "--occurrence", &occurrence, "--to", to])
        };
        let running = [start(&one, &to(5)), start(&two, &to(6))];
        let finished = running.map(|running| running.finish(super::processes::PATIENCE));
        let won: Vec<_> = finished.iter().filter(|one| one.code == Some(0)).collect();
        let lost: Vec<_> = finished.iter().filter(|one| one.code != Some(0)).collect();
        let Some(lost) = lost.first() else {
            // The second saw what the first had done: it moved it on.
            continue;
        };
        assert_eq!(won.len(), 1, "{}", lost.stderr);
        assert!(lost.stderr.contains("moved (to 2099") || lost.stderr.contains("changed it at"), "{}", lost.stderr);
    }
    let verified = one.run(&["audit", "verify"]);
    assert_eq!(verified.code, Some(0), "{}", verified.stdout);
}

/// What a calendar library of another language makes of it.
const READER: &str = "
import sys, icalendar
calendar = icalendar.Calendar.from_ical(sys.stdin.buffer.read())
for event in calendar.walk('VEVENT'):
    print(event['UID'], event['DTSTART'].dt.isoformat(), event['DTEND'].dt.isoformat(), event['STATUS'], event['SEQUENCE'], event['DESCRIPTION'].count(chr(10)))
";

#[test]
fn a_calendar_of_another_language_reads_the_schedule() {
    let has_reader = Command::new("/usr/bin/python3").args(["-c", "import icalendar"]).stderr(Stdio::null()).status();
    if !has_reader.is_ok_and(|status| status.success()) {
        skip("the calendar read back", "python3 with icalendar is not installed");
        return;
    }
    let machine = Machine::new("");
    json(
        &machine,
        &[
            "move",
            "daily",
            "--occurrence",
            "2099-01-02T02:00:00Z",
            "--to",
            "2099-01-02T05:00:00Z",
            "--reason",
            "a; b, c\\d 決済",
        ],
    );
    json(&machine, &["cancel", "daily", "--occurrence", "2099-01-03T02:00:00Z"]);
    let within = ["maintenance", "ical", "--from", "2099-01-02", "--until", "2099-01-04"];
    let text = machine.run(&within).good("ical");
    let mut reader = Command::new("/usr/bin/python3");
    let reader = reader.args(["-c", READER]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let mut reader = reader.expect("python3");
    reader.stdin.take().expect("a pipe").write_all(text.as_bytes()).expect("written");
    let read = reader.wait_with_output().expect("its end");
    let read = String::from_utf8(read.stdout).expect("text");
    assert!(
        read.contains(
            "daily-20990102T020000Z@quarterdeck 2099-01-02T05:00:00+00:00 2099-01-02T05:30:00+00:00 CONFIRMED 1 8"
        ),
        "{read}"
    );
    assert!(
        read.contains(
            "daily-20990103T020000Z@quarterdeck 2099-01-03T02:00:00+00:00 2099-01-03T02:30:00+00:00 CANCELLED 1 7"
        ),
        "{read}"
    );
    assert_eq!(read.lines().count(), 2, "{read}");
}
