//! What MCP asks of a server, in both eras: with `initialize` up to 2025-11-25, and with
//! `server/discover` and metadata on every request from 2026-07-28.

use std::ops::Bound;
use std::sync::Arc;

use ares_kernel::{Caller, text};
use ares_services::operation::{Call, Operation, Problem};
use ares_services::progress;
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CustomRequest, CustomResult, ErrorCode, ErrorData,
    Implementation, JsonObject, ListToolsResult, PaginatedRequestParams, ServerCapabilities, ServerConfig,
    SubscriptionFilter, Tool,
};
use rmcp::service::{NotificationContext, RequestContext, SubscriptionContext};
use rmcp::{RoleServer, ServerHandler};
use serde_json::Value;
use tokio::sync::watch;

use super::answer;
use super::catalogue::{Catalogue, Offers};
use super::progress::Notifier;

/// Tools in one answer. Many clients never ask for a second page.
const PAGE: usize = 1000;

/// Of a client's name, in bytes: a caller's name stays under 128 bytes.
const CLIENT_NAME_MAX: usize = 80;

/// Who gives no name that can be kept.
const UNNAMED: &str = "unnamed";

const INSTRUCTIONS: &str = "Each tool is a sandboxed plugin. Every call is judged before it runs, its \
answer is checked against the output schema, and both are recorded. A result with isError says what \
was wrong and what to do; repeating a refused call unchanged is of no use.";

/// One client's server.
pub(super) struct Server {
    catalogue: Arc<Catalogue>,
    end: watch::Receiver<bool>,
}

impl Server {
    /// A server until `end` becomes true.
    pub(super) fn new(catalogue: Arc<Catalogue>, end: watch::Receiver<bool>) -> Self {
        Self { catalogue, end }
    }

    /// Carries the call out. It goes on when the client loses interest: what has been admitted
    /// ends in the record, not in the middle.
    async fn invoke(
        &self,
        caller: Caller,
        capability: String,
        arguments: Option<JsonObject>,
        notifier: Option<Notifier>,
    ) -> Option<Result<Value, Problem>> {
        let operate = Arc::clone(&self.catalogue.operate);
        let input = Value::Object(arguments.unwrap_or_default()).to_string();
        let invoke = Operation::Invoke(Call { capability, input, ..Call::default() });
        let Some(notifier) = notifier else {
            return tokio::spawn(async move { operate.operate(caller, invoke).await }).await.ok();
        };
        let (sink, updates) = progress::channel();
        let work = tokio::spawn(async move { operate.operate_heard(caller, invoke, sink).await });
        progress::listening(work, updates, |update| notifier.tell(update)).await.ok()
    }
}

impl ServerHandler for Server {
    fn get_info(&self) -> ServerConfig {
        let capabilities = ServerCapabilities::builder().enable_tools().enable_tool_list_changed().build();
        let name = Implementation::new("ares-host", env!("CARGO_PKG_VERSION"));
        ServerConfig::new(capabilities).with_server_info(name).with_instructions(INSTRUCTIONS)
    }

    async fn list_tools(
        &self,
        request: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        let offers = self.catalogue.current(caller(&context)).await.map_err(not_listed)?;
        Ok(page(&offers, request.and_then(|request| request.cursor)))
    }

    fn get_tool(&self, name: &str) -> Option<Tool> {
        self.catalogue.seen(name).map(|offer| offer.tool)
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let caller = caller(&context);
        let name = request.name.into_owned();
        let Some(offer) = self.catalogue.find(caller.clone(), &name).await.map_err(not_listed)? else {
            let name = text::quoted(&name, 128);
            return Err(ErrorData::invalid_params(
                format!("unknown tool {name}; tools/list names all"),
                None,
            ));
        };
        let token = context.meta.get_progress_token();
        let notifier = token.map(|token| Notifier::new(context.peer.clone(), token));
        let done = tokio::select! {
            done = self.invoke(caller, name, request.arguments, notifier) => done,
            // The answer to a cancelled request is not sent, so this text is never seen.
            () = context.ct.cancelled() => return Err(ErrorData::internal_error("cancelled", None)),
        };
        Ok(match done {
            Some(Ok(outcome)) => answer::outcome(outcome, offer.wrapped),
            Some(Err(problem)) => answer::problem(&problem),
            None => answer::broken(),
        }
        .into())
    }

