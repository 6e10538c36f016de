//! A flow as a graph: where each block may go on (F1), and what follows from it.

use crate::{
    BlockId,
    document::workspace::{Block, BlockKind},
};
use smallvec::SmallVec;

/// Where the blocks of a flow may go on.
pub(super) struct Graph<'a> {
    blocks: &'a [Block],
    /// The blocks by id; of those with one id, the first in the list comes first.
    by_id: Vec<(&'a str, usize)>,
}

/// Where a block may go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Edge {
    /// At this block.
    To(usize),
    /// Past the last block: the flow is completed.
    End,
    /// At a block that is not there; a fault of its own, so nothing else is concluded from it.
    Nowhere,
}

/// Whether the bot stops at such a block until somebody, the buyer or a person of the shop, does something.
pub(super) fn stops(kind: &BlockKind) -> bool {
    matches!(kind, BlockKind::Question(_) | BlockKind::QuickReplies(_) | BlockKind::Handoff(_))
}

/// Whether the bot sends a message at such a block.
fn sends(kind: &BlockKind) -> bool {
    use BlockKind::{Message, Question, QuickReplies, ShopLink};
    matches!(kind, Message(_) | Question(_) | QuickReplies(_) | ShopLink(_))
}

impl<'a> Graph<'a> {
    pub(super) fn of(blocks: &'a [Block]) -> Self {
        let mut by_id: Vec<_> =
            blocks.iter().enumerate().map(|(position, block)| (block.id.as_str(), position)).collect();
        by_id.sort_unstable();
        Self { blocks, by_id }
    }

    /// The block of this id.
    pub(super) fn find(&self, id: &str) -> Option<usize> {
        let at = self.by_id.partition_point(|(other, _)| *other < id);
        self.by_id.get(at).filter(|(other, _)| *other == id).map(|(_, position)| *position)
    }

    /// Whether a block above has the same id.
    pub(super) fn again(&self, position: usize) -> bool {
        self.find(self.blocks[position].id.as_str()) != Some(position)
    }

    /// Every way that a block may go on (F1); the same one may come more than once.
    pub(super) fn edges(&self, position: usize, mut visit: impl FnMut(Edge)) {
        let block = &self.blocks[position];
        let mut take = |own: Option<&BlockId>| match own.or(block.goto.as_ref()) {
            Some(id) => visit(self.find(id.as_str()).map_or(Edge::Nowhere, Edge::To)),
            None if position + 1 < self.blocks.len() => visit(Edge::To(position + 1)),
            None => visit(Edge::End),
        };
        match &block.kind {
            BlockKind::QuickReplies(replies) => {
                replies.options.iter().for_each(|option| take(option.goto.as_ref()));
                if let Some(free_text) = &replies.free_text {
                    take(free_text.goto.as_ref());
                }
            }
            BlockKind::Branch(branch) => {
                branch.cases.iter().for_each(|case| take(Some(&case.goto)));
                take(branch.otherwise.as_ref());
            }
            _ => take(None),
        }
    }

    fn targets(&self, position: usize) -> SmallVec<[usize; 4]> {
        let mut targets = SmallVec::new();
        self.edges(position, |edge| {
            if let Edge::To(target) = edge
                && !targets.contains(&target)
            {
                targets.push(target);
            }
        });
        targets
    }

