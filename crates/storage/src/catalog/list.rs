//! Lists of products: what is looked for, and in which order it is found.

use std::fmt;
use std::str::FromStr;

use domain::text::{Invalid, Text};
use domain::{Currency, Product, Sku};
use serde::{Deserialize, Serialize};

use super::ProductRow;
use crate::{Storage, StorageError};

/// What is looked for in the catalog; all of it has to fit.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ProductFilter {
    /// Words of its name, category or description, the last one perhaps cut short.
    pub words: Option<Text<1, 100>>,
    /// Its category.
    pub category: Option<Text<1, 60>>,
    /// The currency of its price.
    pub currency: Option<Currency>,
    /// The least it may cost, in minor units of whatever currency it has.
    pub price_min: Option<i64>,
    /// The most it may cost, in minor units of whatever currency it has.
    pub price_max: Option<i64>,
    /// Whether one can be sold.
    pub available: Option<bool>,
}

/// A place in a list: what comes first fits the words best (a higher rank), and of those that fit alike has the lower SKU.
/// It holds the rank, so that the list goes on in the right place even where the product of this place was edited meanwhile.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProductPlace {
    /// How well it fits the words, in millionths; 0 where there are none.
    pub rank: i64,
    /// Which product stands there.
    pub sku: Sku,
}

/// A page of a list.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProductPage {
    /// What stands on it.
    pub products: Vec<Product>,
    /// Where the next page begins: after the last one here; none at the end.
    pub next: Option<ProductPlace>,
}

/// `<rank> <SKU>`
impl fmt::Display for ProductPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.rank, self.sku)
    }
}

impl FromStr for ProductPlace {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let (rank, sku) = text
            .split_once(' ')
            .ok_or_else(|| Invalid::new("must be `<rank> <SKU>`"))?;
        let rank = rank.parse().map_err(|_| Invalid::new("has no rank"))?;
        let sku = sku.parse()?;
        Ok(Self { rank, sku })
    }
}

/// A row of `products` and its rank.
struct RankedRow {
    sku: String,
    version: i64,
    name: String,
    description: String,
    category: String,
    price_minor: i64,
    currency: String,
    available: i64,
    picture: Option<String>,
    rank: i64,
}

impl RankedRow {
    fn read(self) -> Result<(Product, i64), StorageError> {
        let row = ProductRow {
            sku: self.sku,
            version: self.version,
            name: self.name,
            description: self.description,
            category: self.category,
            price_minor: self.price_minor,
            currency: self.currency,
            available: self.available,
            picture: self.picture,
        };
        Ok((row.try_into()?, self.rank))
    }
}

impl Storage {
    /// At most `limit` products that fit, after the place `after`: with words those that fit them best first, else in SKU order.
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn products(
        &self,
        filter: &ProductFilter,
        after: Option<&ProductPlace>,
        limit: u32,
    ) -> Result<ProductPage, StorageError> {
        let rows = match &filter.words {
            Some(words) => self.within(self.searched(words, filter, after, limit)).await?,
            None => self.within(self.listed(filter, after, limit)).await?,
        };
        let mut found = rows
            .into_iter()
            .map(RankedRow::read)
            .collect::<Result<Vec<_>, _>>()?;
        // One more than asked for tells whether there is a next page.
        let more = found.len() > limit as usize;
        found.truncate(limit as usize);
        let next = found.last().filter(|_| more).map(|(last, rank)| ProductPlace {
            rank: *rank,
            sku: last.sku.clone(),
        });
        let products = found.into_iter().map(|(product, _)| product).collect();
        Ok(ProductPage { products, next })
    }

