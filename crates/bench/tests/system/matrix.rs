//! A short version of the fault matrix; `./scripts/fault` runs the whole one.

use bench::fault::{Cell, Settings};

/// The same orders and moments at every run.
const SEED: u64 = 20_140_401;

#[expect(clippy::print_stdout, reason = "a failed run shows what was seen")]
async fn holds(name: &str) {
    let cells = Cell::named(&[name.to_owned()]).unwrap();
    assert_eq!(cells.len(), 1, "{name} names one cell");
    let outcome = cells[0].run(Settings::short(SEED)).await;
    println!("{}", outcome.details());
    assert!(outcome.held() && outcome.skipped.is_none(), "{outcome:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_client_notices_that_front_doors_are_rolled() {
    holds("roll-rest-api").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_device_is_told_though_the_hub_is_killed() {
    holds("kill-notification-hub").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_broker_orders_are_put_off_and_none_is_lost() {
    holds("nats-killed").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cache_that_stands_still_stops_nobody() {
    holds("redis-frozen").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_front_door_takes_orders_while_its_database_is_a_black_hole() {
    holds("black-hole-rest-api-postgres").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_processor_that_hears_nothing_of_the_broker_goes_on_when_it_does() {
    holds("half-open-order-processor-nats").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_processor_that_stood_still_harms_nothing_when_it_goes_on() {
    holds("processor-frozen").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn push_services_that_fail_leave_orders_alone_and_pushes_come_late() {
    holds("push-services").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_day_keeps_no_device_from_being_told_once_and_removes_only_the_gone() {
    holds("push-campaign").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn when_most_devices_are_said_to_be_gone_at_once_they_are_kept() {
    holds("push-most-gone").await;
}
