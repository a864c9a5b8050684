//! Secrets out of a line, before it is written.

/// Words after which a value is a secret.
const NAMES: [&str; 8] = ["bearer ", "basic ", "password", "passwd", "token", "secret", "api_key", "authorization"];
/// What stands for a secret.
const MASK: &str = "***";

/// The line with every value masked that follows a telling name, and everything that looks like a signed token or a password in a URL.
pub fn redact(line: &str) -> String {
    let mut safe = String::with_capacity(line.len());
    let mut rest = line;
    while !rest.is_empty() {
        let lower = rest.to_ascii_lowercase();
        let named = NAMES.iter().filter_map(|name| Some((lower.find(name)?, name.len()))).min();
        let token = rest.find("eyJ").map(|at| (at, 0));
        let url = rest.find("://").map(|at| (at, 3));
        let Some((at, length)) = [named, token, url].into_iter().flatten().min() else { break };
        let (before, found) = rest.split_at(at + length);
        safe.push_str(before);
        rest = found;
        if url == Some((at, length)) {
            // `user:password@host`: the password is what stands between.
            let authority = rest.split(['/', ' ', '"', '?']).next().unwrap_or_default();
            if let Some((user, password)) = authority.split_once('@').and_then(|(login, _)| login.split_once(':')) {
                safe.push_str(user);
                safe.push(':');
                safe.push_str(MASK);
                rest = rest.get(user.len() + 1 + password.len()..).unwrap_or_default();
            }
            continue;
        }
        let glue = rest.len() - rest.trim_start_matches(['=', ':', ' ', '"', '\'']).len();
        let (between, value) = rest.split_at(glue);
        let end = value.find([' ', '"', '\'', ',', ';', '&', '}', '\n']).unwrap_or(value.len());
        let is_named = token != Some((at, length));
        // "token expired" names no secret: only a value glued to its name, or after a scheme, is one.
        let has_value = !is_named
            || between.contains(['=', ':'])
            || before.to_ascii_lowercase().ends_with("bearer ")
            || before.to_ascii_lowercase().ends_with("basic ");
        safe.push_str(between);
        if has_value
            && end > 0
            && !["bearer", "basic"].contains(&value.get(..end).unwrap_or_default().to_ascii_lowercase().as_str())
        {
            safe.push_str(MASK);
            rest = value.get(end..).unwrap_or_default();
        } else {
            rest = value;
        }
    }
    safe.push_str(rest);
    safe
}

/// Words of a flag whose value is a secret, without the dashes.
const FLAGS: [&str; 6] = ["password", "passwd", "pass", "token", "secret", "key"];
/// Short flags of programs whose value is a secret, glued to them or after them.
const SHORT: [(&str, &str); 10] = [
    ("curl", "-u"),
    ("curl", "-U"),
    ("mongo", "-p"),
    ("mongosh", "-p"),
    ("redis-cli", "-a"),
    ("sshpass", "-p"),
    ("ldapsearch", "-w"),
    ("wget", "--http-passwd"),
    ("smbclient", "-U"),
    ("sqlcmd", "-P"),
];
/// Programs that take a password glued to `-p`, and only so.
const GLUED: [&str; 4] = ["mysql", "mysqldump", "mysqladmin", "mariadb"];
/// Flags that are followed by a header.
const HEADER: [&str; 2] = ["-H", "--header"];
/// Parts of a header's name that make its value a secret.
const HEADERS: [&str; 6] = ["key", "token", "secret", "auth", "cookie", "pass"];

