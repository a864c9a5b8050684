//! Image references, short enough for a column and still told apart.

/// How many hexadecimal digits of a digest are kept.
const DIGITS: usize = 12;

/// An image without its registry and with a short digest: `shop/api:1.4.2`, `api@3f9c0a11b2d4`.
pub(super) fn short(image: &str) -> String {
    let path = match image.split_once('/') {
        // The first part is a registry when it has a dot, a port, or is localhost; else it is part of the name.
        Some((host, rest)) if host.contains(['.', ':']) || host == "localhost" => rest,
        _ => image,
    };
    match path.split_once('@') {
        Some((name, digest)) => {
            let digest = digest.rsplit(':').next().unwrap_or(digest);
            let digits: String = digest.chars().take(DIGITS).collect();
            // A tag beside a digest says more to a reader than the digest does.
            if has_tag(name) { name.to_owned() } else { format!("{name}@{digits}") }
        }
        None => path.to_owned(),
    }
}

/// Old and new images in one text: `api:1.4.2→1.4.3` where only the tag moved; the new ones alone where there is no old one.
pub(super) fn change<S: AsRef<str>>(old: &[S], new: &[S], arrow: &str) -> String {
    let more = if new.len() > 1 { format!(" +{}", new.len() - 1) } else { String::new() };
    // The container whose image moved is the one to show.
    let moved = old.iter().zip(new).find(|(old, new)| old.as_ref() != new.as_ref());
    let (before, after) = match moved {
        Some((before, after)) => (Some(short(before.as_ref())), short(after.as_ref())),
        None => (None, new.first().map(|image| short(image.as_ref())).unwrap_or_default()),
    };
    let Some(before) = before.filter(|before| *before != after) else {
        return format!("{after}{more}");
    };
    match (cut(&before), cut(&after)) {
        (Some((one, _)), Some((other, tag))) if one == other => format!("{before}{arrow}{tag}{more}"),
        _ => format!("{before}{arrow}{after}{more}"),
    }
}

/// Name and tag, or name and digest.
fn cut(image: &str) -> Option<(&str, &str)> {
    let from = image.rfind('/').map_or(0, |at| at + 1);
    let at = from + image.get(from..)?.find([':', '@'])?;
    Some((image.get(..at)?, image.get(at + 1..)?))
}

fn has_tag(name: &str) -> bool {
    cut(name).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_registry_goes_and_the_name_stays() {
        for (image, shown) in [
            ("registry.example:5000/shop/api:1.4.2", "shop/api:1.4.2"),
            ("localhost/api", "api"),
            ("shop/api:1", "shop/api:1"),
            ("api@sha256:0123456789abcdef0123", "api@0123456789ab"),
            ("r.example/api:1.2@sha256:0123456789abcdef", "api:1.2"),
            ("", ""),
        ] {
            assert_eq!(short(image), shown, "{image}");
        }
    }

    #[test]
    fn a_tag_that_moved_is_written_once() {
        assert_eq!(change(&["r.io/shop/api:1.4.2"], &["r.io/shop/api:1.4.3"], "→"), "shop/api:1.4.2→1.4.3");
        assert_eq!(change(&["a:1"], &["b:1"], "→"), "a:1→b:1");
        assert_eq!(change(&[], &["a:1"], "→"), "a:1");
        assert_eq!(change(&["a:1", "side:1"], &["a:1", "side:2"], "→"), "side:1→2 +1");
        assert_eq!(change::<&str>(&[], &[], "→"), "");
    }
}
