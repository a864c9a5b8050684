//! Whose certificates are trusted: one rule for every connection under TLS that this console makes itself.

use std::path::Path;
use std::sync::{Arc, LazyLock};

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

/// Certificate authorities.
#[derive(Debug, Clone)]
pub(super) struct Authorities {
    /// As a handshake is checked with them.
    pub(super) store: Arc<RootCertStore>,
    /// As they were read: the store keeps no times.
    pub(super) certificates: Arc<Vec<CertificateDer<'static>>>,
}

impl Authorities {
    /// None: nothing is trusted.
    pub(super) fn none() -> Self {
        Self { store: Arc::new(RootCertStore::empty()), certificates: Arc::default() }
    }

    /// Those of the system, read once: there are hundreds, and a handshake is made every few seconds.
    pub(super) fn of_system() -> &'static Self {
        static SYSTEM: LazyLock<Authorities> = LazyLock::new(|| {
            let mut store = RootCertStore::empty();
            let certificates = rustls_native_certs::load_native_certs().certs;
            // One unreadable certificate among the system's is no reason to trust none of them.
            store.add_parsable_certificates(certificates.iter().cloned());
            Authorities { store: Arc::new(store), certificates: Arc::new(certificates) }
        });
        &SYSTEM
    }

    /// These, and those of a file in PEM. It is read anew each time: it may be renewed while the console runs.
    ///
    /// # Errors
    /// Why the file cannot be read.
    pub(super) fn with(&self, file: &Path) -> Result<Self, String> {
        let mut all = self.clone();
        let store = Arc::make_mut(&mut all.store);
        for one in CertificateDer::pem_file_iter(file).map_err(|error| error.to_string())? {
            let one = one.map_err(|error| error.to_string())?;
            store.add(one.clone()).map_err(|error| error.to_string())?;
            Arc::make_mut(&mut all.certificates).push(one);
        }
        Ok(all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_systems_authorities_are_read_once_and_a_file_adds_to_them() {
        let system = Authorities::of_system();
        assert!(std::ptr::eq(system, Authorities::of_system()));
        let own = rcgen::generate_simple_self_signed(["a.example".to_owned()]).expect("a certificate");
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), own.cert.pem()).expect("room");
        let all = system.with(file.path()).expect("it is one");
        assert_eq!(all.store.len(), system.store.len() + 1);
        assert_eq!(all.certificates.last(), Some(own.cert.der()));
        assert!(system.with("/nowhere/ca.pem".as_ref()).is_err());
    }
}
