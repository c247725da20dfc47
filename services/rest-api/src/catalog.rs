//! `GET /v1/products` and `GET /v1/products/{sku}`.

use actix_web::http::header::{self, ETag, EntityTag};
use actix_web::{HttpRequest, HttpResponse, web};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use domain::text::{Invalid, Text};
use domain::{Product, Sku};
use ordering::Ordering;
use serde::{Deserialize, Serialize};

use crate::conditional::Known;
use crate::problem::{Kind, Problem};

/// What can be asked of the list.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Query {
    category: Option<String>,
    cursor: Option<String>,
    limit: Option<String>,
}

#[derive(Serialize)]
struct Page {
    products: Vec<View>,
    next: Option<String>,
}

/// A product as apps see it.
#[derive(Serialize)]
struct View {
    #[serde(flatten)]
    product: Product,
    in_stock: bool,
}

impl From<Product> for View {
    fn from(product: Product) -> Self {
        Self {
            in_stock: product.available > 0,
            product,
        }
    }
}

/// The products in the order of their SKUs, page by page.
pub(crate) async fn list(
    ordering: web::Data<Ordering>,
    query: web::Query<Query>,
) -> Result<HttpResponse, Problem> {
    let limit = page_size(query.limit.as_deref())?;
    let category = query.category.as_deref().map(read_category).transpose()?;
    let after = query.cursor.as_deref().map(read_cursor).transpose()?;
    let mut products = ordering
        .products(
            category.as_ref().map(Text::as_str),
            after.as_ref(),
            limit + 1,
            chassis::clock::now(),
        )
        .await
        .map_err(|error| Problem::unavailable(&error))?;
    let more = products.len() > limit as usize;
    products.truncate(limit as usize);
    let next = products
        .last()
        .filter(|_| more)
        .map(|last| BASE64_URL_SAFE_NO_PAD.encode(last.sku.as_str()));
    Ok(HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "public, max-age=10"))
        .json(Page {
            products: products.into_iter().map(View::from).collect(),
            next,
        }))
}

/// One product; 304 where the client has it as it stands.
pub(crate) async fn read(
    ordering: web::Data<Ordering>,
    sku: web::Path<String>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let sku: Sku = sku.parse().map_err(|_| Problem::new(Kind::NotFound))?;
    let product = ordering
        .product(&sku, chassis::clock::now())
        .await
        .map_err(|error| Problem::unavailable(&error))?;
    let product = product.ok_or_else(|| Problem::new(Kind::NotFound))?;
    let tag = EntityTag::new_strong(format!("{}.{}", product.version, product.available));
    let unchanged = Known::of(&request).has(&tag);
    let mut response = if unchanged {
        HttpResponse::NotModified()
    } else {
        HttpResponse::Ok()
    };
    response
        .insert_header((header::CACHE_CONTROL, "public, max-age=10"))
        .insert_header(ETag(tag));
    Ok(if unchanged {
        response.finish()
    } else {
        response.json(View::from(product))
    })
}

/// The size of a page: 1 to 100, 20 when not asked for.
pub(crate) fn page_size(asked: Option<&str>) -> Result<u32, Problem> {
    match asked.map_or(Ok(20), str::parse) {
        Ok(limit @ 1..=100) => Ok(limit),
        _ => Err(Problem::invalid_field("/limit", "must be a number from 1 to 100")),
    }
}

/// A product's category, as [`Product::category`] is.
fn read_category(text: &str) -> Result<Text<1, 60>, Problem> {
    text.parse()
        .map_err(|Invalid(detail)| Problem::invalid_field("/category", detail))
}

fn read_cursor(text: &str) -> Result<Sku, Problem> {
    let decoded = BASE64_URL_SAFE_NO_PAD.decode(text).ok();
    decoded
        .and_then(|bytes| String::from_utf8(bytes).ok()?.parse().ok())
        .ok_or_else(|| Problem::invalid_field("/cursor", "must be a `next` of an earlier page"))
}
