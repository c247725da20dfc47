//! `GET /`: what we sell, by category, with how many you want.

use std::collections::BTreeMap;

use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, web};
use askama::Template;
use domain::Product;
use storage::ProductFilter;

use crate::app::Shop;
use crate::pages::errors::Refusal;
use crate::{assets, words};

/// How many products are read at once.
const PAGE: u32 = 200;
/// The most pages that are read: the catalog of a small shop.
const MAX_PAGES: usize = 10;

#[derive(Template)]
#[template(path = "catalog.html")]
pub(super) struct CatalogPage {
    pub(super) categories: Vec<Category>,
    /// What was wrong with the choice.
    pub(super) problem: Option<String>,
}

pub(super) struct Category {
    /// Its part of the page's address.
    pub(super) anchor: String,
    pub(super) name: String,
    pub(super) products: Vec<Card>,
}

pub(super) struct Card {
    pub(super) sku: String,
    pub(super) name: String,
    pub(super) description: String,
    pub(super) price: String,
    pub(super) picture: String,
    pub(super) stock: &'static str,
    pub(super) is_sold_out: bool,
    pub(super) is_short: bool,
    /// As the shopper typed it.
    pub(super) quantity: String,
    /// What is wrong with it.
    pub(super) error: Option<String>,
}

/// What a shopper typed for one product, and what is wrong with it.
pub(super) struct Typed {
    pub(super) sku: String,
    pub(super) quantity: String,
    pub(super) error: Option<String>,
}

/// The catalog. It is the same for everybody.
pub(crate) async fn show(shop: web::Data<Shop>) -> Result<HttpResponse, Refusal> {
    let page = CatalogPage::new(&products(&shop).await?, &[], None);
    let mut answer = HttpResponse::Ok();
    answer.insert_header((header::CACHE_CONTROL, "public, no-cache"));
    Ok(super::respond(&mut answer, &page))
}

/// The catalog again, with what was wrong beside the fields.
pub(super) async fn show_again(shop: &Shop, typed: &[Typed], problem: &str) -> Result<HttpResponse, Refusal> {
    let page = CatalogPage::new(&products(shop).await?, typed, Some(problem.to_owned()));
    Ok(super::page(StatusCode::UNPROCESSABLE_ENTITY, &page))
}

/// Every product, in SKU order.
pub(super) async fn products(shop: &Shop) -> Result<Vec<Product>, Refusal> {
    let now = chassis::clock::now();
    let (mut all, mut after): (Vec<Product>, _) = (Vec::new(), None);
    for _ in 0..MAX_PAGES {
        let page = shop
            .ordering
            .products(&ProductFilter::default(), after.as_ref(), PAGE, now)
            .await
            .map_err(Refusal::unavailable)?;
        all.extend(page.products);
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    Ok(all)
}

impl CatalogPage {
    pub(super) fn new(products: &[Product], typed: &[Typed], problem: Option<String>) -> Self {
        let mut categories: BTreeMap<&str, Vec<Card>> = BTreeMap::new();
        for product in products {
            let typed = typed.iter().find(|typed| typed.sku == product.sku.as_str());
            categories
                .entry(product.category.as_str())
                .or_default()
                .push(Card::new(product, typed));
        }
        let categories = categories
            .into_iter()
            .enumerate()
            .map(|(number, (name, products))| Category {
                anchor: format!("category-{number}"),
                name: words::capitalised(name),
                products,
            });
        Self {
            categories: categories.collect(),
            problem,
        }
    }
}

impl Card {
    fn new(product: &Product, typed: Option<&Typed>) -> Self {
        Self {
            sku: product.sku.to_string(),
            name: product.name.to_string(),
            description: product.description.to_string(),
            price: words::money(product.price),
            picture: assets::picture(product),
            stock: words::stock(product.available),
            is_sold_out: product.available <= 0,
            is_short: (1..=5).contains(&product.available),
            quantity: typed.map(|typed| typed.quantity.clone()).unwrap_or_default(),
            error: typed.and_then(|typed| typed.error.clone()),
        }
    }
}
