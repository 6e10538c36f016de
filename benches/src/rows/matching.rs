//! From a raw text to a verdict, with ever more triggers.

use crate::{
    measure::{ROUNDS, by_turns, in_pieces, piece, run},
    naive::Loop,
    report::{Row, Target},
    synthetic::{NOW, Set},
};
use chatsparks_core::{
    CommentOutcome, CommentResult, Decision, Engine, Envelope, Evaluation, Event, Scratch, Seen,
    internal::{Found, HeadChange, Loaded},
    text::Normaliser,
};
use std::{hint::black_box, ops::Range};

/// The sets that are compared.
pub struct Sets {
    /// From the smallest to the largest.
    pub all: [Set; 4],
}

impl Sets {
    /// Makes the sets of 10, 100, 1,000 and 10,000 triggers.
    pub fn new(comments: usize) -> Self {
        Self { all: [10, 100, 1_000, 10_000].map(|triggers| Set::new(triggers, comments)) }
    }
}

/// Judges every comment of a set.
pub fn judge_all(engine: &Engine, set: &Set, scratch: &mut Scratch) -> usize {
    judge_some(engine, set, 0..set.comments.len(), scratch)
}

fn judge_some(engine: &Engine, set: &Set, some: Range<usize>, scratch: &mut Scratch) -> usize {
    let judged = set.comments[some.clone()].iter().zip(&set.contacts[some]);
    let fired = judged
        .filter(|(comment, contact)| engine.judge(Some(contact), comment, NOW, scratch).result == CommentResult::Fired);
    fired.count()
}

/// Normalises every comment of a set and runs the bare automaton over it.
pub fn bare(engine: &Engine, set: &Set, normaliser: &mut Normaliser, out: &mut String) -> usize {
    bare_some(engine, set, 0..set.comments.len(), normaliser, out)
}

fn bare_some(engine: &Engine, set: &Set, some: Range<usize>, normaliser: &mut Normaliser, out: &mut String) -> usize {
    let scan = |comment: &chatsparks_core::Comment| {
        normaliser.normalise_into(comment.text.as_str(), out);
        engine.bare_scan(out)
    };
    set.comments[some].iter().map(scan).sum()
}

/// The rows on verdicts.
pub fn rows(sets: &Sets) -> Vec<Row> {
    let [_, hundred, thousand, most] = &sets.all;
    let count = most.comments.len();
    let (mut scratch, mut normaliser, mut out) = (Scratch::default(), Normaliser::new(), String::new());
    let (mut other, mut third, mut fourth) = (Scratch::default(), Scratch::default(), Scratch::default());
    let without_dfa = |set: &Set| match Engine::compile_without_dfa(set.workspace.clone()) {
        Ok(engine) => engine,
        Err(error) => unreachable!("synthetic workspaces have no faults: {error}"),
    };
    let some = |number| piece(count, number);
    let [ours, against] = in_pieces(
        ROUNDS * 5,
        [
            Box::new(|at| _ = black_box(judge_some(&most.engine, most, some(at), &mut scratch))),
            Box::new(|at| _ = black_box(bare_some(&most.engine, most, some(at), &mut normaliser, &mut out))),
        ],
    );
    let mut rows = vec![Row::ratio(
        "raw text to verdict at 10,000 triggers ÷ normalise and bare scan",
        (ours, against),
        count,
        Target::AtMost(1.4, 1.25),
    )];
    let (most_nfa, hundred_nfa) = (without_dfa(most), without_dfa(hundred));
    let [large, small, large_nfa, small_nfa] = in_pieces(
        ROUNDS * 5,
        [
            Box::new(|at| _ = black_box(judge_some(&most.engine, most, some(at), &mut scratch))),
            Box::new(|at| _ = black_box(judge_some(&hundred.engine, hundred, some(at), &mut other))),
            Box::new(|at| _ = black_box(judge_some(&most_nfa, most, some(at), &mut third))),
            Box::new(|at| _ = black_box(judge_some(&hundred_nfa, hundred, some(at), &mut fourth))),
        ],
    );
    rows.push(Row::ratio(
        "verdict at 10,000 ÷ at 100 triggers, contiguous NFA at both",
        (large_nfa, small_nfa),
        count,
        Target::AtMost(1.5, 1.25),
    ));
    rows.push(Row::ratio(
        "verdict at 10,000 ÷ at 100 triggers, as shipped",
        (large, small),
        count,
        Target::AtMost(2.5, 2.0),
    ));
    rows.push(firing(most));
    rows.extend(loops(thousand, Target::AtLeast(150.0, 250.0), 200));
    rows.extend(loops(most, Target::AtLeast(500.0, 700.0), 40));
    rows
}