    /// Up to 2025-11-25: once it is initialised, a client hears of every change.
    async fn on_initialized(&self, context: NotificationContext<RoleServer>) {
        let (mut changes, mut end) = (self.catalogue.changes(), self.end.clone());
        while changed(&mut changes, &mut end).await {
            if context.peer.notify_tool_list_changed().await.is_err() {
                return;
            }
        }
    }

    fn accepted_subscription_filter(&self, requested: &SubscriptionFilter) -> Option<SubscriptionFilter> {
        let mut accepted = SubscriptionFilter::new();
        accepted.tools_list_changed = requested.tools_list_changed;
        Some(accepted)
    }

    /// From 2026-07-28: a client hears of changes for as long as it listens.
    async fn listen(&self, context: SubscriptionContext) -> Result<(), ErrorData> {
        let (mut changes, mut end) = (self.catalogue.changes(), self.end.clone());
        let telling = async {
            while changed(&mut changes, &mut end).await {
                let wanted = context.accepted().tools_list_changed == Some(true);
                if wanted && context.sink().notify_tool_list_changed().await.is_err() {
                    return;
                }
            }
        };
        tokio::select! {
            () = telling => {}
            () = context.cancelled() => {}
        }
        Ok(())
    }

    /// What the protocol library could not read as one of its own requests.
    async fn on_custom_request(
        &self,
        request: CustomRequest,
        _: RequestContext<RoleServer>,
    ) -> Result<CustomResult, ErrorData> {
        let method = text::quoted(&request.method, 80);
        Err(match request.method.as_str() {
            "initialize" | "server/discover" | "tools/list" | "tools/call" | "subscriptions/listen" => {
                ErrorData::invalid_params(
                    format!("the params of {method} are not of the shape MCP gives them"),
                    None,
                )
            }
            _ => ErrorData::new(ErrorCode::METHOD_NOT_FOUND, format!("there is no method {method}"), None),
        })
    }
}

/// One page of tools, by name. A cursor is the name of the last tool the client has.
fn page(offers: &Offers, cursor: Option<String>) -> ListToolsResult {
    let from = cursor.map_or(Bound::Unbounded, Bound::Excluded);
    let mut rest = offers.range::<String, _>((from, Bound::Unbounded));
    let tools: Vec<Tool> = rest.by_ref().take(PAGE).map(|(_, offer)| offer.tool.clone()).collect();
    let last = tools.last().map(|tool| tool.name.clone().into_owned());
    let mut result = ListToolsResult::with_all_items(tools);
    result.next_cursor = rest.next().and(last);
    result
}

/// Waits for another list. False when the client's input has ended.
async fn changed(
    changes: &mut watch::Receiver<Option<Arc<Offers>>>,
    end: &mut watch::Receiver<bool>,
) -> bool {
    tokio::select! {
        changed = changes.changed() => changed.is_ok(),
        _ = end.wait_for(|ended| *ended) => false,
    }
}

/// The client, by the name it gives itself.
fn caller(context: &RequestContext<RoleServer>) -> Caller {
    Caller::Agent(context.client_info().map_or_else(|| UNNAMED.to_owned(), |info| label(&info.name)))
}

/// A client's name, escaped. One that is too long is not cut: a stored value in it could not be found any
/// more, and would be kept.
fn label(name: &str) -> String {
    let fits = |name: &str| !name.is_empty() && name.len() <= CLIENT_NAME_MAX;
    let name = Some(name).filter(|name| fits(name)).map(|name| text::escaped(name, usize::MAX));
    name.filter(|name| fits(name)).unwrap_or_else(|| UNNAMED.to_owned())
}

fn not_listed(problem: Problem) -> ErrorData {
    let message = text::escaped(&problem.message, text::FOREIGN_TEXT_MAX);
    ErrorData::internal_error(format!("the tools cannot be listed ({}): {message}", problem.code), None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clients_name_is_escaped_and_never_cut() {
        assert_eq!(label("old\u{1b}client"), "old\\u{1b}client");
        assert_eq!(label(&"n".repeat(80)), "n".repeat(80));
        for name in ["".to_owned(), "n".repeat(81), "\u{1b}".repeat(20)] {
            assert_eq!(label(&name), "unnamed");
        }
    }
}
