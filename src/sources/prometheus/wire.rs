//! The JSON of the API: an envelope, and in it numbers written as texts.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::TimeDelta;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use crate::domain::signal::{Sample, Series};
use crate::domain::text;
use crate::domain::time::{self, Instant};
use crate::sources::metrics::{Rule, RuleAlert};
use crate::sources::texts::{Kept, Pairs, Text};

/// The most warnings that are kept.
const NOTES: usize = 20;

/// An answer without its wrapping.
#[derive(Debug)]
pub(super) struct Envelope {
    /// What was asked for.
    data: Option<Box<RawValue>>,
    /// What it says against the question, cleaned; then there is no data.
    pub(super) error: Option<String>,
    /// Warnings and remarks, cleaned.
    pub(super) notes: Vec<String>,
}

/// The series of an answer.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Those with numbers.
    pub(super) series: Vec<Series>,
    /// How many elements were native histograms.
    pub(super) histograms: usize,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wrapped {
    status: String,
    #[serde(default)]
    data: Option<Box<RawValue>>,
    #[serde(default)]
    error_type: String,
    #[serde(default)]
    error: String,
    #[serde(default)]
    warnings: Option<Vec<String>>,
    #[serde(default)]
    infos: Option<Vec<String>>,
}

/// Takes the wrapping off.
///
/// # Errors
/// What is wrong, when it is not the wrapping of this API.
pub(super) fn envelope(body: &[u8]) -> Result<Envelope, String> {
    if body.trim_ascii_start().starts_with(b"<") {
        return Err("a web page instead of JSON".to_owned());
    }
    let wrapped: Wrapped = serde_json::from_slice(body).map_err(|error| broken(&error))?;
    let notes = [wrapped.warnings, wrapped.infos].into_iter().flatten().flatten();
    let notes = notes.map(|note| text::clean(&note).into_owned()).take(NOTES).collect();
    let error = match wrapped.status.as_str() {
        "success" => None,
        "error" => Some(text::clean(&format!("{}: {}", wrapped.error_type, wrapped.error)).into_owned()),
        other => return Err(format!("its status is {:?}", text::clean(other))),
    };
    Ok(Envelope { data: wrapped.data, error, notes })
}

#[derive(Deserialize)]
struct Data<'a> {
    #[serde(rename = "resultType")]
    kind: &'a str,
    #[serde(borrow)]
    result: &'a RawValue,
}

#[derive(Deserialize)]
struct Element<'a> {
    #[serde(default, borrow)]
    metric: BTreeMap<Cow<'a, str>, Cow<'a, str>>,
    #[serde(default, borrow)]
    value: Option<Pair<'a>>,
    #[serde(default, borrow)]
    values: Option<Vec<Pair<'a>>>,
    #[serde(default)]
    histogram: Option<IgnoredAny>,
    #[serde(default)]
    histograms: Option<Vec<IgnoredAny>>,
}

/// Seconds since 1970, and a number as a text.
#[derive(Deserialize)]
struct Pair<'a>(f64, #[serde(borrow)] Cow<'a, str>);

impl Pair<'_> {
    fn sample(&self) -> Result<Sample, String> {
        let value = number(&self.1).ok_or_else(|| format!("{:?} is no number", text::clean(&self.1)))?;
        let at = instant(self.0).ok_or_else(|| format!("{} is no time", self.0))?;
        Ok(Sample { at, value })
    }
}

/// The series of an answer to a query.
///
/// # Errors
/// What is wrong, when one number cannot be read: a part of the answer would look like all of it.
pub(super) fn series(envelope: &Envelope) -> Result<Found, String> {
    let data: Data<'_> = data(envelope)?;
    match data.kind {
        "vector" | "matrix" => {
            let elements: Vec<Element<'_>> = serde_json::from_str(data.result.get()).map_err(|error| broken(&error))?;
            let mut found = Found::default();
            for element in elements {
                let is_histogram =
                    element.histogram.is_some() || element.histograms.as_ref().is_some_and(|all| !all.is_empty());
                found.histograms += usize::from(is_histogram);
                let pairs = element.value.iter().chain(element.values.iter().flatten());
                let samples = pairs.map(Pair::sample).collect::<Result<Vec<Sample>, String>>()?;
                if samples.is_empty() {
                    continue;
                }
                let cleaned = |text: &str| -> Arc<str> { text::clean(text).into() };
                let labels = element.metric.iter().map(|(name, value)| (cleaned(name), cleaned(value))).collect();
                found.series.push(Series { labels, samples });
            }
            Ok(found)
        }
        "scalar" => {
            let pair: Pair<'_> = serde_json::from_str(data.result.get()).map_err(|error| broken(&error))?;
            Ok(Found { series: vec![Series { samples: vec![pair.sample()?], ..Series::default() }], histograms: 0 })
        }
        other => Err(format!("the answer is of type {:?}, not a vector or a matrix", text::clean(other))),
    }
}

