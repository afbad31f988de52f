//! The trusted certificates for TLS: those of `ca_file` and of the system.
//!
//! The certificates of the system have about 300 KB, and reading them takes milliseconds. So
//! exchanges that run at the same time share them, if the files have not changed in between.

use super::ca_bundle;
use super::transport::printable_path;
use crate::os;
use arc_swap::ArcSwapOption;
use rustls::RootCertStore;
use rustls::client::WebPkiServerVerifier;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, TrustAnchor};
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

/// The locations of trusted certificates. The environment is read once. The files are read for each
/// exchange, so that they can be replaced.
pub(super) struct TrustStore {
    ca_file: Option<PathBuf>,
    /// From the environment variable SSL_CERT_FILE.
    ssl_cert_file: Option<PathBuf>,
    /// From the environment variable SSL_CERT_DIR.
    ssl_cert_dirs: Vec<PathBuf>,
    system: System,
}

#[cfg(all(unix, not(target_os = "macos")))]
type System = Vec<(Option<PathBuf>, Option<PathBuf>)>;
#[cfg(not(all(unix, not(target_os = "macos"))))]
type System = ();

impl TrustStore {
    pub(super) fn new(ca_file: Option<PathBuf>) -> Self {
        let variable = |name| std::env::var_os(name).filter(|value| !value.is_empty());
        let ssl_cert_file = variable("SSL_CERT_FILE").map(PathBuf::from);
        let ssl_cert_dirs: Vec<_> = variable("SSL_CERT_DIR")
            .map(|folders| {
                std::env::split_paths(&folders).filter(|path| !path.as_os_str().is_empty()).collect()
            })
            .unwrap_or_default();
        Self { ca_file, ssl_cert_file, ssl_cert_dirs, system: system_paths() }
    }

    /// Reads the CA file once and logs its warnings, so that an error is reported when the program
    /// starts.
    ///
    /// # Errors
    /// The error text contains the path and the cause.
    pub(super) fn check(&self) -> Result<(), String> {
        // The warnings are logged here, on the caller's thread. They are not logged for each fetch,
        // because a log handler may be slow.
        self.read_ca_file()?.warnings.iter().for_each(|warning| log::warn!("{warning}"));
        Ok(())
    }

    fn read_ca_file(&self) -> Result<Parts, String> {
        let mut trusted = Parts::default();
        if let Some(path) = &self.ca_file {
            let bundle =
                ca_bundle::read(path).map_err(|why| format!("ca_file {}: {why}", printable_path(path)))?;
            if bundle.certificates.is_empty() {
                return Err(format!("ca_file {}: {}", printable_path(path), bundle.why_empty()));
            }
            trusted.add("ca_file", path, bundle);
        }
        Ok(trusted)
    }

    /// Returns the trusted certificates for one exchange, in parts.
    ///
    /// # Errors
    /// The CA file cannot be read. The error text contains the path and the cause.
    pub(super) fn read(
        &self,
        provider: &Arc<CryptoProvider>,
    ) -> Result<Vec<Arc<TrustedCertificates>>, String> {
        let own = match self.ca_file {
            Some(_) => Some(Arc::new(self.read_ca_file()?.build(provider)?)),
            None => None,
        };
        Ok(own.into_iter().chain([self.system(provider)?]).collect())
    }

    /// Returns the certificates of the system, and shares them with other exchanges.
    fn system(&self, provider: &Arc<CryptoProvider>) -> Result<Arc<TrustedCertificates>, String> {
        let Some(version) = self.system_version() else {
            return self.read_system().build(provider).map(Arc::new);
        };
        let shared = Shared::of_this_process();
        if let Some(system) = shared.get(version) {
            return Ok(system);
        }
        // The lock is not held while the files are read. So several exchanges may read them at the
        // same time, but only one result is kept.
        let system = Arc::new(self.read_system().build(provider)?);
        Ok(shared.insert(version, system))
    }

    fn read_system(&self) -> Parts {
        let mut trusted = Parts::default();
        if self.ssl_cert_file.is_none() && self.ssl_cert_dirs.is_empty() {
            trusted.add_certificates(self.system_certificates());
            return trusted;
        }
        if let Some(path) = &self.ssl_cert_file {
            match ca_bundle::read(path) {
                Ok(bundle) => trusted.add("SSL_CERT_FILE", path, bundle),
                Err(why) => trusted.warnings.push(format!("SSL_CERT_FILE {}: {why}", printable_path(path))),
            }
        }
        for folder in &self.ssl_cert_dirs {
            trusted.add_certificates(rustls_native_certs::load_certs_from_paths(None, Some(folder)).certs);
        }
        trusted
    }

