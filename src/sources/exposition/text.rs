//! A whole exposition: our tokens go through the parser and come back as what they stood for.
//!
//! The parser alone loses samples without a word: those with a comma, a brace or an escape in a value, a colon or a quoted name.
//! It is handed names and values as plain tokens, a line at a time that is known to be whole, and what it answers is mapped back.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use prometheus_parse::{Scrape, Value};

use super::token::{self, Parts};
use crate::domain::signal::{Sample, Series};
use crate::domain::text;
use crate::domain::time::{self, Instant};

/// The most samples that are read of one exposition.
const SAMPLES_AT_MOST: usize = 200_000;
/// The most lines that are named as unreadable; the others are counted.
const NAMED_AT_MOST: usize = 20;
/// How many lines of metrics nobody asked for are looked at.
const LOOKED_AT: usize = 20;
/// The name of the metric among the labels of a series.
const NAME: &str = "__name__";

/// A line that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// Which, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub why: &'static str,
}

/// How the parser kept up; for the tests that hold it to the tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Kept {
    /// Samples handed to it.
    pub handed: usize,
    /// Samples it gave back.
    pub given_back: usize,
}

/// What an exposition says.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Exposed {
    /// Its series, one sample each, in the order written.
    pub series: Vec<Series>,
    /// Those that stand there more than once, with a sentence that names their lines: nobody knows which of them is right.
    pub twice: Vec<(Series, String)>,
    /// The first lines that cannot be read.
    pub unreadable: Vec<Unreadable>,
    /// How many cannot.
    pub unreadable_count: usize,
    /// What went through the parser.
    pub kept: Kept,
}

/// Reads an exposition; samples without a time are of `now`.
pub fn read(text: &str, now: Instant, is_open_metrics: bool) -> Exposed {
    read_some(text, now, is_open_metrics, |_| true)
}

