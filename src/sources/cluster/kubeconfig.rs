//! Which cluster, and with which credentials: the kubeconfig, or the pod's own service account.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use kube::config::{KubeConfigOptions, Kubeconfig};

use super::credentials;
use crate::domain::text;
use crate::sources::error::{SourceError, Trouble};
use crate::sources::proxy;

/// The contexts of a kubeconfig.
#[derive(Debug, Clone)]
pub struct Contexts {
    config: Kubeconfig,
    /// Where it was read from, in words.
    from: String,
    /// The files it is read from, the first one to define something counting.
    files: Vec<PathBuf>,
    /// Those of them that do not exist.
    absent: Vec<PathBuf>,
}

/// What to connect to.
#[derive(Debug, Clone)]
pub enum Endpoint {
    /// A context of a kubeconfig.
    Context(Box<Contexts>, String),
    /// The cluster this process runs in.
    InCluster,
}

impl Contexts {
    /// Reads the kubeconfig: the file given, else those of `KUBECONFIG`, else `~/.kube/config`.
    ///
    /// # Errors
    /// With the file and what is wrong with it.
    pub fn read(file: Option<&Path>) -> Result<Self, SourceError> {
        if let Some(file) = file {
            return Self::merged(vec![file.to_owned()]);
        }
        let listed = std::env::var_os("KUBECONFIG").unwrap_or_default();
        let mut files: Vec<PathBuf> =
            std::env::split_paths(&listed).filter(|file| !file.as_os_str().is_empty()).collect();
        if files.is_empty() {
            files.extend(std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".kube/config")));
        }
        Self::merged(files)
    }

    /// Merges files as kubectl does: the first file to define something counts, a path is relative to the file it stands in, and of
    /// several files those that do not exist are passed over.
    ///
    /// # Errors
    /// When none of them exists, one is no kubeconfig, or one defines something twice: nobody can tell which cluster is meant.
    pub fn merged(files: Vec<PathBuf>) -> Result<Self, SourceError> {
        let from = files.iter().map(|file| file.display().to_string()).collect::<Vec<_>>().join(", ");
        let wrong =
            |from: &str, error: &dyn std::error::Error| SourceError::new(Trouble::Setup, unreadable(from, error));
        let mut config: Option<Kubeconfig> = None;
        let mut absent = Vec::new();
        for file in &files {
            let name = file.display().to_string();
            let mut next = match Kubeconfig::read_from(file) {
                Err(_) if files.len() > 1 && !file.exists() => {
                    absent.push(file.clone());
                    continue;
                }
                read => read.map_err(|error| wrong(&name, &error))?,
            };
            if let Some(twice) = twice(&next) {
                let words = format!("{twice} twice, and kubectl refuses that too; rename or remove one");
                return Err(wrong(&name, &std::io::Error::other(words)));
            }
            // An empty name is none, or it would hide the one of a later file.
            next.current_context = next.current_context.filter(|name| !name.is_empty());
            config = Some(match config {
                None => next,
                Some(first) => first.merge(next).map_err(|error| wrong(&name, &error))?,
            });
        }
        let nowhere = || {
            let words = "no such file; is there a home directory?";
            wrong(if from.is_empty() { "~/.kube/config" } else { &from }, &std::io::Error::other(words))
        };
        let config = config.ok_or_else(nowhere)?;
        Ok(Self { config, from, files, absent })
    }

    /// The files of the list that do not exist.
    pub fn absent(&self) -> &[PathBuf] {
        &self.absent
    }

    /// The names of all contexts, in the order of the file.
    pub fn names(&self) -> Vec<String> {
        self.config.contexts.iter().map(|context| context.name.clone()).collect()
    }

    /// The current context.
    pub fn current(&self) -> Option<&str> {
        self.config.current_context.as_deref().filter(|name| !name.is_empty())
    }

    /// The namespace a context names.
    pub fn namespace(&self, context: &str) -> Option<&str> {
        let named = self.config.contexts.iter().find(|named| named.name == context)?;
        named.context.as_ref()?.namespace.as_deref().filter(|namespace| !namespace.is_empty())
    }

    /// The endpoint of a context.
    ///
    /// # Errors
    /// When there is no such context; the sentence names those there are.
    pub fn endpoint(self, context: &str) -> Result<Endpoint, SourceError> {
        if self.config.contexts.iter().any(|named| named.name == context) {
            return Ok(Endpoint::Context(Box::new(self), context.to_owned()));
        }
        let (context, from, known) = (text::clean(context), &self.from, self.known());
        Err(SourceError::new(
            Trouble::Setup,
            format!("there is no context {context:?} in the kubeconfig ({from}): {known}."),
        ))
    }

    /// The contexts there are, in words.
    fn known(&self) -> String {
        let names = self.names();
        if names.is_empty() {
            "it has none".to_owned()
        } else {
            text::clean(&format!("it has {}", names.join(", "))).into_owned()
        }
    }
}

