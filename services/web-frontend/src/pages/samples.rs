//! Samples of the pages' contexts, for their tests.

use askama::Template;
use domain::order::{Address, Contact, Reason};
use domain::{
    Actor, CommandId, Customer, Fingerprint, GuestId, HistoryEntry, Line, Money, Order, OrderId, OrderState,
    Product, ReasonCode, Version,
};
use jiff::Timestamp;
use uuid::Uuid;

use super::catalog::{CatalogPage, Typed};
use super::checkout::{CheckoutPage, Line as CheckoutLine};
use super::errors::Refusal;
use super::fields::{self, ADDRESS, CONTACT, NOTE};
use super::my_orders::{MyOrdersPage, Row};
use super::news::NewsStopPage;
use super::order::OrderPage;
use super::order_view::{CancelForm, OrderView};
use crate::forms::Fields;

const AT: &str = "2026-11-21T04:12:00Z";
fn at() -> Timestamp {
    AT.parse().unwrap()
}

fn euros(minor: i64) -> Money {
    Money::new(minor, "EUR".parse().unwrap())
}

fn product(sku: &str, available: i64) -> Product {
    Product {
        sku: sku.parse().unwrap(),
        version: Version(1),
        name: "Acacia <Honey>".parse().unwrap(),
        description: "Clear & mild.".parse().unwrap(),
        category: "treats".parse().unwrap(),
        price: euros(890),
        available,
        picture: Some("honey-acacia.svg".parse().unwrap()),
    }
}

fn order(state: OrderState, reason: Option<ReasonCode>) -> Order {
    let customer = Customer::Guest(GuestId(Uuid::from_u128(7)));
    let reason = reason.map(|code| Reason { code, line: Some(0) });
    let entry = |version: u32, state, refused: Option<&str>| HistoryEntry {
        version: Version(version),
        state,
        at: at(),
        by: Actor::Customer(customer),
        reason: reason.clone(),
        refused: refused.map(str::to_owned),
        erased: false,
        command: CommandId(Uuid::from_u128(u128::from(version))),
    };
    let refused = (state == OrderState::Shipped).then_some("cancel");
    Order {
        id: OrderId(Uuid::from_u128(0x1234_5678 << 96)),
        version: Version(2),
        state,
        customer,
        lines: vec![Line {
            sku: "honey-acacia".parse().unwrap(),
            quantity: 2.try_into().unwrap(),
            name: Some("Acacia <Honey>".into()),
            unit_price: Some(euros(890)),
            unknown: serde_json::Map::new(),
        }],
        total: Some(euros(1780)),
        contact: Contact {
            name: "Ada <L>".parse().unwrap(),
            email: "ada@example.org".parse().unwrap(),
            phone: None,
        },
        shipping_address: Address {
            street: "Ring 1".parse().unwrap(),
            postcode: "1010".parse().unwrap(),
            city: "Wien".parse().unwrap(),
            country: "AT".parse().unwrap(),
        },
        note: Some("Ring <twice>".parse().unwrap()),
        reason: reason.clone(),
        tracking: None,
        fingerprint: Fingerprint::of(&1),
        erased_at: None,
        submitted_at: at(),
        updated_at: at(),
        history: vec![entry(1, OrderState::Submitted, None), entry(2, state, refused)],
        unknown: serde_json::Map::new(),
    }
}

pub(super) fn view(
    state: OrderState,
    reason: Option<ReasonCode>,
    left: i64,
    asked: Option<u32>,
) -> OrderView {
    let cancel = CancelForm {
        action: "/orders/x/cancellation".into(),
        key: "k".into(),
        token: "t".into(),
    };
    OrderView::new(
        &order(state, reason),
        &[product("honey-acacia", left)],
        cancel,
        asked.map(Version),
    )
}