/// Envelopes of the comments of a set that win, or of those that do not.
pub fn envelopes(set: &Set, wins: bool) -> Vec<(Envelope, &chatsparks_core::Contact)> {
    let chosen = set.comments.iter().zip(&set.contacts).zip(&set.wins).filter(|(_, won)| **won == wins);
    let enveloped = chosen.enumerate().map(|(number, ((comment, contact), _))| {
        let id = format!("event-{number}").into();
        (Envelope { id, at: NOW, event: Event::Comment(comment.clone()) }, contact)
    });
    enveloped.collect()
}

/// Decides every envelope, everybody's contact loaded.
pub fn decide_all(
    engine: &Engine,
    envelopes: &[(Envelope, &chatsparks_core::Contact)],
    scratch: &mut Scratch,
) -> usize {
    let mut head = engine.first_head();
    head.apply(&HeadChange::Latest(NOW));
    head.apply(&HeadChange::Cycle { start: NOW, next: NOW });
    let found = Found::default();
    let decided = envelopes.iter().map(|(envelope, contact)| {
        let loaded = Loaded::new(&head, Some(contact), &found);
        black_box::<Decision>(engine.decide(&loaded, envelope, scratch)).effects.len()
    });
    decided.sum()
}

fn firing(set: &Set) -> Row {
    let (wins, losses) = (envelopes(set, true), envelopes(set, false));
    let losses = &losses[..wins.len().min(losses.len())];
    let (mut scratch, mut other) = (Scratch::default(), Scratch::default());
    let effects = decide_all(&set.engine, &wins, &mut scratch);
    assert_eq!(effects, wins.len() * 2, "a firing comment has one public reply and one DM");
    assert_eq!(decide_all(&set.engine, losses, &mut scratch), 0, "a comment that matches nothing has no effect");
    let [ours, against] = by_turns(
        ROUNDS * 5,
        [run(|| decide_all(&set.engine, &wins, &mut scratch)), run(|| decide_all(&set.engine, losses, &mut other))],
    );
    Row::ratio(
        "a comment that fires one reply and one flow, rendered ÷ one that matches nothing",
        (ours, against),
        wins.len(),
        Target::AtMost(4.0, 3.0),
    )
}

fn loops(set: &Set, target: Target, count: usize) -> Vec<Row> {
    let naive = Loop::new(set);
    let mut scratch = Scratch::default();
    let outcomes: Vec<CommentOutcome> = set
        .comments
        .iter()
        .zip(&set.contacts)
        .map(|(comment, contact)| set.engine.judge(Some(contact), comment, NOW, &mut scratch))
        .collect();
    let sample = set.comments.len().min(count * 10);
    let disagreements = (0..sample).filter(|&at| {
        let theirs = naive.words_first(&set.comments[at]).map(|place| &set.workspace.triggers[place].id);
        outcomes[at].trigger.as_ref() != theirs
    });
    let disagreements = disagreements.count();
    let few = &set.comments[..count];
    let [ours, words_first, scope_first] = by_turns(
        ROUNDS,
        [
            run(|| judge_all(&set.engine, set, &mut scratch)),
            run(|| few.iter().filter_map(|comment| naive.words_first(comment)).sum::<usize>()),
            run(|| few.iter().filter_map(|comment| naive.scope_first(comment)).sum::<usize>()),
        ],
    );
    let ours = ours / set.comments.len() as f64;
    let each = |time: f64| (ours, time / count as f64);
    let triggers = set.triggers;
    vec![
        Row::ratio(
            format!(
                "a lower-once `contains` loop ÷ verdict at {triggers} triggers ({disagreements} of {sample} answers differ)"
            ),
            each(words_first),
            1,
            target,
        ),
        Row {
            value: each(scope_first).1 / ours,
            ..Row::told(format!("the same loop with scopes looked at first, at {triggers}"), each(scope_first), 1)
        },
    ]
}

