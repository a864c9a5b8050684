//! The services of the configuration file: one function per rule, each with its sentence.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::file::is_namespace;
use crate::domain::document::{self, Entry, Problems, Table};
use crate::domain::rollout::Kind;
use crate::domain::service::{Member, Service, Services};

/// Every key of a service.
const KEYS: [&str; 15] = [
    "workloads",
    "environments",
    "namespaces",
    "tier",
    "depends_on",
    "runbooks",
    "on_call",
    "alerts",
    "slo",
    "health",
    "database",
    "thresholds",
    "code_label",
    "signals",
    "maintenance",
];

/// Every `[service.NAME]` that can be understood, in the order of the file; `environments` are the names of those that are declared.
pub(super) fn services(root: &Table<'_, '_>, environments: &[&str], problems: &mut Problems) -> Services {
    let table = root.table("service", problems);
    let entries: Vec<_> = table.iter().flat_map(Table::entries).collect();
    let read = entries.iter().filter_map(|entry| Some((service(entry, environments, problems)?, entry)));
    let read: Vec<(Service, &Entry<'_, '_>)> = read.collect();
    one_service_per_workload(&read, problems);
    Services::new(read.into_iter().map(|(service, _)| service).collect())
}

fn service(entry: &Entry<'_, '_>, environments: &[&str], problems: &mut Problems) -> Option<Service> {
    let table = entry.table(problems)?;
    table.refuse_unknown(&KEYS, problems);
    if !is_name(entry.name) {
        problems.at(
            entry,
            "The name of a service is 1 to 63 letters, digits, dashes, underscores or dots.",
            "Give it the name its workloads carry in the label app.kubernetes.io/name.",
        );
        return None;
    }
    let mut service = Service {
        name: Arc::from(entry.name),
        environments: names(&table, "environments", problems),
        namespaces: names(&table, "namespaces", problems),
        workloads: workloads(&table, problems),
        tier: table.whole("tier", 1..=3, problems).and_then(|tier| u8::try_from(tier).ok()),
        depends_on: names(&table, "depends_on", problems),
        runbooks: names(&table, "runbooks", problems).iter().map(ToString::to_string).collect(),
        on_call: word(&table, "on_call", problems),
        alerts: alerts(&table, problems),
        objective: table
            .table("slo", problems)
            .map(|table| super::slo::objective(&table, problems))
            .unwrap_or_default(),
        database: word(&table, "database", problems),
        probes: table
            .table("health", problems)
            .map(|table| super::probe::probes(&table, environments, problems))
            .unwrap_or_default(),
        thresholds: super::thresholds::thresholds(&table, problems),
        code_label: super::prometheus::label(&table, "code_label", problems),
        is_unmeasured: table.truth("signals", problems) == Some(false),
        ways: table.table("maintenance", problems).map(|table| super::modes::ways(&table, problems)),
    };
    check_places(&table, &mut service, environments, problems);
    if let Some(place) = table.entry("depends_on").filter(|_| service.depends_on.contains(&service.name)) {
        problems.at(&place, "A service does not depend on itself.", "Remove it from its own list.");
    }
    Some(service)
}

/// A label value, as the API server checks it.
fn is_name(name: &str) -> bool {
    let is_edge = |letter: Option<char>| letter.is_some_and(|letter| letter.is_ascii_alphanumeric());
    name.len() <= 63
        && is_edge(name.chars().next())
        && is_edge(name.chars().next_back())
        && name.chars().all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.'))
}

/// A list of texts, none empty, each once; empty when the key is absent.
pub(super) fn names(table: &Table<'_, '_>, key: &str, problems: &mut Problems) -> Vec<Arc<str>> {
    let Some(entry) = table.entry(key) else { return Vec::new() };
    let mut known: Vec<Arc<str>> = Vec::new();
    for (name, place) in entry.texts(problems).unwrap_or_default() {
        if name.trim().is_empty() {
            problems.at(&place, "An entry of the list is empty.", "Write a name or remove it.");
        } else if known.iter().any(|listed| **listed == *name) {
            problems.at(&place, format!("{name:?} is listed twice."), "Remove one of the two.");
        } else {
            known.push(name.into());
        }
    }
    known
}

