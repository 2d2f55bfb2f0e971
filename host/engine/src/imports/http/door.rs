//! `Door`: where a request of a guest is judged before anything leaves this machine.

use std::sync::Arc;

use ares_kernel::facts::{Grants, Method, Origin};
use ares_kernel::{InvocationId, PluginName, SecretName};
use http::header::{HeaderName, HeaderValue};
use http::uri::{PathAndQuery, Scheme};
use http::{HeaderMap, Request, Response};
use wasmtime_wasi_http::{Error, ForbiddenHeaderFilter, RequestOptions, WasiBody, WasiHttpHooks};

use super::exchange::Judged;
use super::headers;
use super::spend;
use super::traffic::Traffic;
use crate::log::{self, Level, Source};
use crate::network::Denial;
use crate::rehearsal::Notes;
use crate::state::Surroundings;

/// What a guest may hand over in one piece of a body, in bytes.
const PIECE_BYTES: usize = 64 << 10;

/// Whose request it is.
pub(super) struct Asker {
    pub(super) plugin: PluginName,
    pub(super) invocation: InvocationId,
    pub(super) grants: Arc<Grants>,
    /// The secrets its plugin was granted, for whichever capability: what one has spent, another may not learn.
    pub(super) hidden: Arc<[SecretName]>,
}

/// The way out of one call. Without an asker, as in a hook of a plugin's life, it is closed.
pub(crate) struct Door {
    pub(super) asker: Option<Arc<Asker>>,
    pub(super) surroundings: Arc<Surroundings>,
    pub(super) traffic: Arc<Traffic>,
    /// In a rehearsal: where it is noted what would have left.
    pub(super) notes: Option<Arc<Notes>>,
}

impl Door {
    fn judge(&self, request: Request<WasiBody>, options: Option<RequestOptions>) -> Result<Judged, Denial> {
        let many = |most| {
            let first = self.traffic.first_too_many();
            let why = first.then(|| format!("its call may send {most} requests (`http_requests`)"));
            Denial::new(Error::ConnectionLimitReached, why.unwrap_or_default())
        };
        self.traffic.requests().add(1).map_err(many)?;
        let denied = |why: String| Denial::new(Error::HttpRequestDenied, why);
        let asker = self.asker.as_ref();
        let asker =
            asker.ok_or_else(|| denied("only a call of a capability reaches the network".to_owned()))?;
        let wanted = origin(&request)
            .ok_or_else(|| Denial::new(Error::HttpRequestUriInvalid, "it names no plain host"))?;
        let secrets = spend::wanted(request.headers(), address(&request));
        let rule = allowed(&asker.grants, &wanted, request.method(), &secrets).map_err(denied)?;
        if let Some(name) = literal(request.headers()) {
            return Err(denied(format!(
                "`{name}` carries credentials, which a plugin does not have; it may hold a secret's placeholder"
            )));
        }
        let weight = request.method().as_str().len() + request.uri().to_string().len();
        let weight = headers::weight(request.headers()) + weight as u64;
        self.traffic.sent().add(weight).map_err(|most| {
            let why = format!("its call may send {most} bytes (`http_sent_bytes`)");
            Denial::new(Error::HttpRequestHeaderSectionSize(u32::try_from(most).ok()), why)
        })?;
        Ok(Judged {
            network: Arc::clone(&self.surroundings.network),
            traffic: Arc::clone(&self.traffic),
            rule,
            wanted,
            hidden: Arc::clone(&asker.hidden),
            spent: secrets,
            secrets: Arc::clone(&self.surroundings.secrets),
            request,
            options: options.unwrap_or_default(),
        })
    }
}

/// Where a request goes, if that can be read in one way only.
fn origin(request: &Request<WasiBody>) -> Option<Origin> {
    let uri = request.uri();
    let authority = uri.authority()?.as_str();
    let plain = !authority.contains(['@', '*']);
    plain.then(|| format!("{}://{authority}", uri.scheme_str()?).parse().ok())?
}

/// Scheme, host and port, as they were written.
fn briefly(uri: &http::Uri) -> String {
    let host = uri.authority().map_or("", |authority| authority.as_str());
    // What stands before an `@` would be credentials.
    let host = host.rsplit('@').next().unwrap_or_default();
    format!("{}://{host}", uri.scheme_str().unwrap_or_default())
}

