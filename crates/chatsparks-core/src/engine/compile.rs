//! From a checked document to what decisions read: words, conditions, scopes, flows.

use crate::{
    Email, Instant, Period, ProductId, TriggerId,
    document::check::{beginnings, build_pattern},
    document::problem::{Problem, ProblemCode},
    document::workspace::{Condition, MemberStatus, Product, Scope, TriggerStatus, Workspace},
    engine::names::Names,
    machines::attribution::ProductOf,
    machines::cycle::CycleRule,
    machines::sensitive::SensitiveWords,
    matching::condition::{Node, special_feature},
    matching::matcher::{Feature, Matcher, MatcherBuilder, Place as WordPlace, special},
    matching::scope::{CompiledScope, Place, PostNumber, Postings},
    matching::text::Variant,
};
use regex::Regex;
use std::{collections::BTreeMap, sync::Arc};

/// All that a decision reads of a workspace.
#[derive(Debug)]
pub(crate) struct Compiled {
    pub(crate) workspace: Arc<Workspace>,
    pub(crate) matcher: Matcher,
    pub(crate) patterns: Vec<Regex>,
    pub(crate) triggers: Vec<CompiledTrigger>,
    pub(crate) trigger_names: Names,
    /// What its conditions ask for beside words.
    pub(crate) asks: special::AskedFor,
    /// The triggers that no comment finds: drafts, and those whose scope no post is in.
    pub(crate) unlisted: Box<[u32]>,
    pub(crate) postings: Postings,
    pub(crate) post_names: Names,
    pub(crate) posts: Vec<CompiledPost>,
    pub(crate) sensitive: SensitiveWords,
    /// `expect` patterns of questions, by flow, version and block, as the workspace orders them.
    pub(crate) expected: BTreeMap<(usize, usize), Regex>,
    /// The highest version of each flow, and each version's place in the document.
    pub(crate) flows: BTreeMap<Arc<str>, BTreeMap<i64, usize>>,
    pub(crate) product_of: ProductOf,
    /// The names of products that conditions ask for: their features, sorted, and whose they are, for explanations.
    product_names: Box<[(Feature, u32, NameOf)]>,
    pub(crate) active_members: Vec<(String, Email)>,
    pub(crate) cycles: CycleRule,
    pub(crate) limit: Option<u64>,
    pub(crate) listening_window: Option<Period>,
    pub(crate) hears_comments: bool,
    pub(crate) may_send: bool,
}

/// A trigger made ready; its priority is its place.
#[derive(Debug)]
pub(crate) struct CompiledTrigger {
    /// Its id again, beside what is read with it.
    pub(crate) id: TriggerId,
    pub(crate) condition: Node,
    pub(crate) scope: CompiledScope,
    pub(crate) throttle: Period,
    pub(crate) is_active: bool,
    /// The feature of each keyword of the condition, in the order of the document.
    pub(crate) words: Box<[Feature]>,
    /// Whether an anchor that holds is enough, so that the condition need not be looked at.
    pub(crate) anchor_suffices: bool,
}

/// A post that the workspace has or names.
#[derive(Debug, Default)]
pub(crate) struct CompiledPost {
    /// Whether the workspace has it; else it is only named.
    pub(crate) is_known: bool,
    pub(crate) published_at: Option<Instant>,
    pub(crate) tags: Box<[u32]>,
}