/// A text that is not empty.
pub(super) fn word(table: &Table<'_, '_>, key: &str, problems: &mut Problems) -> Option<String> {
    let (text, entry) = table.text(key, problems)?;
    if text.trim().is_empty() {
        problems.at(&entry, "The text is empty.", "Write a name or remove the line.");
        return None;
    }
    Some(text.to_owned())
}

/// A list that is there and empty would leave the service without anything to act on.
fn workloads(table: &Table<'_, '_>, problems: &mut Problems) -> Vec<Member> {
    let Some(entry) = table.entry("workloads") else { return Vec::new() };
    let Some(listed) = entry.texts(problems) else { return Vec::new() };
    if listed.is_empty() {
        problems.at(
            &entry,
            "The list of workloads is empty.",
            "Name at least one, or remove the line to find them by the label app.kubernetes.io/name.",
        );
    }
    let mut members: Vec<Member> = Vec::new();
    for (text, place) in listed {
        match member(text) {
            Err((sentence, fix)) => problems.at(&place, sentence, fix),
            Ok(member) if members.contains(&member) => {
                problems.at(&place, format!("{member} is listed twice."), "Remove one of the two.");
            }
            Ok(member) => members.push(member),
        }
    }
    members
}

/// `KIND/NAME`; what is wrong with it and the fix.
fn member(text: &str) -> Result<Member, (String, String)> {
    let kinds: Vec<&str> = Kind::ALL.iter().map(|kind| kind.resource()).collect();
    let Some((kind, name)) = text.split_once('/') else {
        let fix = format!("Write one of {} before it: \"{}/{text}\".", kinds.join(", "), Kind::default().resource());
        return Err((format!("{text:?} does not say which kind of workload it is."), fix));
    };
    let Some(kind) = Kind::named(kind) else {
        return Err((format!("There is no kind {kind:?} of workload here."), document::did_you_mean(kind, &kinds)));
    };
    let is_edge = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    let bytes = name.as_bytes();
    let is_name = bytes.len() <= 253
        && is_edge(bytes.first())
        && is_edge(bytes.last())
        && bytes.iter().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'.'));
    if !is_name {
        let sentence =
            format!("{name:?} cannot be the name of a workload: lower-case letters, digits, dashes and dots.");
        return Err((sentence, "Correct it or remove it.".to_owned()));
    }
    Ok(Member { kind, name: name.into() })
}

/// Environments that are declared, and namespaces that can be.
fn check_places(table: &Table<'_, '_>, service: &mut Service, environments: &[&str], problems: &mut Problems) {
    if let Some(entry) = table.entry("environments") {
        for name in service.environments.iter().filter(|name| !environments.contains(&&***name)) {
            let fix = document::did_you_mean(name, environments);
            problems.at(&entry, format!("There is no environment {name:?}."), fix);
        }
    }
    if let Some(entry) = table.entry("namespaces") {
        for name in service.namespaces.iter().filter(|name| !is_namespace(name)) {
            let sentence = format!("{name:?} cannot be a namespace: 1 to 63 lower-case letters, digits and dashes.");
            problems.at(&entry, sentence, "Correct it, or remove the line to mean all of them.");
        }
        service.namespaces.retain(|name| is_namespace(name));
    }
}

/// Labels and their values.
fn alerts(table: &Table<'_, '_>, problems: &mut Problems) -> BTreeMap<String, String> {
    let labels = table.table("alerts", problems);
    let entries = labels.iter().flat_map(Table::entries);
    entries.filter_map(|entry| Some((entry.name.to_owned(), entry.text(problems)?.to_owned()))).collect()
}