    /// Returns a number that changes if a file with certificates of the system changes. `None` if
    /// they are not in files.
    #[cfg(all(unix, not(target_os = "macos")))]
    fn system_version(&self) -> Option<Version> {
        let mut digest = Sha256::new();
        if self.ssl_cert_file.is_none() && self.ssl_cert_dirs.is_empty() {
            let system = self.system.iter();
            system
                .flat_map(|(file, folder)| [file, folder])
                .flatten()
                .for_each(|path| add_version(&mut digest, path));
        }
        let set = self.ssl_cert_file.iter().chain(&self.ssl_cert_dirs);
        set.for_each(|path| add_version(&mut digest, path));
        Some(digest.finalize().into())
    }

    #[cfg(not(all(unix, not(target_os = "macos"))))]
    fn system_version(&self) -> Option<Version> {
        None
    }

    #[cfg(all(unix, not(target_os = "macos")))]
    fn system_certificates(&self) -> Vec<CertificateDer<'static>> {
        let load = |(file, folder): &(Option<PathBuf>, Option<PathBuf>)| {
            rustls_native_certs::load_certs_from_paths(file.as_deref(), folder.as_deref()).certs
        };
        self.system.iter().flat_map(load).collect()
    }

    #[cfg(not(all(unix, not(target_os = "macos"))))]
    fn system_certificates(&self) -> Vec<CertificateDer<'static>> {
        let () = self.system;
        rustls_native_certs::load_native_certs().certs
    }
}

/// Returns the paths of the system's CA certificates.
#[cfg(all(unix, not(target_os = "macos")))]
fn system_paths() -> System {
    let found = openssl_probe::probe();
    // Two of the paths are often the same folder.
    let mut seen = Vec::new();
    let is_new = |folder: &PathBuf| {
        let folder = folder.canonicalize().unwrap_or_else(|_| folder.clone());
        let is_new = !seen.contains(&folder);
        seen.push(folder);
        is_new
    };
    let mut folders = found.cert_dir.into_iter().filter(is_new);
    let first = (found.cert_file, folders.next());
    std::iter::once(first).chain(folders.map(|folder| (None, Some(folder)))).collect()
}

#[cfg(not(all(unix, not(target_os = "macos"))))]
fn system_paths() -> System {}

/// Identifies the content of the system's files.
type Version = [u8; 32];

/// Adds the state of a file, or of a folder and its files.
#[cfg(all(unix, not(target_os = "macos")))]
fn add_version(digest: &mut Sha256, path: &Path) {
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::MetadataExt;

    let mut add = |path: &Path| {
        digest.update(path.as_os_str().as_bytes());
        let metadata = path.metadata();
        if let Ok(file) = &metadata {
            // Any change of the content changes ctime.
            let numbers = [file.dev(), file.ino(), file.size()];
            numbers.iter().for_each(|number| digest.update(number.to_le_bytes()));
            let times = [file.mtime(), file.mtime_nsec(), file.ctime(), file.ctime_nsec()];
            times.iter().for_each(|time| digest.update(time.to_le_bytes()));
        }
        metadata.is_ok_and(|file| file.is_dir())
    };
    if add(path)
        && let Ok(files) = path.read_dir()
    {
        files.flatten().for_each(|file| {
            add(&file.path());
        });
    }
}

/// The system's certificates that exchanges of this process use now.
struct Shared {
    process: u64,
    in_use: Mutex<Vec<(Version, Weak<TrustedCertificates>)>>,
}

impl Shared {
    fn of_this_process() -> Arc<Self> {
        static CURRENT: ArcSwapOption<Shared> = ArcSwapOption::const_empty();
        let new = || Arc::new(Self { process: os::process_number(), in_use: Mutex::default() });
        os::of_this_process(&CURRENT, |shared| shared.process, new)
    }

    fn lock(&self) -> MutexGuard<'_, Vec<(Version, Weak<TrustedCertificates>)>> {
        self.in_use.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn get(&self, version: Version) -> Option<Arc<TrustedCertificates>> {
        self.lock().iter().find(|(known, _)| *known == version).and_then(|(_, system)| system.upgrade())
    }

