//! How a request ended, by the label that carries its status code.
//!
//! Names of that label in the wild: `code` (Prometheus' own instrumentation), `status`, `status_code`, `statusCode`, `http_status`,
//! `response_code` (Istio), `http_response_status_code` (OpenTelemetry). A series without any of them, or with words in place of a code,
//! does not say how its requests ended: a share of errors that includes it is not known, and never zero.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::query::{REQUESTS_METRIC, quoted};
use super::sample::Series;

/// The labels that may carry the status code: any that is there and holds one counts.
pub const CODE_LABELS: [&str; 10] = [
    "code",
    "status",
    "status_code",
    "statusCode",
    "http_status",
    "http_status_code",
    "http_code",
    "response_code",
    "response_status",
    "http_response_status_code",
];
/// What a status code, or its class as in `5xx`, looks like to PromQL.
const SAID: &str = "1..|2..|3..|4..|5..";
/// What a server's error looks like to PromQL.
const FAILED: &str = "5..";

/// How the requests of a series ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// With a server's error.
    Failed,
    /// With anything else.
    Answered,
    /// It does not say.
    Unsaid,
}

/// Which labels may carry the status code, by service.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct CodeLabels {
    /// The one of every service that names none; `None`: any of [`CODE_LABELS`].
    pub everywhere: Option<Arc<str>>,
    /// The one of a service that names it.
    pub own: BTreeMap<Arc<str>, Arc<str>>,
}

impl CodeLabels {
    /// The labels to look at of services that name none.
    fn usual(&self) -> Vec<&str> {
        self.everywhere.as_deref().map_or_else(|| CODE_LABELS.to_vec(), |label| vec![label])
    }

    /// How the requests of a series of a service ended.
    pub fn outcome(&self, service: &str, series: &Series) -> Outcome {
        let labels = self.own.get(service).map_or_else(|| self.usual(), |label| vec![&**label]);
        let codes = labels.into_iter().filter_map(|label| series.label(label));
        let (mut found, is_code) = (Outcome::Unsaid, |code: &str| code.len() == 3 && code.is_ascii());
        for code in codes.filter(|code| is_code(code)) {
            match code.as_bytes().first() {
                Some(b'5') => return Outcome::Failed,
                Some(b'1'..=b'4') => found = Outcome::Answered,
                _ => {}
            }
        }
        found
    }

    /// Why a share of errors is not known where not every request says how it ended, as a sentence.
    pub fn unsaid(&self, service: &str) -> String {
        let looked = self.own.get(service).map_or_else(|| self.usual(), |label| vec![&**label]);
        format!(
            "Not every request of it says how it ended: series of {REQUESTS_METRIC} have no status code in {}. \
             Set code_label of service.{service} to the label that has it.",
            looked.join(", ")
        )
    }

    /// PromQL of the rates of requests that failed, each series once. `matchers` are those of the services meant.
    pub(super) fn failed(&self, service_label: &str, matchers: &str, range: &str) -> String {
        let rates = self.groups(service_label).into_iter().flat_map(|(group, labels)| {
            labels.into_iter().map(move |label| {
                format!("rate({REQUESTS_METRIC}{{{matchers}{group}, {label}=~\"{FAILED}\"}}[{range}])")
            })
        });
        rates.collect::<Vec<_>>().join(" or ")
    }

    /// PromQL of the rates of requests that do not say how they ended, each series once.
    pub(super) fn unsaid_rates(&self, service_label: &str, matchers: &str, range: &str) -> String {
        let rates = self.groups(service_label).into_iter().map(|(group, labels)| {
            let without: Vec<String> = labels.into_iter().map(|label| format!(", {label}!~\"{SAID}\"")).collect();
            format!("rate({REQUESTS_METRIC}{{{matchers}{group}{}}}[{range}])", without.concat())
        });
        rates.collect::<Vec<_>>().join(" or ")
    }

