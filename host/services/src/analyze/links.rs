//! Who needs whom: from what was granted, from what manifests require, and from calls that were made.

use std::collections::{BTreeMap, BTreeSet};

use ares_kernel::facts::Scope;
use ares_registry::{Analysis, Snapshot};
use serde::Serialize;

/// One plugin needs another's capability, or the other as a whole.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(super) struct Link {
    /// Who needs.
    pub(super) from: String,
    /// What: a capability, or `PLUGIN/*` for a plugin as a whole.
    pub(super) capability: String,
    /// Who provides it and may be used, the first asked first.
    pub(super) to: Vec<String>,
    /// Who provides it and is disabled.
    pub(super) disabled: Vec<String>,
    /// It was granted, or the manifest requires it.
    pub(super) granted: bool,
    /// How often it was called.
    pub(super) calls: u64,
}

impl Link {
    /// Whether it is a plugin as a whole that is needed.
    pub(super) fn is_whole(&self) -> bool {
        self.capability.ends_with("/*")
    }

    /// The row that says so.
    pub(super) fn row(&self) -> (&'static str, String) {
        match self.capability.strip_suffix("/*") {
            Some(plugin) => ("dependencies", format!("{}:module:{plugin}", self.from)),
            None => ("grants", format!("{}:call:{}", self.from, self.capability)),
        }
    }
}

/// All links, with what follows from them.
#[derive(Debug, Default)]
pub(crate) struct Links {
    pub(super) all: Vec<Link>,
    /// Circles of plugins that need one another.
    pub(super) circles: Vec<Vec<String>>,
}

impl Links {
    /// Of an installation.
    pub(crate) fn of(snapshot: &Snapshot, facts: &Analysis) -> Self {
        let mut wanted: BTreeMap<(String, String), (bool, u64)> = BTreeMap::new();
        for plugin in snapshot.plugins() {
            let name = plugin.name.to_string();
            let granted = facts.plugins.get(&plugin.name).into_iter().flat_map(|facts| &facts.scopes);
            let granted = granted.filter(|(_, standing)| standing.granted && standing.asked);
            for (scope, _) in granted {
                if let Ok(Scope::Call(capability)) = scope.parse() {
                    wanted.entry((name.clone(), capability.to_string())).or_default().0 = true;
                }
            }
            let required = facts.plugins.get(&plugin.name).into_iter().flat_map(|facts| &facts.requires);
            for other in required {
                wanted.entry((name.clone(), format!("{other}/*"))).or_default().0 = true;
            }
        }
        for edge in &facts.edges {
            wanted.entry((edge.from.clone(), edge.capability.clone())).or_default().1 += edge.calls;
        }
        let providers = Providers::of(snapshot);
        let link = |((from, capability), (granted, calls)): ((String, String), (bool, u64))| {
            let (to, disabled) = providers.of_wanted(&capability);
            Link { from, capability, to, disabled, granted, calls }
        };
        let all: Vec<Link> = wanted.into_iter().map(link).collect();
        let circles = circles(&all);
        Self { all, circles }
    }

    /// Capabilities that one plugin alone provides and others need: provider and capability, with
    /// who needs it.
    pub(super) fn single_points(&self) -> BTreeMap<(&str, &str), BTreeSet<&Link>> {
        let mut points: BTreeMap<(&str, &str), BTreeSet<&Link>> = BTreeMap::new();
        for link in &self.all {
            if let [only] = link.to.as_slice()
                && *only != link.from
            {
                points.entry((only, &link.capability)).or_default().insert(link);
            }
        }
        points
    }
}

/// Who provides what.
struct Providers {
    enabled: BTreeMap<String, Vec<String>>,
    disabled: BTreeMap<String, Vec<String>>,
}

impl Providers {
    fn of(snapshot: &Snapshot) -> Self {
        let mut found = Self { enabled: BTreeMap::new(), disabled: BTreeMap::new() };
        for plugin in snapshot.plugins() {
            let of = if plugin.enabled { &mut found.enabled } else { &mut found.disabled };
            let name = plugin.name.to_string();
            of.entry(format!("{name}/*")).or_default().push(name.clone());
            for capability in &plugin.capabilities {
                of.entry(capability.id.to_string()).or_default().push(name.clone());
            }
        }
        found
    }

    fn of_wanted(&self, wanted: &str) -> (Vec<String>, Vec<String>) {
        let of = |all: &BTreeMap<String, Vec<String>>| all.get(wanted).cloned().unwrap_or_default();
        (of(&self.enabled), of(&self.disabled))
    }
}

