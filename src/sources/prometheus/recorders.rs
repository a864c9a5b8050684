//! Objectives somebody else's recording rules keep: Sloth's and Pyrra's.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::TimeDelta;

use super::client::Prometheus;
use crate::domain::service::Share;
use crate::domain::signal::Series;
use crate::domain::slo::{Events, Indicator, Measured, Part, Promise, Recorder, SPANS, Span, Window};
use crate::domain::time::{self, Instant};
use crate::sources::error::{SourceError, Trouble};
use crate::sources::metrics::ObserveMetrics;

/// The shares of errors, one series for each objective and window.
const SLOTH_ERRORS: &str = "{__name__=~\"slo:sli_error:ratio_rate.+\", sloth_id!=\"\"}";
/// What was promised, and over how many days.
const SLOTH_PROMISED: &str = "{__name__=~\"slo:objective:ratio|slo:time_period:days\", sloth_id!=\"\"}";
/// The shares of errors; Pyrra calls them burn rates.
const PYRRA_ERRORS: &str = "{__name__=~\".+:burnrate[0-9].*\", slo!=\"\"}";
/// What was promised, over how many seconds, and how much of it was kept; only where Pyrra makes its generic rules.
const PYRRA_PROMISED: &str = "{__name__=~\"pyrra_objective|pyrra_window|pyrra_availability\", slo!=\"\"}";

/// The most objectives of recorders that are read.
const AT_MOST: usize = 1_000;

/// One objective of a recorder.
#[derive(Debug, Clone, PartialEq, Default)]
struct Record {
    service: Arc<str>,
    goal: Arc<str>,
    target: Option<f64>,
    days: Option<f64>,
    /// The share of errors by window, its length in seconds.
    errors: BTreeMap<i64, f64>,
    /// The share of errors of the whole window, where it is kept apart.
    whole: Option<f64>,
}

/// What recorders keep.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Recorded {
    sloth: BTreeMap<String, Record>,
    pyrra: BTreeMap<String, Record>,
}

/// Looks whether there are recorders, and reads what they keep.
pub(super) async fn look(prometheus: &Prometheus, label: &str, at: Instant) -> Result<Recorded, SourceError> {
    let mut found = Recorded::default();
    for series in ask(prometheus, SLOTH_PROMISED, at).await? {
        found.sloth(&series);
    }
    // The shares of errors are all that every Pyrra keeps: where there are none there is no Pyrra.
    for series in ask(prometheus, PYRRA_ERRORS, at).await? {
        found.pyrra(&series, label);
    }
    found.read(prometheus, &[PYRRA_PROMISED], label, at).await?;
    Ok(found)
}

