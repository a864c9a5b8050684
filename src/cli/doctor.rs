//! `quarterdeck doctor`: what would keep the console from working here.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use color_eyre::eyre::Result;
use futures_util::StreamExt;
use futures_util::future::join_all;
use futures_util::stream;
use tokio::time::Instant as Tick;

use super::Global;
use super::output::{columns, say};
use super::session::Session;
use crate::actions::journal;
use crate::sources::cluster::{Connection, Contexts};
use crate::sources::error::SourceError;
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
    line("journal", kept(session.paths.state()));
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
            let is_there = cluster.is_ok();
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
            // Every further question would wait as long, for the same answer.
            if !is_there {
                return (session.environment.name.to_string(), lines);
            }
            let identity = ObserveCluster::identity(&connected.connection).await;
            line(
                "identity".to_owned(),
                identity
                    .map(|name| name.unwrap_or_else(|| "the cluster does not say".to_owned()))
                    .map_err(|error| error.sentence),
            );
            let everywhere: [Arc<str>; 1] = ["".into()];
            let namespaces = if connected.namespaces.is_empty() { &everywhere[..] } else { &connected.namespaces[..] };
            for (what, verdict) in rights(&connected.connection, namespaces).await {
                line(what, verdict);
            }
        }
    }
    (session.environment.name.to_string(), lines)
}

/// What the console lists and watches.
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
/// What its actions send, and what a shell and a forwarded port need.
const SENT: [(&str, &str, &str); 6] = [
    ("patch", "apps", "deployments"),
    ("patch", "apps", "statefulsets"),
    ("patch", "apps", "daemonsets"),
    ("delete", "", "pods"),
    ("create", "", "pods/exec"),
    ("create", "", "pods/portforward"),
];
/// How many questions are under way at a time: a server counts them against everybody's share.
const AT_ONCE: usize = 8;
/// How long all questions about rights may take in one environment.
const ASKED_WITHIN: Duration = Duration::from_secs(30);

/// The rights in every namespace, in two lines each: what may be seen, what may be done.
async fn rights(connection: &Connection, namespaces: &[Arc<str>]) -> Vec<(String, Result<String, String>)> {
    let listed = READ.iter().flat_map(|(group, resource)| ["list", "watch"].map(|verb| (verb, *group, *resource)));
    let kinds: Vec<(&str, &str, &str)> = listed.chain([("get", "", "pods/log")]).chain(SENT).collect();
    let questions = namespaces.iter().flat_map(|namespace| {
        kinds.iter().map(|(verb, group, resource)| {
            connection.may(Right { verb, group, resource, namespace: namespace.as_ref(), name: "" })
        })
    });
    let answered = answers(questions, Tick::now() + ASKED_WITHIN).await;
    let mut lines = Vec::new();
    for (namespace, answered) in namespaces.iter().zip(answered.chunks(kinds.len())) {
        let scope = if namespace.is_empty() { "everywhere".to_owned() } else { format!("in {namespace}") };
        lines
            .extend(verdicts(&kinds, answered).into_iter().map(|(what, verdict)| (format!("{what} {scope}"), verdict)));
    }
    lines
}

/// The answers in the order of the questions, a few under way at a time; `None` for those not there at the end.
async fn answers<T>(questions: impl Iterator<Item = impl Future<Output = T>>, end: Tick) -> Vec<Option<T>> {
    let asked = questions.map(|question| async move {
        // What begins after the end would still be sent before it is given up.
        if Tick::now() >= end {
            return None;
        }
        tokio::time::timeout_at(end, question).await.ok()
    });
    stream::iter(asked).buffered(AT_ONCE).collect().await
}

