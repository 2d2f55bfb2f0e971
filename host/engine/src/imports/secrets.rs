//! `ares:host/secrets`: handles on granted secrets. No value is ever here; it is put in where a
//! request leaves the host.

use ares_kernel::SecretName;
use ares_kernel::facts::Grants;
use ares_kernel::ports::Secrets as Store;
use ares_kernel::text::quoted;
use wasmtime::component::{HasData, Resource, ResourceTable};

use super::Import;
use crate::authority::Authority;
use crate::limits::Meter;
use crate::log::Denials;
use crate::state::{CallState, Parts};
use crate::world::v0_1::secrets::{self, Error};

pub(super) const IMPORT: Import = Import {
    name: "secrets",
    link: |linker| secrets::add_to_linker::<CallState, Secrets>(linker, CallState::secrets_view),
};

struct Secrets;

/// What a guest's handle stands for.
#[expect(unreachable_pub, reason = "the generated bindings name it as their own")]
pub struct Secret(SecretName);

/// The secrets of this call. Only a running call has any; hooks have not.
pub(crate) struct SecretsView<'a> {
    granted: Option<&'a Grants>,
    name: &'a str,
    store: &'a dyn Store,
    table: &'a mut ResourceTable,
    meter: &'a mut Meter,
    denials: Denials<'a>,
}

impl HasData for Secrets {
    type Data<'a> = SecretsView<'a>;
}

impl CallState {
    fn secrets_view(&mut self) -> SecretsView<'_> {
        let Parts { authority, surroundings, meter, table, log, .. } = self.parts();
        let granted = match authority {
            Authority::Call(permit) => Some(&**permit.grants()),
            Authority::Hook { .. } | Authority::Unknown { .. } => None,
        };
        let denials = Denials { log, surroundings, authority };
        SecretsView { granted, name: authority.name(), store: &*surroundings.secrets, table, meter, denials }
    }
}

impl SecretsView<'_> {
    /// The name, if it is granted.
    fn granted(&self, name: &str) -> Result<SecretName, Error> {
        let refused = |why: String| Error::NotGranted(why);
        let Some(grants) = self.granted else {
            return Err(refused("hooks of a plugin's life cannot spend secrets".to_owned()));
        };
        let granted = name.parse().ok().filter(|name| grants.secret(name).is_some());
        granted.ok_or_else(|| {
            refused(format!("`{}` was not granted the secret {}", self.name, quoted(name, 128)))
        })
    }
}

/// The name, if there is a value behind it.
async fn there(store: &dyn Store, name: SecretName) -> Result<SecretName, Error> {
    match store.value(&name).await {
        Ok(Some(_)) => Ok(name),
        Ok(None) => Err(Error::Unavailable(format!(
            "the secret {name} is not set; an operator can: `ares-host secrets set {name}`"
        ))),
        Err(error) => Err(Error::Unavailable(error.to_string())),
    }
}

impl secrets::Host for SecretsView<'_> {
    async fn open(&mut self, name: String) -> wasmtime::Result<Result<Resource<Secret>, Error>> {
        self.meter.count()?;
        let name = match self.granted(&name) {
            Ok(name) => there(self.store, name).await,
            Err(error) => {
                let name = self.denials.quoted(&name, 128);
                self.denials.note(&format!("secrets.open: {name} is not granted"));
                Err(error)
            }
        };
        Ok(match name {
            Ok(name) => Ok(self.table.push(Secret(name))?),
            Err(error) => Err(error),
        })
    }
}

impl secrets::HostSecret for SecretsView<'_> {
    async fn placeholder(&mut self, secret: Resource<Secret>) -> wasmtime::Result<String> {
        self.meter.count()?;
        Ok(self.table.get(&secret)?.0.placeholder())
    }

    async fn drop(&mut self, secret: Resource<Secret>) -> wasmtime::Result<()> {
        self.table.delete(secret)?;
        Ok(())
    }
}