impl Endpoint {
    /// The same endpoint as its files say now: whoever logs in again in another terminal writes there.
    ///
    /// What cannot be read at the moment, or has lost the context, stays as it was.
    pub(super) fn again(&self) -> Self {
        match self {
            Self::InCluster => Self::InCluster,
            Self::Context(contexts, context) => {
                let read = Contexts::merged(contexts.files.clone()).and_then(|read| read.endpoint(context));
                read.unwrap_or_else(|_| self.clone())
            }
        }
    }

    /// The context's name; `in-cluster` without one.
    pub fn context(&self) -> &str {
        match self {
            Self::Context(_, context) => context,
            Self::InCluster => "in-cluster",
        }
    }

    /// The namespace its context names.
    pub fn namespace(&self) -> Option<&str> {
        match self {
            Self::Context(contexts, context) => contexts.namespace(context),
            Self::InCluster => None,
        }
    }

    /// The API server's address as the kubeconfig writes it; `None` where it does not.
    pub fn server(&self) -> Option<String> {
        let Self::Context(contexts, context) = self else { return None };
        let named = contexts.config.contexts.iter().find(|named| named.name == *context)?;
        let cluster = &named.context.as_ref()?.cluster;
        let named = contexts.config.clusters.iter().find(|named| named.name == *cluster)?;
        let server = named.cluster.as_ref()?.server.as_deref()?;
        Some(server.trim_end_matches('/').to_owned())
    }

    /// kube's configuration for it: our user agent, no retries, and credential plug-ins that never touch the terminal.
    pub(super) async fn config(&self) -> Result<kube::Config, SourceError> {
        let mut config = match self {
            Self::InCluster => kube::Config::incluster().map_err(|error| {
                SourceError::new(
                    Trouble::Setup,
                    format!("this is not a pod of a cluster: {error}. Name a context instead of in_cluster."),
                )
            })?,
            Self::Context(contexts, context) => {
                let mut file = contexts.config.clone();
                let used = file.contexts.iter().find(|named| named.name == *context);
                let used = used.and_then(|named| named.context.clone()).unwrap_or_default();
                let wrong = |kind: &str, name: &str, words: String| {
                    let words = std::io::Error::other(format!("{kind} {name:?}: {words}"));
                    SourceError::new(Trouble::Setup, unreadable(&contexts.from, &words))
                };
                for named in file.auth_infos.iter_mut().filter(|named| used.user.as_ref() == Some(&named.name)) {
                    let read = named.auth_info.take().map(credentials::of_user).transpose();
                    named.auth_info = read.map_err(|words| wrong("user", &named.name, words))?;
                }
                for named in file.clusters.iter_mut().filter(|named| used.cluster == named.name) {
                    let cluster = named.cluster.take().map(credentials::of_cluster).transpose();
                    named.cluster = cluster.map_err(|words| wrong("cluster", &named.name, words))?;
                }
                let options = KubeConfigOptions { context: Some(context.clone()), cluster: None, user: None };
                kube::Config::from_custom_kubeconfig(file, &options)
                    .await
                    .map_err(|error| SourceError::new(Trouble::Setup, unreadable(&contexts.from, &error)))?
            }
        };
        // A retry by the client library would send a mutation twice and hide a dead server for seconds.
        config.default_retry = false;
        config.proxy_url = proxy::toward(&config.cluster_url, self.own_proxy())?;
        // Without TLS nobody has to be trusted: reading the system's authorities would cost 35 ms of the first screen.
        if config.cluster_url.scheme_str() == Some("http") {
            config.root_cert.get_or_insert_default();
        }
        config.connect_timeout = Some(std::time::Duration::from_secs(5));
        config.headers.push((
            http::header::USER_AGENT,
            http::HeaderValue::from_static(concat!("quarterdeck/", env!("CARGO_PKG_VERSION"))),
        ));
        Ok(config)
    }
}

