//! What the shipped binary makes of answers as they should not be, and of what scripts record: files of ours, no server.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;

use chrono::{TimeDelta, Utc};
use serde_json::{Value, json};

use super::{console, drawn, listed, night, schedule};
use crate::support::console::Console;

/// What pgBackRest tells of a full backup each night, the last so many, those some nights back apart.
fn info(nights: u64, without: &[u64]) -> Value {
    let backup = |back: u64| {
        let began = night(back).timestamp();
        let segment = format!("{:024X}", (1_u128 << 64) + u128::from(100 - 2 * back));
        json!({
            "label": format!("{}F", night(back).format("%Y%m%d-%H%M%S")), "type": "full", "prior": null, "reference": null, "error": false,
            "timestamp": {"start": began, "stop": began + 600}, "archive": {"start": segment, "stop": segment},
            "lsn": {"start": format!("0/{:X}000028", 100 - 2 * back), "stop": null},
            "info": {"size": 24_096_001, "delta": 24_096_001, "repository": {"size": 2_969_514, "delta": 2_969_514}},
            "database": {"id": 1, "repo-key": 1}, "backrest": {"format": 5, "version": "2.45"},
        })
    };
    let backups: Vec<Value> = (0..nights).rev().filter(|back| !without.contains(back)).map(backup).collect();
    json!([{
        "name": "main", "cipher": "none", "status": {"code": 0, "message": "ok", "lock": {"backup": {"held": false}}},
        "db": [{"id": 1, "repo-key": 1, "system-id": 1, "version": "15"}], "backup": backups, "archive": [], "repo": [],
    }])
}

/// A set whose pgBackRest is asked like this.
fn asked(how: &str) -> Console {
    console(&format!("[backup.orders]\npgbackrest = {{ {how}, stanza = \"main\" }}\n{}", schedule()))
}

/// The same with this answer in a file.
fn told(answer: &str) -> (tempfile::TempDir, Console) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("info.json");
    fs::write(&file, answer).expect("room");
    let console = asked(&format!("info_file = \"{}\"", file.display()));
    (folder, console)
}

#[test]
fn a_missing_night_is_named_and_the_ladder_is_drawn() {
    let (_folder, console) = told(&info(10, &[3]).to_string());
    let said = listed(&console);
    let keys: Vec<&String> = said.as_object().expect("an object").keys().collect();
    let mut expected = vec![
        "set",
        "kind",
        "last_good_at",
        "data_age_seconds",
        "rpo_seconds",
        "state",
        "encryption",
        "ladder",
        "wal_holes",
        "verified_at",
        "rto_measured_seconds",
    ];
    expected.sort_unstable();
    assert_eq!(keys, expected, "the contract");
    let day = night(3).format("%Y-%m-%d").to_string();
    assert_eq!((&said["set"], &said["kind"], &said["state"]), (&json!("orders"), &json!("full"), &json!("broken")));
    assert_eq!(said["ladder"]["daily"], json!({"required": 7, "filled": 6, "missing": [day]}));
    assert_eq!(
        (&said["encryption"], &said["rpo_seconds"], &said["verified_at"]),
        (&json!("none"), &json!(3_600), &Value::Null)
    );
    let age = (Utc::now() - night(0)).num_seconds() - 600;
    assert!((said["data_age_seconds"].as_i64().expect("a number") - age).abs() < 60, "{said}");
    let table = drawn(&console);
    assert!(table.contains("■■■□■■■  6/7") && table.contains(&format!("missing {day}")), "{table}");
    let (_folder, well) = told(&info(10, &[]).to_string());
    assert_eq!(listed(&well)["state"], json!("ok"));
}

#[test]
fn what_cannot_be_read_is_unknown_and_never_missing() {
    let whole = info(10, &[3]).to_string();
    let mut tomorrow = info(10, &[]);
    tomorrow[0]["backup"][9]["timestamp"] =
        json!({"start": Utc::now().timestamp() + 86_400, "stop": Utc::now().timestamp() + 87_000});
    let mut mixed = info(10, &[]);
    mixed[0]["db"] = json!([{"id": 1, "version": "15"}, {"id": 2, "version": "16"}]);
    mixed[0]["backup"][9]["database"]["id"] = json!(2);
    for (answer, sentence) in [
        (whole[..whole.len() / 2].to_owned(), "It is cut off in the middle of the JSON"),
        (String::new(), "It is empty"),
        ("{\"items\": []}".to_owned(), "This is JSON, but not of pgbackrest info"),
        ("stanza: main".to_owned(), "This is no JSON"),
        (whole.replace("\"main\"", "\"other\""), "pgBackRest knows no stanza main; it knows other."),
        (tomorrow.to_string(), "ahead of this machine's clock: it is not counted"),
        (mixed.to_string(), "holds backups of PostgreSQL 15 and 16"),
    ] {
        let (_folder, console) = told(&answer);
        let said = listed(&console);
        assert_eq!(
            (&said["state"], &said["ladder"]["daily"]["missing"]),
            (&json!("unknown"), &json!([])),
            "{sentence}"
        );
        let table = drawn(&console);
        assert!(table.contains(sentence), "{table}");
    }
    let gone = asked("info_file = \"/nowhere/info.json\"");
    assert_eq!(listed(&gone)["state"], json!("unknown"));
    assert!(drawn(&gone).contains("/nowhere/info.json cannot be read"));
}