/// The list of texts of an answer, as they came: they are compared, not shown.
pub(super) fn texts(envelope: &Envelope) -> Result<Vec<String>, String> {
    match envelope.data.as_deref().map(RawValue::get) {
        // No names at all is null on some.
        None | Some("null") => Ok(Vec::new()),
        Some(json) => serde_json::from_str(json).map_err(|error| broken(&error)),
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireAlert<'a> {
    #[serde(default, borrow)]
    labels: Pairs<'a>,
    #[serde(default, borrow)]
    annotations: Pairs<'a>,
    #[serde(borrow)]
    state: Text<'a>,
    #[serde(default, borrow)]
    active_at: Option<Text<'a>>,
    #[serde(default, borrow)]
    value: Option<Text<'a>>,
}

/// An alert of a rule; `None` for one that neither fires nor is pending, as some servers list.
fn alert(alert: &WireAlert<'_>, kept: &mut Kept) -> Option<RuleAlert> {
    matches!(&*alert.state.0, "firing" | "pending").then(|| RuleAlert {
        labels: kept.labels(&alert.labels),
        annotations: kept.labels(&alert.annotations),
        is_firing: alert.state.0 == "firing",
        active_at: alert.active_at.as_ref().and_then(|at| time::read(&at.0)),
        value: alert.value.as_ref().and_then(|value| number(&value.0)).filter(|value| value.is_finite()),
    })
}

/// An answer without groups is none; groups that are null are no rules.
#[derive(Deserialize)]
struct Groups<'a> {
    #[serde(borrow)]
    groups: &'a RawValue,
}

#[derive(Deserialize)]
struct WireGroup<'a> {
    #[serde(default, borrow)]
    rules: Option<Vec<WireRule<'a>>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireRule<'a> {
    name: String,
    query: String,
    #[serde(rename = "type")]
    kind: String,
    /// Seconds.
    #[serde(default)]
    duration: f64,
    #[serde(default)]
    health: String,
    #[serde(default)]
    last_error: Option<String>,
    #[serde(default, borrow)]
    alerts: Option<Vec<WireAlert<'a>>>,
}

/// The rules of an answer; texts that were in the one before are kept once.
pub(super) fn rules(envelope: &Envelope, kept: &mut Kept) -> Result<Vec<Rule>, String> {
    let found: Groups<'_> = data(envelope)?;
    let groups: Option<Vec<WireGroup<'_>>> =
        serde_json::from_str(found.groups.get()).map_err(|error| broken(&error))?;
    let mut all = Vec::new();
    for group in groups.unwrap_or_default() {
        all.extend(group.rules.unwrap_or_default().into_iter().map(|rule| Rule {
            name: text::clean(&rule.name).into(),
            is_alerting: rule.kind == "alerting",
            expression: text::clean(&rule.query).into_owned(),
            held_for: milliseconds(rule.duration).unwrap_or_default(),
            health: text::clean(&rule.health).into_owned(),
            error: rule.last_error.filter(|error| !error.is_empty()).map(|error| text::clean(&error).into_owned()),
            alerts: rule.alerts.iter().flatten().filter_map(|one| alert(one, kept)).collect(),
        }));
    }
    Ok(all)
}

fn data<'a, T: Deserialize<'a>>(envelope: &'a Envelope) -> Result<T, String> {
    let json = envelope.data.as_deref().ok_or("there is no data in it")?;
    serde_json::from_str(json.get()).map_err(|error| broken(&error))
}

fn broken(error: &serde_json::Error) -> String {
    if error.is_eof() {
        return "its JSON ends before it is complete".to_owned();
    }
    format!("its JSON cannot be read: {}", text::clean(&error.to_string()))
}

/// A number as Prometheus writes it; `NaN`, `+Inf` and `-Inf` are numbers too.
pub(super) fn number(text: &str) -> Option<f64> {
    match text {
        "NaN" => Some(f64::NAN),
        "+Inf" | "Inf" => Some(f64::INFINITY),
        "-Inf" => Some(f64::NEG_INFINITY),
        // What our parser takes and theirs never writes: `infinity`, `nan`; and what does not fit is no number either.
        _ => text.parse().ok().filter(|value: &f64| value.is_finite()),
    }
}

/// Seconds since 1970.
fn instant(seconds: f64) -> Option<Instant> {
    Some(time::FIRST + milliseconds(seconds)?)
}

