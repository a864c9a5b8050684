//! `quarterdeck doctor`: what would keep the console from working here.

use std::process::ExitCode;
use std::sync::Arc;

use color_eyre::eyre::Result;
use futures_util::future::join_all;

use super::Global;
use super::output::{columns, say};
use super::session::Session;
use crate::actions::journal;
use crate::sources::cluster::{Connection, Contexts};
use crate::sources::observe::{Access, ObserveCluster, Right};
use crate::sources::store::port::ReadStore;

/// Checks everything there is to check and prints a line for each; exit code 1 when anything is wrong.
pub(super) async fn run(global: &Global) -> Result<ExitCode> {
    let session = Session::prepare(global);
    let mut rows: Vec<Vec<String>> = Vec::new();
    let mut is_well = true;
    let mut line = |what: &str, verdict: Result<String, String>| {
        is_well &= verdict.is_ok();
        let (word, words) = match verdict {
            Ok(words) => ("ok", words),
            Err(words) => ("WRONG", words),
        };
        rows.push(vec![word.to_owned(), what.to_owned(), words]);
    };
    let problems = session.all_problems();
    line(
        "configuration",
        if problems.is_empty() {
            Ok(format!("{} environments", session.settings.environments.len()))
        } else {
            Err(format!("{} problems; run: quarterdeck config check", problems.len()))
        },
    );
    line("state", writable(session.paths.state()));
    let chains = journal::chains(session.paths.state());
    line(
        "journal",
        match chains {
            Ok(chains) => {
                let (flaws, unfinished) = (journal::flaws(&chains).len(), journal::unfinished(&chains).len());
                if flaws + unfinished == 0 {
                    Ok(format!("{} chains, sound", chains.len()))
                } else {
                    Err(format!(
                        "{flaws} flaws, {unfinished} unfinished runs; run: quarterdeck journal verify, then quarterdeck"
                    ))
                }
            }
            Err(error) => Err(error.to_string()),
        },
    );
    if let Ok(contexts) = Contexts::read(global.kubeconfig.as_deref())
        && !contexts.absent().is_empty()
    {
        let absent = contexts.absent().iter().map(|file| file.display().to_string()).collect::<Vec<_>>().join(", ");
        line("kubeconfig", Ok(format!("passed over, as they do not exist: {absent}")));
    }
    line("store", store(&session).await);
    let several = session.shown();
    let are_several = several.len() > 1;
    // Side by side: a dead cluster takes its own time, and nobody else's.
    for (environment, lines) in join_all(several.into_iter().map(cluster)).await {
        for (what, verdict) in lines {
            line(&if are_several { format!("{environment}: {what}") } else { what }, verdict);
        }
    }
    say(&columns(&rows))?;
    Ok(ExitCode::from(u8::from(!is_well)))
}

/// What would keep the console from one environment's cluster.
async fn cluster(session: Session) -> (String, Vec<(String, std::result::Result<String, String>)>) {
    let mut lines = Vec::new();
    let mut line = |what: String, verdict| lines.push((what, verdict));
    match session.connect().await {
        Err(error) => line("cluster".to_owned(), Err(error.sentence)),
        Ok(connected) => {
            let cluster = connected.connection.cluster().await;
            line(
                "cluster".to_owned(),
                cluster
                    .map(|cluster| {
                        format!(
                            "{} at {}, kube-system {}",
                            cluster.context,
                            cluster.server,
                            cluster.uid.as_deref().unwrap_or("may not be read")
                        )
                    })
                    .map_err(|error| error.sentence),
            );
            let identity = ObserveCluster::identity(&connected.connection).await;
            line(
                "identity".to_owned(),
                identity
                    .map(|name| name.unwrap_or_else(|| "the cluster does not say".to_owned()))
                    .map_err(|error| error.sentence),
            );
            let everywhere: [Arc<str>; 1] = ["".into()];
            let namespaces = if connected.namespaces.is_empty() { &everywhere[..] } else { &connected.namespaces[..] };
            let asked = namespaces.iter().map(|namespace| rights(&connected.connection, namespace));
            for (namespace, verdicts) in namespaces.iter().zip(join_all(asked).await) {
                let scope = if namespace.is_empty() { "everywhere".to_owned() } else { format!("in {namespace}") };
                for (what, verdict) in verdicts {
                    line(format!("{what} {scope}"), verdict);
                }
            }
        }
    }
    (session.environment.name.to_string(), lines)
}

