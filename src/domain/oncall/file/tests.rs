//! What a file may say, and what is told of one that is wrong: the line, the key, the fix.

use std::path::Path;

use super::*;
use crate::domain::document;
use crate::domain::incident::Severity;
use crate::domain::oncall::escalation::Runs;

const NOW: &str = "2026-10-20T00:00:00Z";

fn at(text: &str) -> Instant {
    text.parse().expect("a time")
}

fn known() -> Known {
    let set = |of: &[&str]| of.iter().map(|one| (*one).to_owned()).collect();
    Known { people: set(&["ada", "ben", "cy"]), teams: set(&["shop", "platform"]), ..Known::default() }
}

fn parsed(text: &str, known: &Known) -> (Written, Vec<String>) {
    let (table, mut problems) = document::parse(Some(Path::new("/people.toml")), text);
    let written = read(&Table::root(&table), known, at(NOW), &mut problems);
    (written, problems.into_found().iter().map(ToString::to_string).collect())
}

const WHOLE: &str = r#"
[[schedule]]
name = "shop"
zone = "EST"
team = "shop"

[[schedule.layer]]
role = "primary"
every = "1 week"
anchor = 2026-10-19T09:00:00
people = ["ada", "ben"]

[[schedule.layer]]
role = "primary"
every = "1 day"
anchor = "2026-10-19T18:00"
people = ["cy", ""]
first = "cy"
advance = "active-days"
restrictions = [{ days = ["Sat", "Sun"], from = "18:00", until = "06:00" }]

[[policy]]
team = "shop"
severity = ["sev1", "sev3"]
level = [
  { page = ["schedule:shop/primary"] },
  { after = "20m", page = "person:ada" },
]
exhausted = "1h"
"#;

#[test]
fn a_file_is_read_whole() {
    let (written, problems) = parsed(WHOLE, &known());
    assert_eq!(problems, Vec::<String>::new());
    assert_eq!(written.said, ["EST is stored as America/New_York."]);
    let schedule = &written.schedules[0];
    assert_eq!((schedule.zone.iana_name(), schedule.layers.len()), (Some("America/New_York"), 2));
    assert_eq!((schedule.layers[0].order, schedule.layers[1].order), (0, 1));
    assert_eq!(schedule.layers[1].hours[0].words(), "Sat, Sun 18:00-06:00");
    let shifts = schedule.shifts("primary", &[], at("2026-10-26T12:59:00Z"), at("2026-10-26T13:01:00Z"));
    assert_eq!(shifts.iter().map(|shift| shift.person.as_deref()).collect::<Vec<_>>(), [Some("ada"), Some("ben")]);
    let [first, third] = &written.policies[..] else { panic!("{:?}", written.policies) };
    assert_eq!((first.severity, first.runs, third.runs), (Severity::Sev1, Runs::Always, Runs::NextBusinessHour));
    assert_eq!(first.levels.iter().map(|level| level.after).collect::<Vec<_>>(), [0, 1_200]);
    assert_eq!((first.exhausted, first.levels[1].page.as_slice()), (3_600, &[Target::Person("ada".into())][..]));
}

/// Lines put in place of others, and what is told.
const WRONG: &[(&str, &str, &str)] = &[
    (
        "people = [\"ada\", \"ben\"]",
        "people = []",
        "/people.toml:11: schedule.layer.people: A rotation with no one in it calls nobody.",
    ),
    ("people = [\"ada\", \"ben\"]", "people = [\"\"]", "11: schedule.layer.people: A rotation with no one in it"),
    ("people = [\"ada\", \"ben\"]", "", "7: schedule.layer: It has no people"),
    (
        "people = [\"ada\", \"ben\"]",
        "people = [\"ada\", \"bem\"]",
        "11: schedule.layer.people: There is no person \"bem\". Did you mean \"ben\"?",
    ),
    ("zone = \"EST\"", "zone = \"-05:00\"", "4: schedule.zone: \"-05:00\" is a fixed offset"),
    ("zone = \"EST\"", "zone = \"Mars/Olympus\"", "4: schedule.zone: There is no time zone \"Mars/Olympus\""),
    ("zone = \"EST\"", "", "2: schedule: It has no zone."),
    ("every = \"1 week\"", "every = \"1 month\"", "9: schedule.layer.every: \"1 month\" is no length of a turn"),
    (
        "every = \"1 week\"",
        "evry = \"1 week\"",
        "9: schedule.layer.evry: There is no such key. Did you mean \"every\"?",
    ),
    (
        "anchor = 2026-10-19T09:00:00",
        "anchor = 2026-10-19T09:00:00Z",
        "10: schedule.layer.anchor: Expected a date and a time of the clock",
    ),
    ("anchor = 2026-10-19T09:00:00", "anchor = \"2027-02-29T09:00\"", "10: schedule.layer.anchor: Expected a date"),
    (
        "anchor = 2026-10-19T09:00:00",
        "anchor = 9",
        "10: schedule.layer.anchor: Expected a date and a time of the clock, found a number.",
    ),
    ("name = \"shop\"", "name = \"shop/eu\"", "3: schedule.name: \"shop/eu\" cannot be called"),
    ("team = \"shop\"\n\n", "team = \"shp\"\n\n", "5: schedule.team: There is no team \"shp\". Did you mean \"shop\"?"),
    ("first = \"cy\"", "first = \"ada\"", "18: schedule.layer.first: \"ada\" takes no turns here."),
    ("every = \"1 day\"", "every = \"2 days\"", "19: schedule.layer.advance: Only turns of one day"),
    ("from = \"18:00\"", "from = \"25:00\"", "20: schedule.layer.restrictions.from: \"25:00\" is no time of day"),
    ("severity = [\"sev1\", \"sev3\"]", "severity = \"sev9\"", "24: policy.severity: There is no severity \"sev9\"."),
    (
        "schedule:shop/primary",
        "schedule:shpo/primary",
        "26: policy.level.page: There is no schedule \"shpo\". Did you mean \"shop\"?",
    ),
    (
        "schedule:shop/primary",
        "schedule:shop/tertiary",
        "26: policy.level.page: The schedule \"shop\" has no role \"tertiary\"",
    ),
    ("page = \"person:ada\"", "page = \"person:dee\"", "27: policy.level.page: There is no person \"dee\""),
    ("page = \"person:ada\"", "page = []", "27: policy.level.page: Level 2 pages nobody."),
    ("page = \"person:ada\"", "page = \"ada\"", "27: policy.level.page: \"ada\" is nobody who can be paged."),
    ("after = \"20m\"", "after = \"soon\"", "27: policy.level.after: \"soon\" is no length of time"),
    ("after = \"20m\"", "after = 20", "27: policy.level.after: Expected a text, found a number."),
    ("exhausted = \"1h\"", "exhausted = \"1m\"", "Nobody would be left before the last level is paged."),
    (
        "page = \"person:ada\"",
        "page = \"policy:platform\"",
        "27: policy.level.page: The team \"platform\" has no policy for SEV1.",
    ),
    ("page = \"person:ada\"", "page = \"policy:shop\"", "22: policy: The policy of shop for SEV1 leads back to itself"),
    (
        "{ page = [\"schedule:shop/primary\"] }",
        "{ after = \"30m\", page = [\"schedule:shop/primary\"] }",
        "Level 2 would be paged before level 1.",
    ),
    ("[[policy]]", "[policy]", "Expected a list of tables, found a table. Write [[policy]]"),
];