    /// Services that share the same labels: a matcher that tells them from the others, and the labels. Every service is in one of them.
    fn groups(&self, service_label: &str) -> Vec<(String, Vec<&str>)> {
        let named = |services: Vec<&str>| quoted(&services.join("|").replace('.', "[.]"));
        let mut groups = Vec::with_capacity(self.own.len() + 1);
        if self.own.is_empty() {
            groups.push((String::new(), self.usual()));
            return groups;
        }
        let all = named(self.own.keys().map(|service| &**service).collect());
        groups.push((format!(", {service_label}!~{all}"), self.usual()));
        let mut by_label: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (service, label) in &self.own {
            by_label.entry(label).or_default().push(service);
        }
        for (label, services) in by_label {
            groups.push((format!(", {service_label}=~{}", named(services)), vec![label]));
        }
        groups
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(labels: &[(&str, &str)], codes: &CodeLabels) -> Outcome {
        let labels = labels.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        codes.outcome("cart", &Series { labels, samples: Vec::new() })
    }

    #[test]
    fn every_name_of_the_label_in_the_wild_says_how_a_request_ended() {
        let any = CodeLabels::default();
        for label in CODE_LABELS {
            assert_eq!(of(&[(label, "503")], &any), Outcome::Failed, "{label}");
            assert_eq!(of(&[(label, "404")], &any), Outcome::Answered, "{label}");
        }
        for (value, outcome) in [
            ("5xx", Outcome::Failed),
            ("5XX", Outcome::Failed),
            ("2xx", Outcome::Answered),
            ("error", Outcome::Unsaid),
            ("0", Outcome::Unsaid),
            ("600", Outcome::Unsaid),
            ("", Outcome::Unsaid),
        ] {
            assert_eq!(of(&[("status", value)], &any), outcome, "{value}");
        }
        assert_eq!(of(&[("method", "GET")], &any), Outcome::Unsaid, "without a label it is not known");
        assert_eq!(of(&[("code", "OK"), ("status", "500")], &any), Outcome::Failed, "words beside a code are no code");
    }

    #[test]
    fn a_service_that_names_its_label_is_read_by_that_alone() {
        let named = CodeLabels { everywhere: None, own: [("cart".into(), "ended".into())].into() };
        assert_eq!(of(&[("code", "200"), ("ended", "500")], &named), Outcome::Failed);
        assert_eq!(of(&[("code", "500")], &named), Outcome::Unsaid);
        let here = CodeLabels { everywhere: Some("result".into()), own: BTreeMap::new() };
        assert_eq!(
            (of(&[("result", "500")], &here), of(&[("code", "500")], &here)),
            (Outcome::Failed, Outcome::Unsaid)
        );
        let said = named.unsaid("cart");
        assert!(said.contains("no status code in ended.") && said.contains("code_label of service.cart"), "{said}");
    }

    #[test]
    fn a_question_looks_at_each_service_by_its_own_labels() {
        let own = [("cart".into(), "ended".into()), ("mail.eu".into(), "ended".into())].into();
        let codes = CodeLabels { everywhere: Some("code".into()), own };
        assert_eq!(
            codes.failed("app", "app!=\"\"", "5m"),
            "rate(http_requests_total{app!=\"\", app!~\"cart|mail[.]eu\", code=~\"5..\"}[5m]) or \
             rate(http_requests_total{app!=\"\", app=~\"cart|mail[.]eu\", ended=~\"5..\"}[5m])"
        );
        assert_eq!(
            CodeLabels { own: BTreeMap::new(), ..codes }.unsaid_rates("app", "app=\"x\"", "1h"),
            "rate(http_requests_total{app=\"x\", code!~\"1..|2..|3..|4..|5..\"}[1h])"
        );
        let all = CodeLabels::default().failed("app", "app!=\"\"", "5m");
        assert_eq!(all.matches(" or ").count(), CODE_LABELS.len() - 1, "{all}");
    }
}
