//! A PostgreSQL that nobody governs, with a replica: what its own views tell, and whom they tell it.

use std::fs;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::process::Signal;
use serde_json::Value;

use super::{listed, status};
use crate::support::console::Console;
use crate::support::controlplane::free_ports;
use crate::support::database::{Server, why_not};
use crate::support::process::{Running, Watchdog, signal, skip, wait_until};

const UP: Duration = Duration::from_secs(60);
/// The SQL that makes the role, as it is shipped.
const ROLE: &str = include_str!("../../../assets/postgres/role.sql");

/// One that archives, keeps statistics of statements and takes prepared transactions.
fn primary(name: &str) -> Server {
    let server = Server::start(name);
    for setting in [
        "archive_mode = on",
        "archive_command = 'true'",
        "shared_preload_libraries = 'pg_stat_statements'",
        "max_prepared_transactions = 4",
        "wal_receiver_status_interval = '1s'",
    ] {
        server.sql("postgres", &format!("alter system set {setting}")).expect("it takes it");
    }
    server.kill();
    server.revive();
    server.sql("postgres", "create database orders").expect("a database");
    server.sql("orders", "create extension pg_stat_statements").expect("it is shipped with the server");
    server.sql("orders", ROLE).expect("the role");
    server.sql("orders", "alter role quarterdeck_reader password 'hunter2-sesame'").expect("a password");
    server
}

/// A console that reads it by a role.
fn console(server: &Server, role: &str) -> Console {
    let console = Console::with(
        "",
        "[environment.shop]\n[service.checkout]\ndatabase = \"orders\"\n[database.orders]\nenvironment = \"shop\"\npostgres = { url_file = \"orders.url\" }\n",
    );
    let url = Server::url(server.port, "orders").replace("quarterdeck:", &format!("{role}:"));
    fs::write(console.path("orders.url"), url).expect("a file of ours");
    console
}

/// A replica of it; ends with the test.
struct Replica {
    process: Child,
    _watchdog: Watchdog,
}

impl Drop for Replica {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Replica {
    fn of(server: &Server, name: &str) -> Self {
        server.folder(name);
        let mut copy = Server::as_its_user(Command::new(server.binaries.join("pg_basebackup")));
        let url = format!("{}&application_name={name}", Server::url(server.port, "postgres"));
        copy.current_dir(&server.directory).args(["--checkpoint=fast", "-R", "-D", name, "-d", &url]);
        fs::set_permissions(server.directory.join(name), std::os::unix::fs::PermissionsExt::from_mode(0o700))
            .expect("a folder of ours");
        Running::start(copy, "").finish(UP).good("pg_basebackup");
        let [port] = free_ports();
        let mut command = Server::as_its_user(Command::new(server.binaries.join("postgres")));
        let log = fs::File::create(server.directory.join(format!("{name}.log"))).expect("a log");
        command.current_dir(&server.directory).args(["-D", name, "-c", "listen_addresses=127.0.0.1"]);
        // No fewer than the primary has: a replica does not start otherwise.
        command.args(["-c", "max_connections=200"]);
        command.arg("-c").arg(format!("port={port}")).arg("-c");
        command.arg(format!("unix_socket_directories={}", server.directory.display()));
        command.arg("-c").arg(format!("cluster_name={name}"));
        command.stdin(Stdio::null()).stdout(log.try_clone().expect("a file")).stderr(log);
        let process = command.spawn().expect("PostgreSQL starts");
        let folder = tempfile::tempdir().expect("a directory").keep();
        let watchdog = Watchdog::over(&folder);
        watchdog.adopt(&process);
        let replica = Self { process, _watchdog: watchdog };
        wait_until("the replica to stream", UP, || {
            let states = server.sql("postgres", "select state from pg_stat_replication").expect("it answers");
            (states.trim() == "streaming").then_some(())
        });
        replica
    }

