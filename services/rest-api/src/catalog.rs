//! `GET /v1/products` and `GET /v1/products/{sku}`.

mod query;

use actix_web::http::header::{self, ETag, EntityTag};
use actix_web::{HttpRequest, HttpResponse, web};
use domain::text::Text;
use domain::{Fingerprint, Money, Product, Sku, Version};
use identity::Cursors;
use ordering::Ordering;
use serde::Serialize;
use utoipa::{OpenApi, ToSchema};

use crate::conditional::Known;
use crate::cursor;
use crate::problem::{Kind, Problem};
use query::Query;

/// What its cursors are sealed for.
const LIST: &str = "products";

/// What the contract says of it.
#[derive(OpenApi)]
#[openapi(paths(list, read))]
pub(crate) struct Operations;

/// A page of the catalog.
#[derive(Serialize, ToSchema)]
#[schema(as = ProductPage)]
pub(crate) struct Page {
    products: Vec<View>,
    /// The next page's `cursor`; null on the last one.
    #[schema(required = true)]
    next: Option<String>,
}

/// A product.
#[derive(Serialize, ToSchema)]
#[schema(as = Product)]
pub(crate) struct View {
    /// Its stock keeping unit.
    sku: Sku,
    /// Its version: a price edit carries the one it edits. Stock changes do not raise it.
    version: Version,
    /// Its name.
    #[schema(value_type = String, examples("Acacia honey"))]
    name: Text<1, 200>,
    /// A few sentences.
    #[schema(value_type = String, examples("Light and mild."))]
    description: Text<0, 2000>,
    /// The category it stands in.
    #[schema(value_type = String, examples("honey"))]
    category: Text<1, 60>,
    /// What one costs.
    price: Money,
    /// How many can be sold.
    #[schema(examples(12))]
    available: i64,
    /// File name of its picture among the shop's assets.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    picture: Option<Text<1, 100>>,
    /// Whether one can be sold.
    in_stock: bool,
}

impl From<Product> for View {
    fn from(product: Product) -> Self {
        Self {
            in_stock: product.available > 0,
            sku: product.sku,
            version: product.version,
            name: product.name,
            description: product.description,
            category: product.category,
            price: product.price,
            available: product.available,
            picture: product.picture,
        }
    }
}

/// The products that fit, page by page.
#[utoipa::path(
    get,
    path = "/v1/products",
    operation_id = "listProducts",
    tag = "products",
    summary = "List products",
    description = "All that is asked for has to fit. Page by page, in the order of their SKUs; with `q` those that fit best come first. A few seconds old at most.",
    params(Query, ("If-None-Match" = Option<String>, Header)),
    responses(
        (status = 200, description = "A page of the catalog.", body = Page, headers(("ETag"))),
        (status = 304, description = "The page is as the client has it.", headers(("ETag"))),
    )
)]
pub(crate) async fn list(
    ordering: web::Data<Ordering>,
    cursors: web::Data<Cursors>,
    query: web::Query<Query>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let limit = page_size(query.limit.as_deref())?;
    let filter = query.filter()?;
    let list = cursor::list(LIST, &filter);
    let after = cursor::read(&cursors, &list, query.cursor.as_deref(), |place| {
        place.parse().ok()
    })?;
    let found = ordering
        .products(&filter, after.as_ref(), limit, chassis::clock::now())
        .await
        .map_err(|error| Problem::unavailable(&error))?;
    let page = Page {
        products: found.products.into_iter().map(View::from).collect(),
        next: found.next.map(|place| cursors.seal(&list, &place.to_string())),
    };
    let tag = EntityTag::new_strong(Fingerprint::of(&page).as_str()[..32].to_owned());
    Ok(answer(&request, tag, page))
}

/// One product; 304 where the client has it as it stands.
#[utoipa::path(
    get,
    path = "/v1/products/{sku}",
    operation_id = "getProduct",
    tag = "products",
    summary = "Read a product",
    description = "Its stock is a few seconds old at most.",
    params(("sku" = Sku, Path, description = "Its stock keeping unit."), ("If-None-Match" = Option<String>, Header)),
    responses(
        (status = 200, description = "The product.", body = View, headers(("ETag"))),
        (status = 304, description = "The product is as the client has it.", headers(("ETag"))),
    )
)]
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
    Ok(answer(&request, tag, View::from(product)))
}

/// What has this tag, or 304 where the client has it.
fn answer(request: &HttpRequest, tag: EntityTag, body: impl Serialize) -> HttpResponse {
    let unchanged = Known::of(request).has(&tag);
    let mut response = if unchanged {
        HttpResponse::NotModified()
    } else {
        HttpResponse::Ok()
    };
    response
        .insert_header((header::CACHE_CONTROL, "public, max-age=10"))
        .insert_header(ETag(tag));
    if unchanged {
        response.finish()
    } else {
        response.json(body)
    }
}

/// The size of a page: 1 to 100, 20 when not asked for.
pub(crate) fn page_size(asked: Option<&str>) -> Result<u32, Problem> {
    match asked.map_or(Ok(20), str::parse) {
        Ok(limit @ 1..=100) => Ok(limit),
        _ => Err(Problem::invalid_field("/limit", "must be a number from 1 to 100")),
    }
}