/// Asks for series by name; a server that refuses such a question has none of them.
async fn ask(prometheus: &Prometheus, query: &str, at: Instant) -> Result<Vec<Series>, SourceError> {
    match prometheus.instant(query, at).await {
        Ok(metrics) => Ok(metrics.series),
        Err(error) if error.trouble == Trouble::Rejected => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

impl Recorded {
    /// Reads the numbers of the recorders that are there anew.
    pub(super) async fn renew(&mut self, prometheus: &Prometheus, label: &str, at: Instant) -> Result<(), SourceError> {
        for record in self.sloth.values_mut().chain(self.pyrra.values_mut()) {
            record.errors.clear();
            record.whole = None;
        }
        self.read(prometheus, &[PYRRA_ERRORS, PYRRA_PROMISED], label, at).await
    }

    /// Reads the shares of errors of Sloth, and this of Pyrra; nothing of a recorder that is not there.
    async fn read(
        &mut self,
        prometheus: &Prometheus,
        of_pyrra: &[&str],
        label: &str,
        at: Instant,
    ) -> Result<(), SourceError> {
        if !self.sloth.is_empty() {
            for series in ask(prometheus, SLOTH_ERRORS, at).await? {
                self.sloth(&series);
            }
        }
        if !self.pyrra.is_empty() {
            for query in of_pyrra {
                for series in ask(prometheus, query, at).await? {
                    self.pyrra(&series, label);
                }
            }
        }
        Ok(())
    }

    fn sloth(&mut self, series: &Series) {
        let text = |name: &str| series.label(name).cloned();
        let (Some(id), Some(name)) = (text("sloth_id"), text("__name__")) else { return };
        let Some(value) = series.last().and_then(|sample| sample.number()) else { return };
        if self.sloth.len() >= AT_MOST && !self.sloth.contains_key(&*id) {
            return;
        }
        let record = self.sloth.entry(id.to_string()).or_default();
        record.service = text("sloth_service").unwrap_or_else(|| id.clone());
        record.goal = text("sloth_slo").unwrap_or(id);
        match &*name {
            "slo:objective:ratio" => record.target = Some(value),
            "slo:time_period:days" => record.days = Some(value),
            errors => {
                if let Some(length) = errors.strip_prefix("slo:sli_error:ratio_rate").and_then(seconds) {
                    record.errors.insert(length, value);
                }
            }
        }
    }

    fn pyrra(&mut self, series: &Series, label: &str) {
        let text = |name: &str| series.label(name).cloned();
        let (Some(slo), Some(name)) = (text("slo"), text("__name__")) else { return };
        let Some(value) = series.last().and_then(|sample| sample.number()) else { return };
        if self.pyrra.len() >= AT_MOST && !self.pyrra.contains_key(&*slo) {
            return;
        }
        let record = self.pyrra.entry(slo.to_string()).or_default();
        if let Some(service) = text(label) {
            record.service = service;
        } else if record.service.is_empty() {
            record.service = slo.clone();
        }
        record.goal = slo;
        match &*name {
            "pyrra_objective" => record.target = Some(value),
            "pyrra_window" => record.days = Some(value / 86_400.0),
            "pyrra_availability" => record.whole = Some(1.0 - value),
            errors => {
                if let Some(length) = errors.rsplit_once(":burnrate").and_then(|(_, length)| seconds(length)) {
                    // A latency objective has a series for each label it groups by: the worst counts.
                    let worst = record.errors.entry(length).or_insert(value);
                    *worst = worst.max(value);
                }
            }
        }
    }

    /// How many objectives a recorder keeps.
    pub(super) fn of(&self, recorder: Recorder) -> usize {
        match recorder {
            Recorder::Raw => 0,
            Recorder::Sloth => self.sloth.len(),
            Recorder::Pyrra => self.pyrra.len(),
        }
    }

    /// Whether a recorder keeps what would be counted for a promise, by shipped queries and with nothing that a recorder does not exclude.
    pub(super) fn stands_for(&self, promise: &Promise) -> bool {
        let is_shipped = !matches!(promise.goal.indicator, Indicator::Queries { .. });
        is_shipped && promise.exclusions.is_empty() && self.all().any(|(_, record)| record.is_of(promise))
    }

    fn all(&self) -> impl Iterator<Item = (Recorder, &Record)> {
        let sloth = self.sloth.values().map(|record| (Recorder::Sloth, record));
        sloth.chain(self.pyrra.values().map(|record| (Recorder::Pyrra, record)))
    }

    /// What recorders keep, by service.
    pub(super) fn measured(&self, promises: &[Promise], at: Instant) -> Vec<Measured> {
        self.all().map(|(recorder, record)| record.measured(recorder, promises, at)).collect()
    }
}

impl Record {
    /// What was promised, as the recorder tells.
    fn target(&self) -> Option<Share> {
        self.target.and_then(Share::of)
    }

    /// Whether it is of a promise: of the same service the same share, or where the recorder tells of none the same name. One without a
    /// share may be any goal of its service: the share of another would make a wrong budget, and nobody would count that other.
    fn is_of(&self, promise: &Promise) -> bool {
        let is_same = match self.target() {
            Some(target) => target == promise.goal.target,
            None => self.goal == promise.goal.name,
        };
        self.service == promise.service && is_same
    }

    fn measured(&self, recorder: Recorder, promises: &[Promise], at: Instant) -> Measured {
        // Where a recorder does not say what was promised, the configuration may.
        let declared = promises.iter().find(|promise| self.is_of(promise));
        let target = self.target().or_else(|| declared.map(|promise| promise.goal.target));
        let days = self.days.map(f64::round).filter(|days| (1.0..=400.0).contains(days));
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "1 to 400")]
        let window = days.map(|days| Window::Rolling(days as u16)).or_else(|| declared.map(|promise| promise.window));
        let window = window.unwrap_or_default();
        let lengths = self.lengths(recorder, window);
        let part = |length: TimeDelta| -> Part {
            let ratio = self.errors.get(&length.num_seconds()).copied();
            let ratio =
                ratio.ok_or_else(|| format!("{} has no series of {}.", recorder.word(), time::coarse(length)))?;
            Ok(Events { ratio: ratio.clamp(0.0, 1.0), total: None })
        };
        let whole = match (recorder, self.whole) {
            (_, Some(ratio)) => Ok(Events { ratio: ratio.clamp(0.0, 1.0), total: None }),
            (Recorder::Pyrra, None) => {
                Err("Pyrra keeps no count of the whole window: start it with generic rules.".to_owned())
            }
            (_, None) => part(window.length(at)),
        };
        Measured {
            service: self.service.clone(),
            goal: self.goal.clone(),
            target,
            window,
            recorder,
            spans: lengths.map(part),
            lengths,
            whole,
            observed_at: at,
            whole_at: Some(at),
            known_days: None,
            excluded: Vec::new(),
        }
    }

    /// The windows of the burn table: Pyrra has seven of its own, which grow with the window of the objective.
    fn lengths(&self, recorder: Recorder, window: Window) -> [TimeDelta; 7] {
        let ours = SPANS.map(Span::length);
        if recorder != Recorder::Pyrra {
            return ours;
        }
        let whole = window.length(Instant::default()).num_seconds();
        let theirs: Vec<TimeDelta> =
            self.errors.keys().filter(|length| **length < whole).map(|length| time::seconds(*length)).collect();
        <[TimeDelta; 7]>::try_from(theirs).unwrap_or(ours)
    }
}

