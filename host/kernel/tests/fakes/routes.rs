//! The capabilities of this world.

use super::*;

pub(super) fn plugin(name: &str, enabled: bool, grants: &Arc<Grants>) -> Arc<Plugin> {
    Arc::new(Plugin {
        name: name.parse().unwrap(),
        display_name: name.into(),
        version: semver::Version::new(1, 0, 0),
        blake3: Blake3::of(name.as_bytes()),
        component: "/nowhere".into(),
        enabled,
        auto_start: false,
        singleton: false,
        cache_results: false,
        priority: Priority::Normal,
        hooks: Hooks::default(),
        health: HealthPolicy { interval: Duration::from_secs(30), timeout: Duration::from_secs(10) },
        grants: Arc::clone(grants),
        limits: Limits::default(),
        config: Arc::default(),
        misconfigured: None,
        claims: Vec::new(),
        rate: Arc::default(),
        capabilities: Vec::new(),
    })
}

pub(super) fn capability(
    id: &str,
    effect: Effect,
    needs: &[Scope],
    input: &Value,
    grants: &Arc<Grants>,
) -> Capability {
    let open = json!({"type": "object", "additionalProperties": true});
    Capability {
        id: id.parse().unwrap(),
        description: id.into(),
        input: Schema::parse(&input.to_string()).unwrap(),
        output: Schema::parse(&open.to_string()).unwrap(),
        effect,
        idempotent: false,
        grants: Arc::new(grants.narrowed(needs, effect)),
        needs: needs.to_vec(),
        targets: Vec::new(),
        limits: Limits::default(),
        sequencing: None,
        cost: None,
        postcheck: None,
        about: About { reversible: true, trade_offs: true, ..About::default() },
        track: Arc::default(),
        before: None,
    }
}

