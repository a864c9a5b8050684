//! Credentials of a kubeconfig as kubectl reads them, where kube reads them otherwise.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use kube::client::AuthError;
use kube::config::{AuthInfo, Cluster, ExecConfig, ExecInteractiveMode};
use secrecy::ExposeSecret;

use crate::domain::log::Mask;
use crate::domain::text;

/// The subcommand that runs a credential plug-in without a terminal.
pub const PLUG_IN: &str = "plug-in";
/// The longest word of a plug-in told, in characters.
const LONGEST: usize = 300;

/// The program that knows [`PLUG_IN`]. Without one, as in a test, a plug-in is started as it is.
static DETACHER: OnceLock<PathBuf> = OnceLock::new();

/// Has credential plug-ins started by a program that knows [`PLUG_IN`]: ourselves. The first word counts.
pub fn start_plug_ins_with(program: PathBuf) {
    let _ = DETACHER.set(program);
}

/// A user as kubectl takes it: a token file before the token, and plug-ins without the terminal.
///
/// # Errors
/// When a certificate or key is given both as a file and as data.
pub(super) fn of_user(mut user: AuthInfo) -> Result<AuthInfo, String> {
    let has_key_data = user.client_key_data.as_ref().is_some_and(|data| !data.expose_secret().is_empty());
    one_of(
        "client-certificate",
        is_given(user.client_certificate.as_ref()),
        is_given(user.client_certificate_data.as_ref()),
    )?;
    one_of("client-key", is_given(user.client_key.as_ref()), has_key_data)?;
    if let Some(file) = user.token_file.take() {
        // kube takes the inline token first and trims nothing; editors end a file with a line.
        match std::fs::read_to_string(&file).ok().filter(|text| !text.trim().is_empty()) {
            Some(text) if text.trim() == text => {
                user.token = None;
                user.token_file = Some(file);
            }
            // Read again when the server does not accept it any more.
            Some(text) => user.token = Some(text.trim().to_owned().into()),
            None if user.token.is_none() => user.token_file = Some(file),
            None => {}
        }
    }
    user.client_certificate_data = user.client_certificate_data.map(|data| in_one_line(&data));
    user.client_key_data = user.client_key_data.map(|data| in_one_line(data.expose_secret()).into());
    user.exec = user.exec.map(|exec| detached(exec, DETACHER.get().map(PathBuf::as_path)));
    Ok(user)
}

fn is_given(words: Option<&String>) -> bool {
    words.is_some_and(|words| !words.is_empty())
}

/// Refuses what is given both as a file and as data: nobody can tell which is meant.
fn one_of(what: &str, is_file: bool, is_data: bool) -> Result<(), String> {
    if is_file && is_data {
        return Err(format!("it names both {what} and {what}-data; kubectl refuses that too. Keep one of them"));
    }
    Ok(())
}

/// A cluster as kubectl takes it.
///
/// # Errors
/// When its certificate shall not be checked and is given an authority, or is given two.
pub(super) fn of_cluster(mut cluster: Cluster) -> Result<Cluster, String> {
    let is_file = is_given(cluster.certificate_authority.as_ref());
    let is_data = is_given(cluster.certificate_authority_data.as_ref());
    one_of("certificate-authority", is_file, is_data)?;
    if cluster.insecure_skip_tls_verify == Some(true) && (is_file || is_data) {
        return Err(
            "it says insecure-skip-tls-verify and names a certificate-authority; kubectl refuses that too. Keep one of them"
                .to_owned(),
        );
    }
    cluster.certificate_authority_data = cluster.certificate_authority_data.map(|data| in_one_line(&data));
    Ok(cluster)
}

/// Base64 as Go takes it: lines may be broken.
fn in_one_line(base64: &str) -> String {
    base64.chars().filter(|letter| !matches!(letter, '\r' | '\n')).collect()
}

/// A plug-in that never gets the terminal: not asked to, and started outside of its session.
fn detached(mut exec: ExecConfig, by: Option<&Path>) -> ExecConfig {
    exec.interactive_mode = Some(ExecInteractiveMode::Never);
    if let (Some(by), Some(command)) = (by, exec.command.clone()) {
        let own = [PLUG_IN.to_owned(), "--".to_owned(), command];
        exec.args = Some(own.into_iter().chain(exec.args.unwrap_or_default()).collect());
        exec.command = Some(by.display().to_string());
    }
    exec
}