/// A length as Prometheus writes it, in seconds: `5m`, `1h30m`, `4w`.
fn seconds(text: &str) -> Option<i64> {
    let mut total = 0_i64;
    let mut rest = text;
    while !rest.is_empty() {
        let end = rest.find(|letter: char| !letter.is_ascii_digit())?;
        let (number, unit) = rest.split_at(end);
        let size = match unit.chars().next()? {
            's' => 1,
            'm' => 60,
            'h' => 3_600,
            'd' => 86_400,
            'w' => 604_800,
            _ => return None,
        };
        total = total.checked_add(number.parse::<i64>().ok()?.checked_mul(size)?)?;
        rest = unit.get(1..)?;
    }
    (total > 0).then_some(total)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::signal::Sample;

    fn series(labels: &[(&str, &str)], value: f64) -> Series {
        let labels = labels.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        Series { labels, samples: vec![Sample { at: Instant::default(), value }] }
    }

    #[test]
    fn lengths_are_read() {
        assert_eq!(
            ["5m", "1h30m", "4w", "30d"].map(seconds),
            [Some(300), Some(5_400), Some(2_419_200), Some(2_592_000)]
        );
        assert_eq!(["", "m", "5", "5x", "0s"].map(seconds), [None; 5]);
    }

    #[test]
    fn pyrras_windows_are_taken_as_they_are() {
        let mut found = Recorded::default();
        for (length, value) in
            [("5m", 0.2), ("30m", 0.1), ("1h", 0.02), ("2h", 0.01), ("6h", 0.005), ("1d", 0.002), ("4d", 0.001)]
        {
            let name = format!("http_requests:burnrate{length}");
            found.pyrra(&series(&[("__name__", &name), ("slo", "web"), ("service", "shop")], value), "service");
        }
        found.pyrra(&series(&[("__name__", "pyrra_objective"), ("slo", "web")], 0.99), "service");
        found.pyrra(&series(&[("__name__", "pyrra_window"), ("slo", "web")], 2_419_200.0), "service");
        found.pyrra(&series(&[("__name__", "pyrra_availability"), ("slo", "web")], 0.995), "service");
        let measured = found.measured(&[], Instant::default());
        let [one] = measured.as_slice() else { panic!("{measured:?}") };
        assert_eq!((&*one.service, &*one.goal, one.target), ("shop", "web", Some(Share(990_000))));
        assert_eq!((one.window, one.lengths[6]), (Window::Rolling(28), TimeDelta::days(4)));
        assert_eq!(one.spans[6].as_ref().map(|events| events.ratio), Ok(0.001));
        assert!(one.whole.as_ref().is_ok_and(|whole| (whole.ratio - 0.005).abs() < 1e-9));
        assert_eq!((found.of(Recorder::Pyrra), found.of(Recorder::Sloth)), (1, 0));
    }

    #[test]
    fn a_recorder_stands_for_the_same_share_alone() {
        let mut found = Recorded::default();
        let labels = [("sloth_id", "shop-web"), ("sloth_service", "shop"), ("sloth_slo", "web")];
        found.sloth(&series(&[&labels[..], &[("__name__", "slo:objective:ratio")]].concat(), 0.999));
        let promise = |target: u32, indicator: Indicator| Promise {
            service: "shop".into(),
            goal: crate::domain::slo::Goal { name: "availability".into(), target: Share(target), indicator },
            window: Window::default(),
            exclusions: Vec::new(),
        };
        assert!(found.stands_for(&promise(999_000, Indicator::Availability)));
        assert!(!found.stands_for(&promise(950_000, Indicator::Availability)), "another promise");
        let own = Indicator::Queries { bad: "a".into(), total: "b".into() };
        assert!(!found.stands_for(&promise(999_000, own)), "what is asked for by name is asked");
        let measured = found.measured(&[], Instant::default());
        assert_eq!(measured[0].whole, Err("sloth has no series of 30d.".to_owned()), "never a number from nothing");
    }

    #[test]
    fn one_without_a_share_stands_for_the_goal_of_its_name_alone() {
        let promise = |name: &str, target: u32, indicator: Indicator| Promise {
            service: "shop".into(),
            goal: crate::domain::slo::Goal { name: name.into(), target: Share(target), indicator },
            window: Window::Rolling(7),
            exclusions: Vec::new(),
        };
        let promises = [
            promise("availability", 999_000, Indicator::Availability),
            promise("latency", 950_000, Indicator::Latency(TimeDelta::milliseconds(250))),
        ];
        let read = |slo: &str| {
            let mut found = Recorded::default();
            let labels = [("__name__", "http_requests:burnrate5m"), ("slo", slo), ("service", "shop")];
            found.pyrra(&series(&labels, 0.02), "service");
            let measured = found.measured(&promises, Instant::default()).remove(0);
            (promises.each_ref().map(|one| found.stands_for(one)), measured.target, measured.window)
        };
        assert_eq!(
            read("shop-answers-in-time"),
            ([false, false], None, Window::default()),
            "which of them it is nobody says"
        );
        assert_eq!(read("latency"), ([false, true], Some(Share(950_000)), Window::Rolling(7)));
    }
}
