//! What pgBackRest would tell of the simulated shop's database: a full backup each night, a Sunday that failed, and a segment of WAL that
//! nobody archived.

use chrono::{DateTime, Datelike, Days, TimeDelta, Utc, Weekday};
use serde_json::{Value, json};

/// For how many nights there are backups: enough for the weeks of the ladder and some of its months.
const NIGHTS: u64 = 75;
/// How many segments of WAL a day writes.
const SEGMENTS: u64 = 3;

/// The name of a segment of the first timeline.
fn segment(place: u64) -> String {
    format!("{:08X}{:08X}{:08X}", 1, place / 256, place % 256)
}

/// The last two in the morning, or the one so many days before.
fn night(back: u64, now: DateTime<Utc>) -> DateTime<Utc> {
    let today = now.date_naive().and_hms_opt(2, 0, 0).map_or(now, |two| two.and_utc());
    let last = if today + TimeDelta::minutes(15) <= now { today } else { today - TimeDelta::days(1) };
    last.checked_sub_days(Days::new(back)).unwrap_or(last)
}

/// How many nights back the one is that failed: the last Sunday; on a Sunday the day before, for a week is as far as the days go.
fn failed(now: DateTime<Utc>) -> u64 {
    (1..=5).find(|back| night(*back, now).weekday() == Weekday::Sun).unwrap_or(1)
}

/// `pgbackrest info --output=json`.
pub fn info(now: DateTime<Utc>) -> String {
    let failed = failed(now);
    let backup = |back: u64| {
        let began = night(back, now);
        let place = SEGMENTS * (NIGHTS - back);
        json!({
            "label": format!("{}F", began.format("%Y%m%d-%H%M%S")), "type": "full", "prior": null, "reference": null, "error": false,
            "timestamp": {"start": began.timestamp(), "stop": began.timestamp() + 540 + i64::try_from(back % 7).unwrap_or(0)},
            "archive": {"start": segment(place), "stop": segment(place)},
            "info": {"size": 9_800_000_000_u64, "delta": 9_800_000_000_u64, "repository": {"delta": 2_410_000_000 - 3_000_000 * back}},
            "database": {"id": 1, "repo-key": 1}, "backrest": {"format": 5, "version": "2.45"},
        })
    };
    let backups: Vec<Value> = (0..NIGHTS).rev().filter(|back| *back != failed).map(backup).collect();
    let told = json!([{
        "name": "orders", "cipher": "aes-256-cbc", "status": {"code": 0, "message": "ok", "lock": {"backup": {"held": false}}},
        "db": [{"id": 1, "repo-key": 1, "system-id": 7, "version": "16"}], "archive": [], "repo": [], "backup": backups,
    }]);
    told.to_string()
}

/// The names of the archived WAL, one a line: all but one, behind the backup of the night before the one that failed.
pub fn archived(now: DateTime<Utc>) -> String {
    let gone = SEGMENTS * (NIGHTS - failed(now)) + 1;
    let places = (1..=SEGMENTS * NIGHTS + 2).filter(|place| *place != gone);
    places.map(|place| format!("{}-6f1c.gz", segment(place))).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_night_is_left_out_and_so_is_a_segment() {
        for day in 1..=7 {
            let now = format!("2026-11-{:02}T10:00:00Z", day + 10).parse().expect("a time");
            let told: Value = serde_json::from_str(&info(now)).expect("JSON");
            assert_eq!(told[0]["backup"].as_array().map(Vec::len), Some(74));
            assert!((1..=5).contains(&failed(now)), "within the days that are drawn");
            assert_eq!(archived(now).lines().count(), 226);
        }
    }
}
