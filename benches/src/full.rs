//! The whole host in this process, with one plugin registered.

use std::collections::BTreeMap;
use std::path::Path;

use ares_host::Host;
use ares_kernel::Caller;
use ares_services::operation::Operation;

/// Opens a host on a state directory and registers the guest.
pub(crate) async fn open(state: &Path, guest: &Path) -> anyhow::Result<Host> {
    let host = Host::open(state).await?;
    register(&host, guest).await?;
    Ok(host)
}

/// Registers one plugin folder.
pub(crate) async fn register(host: &Host, folder: &Path) -> anyhow::Result<()> {
    let register = Operation::Register {
        folder: folder.to_owned(),
        grants: BTreeMap::new(),
        grant_all: true,
        replace: false,
    };
    host.operate().operate(Caller::Human("bench".to_owned()), register).await?;
    Ok(())
}
