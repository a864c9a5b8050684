//! The value of an expression at a time, by the arithmetic of Prometheus 2.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::promql::{Expression, Operation, Selector};
use super::traffic::Traffic;
use crate::domain::signal::histogram::quantile;
use crate::sandbox::alertmanager::matching;

/// Labels with their values.
pub(super) type Labels = BTreeMap<String, String>;

/// What an expression is.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Found {
    /// A number.
    Scalar(f64),
    /// A number for each set of labels.
    Vector(Vec<(Labels, f64)>),
}

/// The value of an expression.
///
/// # Errors
/// Where it asks for what is not simulated: why.
pub(super) fn evaluate(
    expression: &Expression,
    traffic: &Traffic,
    namespace: &str,
    at: DateTime<Utc>,
) -> Result<Found, String> {
    let inner = |expression: &Expression| evaluate(expression, traffic, namespace, at);
    match expression {
        Expression::Number(number) => Ok(Found::Scalar(*number)),
        Expression::Rate(selector, window) => rates(selector, *window, traffic, namespace, at),
        Expression::Sum(labels, of) => Ok(Found::Vector(summed(vector(inner(of)?)?, labels))),
        Expression::Quantile(share, of) => Ok(Found::Vector(quantiles(*share, vector(inner(of)?)?))),
        Expression::Joined(operation, left, right) => joined(*operation, inner(left)?, inner(right)?),
    }
}

fn vector(found: Found) -> Result<Vec<(Labels, f64)>, String> {
    match found {
        Found::Vector(elements) => Ok(elements),
        Found::Scalar(_) => Err("expected type instant vector, got scalar".to_owned()),
    }
}

fn rates(
    selector: &Selector,
    window: i64,
    traffic: &Traffic,
    namespace: &str,
    at: DateTime<Utc>,
) -> Result<Found, String> {
    if !selector.matchers.iter().all(matching::is_understood) {
        return Err("the simulated Prometheus knows no such regular expression".to_owned());
    }
    let (from, to) = (at.timestamp_millis() - window, at.timestamp_millis());
    let mut found = Vec::new();
    for series in traffic.series(namespace, &selector.name) {
        if !selector.matchers.iter().all(|matcher| matching::covers(matcher, series.labels())) {
            continue;
        }
        if let Some((ends, count)) = series.ends(from, to)
            && let Some(rate) = rate(ends, count, from, to)
        {
            found.push((series.labels().clone(), rate));
        }
    }
    Ok(Found::Vector(found))
}

/// The rate per second of a counter that never resets, drawn out to the ends of its window as Prometheus 2 does it: by its first and last
/// samples and how many there are.
#[expect(clippy::cast_precision_loss, reason = "milliseconds within a window")]
fn rate([first, last]: [(i64, f64); 2], count: usize, from: i64, to: i64) -> Option<f64> {
    if count < 2 {
        return None;
    }
    let increase = last.1 - first.1;
    let seconds = |milliseconds: i64| milliseconds as f64 / 1_000.0;
    let seen = seconds(last.0 - first.0);
    let between = seen / (count - 1) as f64;
    let (mut before, after) = (seconds(first.0 - from), seconds(to - last.0));
    if increase > 0.0 && first.1 >= 0.0 {
        before = before.min(seen * (first.1 / increase));
    }
    let drawn = |gap: f64| if gap < between * 1.1 { gap } else { between / 2.0 };
    let whole = seen + drawn(before) + drawn(after);
    Some(increase * (whole / seen) / seconds(to - from))
}

fn summed(elements: Vec<(Labels, f64)>, by: &[String]) -> Vec<(Labels, f64)> {
    let mut sums: BTreeMap<Labels, f64> = BTreeMap::new();
    for (labels, value) in elements {
        let kept = labels.into_iter().filter(|(name, _)| by.contains(name)).collect();
        *sums.entry(kept).or_default() += value;
    }
    sums.into_iter().collect()
}

fn quantiles(share: f64, elements: Vec<(Labels, f64)>) -> Vec<(Labels, f64)> {
    let mut histograms: BTreeMap<Labels, Vec<(f64, f64)>> = BTreeMap::new();
    for (mut labels, value) in elements {
        let Some(bound) = labels.remove("le").and_then(|bound| bound.trim_start_matches('+').parse().ok()) else {
            continue;
        };
        histograms.entry(labels).or_default().push((bound, value));
    }
    histograms.into_iter().map(|(labels, buckets)| (labels, quantile(share, buckets))).collect()
}

fn joined(operation: Operation, left: Found, right: Found) -> Result<Found, String> {
    let apply = |left: f64, right: f64| match operation {
        Operation::Plus => Some(left + right),
        Operation::Minus => Some(left - right),
        Operation::Times => Some(left * right),
        Operation::Over => Some(left / right),
        Operation::Greater => (left > right).then_some(left),
        Operation::Or | Operation::Unless => None,
    };
    match (operation, left, right) {
        (Operation::Or, Found::Vector(mut left), Found::Vector(right)) => {
            let others: Vec<_> =
                right.into_iter().filter(|(labels, _)| !left.iter().any(|(known, _)| known == labels)).collect();
            left.extend(others);
            Ok(Found::Vector(left))
        }
        (Operation::Unless, Found::Vector(mut left), Found::Vector(right)) => {
            left.retain(|(labels, _)| !right.iter().any(|(other, _)| other == labels));
            Ok(Found::Vector(left))
        }
        (_, Found::Vector(left), Found::Scalar(right)) => Ok(Found::Vector(
            left.into_iter().filter_map(|(labels, value)| Some((labels, apply(value, right)?))).collect(),
        )),
        (_, Found::Vector(left), Found::Vector(right)) => {
            let pair = |(labels, value): (Labels, f64)| {
                let (_, other) = right.iter().find(|(known, _)| *known == labels)?;
                Some((labels, apply(value, *other)?))
            };
            Ok(Found::Vector(left.into_iter().filter_map(pair).collect()))
        }
        _ => Err("the simulated Prometheus joins vectors with vectors and numbers alone".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_drawn_out_to_the_ends_of_its_window() {
        // Twenty samples, one each 15 s, of a counter that grows by two a second.
        let ends = [(0, 1_000.0), (285_000, 1_570.0)];
        let found = rate(ends, 20, -5_000, 290_000).expect("it has samples");
        assert!((found - 2.0).abs() < 1e-9, "{found}");
        let found = rate(ends, 20, -300_000, 290_000).expect("it has samples");
        assert!((found - 2.0 * (285.0 + 7.5 + 5.0) / 590.0).abs() < 1e-9, "half a sample before the first: {found}");
        assert_eq!(rate([ends[0], ends[0]], 1, 0, 300_000), None, "one sample is no rate");
    }
}
