//! `quarterdeck backup objectives`: what was promised of recovery beside what is measured, by tiers, and what each loss would cost now.

use std::process::ExitCode;

use color_eyre::eyre::Result;
use serde::Serialize;

use crate::cli::Format;
use crate::cli::output::{columns, say, say_json};
use crate::cli::session::Session;
use crate::domain::backup::{Coverage, Level, Loss, MTBF, MTTR, Objectives, RestoreTest, State, Tier, matrix};
use crate::domain::incident::{Figures, Incident, Measured};
use crate::domain::store::{INCIDENTS_ENDED, standing};
use crate::domain::time::{self, Instant};
use crate::sources::store::port::ReadStore;

/// Over how many days incidents are counted.
const DAYS: i64 = 90;
/// How many incidents are read at most.
const MOST: u32 = 1_000;

/// The document: a contract.
#[derive(Debug, Serialize)]
struct Document<'a> {
    /// What holds where nobody says otherwise.
    objectives: Aims,
    /// The tiers, the gravest first.
    tiers: Vec<TierLine<'a>>,
    /// The time to resolve, of incidents that ended within 90 days; null where the store does not answer.
    mttr: Option<Measured>,
    /// What each loss would cost, of every set.
    sets: Vec<SetLine<'a>>,
}

#[derive(Debug, Serialize)]
#[expect(clippy::struct_field_names, reason = "the keys of the document name their unit")]
struct Aims {
    rto_seconds: i64,
    rpo_seconds: i64,
    mttr_seconds: i64,
    mtbf_seconds: i64,
}

#[derive(Debug, Serialize)]
struct TierLine<'a> {
    /// 1, 2 or 3.
    tier: &'static str,
    rto_seconds: i64,
    rpo_seconds: i64,
    /// The sets that were declared to be of it.
    sets: Vec<&'a str>,
    /// Those of them whose data is older than that, or not known.
    rpo_missed: Vec<&'a str>,
    /// Those of them of which no verified restore proves the other.
    rto_unproven: Vec<&'a str>,
}

#[derive(Debug, Serialize)]
struct SetLine<'a> {
    set: &'a str,
    kind: &'static str,
    state: State,
    tier: Option<&'static str>,
    rpo_seconds: i64,
    rto_seconds: i64,
    data_age_seconds: Option<i64>,
    /// What restores have proven: 0 to 5.
    level: u8,
    verified_at: Option<Instant>,
    rto_measured_seconds: Option<i64>,
    restore_bytes_per_second: Option<u64>,
    losses: Vec<LossLine>,
}

#[derive(Debug, Serialize)]
struct LossLine {
    loss: Loss,
    /// How much of the newest data; null: not known, perhaps all.
    lost_seconds: Option<i64>,
    within_rpo: Option<bool>,
    /// null: unproven.
    takes_seconds: Option<i64>,
    within_rto: Option<bool>,
    evidence: String,
}

pub(super) async fn run(session: &Session, output: Format) -> Result<ExitCode> {
    let coverage = session.coverage().await;
    let now = session.now();
    let mttr = async {
        let now = session.store.standing().await.ok()?.now;
        let ended = vec![standing(false).into(), (now - time::days(DAYS)).into()];
        let resolved: Vec<Incident> = session.store.list(INCIDENTS_ENDED, ended, MOST).await.ok()?;
        Some(Figures::of(resolved.iter()).mttr)
    };
    let document = document(&coverage, mttr.await, now);
    match output {
        Format::Json => say_json(&document)?,
        Format::Table => say(&table(&document))?,
    }
    Ok(ExitCode::SUCCESS)
}

fn document(coverage: &[Coverage], mttr: Option<Measured>, now: Instant) -> Document<'_> {
    let whole: Vec<&Coverage> = coverage.iter().filter(|row| row.kind.is_whole()).collect();
    let default = Objectives::default();
    let tier = |tier: Tier| {
        let Objectives { rto, rpo } = tier.objectives();
        let own: Vec<&Coverage> = whole.iter().filter(|row| row.declared.tier == Some(tier)).copied().collect();
        let names = |is: &dyn Fn(&Coverage) -> bool| own.iter().filter(|row| is(row)).map(|row| &*row.set).collect();
        TierLine {
            tier: tier.word(),
            rto_seconds: rto.num_seconds(),
            rpo_seconds: rpo.num_seconds(),
            sets: names(&|_| true),
            rpo_missed: names(&|row| row.data_age.is_none_or(|age| age > row.rpo)),
            rto_unproven: names(&|row| row.rto_measured.is_none_or(|took| took > row.rto)),
        }
    };
    Document {
        objectives: Aims {
            rto_seconds: default.rto.num_seconds(),
            rpo_seconds: default.rpo.num_seconds(),
            mttr_seconds: MTTR.num_seconds(),
            mtbf_seconds: MTBF.num_seconds(),
        },
        tiers: Tier::ALL.map(tier).into(),
        mttr,
        sets: whole.iter().map(|row| line(row, now)).collect(),
    }
}

