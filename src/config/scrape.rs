//! The metrics pages of an environment that are read without a Prometheus between: one function per rule, each with its sentence.

use std::sync::Arc;

use super::server::{self, Server};
use crate::domain::document::{Problems, Table};

const EXAMPLE: &str = "http://cart-0.cart.shop:8080/metrics";
const FORM: &str = "Write scrape = [{ url = \"http://cart-0.cart.shop:8080/metrics\", service = \"cart\" }].";

/// A page of metrics.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scrape {
    /// Where it is and who we are to it. An address that ends with `/federate` is asked for what is read of it.
    pub server: Server,
    /// Whose metrics they are; `None` where the label `service`, `app` or `job` says so.
    pub service: Option<Arc<str>>,
}

/// Reads `scrape` of an environment.
pub(super) fn scrapes(table: &Table<'_, '_>, problems: &mut Problems) -> Vec<Scrape> {
    let Some(entry) = table.entry("scrape") else { return Vec::new() };
    let Some(parts) = entry.parts() else {
        problems.at(&entry, format!("Expected a list of tables, found {}.", entry.kind()), FORM);
        return Vec::new();
    };
    let mut known: Vec<Scrape> = Vec::new();
    for part in parts {
        let Some(table) = part.as_table() else {
            problems.at(&part, format!("Expected a table, found {}.", part.kind()), FORM);
            continue;
        };
        let service = match table.text("service", problems) {
            Some((name, place)) if name.trim().is_empty() => {
                problems.at(&place, "The text is empty.", "Write the name of a service or remove it.");
                None
            }
            Some((name, _)) => Some(Arc::from(name.trim())),
            None => None,
        };
        let Some(mut server) = server::server(&part, &table, &["service"], EXAMPLE, problems) else { continue };
        // Pods of one host are told apart by what they show, too.
        let path = server.url.split_once("//").and_then(|(_, rest)| rest.split_once('/')).map_or("", |(_, path)| path);
        if !matches!(path, "" | "metrics") {
            server.name = format!("{}/{path}", server.name).into();
        }
        if known.iter().any(|other| other.server.url == server.url) {
            problems.at(&part, format!("{} is listed twice.", server.url), "Remove one of the two.");
        } else {
            known.push(Scrape { server, service });
        }
    }
    known
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::{Asked, Settings};

    fn read(line: &str) -> (Vec<Scrape>, Vec<String>) {
        let text = format!("[environment.a]\ncontext = \"x\"\n{line}\n");
        let (settings, problems) = Settings::parse(Path::new("q.toml"), &text, &Asked::default());
        (settings.environments[0].scrapes.clone(), problems.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn pages_of_services_and_a_federation() {
        let (found, problems) = read(
            "scrape = [{ url = \"http://cart:8080/metrics\", service = \"cart\" }, { url = \"https://p.example/prometheus/federate\", bearer_file = \"/run/token\" }]",
        );
        assert_eq!(problems, Vec::<String>::new());
        let shown: Vec<_> = found.iter().map(|one| (&*one.server.name, one.service.as_deref())).collect();
        assert_eq!(shown, [("cart:8080", Some("cart")), ("p.example/prometheus/federate", None)]);
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line_and_fix() {
        for (line, problem) in [
            (
                "scrape = \"http://cart\"",
                "q.toml:3: environment.a.scrape: Expected a list of tables, found a text. Write scrape = [{ url = \"http://cart-0.cart.shop:8080/metrics\", service = \"cart\" }].",
            ),
            (
                "scrape = [{ service = \"cart\" }]",
                "q.toml:3: environment.a.scrape: It does not say where it is. Add url = \"http://cart-0.cart.shop:8080/metrics\".",
            ),
            (
                "scrape = [{ url = \"http://a/metrics\" }, { url = \"http://a/metrics\" }]",
                "q.toml:3: environment.a.scrape: http://a/metrics is listed twice. Remove one of the two.",
            ),
            (
                "scrape = [{ url = \"http://a/metrics\", service = \"\" }]",
                "q.toml:3: environment.a.scrape.service: The text is empty. Write the name of a service or remove it.",
            ),
        ] {
            assert_eq!(read(line).1, [problem], "{line}");
        }
    }
}