/// A length in whole milliseconds; `None` beyond ten thousand years.
fn milliseconds(seconds: f64) -> Option<TimeDelta> {
    #[expect(clippy::cast_possible_truncation, reason = "within ten thousand years, whole milliseconds fit")]
    let whole = (seconds.abs() < 3.2e11).then(|| (seconds * 1e3).round() as i64)?;
    Some(time::milliseconds(whole))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<Found, String> {
        series(&envelope(json.as_bytes())?)
    }

    fn vector(result: &str) -> Result<Found, String> {
        read(&format!(r#"{{"status":"success","data":{{"resultType":"vector","result":{result}}}}}"#))
    }

    #[test]
    fn numbers_are_texts_and_three_of_them_are_words() {
        let found = vector(
            r#"[{"metric":{"service":"a\"b"},"value":[1800000000.125,"0.25"]},{"metric":{},"value":[1,"NaN"]},{"metric":{},"value":[1,"+Inf"]},{"metric":{},"value":[1,"-Inf"]},{"metric":{},"value":[1,"1.5e-07"]}]"#,
        )
        .expect("a vector");
        let values: Vec<f64> = found.series.iter().map(|one| one.samples[0].value).collect();
        assert!(values[1].is_nan());
        let others = [values[0], values[2], values[3], values[4]];
        assert_eq!(others.map(f64::to_bits), [0.25, f64::INFINITY, f64::NEG_INFINITY, 1.5e-7].map(f64::to_bits));
        assert_eq!(found.series[0].samples[0].at.timestamp_millis(), 1_800_000_000_125);
        assert_eq!(found.series[0].label("service").map(AsRef::as_ref), Some("a\"b"));
    }

    #[test]
    fn a_native_histogram_is_counted_and_never_a_number() {
        let found = vector(
            r#"[{"metric":{"service":"a"},"histogram":[1,{"count":"2","sum":"3","buckets":[[0,"1","2","2"]]}]},{"metric":{"service":"b"},"value":[1,"2"]}]"#,
        )
        .expect("a vector");
        assert_eq!((found.series.len(), found.histograms), (1, 1));
        let found = read(
            r#"{"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"values":[[1,"2"]],"histograms":[[2,{"count":"1"}]]}]}}"#,
        )
        .expect("a matrix");
        assert_eq!((found.series[0].samples.len(), found.histograms), (1, 1));
    }

    #[test]
    fn warnings_and_refusals_are_kept_in_clean_words() {
        let answer = envelope(
            br#"{"status":"success","data":null,"warnings":["store \u001b[2J down"],"infos":["not a counter"]}"#,
        )
        .expect("an envelope");
        assert_eq!(answer.notes, ["store [2J down", "not a counter"]);
        let answer =
            envelope(br#"{"status":"error","errorType":"bad_data","error":"parse error"}"#).expect("an envelope");
        assert_eq!(answer.error.as_deref(), Some("bad_data: parse error"));
    }

    #[test]
    fn what_is_no_answer_says_what_it_is() {
        for (json, words) in [
            ("<html>sign in</html>", "a web page instead of JSON"),
            (r#"{"status":"success","data":{"resu"#, "its JSON ends before it is complete"),
            (r#"{"status":"fine"}"#, "its status is \"fine\""),
            (r#"{"status":"success"}"#, "there is no data in it"),
            (
                r#"{"status":"success","data":{"resultType":"string","result":[1,"x"]}}"#,
                "the answer is of type \"string\", not a vector or a matrix",
            ),
        ] {
            assert_eq!(read(json).expect_err("no answer"), words, "{json}");
        }
        assert_eq!(
            vector(r#"[{"metric":{},"value":[1,"infinity"]}]"#).expect_err("no number"),
            "\"infinity\" is no number"
        );
        assert_eq!(
            vector(r#"[{"metric":{},"value":[1e300,"1"]}]"#)
                .expect_err("no time")
                .split(' ')
                .skip(1)
                .collect::<Vec<_>>(),
            ["is", "no", "time"]
        );
    }

    #[test]
    fn alerts_and_rules_are_read() {
        let answer = envelope(br#"{"status":"success","data":{"groups":[{"name":"g","file":"f","rules":[{"name":"A","query":"up == 0","duration":300,"type":"alerting","health":"ok","alerts":[{"labels":{"alertname":"A"},"annotations":{"summary":"x\u001b[2J"},"state":"pending","activeAt":"2026-11-25T09:00:00.5Z","value":"1e+00"},{"labels":{"alertname":"A"},"state":"inactive"},{"labels":{"alertname":"B"},"annotations":null,"state":"firing","value":"+Inf"}]},{"name":"r:x","query":"sum(x)","type":"recording","health":"err","lastError":"bad"}]}]}}"#).expect("an envelope");
        let found = rules(&answer, &mut Kept::default()).expect("rules");
        assert_eq!((found[0].is_alerting, found[0].held_for), (true, TimeDelta::minutes(5)));
        let [pending, firing] = found[0].alerts.as_slice() else { panic!("two: {found:?}") };
        assert_eq!((pending.is_firing, pending.value, &*pending.annotations[0].1), (false, Some(1.0), "x[2J"));
        assert_eq!((firing.is_firing, firing.value, firing.active_at), (true, None, None), "what is no number is none");
        assert_eq!((found[1].is_alerting, found[1].error.as_deref()), (false, Some("bad")));
    }
}