impl Endpoint {
    /// The proxy the kubeconfig itself names for it.
    fn own_proxy(&self) -> Option<&str> {
        let Self::Context(contexts, context) = self else { return None };
        let named = contexts.config.contexts.iter().find(|named| named.name == *context)?;
        let cluster = &named.context.as_ref()?.cluster;
        let named = contexts.config.clusters.iter().find(|named| named.name == *cluster)?;
        named.cluster.as_ref()?.proxy_url.as_deref().filter(|proxy| !proxy.is_empty())
    }
}

/// Whether this process runs in a pod with a service account.
pub(super) fn is_in_cluster() -> bool {
    PathBuf::from("/var/run/secrets/kubernetes.io/serviceaccount/token").exists()
}

impl Endpoint {
    /// The endpoint to use when nothing says which: the kubeconfig's current context, or the cluster around us.
    ///
    /// # Errors
    /// When there is neither.
    pub fn current(file: Option<&Path>) -> Result<Self, SourceError> {
        match Contexts::read(file) {
            Ok(contexts) => match contexts.current().map(str::to_owned) {
                Some(context) => contexts.endpoint(&context),
                None if is_in_cluster() && file.is_none() => Ok(Self::InCluster),
                None => {
                    let (from, known) = (&contexts.from, contexts.known());
                    let words =
                        format!("the kubeconfig ({from}) names no current context; {known}. Give one with --context.");
                    Err(SourceError::new(Trouble::Setup, words))
                }
            },
            Err(_) if is_in_cluster() && file.is_none() => Ok(Self::InCluster),
            Err(error) => Err(error),
        }
    }
}

/// What one file defines twice: `it names the cluster "prod"`.
fn twice(file: &Kubeconfig) -> Option<String> {
    let clusters = file.clusters.iter().map(|named| ("cluster", &named.name));
    let users = file.auth_infos.iter().map(|named| ("user", &named.name));
    let contexts = file.contexts.iter().map(|named| ("context", &named.name));
    let mut known = HashSet::new();
    let mut all = clusters.chain(users).chain(contexts);
    all.find(|named| !known.insert(*named)).map(|(kind, name)| format!("it names the {kind} {name:?}"))
}