#[test]
fn whatever_is_wrong_is_told_with_its_line_its_key_and_its_fix() {
    for (right, wrong, told) in WRONG {
        assert!(WHOLE.contains(right), "{right}");
        let (_, problems) = parsed(&WHOLE.replacen(right, wrong, 1), &known());
        assert!(problems.iter().any(|problem| problem.contains(told)), "{wrong}: {problems:#?}");
    }
}

#[test]
fn policies_that_name_each_other_in_a_circle_are_refused() {
    let policy = |team: &str, page: &str| {
        format!("[[policy]]\nteam = \"{team}\"\nseverity = \"sev1\"\nlevel = [{{ page = \"{page}\" }}]\n")
    };
    let (_, problems) =
        parsed(&[policy("shop", "policy:platform"), policy("platform", "policy:shop")].concat(), &known());
    assert_eq!(problems.iter().filter(|problem| problem.contains("leads back to itself")).count(), 2, "{problems:#?}");
    let (_, problems) =
        parsed(&[policy("shop", "policy:platform"), policy("platform", "person:ada")].concat(), &known());
    assert_eq!(problems, Vec::<String>::new());
    let (_, problems) = parsed(&[policy("shop", "person:ada"), policy("shop", "person:ben")].concat(), &known());
    assert!(problems[0].contains("There are two policies of shop for SEV1."), "{problems:#?}");
}

#[test]
fn a_policy_that_at_times_pages_nobody_is_refused() {
    let day = WHOLE.replacen(
        "people = [\"ada\", \"ben\"]",
        "people = [\"ada\", \"ben\"]\nrestrictions = [{ days = \"Mon-Fri\", from = \"09:00\", until = \"18:00\" }]",
        1,
    );
    assert_eq!(parsed(&day, &known()).1, Vec::<String>::new(), "a level behind it pages a person");
    let alone = day.replacen("{ after = \"20m\", page = \"person:ada\" },", "", 1);
    let (_, problems) = parsed(&alone, &known());
    assert!(
        problems[0].contains("Every level of it has nobody at times in the next 14 days: shop/primary from 2026-10-19 20:00 to 2026-10-20 09:00 America/New_York."),
        "{problems:#?}"
    );
}

#[test]
fn what_the_store_has_may_be_named() {
    let (written, _) = parsed(WHOLE, &known());
    let known = Known { schedules: written.schedules, policies: written.policies, ..known() };
    let policy = "[[policy]]\nteam = \"platform\"\nseverity = \"sev1\"\nlevel = [{ page = [\"schedule:shop/primary\", \"policy:shop\"] }]\n";
    assert_eq!(parsed(policy, &known).1, Vec::<String>::new());
}

#[test]
fn what_is_written_out_is_read_as_the_same() {
    let (before, problems) = parsed(WHOLE, &known());
    assert_eq!(problems, Vec::<String>::new());
    let mut moved = before.schedules[0].rewritten(&before.schedules[0], at(NOW));
    moved.layers[0].rotation.start = 1;
    moved.layers[1].hours.push(Hours::read(None, "Fri 18:00", "Mon 09:00").expect("hours"));
    let text = written([&moved], &before.policies);
    let (after, problems) = parsed(&text, &known());
    assert_eq!(problems, Vec::<String>::new(), "{text}");
    assert_eq!(after.policies, before.policies);
    assert_eq!(moved.rewritten(&after.schedules[0], at(NOW)), moved, "{text}");
}