fn catalog() -> CatalogPage {
    let typed = Typed {
        sku: "honey".into(),
        quantity: "1000000".into(),
        error: Some("Please enter a number.".into()),
    };
    CatalogPage::new(
        &[product("honey", 9), product("gone", 0), product("few", 3)],
        &[typed],
        Some("Please check.".into()),
    )
}

fn checkout() -> CheckoutPage {
    let typed = Fields::parse("name=Ada+%3CL%3E&country=AT").unwrap();
    let customer = Customer::Guest(GuestId(Uuid::from_u128(7)));
    let errors = super::draft::submission(&typed, &[], customer).unwrap_err();
    CheckoutPage {
        lines: vec![CheckoutLine {
            sku: "honey".into(),
            name: "Acacia <Honey>".into(),
            picture: crate::assets::url("products/honey-acacia.svg"),
            price: "€8.90".into(),
            price_minor: 890,
            sum: "€17.80".into(),
            quantity: "2".into(),
            error: Some("Please enter a number from 1 to 999.".into()),
        }],
        total: Some("€17.80".into()),
        currency: "EUR".into(),
        contact: fields::filled(&CONTACT, &typed, &errors),
        address: fields::filled(&ADDRESS, &typed, &errors),
        note: fields::filled(&NOTE, &typed, &errors),
        countries: &fields::COUNTRIES,
        key: "k".into(),
        scope: "wbg_s".into(),
        token: "t".into(),
        problem: Some("Please check the marked fields."),
        earlier: Some("/orders/x?secret=s".into()),
    }
}

fn my_orders() -> MyOrdersPage {
    let row = Row {
        href: "/orders/x".into(),
        number: "12345678".into(),
        at: "21 November 2026, 04:12 UTC".into(),
        at_machine: AT.into(),
        label: "Confirmed",
        tone: "good",
        units: "2 items".into(),
        total: "€17.80".into(),
    };
    MyOrdersPage {
        orders: vec![row],
        older: Some("/orders?after=x".into()),
        is_later_page: true,
    }
}

/// Every page, in every shape that matters.
pub(super) fn pages() -> Vec<(String, String)> {
    let mut pages = vec![
        ("catalog".to_owned(), catalog().render().unwrap()),
        (
            "an empty catalog".to_owned(),
            CatalogPage::new(&[], &[], None).render().unwrap(),
        ),
        ("checkout".to_owned(), checkout().render().unwrap()),
        ("my orders".to_owned(), my_orders().render().unwrap()),
    ];
    let none = MyOrdersPage {
        orders: vec![],
        older: None,
        is_later_page: false,
    };
    pages.push(("no orders".to_owned(), none.render().unwrap()));
    for (name, action) in [
        ("news", Some("/news/stop?token=t".to_owned())),
        ("no more news", None),
    ] {
        pages.push((name.to_owned(), NewsStopPage { action }.render().unwrap()));
    }
    for refusal in [
        Refusal::NotFound,
        Refusal::Malformed,
        Refusal::NotAForm,
        Refusal::TooLarge,
        Refusal::TooSlow,
        Refusal::OtherSite,
        Refusal::OldForm,
        Refusal::Unavailable,
    ] {
        pages.push((format!("{refusal:?}"), refusal.page().render().unwrap()));
    }
    use OrderState::{
        AwaitingUploads, Cancelled, Confirmed, Delivered, Expired, Held, Rejected, Shipped, Submitted,
    };
    for state in [
        Submitted,
        Held,
        AwaitingUploads,
        Confirmed,
        Rejected,
        Cancelled,
        Expired,
        Shipped,
        Delivered,
    ] {
        let reason = (state == Rejected).then_some(ReasonCode::OutOfStock);
        let events = "/orders/x/events?secret=s&after=1".to_owned();
        let page = OrderPage {
            order: view(state, reason, 1, Some(2)),
            events,
            is_link: true,
        };
        pages.push((format!("an order that is {state}"), page.render().unwrap()));
    }
    pages
}
