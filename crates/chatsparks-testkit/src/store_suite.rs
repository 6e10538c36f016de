//! What every store has to pass (S1).
//!
//! ```
//! use chatsparks_ports::MemoryStore;
//! // In a file of tests: how a store of so many partitions is made, with whatever has to live as long as it.
//! chatsparks_testkit::store_suite!(|partitions: u32| (MemoryStore::new(partitions), ()));
//! ```
//!
//! Each function takes an empty store of four partitions, and asserts. What only one kind of store can be made to do (a
//! full disk, a damaged page, a process that is killed) is tested beside that store.

#![allow(clippy::unwrap_used, clippy::panic, reason = "it asserts")]

mod archive;
mod erasure;
mod log;
pub mod make;
pub mod owner;
mod queue;
mod room;
mod route;
mod shards;

pub use archive::*;
pub use erasure::*;
pub use log::*;
pub use queue::*;
pub use room::*;
pub use route::*;
pub use shards::*;

/// Lets one of the suite's functions run to its end.
pub fn block_on<F: Future>(suite: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(suite)
}

/// Makes a test of each function of the suite, for stores made by this.
#[macro_export]
macro_rules! store_suite {
    ($make:expr) => {
        $crate::store_suite! { @each $make;
            r1_what_is_appended_is_read_in_order
            r2_an_event_bears_the_greater_of_its_stamp_and_the_logs_last
            r9_as_much_is_read_as_was_asked_for
            r4_what_refers_to_something_is_logged_behind_it
            r4_what_cannot_be_placed_waits_for_what_was_logged_before
            r4_orders_of_one_buyer_stay_in_order
            r8_what_concerns_everybody_has_one_instant
            r7_room_is_drawn_within_the_limit_or_not_at_all
            r7_grants_stand_in_the_history_and_not_in_the_log
            r5_whoever_was_superseded_writes_nothing
            r5_every_kind_of_row_is_kept_and_written_over
            r5_what_is_committed_is_read_at_once
            r5_thousands_of_contacts_in_one_batch
            r3_partitions_and_workspaces_see_nothing_of_one_another
            r3_records_are_those_of_one_driver
            t4_contacts_that_are_due_come_with_all_their_ties
            m6_the_queue_is_listed_in_order
            a2_links_come_in_the_order_sent
            r8_documents_of_all_revisions_are_kept
            r13_openings_without_a_commit_are_counted
            s4_an_effect_may_begin_in_doubt
            o2_a_lane_goes_one_by_one
            o2_notifications_neither_wait_nor_are_waited_for
            o2_a_lane_that_is_taken_stays_taken
            o3_whose_chance_ends_soonest_goes_first
            o4_what_is_tried_again_waits_until_then
            o4_dead_letters_let_their_lane_go_on_and_can_come_back
            o5_an_attempt_that_began_is_in_doubt
            o1_each_effect_has_one_outcome_and_logs_it_with_it
            o6_what_waits_is_counted_and_listed
            o7_bot_dms_that_have_not_begun_are_withdrawn
            o7_what_was_tried_in_vain_is_not_withdrawn
            r12_what_a_person_wrote_before_is_gone
            r12_what_waited_is_withdrawn
            r10_records_are_read_by_cursor
            r10_what_is_old_is_deleted_in_batches
            r10_all_rows_of_a_shard_are_read
            r10_a_checkpoint_is_kept_apart
            c10_the_first_evaluation_of_a_comment_stays
            c10_evaluations_are_read_backwards
            c10_the_events_of_a_contact_are_found
            c10_what_is_told_of_a_thing_is_found
            w_rows_are_listed_by_name_over_all_partitions
            i2_numbers_of_the_insights_add_up
            r8_notes_are_kept
            r5_a_note_is_replaced_where_what_is_known_of_it_still_stands
        }
    };
    (@each $make:expr; $($name:ident)*) => {
        $(
            #[test]
            fn $name() {
                let (store, _kept) = ($make)(4);
                $crate::store_suite::block_on($crate::store_suite::$name(&store));
            }
        )*
    };
}