impl Compiled {
    /// Compiles a document that has no faults. What fails all the same is reported as a fault.
    pub(crate) fn new(workspace: Arc<Workspace>, dfa_limit: usize) -> Result<Self, Problem> {
        let places = workspace.products.iter().enumerate().map(|(place, product)| (product.id.clone(), place));
        let mut compiler = Compiler { product_places: places.collect(), ..Compiler::default() };
        for post in &workspace.posts {
            let number = compiler.post(post.id.as_arc());
            let tags = sorted(post.tags.iter().map(|tag| compiler.tags.number(tag.as_arc())).collect());
            compiler.posts[number as usize] =
                CompiledPost { is_known: true, published_at: Some(post.published_at), tags };
        }
        let mut trigger_names = Names::default();
        let mut drafts = Vec::new();
        for (index, trigger) in workspace.triggers.iter().enumerate() {
            trigger_names.number(trigger.id.as_arc());
            let node = compiler.condition(&workspace, &trigger.when, index)?;
            let words = std::mem::take(&mut compiler.trigger_words).into_boxed_slice();
            let scope = compiler.scope(&trigger.scope);
            let hours = trigger.throttle_hours.unwrap_or(workspace.policy.throttle_hours);
            drafts.push(CompiledTrigger {
                id: trigger.id.clone(),
                anchor_suffices: false,
                words,
                condition: node,
                scope,
                throttle: Period::hours(hours),
                is_active: trigger.status == TriggerStatus::Active,
            });
        }
        let Compiler { words, patterns, post_names, posts, places, products, .. } = compiler;
        let (matcher, features) = words.build(places as usize, dfa_limit).map_err(|error| {
            Problem::new("triggers", ProblemCode::OverLimit, format!("the keywords are too many or too long: {error}"))
        })?;
        let mut triggers = drafts;
        for trigger in &mut triggers {
            resolve(&mut trigger.condition, &features);
            trigger.words.iter_mut().for_each(|word| *word = features[*word as usize]);
        }
        let (postings, unlisted) = index(&mut triggers, &posts, matcher.feature_count());
        let mut asks = special::AskedFor::default();
        triggers.iter().for_each(|trigger| each_feature(&trigger.condition, &mut |feature| asks.ask(feature)));
        let mut flows: BTreeMap<Arc<str>, BTreeMap<i64, usize>> = BTreeMap::new();
        let mut expected = BTreeMap::new();
        for (place, flow) in workspace.flows.iter().enumerate() {
            flows.entry(flow.id.as_arc().clone()).or_default().insert(flow.version, place);
            for (block, pattern) in flow.blocks.iter().enumerate().filter_map(|(at, block)| Some((at, expects(block)?)))
            {
                let path = format!("flows[{place}].blocks[{block}].question.expect.pattern");
                let regex = build_pattern(pattern).map_err(|why| Problem::new(path, ProblemCode::BadPattern, why))?;
                expected.insert((place, block), regex);
            }
        }
        let tiktok = &workspace.connections.tiktok;
        let product_of = workspace
            .products
            .iter()
            .flat_map(|product| product.skus.iter().map(|sku| (sku.id.clone(), product.id.clone())))
            .collect();
        Ok(Self {
            unlisted,
            asks,
            matcher,
            patterns,
            triggers,
            trigger_names,
            postings,
            post_names,
            posts,
            sensitive: SensitiveWords::compile(&workspace)?,
            expected,
            flows,
            product_of,
            product_names: product_names(products, &features),
            active_members: workspace
                .members
                .iter()
                .filter(|member| member.status == MemberStatus::Active)
                .map(|member| (crate::matching::text::fold_case(member.email.as_str()), member.email.clone()))
                .collect(),
            cycles: CycleRule::of(workspace.plan.as_ref()),
            limit: workspace.plan.as_ref().map(|plan| plan.mac_limit.unsigned_abs()),
            listening_window: workspace.plan.as_ref().map(|plan| Period::days(plan.listening_window_days)),
            hears_comments: tiktok.allows("comments"),
            may_send: tiktok.allows("messages"),
            workspace,
        })
    }

    /// The names of products that are mentioned where this feature holds.
    pub(crate) fn mentioned_by(&self, feature: Feature) -> impl Iterator<Item = (&Product, &str)> {
        let first = self.product_names.partition_point(|(other, ..)| *other < feature);
        let names = self.product_names[first..].iter().take_while(move |(other, ..)| *other == feature);
        names.filter_map(|(_, product, which)| {
            let product = self.workspace.products.get(*product as usize)?;
            Some((product, which.of(product)?))
        })
    }

    /// The heap that matching takes, in bytes: automata, index, conditions.
    pub(crate) fn memory_usage(&self) -> usize {
        let nodes: usize = self
            .triggers
            .iter()
            .map(|trigger| size_of_val(trigger) + size_of_val(&*trigger.words) + node_heap(&trigger.condition))
            .sum();
        self.matcher.memory_usage() + self.postings.memory_usage() + nodes
    }
}

fn node_heap(node: &Node) -> usize {
    match node {
        Node::Features(features) | Node::Pattern(_, Some(features)) => size_of_val(&**features),
        Node::Posts(posts) => size_of_val(&**posts),
        Node::Pattern(_, None) => 0,
        Node::All(parts) | Node::Any(parts) => size_of_val(&**parts) + parts.iter().map(node_heap).sum::<usize>(),
        Node::Not(part) => size_of::<Node>() + node_heap(part),
    }
}

/// The features of products' names, sorted.
fn product_names(products: BTreeMap<usize, Vec<(NameOf, u32)>>, features: &[Feature]) -> Box<[(Feature, u32, NameOf)]> {
    let of = |(product, names): (usize, Vec<(NameOf, u32)>)| {
        names.into_iter().map(move |(which, place)| (features[place as usize], product as u32, which))
    };
    let mut names: Vec<_> = products.into_iter().flat_map(of).collect();
    names.sort_unstable();
    names.into_boxed_slice()
}

fn expects(block: &crate::document::workspace::Block) -> Option<&str> {
    match &block.kind {
        crate::document::workspace::BlockKind::Question(question) => match &question.expect {
            Some(crate::document::workspace::Expect::Pattern(pattern)) => Some(pattern),
            _ => None,
        },
        _ => None,
    }
}

