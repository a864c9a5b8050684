//! What a real PostgreSQL says of its archiver, by the statement we ship.

use std::fs;
use std::time::Duration;

use serde_json::{Value, json};

use super::{console, drawn, listed};
use crate::support::database::{self, Server};
use crate::support::process::{skip, wait_until};

const LONG: Duration = Duration::from_secs(120);

#[test]
fn wal_that_is_not_archived_is_said_while_it_is_so() {
    if let Some(why) = database::why_not() {
        return skip("the archiver of PostgreSQL", why);
    }
    let server = Server::start("archiver");
    for setting in ["archive_mode = on", "archive_command = 'false'"] {
        server.sql("postgres", &format!("alter system set {setting}")).expect("it takes it");
    }
    server.kill();
    server.revive();
    // The role of the statement's comment may look, and no more.
    let role = "create role look login; grant pg_monitor to look";
    server.sql("postgres", role).expect("a role");
    let statement = format!("set role look;\n{}", include_str!("../../../assets/archiver.sql"));
    let ask = || {
        let said = server.sql("postgres", &statement).expect("it answers");
        said.lines().find(|line| line.starts_with('{')).unwrap_or_else(|| panic!("{said}")).to_owned()
    };
    let folder = tempfile::tempdir().expect("a folder");
    let [row, info] = ["archiver.json", "info.json"].map(|name| folder.path().join(name));
    fs::write(&info, r#"[{"name":"main","backup":[],"status":{"code":2,"message":"none"}}]"#).expect("room");
    let console = console(&format!(
        "[backup.orders]\npgbackrest = {{ info_file = \"{}\" }}\narchiver = {{ info_file = \"{}\" }}\n",
        info.display(),
        row.display()
    ));
    let failing = wait_until("the archiver to fail", LONG, || {
        server
            .sql("postgres", "create table if not exists t (n int); insert into t values (1); select pg_switch_wal()")
            .expect("it answers");
        let said: Value = serde_json::from_str(&ask()).expect("JSON");
        said["last_failed_wal"].is_string().then_some(said)
    });
    assert_eq!((&failing["archive_mode"], &failing["wal_segment_size"]), (&json!("on"), &json!(16 << 20)), "{failing}");
    fs::write(&row, failing.to_string()).expect("room");
    let table = drawn(&console);
    let segment = failing["last_failed_wal"].as_str().expect("a segment");
    assert!(table.contains(&format!("WAL is not archived: {segment} failed at")), "{table}");

    server.sql("postgres", "alter system set archive_command = 'true'").expect("it takes it");
    server.sql("postgres", "select pg_reload_conf()").expect("it answers");
    let well = wait_until("it to archive again", LONG, || {
        let said: Value = serde_json::from_str(&ask()).expect("JSON");
        let at = |key: &str| said[key].as_str().unwrap_or_default().to_owned();
        (at("last_archived_time") > at("last_failed_time")).then_some(said)
    });
    fs::write(&row, well.to_string()).expect("room");
    assert!(!drawn(&console).contains("WAL is not archived"), "{well}");
    fs::write(&row, "psql: error: connection refused").expect("room");
    assert!(drawn(&console).contains("What PostgreSQL says of its archiver cannot be read"));
    assert_eq!(listed(&console)["state"], json!("broken"), "and what else is known stands");
}
