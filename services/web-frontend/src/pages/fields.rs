//! The fields of the order form about the customer: their names, what they ask, and how a mistake is said.

use domain::FieldError;

use crate::forms::Fields;

/// One field, whatever was typed.
pub(super) struct Spec {
    pub(super) name: &'static str,
    /// Where the domain's draft has it (RFC 6901).
    pointer: &'static str,
    label: &'static str,
    /// For `Please enter …`.
    asks: &'static str,
    kind: &'static str,
    autocomplete: &'static str,
    is_required: bool,
    longest: u16,
}

#[rustfmt::skip]
pub(super) const CONTACT: [Spec; 3] = [
    Spec { name: "name", pointer: "/contact/name", label: "Name", asks: "your name", kind: "text", autocomplete: "name", is_required: true, longest: 200 },
    Spec { name: "email", pointer: "/contact/email", label: "E-mail address", asks: "your e-mail address", kind: "email", autocomplete: "email", is_required: true, longest: 254 },
    Spec { name: "phone", pointer: "/contact/phone", label: "Telephone", asks: "your telephone number", kind: "tel", autocomplete: "tel", is_required: false, longest: 40 },
];

#[rustfmt::skip]
pub(super) const ADDRESS: [Spec; 4] = [
    Spec { name: "street", pointer: "/shipping_address/street", label: "Street and number", asks: "your street and number", kind: "text", autocomplete: "street-address", is_required: true, longest: 200 },
    Spec { name: "postcode", pointer: "/shipping_address/postcode", label: "Postal code", asks: "your postal code", kind: "text", autocomplete: "postal-code", is_required: true, longest: 20 },
    Spec { name: "city", pointer: "/shipping_address/city", label: "Town", asks: "your town", kind: "text", autocomplete: "address-level2", is_required: true, longest: 100 },
    Spec { name: "country", pointer: "/shipping_address/country", label: "Country", asks: "your country", kind: "select", autocomplete: "country", is_required: true, longest: 2 },
];

#[rustfmt::skip]
pub(super) const NOTE: [Spec; 1] = [
    Spec { name: "note", pointer: "/note", label: "A note for us", asks: "your note", kind: "area", autocomplete: "off", is_required: false, longest: 2000 },
];

/// Where we send to: ISO 3166-1 alpha-2 codes and names.
#[rustfmt::skip]
pub(super) const COUNTRIES: [(&str, &str); 35] = [
    ("AU", "Australia"), ("AT", "Austria"), ("BE", "Belgium"), ("BG", "Bulgaria"), ("CA", "Canada"), ("HR", "Croatia"),
    ("CY", "Cyprus"), ("CZ", "Czechia"), ("DK", "Denmark"), ("EE", "Estonia"), ("FI", "Finland"), ("FR", "France"),
    ("DE", "Germany"), ("GR", "Greece"), ("HU", "Hungary"), ("IE", "Ireland"), ("IT", "Italy"), ("JP", "Japan"),
    ("LV", "Latvia"), ("LT", "Lithuania"), ("LU", "Luxembourg"), ("MT", "Malta"), ("NL", "Netherlands"), ("NZ", "New Zealand"),
    ("NO", "Norway"), ("PL", "Poland"), ("PT", "Portugal"), ("RO", "Romania"), ("SK", "Slovakia"), ("SI", "Slovenia"),
    ("ES", "Spain"), ("SE", "Sweden"), ("CH", "Switzerland"), ("GB", "United Kingdom"), ("US", "United States"),
];

/// The country's name; its code where we do not send to it.
pub(super) fn country(code: &str) -> &str {
    COUNTRIES
        .iter()
        .find(|(known, _)| *known == code)
        .map_or(code, |(_, name)| name)
}

/// One field as the page shows it.
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) label: &'static str,
    pub(super) kind: &'static str,
    pub(super) autocomplete: &'static str,
    pub(super) is_required: bool,
    pub(super) longest: u16,
    pub(super) value: String,
    pub(super) error: Option<String>,
}

/// Whether a form may have a field of this name.
pub(super) fn is_known(name: &str) -> bool {
    CONTACT
        .iter()
        .chain(&ADDRESS)
        .chain(&NOTE)
        .any(|spec| spec.name == name)
}

/// The fields with what was typed, and what was wrong with it.
pub(super) fn filled(specs: &[Spec], typed: &Fields, errors: &[FieldError]) -> Vec<Field> {
    let fill = |spec: &Spec| {
        let value = typed.text(spec.name);
        let error = errors.iter().find(|error| error.pointer == spec.pointer);
        let error = error.map(|error| sentence(spec, &value, &error.detail));
        Field {
            name: spec.name,
            label: spec.label,
            kind: spec.kind,
            autocomplete: spec.autocomplete,
            is_required: spec.is_required,
            longest: spec.longest,
            value,
            error,
        }
    };
    specs.iter().map(fill).collect()
}

fn sentence(spec: &Spec, value: &str, detail: &str) -> String {
    if value.trim().is_empty() {
        format!("Please enter {}.", spec.asks)
    } else {
        format!("{} {detail}.", crate::words::capitalised(spec.asks))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistake_is_a_sentence_for_its_reader() {
        let error = |pointer: &str| FieldError {
            pointer: pointer.into(),
            detail: "must have at most 20 characters".into(),
        };
        let errors = [
            error("/shipping_address/street"),
            error("/shipping_address/postcode"),
        ];
        let typed = Fields::parse("postcode=1234567890123456789012").unwrap();
        let fields = filled(&ADDRESS, &typed, &errors);
        assert_eq!(
            fields[0].error.as_deref(),
            Some("Please enter your street and number.")
        );
        assert_eq!(
            fields[1].error.as_deref(),
            Some("Your postal code must have at most 20 characters.")
        );
        assert_eq!(fields[1].value, "1234567890123456789012");
        assert_eq!(fields[2].error, None);
    }
}
