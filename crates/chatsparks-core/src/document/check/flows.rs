//! Faults of flows and their blocks.

use super::{Again, Checker, Place, graph::Graph, limits};
use crate::{
    BlockId, Field, ProblemCode, ProductId, SkuId,
    document::workspace::{Block, BlockKind, Branch, Expect, Flow, QuickReplies},
};

impl Checker<'_> {
    /// `published`: the flows in force, where there are any; a version that stands there must not change (F9).
    pub(super) fn flows(&mut self, flows: &[Flow], published: Option<&[Flow]>) {
        let list = Place::top("flows");
        self.report.count(&list, "flows", flows.len(), limits::FLOWS);
        let again = Again::of(flows.iter().map(|flow| (flow.id.as_str(), flow.version)));
        let mut published: Vec<&Flow> = published.unwrap_or_default().iter().collect();
        published.sort_by_key(|flow| key(flow));
        for (position, flow) in flows.iter().enumerate() {
            let again = again.at(position);
            let before = published.binary_search_by_key(&key(flow), |flow| key(flow)).ok().filter(|_| !again);
            self.flow(&list.item(position), flow, again, before.map(|at| published[at]));
        }
    }

    fn flow(&mut self, at: &Place<'_>, flow: &Flow, again: bool, published: Option<&Flow>) {
        if let Some(published) = published.filter(|published| published.blocks != flow.blocks) {
            let changed = flow.blocks.iter().zip(&published.blocks).take_while(|(new, old)| new == old).count();
            let message = format_args!(
                "version {} of flow `{}` is published and must not change; the first difference is at `blocks[{changed}]`: \
                 publish it as a new version",
                flow.version, flow.id
            );
            self.report.add(at, ProblemCode::ChangedInPlace, message);
        }
        let graph = Graph::of(&flow.blocks);
        for ring in graph.rings() {
            let message = format_args!(
                "this flow could run for ever without waiting for the buyer: {}",
                way(&flow.blocks, ring.iter().chain(ring.first()))
            );
            self.report.add(at, ProblemCode::EndlessFlow, message);
        }
        if again {
            let message = format_args!("version {} of flow `{}` is there twice", flow.version, flow.id);
            self.report.add(&at.field("id"), ProblemCode::Duplicate, message);
        } else {
            self.report.id(&at.field("id"), flow.id.as_str(), limits::CHOSEN_ID);
        }
        let list = at.field("blocks");
        if flow.blocks.is_empty() {
            self.report.add(&list, ProblemCode::Empty, format_args!("a flow needs at least one block"));
        }
        self.report.count(&list, "blocks in a flow", flow.blocks.len(), limits::BLOCKS);
        for (position, block) in flow.blocks.iter().enumerate() {
            self.block(&list.item(position), block, &graph, graph.again(position));
        }
    }

    fn block(&mut self, at: &Place<'_>, block: &Block, graph: &Graph<'_>, again: bool) {
        self.own_id(&at.field("id"), block.id.as_str(), limits::CHOSEN_ID, again);
        let inner = at.field(block.kind_name());
        match &block.kind {
            BlockKind::Message(message) => {
                self.report.text(&inner.field("text"), &message.text, limits::DM_TEXT);
                if let Some(link) = &message.link {
                    self.link(&inner.field("link"), link.product.as_ref(), link.sku.as_ref());
                }
            }
            BlockKind::Question(question) => {
                self.report.text(&inner.field("text"), &question.text, limits::DM_TEXT);
                self.field(&inner.field("field"), &question.field);
                if let Some(Expect::Pattern(pattern)) = &question.expect {
                    self.pattern(&inner.field("expect").field("pattern"), pattern);
                }
            }
            BlockKind::QuickReplies(replies) => self.quick_replies(&inner, replies, graph),
            BlockKind::Branch(branch) => self.branch(&inner, branch, graph),
            BlockKind::ShopLink(link) => {
                self.link(&inner, link.product.as_ref(), link.sku.as_ref());
                if let Some(text) = &link.text {
                    self.report.text(&inner.field("text"), text, limits::DM_TEXT);
                }
            }
            BlockKind::Handoff(handoff) => {
                // A note has no limit of its own; the document has.
                if let Some(note) = &handoff.note {
                    self.report.text(&inner.field("note"), note, usize::MAX);
                }
            }
            BlockKind::Wait(wait) => self.report.number(&inner.field("seconds"), wait.seconds, limits::WAIT_SECONDS),
            BlockKind::Tag(tag) => self.report.text(&inner.field("tag"), tag.tag.as_str(), limits::TAG),
        }
        self.goto(&at.field("goto"), block.goto.as_ref(), graph);
    }

    fn quick_replies(&mut self, at: &Place<'_>, replies: &QuickReplies, graph: &Graph<'_>) {
        self.report.text(&at.field("text"), &replies.text, limits::DM_TEXT);
        if let Some(field) = &replies.field {
            self.field(&at.field("field"), field);
        }
        let list = at.field("options");
        if replies.options.is_empty() {
            self.report.add(&list, ProblemCode::Empty, format_args!("quick replies need at least one option"));
        }
        self.report.count(&list, "options", replies.options.len(), limits::OPTIONS);
        let again = Again::of(replies.options.iter().map(|option| option.id.as_str()));
        for (position, option) in replies.options.iter().enumerate() {
            let at = list.item(position);
            self.own_id(&at.field("id"), option.id.as_str(), limits::CHOSEN_ID, again.at(position));
            self.report.text(&at.field("label"), &option.label, limits::LABEL);
            self.goto(&at.field("goto"), option.goto.as_ref(), graph);
        }
        if let Some(free_text) = &replies.free_text {
            let at = at.field("free_text");
            if let Some(field) = &free_text.field {
                self.field(&at.field("field"), field);
            }
            self.goto(&at.field("goto"), free_text.goto.as_ref(), graph);
        }
    }

    fn branch(&mut self, at: &Place<'_>, branch: &Branch, graph: &Graph<'_>) {
        self.field(&at.field("field"), &branch.field);
        let list = at.field("cases");
        for (position, case) in branch.cases.iter().enumerate() {
            self.goto(&list.item(position).field("goto"), Some(&case.goto), graph);
        }
        self.goto(&at.field("otherwise"), branch.otherwise.as_ref(), graph);
    }

    fn field(&mut self, at: &Place<'_>, field: &Field) {
        self.report.text(at, field.as_str(), limits::FIELD);
    }

    fn goto(&mut self, at: &Place<'_>, goto: Option<&BlockId>, graph: &Graph<'_>) {
        if let Some(id) = goto.filter(|id| graph.find(id.as_str()).is_none()) {
            self.report.add(at, ProblemCode::Unknown, format_args!("there is no block `{id}` in this flow"));
        }
    }

    fn link(&mut self, at: &Place<'_>, product: Option<&ProductId>, sku: Option<&SkuId>) {
        let Some(product) = product else {
            if let Some(sku) = sku {
                let message = format_args!("the SKU `{sku}` stands without its product");
                self.report.add(&at.field("sku"), ProblemCode::Unknown, message);
            }
            return;
        };
        let named = self.names.products(product.as_str());
        if named.is_empty() {
            let message = format_args!("there is no product `{product}`");
            self.report.add(&at.field("product"), ProblemCode::Unknown, message);
        } else if let Some(sku) = sku
            && !named.iter().flat_map(|(_, product)| &product.skus).any(|other| other.id == *sku)
        {
            let message = format_args!("the product `{product}` has no SKU `{sku}`");
            self.report.add(&at.field("sku"), ProblemCode::Unknown, message);
        }
    }
}

/// The ids of the blocks along a way.
pub(super) fn way<'a>(blocks: &[Block], along: impl Iterator<Item = &'a usize>) -> String {
    along.map(|position| format!("`{}`", blocks[*position].id)).collect::<Vec<_>>().join(" → ")
}

fn key(flow: &Flow) -> (&str, i64) {
    (flow.id.as_str(), flow.version)
}
