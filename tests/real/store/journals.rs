//! The shipped binary on its journal: whole for programs, compared with the store, and as cheap after ten years as on the first day.

use std::fs;
use std::path::PathBuf;

use quarterdeck::actions::journal::{Entry, Journal, What, chains};
use serde_json::Value;

use super::processes::Machine;
use crate::support::database::Server;

/// The files of the chains that lie open, in their order.
fn files(machine: &Machine) -> Vec<PathBuf> {
    chains(&machine.state()).expect("a journal").into_iter().map(|chain| chain.file).collect()
}

#[test]
fn every_line_for_programs_is_whole_whatever_it_holds() {
    let machine = Machine::new("");
    let hostile = format!("{}\u{9b}2J\u{202e}\u{1b}[31m\n\"決済\" the end", "x".repeat(20_000));
    machine.attempt(&hostile);
    machine.attempt("short");
    let words = |document: &Value| document["words"].as_str().map(str::to_owned);
    let exported = machine.run(&["journal", "export"]).good("journal export");
    let lines: Vec<Value> = exported.lines().map(|line| serde_json::from_str(line).expect("a whole line")).collect();
    assert_eq!(lines.iter().filter(|line| words(line).as_deref() == Some(&hostile)).count(), 2);
    assert_eq!(lines.len(), 4);
    let listed = machine.run(&["journal", "list", "--output", "json"]).good("journal list");
    let list: Vec<Value> = serde_json::from_str(&listed).expect("JSON");
    assert_eq!(list, lines, "the list is the same lines");
    let audit = machine.run(&["audit", "export"]).good("audit export");
    let evidence: Vec<Value> = audit
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("a whole line"))
        .map(|entry| serde_json::from_str(entry["line"].as_str().expect("a line")).expect("the line as it was hashed"))
        .collect();
    assert_eq!(evidence.len(), 4);
    assert!(evidence.iter().all(|line| lines.contains(line)));
    for said in [&exported, &listed, &audit] {
        assert!(!said.chars().any(|one| one != '\n' && one.is_control() || one == '\u{202e}'), "it steers no terminal");
    }
}

/// What somebody does to the file of a chain.
type Spoil = fn(&std::path::Path);

#[test]
fn verify_says_what_it_compared_and_finds_what_only_the_store_can_tell() {
    let spoils: [(&str, Spoil); 3] = [
        ("its end is missing: here are 1 lines, the audit has 2", |file| {
            let text = fs::read_to_string(file).expect("a chain");
            let first = text.lines().next().expect("a line");
            fs::write(file, format!("{first}\n")).expect("cut");
        }),
        ("the chain is missing: the audit has 2 lines of it", |file| fs::remove_file(file).expect("deleted")),
        ("changed after it was written", |file| {
            let text = fs::read_to_string(file).expect("a chain");
            fs::write(file, text.replacen("{\"seq\":1,", "{\"seq\":1,\"approved\":true,", 1)).expect("written");
        }),
    ];
    for (words, spoil) in spoils {
        let machine = Machine::new("");
        machine.attempt("one");
        let verified = machine.run(&["journal", "verify"]).good("journal verify");
        assert!(verified.starts_with("1 chains, 2 lines, 0 flaws\n"), "{verified}");
        assert!(verified.contains("NOT COMPARED: 1 chains, which the audit does not have"), "{verified}");
        assert!(!machine.state().join("store.db").exists(), "looking makes no file");
        machine.run(&["audit", "list"]).good("audit list");
        let verified = machine.run(&["journal", "verify", "--output", "json"]).good("journal verify");
        let document: Value = serde_json::from_str(&verified).expect("JSON");
        assert!(document["compared_with"].as_str().is_some_and(|what| what.starts_with("SQLite")), "{document}");
        assert_eq!(document["is_local"], true);
        assert!(document["words"][0].as_str().is_some_and(|said| said.contains("1 chains agree")), "{document}");
        spoil(&files(&machine)[0]);
        let found = machine.run(&["journal", "verify"]);
        assert_eq!(found.code, Some(1), "{words}: {}", found.stdout);
        assert!(found.stderr.contains(words), "{words}: {}", found.stderr);
        let again = machine.run(&["audit", "list"]);
        assert_eq!(again.code, Some(0), "{}", again.stderr);
        let still = machine.run(&["journal", "verify"]);
        assert_eq!(still.code, Some(1), "what was taken over stays what it was: {}", still.stdout);
    }
    let away = Machine::new("[store]\npostgres = { url_file = \"store-url\", direct = true }\n");
    fs::write(away.folder().join("store-url"), Server::url(1, "q")).expect("a file");
    away.attempt("one");
    let verified = away.run(&["journal", "verify"]);
    assert_eq!(verified.code, Some(3), "{}", verified.stdout);
    assert!(verified.stdout.contains("0 flaws\nNOT COMPARED with the store's audit"), "{}", verified.stdout);
}

#[test]
fn old_chains_are_sealed_by_whoever_comes_and_nothing_of_them_is_lost() {
    let machine = Machine::new("");
    for number in 0..200 {
        let mut journal = Journal::new(&machine.state());
        let entry = Entry {
            what: What::Begun,
            words: format!("attempt {number}"),
            ..Entry::bare(&format!("run-{number}"), "restart", "production", "mori")
        };
        let at = chrono::DateTime::from_timestamp(1_800_000_000 + number, 0).expect("a time");
        journal.append(entry.clone(), at).expect("written");
        journal.append(Entry { what: What::Ended, ..entry }, at).expect("written");
    }
    let before = machine.run(&["journal", "export"]).good("journal export");
    assert_eq!(files(&machine).len(), 200, "who only reads the journal moves nothing");
    machine.run(&["status"]);
    assert_eq!(files(&machine), Vec::<PathBuf>::new());
    assert_eq!(machine.run(&["journal", "export"]).good("journal export"), before);
    assert!(Journal::new(&machine.state()).has_begun("run-7").expect("a journal"));
    assert_eq!(machine.run(&["journal", "list"]).good("journal list").lines().count(), 401);
    let doctor = machine.run(&["doctor"]).stdout;
    assert!(doctor.contains("200 chains, sound"), "{doctor}");
    machine.attempt("after");
    let audit = machine.run(&["audit", "list", "--limit", "1000", "--output", "json"]).good("audit list");
    let entries: Vec<Value> = serde_json::from_str(&audit).expect("JSON");
    assert_eq!(entries.len(), 403, "every line, and one that says what was sealed");
    let verified = machine.run(&["journal", "verify"]).good("journal verify");
    assert!(verified.starts_with("201 chains, 402 lines, 0 flaws\n"), "{verified}");
    assert!(verified.contains("1 segments agree with it"), "{verified}");
    fs::remove_dir_all(machine.state().join("journal/sealed")).expect("deleted");
    let found = machine.run(&["journal", "verify"]);
    assert_eq!(found.code, Some(1));
    assert!(found.stdout.contains("201 flaws"), "every chain and the register are missed: {}", found.stdout);
}