/// Which of a product's names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum NameOf {
    Product,
    Alias(u16),
    Sku(u16),
}

impl NameOf {
    fn of(self, product: &Product) -> Option<&str> {
        match self {
            Self::Product => Some(&product.name),
            Self::Alias(place) => product.aliases.get(usize::from(place)).map(String::as_str),
            Self::Sku(place) => product.skus.get(usize::from(place)).map(|sku| sku.name.as_str()),
        }
    }
}

/// What grows while the triggers are read.
#[derive(Default)]
struct Compiler {
    words: MatcherBuilder,
    patterns: Vec<Regex>,
    /// The condition that each pattern is, so that one which many triggers ask for is looked for once.
    pattern_nodes: BTreeMap<String, Node>,
    post_names: Names,
    posts: Vec<CompiledPost>,
    tags: Names,
    places: u32,
    /// The places of the keywords of the trigger being read.
    trigger_words: Vec<u32>,
    /// Where each product stands in the document.
    product_places: BTreeMap<ProductId, usize>,
    /// The places of each product's names, asked for once.
    products: BTreeMap<usize, Vec<(NameOf, u32)>>,
    /// Whether every product's names were asked for.
    all_products: bool,
}

impl Compiler {
    fn post(&mut self, id: &Arc<str>) -> PostNumber {
        let number = self.post_names.number(id);
        if number as usize == self.posts.len() {
            self.posts.push(CompiledPost::default());
        }
        number
    }

    fn place(&mut self) -> WordPlace {
        self.places += 1;
        WordPlace(self.places - 1)
    }

    fn scope(&mut self, scope: &Scope) -> CompiledScope {
        match scope {
            Scope::All => CompiledScope::All,
            Scope::Posts(posts) => {
                CompiledScope::Posts(sorted(posts.iter().map(|id| self.post(id.as_arc())).collect()))
            }
            Scope::Tags(tags) => {
                CompiledScope::Tags(sorted(tags.iter().map(|tag| self.tags.number(tag.as_arc())).collect()))
            }
        }
    }

    /// A condition whose features are still places, marked by [`Node::Features`] of place numbers
    /// above the special features.
    fn condition(&mut self, workspace: &Workspace, condition: &Condition, trigger: usize) -> Result<Node, Problem> {
        Ok(match condition {
            Condition::QuestionMark | Condition::FirstComment | Condition::Reply => {
                Node::Features(special_feature(condition).into_iter().collect())
            }
            Condition::Keywords(keywords) => {
                let variant = Variant { ignore_accents: keywords.ignore_accents, squeeze: keywords.squeeze };
                let mut places = Vec::with_capacity(keywords.words.len());
                for word in &keywords.words {
                    let place = self.place();
                    self.words.word(word, keywords.mode, variant, place);
                    places.push(place.0 + special::COUNT);
                    self.trigger_words.push(place.0);
                }
                Node::Features(places.into_boxed_slice())
            }
            Condition::Pattern(pattern) => {
                if let Some(known) = self.pattern_nodes.get(pattern) {
                    return Ok(known.clone());
                }
                let regex = build_pattern(pattern)
                    .map_err(|why| Problem::new(format!("triggers[{trigger}].when"), ProblemCode::BadPattern, why))?;
                let begins = beginnings(pattern).map(|beginnings| {
                    let places = beginnings.iter().map(|text| {
                        let place = self.place();
                        self.words.beginning(text, place);
                        place.0 + special::COUNT
                    });
                    places.collect()
                });
                let node = Node::Pattern(self.patterns.len() as u32, begins);
                self.patterns.push(regex);
                self.pattern_nodes.insert(pattern.clone(), node.clone());
                node
            }
            Condition::Posts(posts) => Node::Posts(sorted(posts.iter().map(|id| self.post(id.as_arc())).collect())),
            Condition::Mentions(mentions) if mentions.products.is_empty() => {
                if !self.all_products {
                    self.all_products = true;
                    (0..workspace.products.len()).for_each(|place| self.product(workspace, place));
                }
                Node::Features(Box::new([special::ANY_MENTION]))
            }
            Condition::Mentions(mentions) => {
                let mut places = Vec::new();
                for id in &mentions.products {
                    if let Some(&place) = self.product_places.get(id) {
                        self.product(workspace, place);
                        let names = self.products.get(&place).into_iter().flatten();
                        places.extend(names.map(|(_, place)| place + special::COUNT));
                    }
                }
                Node::Features(places.into_boxed_slice())
            }
            Condition::Pack(pack) => {
                let mut words = Vec::new();
                for word in pack.words() {
                    words.push(self.condition(workspace, &Condition::Keywords(word.keywords()), trigger)?);
                }
                Node::Any(words.into_boxed_slice())
            }
            Condition::All(parts) => Node::All(self.parts(workspace, parts, trigger)?),
            Condition::Any(parts) => Node::Any(self.parts(workspace, parts, trigger)?),
            Condition::Not(part) => Node::Not(Box::new(self.condition(workspace, part, trigger)?)),
        })
    }

