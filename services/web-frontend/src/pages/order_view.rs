//! An order in the words and shapes of its page.

use domain::{Line, Order, OrderId, OrderState, Product, ReasonCode, Version};

use crate::pages::draft::QUANTITY;
use crate::pages::fields;
use crate::{assets, words};

/// What the page shows of an order.
pub(super) struct OrderView {
    pub(super) number: String,
    pub(super) headline: &'static str,
    pub(super) explanation: String,
    pub(super) tone: &'static str,
    pub(super) steps: Vec<Step>,
    pub(super) lines: Vec<LineView>,
    pub(super) total: Option<String>,
    pub(super) recipient: String,
    pub(super) address: [String; 3],
    pub(super) email: String,
    pub(super) note: Option<String>,
    pub(super) history: Vec<Entry>,
    /// What the shopper should know besides.
    pub(super) notice: Option<&'static str>,
    pub(super) cancel: Option<CancelForm>,
    /// The order form with the same products.
    pub(super) again: Option<String>,
    pub(super) is_final: bool,
}

/// A station on an order's way.
pub(super) struct Step {
    pub(super) label: &'static str,
    /// `done`, `now`, `next` or `failed`.
    pub(super) status: &'static str,
    /// The same for those who do not see the colour.
    pub(super) spoken: &'static str,
}

pub(super) struct LineView {
    pub(super) name: String,
    pub(super) picture: Option<String>,
    pub(super) quantity: u16,
    pub(super) price: Option<String>,
    pub(super) sum: Option<String>,
    /// Why the order was not taken, where this line is why.
    pub(super) problem: Option<String>,
}

pub(super) struct Entry {
    pub(super) at: String,
    pub(super) at_machine: String,
    pub(super) words: &'static str,
}

/// What the button that calls the order off sends.
#[derive(Debug, Clone)]
pub(super) struct CancelForm {
    pub(super) action: String,
    pub(super) key: String,
    pub(super) token: String,
}

/// The number that shopper and staff call an order by.
pub(super) fn short(id: OrderId) -> String {
    id.to_string()[..8].to_uppercase()
}

impl OrderView {
    /// `asked`: the version at which the reader asked to call it off.
    pub(super) fn new(
        order: &Order,
        products: &[Product],
        cancel: CancelForm,
        asked: Option<Version>,
    ) -> Self {
        let find = |line: &Line| products.iter().find(|product| product.sku == line.sku);
        let culprit = order
            .reason
            .as_ref()
            .and_then(|reason| order.lines.get(reason.line?));
        let left = culprit.and_then(find).map(|product| product.available);
        let waits = asked.is_some_and(|version| order.version <= version) && !order.state.is_terminal();
        let address = &order.shipping_address;
        Self {
            number: short(order.id),
            headline: words::headline(order.state),
            explanation: words::explanation(order, left),
            tone: words::tone(order.state),
            steps: steps(order.state),
            lines: order
                .lines
                .iter()
                .enumerate()
                .map(|(at, line)| LineView::new(order, at, find(line), left))
                .collect(),
            total: order.total.map(words::money),
            recipient: order.contact.name.to_string(),
            address: [
                address.street.to_string(),
                format!("{} {}", address.postcode, address.city),
                fields::country(address.country.as_str()).to_owned(),
            ],
            email: order.contact.email.to_string(),
            note: order.note.as_ref().map(ToString::to_string),
            history: order.history.iter().map(Entry::from).collect(),
            notice: waits
                .then_some("You asked us to cancel this order. We will show here what became of it."),
            cancel: (can_be_cancelled(order.state) && !waits).then_some(cancel),
            again: again(order),
            is_final: order.state.is_terminal(),
        }
    }
}

impl LineView {
    fn new(order: &Order, at: usize, product: Option<&Product>, left: Option<i64>) -> Self {
        let line = &order.lines[at];
        let reason = order.reason.as_ref().filter(|reason| reason.line == Some(at));
        let sum = line.unit_price.and_then(|price| price.times(line.quantity.get()));
        let name = line
            .name
            .clone()
            .or_else(|| product.map(|product| product.name.to_string()));
        Self {
            name: name.unwrap_or_else(|| line.sku.to_string()),
            picture: product.map(assets::picture),
            quantity: line.quantity.get(),
            price: line.unit_price.map(words::money),
            sum: sum.map(words::money),
            problem: reason.map(|reason| words::refusal(reason, left)),
        }
    }
}

impl From<&domain::HistoryEntry> for Entry {
    fn from(entry: &domain::HistoryEntry) -> Self {
        Self {
            at: words::time(entry.at),
            at_machine: entry.at.to_string(),
            words: words::happened(entry),
        }
    }
}

fn can_be_cancelled(state: OrderState) -> bool {
    matches!(
        state,
        OrderState::Submitted | OrderState::Held | OrderState::AwaitingUploads | OrderState::Confirmed
    )
}

/// The way an order takes, and how far this one is.
fn steps(state: OrderState) -> Vec<Step> {
    let (labels, reached, failed): (&[&'static str], usize, bool) = match state {
        OrderState::Submitted | OrderState::Held | OrderState::AwaitingUploads => (&WAY, 0, false),
        OrderState::Confirmed => (&WAY, 1, false),
        OrderState::Shipped => (&WAY, 2, false),
        OrderState::Delivered => (&WAY, 3, false),
        OrderState::Rejected => (&["Received", "Not taken"], 1, true),
        OrderState::Cancelled => (&["Received", "Cancelled"], 1, true),
        OrderState::Expired => (&["Received", "Expired"], 1, true),
    };
    let step = |(at, label): (usize, &&'static str)| {
        let (status, spoken) = match at.cmp(&reached) {
            std::cmp::Ordering::Less => ("done", "done"),
            std::cmp::Ordering::Equal if failed => ("failed", "this is where it ended"),
            std::cmp::Ordering::Equal => ("now", "this is where it is"),
            std::cmp::Ordering::Greater => ("next", "still to come"),
        };
        Step {
            label,
            status,
            spoken,
        }
    };
    labels.iter().enumerate().map(step).collect()
}

const WAY: [&str; 4] = ["Received", "Confirmed", "On its way", "Delivered"];

/// The order form with the same products, where ordering again may work.
fn again(order: &Order) -> Option<String> {
    let gone = order
        .reason
        .as_ref()
        .filter(|reason| reason.code == ReasonCode::UnknownProduct)
        .map(|reason| reason.line);
    if !matches!(
        order.state,
        OrderState::Rejected | OrderState::Cancelled | OrderState::Expired
    ) {
        return None;
    }
    let lines = order
        .lines
        .iter()
        .enumerate()
        .filter(|(at, _)| gone != Some(Some(*at)));
    let query: Vec<_> = lines
        .map(|(_, line)| format!("{QUANTITY}{}={}", line.sku, line.quantity.get()))
        .collect();
    (!query.is_empty()).then(|| format!("/checkout?{}", query.join("&")))
}