/// A workload listed by two services that can be in one place would be acted on with both.
fn one_service_per_workload(services: &[(Service, &Entry<'_, '_>)], problems: &mut Problems) {
    for (place, (service, entry)) in services.iter().enumerate() {
        for (other, _) in services.iter().take(place) {
            let meets = |one: &[Arc<str>], other: &[Arc<str>]| {
                one.is_empty() || other.is_empty() || one.iter().any(|name| other.contains(name))
            };
            if !meets(&service.environments, &other.environments) || !meets(&service.namespaces, &other.namespaces) {
                continue;
            }
            for member in service.workloads.iter().filter(|member| other.workloads.contains(member)) {
                problems.at(
                    entry,
                    format!("It lists {member}, which service {} lists too.", other.name),
                    "Leave it in one of the two, or say with environments and namespaces where each service is.",
                );
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::config::{Asked, Settings};
    use crate::domain::service::Share;

    fn read(text: &str) -> (Services, Vec<String>) {
        let text = format!("[environment.production]\ncontext = \"p\"\n{text}");
        let (settings, problems) = Settings::parse("/etc/q.toml".as_ref(), &text, &Asked::default());
        ((*settings.services).clone(), problems.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn the_example_of_the_design_is_taken_as_it_is() {
        let (services, problems) = read(
            r#"[service.checkout]
workloads = ["deployment/checkout-api", "deploy/checkout-web", "sts/cart"]
alerts = { service = "checkout" }
tier = 1
slo = { availability = "99.9 %", latency_p95 = "200 ms" }
database = "orders"
depends_on = ["payments", "redis"]
runbooks = ["runbooks/checkout.md"]
on_call = "shop"
"#,
        );
        assert_eq!(problems, Vec::<String>::new());
        let [checkout] = services.declared() else { panic!("one service: {services:?}") };
        let members: Vec<String> = checkout.workloads.iter().map(ToString::to_string).collect();
        assert_eq!(members, ["deployment/checkout-api", "deployment/checkout-web", "statefulset/cart"]);
        assert_eq!((checkout.tier, checkout.on_call.as_deref()), (Some(1), Some("shop")));
        assert_eq!(checkout.alerts.get("service").map(String::as_str), Some("checkout"));
        assert_eq!(checkout.objective.availability, Some(Share(999_000)));
        assert_eq!(checkout.objective.latency_p95, Some(TimeDelta::milliseconds(200)));
        assert_eq!((checkout.depends_on.len(), checkout.database.as_deref()), (2, Some("orders")));
    }

    #[test]
    fn every_mistake_is_told_with_its_line_its_key_and_the_fix() {
        let (services, problems) = read(
            r#"[service.checkout]
workload = ["deployment/a"]
workloads = ["pod/a", "api", "deployment/A", "deployment/b", "deploy/b", 3]
tier = 4
environments = ["prodution"]
namespaces = ["Shop"]
depends_on = ["checkout", ""]
slo = { availability = "99.9", latency_p95 = "fast", errors = "1 %" }
on_call = 3
alerts = "checkout"
database = ""
[service.empty]
workloads = []
tier = "1"
[service."a b"]
[service]
flat = 1
"#,
        );
        assert_eq!(
            problems,
            [
                "/etc/q.toml:4: service.checkout.workload: There is no such key. Did you mean \"workloads\"?",
                "/etc/q.toml:5: service.checkout.workloads: Expected a text, found a number. Write it in double quotes.",
                "/etc/q.toml:5: service.checkout.workloads: There is no kind \"pod\" of workload here. Use one of deployment, statefulset, daemonset, or remove it.",
                "/etc/q.toml:5: service.checkout.workloads: \"api\" does not say which kind of workload it is. Write one of deployment, statefulset, daemonset before it: \"deployment/api\".",
                "/etc/q.toml:5: service.checkout.workloads: \"A\" cannot be the name of a workload: lower-case letters, digits, dashes and dots. Correct it or remove it.",
                "/etc/q.toml:5: service.checkout.workloads: deployment/b is listed twice. Remove one of the two.",
                "/etc/q.toml:6: service.checkout.tier: 4 is not from 1 to 3. Write a whole number from 1 to 3, without quotes.",
                "/etc/q.toml:7: service.checkout.environments: There is no environment \"prodution\". Did you mean \"production\"?",
                "/etc/q.toml:8: service.checkout.namespaces: \"Shop\" cannot be a namespace: 1 to 63 lower-case letters, digits and dashes. Correct it, or remove the line to mean all of them.",
                "/etc/q.toml:9: service.checkout.depends_on: An entry of the list is empty. Write a name or remove it.",
                "/etc/q.toml:9: service.checkout.depends_on: A service does not depend on itself. Remove it from its own list.",
                "/etc/q.toml:10: service.checkout.slo.errors: There is no such key. Use one of availability, latency_p95, window, goals, exclude, or remove it.",
                "/etc/q.toml:10: service.checkout.slo.availability: \"99.9\" is no share of the time. Write it like \"99.9 %\".",
                "/etc/q.toml:10: service.checkout.slo.latency_p95: \"fast\" is no time. Write it like \"200 ms\" or \"2 s\".",
                "/etc/q.toml:11: service.checkout.on_call: Expected a text, found a number. Write it in double quotes.",
                "/etc/q.toml:12: service.checkout.alerts: Expected a table, found a text. Write [service.checkout.alerts] on a line of its own.",
                "/etc/q.toml:13: service.checkout.database: The text is empty. Write a name or remove the line.",
                "/etc/q.toml:15: service.empty.workloads: The list of workloads is empty. Name at least one, or remove the line to find them by the label app.kubernetes.io/name.",
                "/etc/q.toml:16: service.empty.tier: Expected a whole number, found a text. Write a whole number from 1 to 3, without quotes.",
                "/etc/q.toml:17: service.\"a b\": The name of a service is 1 to 63 letters, digits, dashes, underscores or dots. Give it the name its workloads carry in the label app.kubernetes.io/name.",
                "/etc/q.toml:19: service.flat: Expected a table, found a number. Write [service.flat] on a line of its own.",
            ]
        );
        assert_eq!(services.declared().len(), 2, "what can be understood is kept");
    }

    #[test]
    fn a_service_names_the_label_of_its_status_and_may_show_no_signals() {
        let (services, problems) = read(
            "[service.cart]\ncode_label = \"ended\"\n[service.redis]\nsignals = false\nenvironments = [\"production\"]\n\
             [service.bad]\ncode_label = \"a-b\"\nsignals = \"no\"\n",
        );
        assert_eq!(
            problems,
            [
                "/etc/q.toml:9: service.bad.code_label: \"a-b\" is no label. Use letters, digits and underscores, no digit first.",
                "/etc/q.toml:10: service.bad.signals: Expected true or false, found a text. Write true or false, without quotes.",
            ]
        );
        let missed: Vec<String> = services.measured_in("production").iter().map(ToString::to_string).collect();
        assert_eq!(missed, ["bad", "cart"]);
        let labels = services.code_labels("production", Some("code".into()));
        assert_eq!((labels.everywhere.as_deref(), labels.own.len()), (Some("code"), 1));
        assert_eq!(labels.own.get("cart").map(|label| &**label), Some("ended"));
    }

    #[test]
    fn a_workload_is_of_one_service_wherever_both_are() {
        let twice = "[service.a]\nworkloads = [\"deployment/x\"]\n[service.b]\nworkloads = [\"deployment/x\"]\n";
        assert_eq!(
            read(twice).1,
            [
                "/etc/q.toml:5: service.b: It lists deployment/x, which service a lists too. Leave it in one of the two, or say with environments and namespaces where each service is."
            ]
        );
        let apart = "[service.a]\nnamespaces = [\"one\"]\nworkloads = [\"deployment/x\"]\n[service.b]\nnamespaces = [\"two\"]\nworkloads = [\"deployment/x\"]\n";
        assert_eq!(read(apart).1, Vec::<String>::new());
    }
}
