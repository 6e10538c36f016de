//! F10 as a yes or no, for what a generator would get wrong on purpose. Which fault it is, and where, is
//! the business of the tests of `check`.

use super::*;
use chatsparks_core::{
    text::normalise,
    workspace::{BlockKind, Condition, Expect, Flow},
};

pub(super) fn is_valid(workspace: &Workspace) -> bool {
    let Workspace { posts, products, triggers, flows, .. } = workspace;
    let skus: Vec<_> = products.iter().flat_map(|product| &product.skus).map(|sku| sku.id.to_string()).collect();
    workspace.schema == 1
        && unique(posts.iter().map(|post| post.id.to_string()))
        && unique(products.iter().map(|product| product.id.to_string()))
        && unique(skus.into_iter())
        && unique(triggers.iter().map(|trigger| trigger.id.to_string()))
        && unique(flows.iter().map(|flow| format!("{} {}", flow.version, flow.id)))
        && triggers
            .iter()
            .all(|trigger| flows.iter().any(|flow| flow.id == trigger.flow) && condition(&trigger.when, 0))
        && flows.iter().all(|flow| flow_is_valid(workspace, flow))
        && workspace.sensitive.iter().flatten().all(|entry| entry.words.iter().all(|word| !normalise(word).is_empty()))
}

fn unique(ids: impl Iterator<Item = String>) -> bool {
    let mut seen = BTreeSet::new();
    ids.into_iter().all(|id| seen.insert(id))
}

fn condition(when: &Condition, depth: usize) -> bool {
    match when {
        Condition::Keywords(keywords) => {
            !keywords.words.is_empty() && keywords.words.iter().all(|word| !normalise(word).is_empty())
        }
        Condition::Pattern(pattern) => regex::Regex::new(pattern).is_ok(),
        Condition::All(parts) | Condition::Any(parts) => {
            depth < 16 && !parts.is_empty() && parts.iter().all(|part| condition(part, depth + 1))
        }
        Condition::Not(part) => depth < 16 && condition(part, depth + 1),
        Condition::QuestionMark | Condition::FirstComment | Condition::Reply => true,
        Condition::Posts(_) | Condition::Mentions(_) => true,
        Condition::Pack(pack) => {
            let packs = ["human", "link", "price", "shipping", "size", "stock", "stop", "thanks"];
            packs.contains(&pack.pack.as_str())
                && pack.languages.iter().all(|language| ["en", "id", "th", "vi"].contains(&language.as_str()))
        }
    }
}

fn flow_is_valid(workspace: &Workspace, flow: &Flow) -> bool {
    let place = |id: &BlockId| flow.blocks.iter().position(|block| block.id == *id);
    let link = |product: Option<&str>, sku: Option<&str>| match (product, sku) {
        (None, sku) => sku.is_none(),
        (Some(product), sku) => workspace
            .products
            .iter()
            .any(|known| known.id == product && sku.is_none_or(|sku| known.skus.iter().any(|known| known.id == sku))),
    };
    let blocks = flow.blocks.iter().all(|block| match &block.kind {
        BlockKind::Message(message) => {
            let to = message.link.as_ref();
            !message.text.is_empty()
                && link(
                    to.and_then(|to| to.product.as_ref()).map(|id| id.as_str()),
                    to.and_then(|to| to.sku.as_ref()).map(|id| id.as_str()),
                )
        }
        BlockKind::ShopLink(card) => {
            link(card.product.as_ref().map(|id| id.as_str()), card.sku.as_ref().map(|id| id.as_str()))
        }
        BlockKind::Question(question) => match &question.expect {
            Some(Expect::Pattern(pattern)) => regex::Regex::new(pattern).is_ok(),
            _ => !question.text.is_empty(),
        },
        BlockKind::QuickReplies(ask) => {
            (1..=4).contains(&ask.options.len()) && unique(ask.options.iter().map(|option| option.id.to_string()))
        }
        BlockKind::Wait(wait) => (1..=30 * 86_400).contains(&wait.seconds),
        BlockKind::Branch(_) | BlockKind::Handoff(_) | BlockKind::Tag(_) => true,
    });
    // Every way out of a block, and those of them that do not wait for anybody.
    let ways = |index: usize| {
        let block = &flow.blocks[index];
        let mut ways: Vec<&BlockId> = Vec::new();
        match &block.kind {
            BlockKind::Branch(branch) => {
                ways.extend(branch.cases.iter().map(|case| &case.goto));
                ways.extend(&branch.otherwise);
            }
            BlockKind::QuickReplies(ask) => {
                ways.extend(ask.options.iter().filter_map(|option| option.goto.as_ref()));
                ways.extend(ask.free_text.as_ref().and_then(|free| free.goto.as_ref()));
            }
            _ => {}
        }
        ways.extend(&block.goto);
        ways
    };
    let mut reaches: Vec<BTreeSet<usize>> = Vec::new();
    for index in 0..flow.blocks.len() {
        let block = &flow.blocks[index];
        if ways(index).into_iter().any(|to| place(to).is_none()) {
            return false;
        }
        let stops = matches!(block.kind, BlockKind::Question(_) | BlockKind::QuickReplies(_) | BlockKind::Handoff(_));
        let mut to: BTreeSet<usize> = ways(index).into_iter().filter_map(place).collect();
        if !matches!(&block.kind, BlockKind::Branch(branch) if branch.otherwise.is_some())
            && block.goto.is_none()
            && index + 1 < flow.blocks.len()
        {
            to.insert(index + 1);
        }
        if let BlockKind::Branch(branch) = &block.kind
            && branch.otherwise.is_some()
        {
            // `otherwise` is taken before the block's own `goto`.
            to = branch.cases.iter().map(|case| &case.goto).chain(&branch.otherwise).filter_map(place).collect();
        }
        reaches.push(if stops { BTreeSet::new() } else { to });
    }
    let ring = (0..flow.blocks.len()).any(|from| {
        let mut seen = BTreeSet::new();
        let mut open: Vec<usize> = reaches[from].iter().copied().collect();
        while let Some(index) = open.pop() {
            if seen.insert(index) {
                open.extend(&reaches[index]);
            }
        }
        seen.contains(&from)
    });
    blocks && !flow.blocks.is_empty() && unique(flow.blocks.iter().map(|block| block.id.to_string())) && !ring
}