/// What the console reads, by the verb it reads it with.
const READ: [(&str, &str); 10] = [
    ("apps", "deployments"),
    ("apps", "statefulsets"),
    ("apps", "daemonsets"),
    ("apps", "replicasets"),
    ("apps", "controllerrevisions"),
    ("", "pods"),
    ("", "events"),
    ("batch", "cronjobs"),
    ("batch", "jobs"),
    ("autoscaling", "horizontalpodautoscalers"),
];
/// What its actions send.
const SENT: [(&str, &str, &str); 4] = [
    ("patch", "apps", "deployments"),
    ("patch", "apps", "statefulsets"),
    ("patch", "apps", "daemonsets"),
    ("delete", "", "pods"),
];

/// The rights in one namespace, in two lines: what may be seen, what may be done. Everything is asked at once.
async fn rights(connection: &Connection, namespace: &str) -> Vec<(String, Result<String, String>)> {
    let seen = READ.iter().flat_map(|(group, resource)| ["list", "watch"].map(|verb| (verb, *group, *resource)));
    let asked: Vec<(&str, &str, &str)> = seen.chain(SENT).collect();
    let answers = join_all(
        asked
            .iter()
            .map(|(verb, group, resource)| connection.may(Right { verb, group, resource, namespace, name: "" })),
    )
    .await;
    let (mut unseen, mut undone, mut unknown, mut trouble) = (Vec::new(), Vec::new(), Vec::new(), None);
    for ((verb, group, resource), answer) in asked.iter().zip(answers) {
        let is_sent = SENT.contains(&(verb, group, resource));
        let lacking = if is_sent { &mut undone } else { &mut unseen };
        match answer {
            Ok(Access::Allowed) => {}
            Ok(Access::Denied(reason)) if reason.is_empty() => lacking.push(format!("{verb} {resource}")),
            Ok(Access::Denied(reason)) => lacking.push(format!("{verb} {resource} ({reason})")),
            Ok(Access::Unknown(reason)) => unknown.push(format!("{verb} {resource} ({reason})")),
            Err(error) => trouble = Some(error.sentence),
        }
    }
    if let Some(trouble) = trouble {
        return vec![("rights".to_owned(), Err(trouble))];
    }
    let well = || match unknown.as_slice() {
        [] => Ok("allowed, all of it".to_owned()),
        unknown => Ok(format!("nothing is denied; not known: {}", unknown.join(", "))),
    };
    vec![
        ("see".to_owned(), if unseen.is_empty() { well() } else { Err(format!("not allowed: {}", unseen.join(", "))) }),
        (
            "act".to_owned(),
            if undone.is_empty() {
                well()
            } else {
                Ok(format!("not allowed: {}; such plans can be read, not applied", undone.join(", ")))
            },
        ),
    ]
}

/// What the store is, whether it answers, and whether its clock agrees with ours.
async fn store(session: &Session) -> Result<String, String> {
    let standing = session.store().standing().await.map_err(|error| error.sentence)?;
    let ahead = (standing.now - session.now()).num_seconds();
    if ahead.abs() > 2 {
        let direction = if ahead > 0 { "ahead of" } else { "behind" };
        return Err(format!(
            "{}: its clock is {} s {direction} this machine's. Synchronise the two: times of acknowledgements are the store's.",
            standing.what,
            ahead.abs()
        ));
    }
    let user = if standing.session_user.is_empty() { String::new() } else { format!(" as {}", standing.session_user) };
    Ok(format!("{}{user}, tables of version {}, {} audit entries", standing.what, standing.schema, standing.position))
}

/// Whether the state folder can be written: without it nothing can be confirmed.
fn writable(state: &std::path::Path) -> Result<String, String> {
    let probe = state.join(format!(".probe-{}", std::process::id()));
    let written = std::fs::create_dir_all(state)
        .and_then(|()| std::fs::write(&probe, b""))
        .and_then(|()| std::fs::remove_file(&probe));
    written.map(|()| state.display().to_string()).map_err(|error| {
        format!("{} cannot be written: {error}. Nothing can be applied without a journal.", state.display())
    })
}
