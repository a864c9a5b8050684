//! Where an image comes from, read from its name.

/// What is said of an image whose name does not say where it comes from.
pub(super) const DEFAULT: &str = "the default registry";

/// The registry's host and port in an image's name.
///
/// The first part of a name is a host when it has a dot or a colon or is `localhost`; that is the rule of the image reference grammar.
pub(super) fn registry(image: &str) -> &str {
    match image.split_once('/') {
        Some((host, _)) if host.contains(['.', ':']) || host == "localhost" => host,
        _ => DEFAULT,
    }
}

/// The image a kubelet's message speaks of: what stands in quotes after the word image.
pub(super) fn of_message(message: &str) -> Option<&str> {
    let (_, rest) = message.split_once("image \"").or_else(|| message.split_once("image \\\""))?;
    let (image, _) = rest.split_once(['"', '\\'])?;
    (!image.is_empty()).then_some(image)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_host_is_a_registry() {
        for (image, host) in [
            ("registry.example/shop/api:1", "registry.example"),
            ("localhost/api", "localhost"),
            ("10.0.0.1:5000/api@sha256:00", "10.0.0.1:5000"),
            ("shop/api:1", DEFAULT),
            ("api:1.2", DEFAULT),
            ("", DEFAULT),
        ] {
            assert_eq!(registry(image), host, "{image}");
        }
    }

    #[test]
    fn the_image_is_found_in_the_words_of_every_kubelet() {
        assert_eq!(of_message("Back-off pulling image \"a/b:1\""), Some("a/b:1"));
        assert_eq!(of_message("Failed to pull image \"a/b:1\": rpc error: not found"), Some("a/b:1"));
        assert_eq!(of_message("image can't be pulled"), None);
        assert_eq!(of_message("image \""), None);
    }
}
