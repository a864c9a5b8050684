//! How a service is taken into maintenance mode: `[service.NAME.maintenance]`, one function per rule, each with its sentence.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::service::{names, word};
use super::web;
use crate::domain::document::{self, Entry, Problems, Table};
use crate::domain::maintenance_mode::{Named, ObjectKind, Page, Way, Ways};

/// Every key of it.
const KEYS: [&str; 8] = ["by", "routes", "page", "config_map", "container", "variables", "cron_jobs", "address"];

/// Every key of the page.
const PAGE_KEYS: [&str; 3] = ["service", "port", "selector"];

/// What is declared; what cannot be understood is left out and said.
pub(super) fn ways(table: &Table<'_, '_>, problems: &mut Problems) -> Ways {
    table.refuse_unknown(&KEYS, problems);
    let ways = Ways {
        by: by(table, problems),
        routes: routes(table, problems),
        page: table.table("page", problems).and_then(|page| self::page(&page, problems)),
        config_map: word(table, "config_map", problems).map(Into::into),
        container: word(table, "container", problems).map(Into::into),
        has_variables: table.truth("variables", problems) == Some(true),
        cron_jobs: names(table, "cron_jobs", problems),
        address: address(table, problems),
    };
    let services = ways.routes.iter().any(|route| route.kind == ObjectKind::Service);
    if let Some(entry) = table.entry("routes") {
        match &ways.page {
            None => problems.at(
                &entry,
                "Routes are switched to a page, and there is none.",
                "Add page = { service = \"NAME\", port = 80 }: the Service that answers meanwhile.",
            ),
            Some(page) if services && page.selector.is_empty() => problems.at(
                &entry,
                "A Service is switched by its selector, and the page has none.",
                "Add selector = { app = \"NAME\" } to the page: the labels of its pods.",
            ),
            Some(_) => {}
        }
    }
    for way in &ways.by {
        if let (Some(lacks), Some(entry)) = (ways.lacks(*way), table.entry("by")) {
            problems.at(&entry, format!("The way {:?} has nothing to act on.", way.word()), format!("Add {lacks}."));
        }
    }
    ways
}

fn by(table: &Table<'_, '_>, problems: &mut Problems) -> Vec<Way> {
    let Some(entry) = table.entry("by") else { return Vec::new() };
    let words = Way::ALL.map(Way::word);
    let mut by = Vec::new();
    for (text, place) in entry.texts(problems).unwrap_or_default() {
        match Way::of_word(text) {
            Some(way) if by.contains(&way) => {
                problems.at(&place, format!("{text:?} is listed twice."), "Remove one of the two.");
            }
            Some(way) => by.push(way),
            None => problems.at(&place, format!("There is no way {text:?}."), document::did_you_mean(text, &words)),
        }
    }
    by.sort_unstable();
    by
}

fn routes(table: &Table<'_, '_>, problems: &mut Problems) -> Vec<Named> {
    let mut routes = Vec::new();
    for name in names(table, "routes", problems) {
        let named = Named::read(&name).filter(|one| matches!(one.kind, ObjectKind::HttpRoute | ObjectKind::Service));
        match (named, table.entry("routes")) {
            (Some(route), _) => routes.push(route),
            (None, Some(entry)) => problems.at(
                &entry,
                format!("{name:?} is nothing that can be switched."),
                "Write httproute/NAME or service/NAME.",
            ),
            (None, None) => {}
        }
    }
    routes
}

fn page(table: &Table<'_, '_>, problems: &mut Problems) -> Option<Page> {
    table.refuse_unknown(&PAGE_KEYS, problems);
    let service = word(table, "service", problems);
    let port = table.whole("port", 1..=65_535, problems).and_then(|port| u16::try_from(port).ok());
    let selector = table.table("selector", problems);
    let entries = selector.iter().flat_map(Table::entries);
    let label = |entry: Entry<'_, '_>| Some((entry.name.to_owned(), entry.text(problems)?.to_owned()));
    let selector: BTreeMap<String, String> = entries.filter_map(label).collect();
    let service: Arc<str> = service?.into();
    Some(Page { service, port: port.unwrap_or(80), selector })
}

fn address(table: &Table<'_, '_>, problems: &mut Problems) -> Option<String> {
    let (text, entry) = table.text("address", problems)?;
    if web(text).is_none() {
        problems.at(
            &entry,
            "The address is none that can be asked.",
            "Write it as http://HOST/PATH or https://HOST/PATH.",
        );
        return None;
    }
    Some(text.to_owned())
}

#[cfg(test)]
mod tests {
    use crate::config::{Asked, Settings};
    use crate::domain::maintenance_mode::Way;

    fn read(text: &str) -> (Option<crate::domain::maintenance_mode::Ways>, Vec<String>) {
        let text = format!("[environment.production]\ncontext = \"p\"\n[service.checkout.maintenance]\n{text}");
        let (settings, problems) = Settings::parse("/etc/q.toml".as_ref(), &text, &Asked::default());
        let service = settings.services.declared().first().cloned();
        (service.and_then(|service| service.ways), problems.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn every_way_can_be_declared() {
        let (ways, problems) = read(
            "by = [\"scale\", \"route\"]\nroutes = [\"httproute/checkout\", \"service/checkout\"]\nconfig_map = \"mode\"\nvariables = true\ncron_jobs = [\"nightly\"]\naddress = \"http://127.0.0.1:8080/\"\n[service.checkout.maintenance.page]\nservice = \"page\"\nport = 8080\nselector = { app = \"page\" }\n",
        );
        assert_eq!(problems, Vec::<String>::new());
        let ways = ways.expect("ways");
        assert_eq!(ways.usual(), [Way::Route, Way::Scale], "in the order they are taken");
        assert!(Way::ALL.iter().all(|way| ways.lacks(*way).is_none()));
    }

    #[test]
    fn what_cannot_be_is_said_with_its_fix() {
        for (text, words, fix) in [
            ("by = [\"rout\"]", "There is no way \"rout\"", "route"),
            ("by = [\"variables\"]", "nothing to act on", "variables = true"),
            ("routes = [\"httproute/a\"]", "there is none", "page = {"),
            ("routes = [\"ingress/a\"]\npage = { service = \"p\" }", "can be switched", "httproute/NAME"),
            ("routes = [\"service/a\"]\npage = { service = \"p\" }", "the page has none", "selector"),
            ("address = \"checkout\"", "can be asked", "http://"),
        ] {
            let (_, problems) = read(text);
            let all = problems.join(" ");
            assert!(all.contains(words) && all.contains(fix), "{text}: {all}");
        }
    }
}