pub(super) fn routes() -> Vec<Route> {
    let (name, quota) = ("target".parse().unwrap(), ares_kernel::facts::Quota::default());
    let folder = Folder { name, host: "/srv".into(), access: Access::Read, quota };
    let nest = |n: usize| format!("nest-{n}");
    let call: BTreeSet<_> = (0..12)
        .map(nest)
        .chain(["echo".into(), "relay".into(), "put".into()])
        .map(|id: String| id.parse().unwrap())
        .collect();
    let granted = Arc::new(Grants::new(false, call.clone(), vec![folder]));
    let store = Arc::new(Grants::new(true, BTreeSet::new(), Vec::new()));
    let demo = plugin("demo", true, &granted);
    let keeper = plugin("keeper", true, &store);
    let calls: Vec<Scope> = call.into_iter().map(Scope::Call).collect();
    let open = json!({"type": "object", "additionalProperties": true});
    let text = json!({"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]});
    let path = json!({"type": "object", "properties": {"path": {"type": "string"}}});

    let route = |plugin: &Arc<Plugin>, capability: Capability| Route {
        plugin: Arc::clone(plugin),
        capability: Arc::new(capability),
        integrity: Integrity::Intact,
        health: None,
        drift: None,
    };
    let fs = [Scope::Folder("target".parse().unwrap())];
    let mut scan = capability("scan", Effect::Read, &fs, &path, &granted);
    scan.targets = vec![Target { argument: "path".into(), within: "fs:target".parse().unwrap() }];
    let mut much = capability("says-much", Effect::Write, &[], &open, &granted);
    much.limits.output_bytes = 100;
    let mut other = capability("says-other", Effect::Write, &[], &open, &granted);
    other.output = Schema::parse(&text.to_string()).unwrap();
    let mut tampered = route(&demo, capability("tampered", Effect::Pure, &[], &open, &granted));
    tampered.integrity = Integrity::Changed("its bytes differ".into());

    let mut all = vec![
        route(&demo, capability("echo", Effect::Pure, &[], &text, &granted)),
        route(&demo, scan),
        route(&demo, sweeping("tidy", Effect::Write, &granted)),
        route(&demo, sweeping("sweep", Effect::Destructive, &granted)),
        route(&demo, capability("says-a-secret", Effect::Pure, &[], &open, &granted)),
        route(&demo, capability("greedy", Effect::Write, &[Scope::Kv], &open, &granted)),
        route(&demo, capability("relay", Effect::Read, &calls, &open, &granted)),
        route(&demo, capability("move", Effect::Write, &calls, &open, &granted)),
        route(&demo, capability("says-nonsense", Effect::Write, &[], &open, &granted)),
        route(&demo, much),
        route(&demo, other),
        route(&limited(&granted), capability("seldom", Effect::Pure, &[], &open, &granted)),
        route(&demo, last(&open, &granted)),
        route(&demo, costly(&open, &granted)),
        route(
            &plugin("doubter", true, &granted),
            capability("review", Effect::Read, &calls, &open, &granted),
        ),
        route(&demo, capability("traps", Effect::Pure, &[], &open, &granted)),
        route(&demo, capability("breaks", Effect::Pure, &[], &open, &granted)),
        route(&keeper, capability("put", Effect::Write, &[Scope::Kv], &open, &store)),
        route(&plugin("asleep", false, &granted), capability("sleeping", Effect::Pure, &[], &open, &granted)),
        route(&plugin("idle", true, &granted), capability("idling", Effect::Pure, &[], &open, &granted)),
        tampered,
    ];
    let alone = Plugin { singleton: true, ..Arc::into_inner(plugin("alone", true, &store)).unwrap() };
    let alone = Arc::new(alone);
    all.push(route(&alone, capability("remember", Effect::Write, &[], &open, &store)));
    all.push(route(&alone, capability("recall", Effect::Read, &[], &open, &store)));
    all.extend(events(&open));
    all.push(super::folders::filer(&open));
    all.extend((0..12).map(|n| route(&demo, capability(&nest(n), Effect::Read, &calls, &open, &granted))));
    all
}

/// A plugin that may be called twice in a minute.
fn limited(granted: &Arc<Grants>) -> Arc<Plugin> {
    let mut plugin = Arc::into_inner(plugin("limited", true, granted)).unwrap();
    plugin.rate = Arc::new(Rate::new(Some(2), None));
    Arc::new(plugin)
}

/// What changes what lies at a path.
fn sweeping(id: &str, effect: Effect, granted: &Arc<Grants>) -> Capability {
    let path = json!({"type": "object", "properties": {"path": {"type": "string"}}});
    let fs: Scope = "fs:target".parse().unwrap();
    let targets = vec![Target { argument: "path".into(), within: fs.clone() }];
    Capability { targets, ..capability(id, effect, &[fs], &path, granted) }
}

/// What costs 0.30 a call.
fn costly(open: &Value, granted: &Arc<Grants>) -> Capability {
    let cost = Cost { call: "0.30".parse().unwrap(), request: Money::NONE };
    Capability { cost: Some(cost), ..capability("costly", Effect::Pure, &[], open, granted) }
}

/// What comes after `echo`, right after `scan`, and never with `idling`.
fn last(open: &Value, granted: &Arc<Grants>) -> Capability {
    let ids = |id: &str| vec![id.parse().unwrap()];
    let sequencing =
        Sequencing { requires: ids("echo"), conflicts_with: ids("idling"), must_follow: ids("scan") };
    Capability { sequencing: Some(sequencing), ..capability("last", Effect::Pure, &[], open, granted) }
}

fn topic(text: &str) -> Topic {
    text.parse().unwrap()
}

/// `teller` tells `news.made` and listens to `news.heard`; `listener` the other way round; `eraser`
/// may do more than either.
fn events(open: &Value) -> Vec<Route> {
    let route = |name: &str, id: &str, effect, publish: &[&str], subscribe: &str, output: &Value| {
        let capability_id: ares_kernel::CapabilityId = id.parse().unwrap();
        let publish: BTreeSet<Topic> = publish.iter().map(|text| topic(text)).collect();
        let needs: Vec<Scope> = publish.iter().cloned().map(Scope::Publish).collect();
        let listens = BTreeMap::from([(topic(subscribe), capability_id)]);
        let granted = Arc::new(Grants::none().with_topics(publish, listens));
        let mut capability = capability(id, effect, &needs, open, &granted);
        capability.output = Schema::parse(&output.to_string()).unwrap();
        let plugin = plugin(name, true, &granted);
        Route {
            plugin,
            capability: Arc::new(capability),
            integrity: Integrity::Intact,
            health: None,
            drift: None,
        }
    };
    let impossible = json!({"type": "array"});
    vec![
        route("teller", "tell", Effect::Write, &["news.made"], "news.heard", open),
        route("listener", "hear", Effect::Write, &["news.heard"], "news.made", open),
        route("eraser", "erase", Effect::Destructive, &[], "news.made", open),
        route("reader", "look", Effect::Read, &["news.made"], "news.made", open),
        route("liar", "lie", Effect::Write, &["news.made"], "news.made", &impossible),
    ]
}