/// The circles among plugins: groups in which each can be reached from each (R. Tarjan, Depth-first
/// search and linear graph algorithms, 1972), without recursion, so that no chain is too long for it.
fn circles(links: &[Link]) -> Vec<Vec<String>> {
    let mut numbers: BTreeMap<&str, usize> = BTreeMap::new();
    for name in links.iter().flat_map(|link| std::iter::once(&link.from).chain(&link.to)) {
        let next = numbers.len();
        numbers.entry(name).or_insert(next);
    }
    let mut next: Vec<BTreeSet<usize>> = vec![BTreeSet::new(); numbers.len()];
    for link in links {
        for to in &link.to {
            if let (Some(from), Some(to)) = (numbers.get(link.from.as_str()), numbers.get(to.as_str()))
                && let Some(of) = next.get_mut(*from)
            {
                of.insert(*to);
            }
        }
    }
    let mut names: Vec<&str> = vec![""; numbers.len()];
    for (name, number) in &numbers {
        if let Some(slot) = names.get_mut(*number) {
            *slot = name;
        }
    }
    let mut found: Vec<Vec<String>> = Search::over(&next)
        .into_iter()
        .filter(|group| {
            group.len() > 1
                || group.first().is_some_and(|one| next.get(*one).is_some_and(|to| to.contains(one)))
        })
        .map(|group| {
            let mut group: Vec<String> =
                group.iter().filter_map(|one| names.get(*one)).map(ToString::to_string).collect();
            group.sort();
            group
        })
        .collect();
    found.sort();
    found
}

/// What the search knows of one node.
#[derive(Clone, Copy, Default)]
struct Mark {
    /// In which order it was come to, from 1; 0 for not yet.
    order: usize,
    /// The earliest it leads back to.
    low: usize,
    /// Whether its group is not closed yet.
    open: bool,
}

struct Search<'a> {
    next: &'a [BTreeSet<usize>],
    marks: Vec<Mark>,
    open: Vec<usize>,
    path: Vec<(usize, Vec<usize>)>,
    orders: usize,
    groups: Vec<Vec<usize>>,
}

impl<'a> Search<'a> {
    fn over(next: &'a [BTreeSet<usize>]) -> Vec<Vec<usize>> {
        let marks = vec![Mark::default(); next.len()];
        let mut search =
            Self { next, marks, open: Vec::new(), path: Vec::new(), orders: 0, groups: Vec::new() };
        for node in 0..next.len() {
            if search.mark(node).order == 0 {
                search.enter(node);
                while search.step() {}
            }
        }
        search.groups
    }

    fn mark(&self, node: usize) -> Mark {
        self.marks.get(node).copied().unwrap_or_default()
    }

    fn lower(&mut self, node: usize, low: usize) {
        if let Some(mark) = self.marks.get_mut(node) {
            mark.low = mark.low.min(low);
        }
    }

    fn enter(&mut self, node: usize) {
        self.orders += 1;
        if let Some(mark) = self.marks.get_mut(node) {
            *mark = Mark { order: self.orders, low: self.orders, open: true };
        }
        self.open.push(node);
        self.path.push((node, self.next.get(node).into_iter().flatten().copied().collect()));
    }

    /// One step along the path; no at its end.
    fn step(&mut self) -> bool {
        let Some((node, left)) = self.path.last_mut() else { return false };
        let node = *node;
        match left.pop() {
            Some(to) if self.mark(to).order == 0 => self.enter(to),
            Some(to) if self.mark(to).open => self.lower(node, self.mark(to).order),
            Some(_) => {}
            None => self.leave(node),
        }
        true
    }

    fn leave(&mut self, node: usize) {
        self.path.pop();
        let mark = self.mark(node);
        if let Some((above, _)) = self.path.last() {
            self.lower(*above, mark.low);
        }
        if mark.low != mark.order {
            return;
        }
        let begins = self.open.iter().rposition(|one| *one == node).unwrap_or(0);
        let group = self.open.split_off(begins);
        for one in &group {
            if let Some(mark) = self.marks.get_mut(*one) {
                mark.open = false;
            }
        }
        self.groups.push(group);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link(from: &str, to: &[&str]) -> Link {
        Link {
            from: from.to_owned(),
            capability: "x".to_owned(),
            to: to.iter().map(ToString::to_string).collect(),
            disabled: vec![],
            granted: true,
            calls: 0,
        }
    }

    #[test]
    fn circles_are_found_and_nothing_else_is_one() {
        let links = [
            link("a", &["b"]),
            link("b", &["c", "d"]),
            link("c", &["a"]),
            link("d", &["e"]),
            link("f", &["f"]),
            link("g", &["h"]),
            link("h", &["g", "a"]),
        ];
        assert_eq!(circles(&links), [vec!["a", "b", "c"], vec!["f"], vec!["g", "h"]]);
        assert!(circles(&[link("a", &["b"]), link("a", &["c"]), link("b", &["c"])]).is_empty());
        assert!(circles(&[]).is_empty());
    }

    #[test]
    fn a_chain_of_any_length_is_no_trouble() {
        let name = |n: u32| format!("p{n}");
        let mut links: Vec<Link> = (0..20_000).map(|n| link(&name(n), &[&name(n + 1)])).collect();
        assert!(circles(&links).is_empty());
        links.push(link(&name(20_000), &[&name(0)]));
        assert_eq!(circles(&links).first().unwrap().len(), 20_001);
    }

    #[test]
    fn who_alone_provides_what_others_need_is_a_single_point() {
        let links = vec![link("a", &["s"]), link("b", &["s"]), link("s", &["s"]), link("c", &["s", "t"])];
        let links = Links { all: links, circles: vec![] };
        let points = links.single_points();
        assert_eq!(points.len(), 1);
        let needed_by: Vec<&str> = points[&("s", "x")].iter().map(|link| link.from.as_str()).collect();
        assert_eq!(needed_by, ["a", "b"]);
    }
}
