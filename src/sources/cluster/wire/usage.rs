//! What a metrics server measured, in the form of metrics.k8s.io/v1beta1.

use std::borrow::Cow;

use chrono::TimeDelta;
use serde::Deserialize;

use super::amounts::Amounts;
use super::{Meta, Time, Wire, or_default, time};
use crate::domain::usage::Measured;

#[derive(Deserialize)]
pub(in crate::sources::cluster) struct WireNodeUsage<'a> {
    #[serde(borrow)]
    metadata: Meta<'a>,
    #[serde(default, deserialize_with = "time")]
    timestamp: Time,
    #[serde(borrow, default)]
    window: Cow<'a, str>,
    #[serde(borrow, default, deserialize_with = "or_default")]
    usage: Amounts<'a>,
}

#[derive(Deserialize)]
pub(in crate::sources::cluster) struct WirePodUsage<'a> {
    #[serde(borrow)]
    metadata: Meta<'a>,
    #[serde(default, deserialize_with = "time")]
    timestamp: Time,
    #[serde(borrow, default)]
    window: Cow<'a, str>,
    #[serde(borrow, default, deserialize_with = "or_default")]
    containers: Vec<Container<'a>>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Container<'a> {
    #[serde(borrow, deserialize_with = "or_default")]
    usage: Amounts<'a>,
}

fn measured(usage: &Amounts<'_>, at: Time, window: &str) -> Measured {
    Measured { cpu: usage.cpu(), memory: usage.memory(), at, window: duration(window) }
}

impl<'a> Wire<'a> for WireNodeUsage<'a> {
    fn meta(&self) -> &Meta<'a> {
        &self.metadata
    }
}

impl<'a> Wire<'a> for WirePodUsage<'a> {
    fn meta(&self) -> &Meta<'a> {
        &self.metadata
    }
}

impl WireNodeUsage<'_> {
    /// What was measured of it.
    pub(in crate::sources::cluster) fn measured(&self) -> Measured {
        measured(&self.usage, self.timestamp, &self.window)
    }
}

impl WirePodUsage<'_> {
    /// What was measured of its containers together; `None` when there is none.
    pub(in crate::sources::cluster) fn measured(&self) -> Option<Measured> {
        let each = self.containers.iter().map(|container| measured(&container.usage, self.timestamp, &self.window));
        each.reduce(|sum, other| sum.and(&other))
    }
}

/// Reads a span of time as Go writes it: `30s`, `1m0.5s`, `250ms`; `None` for anything else. Fractions of a second are left out.
fn duration(raw: &str) -> Option<TimeDelta> {
    let (mut rest, mut seconds) = (raw, 0.0_f64);
    while !rest.is_empty() {
        let end = rest.find(|letter: char| !letter.is_ascii_digit() && letter != '.')?;
        let (number, unit) = rest.split_at(end);
        let until = unit.find(|letter: char| letter.is_ascii_digit()).unwrap_or(unit.len());
        let (unit, after) = unit.split_at(until);
        let times = match unit {
            "h" => 3_600.0,
            "m" => 60.0,
            "s" => 1.0,
            "ms" => 0.001,
            "us" | "µs" => 0.000_001,
            "ns" => 0.000_000_001,
            _ => return None,
        };
        seconds += number.parse::<f64>().ok()? * times;
        rest = after;
    }
    let is_sane = !raw.is_empty() && (0.0..86_400.0 * 365.0).contains(&seconds);
    #[expect(clippy::cast_possible_truncation, reason = "checked to be within a year")]
    is_sane.then(|| crate::domain::time::seconds(seconds as i64))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::node::{Bytes, Millicores};

    #[test]
    fn a_pod_uses_what_its_containers_use_together() -> Result<(), serde_json::Error> {
        let pod: WirePodUsage<'_> = serde_json::from_str(
            r#"{"metadata":{"name":"a"},"timestamp":"2026-11-25T03:00:00Z","window":"17.5s","containers":[
                {"name":"app","usage":{"cpu":"12345678n","memory":"34567Ki"}},{"name":"log","usage":{"cpu":"1m","memory":"1Mi"}}]}"#,
        )?;
        let measured = pod.measured().unwrap_or_default();
        assert_eq!((measured.cpu, measured.memory), (Some(Millicores(14)), Some(Bytes(34_567 * 1_024 + (1 << 20)))));
        assert_eq!(measured.window, Some(TimeDelta::seconds(17)));
        assert!(measured.at.is_some());
        Ok(())
    }

    #[test]
    fn what_is_not_there_is_not_zero() -> Result<(), serde_json::Error> {
        let without: WirePodUsage<'_> = serde_json::from_str(r#"{"metadata":{"name":"a"},"containers":null}"#)?;
        assert_eq!(without.measured(), None);
        let odd: WireNodeUsage<'_> =
            serde_json::from_str(r#"{"metadata":{"name":"n"},"timestamp":"yesterday","usage":{"cpu":"many"}}"#)?;
        assert_eq!(odd.measured(), Measured::default());
        Ok(())
    }

    #[test]
    fn spans_are_read_as_go_writes_them() {
        for (raw, seconds) in [("30s", Some(30)), ("1m0.5s", Some(60)), ("250ms", Some(0)), ("1h2m3s", Some(3_723))] {
            assert_eq!(duration(raw), seconds.map(TimeDelta::seconds), "{raw}");
        }
        for raw in ["", "30", "s", "1x", "-3s", "9999999h"] {
            assert_eq!(duration(raw), None, "{raw}");
        }
    }
}