/// What went wrong with a plug-in, in words that hold neither its environment nor what it printed for us: there may be a token in both.
pub(super) fn of_plug_in(error: &AuthError) -> Option<String> {
    match error {
        AuthError::AuthExecRun { cmd, out } => {
            let own = cmd.split_once(&format!("\"{PLUG_IN}\" \"--\" \"")).map(|(_, own)| own);
            let name = own.and_then(|own| own.split('"').next()).map(|name| format!(" {name}")).unwrap_or_default();
            let said = String::from_utf8_lossy(&out.stderr);
            let said = said.lines().rev().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
            let said: String = Mask::default().apply(said).chars().take(LONGEST).collect();
            let said = if said.is_empty() { said } else { format!(": {said}") };
            Some(text::clean(&format!("the credential plug-in{name} ended with {}{said}", out.status)).into_owned())
        }
        AuthError::AuthExecParse(_) => Some("what the credential plug-in printed is no ExecCredential".to_owned()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt;
    use std::process::{ExitStatus, Output};

    use super::*;

    /// What is used of a token and a token file.
    fn used(token: Option<&str>, file: Option<&str>) -> (Option<String>, bool) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("token");
        if let Some(text) = file {
            std::fs::write(&path, text).expect("a file");
        }
        let user = of_user(AuthInfo {
            token: token.map(Into::into),
            token_file: Some(path.display().to_string()),
            ..AuthInfo::default()
        });
        let user = user.expect("a user");
        (user.token.map(|token| token.expose_secret().to_owned()), user.token_file.is_some())
    }

    #[test]
    fn a_token_file_comes_before_the_token_and_loses_what_editors_add() {
        assert_eq!(used(Some("old"), Some("new")), (None, true), "kube reads it again by itself");
        assert_eq!(used(Some("old"), Some("new\r\n")), (Some("new".to_owned()), false));
        assert_eq!(used(None, Some(" new\n")), (Some("new".to_owned()), false));
        assert_eq!(used(Some("old"), None), (Some("old".to_owned()), false), "it cannot be read");
        assert_eq!(used(Some("old"), Some("\n")), (Some("old".to_owned()), false), "it says nothing");
        assert_eq!(used(None, None), (None, true), "and the file is named as what is missing");
    }

    #[test]
    fn an_authority_beside_insecure_is_refused() {
        let with = |authority: Option<&str>, is_insecure| {
            of_cluster(Cluster {
                certificate_authority_data: authority.map(str::to_owned),
                insecure_skip_tls_verify: Some(is_insecure),
                ..Cluster::default()
            })
        };
        assert!(with(Some("eA=="), true).is_err_and(|words| words.contains("insecure-skip-tls-verify")));
        assert!(with(None, true).is_ok() && with(Some(""), true).is_ok());
        let twice = Cluster {
            certificate_authority: Some("ca.crt".to_owned()),
            certificate_authority_data: Some("eA==".to_owned()),
            ..Cluster::default()
        };
        assert!(of_cluster(twice).is_err_and(|words| words.contains("both certificate-authority and")));
        let twice = AuthInfo {
            client_key: Some("a.key".to_owned()),
            client_key_data: Some("eA==".into()),
            ..AuthInfo::default()
        };
        assert!(of_user(twice).is_err_and(|words| words.contains("both client-key and")));
        let broken = with(Some("eA\r\n==\n"), false).expect("a cluster");
        assert_eq!(broken.certificate_authority_data.as_deref(), Some("eA=="));
    }

    #[test]
    fn plug_ins_are_started_by_ourselves_and_without_us_as_they_are() {
        let login = || ExecConfig {
            command: Some("./login".to_owned()),
            args: Some(vec!["--context".to_owned(), "x".to_owned()]),
            interactive_mode: Some(ExecInteractiveMode::IfAvailable),
            ..ExecConfig::default()
        };
        let ours = detached(login(), Some(Path::new("/bin/us")));
        assert_eq!(ours.command.as_deref(), Some("/bin/us"));
        assert_eq!(ours.args.unwrap_or_default(), ["plug-in", "--", "./login", "--context", "x"]);
        assert_eq!(ours.interactive_mode, Some(ExecInteractiveMode::Never));
        let bare = detached(login(), None);
        assert_eq!(
            (bare.command.as_deref(), bare.interactive_mode),
            (Some("./login"), Some(ExecInteractiveMode::Never))
        );
        assert_eq!(
            detached(ExecConfig::default(), Some(Path::new("/bin/us"))).command,
            None,
            "kube says it is missing"
        );
    }

    #[test]
    fn a_plug_in_that_fails_is_named_without_its_secrets() {
        let out = Output {
            status: ExitStatus::from_raw(256),
            stdout: b"token-7".to_vec(),
            stderr: b"first\nlogin failed: \x1b[31mexpired, password=hunter2\n\n".to_vec(),
        };
        let cmd = r#"AWS_SECRET="env-7" "/proc/self/exe" "plug-in" "--" "aws" "get-token" "--key" "arg-7""#;
        let words = of_plug_in(&AuthError::AuthExecRun { cmd: cmd.to_owned(), out: Box::new(out) }).expect("words");
        assert!(words.starts_with("the credential plug-in aws ended with exit status: 1: login failed: "), "{words}");
        assert!(!["-7", "hunter2", "\x1b"].iter().any(|secret| words.contains(secret)), "{words}");
    }
}
