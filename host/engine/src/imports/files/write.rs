//! Bytes into files: at once, as a length, or by a stream.

use std::sync::Arc;

use futures::FutureExt as _;
use wasmtime::StoreContextMut;
use wasmtime::component::Resource;
use wasmtime_wasi::filesystem::{WasiFilesystemCtxView, WasiFilesystemView as _};
use wasmtime_wasi::p2::bindings::filesystem::types::{Descriptor, DescriptorType, HostDescriptor as _};
use wasmtime_wasi::p2::{DynOutputStream, FsResult};

use super::Doing;
use super::cost::{Cost, Span};
use super::place::Place;
use super::stream::{Counted, End};
use crate::state::CallState;

type Store<'a> = StoreContextMut<'a, CallState>;
type Handle = Resource<Descriptor>;
type Output = Resource<DynOutputStream>;

pub(super) fn write(mut store: Store<'_>, (file, mut bytes, next): (Handle, Vec<u8>, u64)) -> Doing<'_, u64> {
    async move {
        let place = store.data().files.place(&file);
        let mut files = store.data_mut().filesystem();
        let (Some(place), Some(length)) = (place, length(&mut files, &file).await) else {
            return files.write(file, bytes, next).await;
        };
        let span = Span { next, length };
        if !bytes.is_empty() {
            let room = place.room_or_measure(&span).await?;
            bytes.truncate(usize::try_from(room).unwrap_or(usize::MAX));
        }
        let cost = if bytes.is_empty() { Cost::default() } else { span.cost(bytes.len() as u64) };
        let _admitted = place.admit(&cost).await?;
        let written = files.write(file, bytes, next).await;
        if written.is_err() {
            place.refund(&cost);
        }
        written
    }
    .boxed()
}

pub(super) fn set_size(mut store: Store<'_>, (file, size): (Handle, u64)) -> Doing<'_, ()> {
    async move {
        let place = store.data().files.place(&file);
        let mut files = store.data_mut().filesystem();
        let (Some(place), Some(length)) = (place, length(&mut files, &file).await) else {
            return files.set_size(file, size).await;
        };
        let growth = size.saturating_sub(length);
        let cost = Cost { written: growth, growth, ..Cost::default() };
        let _admitted = place.admit(&cost).await?;
        let done = files.set_size(file, size).await;
        match &done {
            Err(_) => place.refund(&cost),
            Ok(()) if size < length => place.ledger.cut(),
            Ok(()) => {}
        }
        done
    }
    .boxed()
}

pub(super) fn write_via_stream(mut store: Store<'_>, (file, next): (Handle, u64)) -> Doing<'_, Output> {
    async move {
        let place = store.data().files.place(&file);
        let mut files = store.data_mut().filesystem();
        let cuts = place.as_ref().map_or(0, |place| place.ledger.cuts());
        let length = length(&mut files, &file).await.unwrap_or(0);
        let stream = files.write_via_stream(file, next)?;
        counted(&mut files, stream, place, End::At(Span { next, length }, cuts))
    }
    .boxed()
}

pub(super) fn append_via_stream(mut store: Store<'_>, (file,): (Handle,)) -> Doing<'_, Output> {
    async move {
        let place = store.data().files.place(&file);
        let mut files = store.data_mut().filesystem();
        let stream = files.append_via_stream(file)?;
        counted(&mut files, stream, place, End::Append)
    }
    .boxed()
}

/// How long a file is. Nothing where it is none: the library has its own error for that.
async fn length(files: &mut WasiFilesystemCtxView<'_>, file: &Handle) -> Option<u64> {
    let stat = files.stat(Resource::new_borrow(file.rep())).await.ok()?;
    (stat.type_ == DescriptorType::RegularFile).then_some(stat.size)
}

/// Puts a stream that counts in the place of the library's.
fn counted(
    files: &mut WasiFilesystemCtxView<'_>,
    stream: Output,
    place: Option<Arc<Place>>,
    end: End,
) -> FsResult<Output> {
    let Some(place) = place else { return Ok(stream) };
    let inner = files.table.delete(stream)?;
    let counted: DynOutputStream = Box::new(Counted::new(inner, place, end));
    Ok(files.table.push(counted)?)
}
