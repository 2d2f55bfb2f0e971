//! The host's own way to other machines: a name is resolved once, every address is looked at, and the
//! connection goes to an address that was looked at.

mod names;
mod tls;

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use ares_kernel::facts::{Origin, Scheme};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout, timeout_at};
use wasmtime_wasi_http::Error;

use crate::options::EngineError;

/// How long connecting may take in all, names and TLS included.
pub(crate) const CONNECT_MAX: Duration = Duration::from_secs(10);
/// How long one address of several is tried.
const ADDRESS_MAX: Duration = Duration::from_secs(4);
/// How many addresses of one name are tried.
const ADDRESSES_MAX: usize = 4;

/// How this host reaches others.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NetworkOptions {
    /// Who is asked for names; the system's own configuration without one.
    pub nameserver: Option<SocketAddr>,
    /// Certificates in PEM that are trusted beside the public ones.
    pub authorities: Option<Vec<u8>>,
}

/// A connection, in the open or through TLS.
pub(crate) trait Connection: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Connection for T {}

/// Why there is no connection: for the guest, and in words for the log.
#[derive(Debug)]
pub(crate) struct Denial {
    pub(crate) error: Error,
    pub(crate) why: String,
}

impl Denial {
    pub(crate) fn new(error: Error, why: impl Into<String>) -> Self {
        Self { error, why: why.into() }
    }
}

/// What all connections of one host share. Nothing is read or opened before the first of them.
pub(crate) struct Network {
    names: names::Names,
    tls: tls::Tls,
}

impl Network {
    pub(crate) fn new(options: NetworkOptions) -> Result<Self, EngineError> {
        Ok(Self {
            names: names::Names::new(options.nameserver),
            tls: tls::Tls::new(options.authorities.as_deref())?,
        })
    }

    /// Connects to `wanted`, which `rule` allows.
    pub(crate) async fn connect(
        &self,
        rule: &Origin,
        wanted: &Origin,
        within: Duration,
    ) -> Result<Box<dyn Connection>, Denial> {
        let deadline = Instant::now() + within.min(CONNECT_MAX);
        let late = |_| Denial::new(Error::ConnectionTimeout, "connecting took too long");
        timeout_at(deadline, async {
            let addresses = self.names.resolve(&wanted.host).await?;
            vet(rule, &addresses)?;
            let stream = dial(&addresses, wanted.port).await?;
            match wanted.scheme {
                Scheme::Http => Ok(Box::new(stream) as Box<dyn Connection>),
                Scheme::Https => Ok(Box::new(self.tls.secure(&wanted.host, stream).await?) as _),
            }
        })
        .await
        .map_err(late)?
    }
}

/// One address that is closed closes them all: a name that leads both outside and inside is not one
/// that anybody granted.
fn vet(rule: &Origin, addresses: &[IpAddr]) -> Result<(), Denial> {
    let closed = addresses.iter().find_map(|address| Some((address, rule.forbids(*address)?)));
    closed.map_or(Ok(()), |(address, what)| {
        let why = format!(
            "it leads to {address}, which is {what}; an operator can allow it with `{}@{address}`",
            Origin { within: None, ..rule.clone() }
        );
        Err(Denial::new(Error::DestinationIpProhibited, why))
    })
}

async fn dial(addresses: &[IpAddr], port: u16) -> Result<TcpStream, Denial> {
    let mut last = Denial::new(Error::DestinationNotFound, "the name leads nowhere");
    for address in addresses.iter().take(ADDRESSES_MAX) {
        let to = SocketAddr::new(*address, port);
        last = match timeout(ADDRESS_MAX, TcpStream::connect(to)).await {
            Ok(Ok(stream)) => {
                // Small writes leave at once; where that cannot be set, they leave later.
                let _ = stream.set_nodelay(true);
                return Ok(stream);
            }
            Ok(Err(error)) => Denial::new(unreachable(&error), format!("{to}: {error}")),
            Err(_) => Denial::new(Error::ConnectionTimeout, format!("{to} does not answer")),
        };
    }
    Err(last)
}

fn unreachable(error: &std::io::Error) -> Error {
    match error.kind() {
        std::io::ErrorKind::ConnectionRefused => Error::ConnectionRefused,
        std::io::ErrorKind::TimedOut => Error::ConnectionTimeout,
        _ => Error::DestinationUnavailable,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_closed_address_closes_the_name() {
        let rule: Origin = "https://example.org".parse().unwrap();
        let vet = |all: &[&str]| {
            let all: Vec<IpAddr> = all.iter().map(|address| address.parse().unwrap()).collect();
            vet(&rule, &all)
        };
        assert!(vet(&["93.184.216.34", "2606:2800:220:1::1"]).is_ok());
        let denial = vet(&["93.184.216.34", "169.254.169.254"]).unwrap_err();
        assert!(matches!(denial.error, Error::DestinationIpProhibited));
        assert!(denial.why.contains("169.254.169.254") && denial.why.contains("https://example.org@"));
    }
}