/// What the answers of one namespace come to.
fn verdicts(
    kinds: &[(&str, &str, &str)],
    answered: &[Option<Result<Access, SourceError>>],
) -> Vec<(&'static str, Result<String, String>)> {
    let (mut unseen, mut undone, mut unknown, mut trouble) = (Vec::new(), Vec::new(), Vec::new(), None);
    for (kind, answer) in kinds.iter().zip(answered) {
        let (verb, _, resource) = kind;
        let lacking = if SENT.contains(kind) { &mut undone } else { &mut unseen };
        match answer {
            Some(Ok(Access::Allowed)) => {}
            Some(Ok(Access::Denied(reason))) if reason.is_empty() => lacking.push(format!("{verb} {resource}")),
            Some(Ok(Access::Denied(reason))) => lacking.push(format!("{verb} {resource} ({reason})")),
            Some(Ok(Access::Unknown(reason))) => unknown.push(format!("{verb} {resource} ({reason})")),
            Some(Err(error)) => trouble = Some(error.sentence.clone()),
            None => trouble = Some(format!("not all was answered within {} s.", ASKED_WITHIN.as_secs())),
        }
    }
    if let Some(trouble) = trouble {
        return vec![("rights", Err(trouble))];
    }
    let well = || match unknown.as_slice() {
        [] => Ok("allowed, all of it".to_owned()),
        unknown => Ok(format!("nothing is denied; not known: {}", unknown.join(", "))),
    };
    vec![
        ("see", if unseen.is_empty() { well() } else { Err(format!("not allowed: {}", unseen.join(", "))) }),
        (
            "act",
            if undone.is_empty() {
                well()
            } else {
                Ok(format!("not allowed: {}; plans of these can be read, not applied", undone.join(", ")))
            },
        ),
    ]
}

/// Whether the journal is sound, and whether anything in it never ended.
fn kept(state: &std::path::Path) -> Result<String, String> {
    let chains = journal::chains(state).map_err(|error| error.to_string())?;
    let verified = journal::verify(state, None).map_err(|error| error.to_string())?;
    let (flaws, unfinished) = (verified.flaws.len(), journal::unfinished(&chains).len());
    if flaws + unfinished == 0 {
        return Ok(format!("{} chains, sound", verified.chains));
    }
    Err(format!("{flaws} flaws, {unfinished} unfinished runs; run: quarterdeck journal verify, then quarterdeck"))
}

/// What the store is, whether it answers, and whether its clock agrees with ours.
async fn store(session: &Session) -> Result<String, String> {
    let standing = session.store.standing().await.map_err(|error| error.sentence)?;
    if !standing.troubles.is_empty() {
        return Err(standing.troubles.join(" "));
    }
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

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_server_that_does_not_answer_holds_nobody_longer_than_agreed() {
        let (under_way, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let questions = (0..200_u64).map(|number| {
            let (under_way, most) = (&under_way, &most);
            async move {
                most.fetch_max(under_way.fetch_add(1, Ordering::Relaxed) + 1, Ordering::Relaxed);
                let wait = if number < 20 { Duration::from_millis(10) } else { Duration::from_hours(1) };
                tokio::time::sleep(wait).await;
                under_way.fetch_sub(1, Ordering::Relaxed);
                number
            }
        });
        let began = Tick::now();
        let answered = answers(questions, began + ASKED_WITHIN).await;
        assert!(began.elapsed() < ASKED_WITHIN + Duration::from_secs(1), "{:?}", began.elapsed());
        assert_eq!(answered.len(), 200);
        assert!(answered[..20].iter().enumerate().all(|(place, answer)| *answer == Some(place as u64)), "in order");
        assert!(answered[20..].iter().all(Option::is_none));
        assert!(most.load(Ordering::Relaxed) <= 2 * AT_ONCE, "at most a few at a time");
    }

    #[test]
    fn what_was_not_answered_is_no_permission() {
        let kinds = [("list", "", "pods")];
        assert!(verdicts(&kinds, &[None])[0].1.is_err());
        assert!(verdicts(&kinds, &[Some(Ok(Access::Allowed))]).iter().all(|(_, verdict)| verdict.is_ok()));
    }
}
