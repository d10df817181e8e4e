//! Certificates for tests, in a directory of their own.

use std::fs;
use std::path::{Path, PathBuf};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    date_time_ymd,
};
use tempfile::TempDir;

/// A directory with an authority, certificates that it signed, and what is of no use.
pub(super) struct Certificates {
    directory: TempDir,
    authority: CertifiedIssuer<'static, KeyPair>,
}

impl Certificates {
    pub(super) fn new() -> Self {
        let mut params = CertificateParams::new(Vec::<String>::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let certificates = Self { directory: TempDir::new().unwrap(), authority };
        certificates.write("ca.crt", &certificates.authority.pem());
        certificates.sign("server", &["localhost", "127.0.0.1"]);
        certificates.sign("client", &["prometheus.example", "192.0.2.1"]);
        certificates.self_sign("own", &["own.example"]);
        certificates.write("other.key", &KeyPair::generate().unwrap().serialize_pem());
        certificates.write("junk.pem", "junk\n");
        certificates
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub(super) fn directory(&self) -> &Path {
        self.directory.path()
    }

    pub(super) fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, text).unwrap();
        path
    }

    pub(super) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    fn params(names: &[&str]) -> CertificateParams {
        let names: Vec<String> = names.iter().map(ToString::to_string).collect();
        let mut params = CertificateParams::new(names).unwrap();
        params.extended_key_usages =
            vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
        params
    }

    /// NAME.crt and NAME.key, signed by the authority.
    pub(super) fn sign(&self, name: &str, names: &[&str]) {
        self.signed(name, &Self::params(names));
    }

    /// The same, and its time is over.
    pub(super) fn sign_expired(&self, name: &str, names: &[&str]) {
        let mut params = Self::params(names);
        params.not_after = date_time_ymd(2001, 9, 9);
        self.signed(name, &params);
    }

    fn signed(&self, name: &str, params: &CertificateParams) {
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.authority).unwrap();
        self.write(&format!("{name}.crt"), &certificate.pem());
        self.write(&format!("{name}.key"), &key.serialize_pem());
    }

    /// NAME.crt and NAME.key, its own authority, as common tools make them.
    pub(super) fn self_sign(&self, name: &str, names: &[&str]) {
        let mut params = Self::params(names);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        self.write(&format!("{name}.crt"), &certificate.pem());
        self.write(&format!("{name}.key"), &key.serialize_pem());
    }
}
