//! Changes of names: folders made, names changed and removed. A plugin makes no links: a symbolic
//! one could name a place outside, a hard one would give a file a second name.

use std::sync::Arc;

use futures::FutureExt as _;
use futures::future::ready;
use wasmtime::StoreContextMut;
use wasmtime::component::Resource;
use wasmtime_wasi::filesystem::WasiFilesystemView as _;
use wasmtime_wasi::p2::bindings::filesystem::types::{Descriptor, ErrorCode, HostDescriptor as _, PathFlags};

use super::Doing;
use super::cost::Cost;
use crate::state::CallState;

type Store<'a> = StoreContextMut<'a, CallState>;
type Handle = Resource<Descriptor>;

pub(super) fn create_directory_at(mut store: Store<'_>, (folder, path): (Handle, String)) -> Doing<'_, ()> {
    async move {
        let place = store.data().files.place(&folder);
        let mut files = store.data_mut().filesystem();
        let Some(place) = place else { return files.create_directory_at(folder, path).await };
        let _admitted = place.admit(&Cost::FOLDER).await?;
        let made = files.create_directory_at(folder, path).await;
        if made.is_err() {
            place.refund(&Cost::FOLDER);
        }
        made
    }
    .boxed()
}

pub(super) fn rename_at(
    mut store: Store<'_>,
    (folder, path, new_folder, new_path): (Handle, String, Handle, String),
) -> Doing<'_, ()> {
    async move {
        let files = &store.data().files;
        let (from, to) = (files.place(&folder), files.place(&new_folder));
        let mut files = store.data_mut().filesystem();
        let (Some(from), Some(to)) = (from, to) else {
            return files.rename_at(folder, path, new_folder, new_path).await;
        };
        // What moves with a folder is not known; a program that copies instead is counted.
        if !Arc::ptr_eq(&from.ledger, &to.ledger) {
            return Err(ErrorCode::CrossDevice.into());
        }
        let _changing = from.ledger.changing().await;
        files.rename_at(folder, path, new_folder, new_path).await?;
        from.ledger.cut();
        Ok(())
    }
    .boxed()
}

pub(super) fn unlink_file_at(mut store: Store<'_>, (folder, path): (Handle, String)) -> Doing<'_, ()> {
    async move {
        let place = store.data().files.place(&folder);
        let mut files = store.data_mut().filesystem();
        let Some(place) = place else { return files.unlink_file_at(folder, path).await };
        let _changing = place.ledger.changing().await;
        files.unlink_file_at(folder, path).await?;
        place.ledger.cut();
        Ok(())
    }
    .boxed()
}

pub(super) fn remove_directory_at(mut store: Store<'_>, (folder, path): (Handle, String)) -> Doing<'_, ()> {
    async move {
        let place = store.data().files.place(&folder);
        let mut files = store.data_mut().filesystem();
        let Some(place) = place else { return files.remove_directory_at(folder, path).await };
        let _changing = place.ledger.changing().await;
        files.remove_directory_at(folder, path).await?;
        place.ledger.cut();
        Ok(())
    }
    .boxed()
}

pub(super) fn link_at(_: Store<'_>, _: (Handle, PathFlags, String, Handle, String)) -> Doing<'_, ()> {
    ready(Err(ErrorCode::NotPermitted.into())).boxed()
}

pub(super) fn symlink_at(_: Store<'_>, _: (Handle, String, String)) -> Doing<'_, ()> {
    ready(Err(ErrorCode::NotPermitted.into())).boxed()
}
