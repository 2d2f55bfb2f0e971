//! TLS: the certificate must be valid for the name that was granted.

use std::sync::{Arc, OnceLock};

use ares_kernel::facts::Host;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use wasmtime_wasi_http::Error;

use super::Denial;
use crate::options::EngineError;

/// Makes connections secure. The public authorities are those of Mozilla's list.
pub(super) struct Tls {
    own: Vec<CertificateDer<'static>>,
    config: OnceLock<Arc<ClientConfig>>,
}

impl Tls {
    /// With these authorities beside the public ones.
    pub(super) fn new(pem: Option<&[u8]>) -> Result<Self, EngineError> {
        let unfit = |why: String| EngineError::AuthoritiesUnfit { why };
        let own: Vec<_> = CertificateDer::pem_slice_iter(pem.unwrap_or_default())
            .collect::<Result<_, _>>()
            .map_err(|error| unfit(error.to_string()))?;
        if pem.is_some() && own.is_empty() {
            return Err(unfit("it holds no certificate".to_owned()));
        }
        let mut store = RootCertStore::empty();
        own.iter().try_for_each(|one| store.add(one.clone())).map_err(|error| unfit(error.to_string()))?;
        Ok(Self { own, config: OnceLock::new() })
    }

    pub(super) async fn secure(
        &self,
        host: &Host,
        stream: TcpStream,
    ) -> Result<TlsStream<TcpStream>, Denial> {
        let name = match host {
            Host::Address(address) => ServerName::IpAddress((*address).into()),
            Host::Name(name) | Host::Below(name) => ServerName::try_from(name.clone())
                .map_err(|error| Denial::new(Error::TlsProtocolError, format!("`{name}`: {error}")))?,
        };
        let config = match self.config.get() {
            Some(config) => Arc::clone(config),
            None => {
                let made = self.make()?;
                Arc::clone(self.config.get_or_init(|| made))
            }
        };
        TlsConnector::from(config).connect(name, stream).await.map_err(|error| denial(&error))
    }

    fn make(&self) -> Result<Arc<ClientConfig>, Denial> {
        let mut store = RootCertStore::from_iter(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        // Each was accepted when the host began.
        store.add_parsable_certificates(self.own.iter().cloned());
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let builder =
            builder.map_err(|error| Denial::new(Error::ConfigurationError, format!("TLS: {error}")))?;
        let mut config = builder.with_root_certificates(store).with_no_client_auth();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Arc::new(config))
    }
}

fn denial(error: &std::io::Error) -> Denial {
    let tls = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    let guest = match tls {
        Some(rustls::Error::InvalidCertificate(_) | rustls::Error::NoCertificatesPresented) => {
            Error::TlsCertificateError
        }
        Some(_) => Error::TlsProtocolError,
        None => Error::ConnectionTerminated,
    };
    Denial::new(guest, format!("TLS: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_holds_no_certificate_is_refused() {
        assert!(Tls::new(None).is_ok());
        for bad in ["", "no certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
            assert!(Tls::new(Some(bad.as_bytes())).is_err(), "{bad}");
        }
    }
}
