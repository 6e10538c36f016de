//! A table is held against a map that lies in memory.

use super::*;
use proptest::prelude::*;
use std::path::PathBuf;

fn ground() -> Arc<Ground> {
    Arc::new(Ground::new(1 << 20, std::env::temp_dir()))
}

fn put_aside(table: &mut Table<(u32, u64), Box<str>>, ground: &Arc<Ground>) {
    ground.write(|writing| table.put_aside(ground, writing));
}

fn all(table: &Table<(u32, u64), Box<str>>) -> Vec<((u32, u64), Box<str>)> {
    table.iter().map(|(key, value)| (key, value.into_owned())).collect()
}

#[derive(Clone, Debug)]
enum Step {
    Insert(u32, u64, String),
    Remove(u32, u64),
    Change(u32, u64),
    TakeFirst,
    RemoveBefore(u32),
    PutAside,
    Copy,
    Write,
}

fn step() -> impl Strategy<Value = Step> {
    let key = || (0..4_u32, 0..4_u64);
    prop_oneof![
        6 => (key(), "[ก-ฮa]{0,3}").prop_map(|((a, b), text)| Step::Insert(a, b, text)),
        3 => key().prop_map(|(a, b)| Step::Remove(a, b)),
        2 => key().prop_map(|(a, b)| Step::Change(a, b)),
        1 => Just(Step::TakeFirst),
        1 => (0..4_u32).prop_map(Step::RemoveBefore),
        3 => Just(Step::PutAside),
        1 => Just(Step::Copy),
        1 => Just(Step::Write),
    ]
}

proptest! {
    /// S2: where a table lies changes nothing that it answers, and a copy stays as it was.
    #[test]
    fn s2_a_table_is_the_map_that_it_would_be_in_memory(steps in prop::collection::vec(step(), 1..60), from in (0..4_u32, 0..4_u64)) {
        let ground = ground();
        let (mut table, mut map) = (Table::default(), BTreeMap::new());
        let mut copies = Vec::new();
        for step in steps {
            match step {
                Step::Insert(a, b, text) => {
                    table.insert((a, b), text.clone().into_boxed_str());
                    map.insert((a, b), text.into_boxed_str());
                }
                Step::Remove(a, b) => {
                    table.remove(&(a, b));
                    map.remove(&(a, b));
                }
                Step::Change(a, b) => {
                    let there = table.change(&(a, b), |text| *text = format!("{text}!").into());
                    let text = map.get_mut(&(a, b));
                    prop_assert_eq!(there, text.is_some());
                    if let Some(text) = text {
                        *text = format!("{text}!").into();
                    }
                }
                Step::TakeFirst => prop_assert_eq!(table.take_first(), map.pop_first()),
                Step::RemoveBefore(a) => {
                    table.remove_before(&(a, 0));
                    map = map.split_off(&(a, 0));
                }
                Step::PutAside => put_aside(&mut table, &ground),
                Step::Copy => copies.push((ground.view(), table.clone(), map.clone())),
                Step::Write => {
                    let form = rmp_serde::to_vec(&table).unwrap();
                    prop_assert_eq!(&form, &rmp_serde::to_vec(&map).unwrap());
                    table = rmp_serde::from_slice(&form).unwrap();
                }
            }
            prop_assert_eq!(table.first().map(|(key, _)| key), map.first_key_value().map(|(key, _)| *key));
            prop_assert!(map.iter().all(|(key, value)| table.get(key).as_deref() == Some(value)));
            prop_assert!((0..4).all(|a| (0..4).all(|b| table.contains(&(a, b)) == map.contains_key(&(a, b)))));
        }
        ground.sound().unwrap();
        prop_assert_eq!(all(&table), map.clone().into_iter().collect::<Vec<_>>());
        let ahead: Vec<_> = table.range(from..).map(|(key, _)| key).collect();
        prop_assert_eq!(ahead, map.range(from..).map(|(key, _)| *key).collect::<Vec<_>>());
        let back: Vec<_> = table.range_back(..from).map(|(key, _)| key).collect();
        prop_assert_eq!(back, map.range(..from).rev().map(|(key, _)| *key).collect::<Vec<_>>());
        for (view, copy, map) in copies {
            let seen = ground.within(view, || all(&copy));
            prop_assert_eq!(seen, map.into_iter().collect::<Vec<_>>());
        }
    }
}

#[test]
fn s2_what_is_read_in_great_numbers_is_put_aside_on_the_way() {
    let ground = ground();
    let filled = ground.within(ground.view(), || {
        let mut table = Table::default();
        for number in 0..100_000_u64 {
            table.insert((0_u32, number), Box::from("some hundred bytes, with what an entry has"));
        }
        table
    });
    assert!(filled.weight() <= ground.share_of_a_table() + 200, "{}", filled.weight());
    assert_eq!(filled.iter().count(), 100_000);
    ground.sound().unwrap();
}

#[test]
fn s2_a_ground_that_breaks_says_so_and_where() {
    let ground = Arc::new(Ground::new(0, PathBuf::from("/nowhere/at/all")));
    let mut table = Table::default();
    table.insert((1, 1), Box::from("one"));
    ground.sound().unwrap();
    put_aside(&mut table, &ground);
    let why = ground.sound().unwrap_err().to_string();
    assert!(why.contains("`/nowhere/at/all`") && why.contains("`directory`"), "{why}");
}

#[test]
fn s2_a_table_that_nobody_has_any_more_takes_no_room() {
    let ground = ground();
    for _ in 0..3 {
        let mut table = Table::default();
        table.insert((1, 1), Box::from("one"));
        put_aside(&mut table, &ground);
        assert_eq!(ground.tables(), 1, "and those of before are gone");
    }
}