    /// Adds `system`, or returns the certificates of this version that another thread has added.
    fn insert(&self, version: Version, system: Arc<TrustedCertificates>) -> Arc<TrustedCertificates> {
        let mut in_use = self.lock();
        let known = in_use.iter().find(|(known, _)| *known == version);
        if let Some(system) = known.and_then(|(_, system)| system.upgrade()) {
            return system;
        }
        in_use.retain(|(_, system)| system.strong_count() > 0);
        in_use.push((version, Arc::downgrade(&system)));
        system
    }
}

/// Trusted certificates that were read together.
#[derive(Debug)]
pub(super) struct TrustedCertificates {
    /// `None` if there are no trusted roots.
    pub(super) web_pki: Option<Arc<WebPkiServerVerifier>>,
    pub(super) certificates: Vec<CertificateDer<'static>>,
    /// The reasons why files or entries were skipped.
    pub(super) warnings: Vec<String>,
}

#[cfg(test)]
impl TrustedCertificates {
    pub(super) fn of(
        certificates: Vec<CertificateDer<'static>>,
        provider: &Arc<CryptoProvider>,
    ) -> Result<Self, String> {
        let mut parts = Parts::default();
        parts.add_certificates(certificates);
        parts.build(provider)
    }
}

/// The content of files, before it is complete.
#[derive(Default)]
struct Parts {
    anchors: Vec<TrustAnchor<'static>>,
    certificates: Vec<CertificateDer<'static>>,
    warnings: Vec<String>,
}

impl Parts {
    fn add(&mut self, source: &str, path: &Path, bundle: ca_bundle::Bundle) {
        let path = printable_path(path);
        let skipped = |why| format!("{source} {path}: {why} and was skipped: fix or remove it");
        let warnings = bundle.skipped.iter().map(skipped);
        self.warnings.extend(warnings);
        self.anchors.extend(bundle.anchors);
        self.certificates.extend(bundle.certificates);
    }

    fn add_certificates(&mut self, certificates: Vec<CertificateDer<'static>>) {
        let mut store = RootCertStore::empty();
        store.add_parsable_certificates(certificates.iter().cloned());
        self.anchors.append(&mut store.roots);
        self.certificates.extend(certificates);
    }

    fn build(self, provider: &Arc<CryptoProvider>) -> Result<TrustedCertificates, String> {
        let roots = RootCertStore { roots: self.anchors };
        let builder =
            |roots| WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider));
        let web_pki = (!roots.is_empty()).then(|| builder(roots).build()).transpose();
        Ok(TrustedCertificates {
            web_pki: web_pki.map_err(|error| error.to_string())?,
            certificates: self.certificates,
            warnings: self.warnings,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair};

    fn certificate() -> String {
        let mut params = CertificateParams::new(["idp.example".to_owned()]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.self_signed(&KeyPair::generate().unwrap()).unwrap().pem()
    }

    fn store(file: Option<PathBuf>, folders: Vec<PathBuf>) -> TrustStore {
        TrustStore { ca_file: None, ssl_cert_file: file, ssl_cert_dirs: folders, system: Default::default() }
    }

    #[cfg(all(unix, not(target_os = "macos")))]
    #[test]
    fn exchanges_share_the_systems_certificates_until_a_file_changes() {
        let folder = std::env::temp_dir().join("bouncer-trust-store");
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
        let file = folder.join("bundle.pem");
        std::fs::write(&file, certificate()).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let by_file = || store(Some(file.clone()), Vec::new()).system(&provider).unwrap();
        let by_folder = || store(None, vec![folder.clone()]).system(&provider).unwrap();
        for read in [&by_file as &dyn Fn() -> _, &by_folder] {
            let first = read();
            let count = first.certificates.len();
            assert!(Arc::ptr_eq(&first, &read()));
            // A file is replaced while an exchange uses the old one.
            std::fs::write(&file, format!("{}{}", certificate(), certificate())).unwrap();
            let second = read();
            assert_eq!((first.certificates.len(), second.certificates.len()), (count, 2));
            assert!(Arc::ptr_eq(&second, &read()) && !Arc::ptr_eq(&first, &second));
            std::fs::write(&file, certificate()).unwrap();
        }
        let (file_only, folder_only) = (by_file(), by_folder());
        assert!(!Arc::ptr_eq(&file_only, &folder_only), "the settings differ");
        // Another file in the folder.
        std::fs::write(folder.join("other.pem"), certificate()).unwrap();
        assert_eq!((folder_only.certificates.len(), by_folder().certificates.len()), (1, 2));
        // Nothing is kept after the last exchange.
        let weak = Arc::downgrade(&file_only);
        drop(file_only);
        assert!(weak.upgrade().is_none());
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
