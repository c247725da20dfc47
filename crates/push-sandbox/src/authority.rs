//! The local certificate authority, and the certificate of the push port.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

use crate::credentials::CredentialError;
use crate::folder::kept;

/// Certificates of a stand-in need no short life; the key never leaves the data folder.
const VALID_YEARS: (i32, i32) = (2020, 2120);

/// Signs the push port's certificate anew at every start.
pub(crate) struct Authority {
    params: CertificateParams,
    key: KeyPair,
    pub(crate) pem_path: PathBuf,
}

impl Authority {
    /// The authority kept in that folder, made when there is none.
    pub(crate) fn open(folder: &Path) -> Result<Self, CredentialError> {
        let key = kept(
            &folder.join("ca.key"),
            || Ok(KeyPair::generate()?.serialize_pem()),
        )?;
        let key = KeyPair::from_pem(&key)?;
        let params = ca_params();
        let pem_path = folder.join("ca.pem");
        kept(&pem_path, || Ok(params.self_signed(&key)?.pem()))?;
        Ok(Self {
            params,
            key,
            pem_path,
        })
    }

    /// Server settings per protocol, with a fresh certificate for those names.
    pub(crate) fn server(&self, names: Vec<String>) -> Result<Settings, CredentialError> {
        let key = KeyPair::generate()?;
        let mut params = CertificateParams::new(names)?;
        params.not_before = rcgen::date_time_ymd(VALID_YEARS.0, 1, 1);
        params.not_after = rcgen::date_time_ymd(VALID_YEARS.1, 1, 1);
        params
            .distinguished_name
            .push(DnType::CommonName, "Waybill push sandbox");
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        let certificate = params.signed_by(&key, &Issuer::from_params(&self.params, &self.key))?;
        let key = PrivatePkcs8KeyDer::from(key.serialize_der());
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], PrivateKeyDer::Pkcs8(key))?;
        Ok(Settings::new(config))
    }
}

/// WNS speaks HTTP/1.1 only, the others HTTP/2 as well.
#[derive(Clone)]
pub(crate) struct Settings {
    pub(crate) any: Arc<ServerConfig>,
    pub(crate) http1: Arc<ServerConfig>,
}

impl Settings {
    /// For a protocol that has no name in TLS.
    pub(crate) fn without_protocols(&self) -> Arc<ServerConfig> {
        let mut config = ServerConfig::clone(&self.any);
        config.alpn_protocols.clear();
        Arc::new(config)
    }

    fn new(mut config: ServerConfig) -> Self {
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        let http1 = Arc::new(config.clone());
        config.alpn_protocols.insert(0, b"h2".to_vec());
        Self {
            any: Arc::new(config),
            http1,
        }
    }
}

fn ca_params() -> CertificateParams {
    let mut params = CertificateParams::default();
    params.not_before = rcgen::date_time_ymd(VALID_YEARS.0, 1, 1);
    params.not_after = rcgen::date_time_ymd(VALID_YEARS.1, 1, 1);
    params
        .distinguished_name
        .push(DnType::CommonName, "Waybill push sandbox, local CA");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}
