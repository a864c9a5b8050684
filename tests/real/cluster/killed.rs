//! A console killed with -9 at each line its journal grows by, in a run of several targets.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::support::console::{Console, Grant};
use crate::support::process::wait_until;
use crate::support::shop::{PATIENCE, Shop};

/// How many whole lines the journals in a state folder hold.
fn lines(journals: &Path) -> usize {
    let files = fs::read_dir(journals).into_iter().flatten().flatten().map(|file| file.path());
    let chains = files.filter(|file| file.extension().is_some_and(|extension| extension == "jsonl"));
    let texts = chains.filter_map(|file| fs::read_to_string(file).ok());
    texts.map(|text| text.matches('\n').count()).sum()
}

/// What the journal tells, in order: the word, and the place of the target meant.
fn told(console: &Console) -> Vec<(String, Option<u64>)> {
    let text = console.run(&["journal", "list", "--output", "json"]).good("journal list");
    let lines: Vec<Value> = serde_json::from_str(&text).expect("JSON");
    lines.iter().map(|line| (line["what"].as_str().unwrap_or_default().to_owned(), line["target"].as_u64())).collect()
}

#[test]
fn killed_at_any_line_of_its_journal_a_run_of_several_targets_is_taken_up_and_nothing_is_done_twice() {
    let shop = Shop::open("killed-lines");
    let mut at = 1;
    let mut left = Vec::new();
    loop {
        let names = [format!("one-{at}"), format!("two-{at}")];
        for name in &names {
            shop.deploy_good(name, "api:1", 1);
        }
        let console = Console::of("oncall", &shop, Grant::Write);
        let [one, two] = names.each_ref().map(|name| format!("deployment/{name}"));
        let (planned, plan) = console.plan(&["restart", &one, &two, "-n", &shop.name]);
        assert_eq!(planned.code, Some(0), "{}{}", planned.stdout, planned.stderr);
        let journals = console.path("state/quarterdeck/journal");
        let mut apply = console.start_apply(&plan);
        // Lines follow each other within milliseconds: looked at without a pause.
        let has_grown = loop {
            if lines(&journals) >= at {
                break true;
            }
            if apply.has_ended() {
                break lines(&journals) >= at;
            }
            std::thread::yield_now();
        };
        apply.kill();
        console.journal_is_whole();
        let before = told(&console);
        let is_over = before.iter().any(|(what, _)| what == "ended");
        let is_begun = before.iter().any(|(what, _)| what == "begun");
        if is_begun && !is_over {
            left.push(before.last().expect("it is begun").clone());
            let screen = console.open(120, 30);
            wait_until("the run to be ended in the journal", PATIENCE, || {
                told(&console).iter().any(|(what, _)| what == "ended").then_some(())
            });
            drop(screen);
        }
        console.journal_is_whole();
        let after = told(&console);
        for (place, name) in (0_u64..).zip(&names) {
            let count = |what: &str| after.iter().filter(|line| **line == (what.to_owned(), Some(place))).count();
            let generation = shop.deployment(name)["metadata"]["generation"].as_u64().unwrap_or_default();
            let sent = count("intent");
            assert!(sent <= 1 && count("settled") <= 1, "line {at}: once at most: {after:?}");
            assert!(generation <= 1 + sent as u64, "line {at}: {name} was changed without a line before: {after:?}");
            let is_known = count("accepted") == 0 || generation == 2;
            assert!(is_known, "line {at}: {name} is not as the server accepted it: {after:?}");
        }
        let ends = after.iter().filter(|(what, _)| what == "ended").count();
        assert_eq!(ends, usize::from(is_begun), "line {at}: ended once: {after:?}");
        for name in &names {
            shop.kubectl(&["delete", "deployment", name, "--wait=false"]).good("delete");
        }
        if !has_grown {
            assert!(at > 7, "a run of two targets tells more than {at} lines: {after:?}");
            left.dedup();
            assert!(left.len() > 3, "it died at different lines: {left:?}");
            return;
        }
        at += 1;
        assert!(at < 40, "the journal never came to an end");
    }
}
