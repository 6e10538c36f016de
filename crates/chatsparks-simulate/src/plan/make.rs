//! How a plan is made from a seed.

use super::{Call, Plan, Setting, Step, Weather};
use chatsparks_core::{Comment, Envelope, Event, Instant, Period, UserId, workspace::Workspace};
use chatsparks_runtime::ClockMode;
use chatsparks_testkit::generate::{Focus, assemble, document, step};
use proptest::{
    strategy::{Strategy, ValueTree},
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};
use rand::{RngExt, SeedableRng, rngs::StdRng, seq::SliceRandom};

const SECOND: u64 = 1_000;
const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;

/// The instant at which histories of the test kit begin.
pub(crate) const BEGIN: &str = "2026-02-27T09:00:00Z";

impl Plan {
    /// The plan of a seed.
    ///
    /// # Panics
    /// When the test kit's generators give up, which they do not.
    #[expect(clippy::unwrap_used, reason = "the generators refuse nothing")]
    pub fn of(seed: u64) -> Self {
        let mut random = StdRng::seed_from_u64(seed);
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&seed.to_le_bytes());
        let random_cases = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
        let mut runner = TestRunner::new_with_rng(Config::default(), random_cases);
        let focus = [Focus::Everything, Focus::Everything, Focus::Queue, Focus::Talk][random.random_range(0..4)];
        let count = random.random_range(4..60);
        let what = (document(focus), proptest::collection::vec(step(focus), count));
        let (document, steps) = what.new_tree(&mut runner).unwrap().current();
        let case = assemble(&document, &steps);
        let mut history = case.history;
        if random.random_bool(0.3) {
            burst(&mut history, &mut random);
        }
        let mut setting = setting(&mut random);
        let mut steps = Making { random: &mut random, steps: Vec::new(), later: Vec::new() }.all(history);
        // What came later has randomness of its own, so that the rest of a seed stays what it was.
        more(seed, &mut setting, &mut steps);
        let retention = &mut StdRng::seed_from_u64(seed ^ 0x00C0_77ED);
        setting.records_hours = [None, None, Some(1), Some(12), Some(72)][retention.random_range(0..5)];
        Self { seed, workspace: case.workspace, setting, steps }
    }
}

/// Several partitions and workspaces, rates, faults of the engine, full disks, backups, people forgotten amid a burst.
fn more(seed: u64, setting: &mut Setting, steps: &mut Vec<Step>) {
    let random = &mut StdRng::seed_from_u64(seed ^ 0x3035_F00D);
    setting.partitions = [1, 1, 1, 1, 2, 2, 8, 8, 8, 64][random.random_range(0..10)];
    setting.neighbours = [0, 0, 0, 1, 2][random.random_range(0..5)];
    if setting.partitions == 64 {
        setting.neighbours = 0;
    }
    let rates: &[&str] =
        [&["20/s"][..], &["2/s", "600/h"], &["1000/h", "3/s", "60/m"], &["30/m"], &["5/s"]][random.random_range(0..5)];
    if random.random_bool(0.25) {
        setting.rates = rates.iter().map(|rate| (*rate).to_owned()).collect();
    }
    let mut all = Vec::with_capacity(steps.len() + 8);
    let backs_up = setting.trust_at && setting.clock == ClockMode::Wall && random.random_bool(0.5);
    let fails = random.random_bool(0.25);
    let mut failing: Vec<Envelope> = Vec::new();
    for step in steps.drain(..) {
        // What comes before and after a backup is told apart by the wall's clock.
        if backs_up && matches!(step, Step::SetClock(_)) {
            continue;
        }
        let mut after = Vec::new();
        if let Step::Deliver(body) = &step {
            if random.random_bool(0.02) {
                all.push(Step::Full([SECOND, 20 * SECOND, 10 * MINUTE][random.random_range(0..3)]));
            }
            if backs_up && random.random_bool(0.08) {
                all.push(Step::Backup);
            }
            if backs_up && random.random_bool(0.05) {
                all.push(Step::Restore { down: [0, SECOND, HOUR][random.random_range(0..3)] });
            }
            let is_of_a_burst = body.iter().any(|envelope| envelope.id.as_str().starts_with('b'));
            if is_of_a_burst && random.random_bool(0.2) {
                let user = random.random_range(0..120);
                after.push(Step::Erase(format!("v{user}").into()));
            }
            if fails && failing.is_empty() && random.random_bool(0.2) {
                // Partitions that fail at a document at different times would each have another one in force.
                let may_fail = |envelope: &&Envelope| !matches!(envelope.event, Event::Configure(_) | Event::Erase(_));
                failing = body.iter().filter(may_fail).take(2).cloned().collect();
                all.push(Step::Fault(failing.iter().map(|envelope| envelope.id.clone()).collect()));
            }
        }
        all.push(step);
        all.append(&mut after);
        if !failing.is_empty() && random.random_bool(0.15) {
            all.push(Step::Pass(SECOND));
            all.push(Step::Upgrade);
            all.push(Step::Deliver(std::mem::take(&mut failing)));
        }
    }
    *steps = all;
}

