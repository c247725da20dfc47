//! What is ordered: a few products in great demand and many in little.

use anyhow::{Context, Result};
use domain::draft::{DraftAddress, DraftContact, DraftLine};
use domain::{OrderDraft, Sku};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use rand_distr::{Distribution, Zipf};

const MOST_LINES: usize = 3;
const MOST_UNITS: i64 = 2;

/// Makes orders. The same seed and number make the same order.
#[derive(Debug, Clone)]
pub struct Shopping {
    skus: Vec<Sku>,
    demand: Zipf<f64>,
    seed: u64,
}

impl Shopping {
    /// Of these products, the first in the greatest demand by Zipf's law with exponent `skew`.
    ///
    /// # Errors
    /// Where there is no product or the exponent is below 0.
    pub fn new(skus: Vec<Sku>, skew: f64, seed: u64) -> Result<Self> {
        let count = u32::try_from(skus.len())?;
        let demand = Zipf::new(f64::from(count), skew).context("no product to order, or a skew below 0")?;
        Ok(Self { skus, demand, seed })
    }

    /// The order of this number.
    pub fn order(&self, number: u64) -> OrderDraft {
        let mut random = StdRng::seed_from_u64(self.seed.wrapping_add(number.rotate_left(32)));
        let mut lines: Vec<DraftLine> = Vec::new();
        for _ in 0..random.random_range(1..=MOST_LINES) {
            let sku = self.sku(&mut random);
            let quantity = random.random_range(1..=MOST_UNITS);
            // A product stands in an order once.
            if lines.iter().all(|line| line.sku != sku.as_str()) {
                lines.push(DraftLine {
                    sku: sku.as_str().to_owned(),
                    quantity,
                });
            }
        }
        draft_of(lines)
    }

    fn sku(&self, random: &mut StdRng) -> &Sku {
        // Samples are whole numbers from 1 to the number of products.
        let rank = self.demand.sample(random) as usize;
        &self.skus[rank.clamp(1, self.skus.len()) - 1]
    }
}

/// An order of these products, each with its units.
pub(crate) fn draft(lines: &[(String, i64)]) -> OrderDraft {
    let line = |(sku, quantity): &(String, i64)| DraftLine {
        sku: sku.clone(),
        quantity: *quantity,
    };
    draft_of(lines.iter().map(line).collect())
}

fn draft_of(lines: Vec<DraftLine>) -> OrderDraft {
    OrderDraft {
        lines,
        contact: DraftContact {
            name: "Ada Guest".into(),
            email: "ada@example.org".into(),
            phone: None,
        },
        shipping_address: DraftAddress {
            street: "1 Main Street".into(),
            city: "Berlin".into(),
            postcode: "10115".into(),
            country: "DE".into(),
        },
        note: None,
        expected_total: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shopping(skew: f64) -> Shopping {
        let skus = (0..30).map(|n| format!("sku-{n}").parse().unwrap()).collect();
        Shopping::new(skus, skew, 1).unwrap()
    }

    fn share_of_first(skew: f64) -> f64 {
        let shopping = shopping(skew);
        let lines: Vec<String> = (0..2000)
            .flat_map(|number| shopping.order(number).lines)
            .map(|line| line.sku)
            .collect();
        lines.iter().filter(|sku| *sku == "sku-0").count() as f64 / lines.len() as f64
    }

    #[test]
    fn the_same_number_is_the_same_order_and_another_mostly_another() {
        let json = |number| serde_json::to_string(&shopping(1.0).order(number)).unwrap();
        assert_eq!(json(5), json(5));
        let different: std::collections::BTreeSet<_> = (0..100).map(json).collect();
        assert!(different.len() > 60, "{}", different.len());
    }

    #[test]
    fn the_first_product_is_in_the_greatest_demand_and_without_skew_in_none_greater() {
        assert!(share_of_first(1.0) > 0.15, "{}", share_of_first(1.0));
        assert!(share_of_first(0.0) < 0.06, "{}", share_of_first(0.0));
    }

    #[test]
    fn every_order_is_one_that_the_shop_takes() {
        let guest = "guest:6f2d1f0a-0c5e-4b39-9d3c-6a1f0f7f5f11".parse().unwrap();
        for number in 0..500 {
            assert!(shopping(1.0).order(number).parse(guest).is_ok(), "{number}");
        }
    }

    #[test]
    fn an_empty_catalog_is_an_error() {
        assert!(Shopping::new(Vec::new(), 1.0, 1).is_err());
    }
}
