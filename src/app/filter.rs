//! The filter of the list: words found anywhere, and `service:NAME` for exactly one service.

use crate::domain::rollout::Rollout;
use crate::domain::service::UNMAPPED;

/// What begins the part of a filter that names a service.
const SERVICE: &str = "service:";

/// What a row must be, beside what its words match.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Asked {
    /// The service, as it was typed.
    service: Option<String>,
}

/// The exact part of a filter, and the words that are left.
pub(super) fn asked(filter: &str) -> (Asked, String) {
    let (named, words): (Vec<&str>, Vec<&str>) = filter.split_whitespace().partition(|word| word.starts_with(SERVICE));
    // The last one counts: whoever types a second one has changed their mind.
    let service = named.last().and_then(|word| word.strip_prefix(SERVICE)).filter(|name| !name.is_empty());
    (Asked { service: service.map(str::to_owned) }, words.join(" "))
}

/// The filter that shows one service.
pub(super) fn of_service(name: &str) -> String {
    format!("{SERVICE}{name}")
}

impl Asked {
    /// Whether a row is what was asked for.
    pub(super) fn allows(&self, row: &Rollout) -> bool {
        match (&self.service, row.service.as_deref()) {
            (None, _) => true,
            (Some(asked), None) => asked.eq_ignore_ascii_case(UNMAPPED),
            (Some(asked), Some(service)) => asked == service,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_service_is_exact_and_the_rest_is_words() {
        assert_eq!(
            asked("service:checkout stuck api"),
            (Asked { service: Some("checkout".into()) }, "stuck api".into())
        );
        assert_eq!(asked("check out"), (Asked::default(), "check out".into()));
        assert_eq!(asked("service:"), (Asked::default(), String::new()), "still being typed");
        assert_eq!(asked(&of_service("a")).0, Asked { service: Some("a".into()) });
    }
}
