//! Reads a draft field by field and remembers everything that is wrong.

use std::collections::HashSet;

use super::{DraftAddress, DraftContact, DraftLine, DraftMoney, FieldError};
use crate::commands::{MAX_LINES, SubmitLine};
use crate::money::Money;
use crate::order::{Address, Contact, Sku};
use crate::text::{Invalid, Text};

/// What was found wrong so far.
#[derive(Default)]
pub(super) struct Findings {
    pub(super) errors: Vec<FieldError>,
}

impl Findings {
    fn wrong(&mut self, pointer: impl Into<String>, detail: impl Into<String>) {
        self.errors.push(FieldError {
            pointer: pointer.into(),
            detail: detail.into(),
        });
    }

    fn keep<T>(&mut self, pointer: impl Into<String>, read: Result<T, Invalid>) -> Option<T> {
        read.map_err(|Invalid(detail)| self.wrong(pointer, detail)).ok()
    }

    pub(super) fn lines(&mut self, lines: &[DraftLine]) -> Vec<SubmitLine> {
        if lines.is_empty() {
            self.wrong("/lines", "must have at least one line");
        }
        if lines.len() > MAX_LINES {
            self.wrong("/lines", format!("must have at most {MAX_LINES} lines"));
            return Vec::new();
        }
        let read: Vec<_> = lines
            .iter()
            .enumerate()
            .map(|(index, line)| self.line(index, line))
            .collect();
        self.each_once(&read);
        read.into_iter().flatten().collect()
    }

    fn line(&mut self, index: usize, line: &DraftLine) -> Option<SubmitLine> {
        let sku = self.keep(format!("/lines/{index}/sku"), line.sku.parse());
        let quantity = self.keep(format!("/lines/{index}/quantity"), line.quantity.try_into());
        Some(SubmitLine {
            sku: sku?,
            quantity: quantity?,
        })
    }

    fn each_once(&mut self, lines: &[Option<SubmitLine>]) {
        let mut seen: HashSet<&Sku> = HashSet::new();
        for (index, line) in lines.iter().enumerate() {
            if line.as_ref().is_some_and(|line| !seen.insert(&line.sku)) {
                self.wrong(
                    format!("/lines/{index}/sku"),
                    "is on another line already: raise the quantity there",
                );
            }
        }
    }

    pub(super) fn contact(&mut self, contact: DraftContact) -> Option<Contact> {
        let name = self.one_line("/contact/name", contact.name);
        let email = self.email("/contact/email", contact.email);
        let phone = contact.phone.filter(|phone| !phone.trim().is_empty());
        let phone = phone.map(|phone| self.one_line("/contact/phone", phone));
        Some(Contact {
            name: name?,
            email: email?,
            phone: phone.flatten(),
        })
    }

    pub(super) fn address(&mut self, address: DraftAddress) -> Option<Address> {
        let street = self.one_line("/shipping_address/street", address.street);
        let postcode = self.one_line("/shipping_address/postcode", address.postcode);
        let city = self.one_line("/shipping_address/city", address.city);
        let country = self.country("/shipping_address/country", &address.country);
        Some(Address {
            street: street?,
            postcode: postcode?,
            city: city?,
            country: country?,
        })
    }

    pub(super) fn optional<const MIN: usize, const MAX: usize>(
        &mut self,
        pointer: &str,
        text: Option<String>,
    ) -> Option<Text<MIN, MAX>> {
        let text = text.filter(|text| !text.trim().is_empty())?;
        // Browsers send a text area's line ends as CR LF.
        self.keep(pointer, text.replace("\r\n", "\n").try_into())
    }

    pub(super) fn money(&mut self, money: &DraftMoney) -> Option<Money> {
        if money.minor < 0 {
            self.wrong("/expected_total/minor", "must not be negative");
        }
        let currency = self.keep("/expected_total/currency", money.currency.parse())?;
        Some(Money::new(money.minor, currency))
    }

    pub(super) fn one_line<const MIN: usize, const MAX: usize>(
        &mut self,
        pointer: &str,
        raw: String,
    ) -> Option<Text<MIN, MAX>> {
        let text: Text<MIN, MAX> = self.keep(pointer, raw.try_into())?;
        if text.as_str().contains('\n') {
            self.wrong(pointer, "must be one line");
            return None;
        }
        Some(text)
    }

    fn email<const MIN: usize, const MAX: usize>(
        &mut self,
        pointer: &str,
        raw: String,
    ) -> Option<Text<MIN, MAX>> {
        let text: Text<MIN, MAX> = self.keep(pointer, raw.try_into())?;
        if !looks_like_email(text.as_str()) {
            self.wrong(pointer, "must be an e-mail address such as name@example.org");
            return None;
        }
        Some(text)
    }

    fn country(&mut self, pointer: &str, raw: &str) -> Option<Text<2, 2>> {
        let code = raw.trim();
        if code.len() != 2 || !code.bytes().all(|b| b.is_ascii_uppercase()) {
            self.wrong(pointer, "must be two capital letters such as DE");
            return None;
        }
        self.keep(pointer, code.parse())
    }
}

/// `local@domain`, the domain with a dot: enough to catch a slip. Only a delivered mail proves an address.
fn looks_like_email(text: &str) -> bool {
    let plain = |c: char| !c.is_whitespace() && !c.is_control() && !r#"()<>[]:;,\""#.contains(c);
    let Some((local, domain)) = text.split_once('@') else {
        return false;
    };
    let label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|c| c.is_alphanumeric() || c == '-')
    };
    (1..=64).contains(&local.len())
        && local.chars().all(plain)
        && domain.contains('.')
        && domain.split('.').all(label)
}
