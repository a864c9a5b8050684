//! Secrets out of lines, before they are kept, drawn, copied or written to a file.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::{Regex, RegexBuilder};

/// What stands for a secret.
const MASKED: &str = "***";
/// The longest pattern of a configuration, compiled, in bytes.
const LARGEST: usize = 1 << 20;

/// Names whose value is a secret.
const TELLING: &str = r"[\w.-]*(?:authorization|password|passwd|passphrase|pwd|requirepass|masterauth|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|cookie|credential)[\w.-]*";
/// A value as a shell takes it.
const VALUE: &str = r#"(?:"[^"]*"|'[^']*'|[^\s"'\\-][^\s"'\\,;]*)"#;

/// What is always masked: credentials after a scheme, values of telling names in JSON, in JSON within JSON, in text and as arguments,
/// signed tokens, e-mail addresses; passwords of URLs are found by [`in_urls`]. `NAME` stands for [`TELLING`], `VALUE` for [`VALUE`]. A
/// JSON line stays one.
const ALWAYS: [(&str, &str); 14] = [
    (r"(?i)\b(bearer|basic|digest)\s+[a-z0-9._~+/=-]{6,}", "$1 ***"),
    (r#"(?i)("NAME"\s*:\s*)"(?:[^"\\]|\\.)*""#, r#"$1"***""#),
    (r#"(?i)("NAME"\s*:\s*)[^\s"{}\[\],]+"#, r#"$1"***""#),
    (r#"(?i)(\\+"NAME\\+"\s*:\s*)\\+"[^"\\]*\\+""#, r#"$1\"***\""#),
    (r#"(?i)(\bNAME\s*[:=]\s*)(?:"[^"]*"|'[^']*'|[^\s,;&}"'\\]+)"#, "$1***"),
    (r"\beyJ[A-Za-z0-9_-]{4,}\.[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]*)?", MASKED),
    // `--password PW`, and as a list of arguments.
    (r"(?i)((?:^|\s)--NAME\s+)VALUE", "$1***"),
    (r#"(?i)("--NAME"\s*,\s*)"(?:[^"\\]|\\.)*""#, r#"$1"***""#),
    // Programs whose short option is a password.
    (r"(\b(?:redis|valkey)-cli\b[^|;&]*?\s(?:-a|--pass)\s+)VALUE", "$1***"),
    (r"(\b(?:sshpass|mongo|mongosh|mongodump|mongorestore)\b[^|;&]*?\s-p\s*)VALUE", "$1***"),
    (r"(\b(?:mysql|mysqldump|mysqladmin|mariadb|mariadb-dump|mariadb-admin)\b[^|;&]*?\s-p)VALUE", "$1***"),
    (r"(\bcurl\b[^|;&]*?\s(?:-u|--user)\s+[^\s:]+:)VALUE", "$1***"),
    // The data source of Go's drivers: `USER:PW@tcp(HOST)/DB`.
    (r"(\b[\w.-]+:)[^\s@]+(@(?:tcp|unix)\()", "$1***$2"),
    (r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}", "***@***"),
];

/// A pattern of a configuration that cannot be used, and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadPattern(pub String);

/// [`ALWAYS`], compiled when the first line is masked: it takes longer than everything else before the first frame. A test holds that all compile.
static ALWAYS_COMPILED: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
    let written = |pattern: &str| pattern.replace("NAME", TELLING).replace("VALUE", VALUE);
    ALWAYS.iter().filter_map(|(pattern, by)| Some((compiled(&written(pattern)).ok()?, *by))).collect()
});

/// Everything that is masked in a log.
#[derive(Debug, Clone, Default)]
pub struct Mask {
    /// What a configuration adds.
    further: Vec<Regex>,
}

impl Mask {
    /// What is always masked, and whatever matches further patterns.
    ///
    /// # Errors
    /// [`BadPattern`] when one of them is no regular expression, too large, or matches nothing and so everywhere.
    pub fn with<'p>(further: impl IntoIterator<Item = &'p str>) -> Result<Self, BadPattern> {
        Ok(Self { further: further.into_iter().map(compiled).collect::<Result<_, _>>()? })
    }

    /// The line without secrets.
    pub fn apply(&self, line: &str) -> String {
        let always = ALWAYS_COMPILED.iter().map(|(pattern, by)| (pattern, *by));
        let all = self.further.iter().map(|pattern| (pattern, MASKED)).chain(always);
        all.fold(in_urls(line), |line, (pattern, by)| match pattern.replace_all(&line, by) {
            // Most patterns match nothing in most lines.
            Cow::Borrowed(_) => line,
            Cow::Owned(masked) => masked,
        })
    }
}

/// A line with the passwords of its URLs masked: what stands between `://` or `://USER:` and the last `@` of the authority. Somebody who
/// puts a password in a URL by hand encodes neither `/` nor `@` in it.
fn in_urls(line: &str) -> String {
    let mut safe = String::with_capacity(line.len());
    let mut rest = line;
    // JSON may write a slash as `\/`.
    while let Some((at, mark)) = ["://", r":\/\/"].iter().filter_map(|mark| Some((rest.find(mark)?, *mark))).min() {
        let (before, after) = rest.split_at(at + mark.len());
        let end = after.find(|letter: char| letter.is_whitespace() || "\"'<>`".contains(letter)).unwrap_or(after.len());
        safe.push_str(before);
        match userinfo(before.strip_suffix(mark).unwrap_or_default(), &after[..end]) {
            Some((shown, hidden)) => {
                safe.push_str(&after[..shown]);
                safe.push_str(MASKED);
                rest = &after[hidden..];
            }
            None => rest = after,
        }
    }
    safe.push_str(rest);
    safe
}

/// Where the password of a URL begins and ends in what follows `://`; `None` where there is none.
fn userinfo(before: &str, url: &str) -> Option<(usize, usize)> {
    // An `@` of the query is none of the authority, but a password may hold a question mark.
    let query = url.find(['?', '#']).filter(|query| url[..*query].contains('@')).unwrap_or(url.len());
    let end = url[..query].rfind('@')?;
    let user = &url[..end];
    match user.split_once(':') {
        Some((name, _)) if name.contains(['/', '[']) => None,
        Some((name, password)) => {
            // `HOST:PORT/PATH@…` has no userinfo.
            let port = password.split(['/', '\\']).next().unwrap_or_default();
            let is_port = !name.is_empty()
                && port.len() < password.len()
                && (1..=5).contains(&port.len())
                && port.bytes().all(|byte| byte.is_ascii_digit());
            (!is_port && !password.is_empty()).then_some((name.len() + 1, end))
        }
        // A name alone may well be a token; of other schemes it is a user.
        None => {
            let is_token = ["redis", "rediss", "valkey", "valkeys", "http", "https"].iter().any(|scheme| {
                let start = before.len().checked_sub(scheme.len());
                start.and_then(|start| before.get(start..)).is_some_and(|end| end.eq_ignore_ascii_case(scheme))
            });
            (is_token && !user.contains('/') && !user.is_empty()).then_some((0, end))
        }
    }
}

fn compiled(pattern: &str) -> Result<Regex, BadPattern> {
    let regex = RegexBuilder::new(pattern).size_limit(LARGEST).build().map_err(|error| {
        // The library draws the place over several lines; the last says what it is.
        let words = error.to_string();
        BadPattern(words.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned())
    })?;
    if regex.is_match("") {
        return Err(BadPattern("it matches nothing at all, and so everywhere".to_owned()));
    }
    Ok(regex)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_patterns_compile() {
        assert_eq!(ALWAYS_COMPILED.len(), ALWAYS.len());
    }

    #[test]
    fn secrets_go_and_the_rest_stays() {
        let mask = Mask::default();
        for (line, safe) in [
            ("Authorization: Bearer abc.def-123", "Authorization: *** ***"),
            (r#"{"authorization":"Bearer abcdef123","a":1}"#, r#"{"authorization":"***","a":1}"#),
            (r#"{"headers":{"cookie":"sid=1; x=\"2\""},"a":1}"#, r#"{"headers":{"cookie":"***"},"a":1}"#),
            ("login password=hunter2 user=mori", "login password=*** user=mori"),
            (r#"{"msg":"got {\"api_key\":\"k-123\"} back"}"#, r#"{"msg":"got {\"api_key\":\"***\"} back"}"#),
            ("postgres://mori:hunter2@db/x", "postgres://mori:***@db/x"),
            ("redis://:hunter2@cache:6379/0", "redis://:***@cache:6379/0"),
            ("rediss://hunter2@cache:6379", "rediss://***@cache:6379"),
            ("postgres://app:hu/nt@er2@db:5432/shop?user=a@b", "postgres://app:***@db:5432/shop?user=a@b"),
            (r#"{"cache":"redis:\/\/:hunter2@cache:6379\/0"}"#, r#"{"cache":"redis:\/\/:***@cache:6379\/0"}"#),
            ("amqp://a:hunter2@one,amqp://b:hun?ter2@two", "amqp://a:***@one,amqp://b:***@two"),
            ("https://ghp_hunter2@git.example/x redis://:hunter2@c", "https://***@git.example/x redis://:***@c"),
            ("shop:hunter2@tcp(db:3306)/shop", "shop:***@tcp(db:3306)/shop"),
            (
                "redis-cli -h cache -a hunter2 ping; mysqldump --password hunter2 shop",
                "redis-cli -h cache -a *** ping; mysqldump --password *** shop",
            ),
            ("mysql -u shop -phunter2 shop", "mysql -u shop -p*** shop"),
            (
                "sshpass -p 'hunter2 too' ssh db && curl -s -u mori:hunter2 x",
                "sshpass -p *** ssh db && curl -s -u mori:*** x",
            ),
            (r#"{"args":["--password","hunter2","-v"]}"#, r#"{"args":["--password","***","-v"]}"#),
            ("GET http://registry:4873/@scope/pkg 200", "GET http://registry:4873/@scope/pkg 200"),
            ("GET https://cdn.example/npm/vue@3.4 200", "GET https://cdn.example/npm/vue@3.4 200"),
            ("dial http://[::1]:8080/a@b and ssh://git@forge", "dial http://[::1]:8080/a@b and ssh://git@forge"),
            ("redis-cli -h cache ping; ls -a there", "redis-cli -h cache ping; ls -a there"),
            ("mail to mori.ito@example.co.jp failed", "mail to ***@*** failed"),
            ("jwt eyJhbGciOi.eyJzdWIi.c2ln back", "jwt *** back"),
            ("the token expired at noon", "the token expired at noon"),
        ] {
            assert_eq!(mask.apply(line), safe);
        }
    }

    #[test]
    fn a_json_line_stays_one() {
        for line in [
            r#"{"level":30,"msg":"x","password":"a\"b"}"#,
            r#"{"token":12345,"msg":"x"}"#,
            r#"{"msg":"{\"secret\":\"s\"}"}"#,
        ] {
            let masked = Mask::default().apply(line);
            let value: serde_json::Value = serde_json::from_str(&masked).unwrap_or_default();
            assert!(value.is_object() && masked.contains("***"), "{masked}");
        }
    }

    #[test]
    fn a_pattern_of_ones_own_is_added_and_a_bad_one_named() {
        let mask = Mask::with([r"card-\d+"]).expect("a pattern");
        assert_eq!(mask.apply("paid with card-4242"), "paid with ***");
        assert!(Mask::with(["("]).expect_err("no pattern").0.contains("unclosed group"));
        assert!(Mask::with(["x*"]).is_err(), "it would match everywhere");
    }
}