/// What follows the host in an address.
fn address(request: &Request<WasiBody>) -> &str {
    request.uri().path_and_query().map_or("/", PathAndQuery::as_str)
}

/// A header whose credentials are written out.
fn literal(headers: &HeaderMap) -> Option<&HeaderName> {
    let literal = |(name, value): &(&HeaderName, &HeaderValue)| {
        headers::is_credential(name) && !spend::holds_placeholder(value)
    };
    headers.iter().find(literal).map(|(name, _)| name)
}

/// The granted origin that allows this and where these secrets may be spent, or why none does.
fn allowed(
    grants: &Grants,
    wanted: &Origin,
    method: &http::Method,
    secrets: &[SecretName],
) -> Result<Origin, String> {
    let (mut other_method, mut not_spent) = (false, None);
    for rule in grants.net() {
        let Some(origin) = rule.origin(wanted) else { continue };
        if method.as_str().parse::<Method>().is_ok_and(|method| rule.methods.contains(&method)) {
            match spend::allowed(secrets, grants, &rule.name) {
                Ok(()) => return Ok(origin.clone()),
                Err(error) => not_spent = Some(error.to_string()),
            }
            continue;
        }
        other_method = true;
    }
    if let Some(why) = not_spent {
        return Err(why);
    }
    Err(match other_method {
        true => format!("{wanted} was granted, but not for this method"),
        false => format!("{wanted} was not granted to this call"),
    })
}

type Exchanged = Result<(Response<WasiBody>, super::exchange::Driver), Error>;

impl WasiHttpHooks for Door {
    fn forbidden_header_filter(&mut self) -> ForbiddenHeaderFilter {
        Arc::new(headers::forbidden)
    }

    fn is_supported_scheme(&mut self, scheme: &Scheme) -> bool {
        *scheme == Scheme::HTTP || *scheme == Scheme::HTTPS
    }

    /// The host's own `Host` header is made from the judged origin.
    fn set_host_header(&mut self) -> bool {
        false
    }

    fn send_request(
        &mut self,
        request: Request<WasiBody>,
        options: Option<RequestOptions>,
        _: Box<dyn Future<Output = Result<(), Error>> + Send>,
    ) -> Box<dyn Future<Output = Exchanged> + Send> {
        let what = format!("{} {}", request.method(), request.uri());
        // Without what follows the host, which may hold secrets.
        let briefly = format!("{} {}", request.method(), briefly(request.uri()));
        let (asker, surroundings) = (self.asker.clone(), Arc::clone(&self.surroundings));
        let told = move |level, came: &str| {
            if let Some(asker) = &asker {
                let message = format!("{what}: {came}");
                log::note(&surroundings, &asker.plugin, asker.invocation, (Source::Http, level), &message);
            }
        };
        let (traffic, notes) = (Arc::clone(&self.traffic), self.notes.clone());
        let refused = move |told: &dyn Fn(Level, &str), denial: Denial| {
            let denied = matches!(
                denial.error,
                Error::HttpRequestDenied | Error::DestinationIpProhibited | Error::HttpRequestUriInvalid
            );
            if denied {
                traffic.deny();
                if let Some(notes) = &notes {
                    notes.refuse(format!("{briefly}: {}", denial.why));
                }
            }
            if !denial.why.is_empty() {
                let came = if denied { "refused" } else { "failed" };
                told(Level::Warn, &format!("{came}: {}", denial.why));
            }
            denial.error
        };
        match (self.judge(request, options), &self.notes) {
            (Err(denial), _) => {
                let error = refused(&told, denial);
                Box::new(async move { Err(error) })
            }
            (Ok(judged), Some(notes)) => {
                told(Level::Info, "not sent: this is a rehearsal");
                Box::new(judged.rehearse(Arc::clone(notes)))
            }
            (Ok(judged), None) => Box::new(async move {
                match judged.exchange().await {
                    Ok((answer, driver)) => {
                        told(Level::Info, answer.status().as_str());
                        Ok((answer, driver))
                    }
                    Err(denial) => Err(refused(&told, denial)),
                }
            }),
        }
    }

    fn p2_outgoing_body_chunk_size(&mut self) -> usize {
        PIECE_BYTES
    }
}