fn line(row: &Coverage, now: Instant) -> SetLine<'_> {
    let losses = matrix(row, now).into_iter().map(|one| LossLine {
        loss: one.loss,
        lost_seconds: one.lost.map(|lost| lost.num_seconds()),
        within_rpo: one.is_within_rpo,
        takes_seconds: one.takes.map(|takes| takes.num_seconds()),
        within_rto: one.is_within_rto,
        evidence: one.evidence,
    });
    SetLine {
        set: &row.set,
        kind: row.kind.word(),
        state: row.state,
        tier: row.declared.tier.map(Tier::word),
        rpo_seconds: row.rpo.num_seconds(),
        rto_seconds: row.rto.num_seconds(),
        data_age_seconds: row.data_age.map(|age| age.num_seconds()),
        level: level(row.proven),
        verified_at: row.verified_at,
        rto_measured_seconds: row.rto_measured.map(|took| took.num_seconds()),
        restore_bytes_per_second: row.last_verified.as_ref().and_then(RestoreTest::rate),
        losses: losses.collect(),
    }
}

const fn level(level: Level) -> u8 {
    level as u8
}

fn table(document: &Document<'_>) -> String {
    if document.sets.is_empty() {
        return "No backups are declared. Write [backup.NAME] into the configuration.".to_owned();
    }
    let length = |seconds: Option<i64>| seconds.map(|seconds| time::length(time::seconds(seconds)));
    let heads = ["SET", "TIER", "LOSE", "WOULD BE LOST", "RPO", "WOULD TAKE", "RTO", "EVIDENCE"];
    let mut rows = vec![heads.map(str::to_owned).to_vec()];
    for set in &document.sets {
        rows.extend(set.losses.iter().map(|loss| {
            vec![
                set.set.to_owned(),
                set.tier.unwrap_or("-").to_owned(),
                loss.loss.word().to_owned(),
                length(loss.lost_seconds).unwrap_or_else(|| "UNKNOWN".to_owned()),
                length(Some(set.rpo_seconds)).unwrap_or_default(),
                length(loss.takes_seconds).unwrap_or_else(|| "unproven".to_owned()),
                length(Some(set.rto_seconds)).unwrap_or_default(),
                loss.evidence.clone(),
            ]
        }));
    }
    let mut lines = vec![columns(&rows), String::new()];
    for tier in &document.tiers {
        let said = |names: &[&str], none: &str| if names.is_empty() { none.to_owned() } else { names.join(", ") };
        lines.push(format!(
            "tier {}: RTO {}, RPO {}: {}; data too old of {}; restore unproven of {}",
            tier.tier,
            length(Some(tier.rto_seconds)).unwrap_or_default(),
            length(Some(tier.rpo_seconds)).unwrap_or_default(),
            said(&tier.sets, "no set"),
            said(&tier.rpo_missed, "none"),
            said(&tier.rto_unproven, "none"),
        ));
    }
    let Aims { mttr_seconds, mtbf_seconds, .. } = document.objectives;
    let measured = match &document.mttr {
        None => "not known: the store does not answer".to_owned(),
        Some(measured) => match length(measured.mean_seconds) {
            None => format!("no incident ended within {DAYS} days"),
            Some(mean) => format!("{mean} over {} incidents of {DAYS} days", measured.count),
        },
    };
    lines.push(format!(
        "aims: MTTR {} (measured: {measured}), MTBF {} (measured by service: quarterdeck incident figures)",
        length(Some(mttr_seconds)).unwrap_or_default(),
        length(Some(mtbf_seconds)).unwrap_or_default()
    ));
    lines.join("\n")
}
