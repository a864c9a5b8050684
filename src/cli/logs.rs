//! `quarterdeck logs`: the same lines the screen shows, masked and cleaned, for a pipe.

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::Arc;

use chrono::TimeDelta;
use clap::Args;
use color_eyre::eyre::Result;
use serde::Serialize;
use tokio::sync::mpsc;

use super::output::{note, say_json_line, say_whole};
use super::plan::named;
use super::session::{Session, shows};
use super::{Format, Global, exit};
use crate::domain::log::LogNews;
use crate::domain::log::{Level, Line, LogAsk, Since, Standing};
use crate::domain::rollout::WorkloadRef;
use crate::domain::time;
use crate::sources::cluster::follow_logs;

#[derive(Debug, Args)]
pub(super) struct Logs {
    /// Of what: deployment/NAME, statefulset/NAME, daemonset/NAME.
    target: String,
    /// The namespace; else the context's.
    #[arg(long, short)]
    namespace: Option<String>,
    /// One pod of it.
    #[arg(long)]
    pod: Option<String>,
    /// One container of each pod.
    #[arg(long, short)]
    container: Option<String>,
    /// Go on with what is written from now on.
    #[arg(long, short)]
    follow: bool,
    /// The instance before the present one.
    #[arg(long, short)]
    previous: bool,
    /// From so long ago on, such as 90s, 5m, 2h.
    #[arg(long, value_name = "TIME", value_parser = time::span)]
    since: Option<TimeDelta>,
    /// Without --since: so many of the newest lines of each container.
    #[arg(long, default_value_t = 200, value_name = "LINES")]
    tail: u32,
    /// Only lines of this level and graver; lines that do not say theirs are shown.
    #[arg(long, value_name = "LEVEL", value_parser = level)]
    level: Option<Level>,
    /// Only lines that hold this text, in any case.
    #[arg(long, value_name = "TEXT")]
    search: Option<String>,
    /// The form of the lines; json is one object a line.
    #[arg(long, short, value_enum, default_value_t)]
    output: Format,
}

/// A line of `logs --output json`.
#[derive(Debug, Serialize)]
struct Entry<'a> {
    at: Option<String>,
    pod: &'a str,
    container: &'a str,
    level: &'a str,
    message: &'a str,
    fields: BTreeMap<&'a str, &'a str>,
}

impl Logs {
    pub(super) async fn run(&self, global: &Global) -> Result<ExitCode> {
        let Some((kind, name)) = named(&self.target) else {
            note(&format!(
                "{:?} names no workload: write deployment/NAME, statefulset/NAME or daemonset/NAME.",
                self.target
            ));
            return Ok(ExitCode::from(exit::USAGE));
        };
        let session = Session::prepare(global);
        session.tell_problems();
        let connected = match session.connect().await {
            Ok(connected) => connected,
            Err(error) => {
                note(&error.sentence);
                return Ok(ExitCode::from(1));
            }
        };
        let namespace = self.namespace.clone().unwrap_or_else(|| connected.default_namespace.clone());
        if !shows(&session.environment, &namespace) {
            note(&format!("Environment {} does not include namespace {namespace:?}.", session.environment.name));
            return Ok(ExitCode::from(exit::USAGE));
        }
        let ask = LogAsk {
            workload: WorkloadRef {
                environment: session.environment.name.clone(),
                namespace: namespace.as_str().into(),
                kind,
                name: name.into(),
            },
            pod: self.pod.as_deref().map(Arc::from),
            container: self.container.as_deref().map(Arc::from),
            is_previous: self.previous,
            since: self.since.map_or(Since::Tail(self.tail), |ago| Since::Time(session.now() - ago)),
            is_followed: self.follow,
        };
        let (news, mut told) = mpsc::channel(16);
        let reading = follow_logs(connected.connection, ask, session.mask(), news);
        let printing = async {
            let mut is_read = true;
            while let Some(news) = told.recv().await {
                match news {
                    LogNews::Lines(lines) => self.print(&lines)?,
                    LogNews::Stands(origin, Standing::Waiting(why)) => {
                        is_read = false;
                        note(&format!("{}/{}: {why}", origin.pod, origin.container));
                    }
                    LogNews::Trouble(Some(why)) => {
                        is_read = false;
                        note(&why);
                    }
                    LogNews::Stands(..) | LogNews::Trouble(None) => {}
                }
            }
            Ok::<_, std::io::Error>(is_read)
        };
        let ((), is_read) = tokio::join!(reading, printing);
        Ok(ExitCode::from(u8::from(!is_read?)))
    }

    fn print(&self, lines: &[Line]) -> std::io::Result<()> {
        let search = self.search.as_ref().map(|text| text.to_lowercase());
        let is_wanted = |line: &&Line| {
            line.level.passes(self.level.unwrap_or(Level::Trace))
                && search.as_ref().is_none_or(|text| line.contains(text))
        };
        for line in lines.iter().filter(is_wanted) {
            match self.output {
                Format::Json => say_json_line(&entry(line))?,
                Format::Table => say_whole(&line.written())?,
            }
        }
        Ok(())
    }
}

fn entry(line: &Line) -> Entry<'_> {
    Entry {
        at: line.at.map(|at| at.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true)),
        pod: &line.origin.pod,
        container: &line.origin.container,
        level: line.level.word(),
        message: &line.message,
        fields: line.fields.iter().map(|(key, value)| (&**key, &**value)).collect(),
    }
}

fn level(word: &str) -> Result<Level, String> {
    Level::named(word).ok_or_else(|| "the levels are trace, debug, info, warn, error, fatal".to_owned())
}
