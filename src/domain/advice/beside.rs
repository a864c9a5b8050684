//! What the new pods of a release say beside the old ones: a canary beside what is stable.
//!
//! Both answered in the same time, under the same load, with the same databases behind them. What only the new ones do is the release's.

use super::compared::{Absence, Beside, FAILING, REQUESTS_AT_LEAST, Value, WORSE};
use super::judge::{Criterion, Opinion};
use crate::domain::signal::Unit;
use crate::domain::signal::query::{ERRORS, P95};

/// The share of failed requests of the new pods, beside that of the old ones.
pub const NEW_ERRORS: &str = "new_pods_error_ratio";
/// The p95 of the new pods, beside that of the old ones.
pub const NEW_P95: &str = "new_pods_latency_p95_seconds";

/// The criterion that compares the pods in what a criterion compares over time; none for what is not measured pod by pod.
pub(super) fn counterpart(name: &str) -> Option<&'static str> {
    match name {
        ERRORS => Some(NEW_ERRORS),
        P95 => Some(NEW_P95),
        _ => None,
    }
}

/// One criterion a value both sides have; one that says why, where the new pods answered too little to be told from the old ones.
pub(super) fn criteria(beside: &Beside) -> Vec<Criterion> {
    let Beside { new, old } = beside;
    if let Some(why) = too_few(&new.requests, "new").or_else(|| too_few(&old.requests, "old")) {
        let unknown = |name: &str, unit| Criterion {
            name: name.into(),
            opinion: Opinion::Unknown,
            unit,
            value: None,
            threshold: None,
            baseline: None,
            words: why.clone(),
        };
        return vec![unknown(NEW_ERRORS, Unit::Ratio)];
    }
    let errors = compare(NEW_ERRORS, "errors", Unit::Ratio, FAILING, [&new.errors, &old.errors]);
    let p95 = compare(NEW_P95, "p95", Unit::Seconds, 0.0, [&new.p95, &old.p95]);
    errors.into_iter().chain(p95).collect()
}

fn too_few(requests: &Value, which: &str) -> Option<String> {
    match requests {
        Ok(count) if *count >= REQUESTS_AT_LEAST => None,
        Ok(count) => Some(format!(
            "the {which} pods answered {}, at least {REQUESTS_AT_LEAST:.0} are needed",
            super::compared::requests(*count)
        )),
        Err(_) => Some(format!("nothing was counted of the {which} pods")),
    }
}

/// A value of both sides; nothing where it is asked of neither, for then the release's own criterion says so.
fn compare(name: &str, what: &str, unit: Unit, least: f64, sides: [&Value; 2]) -> Option<Criterion> {
    let mut found = Criterion {
        name: name.into(),
        opinion: Opinion::Unknown,
        unit,
        value: None,
        threshold: None,
        baseline: None,
        words: String::new(),
    };
    match sides {
        [Ok(new), Ok(old)] => {
            let threshold = least.max(old * WORSE);
            let is_worse = *new > threshold;
            found.value = Some(*new);
            found.baseline = Some(*old);
            found.threshold = Some(threshold);
            found.opinion = if is_worse { Opinion::Worse } else { Opinion::Fine };
            found.words = format!(
                "{what} of the new pods {} {} {} ({} of the old pods beside them)",
                unit.say(*new),
                if is_worse { "above" } else { "not above" },
                unit.say(threshold),
                unit.say(*old),
            );
            Some(found)
        }
        [Err(absence @ (Absence::NoSeries | Absence::Unsaid)), Ok(_)] => {
            found.words = format!("{what} of the new pods: {}", absence.words());
            Some(found)
        }
        _ => None,
    }
}
