//! Servers on loopback that a test scripts byte by byte: for HTTP, sound and evil, with and without
//! TLS, and for names.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hickory_proto::op::{Message, MessageType, ResponseCode};
use hickory_proto::rr::{RData, Record, RecordType};

/// How long a server waits for a client that says nothing.
const PATIENCE: Duration = Duration::from_secs(20);

/// What a server does with a request, given its head and body.
type Script = dyn Fn(&str, &mut dyn Peer) + Send + Sync;

/// The other side of a connection.
pub(crate) trait Peer: Read + Write {}

impl<T: Read + Write> Peer for T {}

/// A server that keeps every request as it came.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    requests: Arc<Mutex<Vec<String>>>,
    over: Arc<AtomicBool>,
}

impl Server {
    /// A server with a script.
    pub(crate) fn start(script: impl Fn(&str, &mut dyn Peer) + Send + Sync + 'static) -> Self {
        Self::begin(None, Arc::new(script))
    }

    /// The same behind TLS, with a certificate for this name. Answers the authority in PEM, too.
    pub(crate) fn start_tls(
        name: &str,
        script: impl Fn(&str, &mut dyn Peer) + Send + Sync + 'static,
    ) -> (Self, String) {
        let made = rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
        let key = rustls::pki_types::PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()).into();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key)
            .unwrap();
        (Self::begin(Some(Arc::new(config)), Arc::new(script)), made.cert.pem())
    }

    /// One that answers everything with these bytes.
    pub(crate) fn answering(answer: impl Into<Vec<u8>>) -> Self {
        let answer = answer.into();
        Self::start(move |_, peer| {
            let _ = peer.write_all(&answer);
        })
    }

    fn begin(tls: Option<Arc<rustls::ServerConfig>>, script: Arc<Script>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server =
            Self { address: listener.local_addr().unwrap(), requests: Arc::default(), over: Arc::default() };
        let (requests, over) = (Arc::clone(&server.requests), Arc::clone(&server.over));
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if over.load(Ordering::Relaxed) {
                    break;
                }
                let (requests, script, tls) = (Arc::clone(&requests), Arc::clone(&script), tls.clone());
                std::thread::spawn(move || serve(stream, tls, &requests, &*script));
            }
        });
        server
    }

    /// `http://127.0.0.1:PORT` and a path.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Heads and bodies of all requests so far.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        // Wakes the one that accepts.
        let _ = TcpStream::connect(self.address);
    }
}

fn serve(
    stream: TcpStream,
    tls: Option<Arc<rustls::ServerConfig>>,
    requests: &Mutex<Vec<String>>,
    script: &Script,
) {
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_write_timeout(Some(PATIENCE)).unwrap();
    match tls {
        None => converse(stream, requests, script),
        Some(config) => {
            let connection = rustls::ServerConnection::new(config).unwrap();
            converse(rustls::StreamOwned::new(connection, stream), requests, script);
        }
    }
}

fn converse(mut peer: impl Peer, requests: &Mutex<Vec<String>>, script: &Script) {
    let mut bytes = Vec::new();
    let mut piece = [0; 4096];
    let whole = |bytes: &[u8]| {
        let text = String::from_utf8_lossy(bytes).into_owned();
        let (head, body) = text.split_once("\r\n\r\n")?;
        let length = head
            .lines()
            .find_map(|line| line.to_lowercase().strip_prefix("content-length:")?.trim().parse().ok());
        let chunked = head.to_lowercase().contains("transfer-encoding: chunked");
        let enough = if chunked { body.ends_with("0\r\n\r\n") } else { body.len() >= length.unwrap_or(0) };
        enough.then_some(text)
    };
    let request = loop {
        match peer.read(&mut piece) {
            Ok(0) | Err(_) => return,
            Ok(read) => bytes.extend_from_slice(&piece[..read]),
        }
        if let Some(request) = whole(&bytes) {
            break request;
        }
    };
    requests.lock().unwrap().push(request.clone());
    script(&request, &mut peer);
    let _ = peer.flush();
}

/// A server for names that says what a test wants to be believed.
pub(crate) struct Names {
    pub(crate) address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Names {
    /// Answers each name with the addresses `answers` has for it at the time of asking.
    pub(crate) fn start(answers: impl Fn(&str) -> Vec<IpAddr> + Send + 'static) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let names = Self { address: socket.local_addr().unwrap(), asked: Arc::default() };
        let asked = Arc::clone(&names.asked);
        socket.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        std::thread::spawn(move || {
            let mut packet = [0; 1024];
            // Ends with the process, or when nobody has asked for a minute.
            while let Ok((length, from)) = socket.recv_from(&mut packet) {
                let Ok(question) = Message::from_vec(&packet[..length]) else { continue };
                let answer = answer(&question, &answers, &asked);
                socket.send_to(&answer.to_vec().unwrap(), from).unwrap();
            }
        });
        names
    }

    /// The same for a fixed list.
    pub(crate) fn fixed(list: &[(&str, &[&str])]) -> Self {
        let list: BTreeMap<String, Vec<IpAddr>> = list
            .iter()
            .map(|(name, all)| ((*name).to_owned(), all.iter().map(|one| one.parse().unwrap()).collect()))
            .collect();
        Self::start(move |name| list.get(name).cloned().unwrap_or_default())
    }

    /// Every question so far: type and name.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

fn answer(question: &Message, answers: &dyn Fn(&str) -> Vec<IpAddr>, asked: &Mutex<Vec<String>>) -> Message {
    let query = question.queries.first().unwrap().clone();
    let name = query.name().to_string().to_lowercase();
    asked.lock().unwrap().push(format!("{} {name}", query.query_type()));
    let all = answers(name.trim_end_matches('.'));
    let mut message = Message::new(question.id, MessageType::Response, question.op_code);
    message.metadata.recursion_available = true;
    message.metadata.response_code =
        if all.is_empty() { ResponseCode::NXDomain } else { ResponseCode::NoError };
    for address in all {
        let data = match (address, query.query_type()) {
            (IpAddr::V4(address), RecordType::A) => RData::A(address.into()),
            (IpAddr::V6(address), RecordType::AAAA) => RData::AAAA(address.into()),
            _ => continue,
        };
        message.add_answer(Record::from_rdata(query.name().clone(), 0, data));
    }
    message.add_query(query);
    message
}
