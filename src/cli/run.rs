//! `quarterdeck` without a subcommand: the console itself.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use color_eyre::eyre::Result;
use tokio::sync::{mpsc, watch};

use super::Global;
use super::output::note;
use super::session::{Session, author};
use crate::actions::journal::Journal;
use crate::app::{Connect, Keep, Model, Performer, Reach, Runtime, chosen_editor, command_names};
use crate::keys::Keymap;
use crate::telemetry;
use crate::theme::{Depth, Glyphs, Theme};

/// What the demo changes about a console.
#[derive(Debug, Clone, Default)]
pub(super) struct Staging {
    /// Whether this is the demo.
    pub(super) is_demo: bool,
    /// The sentence of the banner.
    pub(super) banner: Option<String>,
}

/// Runs the console against the configured environments.
pub(super) async fn run(global: &Global) -> Result<ExitCode> {
    Box::pin(open(Session::prepare(global), Staging::default())).await
}

/// Runs the console of a session.
pub(super) async fn open(session: Session, staging: Staging) -> Result<ExitCode> {
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let paths = session.paths.clone();
    telemetry::open(paths.state(), variable("QUARTERDECK_LOG").as_deref());
    let look = &session.settings.look;
    let depth =
        Depth::of(variable("NO_COLOR").as_deref(), variable("COLORTERM").as_deref(), variable("TERM").as_deref());
    let (theme, theme_problems) = Theme::load(&look.theme, &paths.themes(), depth);
    let (keymap, key_problems) = Keymap::load(&look.keymap, &paths.keymaps(), &command_names(session.catalog));
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(variable);
    let glyphs = Glyphs::of(look.is_ascii, locale.as_deref());
    let mut problems = session.problems.clone();
    problems.extend(theme_problems);
    problems.extend(key_problems);

    let environments = session.settings.environments.clone();
    let names = environments.iter().map(|environment| environment.name.clone()).collect();
    let mut model = Model::new(environments, session.scope, keymap, problems);
    model.catalog = session.catalog;
    model.world.services = session.settings.services.clone();
    model.is_demo = staging.is_demo;
    model.banner = staging.banner.or(model.banner);
    let (told, messages) = mpsc::channel(256);
    let (leaving, leave) = watch::channel(false);
    let (state, journal, seen, clock) =
        (PathBuf::from(paths.state()), session.journal.clone(), session.seen.clone(), session.clock());
    let mask = session.mask();
    let keep = Keep {
        store: session.store.clone(),
        read_only: session.settings.store_read_only,
        author: author(),
        environment: session.environment.name.to_string(),
    };
    let local = |place| session.at(place).local(leave.clone());
    let local = (0..session.settings.environments.len()).map(local).collect();
    let watched = session.settings.clone();
    let mut performer =
        Performer::new(connect(session, leave), names, told, state, journal, seen, clock.clone()).masking(mask);
    performer.keep(keep);
    performer.act_by(local);
    performer.watch(&watched);
    let editor = chosen_editor(|name| std::env::var(name).ok());
    let runtime = Runtime { model, performer, messages, leaving, theme, glyphs, clock, editor };
    // The console is large; its caller need not be.
    match Box::pin(runtime.run()).await {
        Ok(()) => Ok(ExitCode::SUCCESS),
        Err(error) => {
            note(&error.to_string());
            Ok(ExitCode::from(2))
        }
    }
}

/// The way to each environment.
fn connect(session: Session, leave: watch::Receiver<bool>) -> Connect {
    let session = Arc::new(session);
    Arc::new(move |environment| {
        let (session, leave) = (session.clone(), leave.clone());
        Box::pin(async move {
            let session = session.at(environment);
            let connected = session.connect().await?;
            if session.grant().is_ok() {
                // On the side: the first rows need not wait for it.
                let journal = Journal::new(session.paths.state());
                tokio::task::spawn_blocking(move || journal.set_aside());
            }
            Ok(Reach {
                planner: session.planner(&connected),
                executor: session.executor(&connected, leave),
                connection: connected.connection,
                namespaces: connected.namespaces,
            })
        })
    })
}