    /// The process that receives.
    fn receiver(&self) -> u32 {
        let parent = self.process.id().to_string();
        let found = fs::read_dir("/proc").expect("a Linux").filter_map(|entry| {
            let pid: u32 = entry.ok()?.file_name().to_str()?.parse().ok()?;
            let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
            let is_child = stat.rsplit_once(')')?.1.split_whitespace().nth(1)? == parent;
            let words = fs::read_to_string(format!("/proc/{pid}/cmdline")).ok()?;
            (is_child && words.contains("walreceiver")).then_some(pid)
        });
        found.last().expect("a process that receives")
    }
}

fn reasons(database: &Value) -> String {
    database["reasons"].to_string()
}

#[test]
fn its_own_views_tell_who_it_is_what_follows_it_and_what_is_not_well() {
    if let Some(why) = why_not() {
        return skip("a PostgreSQL that is read", why);
    }
    let server = primary("databases");
    let console = console(&server, "quarterdeck_reader");
    let alone = listed(&console);
    assert_eq!(alone["verdict"], "healthy", "{alone}");
    assert_eq!(
        (&alone["kind"], &alone["readiness"]),
        (&Value::from("postgres"), &Value::from("impossible")),
        "{alone}"
    );
    assert_eq!(alone["readiness_reason"], "no failover possible: nothing follows it");
    assert_eq!(alone["automatic_failover"]["by"], Value::Null);
    assert_eq!(alone["primary"], alone["members"][0]["name"]);
    assert_eq!(alone["timeline"], 1);
    let known = server.sql("postgres", "select system_identifier from pg_control_system()").expect("it answers");
    assert_eq!(alone["system_identifier"], known.trim());
    let tables = &alone["postgres"];
    assert_eq!(tables["unread"], serde_json::json!([]), "the role is enough: {tables}");
    assert_eq!((&tables["archiver"]["is_on"], &tables["is_archiving_failing"]), (&true.into(), &false.into()));
    assert!(tables["connections"]["most"] == 200 && tables["connections"]["plain"].as_u64() >= Some(1), "{tables}");

    let replica = Replica::of(&server, "replica");
    wait_until("the replica to have everything", UP, || {
        let read = listed(&console);
        let lag = &read["members"][1]["lag"];
        (lag["receive_bytes"] == 0 && lag["seconds"] == 0).then_some(())
    });

    // Slow statements, without what they were asked about; dead rows; a prepared transaction.
    server
        .sql("orders", "create table customer (name text);\ninsert into customer select 'x' from generate_series(1, 2000);\ndelete from customer;")
        .expect("it takes it");
    server.sql("orders", "select pg_sleep(0.4), 'hunter2-of-a-customer'").expect("it sleeps");
    server.sql("orders", "begin;\ncreate table held (id int);\nprepare transaction 'of a shop';").expect("it is kept");
    // A bad archive.
    server
        .sql("postgres", "alter system set archive_command = 'false';\nselect pg_reload_conf();")
        .expect("it takes it");
    server
        .sql("postgres", "create table t as select generate_series(1, 100);\nselect pg_switch_wal();")
        .expect("a switch");
    let read = wait_until("archiving to be seen failing", UP, || {
        let read = listed(&console);
        let tables = &read["postgres"];
        let dead = tables["dead_rows"].to_string().contains("public.customer");
        (tables["is_archiving_failing"] == true && dead).then_some(read)
    });
    assert_eq!(read["verdict"], "degraded", "{read}");
    assert!(reasons(&read).contains("Archiving fails: 0000000"), "{read}");
    assert!(reasons(&read).contains("1 prepared transactions wait"), "{read}");
    let slow = &read["postgres"]["slow_queries"];
    assert_eq!(slow[0]["query"], "select pg_sleep($1), $2", "the slowest first: {slow}");
    assert!(slow[0]["mean_exec_ms"].as_f64() >= Some(400.0), "{slow}");
    assert!(!read.to_string().contains("hunter2"), "{read}");
    assert_eq!(status(&console).0, Some(1), "amber");
    let drawn = console.run(&["database", "list"]).good("database list");
    assert!(drawn.contains("select pg_sleep($1), $2") && drawn.contains("transaction of a shop"), "{drawn}");

    // A receiver that hangs has replayed all it received: how far it is behind is unknown, and not nothing.
    let receiver = replica.receiver();
    signal(receiver, Signal::STOP);
    server.sql("orders", "insert into customer select repeat('y', 1000) from generate_series(1, 5000)").expect("5 MB");
    let read = wait_until("silence to be noticed", UP, || {
        let read = listed(&console);
        read["members"][1]["lag"]["receive_bytes"].is_null().then_some(read)
    });
    assert!(reasons(&read).contains("replica was not heard from for"), "{read}");
    signal(receiver, Signal::CONT);
}

#[test]
fn what_a_role_may_not_read_is_said_and_no_password_ever() {
    if let Some(why) = why_not() {
        return skip("a PostgreSQL that is read by a stranger", why);
    }
    let server = primary("strangers");
    server.sql("orders", "create role stranger login password 'hunter2-sesame'").expect("a role");
    let read = listed(&console(&server, "stranger"));
    let unread = read["postgres"]["unread"].to_string();
    assert!(unread.contains("pg_ls_archive_statusdir") && unread.contains("Have the rights granted"), "{read}");
    let console = console(&server, "nobody");
    let (code, database) = status(&console);
    assert_eq!((code, &database["verdict"]), (Some(3), &Value::from("unknown")), "{database}");
    assert!(reasons(&database).contains("did not let us in"), "{database}");
    let said = format!("{:?}", console.run(&["database", "list"]));
    assert!(!said.contains("hunter2"), "{said}");
    server.kill();
    let (code, database) = status(&self::console(&server, "quarterdeck_reader"));
    assert_eq!(code, Some(3));
    assert!(reasons(&database).contains("cannot be reached"), "{database}");
}
