//! Which proxy leads to a server: one rule for every client of this console that speaks HTTP.

use hyper_util::client::proxy::matcher::Matcher;

use super::error::{SourceError, Trouble};
use crate::domain::text;

/// The proxy to a server: the one its own configuration names, else the one of the surroundings; `None` is the direct way.
///
/// # Errors
/// When a proxy is named that cannot be used. The sentence does not repeat it: it may hold a password.
pub(super) fn toward(server: &http::Uri, own: Option<&str>) -> Result<Option<http::Uri>, SourceError> {
    let named = match own {
        Some(own) => Some(own.to_owned()),
        None => surrounding(server, |name| std::env::var(name).ok()),
    };
    named.as_deref().map(parsed).transpose()
}

/// The proxy the surroundings name for a server. Never for this machine itself, and not where NO_PROXY takes the server out.
fn surrounding(server: &http::Uri, variable: impl Fn(&str) -> Option<String>) -> Option<String> {
    if server.host().is_some_and(is_loopback) {
        return None;
    }
    let first = |names: &[&str]| names.iter().filter_map(|name| variable(name)).find(|value| !value.is_empty());
    let own: &[&str] = match server.scheme_str() {
        Some("https") => &["HTTPS_PROXY", "https_proxy"],
        _ => &["HTTP_PROXY", "http_proxy"],
    };
    let proxy = first(own).or_else(|| first(&["ALL_PROXY", "all_proxy"]))?;
    let except = first(&["NO_PROXY", "no_proxy"]).unwrap_or_default();
    (!is_taken_out(server, &except)).then_some(proxy)
}

/// Whether a list as in NO_PROXY takes a server out.
///
/// Its entries are names with everything below them, with or without a dot or `*.` before, addresses, networks, each with or without a
/// port, and `*`. hyper-util, as curl, knows neither ports nor `*` for addresses; kubectl knows both. kube holds the list against the proxy
/// instead of the server.
fn is_taken_out(server: &http::Uri, list: &str) -> bool {
    let port = server.port_u16().unwrap_or(if server.scheme_str() == Some("https") { 443 } else { 80 });
    let mut names = Vec::new();
    for entry in list.split(|letter: char| letter == ',' || letter.is_whitespace()).filter(|entry| !entry.is_empty()) {
        if entry == "*" {
            return true;
        }
        let entry = entry.strip_prefix('*').filter(|rest| rest.starts_with('.')).unwrap_or(entry);
        // What has several colons outside brackets is an IPv6 address, and none of them begins a port.
        let with_port = entry.rsplit_once(':').filter(|(name, _)| name.starts_with('[') || !name.contains(':'));
        let (name, wanted) = match with_port.and_then(|(name, digits)| Some((name, digits.parse::<u16>().ok()?))) {
            Some((name, wanted)) => (name, wanted),
            None => (entry, port),
        };
        if wanted == port {
            names.push(name.trim_start_matches('[').trim_end_matches(']'));
        }
    }
    // The proxy is of no account: only whether it would be used.
    Matcher::builder().all("http://any").no(names.join(",")).build().intercept(server).is_none()
}

/// The address of a proxy.
fn parsed(proxy: &str) -> Result<http::Uri, SourceError> {
    let written = if proxy.contains("://") { proxy.to_owned() } else { format!("http://{proxy}") };
    // Where names are looked up is all that socks5h adds.
    let written = written.replacen("socks5h://", "socks5://", 1);
    let wrong = |what: String| {
        let words = format!("the proxy cannot be used: {what}. Check proxy-url in the kubeconfig and HTTPS_PROXY.");
        SourceError::new(Trouble::Setup, words)
    };
    let uri: http::Uri = written.parse().map_err(|_| wrong("it is no address".to_owned()))?;
    match uri.scheme_str() {
        Some("http" | "https" | "socks5") => Ok(uri),
        other => {
            let scheme = text::clean(other.unwrap_or("none")).into_owned();
            Err(wrong(format!("its scheme is {scheme:?}, and only http, https and socks5 are spoken")))
        }
    }
}

/// Whether the host of an address is this machine itself.
fn is_loopback(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROXY: (&str, &str) = ("HTTPS_PROXY", "http://mori:se%40cret@proxy:3128");

    fn through(server: &str, variables: &[(&str, &str)]) -> Option<String> {
        let variable =
            |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        surrounding(&server.parse().expect("an address"), variable)
    }

    #[test]
    fn the_surroundings_name_a_proxy_by_scheme() {
        let server = "https://api.prod.example:6443";
        assert_eq!(through(server, &[PROXY]).as_deref(), Some(PROXY.1), "with what it needs to let us through");
        assert_eq!(through("http://api.prod.example", &[PROXY]), None, "another scheme");
        assert!(through("http://api.prod.example", &[("all_proxy", "socks5://p:1")]).is_some());
        assert_eq!(through(server, &[("HTTPS_PROXY", "")]), None);
        for here in ["https://127.0.0.1:6443", "https://[::1]:6443", "https://localhost", "https://127.8.8.8"] {
            assert_eq!(through(here, &[PROXY]), None, "{here}");
        }
    }

    #[test]
    fn a_list_takes_servers_out_as_kubectl_reads_it() {
        let named = "https://api.prod.example:6443";
        let address = "https://10.1.2.3:6443";
        for (server, out) in [
            (named, "api.prod.example"),
            (named, "prod.example"),
            (named, ".prod.example"),
            (named, "*.prod.example"),
            (named, "API.Prod.Example"),
            (named, "*"),
            (named, " x , .example "),
            (named, "10.0.0.0/8,example"),
            (named, "x example"),
            (named, "api.prod.example:6443"),
            (named, "prod.example:6443"),
            (address, "*"),
            (address, "10.1.2.3"),
            (address, "10.1.2.3:6443"),
            (address, "10.0.0.0/8,::1"),
            ("https://[fd00::5]:6443", "fd00::5"),
            ("https://[fd00::5]:6443", "fd00::/8"),
            ("https://[fd00::5]:6443", "[fd00::5]:6443"),
            ("https://api.prod.example", "api.prod.example:443"),
        ] {
            assert_eq!(through(server, &[PROXY, ("NO_PROXY", out)]), None, "{server} with {out}");
            assert_eq!(through(server, &[PROXY, ("no_proxy", out)]), None, "{server} with {out}");
        }
        for (server, not) in [
            (named, ""),
            (named, "other.example"),
            (named, "proxy"),
            (named, "10.0.0.0/8"),
            (named, "rod.example"),
            (named, "api.prod.example:443"),
            (address, "10.1.2.4"),
            (address, "10.1.2.3:443"),
            (address, "11.0.0.0/8"),
            ("https://[fd00::5]:6443", "[fd00::5]:443"),
        ] {
            assert!(through(server, &[PROXY, ("NO_PROXY", not)]).is_some(), "{server} with {not}");
        }
    }

    #[test]
    fn a_proxy_that_cannot_be_used_is_said_without_its_password() {
        let server = "https://api.prod.example".parse().expect("an address");
        for (wrong, word) in [("ftp://mori:secret@p", "ftp"), ("http://[", "no address")] {
            let said = toward(&server, Some(wrong)).expect_err("it cannot be used").sentence;
            assert!(said.contains(word) && !said.contains("secret"), "{said}");
        }
        let own = toward(&"https://127.0.0.1".parse().expect("an address"), Some("proxy:3128")).expect("a proxy");
        assert_eq!(
            own.map(|uri| uri.to_string()).as_deref(),
            Some("http://proxy:3128/"),
            "its own word counts, even here"
        );
    }
}