/// Rows on explaining, and on what is kept of a comment for it.
pub fn explaining(sets: &Sets) -> Vec<Row> {
    let [few, _, _, most] = &sets.all;
    // The same comments at both sizes: what is compared is the engine, not where its comments lie in memory.
    let evaluations = |engine: &Engine, scratch: &mut Scratch| -> Vec<Evaluation> {
        let judged = most.comments.iter().zip(&most.contacts).take(2_000);
        judged
            .map(|(comment, contact)| Evaluation {
                comment: comment.clone(),
                at: NOW,
                revision: 1,
                outcome: engine.judge(Some(contact), comment, NOW, scratch),
                seen: Seen::of(Some(contact)),
            })
            .collect()
    };
    let mut scratch = Scratch::default();
    let mut others = Scratch::default();
    let kept = evaluations(&most.engine, &mut scratch);
    let smaller = evaluations(&few.engine, &mut scratch);
    let [large, small] =
        by_turns(ROUNDS * 9, [run(|| copies(most, &most.engine, &kept)), run(|| copies(most, &few.engine, &smaller))]);
    let mut rows = vec![Row::ratio(
        "writing a comment's record at 10,000 ÷ at 10 triggers",
        (large, small),
        kept.len(),
        Target::AtMost(1.15, 1.05),
    )];
    let losses = envelopes(most, false);
    let losses = &losses[..1_000];
    let kept = &kept[..20];
    let [decide, one, all] = by_turns(
        ROUNDS,
        [
            run(|| decide_all(&most.engine, losses, &mut scratch)),
            run(|| {
                for (number, evaluation) in kept.iter().cycle().take(1_000).enumerate() {
                    let trigger = format!("trigger-{}", number * 7 % 10_000);
                    drop(black_box(most.engine.explain(evaluation, &trigger, &mut others)));
                }
            }),
            run(|| {
                let mut scratch = Scratch::default();
                for evaluation in kept {
                    drop(black_box(most.engine.explain_all(evaluation, &mut scratch)));
                }
            }),
        ],
    );
    let decide = decide / losses.len() as f64;
    rows.push(Row::ratio(
        "explaining one trigger of 10,000 ÷ deciding the comment",
        (one / 1_000.0, decide),
        1,
        Target::AtMost(20.0, 10.0),
    ));
    rows.push(Row::ratio(
        "explaining all 10,000 triggers ÷ deciding the comment",
        (all / kept.len() as f64, decide),
        1,
        Target::AtMost(2_000.0, 1_000.0),
    ));
    rows
}

/// Makes the record of every comment, as a driver does after deciding.
fn copies(set: &Set, engine: &Engine, evaluations: &[Evaluation]) -> usize {
    let all = evaluations.iter().zip(&set.comments).zip(&set.contacts);
    let copies = all.map(|((evaluation, comment), contact)| {
        let copy = Evaluation {
            comment: comment.clone(),
            at: evaluation.at,
            revision: engine.revision(),
            outcome: evaluation.outcome.clone(),
            seen: Seen::of(Some(contact)),
        };
        black_box(copy).seen.commented as usize
    });
    copies.sum()
}
