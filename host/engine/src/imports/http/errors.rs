//! `http-error-code` of `wasi:http`, which says why the reading of a body ended. The library's own
//! looks for an error of another type than its bodies give, and so never knows.

use wasmtime::StoreContextMut;
use wasmtime::component::{Linker, Resource};
use wasmtime_wasi::WasiView as _;
use wasmtime_wasi_http::Error;
use wasmtime_wasi_http::p2::bindings::http::types::{ErrorCode, IoError};

use crate::state::CallState;

/// Puts this one in the place of the library's. The engine's tests of bodies that end early fail
/// without it.
pub(super) fn link(linker: &mut Linker<CallState>) -> wasmtime::Result<()> {
    linker.allow_shadowing(true);
    let mut types = linker.instance("wasi:http/types@0.2.12")?;
    types.func_wrap(
        "http-error-code",
        |mut store: StoreContextMut<'_, CallState>, (error,): (Resource<IoError>,)| {
            let error = store.data_mut().ctx().table.get(&error)?;
            let own = error.downcast_ref::<Error>().map(code);
            Ok((own.or_else(|| error.downcast_ref::<ErrorCode>().cloned()),))
        },
    )?;
    linker.allow_shadowing(false);
    Ok(())
}

/// The errors that bodies of this host end with.
fn code(error: &Error) -> ErrorCode {
    match error {
        Error::HttpResponseBodySize(most) => ErrorCode::HttpResponseBodySize(*most),
        Error::HttpResponseContentCoding(coding) => ErrorCode::HttpResponseContentCoding(coding.clone()),
        Error::HttpResponseIncomplete => ErrorCode::HttpResponseIncomplete,
        Error::HttpRequestBodySize(most) => ErrorCode::HttpRequestBodySize(*most),
        Error::ConnectionReadTimeout => ErrorCode::ConnectionReadTimeout,
        Error::ConnectionTerminated => ErrorCode::ConnectionTerminated,
        _ => ErrorCode::HttpProtocolError,
    }
}
