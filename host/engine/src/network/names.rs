//! From the name of a host to its addresses.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use ares_kernel::facts::Host;
use hickory_resolver::TokioResolver;
use hickory_resolver::config::{
    ConnectionConfig, LookupIpStrategy, NameServerConfig, ResolveHosts, ResolverConfig,
};
use hickory_resolver::net::NetError;
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use tokio::sync::OnceCell;
use wasmtime_wasi_http::Error;

use super::Denial;

/// Looks names up: in the hosts file first, then with the nameserver. It waits without holding a
/// thread, which the system's own lookup would.
pub(super) struct Names {
    nameserver: Option<SocketAddr>,
    resolver: OnceCell<TokioResolver>,
}

impl Names {
    pub(super) fn new(nameserver: Option<SocketAddr>) -> Self {
        Self { nameserver, resolver: OnceCell::new() }
    }

    /// All addresses of a host, at least one.
    pub(super) async fn resolve(&self, host: &Host) -> Result<Vec<IpAddr>, Denial> {
        let name = match host {
            Host::Address(address) => return Ok(vec![*address]),
            // RFC 6761, section 6.3: nobody is asked for it.
            Host::Name(name) if name == "localhost" => {
                return Ok(vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()]);
            }
            Host::Name(name) => name,
            Host::Below(_) => return Err(Denial::new(Error::HttpRequestUriInvalid, "a wildcard is no host")),
        };
        let resolver = self.resolver.get_or_try_init(|| async { self.open() }).await;
        let resolver = resolver.map_err(|error| {
            let why = format!("names cannot be looked up on this machine: {error}");
            Denial::new(Error::ConfigurationError, why)
        })?;
        // With a dot at its end it is the whole name: no search list of this machine is put behind it.
        let found = resolver.lookup_ip(format!("{name}.")).await;
        let addresses: Vec<IpAddr> = found.map_err(|error| denial(name, &error))?.iter().collect();
        if addresses.is_empty() {
            return Err(Denial::new(Error::DestinationNotFound, format!("`{name}` has no address")));
        }
        Ok(addresses)
    }

    fn open(&self) -> Result<TokioResolver, NetError> {
        let mut builder = match self.nameserver {
            None => TokioResolver::builder_tokio()?,
            Some(server) => {
                let mut connections = [ConnectionConfig::udp(), ConnectionConfig::tcp()];
                connections.iter_mut().for_each(|connection| connection.port = server.port());
                let server = NameServerConfig::new(server.ip(), true, connections.into());
                let config = ResolverConfig::from_name_servers(vec![server]);
                TokioResolver::builder_with_config(config, TokioRuntimeProvider::default())
            }
        };
        let options = builder.options_mut();
        options.ip_strategy = LookupIpStrategy::Ipv4AndIpv6;
        options.use_hosts_file = ResolveHosts::Always;
        builder.build()
    }
}

fn denial(name: &str, error: &NetError) -> Denial {
    let why = format!("looking up `{name}` failed: {error}");
    if error.is_nx_domain() || error.is_no_records_found() {
        return Denial::new(Error::DestinationNotFound, why);
    }
    let guest = match error {
        NetError::Timeout => Error::DnsTimeout,
        _ => Error::DnsError { rcode: None, info_code: None },
    };
    Denial::new(guest, why)
}