#[test]
fn a_command_that_hangs_shouts_or_fails_is_unknown_and_ends() {
    for (how, sentence) in [
        ("command = [\"sleep\", \"600\"], timeout = \"1 s\"", "sleep did not end within 1 s and was stopped"),
        ("command = [\"head\", \"-c\", \"100000000\", \"/dev/zero\"]", "it printed more than 8 MB and was stopped"),
        ("command = [\"sh\", \"-c\", \"echo password=hunter2 >&2; exit 7\"]", "sh ended with exit status: 7"),
        ("command = [\"/nowhere/pgbackrest\"]", "/nowhere/pgbackrest cannot be started"),
    ] {
        let console = asked(how);
        assert_eq!(listed(&console)["state"], json!("unknown"), "{how}");
        let table = drawn(&console);
        assert!(table.contains(sentence) && !table.contains("hunter2"), "{table}");
    }
}

#[test]
fn an_address_is_asked_and_one_that_does_not_answer_is_unknown() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("bound").port();
    let body = info(10, &[]).to_string();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { continue };
            let mut asked = [0; 4_096];
            let _ = stream.read(&mut asked);
            let head = format!(
                "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
                body.len()
            );
            let _ = stream.write_all(format!("{head}{body}").as_bytes());
        }
    });
    let said = listed(&asked(&format!("url = \"http://127.0.0.1:{port}/info.json\"")));
    assert_eq!((&said["state"], &said["ladder"]["daily"]["filled"]), (&json!("ok"), &json!(7)));
    let dead = asked("url = \"http://127.0.0.1:1/info.json\"");
    assert_eq!(listed(&dead)["state"], json!("unknown"));
    assert!(drawn(&dead).contains("127.0.0.1:1 cannot be reached"));
}

#[test]
fn holes_are_told_by_class_and_a_listing_that_cannot_be_read_leaves_nothing_green() {
    let folder = tempfile::tempdir().expect("a folder");
    let (file, wal) = (folder.path().join("info.json"), folder.path().join("wal"));
    fs::write(&file, info(10, &[]).to_string()).expect("room");
    let console = asked(&format!("info_file = \"{}\", wal_file = \"{}\"", file.display(), wal.display()));
    let with = |gone: &[u64]| {
        let kept = (70_u64..=110).filter(|place| !gone.contains(place));
        let names: Vec<String> =
            kept.map(|place| format!("{:024X}-0a1b.gz", (1_u128 << 64) + u128::from(place))).collect();
        fs::write(&wal, names.join("\n")).expect("room");
        let said = listed(&console);
        let classes = said["wal_holes"]
            .as_array()
            .expect("a list")
            .iter()
            .map(|hole| hole["class"].as_str().unwrap_or_default().to_owned());
        (said["state"].as_str().unwrap_or_default().to_owned(), classes.collect::<Vec<_>>())
    };
    assert_eq!(with(&[]), ("ok".to_owned(), vec![]));
    assert_eq!(with(&[75]), ("ok".to_owned(), vec!["harmless".to_owned()]));
    assert_eq!(with(&[97]), ("broken".to_owned(), vec!["kills-span".to_owned()]));
    assert_eq!(with(&[96]), ("broken".to_owned(), vec!["kills-backup".to_owned()]));
    assert_eq!(with(&[105, 106]), ("broken".to_owned(), vec!["ends-pitr".to_owned()]));
    fs::write(&wal, "nothing here").expect("room");
    assert_eq!(listed(&console)["state"], json!("unknown"));
}

#[test]
fn what_a_script_records_is_counted_and_a_time_in_the_future_is_refused() {
    let console = console("[backup.uploads]\nkind = \"files\"\nschedule = \"@hourly\"\nrpo = \"2 h\"\n");
    assert_eq!(listed(&console)["state"], json!("broken"), "none ever succeeded");
    let future = (Utc::now() + TimeDelta::hours(1)).to_rfc3339();
    for wrong in [
        vec!["record", "backup", "uploads", "--finished", &future],
        vec!["record", "backup", "uploads", "--finished", "tonight"],
        vec!["record", "backup", "upload"],
        vec!["record", "backup", "uploads", "--bytes", "many"],
        vec!["record", "restore-test", "uploads", "--result", "perhaps"],
    ] {
        let refused = console.run(&wrong);
        assert_eq!(refused.code, Some(2), "{wrong:?}: {refused:?}");
    }
    assert_eq!(listed(&console)["last_good_at"], Value::Null, "nothing was written");

    let finished = (Utc::now() - TimeDelta::minutes(10)).format("%Y-%m-%dT%H:%M:%SZ").to_string();
    let recorded = console.run(&["record", "backup", "uploads", "--bytes", "4096000000", "--finished", &finished]);
    assert_eq!(recorded.code, Some(0), "{recorded:?}");
    let said = listed(&console);
    assert_eq!(
        (&said["kind"], &said["state"], &said["last_good_at"]),
        (&json!("files"), &json!("ok"), &json!(finished))
    );

    let started = console.run(&["record", "restore-test", "uploads", "--result", "ok"]);
    assert!(started.code == Some(0) && started.stderr.contains("does not count as verified"), "{started:?}");
    assert_eq!(listed(&console)["verified_at"], Value::Null, "a server that starts proves little");
    let full = [
        "record",
        "restore-test",
        "uploads",
        "--result",
        "ok",
        "--target",
        "0/5000000",
        "--reached-lsn",
        "0/5000028",
        "--seconds",
        "90",
    ];
    let verified = console.run(&full);
    assert_eq!(verified.code, Some(0), "{verified:?}");
    let said = listed(&console);
    assert!(said["verified_at"].is_string(), "{said}");
    assert_eq!(said["rto_measured_seconds"], json!(90));
    console.journal_is_whole();

    let read_only = console.run(&["--read-only", "record", "backup", "uploads"]);
    assert_eq!(read_only.code, Some(3), "{read_only:?}");
    assert_eq!(console.run(&["record", "backup", "uploads", "--bytes", "20"]).code, Some(0));
    assert!(drawn(&console).contains("almost nothing was written"), "it succeeded and wrote nothing");
}
