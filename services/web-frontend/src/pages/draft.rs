//! The order form as it was sent, and the order it means.

use domain::draft::{DraftAddress, DraftContact, DraftLine, DraftMoney};
use domain::{Customer, FieldError, GuestId, IdempotencyKey, OrderDraft, Quantity, Submit};

use crate::app::Shop;
use crate::forms::Fields;
use crate::pages::errors::Refusal;
use crate::pages::fields;

/// The fields of a line are named by this and its SKU.
pub(super) const QUANTITY: &str = "quantity.";
const PRICE: &str = "price.";

/// What is said beside a quantity that can't be.
pub(super) const BAD_QUANTITY: &str = "Please enter a number from 1 to 999.";
/// The same where a product can be left out.
const BAD_QUANTITY_OR_NONE: &str = "Please enter a number from 1 to 999, or nothing to leave it out.";

/// A line as it was typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TypedLine {
    pub(super) sku: String,
    pub(super) quantity: String,
    pub(super) error: Option<String>,
}

/// What makes a retry of the same form the same order: made with the form, sent back with it.
#[derive(Debug, Clone)]
pub(super) struct Seal {
    /// The Idempotency-Key.
    pub(super) key: IdempotencyKey,
    /// Whose order it will be, whatever becomes of the cookie.
    pub(super) guest: GuestId,
}

impl Seal {
    /// One for a new form.
    pub(super) fn new(guest: GuestId) -> Result<Self, Refusal> {
        let key = chassis::clock::random_id()
            .to_string()
            .parse()
            .map_err(Refusal::unavailable)?;
        Ok(Self { key, guest })
    }

    /// That of a form that was sent; none where it is not one of ours.
    pub(super) fn read(shop: &Shop, fields: &Fields) -> Option<Self> {
        let key = fields.get("key")?.parse().ok()?;
        let guest = shop.guests.read(fields.get("scope")?).ok()?;
        Some(Self { key, guest })
    }
}

/// Refuses a form with a field that the order form has not.
pub(super) fn check_names(fields: &Fields) -> Result<(), Refusal> {
    let ours = ["key", "scope", "token", "currency"];
    fields.allow(|name| {
        ours.contains(&name)
            || fields::is_known(name)
            || name.starts_with(QUANTITY)
            || name.starts_with(PRICE)
    })
}

/// The lines that were not left empty.
pub(super) fn lines(fields: &Fields) -> Vec<TypedLine> {
    let typed = fields
        .starting(QUANTITY)
        .filter(|(_, quantity)| !quantity.trim().is_empty());
    typed
        .map(|(sku, quantity)| TypedLine {
            sku: sku.to_owned(),
            quantity: quantity.to_owned(),
            error: read_quantity(quantity)
                .is_none()
                .then(|| BAD_QUANTITY_OR_NONE.to_owned()),
        })
        .collect()
}

/// 1 to 999; none for anything else.
pub(super) fn read_quantity(text: &str) -> Option<Quantity> {
    text.trim()
        .parse::<i64>()
        .ok()
        .and_then(|count| count.try_into().ok())
}

/// The order that the form means, for `customer`, or everything that is wrong about the customer's fields.
/// The quantities of `lines` are good.
pub(super) fn submission(
    fields: &Fields,
    lines: &[TypedLine],
    customer: Customer,
) -> Result<Submit, Vec<FieldError>> {
    let optional = |name| Some(fields.text(name)).filter(|text| !text.trim().is_empty());
    let draft = OrderDraft {
        lines: lines.iter().map(draft_line).collect(),
        contact: DraftContact {
            name: fields.text("name"),
            email: fields.text("email"),
            phone: optional("phone"),
        },
        shipping_address: DraftAddress {
            street: fields.text("street"),
            postcode: fields.text("postcode"),
            city: fields.text("city"),
            country: fields.text("country"),
        },
        note: optional("note"),
        expected_total: shown_total(fields, lines),
    };
    draft.parse(customer)
}

fn draft_line(line: &TypedLine) -> DraftLine {
    DraftLine {
        sku: line.sku.clone(),
        quantity: read_quantity(&line.quantity).map_or(0, i64::from),
    }
}

/// The total at the prices that the form showed: the order is not taken at others.
fn shown_total(fields: &Fields, lines: &[TypedLine]) -> Option<DraftMoney> {
    let mut total = 0_i64;
    for line in lines {
        let price: i64 = fields.get(&format!("{PRICE}{}", line.sku))?.parse().ok()?;
        let count = read_quantity(&line.quantity)?.get();
        total = total.checked_add(price.checked_mul(count.into())?)?;
    }
    Some(DraftMoney {
        minor: total,
        currency: fields.get("currency")?.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: &str = "quantity.honey=2&price.honey=890&quantity.tea=&price.tea=1190&currency=EUR&name=Ada&email=ada%40example.org\
        &phone=&street=Ring+1&postcode=1010&city=Wien&country=AT&note=&key=k&scope=s&token=t";

    fn customer() -> Customer {
        Customer::Guest(GuestId(uuid::Uuid::from_u128(1)))
    }

    #[test]
    fn a_whole_form_is_an_order_with_the_total_it_showed() {
        let fields = Fields::parse(WHOLE).unwrap();
        check_names(&fields).unwrap();
        let lines = lines(&fields);
        let submit = submission(&fields, &lines, customer()).unwrap();
        assert_eq!(submit.lines.len(), 1, "an empty quantity leaves the product out");
        assert_eq!(submit.expected_total.unwrap().to_string(), "17.80 EUR");
        assert_eq!(submit.note, None);
        assert_eq!(submit.contact.phone, None);
    }

    #[test]
    fn impossible_quantities_have_a_sentence() {
        for quantity in ["0", "1000000", "-1", "1.5", "two", "99999999999999999999"] {
            let fields = Fields::parse(&format!("quantity.honey={quantity}")).unwrap();
            assert!(lines(&fields)[0].error.is_some(), "{quantity}");
        }
    }

    #[test]
    fn every_wrong_field_is_named() {
        let fields = Fields::parse("quantity.honey=1&price.honey=890&currency=EUR&email=x").unwrap();
        let errors = submission(&fields, &lines(&fields), customer()).unwrap_err();
        let pointers: Vec<_> = errors.iter().map(|error| error.pointer.as_str()).collect();
        for pointer in [
            "/contact/name",
            "/contact/email",
            "/shipping_address/street",
            "/shipping_address/country",
        ] {
            assert!(pointers.contains(&pointer), "{pointers:?}");
        }
    }

    #[test]
    fn a_field_of_another_form_is_refused() {
        let fields = Fields::parse("state=confirmed").unwrap();
        assert_eq!(check_names(&fields), Err(Refusal::Malformed));
    }

    #[test]
    fn a_total_that_does_not_fit_is_none() {
        let fields = Fields::parse("quantity.a=999&price.a=9223372036854775807&currency=EUR").unwrap();
        assert!(shown_total(&fields, &lines(&fields)).is_none());
    }
}