    /// Rings of blocks none of which stops, each as the blocks along it: there the flow could run for ever.
    ///
    /// Reachable or not. Of rings that share a block only one is given.
    pub(super) fn rings(&self) -> Vec<Vec<usize>> {
        let runs = |position: usize| !stops(&self.blocks[position].kind);
        let mut backward = false;
        for position in (0..self.blocks.len()).filter(|position| runs(*position)) {
            self.edges(position, |edge| backward |= matches!(edge, Edge::To(target) if target <= position));
        }
        let mut rings: Vec<Vec<usize>> = Vec::new();
        if !backward {
            return rings;
        }
        let mut state = vec![State::New; self.blocks.len()];
        let mut in_ring = vec![false; self.blocks.len()];
        for start in (0..self.blocks.len()).filter(|position| runs(*position)) {
            if state[start] != State::New {
                continue;
            }
            state[start] = State::Open;
            let mut path = vec![(start, self.targets(start), 0)];
            while let Some((position, targets, next)) = path.last_mut() {
                let Some(&target) = targets.get(*next) else {
                    state[*position] = State::Done;
                    path.pop();
                    continue;
                };
                *next += 1;
                if !runs(target) {
                    continue;
                }
                match state[target] {
                    State::Done => {}
                    State::New => {
                        state[target] = State::Open;
                        path.push((target, self.targets(target), 0));
                    }
                    State::Open => {
                        let ring: Vec<usize> =
                            path.iter().map(|(on, _, _)| *on).skip_while(|on| *on != target).collect();
                        if !ring.iter().any(|on| in_ring[*on]) {
                            ring.iter().for_each(|on| in_ring[*on] = true);
                            rings.push(ring);
                        }
                    }
                }
            }
        }
        rings
    }

    /// For each block whether the flow can come to it; none where that cannot be told, as an edge leads nowhere or an
    /// id is there twice.
    pub(super) fn reached(&self) -> Option<Vec<bool>> {
        let mut whole = !self.by_id.windows(2).any(|pair| pair[0].0 == pair[1].0);
        for position in 0..self.blocks.len() {
            self.edges(position, |edge| whole &= edge != Edge::Nowhere);
        }
        if !whole || self.blocks.is_empty() {
            return None;
        }
        let mut reached = vec![false; self.blocks.len()];
        reached[0] = true;
        let mut next = vec![0];
        while let Some(position) = next.pop() {
            self.edges(position, |edge| {
                if let Edge::To(target) = edge
                    && !reached[target]
                {
                    reached[target] = true;
                    next.push(target);
                }
            });
        }
        Some(reached)
    }

    /// The ways on which the bot sends more than `admitted` messages before anybody else does something: for each block
    /// that finds nothing left, one way to it. The graph must have no rings.
    pub(super) fn too_many_messages(&self, admitted: i64, reached: &[bool]) -> Vec<Vec<usize>> {
        let sends = |position: usize| i64::from(sends(&self.blocks[position].kind));
        let longest = self.longest_runs(sends);
        let mut starts = vec![0];
        for position in (0..self.blocks.len()).filter(|at| reached[*at] && stops(&self.blocks[*at].kind)) {
            starts.extend(self.targets(position));
        }
        starts.sort_unstable();
        starts.dedup();
        let mut ways: Vec<Vec<usize>> = Vec::new();
        for start in starts.into_iter().filter(|start| longest[*start].messages > admitted) {
            let (mut at, mut sent, mut way) = (start, sends(start), vec![start]);
            while sent <= admitted
                && let Some(next) = longest[at].next
            {
                at = next;
                sent += sends(at);
                way.push(at);
            }
            if !ways.iter().any(|other| other.last() == way.last()) {
                ways.push(way);
            }
        }
        ways.sort_by_key(|way| way.last().copied());
        ways
    }

    /// From each block on, the run with the most messages until the bot stops.
    fn longest_runs(&self, sends: impl Fn(usize) -> i64) -> Vec<Run> {
        let mut runs = vec![Run { messages: 0, next: None }; self.blocks.len()];
        let mut state = vec![State::New; self.blocks.len()];
        for start in 0..self.blocks.len() {
            let mut path = vec![start];
            while let Some(&position) = path.last() {
                let targets = match stops(&self.blocks[position].kind) {
                    true => SmallVec::new(),
                    false => self.targets(position),
                };
                if state[position] == State::New {
                    state[position] = State::Open;
                    path.extend(targets.iter().filter(|target| state[**target] == State::New));
                    continue;
                }
                path.pop();
                if state[position] == State::Open {
                    state[position] = State::Done;
                    let best = targets.iter().copied().rev().max_by_key(|target| runs[*target].messages);
                    runs[position] =
                        Run { messages: sends(position) + best.map_or(0, |best| runs[best].messages), next: best };
                }
            }
        }
        runs
    }
}

#[derive(Clone, Copy)]
struct Run {
    messages: i64,
    next: Option<usize>,
}

/// How far a search has come with a block.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    New,
    Open,
    Done,
}