fn setting(random: &mut StdRng) -> Setting {
    let (clock, trust_at) =
        [(ClockMode::Wall, false), (ClockMode::Wall, true), (ClockMode::Wall, false), (ClockMode::Events, true)]
            [random.random_range(0..4)];
    Setting {
        clock,
        trust_at,
        batch: [1, 2, 7, 1_000][random.random_range(0..4)],
        contacts_at_hand: [0, 2, 20_000][random.random_range(0..3)],
        concurrency: [1, 3, 16][random.random_range(0..3)],
        retry_hours: [1, 24][random.random_range(0..2)],
        takes_keys: random.random_bool(0.5),
        can_look: random.random_bool(0.6),
        partitions: 1,
        neighbours: 0,
        rates: Vec::new(),
        records_hours: None,
    }
}

/// A video goes viral: many people ask at once.
fn burst(history: &mut Vec<Envelope>, random: &mut StdRng) {
    let place = random.random_range(0..=history.len());
    let begin = BEGIN.parse().unwrap_or(Instant::from_milliseconds(0));
    let at = place.checked_sub(1).and_then(|before| history.get(before)).map_or(begin, |before| before.at);
    let count = random.random_range(20..150);
    let comments = (0..count).map(|n| Envelope {
        id: format!("b{n}").into(),
        at: at.after(Period::milliseconds(n / 10)),
        event: Event::Comment(Comment {
            comment_id: format!("bc{n}").into(),
            post_id: "v1".into(),
            user_id: format!("v{}", n % 120).into(),
            handle: None,
            text: "price?".into(),
            posted_at: None,
            reply_to: None,
            direct_reply: n % 2 == 0,
        }),
    });
    let rest = history.split_off(place);
    history.extend(comments);
    history.extend(rest);
}

struct Making<'a> {
    random: &'a mut StdRng,
    steps: Vec<Step>,
    /// Bodies that come later than they should, or once more.
    later: Vec<Vec<Envelope>>,
}

