//! What can be asked of the list of products.

use std::str::FromStr;

use domain::text::Invalid;
use domain::{Currency, FieldError};
use serde::Deserialize;
use storage::ProductFilter;
use utoipa::IntoParams;

use crate::problem::Problem;

/// What can be asked of the list.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Query {
    /// Only products with these words in their name, category or description, the best first. The last word may be cut short; what has no
    /// word in it finds nothing.
    #[param(
        max_length = 100,
        pattern = "^[^\\x00-\\x1f\\x7f-\\x9f]*[^\\s\\x00-\\x1f\\x7f-\\x9f][^\\x00-\\x1f\\x7f-\\x9f]*$",
        example = "blue cup"
    )]
    q: Option<String>,
    /// Only products of this category.
    #[param(
        max_length = 60,
        pattern = "^[^\\x00-\\x1f\\x7f-\\x9f]*[^\\s\\x00-\\x1f\\x7f-\\x9f][^\\x00-\\x1f\\x7f-\\x9f]*$"
    )]
    category: Option<String>,
    /// Only products that cost at least this, in minor units of `currency`, which has to be named.
    #[param(value_type = Option<i64>, minimum = 0)]
    price_min: Option<String>,
    /// Only products that cost at most this, in minor units of `currency`, which has to be named.
    #[param(value_type = Option<i64>, minimum = 0)]
    price_max: Option<String>,
    /// Only products with a price in this currency.
    #[param(value_type = Option<Currency>)]
    currency: Option<String>,
    /// `true`: only products of which one can be sold; `false`: only those that are sold out.
    #[param(value_type = Option<bool>)]
    available: Option<String>,
    pub(super) cursor: Option<String>,
    pub(super) limit: Option<String>,
}

impl Query {
    /// What is looked for.
    ///
    /// # Errors
    /// Every field that is wrong, not only the first.
    pub(super) fn filter(&self) -> Result<ProductFilter, Problem> {
        let mut wrong = Wrong(Vec::new());
        let filter = ProductFilter {
            words: wrong.read("q", self.q.as_deref(), str::parse),
            category: wrong.read("category", self.category.as_deref(), str::parse),
            currency: wrong.read("currency", self.currency.as_deref(), Currency::from_str),
            price_min: wrong.read("price_min", self.price_min.as_deref(), amount),
            price_max: wrong.read("price_max", self.price_max.as_deref(), amount),
            available: wrong.read("available", self.available.as_deref(), |text| {
                text.parse().map_err(|_| Invalid::new("must be true or false"))
            }),
        };
        if (self.price_min.is_some() || self.price_max.is_some()) && self.currency.is_none() {
            wrong.say("currency", "must be named with price_min and price_max");
        }
        if let (Some(min), Some(max)) = (filter.price_min, filter.price_max)
            && max < min
        {
            wrong.say("price_max", "must not be less than price_min");
        }
        match wrong.0.is_empty() {
            true => Ok(filter),
            false => Err(Problem::invalid(wrong.0)),
        }
    }
}

/// What was found wrong so far.
struct Wrong(Vec<FieldError>);

impl Wrong {
    fn say(&mut self, field: &str, detail: impl Into<String>) {
        self.0.push(FieldError {
            pointer: format!("/{field}"),
            detail: detail.into(),
        });
    }

    fn read<T>(
        &mut self,
        field: &str,
        text: Option<&str>,
        parse: impl FnOnce(&str) -> Result<T, Invalid>,
    ) -> Option<T> {
        match parse(text?) {
            Ok(value) => Some(value),
            Err(Invalid(detail)) => {
                self.say(field, detail);
                None
            }
        }
    }
}

fn amount(text: &str) -> Result<i64, Invalid> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let amount = text.parse().ok().filter(|_| digits);
    amount.ok_or_else(|| Invalid::new("must be a whole number of minor units, from 0"))
}