    async fn listed(
        &self,
        filter: &ProductFilter,
        after: Option<&ProductPlace>,
        limit: u32,
    ) -> Result<Vec<RankedRow>, StorageError> {
        Ok(sqlx::query_as!(
            RankedRow,
            r#"SELECT sku, version, name, description, category, price_minor, currency, available, picture, 0::bigint AS "rank!"
               FROM products
               WHERE ($1::text IS NULL OR category = $1) AND ($2::text IS NULL OR currency = $2)
                 AND ($3::bigint IS NULL OR price_minor >= $3) AND ($4::bigint IS NULL OR price_minor <= $4)
                 AND ($5::bool IS NULL OR (available > 0) = $5) AND sku > $6
               ORDER BY sku LIMIT $7"#,
            filter.category.as_ref().map(Text::as_str),
            filter.currency.as_ref().map(Currency::as_str),
            filter.price_min,
            filter.price_max,
            filter.available,
            after.map_or("", |place| place.sku.as_str()),
            i64::from(limit) + 1,
        )
        .fetch_all(&self.pool)
        .await?)
    }

    /// Found by the index over words; every product that has them is ranked, for the best ones to come first.
    async fn searched(
        &self,
        words: &Text<1, 100>,
        filter: &ProductFilter,
        after: Option<&ProductPlace>,
        limit: u32,
    ) -> Result<Vec<RankedRow>, StorageError> {
        Ok(sqlx::query_as!(
            RankedRow,
            r#"SELECT sku, version, name, description, category, price_minor, currency, available, picture, rank AS "rank!"
               FROM (
                   SELECT products.*, (ts_rank(words, query) * 1000000)::bigint AS rank
                   FROM products, (SELECT to_tsquery('english', $1) || to_tsquery('simple', $1) AS query) AS asked
                   WHERE words @@ query
               ) AS found
               WHERE ($2::text IS NULL OR category = $2) AND ($3::text IS NULL OR currency = $3)
                 AND ($4::bigint IS NULL OR price_minor >= $4) AND ($5::bigint IS NULL OR price_minor <= $5)
                 AND ($6::bool IS NULL OR (available > 0) = $6) AND (rank < $7 OR (rank = $7 AND sku > $8))
               ORDER BY rank DESC, sku LIMIT $9"#,
            query_text(words),
            filter.category.as_ref().map(Text::as_str),
            filter.currency.as_ref().map(Currency::as_str),
            filter.price_min,
            filter.price_max,
            filter.available,
            after.map_or(i64::MAX, |place| place.rank),
            after.map_or("", |place| place.sku.as_str()),
            i64::from(limit) + 1,
        )
        .fetch_all(&self.pool)
        .await?)
    }
}

/// The words as `to_tsquery` reads them: all of them are wanted, the last one as how a word begins. Every operator of its language is
/// punctuation, and punctuation parts words here as it does in what is stored.
fn query_text(words: &Text<1, 100>) -> String {
    let parts = |c: char| c.is_whitespace() || c.is_control() || c.is_ascii_punctuation();
    let words: Vec<_> = words
        .as_str()
        .split(parts)
        .filter(|word| !word.is_empty())
        .collect();
    let beginning = if words.is_empty() { "" } else { ":*" };
    words.join(" & ") + beginning
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_reads_back_and_anything_else_does_not() {
        let place = ProductPlace {
            rank: 607_927,
            sku: "honey-acacia".parse().unwrap(),
        };
        assert_eq!(place.to_string().parse(), Ok(place));
        for wrong in ["", "1", "x honey", "1 Honey", "1.5 honey", "1  honey", "1 "] {
            assert!(wrong.parse::<ProductPlace>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn nothing_that_is_typed_is_an_operator() {
        let query = |typed: &str| query_text(&typed.parse().unwrap());
        assert_eq!(query("blue cup"), "blue & cup:*");
        assert_eq!(query(" Dark-72%\nchocol "), "Dark & 72 & chocol:*");
        assert_eq!(
            query("a | !b & (c) <-> d:A* 'e' \\f \"g\""),
            "a & b & c & d & A & e & f & g:*"
        );
        assert_eq!(query("!?…"), "…:*");
        assert_eq!(query("!?"), "");
    }
}