impl Making<'_> {
    fn all(mut self, history: Vec<Envelope>) -> Vec<Step> {
        let mut now = BEGIN.parse().unwrap_or(Instant::from_milliseconds(0));
        let mut history = history.into_iter().peekable();
        while history.peek().is_some() {
            let long = if self.random.random_bool(0.1) { 60 } else { 6 };
            let count = self.random.random_range(1..=long);
            let mut body: Vec<Envelope> = history.by_ref().take(count).collect();
            let latest = body.iter().map(|envelope| envelope.at).max().unwrap_or(now);
            let gap = latest.as_milliseconds().saturating_sub(now.as_milliseconds());
            now = now.max(latest);
            self.pass(u64::try_from(gap).unwrap_or(0));
            if self.random.random_bool(0.1) {
                body.shuffle(self.random);
            }
            self.deliver(body);
            for _ in 0..self.random.random_range(0..3) {
                self.trouble();
            }
            if self.random.random_bool(0.5) {
                let period = self.random.random_range(0..3 * MINUTE);
                self.steps.push(Step::Pass(period));
            }
        }
        self.later.shuffle(self.random);
        let later = std::mem::take(&mut self.later);
        self.steps.extend(later.into_iter().map(Step::Deliver));
        self.steps
    }

    fn pass(&mut self, gap: u64) {
        // Days on which nothing comes are mostly slept through: whoever looks every few seconds is slow to simulate.
        let down = gap > 12 * HOUR && self.random.random_bool(0.85);
        self.steps.push(match gap {
            0 => return,
            gap if down && self.random.random_bool(0.5) => Step::Stop { down: gap },
            gap if down => Step::Crash { at: None, number: self.random.random_range(0..9), after: true, down: gap },
            gap => Step::Pass(gap.min(30 * HOUR)),
        });
    }

    fn deliver(&mut self, body: Vec<Envelope>) {
        match self.random.random_range(0..20) {
            0 => return self.later.push(body),
            1 => self.later.push(body.clone()),
            2 => self.steps.push(Step::Deliver(body.clone())),
            _ => {}
        }
        self.steps.push(Step::Deliver(body));
        if !self.later.is_empty() && self.random.random_bool(0.2) {
            let late = self.later.swap_remove(self.random.random_range(0..self.later.len()));
            self.steps.push(Step::Deliver(late));
        }
    }

    fn call(&mut self) -> Option<Call> {
        let calls =
            [Call::Append, Call::Commit, Call::Settle, Call::Begin, Call::Load, Call::Ready, Call::Open, Call::Read];
        let place = self.random.random_range(0..2 * calls.len());
        calls.get(place).copied()
    }

    fn down(&mut self) -> u64 {
        [0, 0, SECOND, 30 * SECOND, MINUTE, HOUR][self.random.random_range(0..6)]
    }

    fn trouble(&mut self) {
        let step = match self.random.random_range(0..30) {
            0..6 => Step::Crash {
                at: self.call(),
                number: self.random.random_range(1..6),
                after: self.random.random_bool(0.5),
                down: self.down(),
            },
            6 => Step::CrashInChannel { down: self.down() },
            7..9 => Step::Stop { down: self.down() },
            9..12 => Step::StoreFails {
                at: self.call(),
                times: self.random.random_range(1..4),
                after: self.random.random_bool(0.4),
            },
            12..19 => {
                let hint = [None, Some(20_000), Some(90_000), Some(HOUR)][self.random.random_range(0..4)];
                let weathers = [
                    Weather::Fine,
                    Weather::Fine,
                    Weather::Fine,
                    Weather::Slow,
                    Weather::Busy(hint),
                    Weather::Refuses,
                    Weather::Stopped,
                    Weather::LosesAnswers,
                    Weather::Hangs,
                    Weather::Panics,
                    Weather::Mixed,
                    Weather::Mixed,
                    Weather::Mixed,
                ];
                Step::Channel(weathers[self.random.random_range(0..weathers.len())])
            }
            19..21 => {
                let steps = [-60, 60, -11, 11, -9, 9, -1, 1, 24 * 60];
                let minutes: i64 = steps[self.random.random_range(0..steps.len())];
                Step::SetClock(minutes * MINUTE.cast_signed())
            }
            21..24 => Step::ConfirmClock,
            24..26 => match self.configured() {
                Some(document) => Step::Put(Box::new(document)),
                None => return,
            },
            26 => Step::Erase(self.somebody()),
            27 => Step::Revive,
            28 => Step::Drop,
            _ => Step::Pass([1, SECOND, 45 * SECOND, 20 * MINUTE][self.random.random_range(0..4)]),
        };
        self.steps.push(step);
    }

    /// A document that the history brings is put instead, or once more.
    fn configured(&self) -> Option<Workspace> {
        self.steps.iter().rev().find_map(|step| match step {
            Step::Deliver(body) => body.iter().rev().find_map(|envelope| match &envelope.event {
                Event::Configure(configured) => configured.workspace().map(|document| (**document).clone()),
                _ => None,
            }),
            _ => None,
        })
    }

    fn somebody(&mut self) -> UserId {
        let number = self.random.random_range(0..3);
        if self.random.random_bool(0.3) { format!("v{number}").into() } else { format!("u{number}").into() }
    }
}