    fn parts(&mut self, workspace: &Workspace, parts: &[Condition], trigger: usize) -> Result<Box<[Node]>, Problem> {
        parts.iter().map(|part| self.condition(workspace, part, trigger)).collect()
    }

    /// Asks for the names of a product (N9), once.
    fn product(&mut self, workspace: &Workspace, place: usize) {
        let product = &workspace.products[place];
        if self.products.contains_key(&place) {
            return;
        }
        let aliases = (0..).zip(&product.aliases).map(|(place, alias)| (NameOf::Alias(place), alias, 1));
        // N9: a SKU's name counts when it is three characters or longer.
        let skus = (0..).zip(&product.skus).map(|(place, sku)| (NameOf::Sku(place), &sku.name, 3));
        let mut places = Vec::new();
        for (which, name, least) in std::iter::once((NameOf::Product, &product.name, 1)).chain(aliases).chain(skus) {
            let place = self.place();
            if self.words.name(name, least, place) {
                places.push((which, place.0));
            }
        }
        self.products.insert(place, places);
    }
}

/// Puts features where places stood; a place without a feature never holds.
fn resolve(node: &mut Node, features: &[Feature]) {
    match node {
        Node::Features(places) | Node::Pattern(_, Some(places)) => {
            let mut resolved: Vec<Feature> = places
                .iter()
                .map(|&place| match place.checked_sub(special::COUNT) {
                    Some(place) => features[place as usize],
                    None => place,
                })
                .filter(|&feature| feature != Feature::MAX)
                .collect();
            resolved.sort_unstable();
            resolved.dedup();
            *places = resolved.into_boxed_slice();
        }
        Node::All(parts) | Node::Any(parts) => parts.iter_mut().for_each(|part| resolve(part, features)),
        Node::Not(part) => resolve(part, features),
        Node::Pattern(_, None) | Node::Posts(_) => {}
    }
}

/// Where each active trigger is looked up from: its anchors, at the places of its scope.
fn index(triggers: &mut [CompiledTrigger], posts: &[CompiledPost], feature_count: u32) -> (Postings, Box<[u32]>) {
    let mut users = vec![0u64; feature_count as usize];
    // A comment with a question mark, by a newcomer, or below another is far commoner than one with any word.
    users[..special::COUNT as usize].fill(1_000_000);
    triggers.iter().for_each(|trigger| each_feature(&trigger.condition, &mut |feature| users[feature as usize] += 1));
    let (mut rows, mut unlisted) = (Vec::new(), Vec::new());
    for (number, trigger) in (0..).zip(triggers.iter_mut()) {
        if !trigger.is_active {
            unlisted.push(number);
            continue;
        }
        let anchors = trigger.condition.anchors(&|feature| users[feature as usize]);
        trigger.anchor_suffices = trigger.condition.is_union();
        let anchors = anchors.unwrap_or_else(|| vec![special::ALWAYS]);
        let places: Vec<Place> = match &trigger.scope {
            CompiledScope::All => match trigger.condition.required_posts() {
                None => vec![Place::Everywhere],
                Some(required) => required.into_iter().map(Place::Post).collect(),
            },
            // C3: a scope may name a post that the workspace lacks: it never holds.
            CompiledScope::Posts(chosen) => {
                chosen.iter().filter(|post| posts[**post as usize].is_known).map(|post| Place::Post(*post)).collect()
            }
            CompiledScope::Tags(tags) => tags.iter().map(|tag| Place::Tag(*tag)).collect(),
        };
        if places.is_empty() {
            // No anchor leads to it.
            trigger.anchor_suffices = false;
            unlisted.push(number);
        }
        rows.extend(anchors.iter().flat_map(|anchor| places.iter().map(|place| (*anchor, *place, number))));
    }
    (Postings::build(&rows, feature_count), unlisted.into())
}

fn each_feature(node: &Node, asked: &mut impl FnMut(Feature)) {
    match node {
        Node::Features(features) | Node::Pattern(_, Some(features)) => features.iter().copied().for_each(asked),
        Node::All(parts) | Node::Any(parts) => parts.iter().for_each(|part| each_feature(part, asked)),
        Node::Not(part) => each_feature(part, asked),
        Node::Pattern(_, None) | Node::Posts(_) => {}
    }
}

fn sorted(mut numbers: Vec<u32>) -> Box<[u32]> {
    numbers.sort_unstable();
    numbers.dedup();
    numbers.into_boxed_slice()
}