/// A command line as it may be written down where the operator asked for it whole: every argument in quotes where it needs them, secrets masked.
///
/// Beyond what [`redact`] knows: the argument after a flag such as `--password` or curl's `-u`, MySQL's `-pPASSWORD`, headers with keys.
pub fn redact_command(command: &[String]) -> String {
    let program = command.first().and_then(|program| program.rsplit('/').next()).unwrap_or_default();
    let short = |argument: &str| {
        SHORT.iter().find(|(of, flag)| *of == program && argument.starts_with(flag)).map(|(_, flag)| *flag)
    };
    let (mut is_secret, mut is_header) = (false, false);
    let mut words = Vec::new();
    for argument in command {
        let flag = argument.strip_prefix('-').map(|flag| flag.trim_start_matches('-').to_ascii_lowercase());
        let glued =
            short(argument).or_else(|| (GLUED.contains(&program) && argument.starts_with("-p")).then_some("-p"));
        let word = match (std::mem::take(&mut is_secret), std::mem::take(&mut is_header), glued) {
            (true, ..) => MASK.to_owned(),
            (_, true, _) => header(argument),
            (.., Some(flag)) if argument.len() > flag.len() => format!("{flag}{MASK}"),
            _ => redact(argument),
        };
        is_secret = short(argument).is_some_and(|flag| flag == argument)
            || (program == "curl" && ["--user", "--proxy-user"].contains(&&**argument))
            || flag.is_some_and(|flag| !flag.contains('=') && FLAGS.iter().any(|name| flag.ends_with(name)));
        is_header = HEADER.contains(&&**argument);
        let is_plain =
            !word.is_empty() && word.chars().all(|sign| sign.is_alphanumeric() || "-_./:=,@%+*".contains(sign));
        words.push(if is_plain { word } else { format!("'{}'", word.replace('\'', "'\\''")) });
    }
    words.join(" ")
}

/// A header without the value of one whose name tells of a secret.
fn header(line: &str) -> String {
    match line.split_once(':') {
        Some((name, _)) if HEADERS.iter().any(|part| name.to_ascii_lowercase().contains(part)) => {
            format!("{name}: {MASK}")
        }
        _ => redact(line),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_go_and_the_sentence_stays() {
        for (line, safe) in [
            ("Authorization: Bearer abc.def", "Authorization: Bearer ***"),
            ("password=hunter2 user=mori", "password=*** user=mori"),
            ("\"token\":\"s3cret\",\"a\":1", "\"token\":\"***\",\"a\":1"),
            ("connect postgres://mori:hunter2@db/x failed", "connect postgres://mori:***@db/x failed"),
            ("got eyJhbGciOi.eyJzdWIi.sig back", "got *** back"),
            ("the token expired at noon", "the token expired at noon"),
            ("GET https://10.0.0.1:6443/version", "GET https://10.0.0.1:6443/version"),
        ] {
            assert_eq!(redact(line), safe);
        }
    }

    #[test]
    fn a_command_is_written_down_without_its_secrets() {
        for (command, written) in [
            (vec!["sh", "-c", "ls /tmp | wc -l"], "sh -c 'ls /tmp | wc -l'"),
            (vec!["psql", "--password", "hunter2", "-c", "select 1"], "psql --password *** -c 'select 1'"),
            (vec!["mysql", "-phunter2", "-uroot"], "mysql -p*** -uroot"),
            (vec!["env", "PGPASSWORD=hunter2", "psql"], "env PGPASSWORD=*** psql"),
            (vec!["curl", "-H", "Authorization: Bearer abc.def"], "curl -H 'Authorization: ***'"),
            (
                vec!["curl", "-H", "X-Api-Key: hunter2", "-H", "Accept: text/plain"],
                "curl -H 'X-Api-Key: ***' -H 'Accept: text/plain'",
            ),
            (vec!["curl", "-u", "mori:hunter2", "http://x"], "curl -u *** http://x"),
            (vec!["curl", "--user", "mori:hunter2", "http://x"], "curl --user *** http://x"),
            (vec!["/usr/bin/redis-cli", "-a", "hunter2", "info"], "/usr/bin/redis-cli -a *** info"),
            (vec!["mongosh", "-p", "hunter2"], "mongosh -p ***"),
            (vec!["sshpass", "-phunter2", "ssh", "db"], "sshpass -p*** ssh db"),
        ] {
            let command: Vec<String> = command.into_iter().map(str::to_owned).collect();
            assert_eq!(redact_command(&command), written);
        }
    }

    proptest::proptest! {
        #[test]
        fn no_line_breaks_it_and_a_bearer_token_never_survives(before in ".{0,40}", token in "[A-Za-z0-9._-]{8,40}") {
            let safe = redact(&format!("{before} Authorization: Bearer {token}"));
            proptest::prop_assert!(!safe.ends_with(&token), "{safe}");
        }
    }
}
