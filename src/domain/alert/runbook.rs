//! The address of a runbook: written by whoever writes rules, and passed on to a person's browser, so only plain web addresses are.

use std::fmt::Write as _;

/// The longest address, in bytes: what browsers and proxies take at least.
const LONGEST: usize = 2_000;

/// A web address, ready to be passed on: what does not belong into one is percent-encoded.
///
/// # Errors
/// Why it is none, as the end of a sentence that begins with it: another scheme, no host, a name before the host that hides it,
/// letters of other scripts that look like a host, or too long.
pub fn address(text: &str) -> Result<String, &'static str> {
    let text = text.trim();
    let (scheme, rest) = text.split_once("://").ok_or("is no web address")?;
    let scheme = ["https", "http"].into_iter().find(|known| scheme.eq_ignore_ascii_case(known));
    let scheme = scheme.ok_or("is no web address")?;
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (host, path) = rest.split_at(end);
    if host.contains('@') {
        return Err("hides its host behind a name");
    }
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '.' | '_' | ':' | '[' | ']');
    if !host.starts_with(|first: char| first.is_ascii_alphanumeric() || first == '[') || !host.chars().all(is_plain) {
        return Err("has no plain host");
    }
    let mut address = format!("{scheme}://{host}");
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~:/?#@!&()*+,;=%[]".contains(&byte) {
            address.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(address, "%{byte:02X}");
        }
    }
    if address.len() > LONGEST { Err("is longer than an address can be") } else { Ok(address) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_plain_web_addresses_pass() {
        for (text, expected) in [
            ("https://runbooks.example/a?b=c&d#e", Ok("https://runbooks.example/a?b=c&d#e")),
            (" HTTP://[::1]:8080/x ", Ok("http://[::1]:8080/x")),
            (
                "https://wiki.example/Disk_(full) `x` $y \"z\"",
                Ok("https://wiki.example/Disk_(full)%20%60x%60%20%24y%20%22z%22"),
            ),
            ("https://wiki.example/手順", Ok("https://wiki.example/%E6%89%8B%E9%A0%86")),
            ("https://x.example/\u{202e}\u{1b}[31m", Ok("https://x.example/%E2%80%AE%1B[31m")),
            ("javascript:alert(1)", Err("is no web address")),
            ("file:///etc/passwd", Err("is no web address")),
            ("runbooks/checkout.md", Err("is no web address")),
            ("https://runbooks.example@evil.example/", Err("hides its host behind a name")),
            ("https://runbооks.example/", Err("has no plain host")),
            ("https:///x", Err("has no plain host")),
            ("https://-rf/x", Err("has no plain host")),
            ("https://a b/", Err("has no plain host")),
        ] {
            assert_eq!(address(text).as_deref(), expected.as_ref().copied(), "{text:?}");
        }
        assert!(address(&format!("https://x/{}", "a".repeat(2_000))).is_err());
    }

    proptest! {
        #[test]
        fn what_passes_is_plain_and_passes_again(text in "(https?://)?[a-z]{0,3}[@:]?.{0,40}") {
            if let Ok(passed) = address(&text) {
                prop_assert!(passed.bytes().all(|byte| byte.is_ascii_graphic()));
                prop_assert_eq!(address(&passed), Ok(passed.clone()));
            }
        }
    }
}