fn unreadable(from: &str, error: &dyn std::error::Error) -> String {
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let inner_words = inner.to_string();
        if !words.contains(&inner_words) {
            words = format!("{words}: {inner_words}");
        }
        cause = inner.source();
    }
    format!(
        "the kubeconfig ({from}) cannot be used: {}. Give one with --kubeconfig, set KUBECONFIG, or try `quarterdeck demo`.",
        text::clean(&words)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contexts() -> Result<Contexts, Box<dyn std::error::Error>> {
        let config = Kubeconfig::from_yaml(
            "apiVersion: v1\nkind: Config\ncurrent-context: prod\nclusters: [{name: c, cluster: {server: 'https://127.0.0.1:1'}}]\nusers: [{name: u, user: {exec: {apiVersion: client.authentication.k8s.io/v1, command: login}}}]\ncontexts: [{name: prod, context: {cluster: c, user: u, namespace: shop}}, {name: stage, context: {cluster: c, user: u}}]\n",
        )?;
        Ok(Contexts { config, from: "test".into(), files: Vec::new(), absent: Vec::new() })
    }

    #[test]
    fn an_unknown_context_names_those_there_are() -> Result<(), Box<dyn std::error::Error>> {
        let error = contexts()?.endpoint("production").err().ok_or("should not exist")?;
        assert!(error.sentence.contains("prod, stage"), "{error}");
        assert_eq!(contexts()?.namespace("prod"), Some("shop"));
        Ok(())
    }

    #[tokio::test]
    async fn plug_ins_never_get_the_terminal_and_nothing_is_retried() -> Result<(), Box<dyn std::error::Error>> {
        let config = contexts()?.endpoint("prod")?.config().await?;
        let mode = config.auth_info.exec.and_then(|exec| exec.interactive_mode);
        assert_eq!(mode, Some(kube::config::ExecInteractiveMode::Never));
        assert!(!config.default_retry);
        Ok(())
    }

    #[test]
    fn files_are_merged_as_kubectl_does() -> Result<(), Box<dyn std::error::Error>> {
        let folder = tempfile::tempdir()?;
        let written = |name: &str, current: &str, server: &str| {
            let file = folder.path().join(name);
            let text = format!(
                "apiVersion: v1\nkind: Config\ncurrent-context: '{current}'\nclusters: [{{name: c, cluster: {{server: '{server}'}}}}]\nusers: []\ncontexts: [{{name: {name}, context: {{cluster: c, user: u}}}}]\n"
            );
            std::fs::write(&file, text).map(|()| file)
        };
        let (one, two) = (written("one", "", "https://first:1")?, written("two", "two", "https://second:2")?);
        let missing = folder.path().join("missing");
        let merged = Contexts::merged(vec![missing.clone(), one.clone(), two])?;
        assert_eq!(merged.names(), ["one", "two"]);
        assert_eq!(merged.current(), Some("two"), "an empty name is none");
        let server = merged.config.clusters.first().and_then(|named| named.cluster.as_ref()?.server.clone());
        assert_eq!(server.as_deref(), Some("https://first:1"), "the first to define it counts");
        assert_eq!(merged.absent(), std::slice::from_ref(&missing));
        assert_eq!(Contexts::merged(vec![one])?.current(), None);
        let error = Contexts::merged(vec![missing.clone(), missing]).err().ok_or("nothing is there")?;
        assert!(error.sentence.contains("missing") && error.sentence.contains("--kubeconfig"), "{error}");
        Ok(())
    }

    #[test]
    fn what_one_file_names_twice_is_refused_and_of_two_files_the_first_counts() -> Result<(), Box<dyn std::error::Error>>
    {
        let folder = tempfile::tempdir()?;
        let named = |clusters: &[&str], users: &[&str], contexts: &[&str]| {
            let list =
                |names: &[&str]| names.iter().map(|name| format!("{{name: {name}}}")).collect::<Vec<_>>().join(", ");
            let text =
                format!("clusters: [{}]\nusers: [{}]\ncontexts: [{}]\n", list(clusters), list(users), list(contexts));
            let file = folder.path().join("config");
            std::fs::write(&file, text).map(|()| Contexts::merged(vec![file.clone(), file]))
        };
        for (twice, read) in [
            ("cluster \"a\"", named(&["a", "b", "a"], &[], &[])?),
            ("user \"u\"", named(&["a"], &["u", "u"], &["a"])?),
            ("context \"prod\"", named(&["a"], &["a"], &["prod", "prod"])?),
        ] {
            let error = read.err().ok_or("it should be refused")?;
            assert!(error.sentence.contains(&format!("it names the {twice} twice")), "{error}");
        }
        assert!(
            named(&["a"], &["a"], &["a"])?.is_ok(),
            "kinds have names of their own, and the same file twice is no matter"
        );
        Ok(())
    }

    #[test]
    fn a_missing_file_is_named() {
        let error =
            Contexts::read(Some(Path::new("/nowhere/config"))).err().map(|error| error.sentence).unwrap_or_default();
        assert!(error.contains("/nowhere/config") && error.contains("--kubeconfig"), "{error}");
    }
}
