//! TLS to a real PostgreSQL: who it is has to be proven, by whom it was configured, and to the name in the address.

use quarterdeck::config::{PostgresSettings, Secret, StoreSettings};
use quarterdeck::sources::error::Trouble;
use quarterdeck::sources::store::Store;
use quarterdeck::sources::store::port::{ReadStore, WriteStore};

use super::place::{author, now};
use crate::support::database::{self, PASSWORD, Server};
use crate::support::process::skip;
use crate::support::tls::Authority;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_is_who_its_authority_says_or_it_is_not_spoken_to() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    if let Some(why) = database::why_not() {
        skip("TLS to PostgreSQL", why);
        return;
    }
    let server = Server::start("tls");
    let database = server.database();
    let folder = tempfile::tempdir().expect("a folder");
    let (ours, strange) = (Authority::new(365), Authority::new(365));
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).expect("a file of ours");
        path
    };
    let (ours_file, strange_file) = (file("ours.pem", &ours.pem), file("strange.pem", &strange.pem));
    let store = |host: &str, mode: &str, authority: &std::path::Path| {
        let url = format!(
            "postgres://quarterdeck:{PASSWORD}@{host}:{}/{database}?sslmode={mode}&sslrootcert={}",
            server.port,
            authority.display()
        );
        let url = Secret::File(file(&format!("url-{mode}-{host}"), &url));
        let settings = StoreSettings::Postgres(PostgresSettings { url, listen: None });
        Store::open(&settings, folder.path(), &(std::sync::Arc::new(now) as _), false)
    };

    // Without TLS there nothing is said, least of all the password.
    let plain = store("127.0.0.1", "verify-full", &ours_file).standing().await.expect_err("no TLS there");
    assert_eq!(plain.trouble, Trouble::Tls, "{plain}");
    assert!(plain.sentence.contains("does not support TLS") && plain.sentence.contains("sslmode=disable"), "{plain}");

    let issued = ours.issue(&["127.0.0.1", "localhost"], 61);
    server.secure(&issued.pem, &issued.key.serialize_pem());
    let trusted = store("127.0.0.1", "verify-full", &ours_file);
    trusted
        .note_events(&author("mori"), &quarterdeck::sources::store::new_id(&(std::sync::Arc::new(now) as _)), &[])
        .await
        .expect("written over TLS");
    assert_eq!(trusted.standing().await.expect("an answer").session_user, "quarterdeck");
    let encrypted = server.sql(&database, "select count(*) from pg_stat_ssl where ssl").expect("an answer");
    assert_ne!(encrypted.trim(), "0", "the connection is encrypted as the server sees it");

    for mode in ["require", "verify-ca", "verify-full"] {
        let untrusted = store("127.0.0.1", mode, &strange_file).standing().await.expect_err("another authority");
        assert_eq!(untrusted.trouble, Trouble::Tls, "{mode}: {untrusted}");
        assert!(
            untrusted.sentence.contains("is not trusted") && untrusted.sentence.contains("sslrootcert=FILE"),
            "{mode}: {untrusted}"
        );
        assert!(!untrusted.sentence.contains(PASSWORD), "{untrusted}");
    }

    let issued = ours.issue(&["somebody-else.example"], 61);
    server.secure(&issued.pem, &issued.key.serialize_pem());
    let mut misnamed = None;
    for _ in 0..500 {
        misnamed = store("127.0.0.1", "verify-full", &ours_file).standing().await.err();
        if misnamed.is_some() {
            break;
        }
    }
    let misnamed = misnamed.expect("another name is not accepted");
    assert_eq!(misnamed.trouble, Trouble::Tls, "{misnamed}");
    assert!(misnamed.sentence.contains("not valid for name"), "{misnamed}");
}
