//! The imports on a target without a host, for `cargo test`: a store, a configuration and
//! events in memory, one per thread; secrets by name; a log on standard error; no other plugins.

/// `kv` in memory.
pub mod kv {
    use std::{cell::RefCell, collections::BTreeMap};

    use crate::kv::Error;

    thread_local! {
        static STORE: RefCell<BTreeMap<String, Vec<u8>>> = const { RefCell::new(BTreeMap::new()) };
    }

    /// As the host's.
    #[expect(clippy::missing_errors_doc, reason = "never fails; the host's may")]
    pub fn get(key: &str) -> Result<Option<Vec<u8>>, Error> {
        Ok(STORE.with_borrow(|store| store.get(key).cloned()))
    }

    /// As the host's, without its limits on values.
    ///
    /// # Errors
    /// When the key is not 1 to 256 bytes long.
    pub fn set(key: &str, value: &[u8]) -> Result<(), Error> {
        if !(1..=256).contains(&key.len()) {
            return Err(Error::TooLarge("a key has 1 to 256 bytes".to_owned()));
        }
        STORE.with_borrow_mut(|store| store.insert(key.to_owned(), value.to_vec()));
        Ok(())
    }

    /// As the host's.
    #[expect(clippy::missing_errors_doc, reason = "never fails; the host's may")]
    pub fn delete(key: &str) -> Result<bool, Error> {
        Ok(STORE.with_borrow_mut(|store| store.remove(key).is_some()))
    }

    /// As the host's.
    #[expect(clippy::missing_errors_doc, reason = "never fails; the host's may")]
    pub fn keys(prefix: &str, after: Option<&str>, limit: u32) -> Result<Vec<String>, Error> {
        let limit = usize::try_from(limit.min(1_000)).unwrap_or(1_000);
        Ok(STORE.with_borrow(|store| {
            let keys = store.keys().filter(|key| key.starts_with(prefix));
            keys.filter(|key| after.is_none_or(|after| key.as_str() > after)).take(limit).cloned().collect()
        }))
    }
}

/// `config-values` in memory.
pub mod config {
    use std::cell::RefCell;

    use serde_json::{Map, Value};

    thread_local! {
        static VALUES: RefCell<Map<String, Value>> = RefCell::new(Map::new());
    }

    /// Sets a value for the test that runs on this thread.
    pub fn set(key: &str, value: impl Into<Value>) {
        VALUES.with_borrow_mut(|values| values.insert(key.to_owned(), value.into()));
    }

    /// As the host's.
    #[must_use]
    pub fn get(key: &str) -> Option<String> {
        VALUES.with_borrow(|values| values.get(key).map(Value::to_string))
    }

    /// As the host's.
    #[must_use]
    pub fn all() -> String {
        VALUES.with_borrow(|values| Value::Object(values.clone()).to_string())
    }
}

/// `log` on standard error.
pub mod log {
    use crate::log::Level;

    /// As the host's.
    pub fn write(level: Level, message: &str) {
        eprintln!("{level:?}: {}", message.escape_debug());
    }
}

/// `events` in memory.
pub mod events {
    use std::cell::RefCell;

    use crate::events::Error;

    thread_local! {
        static PUBLISHED: RefCell<Vec<(String, String)>> = const { RefCell::new(Vec::new()) };
    }

    /// As the host's, without its limits; everything is granted.
    #[expect(clippy::missing_errors_doc, reason = "never fails; the host's may")]
    pub fn publish(topic: &str, payload: &str) -> Result<(), Error> {
        PUBLISHED.with_borrow_mut(|all| all.push((topic.to_owned(), payload.to_owned())));
        Ok(())
    }

    /// Topics and payloads published on this thread since the last time.
    #[must_use]
    pub fn taken() -> Vec<(String, String)> {
        PUBLISHED.take()
    }
}

/// `progress` on standard error.
pub mod progress {
    /// As the host's.
    pub fn report(done: u64, total: Option<u64>, message: &str) {
        let total = total.map_or_else(String::new, |total| format!(" of {total}"));
        eprintln!("{done}{total}: {}", message.escape_debug());
    }
}

/// `secrets` in memory: names, for there is nowhere to spend a value.
pub mod secrets {
    use std::{cell::RefCell, collections::BTreeSet};

    use crate::secrets::Error;

    thread_local! {
        static NAMES: RefCell<BTreeSet<String>> = const { RefCell::new(BTreeSet::new()) };
    }

    /// As the host's.
    pub struct Secret(String);

    /// Grants and sets a secret for the test that runs on this thread.
    pub fn set(name: &str) {
        NAMES.with_borrow_mut(|names| names.insert(name.to_owned()));
    }

    /// As the host's.
    ///
    /// # Errors
    /// When the test has not [`set`] it.
    pub fn open(name: &str) -> Result<Secret, Error> {
        if NAMES.with_borrow(|names| names.contains(name)) {
            return Ok(Secret(name.to_owned()));
        }
        Err(Error::NotGranted(format!("the test has not set the secret `{name}`")))
    }

    impl Secret {
        /// As the host's.
        #[must_use]
        pub fn placeholder(&self) -> String {
            format!("{{{{{}}}}}", self.0)
        }
    }
}

/// `call` without anybody to call.
pub mod call {
    use crate::bindings::ares::host::call::{Error, Problem};

    /// Always refused: there is no other plugin.
    ///
    /// # Errors
    /// Always.
    pub fn invoke(capability: &str, _input: &str) -> Result<String, Error> {
        let message = format!("no host: `{capability}` can be called in the sandbox only");
        Err(Error::Refused(Problem { code: "no-host".to_owned(), message }))
    }
}

/// `wasi:http` in memory: a test says what is answered.
pub mod http {
    use std::{cell::RefCell, collections::BTreeMap};

    use crate::http::{Error, Request, Response};

    thread_local! {
        static ANSWERS: RefCell<BTreeMap<String, (u16, Vec<u8>)>> = const { RefCell::new(BTreeMap::new()) };
    }

    /// A body in memory.
    #[derive(Debug)]
    pub(crate) struct Body(Vec<u8>);

    impl Body {
        #[expect(clippy::unnecessary_wraps, reason = "the host's can fail")]
        pub(crate) fn read(mut self, most: usize) -> Result<(Vec<u8>, bool), Error> {
            let whole = self.0.len() <= most;
            self.0.truncate(most);
            Ok((self.0, whole))
        }
    }

    /// Sets what an address answers in the test that runs on this thread.
    pub fn answer(url: &str, status: u16, body: impl Into<Vec<u8>>) {
        ANSWERS.with_borrow_mut(|answers| answers.insert(url.to_owned(), (status, body.into())));
    }

    #[expect(clippy::needless_pass_by_value, reason = "the host's takes it")]
    pub(crate) fn send(request: Request) -> Result<Response, Error> {
        let answer = ANSWERS.with_borrow(|answers| answers.get(&request.url).cloned());
        let (status, body) = answer.ok_or_else(|| Error::new("http-request-denied", request.url.clone()))?;
        Ok(Response { status, headers: Vec::new(), body: Body(body) })
    }
}