/// Reads the samples of some metrics of an exposition. Of the others only the first lines are looked at: whether it is one at all.
pub(super) fn read_some(text: &str, now: Instant, is_open_metrics: bool, is_wanted: impl Fn(&str) -> bool) -> Exposed {
    let mut found = Exposed::default();
    let mut looked_at = 0;
    let mut tokens: Vec<(usize, Parts<'_>)> = Vec::new();
    for (place, line) in text.lines().enumerate() {
        let bare = line.trim_matches([' ', '\t', '\r']);
        if bare.is_empty() || bare.starts_with('#') {
            if is_open_metrics && bare == "# EOF" {
                break;
            }
            continue;
        }
        if tokens.len() == SAMPLES_AT_MOST {
            found.refuse(place + 1, "more samples than are read of one place");
            break;
        }
        // A name in quotes stands in the braces.
        let is_other = !bare.starts_with('{') && !is_wanted(token::leading_name(bare));
        if is_other && looked_at >= LOOKED_AT {
            continue;
        }
        looked_at += usize::from(is_other);
        match token::sample(bare) {
            Ok(parts) if is_wanted(&parts.name) => tokens.push((place + 1, parts)),
            Ok(_) => {}
            Err(why) => found.refuse(place + 1, why),
        }
    }
    let values = numbers(&tokens, &mut found.kept);
    let mut lines = Vec::with_capacity(tokens.len());
    for (place, (line, parts)) in tokens.iter().enumerate() {
        let Some(value) = values.get(&place).copied() else {
            found.refuse(*line, "its value is no number");
            continue;
        };
        let at = match parts.time.map(|time| instant(time, is_open_metrics)) {
            None => now,
            Some(Some(at)) => at,
            Some(None) => {
                found.refuse(*line, "its time is no time");
                continue;
            }
        };
        found.series.push(Series { labels: labels(parts), samples: vec![Sample { at, value }] });
        lines.push(*line);
    }
    found.take_apart(&lines);
    found.unreadable.sort_by_key(|one| one.line);
    found
}

impl Exposed {
    fn refuse(&mut self, line: usize, why: &'static str) {
        self.unreadable_count += 1;
        if self.unreadable.len() < NAMED_AT_MOST {
            self.unreadable.push(Unreadable { line, why });
        }
    }

    /// Takes out the series that stand there more than once. `lines` are those of the series.
    fn take_apart(&mut self, lines: &[usize]) {
        let mut first: HashMap<&BTreeMap<Arc<str>, Arc<str>>, usize> = HashMap::with_capacity(self.series.len());
        let mut again: BTreeMap<usize, usize> = BTreeMap::new();
        for (series, line) in self.series.iter().zip(lines) {
            match first.get(&series.labels) {
                Some(known) => {
                    again.entry(*known).or_insert(*line);
                }
                None => {
                    first.insert(&series.labels, *line);
                }
            }
        }
        if again.is_empty() {
            return;
        }
        let twice = |series: &Series| first.get(&series.labels).and_then(|line| Some((*line, *again.get(line)?)));
        let apart: Vec<Option<(usize, usize)>> = self.series.iter().map(twice).collect();
        let (mut once, mut told) = (Vec::with_capacity(self.series.len()), Vec::new());
        for ((series, line), apart) in std::mem::take(&mut self.series).into_iter().zip(lines).zip(apart) {
            match apart {
                None => once.push(series),
                Some((first, second)) if first == *line => {
                    told.push((series, format!("Line {second} of its page shows the same series as line {first}.")));
                }
                Some(_) => self.refuse(*line, "the same series stands there before it"),
            }
        }
        (self.series, self.twice) = (once, told);
    }

    /// What cannot be read, for the operator.
    pub fn sentence(&self, place: &str) -> Option<String> {
        let first = self.unreadable.first()?;
        let place = text::clean(place);
        Some(format!(
            "{} lines of {place} cannot be read and are left out; line {}: {}.",
            self.unreadable_count, first.line, first.why
        ))
    }
}

/// The numbers of the samples by their place. The parser is handed one token for the name, which is the place, and the value.
fn numbers(tokens: &[(usize, Parts<'_>)], kept: &mut Kept) -> BTreeMap<usize, f64> {
    // The parser turns what it does not understand into NaN or drops it: it is only handed what is a number.
    let sound = tokens.iter().enumerate().filter(|(_, (_, parts))| is_number(parts.value));
    let lines = sound.map(|(place, (_, parts))| Ok(format!("t{place} {}", plain(parts.value))));
    let lines: Vec<std::io::Result<String>> = lines.collect();
    kept.handed = lines.len();
    let Ok(scrape) = Scrape::parse(lines.into_iter()) else { return BTreeMap::new() };
    kept.given_back = scrape.samples.len();
    let back = scrape.samples.into_iter().filter_map(|sample| {
        let place = sample.metric.strip_prefix('t')?.parse().ok()?;
        match sample.value {
            Value::Untyped(value) | Value::Counter(value) | Value::Gauge(value) => Some((place, value)),
            Value::Histogram(_) | Value::Summary(_) => None,
        }
    });
    back.collect()
}

/// Whether a text is a number of the format: a decimal, or one of its words.
fn is_number(text: &str) -> bool {
    let bare = text.trim_start_matches(['+', '-']).to_ascii_lowercase();
    matches!(bare.as_str(), "inf" | "nan" | "infinity")
        || (bare.starts_with(|first: char| first.is_ascii_digit() || first == '.') && text.parse::<f64>().is_ok())
}

/// A number in the one spelling every parser takes.
fn plain(text: &str) -> &str {
    match text.to_ascii_lowercase().as_str() {
        "nan" | "+nan" | "-nan" => "NaN",
        "inf" | "+inf" | "infinity" | "+infinity" => "+Inf",
        "-inf" | "-infinity" => "-Inf",
        _ => text,
    }
}

fn labels(parts: &Parts<'_>) -> BTreeMap<Arc<str>, Arc<str>> {
    let cleaned = |text: &str| -> Arc<str> { text::clean(text).into() };
    let pairs = parts.labels.iter().filter(|(_, value)| !value.is_empty());
    let mut labels: BTreeMap<Arc<str>, Arc<str>> = pairs.map(|(key, value)| (cleaned(key), cleaned(value))).collect();
    labels.insert(NAME.into(), cleaned(&parts.name));
    labels
}

/// A time: whole milliseconds, in OpenMetrics seconds with a fraction.
fn instant(text: &str, is_open_metrics: bool) -> Option<Instant> {
    if !is_open_metrics {
        return Some(time::from_milliseconds(text.parse().ok()?));
    }
    let seconds: f64 = text.parse().ok().filter(|seconds: &f64| seconds.abs() < 3.2e11)?;
    #[expect(clippy::cast_possible_truncation, reason = "within ten thousand years, whole milliseconds fit")]
    Some(time::from_milliseconds((seconds * 1e3).round() as i64))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at() -> Instant {
        chrono::DateTime::from_timestamp(1_800_000_000, 0).unwrap_or_default()
    }

    fn shown(exposed: &Exposed) -> Vec<String> {
        let one = |series: &Series| {
            let labels: Vec<String> = series.labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
            let sample = series.last().expect("one");
            format!("{} {} {}", labels.join(","), sample.value, sample.at.timestamp_millis())
        };
        exposed.series.iter().map(one).collect()
    }

    #[test]
    fn what_the_parser_alone_loses_survives() {
        let text = "# HELP x y\n# HELP x y again\n# TYPE x counter\nx{path=\"/u/{id}\",q=\"a=b, c\"} 1\nx{} 2\n\
                    job:x:rate5m 3.5e-2 1800000001000\nx{v=\"\\\"\"} +Inf\n{\"größe\",k=\"v\"} NaN\nx_bucket{le=\"+Inf\"} 7 # {t=\"1\"} 2\n";
        let found = read(text, at(), false);
        assert_eq!(
            shown(&found),
            [
                "__name__=x,path=/u/{id},q=a=b, c 1 1800000000000",
                "__name__=x 2 1800000000000",
                "__name__=job:x:rate5m 0.035 1800000001000",
                "__name__=x,v=\" inf 1800000000000",
                "__name__=größe,k=v NaN 1800000000000",
                "__name__=x_bucket,le=+Inf 7 1800000000000",
            ]
        );
        assert_eq!((found.kept.handed, found.kept.given_back, found.unreadable_count), (6, 6, 0));
    }

    #[test]
    fn a_line_that_cannot_be_read_is_named_and_costs_no_other() {
        let found = read("x 1\nx{a=\"1 2\ny one\nz 3 soon\nw 4\n", at(), false);
        assert_eq!(shown(&found).len(), 2);
        let lines: Vec<(usize, &str)> = found.unreadable.iter().map(|one| (one.line, one.why)).collect();
        assert_eq!(lines, [(2, "a quote is not closed"), (3, "its value is no number"), (4, "its time is no time")]);
        assert_eq!(
            found.sentence("cart:8080").as_deref(),
            Some("3 lines of cart:8080 cannot be read and are left out; line 2: a quote is not closed.")
        );
    }

    #[test]
    fn what_is_not_asked_for_is_left_out_and_what_is_no_exposition_is_not_taken_for_an_empty_one() {
        let wanted = |name: &str| name == "x";
        let found = read_some("y 1\nx{a=\"1\"} 2\n{\"x\",a=\"2\"} 3\n{\"z\"} 4\nxx 5\nx 6 soon\n", at(), false, wanted);
        assert_eq!(shown(&found), ["__name__=x,a=1 2 1800000000000", "__name__=x,a=2 3 1800000000000"]);
        assert_eq!(found.unreadable.iter().map(|one| one.line).collect::<Vec<_>>(), [6]);
        let nonsense = read_some("no page of metrics at all\n", at(), false, wanted);
        assert_eq!((nonsense.series.len(), nonsense.unreadable_count), (0, 1));
    }

    /// Prometheus takes the first of them; which is right nobody knows.
    #[test]
    fn a_series_that_stands_there_twice_is_told_by_its_lines_and_costs_no_other() {
        let found =
            read("x{a=\"1\",b=\"2\"} 1\ny 2\nx{b=\"2\",a=\"1\"} 9\nx{a=\"1\"} 3\nx{a=\"1\", b=\"2\"} 1\n", at(), false);
        assert_eq!(shown(&found), ["__name__=y 2 1800000000000", "__name__=x,a=1 3 1800000000000"]);
        let [(series, why)] = found.twice.as_slice() else { panic!("one series: {found:?}") };
        assert_eq!(series.label("b").map(AsRef::as_ref), Some("2"));
        assert_eq!(why, "Line 3 of its page shows the same series as line 1.");
        assert_eq!(found.unreadable.iter().map(|one| one.line).collect::<Vec<_>>(), [3, 5]);
    }

    #[test]
    fn open_metrics_writes_seconds_and_ends() {
        let found = read("x_total 1 1800000000.25\n# EOF\nx_total 9\n", at(), true);
        assert_eq!(shown(&found), ["__name__=x_total 1 1800000000250"]);
    }

    proptest! {
        #[test]
        fn any_value_of_a_label_comes_back(value in "[ -~äöü]{0,20}", number in -1e12..1e12_f64) {
            let escaped = value.replace('\\', "\\\\").replace('"', "\\\"");
            let found = read(&format!("x{{a=\"{escaped}\"}} {number}"), at(), false);
            prop_assert_eq!(found.unreadable_count, 0);
            let series = &found.series[0];
            prop_assert_eq!(series.label("a").map(AsRef::as_ref).unwrap_or_default(), &*text::clean(&value));
            prop_assert_eq!(series.last().map(|sample| sample.value), Some(number));
        }

        #[test]
        fn no_text_makes_it_stumble(text in "(?s).{0,200}", is_open_metrics: bool) {
            let found = read(&text, at(), is_open_metrics);
            prop_assert_eq!(found.kept.handed, found.kept.given_back);
        }
    }
}
